//! Everything, one part after the other, with what it will take and how far it is.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::building;
use crate::latency;
use crate::memory;
use crate::readme;
use crate::run::{self, Settings};
use crate::scaling;
use crate::workload::{JOIN, PASS, PASS_100K, SCREEN, SCREEN_JWT, SMALL, STREAM, Workload};

/// A part.
struct Part {
    name: &'static str,
    /// Seconds it takes on two cores with nothing else to do, once everything is built.
    seconds: u64,
    run: fn(&Path, &Settings) -> anyhow::Result<()>,
}

const PARTS: [Part; 12] = [
    part("screen", 95, |_, settings| compare(&SCREEN, settings, true)),
    part("screen-jwt", 20, |_, settings| {
        compare(&SCREEN_JWT, settings, false)
    }),
    part("small", 60, |_, settings| compare(&SMALL, settings, false)),
    part("join", 50, |_, settings| compare(&JOIN, settings, false)),
    part("pass", 80, |_, settings| compare(&PASS, settings, true)),
    part("pass-100k", 40, |_, settings| {
        compare(&PASS_100K, settings, false)
    }),
    part("stream", 40, |_, settings| {
        compare(&STREAM, settings, false)
    }),
    part("connections", 70, |root, settings| {
        let settings = at_most(settings, 3);
        crate::block_on(scaling::connections(root, &settings))
    }),
    part("routes", 40, |root, settings| {
        crate::block_on(scaling::routes(root, settings))
    }),
    part("latency", 130, |root, settings| {
        let arguments = latency::Arguments {
            rate: None,
            seconds: 2,
            settings: at_most(settings, 3),
        };
        crate::block_on(latency::run(root, &arguments))
    }),
    part("memory", 60, |root, settings| {
        crate::block_on(memory::run(root, &at_most(settings, 5)))
    }),
    part("build", 400, |root, settings| {
        let arguments = building::Arguments {
            endpoints: if settings.quick {
                vec![10]
            } else {
                vec![10, 40, 200]
            },
            only: settings.quick.then_some(building::Kind::Quick),
            quick: settings.quick,
            keep: false,
        };
        building::run(root, &arguments)
    }),
];

const fn part(
    name: &'static str,
    seconds: u64,
    run: fn(&Path, &Settings) -> anyhow::Result<()>,
) -> Part {
    Part { name, seconds, run }
}

/// Runs all parts, and brings the README up to date. A part that fails is told at the end; the others are run.
pub(crate) fn run(root: &Path, settings: &Settings) -> anyhow::Result<()> {
    let began = Instant::now();
    build(root, settings)?;
    let whole: u64 = PARTS.iter().map(|part| part.seconds).sum();
    eprintln!(
        "== everything is built ({} s); {} parts, about {} minutes on two quiet cores{}",
        began.elapsed().as_secs(),
        PARTS.len(),
        whole.div_ceil(60),
        if settings.quick {
            ", much less as it is to be quick"
        } else {
            ""
        },
    );
    let (mut failed, mut took) = (Vec::new(), Vec::new());
    for (place, part) in PARTS.iter().enumerate() {
        let left: u64 = PARTS.iter().skip(place).map(|part| part.seconds).sum();
        eprintln!(
            "== {} of {}: {}, about {} s; about {} s to go",
            place + 1,
            PARTS.len(),
            part.name,
            part.seconds,
            left,
        );
        let start = Instant::now();
        if let Err(error) = (part.run)(root, settings) {
            eprintln!("error: {}: {error:#}", part.name);
            failed.push(part.name);
        }
        took.push((part.name, start.elapsed()));
    }
    if !settings.quick && !settings.are_partial() {
        readme::write(root)?;
    }
    let took: Vec<String> = took
        .iter()
        .map(|(name, took): &(_, Duration)| format!("{name} {} s", took.as_secs()))
        .collect();
    eprintln!("== {} s: {}", began.elapsed().as_secs(), took.join(", "));
    anyhow::ensure!(
        failed.is_empty(),
        "these have failed: {}",
        failed.join(", ")
    );
    Ok(())
}

/// Builds and installs before anything is measured, so that no measurement follows on a compiler's heels.
fn build(root: &Path, settings: &Settings) -> anyhow::Result<()> {
    for workload in [&SCREEN, &SCREEN_JWT, &PASS] {
        run::build(root, workload, settings)?;
    }
    crate::build::package(root, "bff-cli", "release").map(drop)
}

fn compare(workload: &Workload, settings: &Settings, count: bool) -> anyhow::Result<()> {
    let settings = Settings {
        skip_instructions: settings.skip_instructions || !count,
        ..settings.clone()
    };
    crate::compare(workload, &settings)
}

fn at_most(settings: &Settings, rounds: u32) -> Settings {
    Settings {
        rounds: settings.rounds.min(rounds),
        ..settings.clone()
    }
}
