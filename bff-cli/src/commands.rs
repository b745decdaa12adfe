//! One file per command: reads its arguments, calls what does the work, says what came of it.

mod build;
mod check;
mod generate;
mod init;
mod mock;
mod run;
mod up;

use crate::arguments::{Arguments, Command};
use crate::console::Console;
use crate::failure::Result;
use crate::workspace::Workspace;

/// What came of a command that could do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All is well.
    Good,
    /// Something was found: an error in a spec, a stale file, a failed request.
    Found,
}

/// Runs a command.
pub(crate) fn run(arguments: &Arguments, console: Console) -> Result<Outcome> {
    let workspace = || Workspace::find(arguments.global.workspace.as_deref());
    match &arguments.command {
        Command::Init(command) => init::run(command, console),
        Command::Check(command) => check::run(&workspace()?, command, console),
        Command::Generate(command) => generate::run(&workspace()?, command, console),
        Command::Build(command) => build::run(&workspace()?, command, console),
        Command::Run(command) => run::run(&workspace()?, command, console),
        Command::Mock(command) => mock::run(&workspace()?, command, console),
        Command::Up(command) => up::run(&workspace()?, command, console),
    }
}
