//! `bff check`: every finding, drawn as asked; before that, what surely can be is mended.

use crate::arguments::Check;
use crate::checking::check;
use crate::commands::Outcome;
use crate::console::{Console, count};
use crate::failure::Result;
use crate::fixing::fix;
use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace, command: &Check, console: Console) -> Result<Outcome> {
    let specs = workspace.specs(&command.name)?;
    let all = command.name.is_empty();
    let checked = if command.fix {
        let (checked, mended) = fix(workspace, &specs, all)?;
        for (path, edits) in mended {
            console.say(&format!("mended {path}: {}", count(edits, "edit")));
        }
        checked
    } else {
        check(workspace, &specs, all)
    };
    checked.findings.draw(command.format, console);
    let sure = checked.findings.mendable();
    console.say(&format!(
        "checked {}: {}{}",
        count(specs.len(), "spec"),
        checked.findings.summary(),
        match sure {
            0 => String::new(),
            sure => format!("; `bff check --fix` mends {sure}"),
        }
    ));
    Ok(if checked.failed() {
        Outcome::Found
    } else {
        Outcome::Good
    })
}
