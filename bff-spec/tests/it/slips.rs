//! Slips that people make, and the one edit that mends each: the first line of a case says what becomes of a line.

use std::path::Path;

use bff_spec::Checked;
use bff_spec::diagnostic::Severity;

use crate::{Text, cases, folder};

fn check(text: &str) -> Checked {
    bff_spec::check(&Text(text, folder("wrong")), "spec.yaml")
}

/// What was found, for a test that fails.
fn told(checked: &Checked) -> String {
    let mut out = String::new();
    for d in &checked.diagnostics {
        let (at, _) = checked.sources.lines(d.place);
        out += &format!(
            "  {} {}:{}: {} / {:?} / {:?}\n",
            d.code.as_str(),
            at.line,
            at.column,
            d.message,
            d.help,
            d.fix.as_ref().map(|e| &e.text)
        );
    }
    out
}

/// Mends a text by the only edit that is offered; gives the text as it is then.
fn mended(text: &str) -> Result<String, String> {
    let checked = check(text);
    let offered: Vec<_> = checked
        .diagnostics
        .iter()
        .filter_map(|d| Some((d, d.fix.as_ref()?)))
        .collect();
    let [(found, edit)] = offered.as_slice() else {
        return Err(format!("{} edits\n{}", offered.len(), told(&checked)));
    };
    if found.help.is_none() {
        return Err(format!("no help\n{}", told(&checked)));
    }
    let mut mended = text.to_owned();
    mended.replace_range(edit.place.range(), &edit.text);
    Ok(mended)
}

#[test]
fn one_edit_mends_each() {
    let mut wrong = Vec::new();
    let cases = cases("slips");
    for case in &cases {
        let path = Path::new("slips").join(case);
        let text = std::fs::read_to_string(folder("").0.join(path)).unwrap();
        let (first, spec) = text.split_once('\n').unwrap();
        let becomes = first.strip_prefix("# becomes: ").unwrap();
        let spec_has = |text: &str| text.lines().any(|line| line.trim_matches(' ') == becomes);
        assert!(!spec_has(spec), "{case}: nothing slipped");
        match mended(spec) {
            Err(why) => wrong.push(format!("{case}: {why}")),
            Ok(mended) => {
                let again = check(&mended);
                let errors = again
                    .diagnostics
                    .iter()
                    .any(|d| d.severity == Severity::Error);
                if errors || !spec_has(&mended) {
                    wrong.push(format!(
                        "{case}: {}\n{mended}\nfirst\n{}",
                        told(&again),
                        told(&check(spec))
                    ));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}
