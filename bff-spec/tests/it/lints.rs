//! What lints say: of one spec, and of several together. Cases are files; one without findings says so by an empty text.

use std::collections::BTreeSet;

use bff_spec::Checked;
use bff_spec::diagnostic::{Code, Severity};

use crate::wrong::told;
use crate::{Folder, assert_all, cases, folder, matches};

/// Their codes.
pub(crate) const LINTS: &[Code] = &[
    Code::UnusedName,
    Code::UnusedLint,
    Code::FanOut,
    Code::TimeBudget,
    Code::RepeatedSelection,
    Code::UnrelatedCaller,
    Code::SensitiveField,
];

#[test]
fn of_one_spec() {
    let mut seen = BTreeSet::new();
    let results = cases("lints")
        .iter()
        .map(|case| {
            let checked = bff_spec::check(&folder("lints"), case);
            seen.extend(checked.diagnostics.iter().map(|d| d.code));
            let other =
                |d: &&bff_spec::diagnostic::Diagnostic| d.code.severity() == Severity::Error;
            if let Some(error) = checked.diagnostics.iter().find(other) {
                return Err(format!("{case}: {} {}", error.code.as_str(), error.message));
            }
            assert_eq!(checked.model.is_none(), checked.has_errors(), "{case}");
            matches("lints", case, &told(&checked.sources, &checked.diagnostics))
        })
        .collect();
    assert_all(results);
    let missing: Vec<&str> = LINTS
        .iter()
        .filter(|code| **code != Code::RepeatedSelection && !seen.contains(code))
        .map(|code| code.as_str())
        .collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
}

#[test]
fn of_several_specs() {
    let results = folders()
        .iter()
        .map(|case| {
            let mut specs = specs(case);
            for spec in &specs {
                let found: Vec<&str> = spec.diagnostics.iter().map(|d| d.code.as_str()).collect();
                assert!(found.is_empty(), "{case}: {found:?}");
            }
            let together = bff_spec::check_together(&mut specs, true);
            let told = told(&together.sources, &together.diagnostics);
            matches("lints/together", &format!("{case}.yaml"), &told)
        })
        .collect();
    assert_all(results);
}

#[test]
fn of_some_specs_nothing_is_called_unused() {
    for case in ["shared-unused", "allowed-never-found"] {
        let together = bff_spec::check_together(&mut specs(case), false);
        assert!(together.diagnostics.is_empty(), "{case}");
    }
}

#[test]
fn what_a_broken_spec_uses_is_not_known() {
    let mut specs = specs("shared-unused");
    specs.push(bff_spec::check(&folder("wrong"), "unknown-field.yaml"));
    assert!(specs.iter().any(Checked::has_errors));
    let together = bff_spec::check_together(&mut specs, true);
    assert!(together.diagnostics.is_empty());
}

fn folders() -> Vec<String> {
    let mut folders: Vec<String> = std::fs::read_dir(folder("lints/together").0)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    folders.sort();
    folders
}

/// The specs of a case, by the order of their names.
fn specs(case: &str) -> Vec<Checked> {
    let Folder(root) = folder("lints");
    let below = format!("together/{case}");
    cases(&format!("lints/{below}"))
        .into_iter()
        .filter(|file| file != "shared.yaml")
        .map(|file| bff_spec::check(&Folder(root.clone()), &format!("{below}/{file}")))
        .collect()
}
