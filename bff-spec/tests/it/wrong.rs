//! Wrong specs, and what is said of them.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::LazyLock;

use bff_spec::Checked;
use bff_spec::diagnostic::{Code, Diagnostic, Place};
use bff_spec::source::Sources;

use crate::{assert_all, cases, folder, matches};

/// Every case, checked once.
static CASES: LazyLock<Vec<(String, Checked)>> = LazyLock::new(|| {
    cases("wrong")
        .into_iter()
        .map(|case| {
            let checked = bff_spec::check(&folder("wrong"), &case);
            (case, checked)
        })
        .collect()
});

#[test]
fn diagnostics_are_as_expected() {
    let results = CASES
        .iter()
        .map(|(case, checked)| {
            if checked.diagnostics.is_empty() {
                return Err(format!("{case}: nothing was found wrong"));
            }
            if checked
                .diagnostics
                .iter()
                .any(|d| d.code == Code::Unexplained)
            {
                return Err(format!("{case}: {}", text(checked)));
            }
            matches("wrong", case, &text(checked))
        })
        .collect();
    assert_all(results);
}

/// Codes of this crate's other parts, which have cases of their own.
fn is_elsewhere(code: Code) -> bool {
    if code == Code::Unexplained {
        return true;
    }
    let lint = crate::lints::LINTS.contains(&code);
    let code = code.as_str();
    lint || code.starts_with("E03") || code.starts_with("W03") || code.starts_with("N03")
}

#[test]
fn every_code_has_a_case() {
    let seen: BTreeSet<Code> = CASES
        .iter()
        .flat_map(|(_, checked)| &checked.diagnostics)
        .map(|d| d.code)
        .collect();
    let missing: Vec<&str> = Code::ALL
        .iter()
        .filter(|code| !seen.contains(code) && !is_elsewhere(**code))
        .map(|code| code.as_str())
        .collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
}

#[test]
fn fixes_mend_what_they_are_offered_for() {
    let mut tried = 0;
    let mut wrong = Vec::new();
    for (case, checked) in CASES.iter() {
        for diagnostic in &checked.diagnostics {
            let Some(fix) = &diagnostic.fix else { continue };
            let file = checked.sources.get(fix.place.file).unwrap();
            if file.path != *case {
                continue;
            }
            tried += 1;
            let mut text = file.text.clone();
            text.replace_range(fix.place.range(), &fix.text);
            let again = bff_spec::check(&crate::Text(&text, folder("wrong")), "spec.yaml");
            let still = again
                .diagnostics
                .iter()
                .any(|d| d.code == diagnostic.code && d.message == diagnostic.message);
            if still {
                wrong.push(format!(
                    "{case}: {} {}",
                    diagnostic.code.as_str(),
                    diagnostic.message
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried > 10, "{tried} fixes were tried");
}

#[test]
fn messages_are_one_line_without_a_full_stop() {
    for (case, checked) in CASES.iter() {
        for d in &checked.diagnostics {
            assert!(!d.message.contains('\n'), "{case}: {}", d.message);
            assert!(!d.message.ends_with('.'), "{case}: {}", d.message);
        }
    }
}

fn text(checked: &Checked) -> String {
    told(&checked.sources, &checked.diagnostics)
}

/// Diagnostics as text, for comparison.
pub(crate) fn told(sources: &Sources, diagnostics: &[Diagnostic]) -> String {
    let at = |place: Place| {
        let (start, end) = sources.lines(place);
        let file = &sources.get(place.file).unwrap().path;
        format!(
            "{file}:{}:{}-{}:{}",
            start.line, start.column, end.line, end.column
        )
    };
    let mut out = String::new();
    for d in diagnostics {
        writeln!(out, "{}[{}] {}", d.severity, d.code.as_str(), d.message).unwrap();
        let source = sources.text(d.place);
        let source = source.lines().next().unwrap_or_default();
        writeln!(out, "  at {}: {source}", at(d.place)).unwrap();
        if let Some(help) = &d.help {
            writeln!(out, "  help: {help}").unwrap();
        }
        for related in &d.related {
            writeln!(out, "  see {}: {}", at(related.place), related.message).unwrap();
        }
        if let Some(fix) = &d.fix {
            let offered = if fix.sure { "fix" } else { "try" };
            writeln!(out, "  {offered} {}: {}", at(fix.place), fix.text).unwrap();
        }
    }
    out
}
