//! `bff schema`: the JSON Schema of specs, on stdout or beside the specs.
//!
//! The file lies in the workspace, so that editors find it without a network and everybody's checkout has the one that
//! fits. Where it is, `bff generate` keeps it true, as all that is made of something else.

use std::io::ErrorKind;

use crate::arguments::Schema;
use crate::commands::Outcome;
use crate::console::Console;
use crate::failure::{Failure, Result};
use crate::generated::{self, Stale, Why};
use crate::workspace::Workspace;

/// Where it lies in a workspace.
pub(super) const PATH: &str = "specs/bff.schema.json";

pub(super) fn run(
    workspace: impl FnOnce() -> Result<Workspace>,
    command: &Schema,
    console: Console,
) -> Result<Outcome> {
    if !command.write {
        console.result(&text());
        return Ok(Outcome::Good);
    }
    let workspace = workspace()?;
    let path = workspace.path(PATH);
    if std::fs::read(&path).is_ok_and(|bytes| bytes == text().as_bytes()) {
        console.say(&format!("{PATH} is up to date"));
        return Ok(Outcome::Good);
    }
    generated::write(&path, &text())?;
    console.step("Wrote", PATH);
    console.say(&format!(
        "\nNext: make this the first line of each file in specs\n  {}",
        first_line()
    ));
    Ok(Outcome::Good)
}

/// The file as it should be.
pub(super) fn text() -> String {
    // A tree of strings, numbers and booleans always serializes.
    let text = serde_json::to_string_pretty(&bff_spec::schema::schema()).unwrap_or_default();
    format!("{text}\n")
}

/// What tells an editor of it, in a file beside it.
pub(super) fn first_line() -> String {
    let name = PATH.rsplit('/').next().unwrap_or(PATH);
    format!("# yaml-language-server: $schema={name}")
}

/// The file, if there is one and it isn't as it should be.
pub(super) fn stale(workspace: &Workspace) -> Result<Option<Stale>> {
    let path = workspace.path(PATH);
    match std::fs::read(&path) {
        Ok(bytes) if bytes == text().as_bytes() => Ok(None),
        Ok(_) => Ok(Some(Stale {
            path: PATH.to_owned(),
            why: Why::Changed(text()),
        })),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::io("read", &path, &error)),
    }
}
