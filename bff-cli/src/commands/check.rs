//! `bff check`: every finding, drawn as asked.

use crate::arguments::Check;
use crate::checking::check;
use crate::commands::Outcome;
use crate::console::{Console, count};
use crate::failure::Result;
use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace, command: &Check, console: Console) -> Result<Outcome> {
    let specs = workspace.specs(&command.name)?;
    let checked = check(workspace, &specs);
    checked.findings.draw(command.format, console);
    console.say(&format!(
        "checked {}: {}",
        count(specs.len(), "spec"),
        checked.findings.summary()
    ));
    Ok(if checked.failed() {
        Outcome::Found
    } else {
        Outcome::Good
    })
}
