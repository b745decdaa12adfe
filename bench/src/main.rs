//! Compares generated gateways with others, side by side, in one run.
//!
//! A [workload](workload) says what is asked and what is right; a [contender](contender) is a gateway that answers.
//! A [run] starts every contender afresh in every round, one after another, drives it, checks each answer and reads
//! from the kernel what CPU time its process took. A [report] is what comes out.
//!
//! Everything is on loopback. What never happens here: an answer that counts without having been compared.

mod build;
mod checking;
mod contender;
mod counts;
mod cpu;
mod data;
mod idle;
mod installed;
mod instructions;
mod latency;
mod load;
mod machine;
mod process;
mod report;
mod run;
mod turn;
mod upstream;
mod workload;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};

use run::Settings;
use tokio::task::LocalSet;

/// Compares generated gateways with others, side by side, in one run.
#[derive(Parser)]
#[command(name = "bff-bench")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Three upstream calls at once, about 80 kB in, a fifth of it out
    Screen(Settings),
    /// One upstream answer of 2 kB, passed through
    Pass(Settings),
    /// The time that `bff check` takes, over three specs and over two hundred
    Check(checking::Settings),
    /// How long answers take at a fixed rate
    Latency(latency::Arguments),
    /// Program, start and memory
    Idle(Settings),
    /// Instructions of what must not get slower, against bench/counts.json
    Counts(counts::Arguments),
    /// The upstreams; prints where they listen, ends with its standard input
    #[command(hide = true)]
    Upstream,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Upstream => block_on(upstream::serve()),
        Command::Screen(settings) => compare(&workload::SCREEN, &settings),
        Command::Pass(settings) => compare(&workload::PASS, &settings),
        Command::Check(settings) => root().and_then(|root| checking::run(root, &settings)),
        Command::Latency(arguments) => {
            root().and_then(|root| block_on(latency::run(root, &arguments)))
        }
        Command::Idle(settings) => root().and_then(|root| block_on(idle::run(root, &settings))),
        Command::Counts(arguments) => {
            root().and_then(|root| block_on(counts::run(root, &arguments)))
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The workspace's root.
fn root() -> anyhow::Result<&'static Path> {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("the bench crate stands in the workspace's root")
}

fn compare(workload: &workload::Workload, settings: &Settings) -> anyhow::Result<()> {
    let root = root()?;
    let measured = block_on(run::run(root, workload, settings))?;
    let machine = machine::Machine::here(root);
    let text = report::text(workload, settings, &machine, &measured);
    println!("{text}");
    if settings.are_partial() {
        return Ok(());
    }
    report::write(root, workload, settings, &machine, &measured, &text)
}

/// One thread: what the harness does must not take more than one of the machine's cores.
fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("no runtime could be started")
        .and_then(|runtime| LocalSet::new().block_on(&runtime, work))
}
