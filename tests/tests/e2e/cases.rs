//! Cases as data: each file of `tests/cases` is a test, each `##` in it a case with a gateway of its own. Those of
//! `language` belong to the rules of the reference and hold specs of their own.

mod check;
mod format;
mod language;
mod run;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

macro_rules! files {
    ($($name:ident = $file:literal)+) => {
        const FILES: &[&str] = &[$($file),+];
        $(
            #[tokio::test]
            async fn $name() {
                run::file($file).await;
            }
        )+
    };
}

files! {
    web_auth = "web/auth.md"
    web_browse = "web/browse.md"
    web_cancel = "web/cancel.md"
    web_catalog = "web/catalog.md"
    web_home = "web/home.md"
    web_http = "web/http.md"
    web_order = "web/order.md"
    web_orders = "web/orders.md"
    web_place_order = "web/place-order.md"
    web_product = "web/product.md"
    web_profile = "web/profile.md"
    mobile_screens = "mobile/screens.md"
    partner = "partner/partner.md"
}

/// The folder of the cases.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")
}

/// No file of cases lies there unread.
#[test]
fn every_file_is_a_test() {
    let mut found = BTreeSet::new();
    for frontend in std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir() && !path.ends_with("language"))
    {
        for file in std::fs::read_dir(frontend).unwrap() {
            let path = file.unwrap().path();
            found.insert(
                path.strip_prefix(folder())
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned(),
            );
        }
    }
    let named: BTreeSet<String> = FILES.iter().map(|file| (*file).to_owned()).collect();
    assert_eq!(found, named);
}
