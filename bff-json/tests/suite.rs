//! JSONTestSuite, each file as an upstream's body: as the whole document and as a value in one; captured and skipped; in
//! both modes. `tolerated.txt` names the invalid files that the fast mode lets pass where it skips them.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use bff_json::{Error, Mode, Options, Scope};
use bytes::Bytes;
use serde_json::Value;
use support::selection::Selection;

const SUITE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/fixtures/json/test_parsing"
);
const MODES: [Mode; 2] = [Mode::Fast, Mode::Strict];

/// The files, by name; `None` where the folder is absent.
fn files() -> Option<Vec<(String, Vec<u8>)>> {
    let Ok(folder) = fs::read_dir(SUITE) else {
        assert!(
            std::env::var_os("BFF_REQUIRE_FIXTURES").is_none(),
            "the fixtures are required and not there"
        );
        println!("skipped: {SUITE} is absent, so JSONTestSuite was not run");
        return None;
    };
    let mut files: Vec<_> = folder
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read(&path).unwrap())
        })
        .collect();
    files.sort();
    assert_eq!(files.len(), 318, "{SUITE} is not complete");
    Some(files)
}

fn fields(fields: Vec<(&str, Selection)>) -> Selection {
    Selection::Fields(
        fields
            .into_iter()
            .map(|(name, selection)| (name.to_owned(), selection))
            .collect(),
    )
}

/// What a selection gives of a body.
fn project(selection: &Selection, body: &[u8], mode: Mode) -> Result<Vec<u8>, Error> {
    let compiled = selection.compile();
    let options = Options {
        mode,
        ..Options::default()
    };
    let tape = compiled
        .shape
        .capture(Bytes::copy_from_slice(body), &options)?;
    let mut out = Vec::new();
    Scope::new(&[tape])
        .render(compiled.template, &mut out, 1 << 20)
        .unwrap();
    Ok(out)
}

/// The file as a field's value, between two others.
fn embedded(file: &[u8]) -> Vec<u8> {
    [br#"{"before":1,"file":"#, file, br#","keep":1}"#].concat()
}

/// Two parses of the same text agree, as far as serde_json can hold it.
fn same(ours: &[u8], file: &[u8], name: &str) {
    let ours = serde_json::from_slice::<Value>(ours);
    match serde_json::from_slice::<Value>(file) {
        Ok(value) => assert_eq!(ours.unwrap(), value, "{name}"),
        Err(error) => println!("{name}: not compared, as serde_json says: {error}"),
    }
}

#[test]
fn captured_whole() {
    let Some(files) = files() else { return };
    let inside = fields(vec![("file", Selection::Any), ("keep", Selection::Scalar)]);
    for (name, file) in &files {
        for mode in MODES {
            let root = project(&Selection::Any, file, mode);
            let inner = project(&inside, &embedded(file), mode);
            match name.as_bytes() {
                [b'y', ..] => {
                    same(
                        &root.unwrap_or_else(|error| panic!("{name}: {error}")),
                        file,
                        name,
                    );
                    let inner = inner.unwrap_or_else(|error| panic!("{name}: {error}"));
                    let object: Value = serde_json::from_slice(&inner).unwrap();
                    same(object["file"].to_string().as_bytes(), file, name);
                    assert_eq!(object["keep"], 1, "{name}");
                }
                [b'n', ..] => {
                    assert!(root.is_err(), "{name} passed as a document");
                    assert!(inner.is_err(), "{name} passed as a field");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn selected_from() {
    let Some(files) = files() else { return };
    let selection = fields(vec![
        ("a", Selection::Scalar),
        ("b", fields(vec![("c", Selection::Scalar)])),
        ("", Selection::Scalar),
    ]);
    for (name, file) in &files {
        for mode in MODES {
            for selection in [&selection, &Selection::Each(Box::new(Selection::Scalar))] {
                let result = project(selection, file, mode);
                match (name.as_bytes(), result) {
                    ([b'y', ..], Err(error)) => panic!("{name}: {error}"),
                    ([b'y', ..], Ok(ours)) => {
                        if let Ok(document) = serde_json::from_slice::<Value>(file) {
                            let ours: Value = serde_json::from_slice(&ours).unwrap();
                            assert_eq!(ours, selection.apply(Some(&document)), "{name}");
                        }
                    }
                    ([b'n', ..], Ok(_)) if mode == Mode::Strict => panic!("{name} passed"),
                    _ => {}
                }
            }
        }
    }
}

#[test]
fn skipped() {
    let Some(files) = files() else { return };
    let keep = fields(vec![("keep", Selection::Scalar)]);
    let mut tolerated = BTreeSet::new();
    for (name, file) in &files {
        for mode in MODES {
            match (name.as_bytes(), project(&keep, &embedded(file), mode)) {
                ([b'y', ..], Err(error)) => panic!("{name}: {error}"),
                ([b'y', ..], Ok(ours)) => assert_eq!(ours, br#"{"keep":1}"#, "{name}"),
                ([b'n', ..], Ok(_)) if mode == Mode::Strict => panic!("{name} passed"),
                ([b'n', ..], Ok(_)) => {
                    tolerated.insert(format!("{name}\n"));
                }
                _ => {}
            }
        }
    }
    let tolerated: String = tolerated.into_iter().collect();
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tolerated.txt");
    if std::env::var_os("UPDATE_TOLERATED").is_some() {
        fs::write(&list, &tolerated).unwrap();
    }
    assert_eq!(
        tolerated,
        fs::read_to_string(list).unwrap(),
        "set UPDATE_TOLERATED to write the list"
    );
}
