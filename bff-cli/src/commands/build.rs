//! `bff build`: generated crates, then one binary each.

use crate::arguments::Build;
use crate::cargo::{self, Profile};
use crate::checking;
use crate::commands::{Outcome, generate};
use crate::console::Console;
use crate::failure::Result;
use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace, command: &Build, console: Console) -> Result<Outcome> {
    let Some(frontends) = checking::frontends(workspace, &command.name, console)? else {
        return Ok(Outcome::Found);
    };
    generate::bring_up_to_date(workspace, &frontends, console)?;
    let profile = if command.dev {
        Profile::Release
    } else {
        Profile::Dist
    };
    for frontend in &frontends {
        console.step("Building", &format!("{}-bff", frontend.model.name));
        let binary = cargo::build(workspace, &frontend.model, profile, console)?;
        let shown = binary.strip_prefix(workspace.root()).unwrap_or(&binary);
        console.result(&shown.display().to_string());
    }
    Ok(Outcome::Good)
}
