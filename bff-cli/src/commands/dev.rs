//! `bff dev`: the whole system on this machine, following its specs until Ctrl-C.

use crate::arguments::Dev;
use crate::commands::{Outcome, block_on, interrupted};
use crate::console::Console;
use crate::dev::{self, Settings};
use crate::environment;
use crate::failure::{Failure, Result};
use crate::workspace::Workspace;

/// What gateways in this process log, unless `BFF_LOG` says otherwise.
const LOG: &str = "warn,access=info";
/// The same when quiet.
const QUIET: &str = "warn,access=off";

pub(super) fn run(workspace: &Workspace, command: &Dev, console: Console) -> Result<Outcome> {
    let settings = Settings {
        names: command.name.clone(),
        port_base: command.port_base,
        latency: command.manner.latency.clone(),
        fail: command.manner.fail,
    };
    let log = environment::process("BFF_LOG");
    let usual = if console.quiet() { QUIET } else { LOG };
    bff_runtime::log_to_stderr(Some(log.as_deref().unwrap_or(usual))).map_err(Failure::new)?;
    block_on(dev::run(workspace, settings, console, interrupted()))??;
    Ok(Outcome::Good)
}
