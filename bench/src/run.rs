//! A comparison: rounds, and in each every contender, started afresh and warmed up, then driven in turn.
//!
//! A turn is short, and every second time they go backwards, so that what else the machine does meets all alike.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::Args;
use serde::Serialize;

use crate::build::Source;
use crate::contender::{Contender, Ready};
use crate::contenders;
use crate::instructions;
use crate::load::Load;
use crate::turn::{Round, Turn};
use crate::upstream::Upstreams;
use crate::workload::Workload;

/// The profile of what is shipped.
const SHIPPED: &str = "dist";

/// How much is done.
#[derive(Args, Serialize, Clone)]
pub(crate) struct Settings {
    /// Rounds; in each, every contender runs once
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,
    /// Requests a contender answers in a round [default: the workload's]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) requests: Option<u64>,
    /// Requests before those, which don't count [default: those of two turns]
    #[arg(long)]
    pub(crate) warm_up: Option<u64>,
    /// Connections, each with one request at a time [default: the workload's]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) connections: Option<u16>,
    /// The cargo profile that contenders are built with
    #[arg(long, default_value = SHIPPED)]
    pub(crate) profile: String,
    /// Install what is missing
    #[arg(long)]
    pub(crate) install: bool,
    /// A short look: one round of little; goes to target/bench/results
    #[arg(long)]
    pub(crate) quick: bool,
    /// Don't count instructions with valgrind
    #[arg(long)]
    pub(crate) skip_instructions: bool,
    /// A contender's program, which then isn't built: `bff=target/profiling/screen-bff`
    #[arg(long, value_name = "NAME=PATH", value_parser = program)]
    pub(crate) program: Vec<(String, PathBuf)>,
    /// Only these contenders
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Vec<String>,
}

impl Settings {
    /// The usual, with programs of this profile.
    pub(crate) fn of_profile(profile: &str) -> Settings {
        Settings {
            rounds: 1,
            requests: None,
            warm_up: None,
            connections: None,
            profile: profile.to_owned(),
            install: false,
            quick: false,
            skip_instructions: false,
            program: Vec::new(),
            only: Vec::new(),
        }
    }

    /// These, shortened if that was asked for.
    pub(crate) fn shortened(&self) -> Settings {
        let mut settings = self.clone();
        if settings.quick {
            settings.rounds = 1;
            settings.skip_instructions = true;
        }
        settings
    }

    /// Requests a contender answers in a round.
    pub(crate) fn requests(&self, workload: &Workload) -> u64 {
        let usual = if self.quick {
            workload.requests.div_ceil(5)
        } else {
            workload.requests
        };
        self.requests.unwrap_or(usual)
    }

    /// Requests before those.
    pub(crate) fn warm_up(&self, workload: &Workload) -> u64 {
        self.warm_up.unwrap_or(workload.slice * 2)
    }

    /// Connections, each with one request at a time.
    pub(crate) fn connections(&self, workload: &Workload) -> usize {
        self.connections.unwrap_or(workload.connections).into()
    }

    /// Whether this is a look at something, and no comparison to be kept.
    pub(crate) fn are_partial(&self) -> bool {
        !self.only.is_empty() || !self.program.is_empty() || self.profile != SHIPPED
    }
}

fn program(text: &str) -> Result<(String, PathBuf), String> {
    let (name, path) = text.split_once('=').ok_or("it is written NAME=PATH")?;
    Ok((name.to_owned(), path.into()))
}

/// What came out.
pub(crate) struct Measured {
    /// Each contender that ran, and what it did in each round.
    pub(crate) series: Vec<Series>,
    /// Each that didn't, and why.
    pub(crate) left_out: Vec<(&'static Contender, String)>,
    /// Bytes the upstreams send for one request.
    pub(crate) bytes_in: usize,
}

/// What one contender did.
pub(crate) struct Series {
    /// Which.
    pub(crate) contender: &'static Contender,
    /// In each round.
    pub(crate) rounds: Vec<Round>,
    /// How many instructions it executes for a request outside the kernel, if that was counted.
    pub(crate) instructions: Option<f64>,
}

/// Compares the contenders on a workload.
pub(crate) async fn run(
    root: &Path,
    workload: &Workload,
    settings: &Settings,
) -> anyhow::Result<Measured> {
    let (ready, mut left_out) = build(root, workload, settings)?;
    let upstreams = Upstreams::start()?;
    let ready = tried(ready, workload, &upstreams, &mut left_out).await?;
    let mut series: Vec<Series> = ready
        .iter()
        .map(|ready| Series {
            contender: ready.contender,
            rounds: Vec::new(),
            instructions: None,
        })
        .collect();
    for number in 1..=settings.rounds {
        let results = round(&ready, workload, settings, &upstreams)
            .await
            .with_context(|| format!("round {number}"))?;
        for (series, result) in series.iter_mut().zip(results) {
            let name = series.contender.name;
            eprintln!(
                "round {number} {name:>8} {:8.1} µs a request",
                result.cpu_us
            );
            series.rounds.push(result);
        }
    }
    if !settings.skip_instructions {
        for (ready, series) in ready.iter().zip(&mut series) {
            let name = series.contender.name;
            match instructions::count(ready, root, workload, &upstreams).await {
                Ok(count) => {
                    eprintln!(
                        "{name:>8} {:8.0} thousand instructions a request",
                        count / 1e3
                    );
                    series.instructions = Some(count);
                }
                Err(error) => eprintln!("{name}: instructions not counted: {error:#}"),
            }
        }
    }
    Ok(Measured {
        series,
        left_out,
        bytes_in: workload.bytes_in(),
    })
}

/// What can be started, and what can't.
pub(crate) type Built = (Vec<Ready>, Vec<(&'static Contender, String)>);

/// Builds what is asked for. What can't be had is said, and left out.
pub(crate) fn build(
    root: &Path,
    workload: &Workload,
    settings: &Settings,
) -> anyhow::Result<Built> {
    let programs = settings.program.iter().map(|(name, _)| name);
    let mut named = settings.only.iter().chain(programs);
    if let Some(unknown) = named.find(|name| contenders::ALL.iter().all(|one| one.name != **name)) {
        let names = contenders::ALL.map(|one| one.name).join(", ");
        bail!("no contender is called {unknown}: there are {names}");
    }
    let (mut ready, mut left_out) = (Vec::new(), Vec::new());
    for contender in &contenders::ALL {
        if !settings.only.is_empty() && !settings.only.iter().any(|name| name == contender.name) {
            continue;
        }
        if contender.does(workload).is_none() {
            continue;
        }
        eprintln!("building {}: {}", contender.name, contender.about);
        match contender.ready(root, workload, settings, &ready) {
            Ok(built) => ready.push(built),
            Err(error) => {
                eprintln!("left out {}: {error:#}", contender.name);
                left_out.push((contender, format!("{error:#}")));
            }
        }
    }
    ensure!(!ready.is_empty(), "there is nothing to measure");
    Ok((ready, left_out))
}

/// Asks each once what will be asked of it. One that doesn't do it right is said, and left out; of ours that is a failure.
pub(crate) async fn tried(
    ready: Vec<Ready>,
    workload: &Workload,
    upstreams: &Upstreams,
    left_out: &mut Vec<(&'static Contender, String)>,
) -> anyhow::Result<Vec<Ready>> {
    let mut good = Vec::with_capacity(ready.len());
    for ready in ready {
        let contender = ready.contender;
        match try_out(&ready, workload, upstreams).await {
            Ok(()) => good.push(ready),
            Err(error) if matches!(contender.source, Source::Installed(_)) => {
                eprintln!("left out {}: {error:#}", contender.name);
                left_out.push((contender, format!("{error:#}")));
            }
            Err(error) => return Err(error.context(contender.name)),
        }
    }
    ensure!(!good.is_empty(), "there is nothing to measure");
    Ok(good)
}

async fn try_out(ready: &Ready, workload: &Workload, upstreams: &Upstreams) -> anyhow::Result<()> {
    let questions = ready.questions(upstreams);
    let running = ready.start(upstreams).await?;
    let mut load = Load::connect(running.address, &questions, 1).await?;
    let requests = questions.len() as u64;
    let before = upstreams.answered().await?;
    load.drive(requests).await?;
    let made = upstreams.answered().await? - before;
    let due = requests * workload.calls;
    ensure!(
        made == due,
        "it makes {made} upstream calls for {requests} requests, not {due}"
    );
    Ok(())
}

async fn round(
    ready: &[Ready],
    workload: &Workload,
    settings: &Settings,
    upstreams: &Upstreams,
) -> anyhow::Result<Vec<Round>> {
    let mut turns = Vec::with_capacity(ready.len());
    for ready in ready {
        let name = ready.contender.name;
        let turn = Turn::start(ready, workload, settings, upstreams);
        turns.push(turn.await.context(name)?);
    }
    let mut left = settings.requests(workload);
    let mut backwards = false;
    while left > 0 {
        let requests = left.min(workload.slice);
        left -= requests;
        if backwards {
            for turn in turns.iter_mut().rev() {
                turn.drive(requests, workload, upstreams).await?;
            }
        } else {
            for turn in &mut turns {
                turn.drive(requests, workload, upstreams).await?;
            }
        }
        backwards = !backwards;
    }
    turns.iter().map(Turn::result).collect()
}
