//! Contracts in their normal form: `cases/NAME.yaml` (or `.json`) and what it reads as, `cases/NAME.expected`.
//!
//! `BLESS=1` writes what is read over what was expected.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod fixtures;
mod hostile;
mod lookup;
mod print;

use std::path::{Path, PathBuf};

use bff_spec::contract::{Contract, Types, load};
use bff_spec::diagnostic::{Diagnostic, FileId, Place};
use bff_spec::source::{SourceLoader, Sources};

/// Reads files below a folder.
struct Folder(PathBuf);

impl SourceLoader for Folder {
    fn read(&self, path: &str) -> Result<String, String> {
        std::fs::read_to_string(self.0.join(path)).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
            _ => error.to_string(),
        })
    }
}

/// Files by name.
struct Texts<'a>(&'a [(&'a str, &'a str)]);

impl SourceLoader for Texts<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        let found = self.0.iter().find(|(name, _)| *name == path);
        found
            .map(|(_, text)| (*text).to_owned())
            .ok_or_else(|| "there is no such file".to_owned())
    }
}

/// Everything that loading gives.
struct Loaded {
    sources: Sources,
    types: Types,
    contract: Option<Contract>,
    diagnostics: Vec<Diagnostic>,
}

fn loaded(loader: &dyn SourceLoader, path: &str) -> Loaded {
    let mut sources = Sources::default();
    let spec = sources.add("spec.yaml", format!("contract: {path}"));
    let from = Place {
        file: spec,
        start: 10,
        end: 10 + u32::try_from(path.len()).unwrap(),
    };
    let mut types = Types::default();
    let (contract, diagnostics) = load(&mut sources, loader, path, &[], from, &mut types);
    Loaded {
        sources,
        types,
        contract,
        diagnostics,
    }
}

/// A contract in one text.
fn text(contract: &str) -> Loaded {
    loaded(&Texts(&[("c.yaml", contract)]), "c.yaml")
}

#[test]
fn cases() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract/cases");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".yaml") || name.ends_with(".json"))
        .collect();
    names.sort();
    assert!(names.len() > 10, "the cases are gone: {names:?}");
    let bless = std::env::var_os("BLESS").is_some();
    let mut wrong = Vec::new();
    for name in &names {
        let loaded = loaded(&Folder(folder.clone()), name);
        let got = print::print(&loaded);
        let expected = folder.join(name).with_extension("expected");
        if bless {
            std::fs::write(&expected, &got).unwrap();
        } else {
            let want = std::fs::read_to_string(&expected).unwrap_or_default();
            if got != want {
                wrong.push(format!("== {name}\n-- expected\n{want}\n-- got\n{got}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_place_stands_in_its_file() {
    let contract = include_str!("cases/objects.yaml");
    let loaded = text(contract);
    let operation = &loaded.contract.as_ref().unwrap().operations[0];
    assert_eq!(loaded.sources.text(operation.place), "get");
    assert_eq!(loaded.sources.text(operation.responses[0].place), "200");
    assert_eq!(operation.place.file, FileId(1));
    for id in (0..).map(bff_spec::contract::TypeId).take(40) {
        if let bff_spec::contract::Kind::Object(object) = &loaded.types.get(id).kind {
            for (name, field) in &object.fields {
                let text = loaded.sources.text(field.place.unwrap());
                assert_eq!(text.trim_matches('"'), name);
            }
        }
    }
}
