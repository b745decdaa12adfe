//! `bff completions`: what makes a shell complete the command, made from the command line itself.

use clap::CommandFactory;

use crate::arguments::{Arguments, Completions};
use crate::commands::Outcome;
use crate::console::Console;

pub(super) fn run(command: &Completions, console: Console) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(command.shell, &mut Arguments::command(), "bff", &mut script);
    console.result(&String::from_utf8_lossy(&script));
    Outcome::Good
}
