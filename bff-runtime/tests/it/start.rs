//! Starting: every fault is named at once, and nothing of a value shows.

use bff_runtime::plan::*;
use bff_runtime::{Server, Settings, Variables};

use crate::tables::{SHOP, bff};

#[tokio::test]
async fn all_faults_at_once() {
    let none = Server::check(&SHOP, Variables::Map([].into())).unwrap_err();
    assert_eq!(none.faults, ["missing variables: ALPHA_URL, BETA_URL"]);
    let variables = [
        ("ALPHA_URL", "ftp://user:secret@a"),
        ("BETA_URL", "http://a,b"),
        ("BETA_KEY", "a\nb"),
    ];
    let variables = variables
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let error = Server::start(&SHOP, Settings::local(variables))
        .await
        .unwrap_err();
    let text = error.to_string();
    assert_eq!(error.faults.len(), 3, "{text}");
    for words in [
        "upstream `alpha`: `url` (from `ALPHA_URL`)",
        "upstream `beta`: `url` (from `BETA_URL`)",
        "header `x-api-key` (from `BETA_KEY`)",
    ] {
        assert!(text.contains(words), "{text}");
    }
    assert!(!text.contains("secret"), "{text}");
}

#[tokio::test]
async fn a_port_that_is_taken() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    static EMPTY: Bff = Bff {
        variables: &[],
        upstreams: &[],
        ..bff(&[])
    };
    let listen = taken.local_addr().unwrap().to_string();
    let settings = Settings {
        listen: listen.clone(),
        ..Settings::local([].into())
    };
    let error = Server::start(&EMPTY, settings).await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with(&format!("BFF_LISTEN: cannot listen on `{listen}`")),
        "{error}"
    );
}
