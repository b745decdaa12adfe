//! Mends specs: makes the edits that can only be what was meant.
//!
//! In: specs. Out: their files, mended, and how many edits were made in each. A file is replaced as a whole or not at all,
//! and only while it still is what was checked. Contracts are never edited.

use std::collections::BTreeMap;

use bff_spec::diagnostic::{Diagnostic, Edit};
use bff_spec::source::Sources;

use crate::checking::{Checked, check};
use crate::failure::{Failure, Result};
use crate::generated::write;
use crate::workspace::{Spec, Workspace};

/// What one slip hides comes to light once it is mended; more rounds than this would go round in a circle.
const ROUNDS: usize = 20;

/// How many edits were made, by file.
pub(crate) type Mended = BTreeMap<String, usize>;

/// Mends specs, and checks them as they are then.
pub(crate) fn fix(workspace: &Workspace, specs: &[Spec], all: bool) -> Result<(Checked, Mended)> {
    let mut mended = Mended::new();
    for _ in 0..ROUNDS {
        let checked = check(workspace, specs, all);
        let edits = edits(checked.findings.iter());
        if edits.is_empty() {
            return Ok((checked, mended));
        }
        for (path, file) in edits {
            let now = std::fs::read_to_string(workspace.path(&path)).ok();
            if now.as_deref() != Some(file.text.as_str()) {
                return Err(Failure::new(format!("{path} changed while it was checked"))
                    .remedy("run `bff check --fix` again"));
            }
            write(&workspace.path(&path), &file.mended())?;
            *mended.entry(path).or_default() += file.edits.len();
        }
    }
    Ok((check(workspace, specs, all), mended))
}

/// A file, and the edits to make in it, the last first.
struct File {
    text: String,
    edits: Vec<Edit>,
}

impl File {
    fn mended(&self) -> String {
        let mut text = self.text.clone();
        for edit in &self.edits {
            text.replace_range(edit.place.range(), &edit.text);
        }
        text
    }
}

/// The sure edits by file. Of two that touch, the first is made; the other one comes again if it is still needed.
fn edits<'a>(
    findings: impl Iterator<Item = (&'a Diagnostic, &'a Sources)>,
) -> BTreeMap<String, File> {
    let mut files: BTreeMap<String, File> = BTreeMap::new();
    for (finding, sources) in findings {
        let Some(edit) = finding.fix.as_ref().filter(|edit| edit.sure) else {
            continue;
        };
        let Some(source) = sources.get(edit.place.file) else {
            continue;
        };
        if source.text.get(edit.place.range()).is_none() || is_contract(&source.text) {
            continue;
        }
        let file = files.entry(source.path.clone()).or_insert_with(|| File {
            text: source.text.clone(),
            edits: Vec::new(),
        });
        let apart =
            |other: &Edit| other.place.end < edit.place.start || edit.place.end < other.place.start;
        if file.text == source.text && file.edits.iter().all(apart) {
            file.edits.push(edit.clone());
        }
    }
    for file in files.values_mut() {
        file.edits
            .sort_by_key(|edit| std::cmp::Reverse(edit.place.start));
    }
    files
}

/// Whether a file is a contract: somebody else's work, and never edited.
fn is_contract(text: &str) -> bool {
    let starts = |line: &str| {
        let key = line.trim_start_matches(['"', '\'']);
        key.starts_with("openapi") || key.starts_with("swagger")
    };
    text.trim_start().starts_with('{') || text.lines().any(starts)
}
