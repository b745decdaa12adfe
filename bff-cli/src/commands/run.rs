//! `bff run`: one frontend, built quickly and run in this process's place.

use std::process::Command;

use crate::arguments::Run;
use crate::cargo::{self, Profile};
use crate::checking;
use crate::commands::{Outcome, generate};
use crate::console::Console;
use crate::environment;
use crate::failure::{Failure, Result, plain};
use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace, command: &Run, console: Console) -> Result<Outcome> {
    let Some(frontends) =
        checking::frontends(workspace, std::slice::from_ref(&command.name), console)?
    else {
        return Ok(Outcome::Found);
    };
    let missing: Vec<String> = frontends
        .iter()
        .flat_map(|frontend| environment::variables(&frontend.model))
        .filter(|(name, variable)| {
            variable.default.is_none() && environment::process(name).is_none()
        })
        .map(|(name, variable)| format!("{name} ({})", variable.purpose))
        .collect();
    if !missing.is_empty() {
        return Err(
            Failure::new(format!("not set: {}", missing.join(", "))).remedy(format!(
                "set them, or let `bff up {}` find development values",
                command.name
            )),
        );
    }
    generate::bring_up_to_date(workspace, &frontends, console)?;
    let Some(frontend) = frontends.first() else {
        return Ok(Outcome::Found);
    };
    let binary = cargo::build(workspace, &frontend.model, Profile::Release, console)?;
    console.step("Running", &binary.display().to_string());
    let mut command = Command::new(&binary);
    let failed = |error: std::io::Error| {
        Failure::new(format!(
            "cannot run {}: {}",
            binary.display(),
            plain(&error)
        ))
    };
    become_it(&mut command).map_err(failed)
}

/// Puts the binary in this process's place, so that signals reach it and its exit code is ours.
#[cfg(unix)]
fn become_it(command: &mut Command) -> std::io::Result<Outcome> {
    use std::os::unix::process::CommandExt;
    Err(command.exec())
}

#[cfg(not(unix))]
fn become_it(command: &mut Command) -> std::io::Result<Outcome> {
    let status = command.status()?;
    Ok(if status.success() {
        Outcome::Good
    } else {
        Outcome::Found
    })
}
