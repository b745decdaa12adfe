//! The `bff` command: reads specs, calls the checker and the generator, draws what they find, runs cargo.
//!
//! It decides nothing about the language: what a spec may say is [`bff_spec`]'s, what is made of it `bff_codegen`'s.

mod arguments;
mod cargo;
mod checking;
mod commands;
mod console;
mod dev;
mod diagnostics;
mod environment;
mod failure;
mod fetch;
mod fixing;
mod generated;
mod hooks;
mod issuer;
mod lock;
mod manifest;
mod mock;
mod origin;
mod ports;
mod proposal;
mod system;
mod upstreams;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;
use crate::commands::Outcome;
use crate::console::Console;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let console = Console::new(arguments.global.quiet, arguments.global.color);
    match commands::run(&arguments, console) {
        Ok(Outcome::Good) => ExitCode::SUCCESS,
        Ok(Outcome::Found) => ExitCode::FAILURE,
        Err(failure) => {
            console.failure(&failure);
            ExitCode::FAILURE
        }
    }
}
