//! One file per command: reads its arguments, calls what does the work, says what came of it.

mod build;
mod check;
mod completions;
mod dev;
mod explain;
mod exposure;
pub(crate) mod generate;
mod init;
pub(crate) mod keys;
mod lock;
mod man;
mod mock;
mod new;
mod run;
mod schema;
mod up;

use crate::arguments::{Arguments, Command};
use crate::console::Console;
use crate::failure::{Failure, Result, plain};
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
        Command::New(command) => new::run(&workspace()?, command, console),
        Command::Check(command) => check::run(&workspace()?, command, console),
        Command::Explain(command) => explain::run(&workspace()?, command, console),
        Command::Exposure(command) => exposure::run(&workspace()?, command, console),
        Command::Generate(command) => generate::run(&workspace()?, command, console),
        Command::Build(command) => build::run(&workspace()?, command, console),
        Command::Run(command) => run::run(&workspace()?, command, console),
        Command::Mock(command) => mock::run(&workspace()?, command, console),
        Command::Dev(command) => dev::run(&workspace()?, command, console),
        Command::Keys(command) => keys::run(command, console),
        Command::Lock(command) => lock::run(&workspace()?, command, console),
        Command::Completions(command) => Ok(completions::run(command, console)),
        Command::Man(command) => man::run(command, console),
        Command::Schema(command) => schema::run(workspace, command, console),
        Command::Up(command) => up::run(&workspace()?, command, console),
    }
}

/// Runs something asynchronous on this thread.
pub(crate) fn block_on<F: Future>(work: F) -> Result<F::Output> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start: {}", plain(&error))))?;
    Ok(runtime.block_on(work))
}

/// Returns when somebody asks this process to end: Ctrl-C, or SIGTERM.
pub(crate) async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    // Without a handler the signal itself ends the process.
    let _ = tokio::signal::ctrl_c().await;
}
