//! Compares generated gateways with others, side by side, in one run.
//!
//! A [workload](workload) says what is asked and what is right; a [contender](contender) is a gateway that answers.
//! A [run] starts every contender afresh in every round, one after another, drives it, checks each answer and reads
//! from the kernel what CPU time its process took. A [report] is what comes out.
//!
//! Everything is on loopback. What never happens here: an answer that counts without having been compared.

mod all;
mod attack;
mod build;
mod building;
mod checking;
mod contender;
mod contenders;
mod contracts;
mod counts;
mod cpu;
mod data;
mod dev;
mod grown;
mod hostile;
mod installed;
mod instructions;
mod latency;
mod load;
mod machine;
mod memory;
mod origin;
mod plot;
mod process;
mod readme;
mod report;
mod results;
mod rolling;
mod run;
mod scaling;
mod spread;
mod streams;
mod through;
mod tokens;
mod turn;
mod upstream;
mod websockets;
mod workload;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};

use run::Settings;
use tokio::task::LocalSet;
use workload::Workload;

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
    /// The same with a token and a limit
    ScreenJwt(Settings),
    /// Three small upstream calls at once
    Small(Settings),
    /// A join of fifty, and a call for each of twenty
    Join(Settings),
    /// One upstream answer of 2 kB, passed through
    Pass(Settings),
    /// One of 100 kB
    #[command(name = "pass-100k")]
    Pass100k(Settings),
    /// One of 100 MB
    Stream(Settings),
    /// The time that `bff check` takes, over three specs and over two hundred
    Check(checking::Settings),
    /// What frontends of forty endpoints over the largest contracts cost to check, generate and build
    Contracts(contracts::Settings),
    /// From saving a file to the new answer of `bff dev`
    Dev(dev::Settings),
    /// How long answers take at a fixed rate
    Latency(latency::Arguments),
    /// What a request costs with one, a hundred and ten thousand connections
    Connections(Settings),
    /// What a request costs with ten, five hundred and five thousand routes
    Routes(Settings),
    /// What building a gateway costs, cold and after an edit of its spec
    Build(building::Arguments),
    /// All of these, in about a quarter of an hour once everything is built
    All(Settings),
    /// What the README says of the results, written into it
    Readme(readme::Arguments),
    /// Program, start, memory idle and under load
    Memory(Settings),
    /// Instructions of what must not get slower, against bench/counts.json
    Counts(counts::Arguments),
    /// Long bodies both ways and an hour of events, with the gateway's memory
    Streams(streams::Settings),
    /// How long others wait while slow and hostile clients hold on to the gateway, and what an idle connection takes
    Hostile(hostile::Arguments),
    /// Every kind of WebSocket frame, through a gateway and back
    Websockets(websockets::Settings),
    /// Two replicas behind a balancer, restarted under load: how many requests are lost
    Rolling(rolling::Settings),
    /// Hostile clients of one kind, until standard input ends
    #[command(hide = true)]
    Attack(attack::Arguments),
    /// The upstreams; prints where they listen, ends with its standard input
    #[command(hide = true)]
    Upstream,
}

fn main() -> ExitCode {
    if let Some(served) = scaling::serve() {
        return served.unwrap_or_else(|error| failed(&error));
    }
    let outcome = match Arguments::parse().command {
        Command::Upstream => block_on(upstream::serve()),
        Command::Attack(arguments) => block_on(attack::run(&arguments)),
        Command::Screen(settings) => compare(&workload::SCREEN, &settings),
        Command::ScreenJwt(settings) => compare(&workload::SCREEN_JWT, &settings),
        Command::Small(settings) => compare(&workload::SMALL, &settings),
        Command::Join(settings) => compare(&workload::JOIN, &settings),
        Command::Pass(settings) => compare(&workload::PASS, &settings),
        Command::Pass100k(settings) => compare(&workload::PASS_100K, &settings),
        Command::Stream(settings) => compare(&workload::STREAM, &settings),
        Command::Check(settings) => root().and_then(|root| checking::run(root, &settings)),
        Command::Contracts(settings) => root().and_then(|root| contracts::run(root, &settings)),
        Command::Dev(settings) => root().and_then(|root| dev::run(root, &settings)),
        Command::Latency(arguments) => {
            root().and_then(|root| block_on(latency::run(root, &arguments)))
        }
        Command::Connections(settings) => {
            root().and_then(|root| block_on(scaling::connections(root, &settings)))
        }
        Command::Routes(settings) => {
            root().and_then(|root| block_on(scaling::routes(root, &settings)))
        }
        Command::Build(arguments) => root().and_then(|root| building::run(root, &arguments)),
        Command::All(settings) => root().and_then(|root| all::run(root, &settings)),
        Command::Readme(arguments) => root().and_then(|root| readme::run(root, &arguments)),
        Command::Memory(settings) => root().and_then(|root| block_on(memory::run(root, &settings))),
        Command::Streams(settings) => {
            root().and_then(|root| block_on(streams::run(root, &settings)))
        }
        Command::Hostile(arguments) => {
            root().and_then(|root| block_on(hostile::run(root, &arguments)))
        }
        Command::Websockets(settings) => {
            root().and_then(|root| block_on(websockets::run(root, &settings)))
        }
        Command::Rolling(settings) => {
            root().and_then(|root| block_on(rolling::run(root, &settings)))
        }
        Command::Counts(arguments) => {
            root().and_then(|root| block_on(counts::run(root, &arguments)))
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}

/// The workspace's root.
fn root() -> anyhow::Result<&'static Path> {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("the bench crate stands in the workspace's root")
}

/// Compares the contenders on a workload, and keeps what comes out.
fn compare(workload: &Workload, settings: &Settings) -> anyhow::Result<()> {
    let root = root()?;
    let settings = &settings.shortened();
    let measured = block_on(run::run(root, workload, settings))?;
    let machine = machine::Machine::here(root);
    let outcome = results::Outcome {
        name: workload.name,
        page: &report::text(workload, settings, &machine, &measured),
        record: &report::record(workload, settings, &machine, &measured),
        plot: Some(report::plot(workload, &measured)),
    };
    results::keep(root, settings, outcome)
}

/// One thread: what the harness does must not take more than one of the machine's cores.
fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("no runtime could be started")
        .and_then(|runtime| LocalSet::new().block_on(&runtime, work))
}
