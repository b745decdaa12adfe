//! The fuzz targets' seeds, and every input they ever failed on.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use std::path::Path;

use support::checks;

/// The files of a folder that end so.
fn files(folder: &str, kinds: &[&str]) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| (path.display().to_string(), path))
        .filter(|(name, _)| kinds.is_empty() || kinds.iter().any(|kind| name.ends_with(kind)))
        .map(|(name, path)| (name, std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{}", folder.display());
    files
}

fn replay(files: Vec<(String, Vec<u8>)>, check: fn(&[u8])) {
    for (name, bytes) in files {
        println!("{name}");
        check(&bytes);
    }
}

#[test]
fn every_spec_passes_its_check() {
    for folder in [
        "tests/wrong",
        "tests/right",
        "tests/slips",
        "fuzz/seeds/spec",
    ] {
        replay(files(folder, &[".yaml"]), checks::spec);
    }
}

#[test]
fn every_selection_passes_its_check() {
    replay(files("fuzz/seeds/selection", &[]), checks::selection);
}

#[test]
fn every_contract_passes_its_check() {
    for folder in [
        "tests/contract/cases",
        "tests/wrong/contracts",
        "tests/right/contracts",
        "fuzz/seeds/contract",
    ] {
        replay(files(folder, &[".yaml", ".json"]), checks::contract);
    }
}
