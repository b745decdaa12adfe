//! Specs in, diagnostics and models out: cases are files.
//!
//! `BLESS=1 cargo test -p bff-spec --test it` writes what comes out as what is expected; read it before it is committed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod exposure;
mod hostile;
mod lints;
mod render;
mod right;
mod schema;
mod slips;
mod wrong;

use std::path::{Path, PathBuf};

use bff_spec::source::SourceLoader;

/// Files of a folder.
struct Folder(PathBuf);

impl SourceLoader for Folder {
    fn read(&self, path: &str) -> Result<String, String> {
        std::fs::read_to_string(self.0.join(path)).map_err(|_| "there is no such file".to_owned())
    }
}

/// One text, under the name `spec.yaml`, beside the files of a folder.
struct Text<'t>(&'t str, Folder);

impl SourceLoader for Text<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        match path {
            "spec.yaml" => Ok(self.0.to_owned()),
            path => self.1.read(path),
        }
    }
}

fn folder(name: &str) -> Folder {
    Folder(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests")
            .join(name),
    )
}

/// The `.yaml` files directly in a folder, in order.
fn cases(name: &str) -> Vec<String> {
    let mut cases: Vec<String> = std::fs::read_dir(folder(name).0)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".yaml"))
        .collect();
    cases.sort();
    cases
}

/// Compares with `NAME.txt` beside `NAME.yaml`; with `BLESS`, writes it.
fn matches(name: &str, case: &str, found: &str) -> Result<(), String> {
    let path = folder(name).0.join(case.replace(".yaml", ".txt"));
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, found).unwrap();
        return Ok(());
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    if expected == found {
        Ok(())
    } else {
        Err(format!(
            "{case}\n--- expected\n{expected}\n--- found\n{found}"
        ))
    }
}

fn assert_all(results: Vec<Result<(), String>>) {
    let wrong: Vec<String> = results.into_iter().filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
