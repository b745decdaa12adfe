//! What a contender takes: its program, its start, its memory when nothing is asked of it, and when much is at once.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde::Serialize;
use serde_json::json;
use tokio::time::sleep;

use crate::build::Source;
use crate::contender::Ready;
use crate::cpu;
use crate::load::Load;
use crate::machine::Machine;
use crate::plot::{self, Bar};
use crate::results;
use crate::run::{self, Settings};
use crate::spread::Spread;
use crate::upstream::Upstreams;
use crate::workload::{PASS, SCREEN, SCREEN_JWT, Workload};

/// How long it is left alone before its memory is looked at.
const QUIET: Duration = Duration::from_millis(500);
/// Requests at once, under load.
const AT_ONCE: usize = 256;
/// Requests under load.
const REQUESTS: u64 = 2_048;

/// What one contender takes; figures in megabytes and milliseconds.
#[derive(Serialize)]
struct Series {
    contender: &'static str,
    workload: &'static str,
    ours: bool,
    program_mb: f64,
    start_ms: Vec<f64>,
    idle_mb: Vec<f64>,
    loaded_mb: Vec<f64>,
}

/// Starts every contender as often as there are rounds, and keeps `memory`.
pub(crate) async fn run(root: &Path, settings: &Settings) -> anyhow::Result<()> {
    let settings = &settings.shortened();
    let upstreams = Upstreams::start()?;
    let mut all: Vec<Series> = Vec::new();
    for workload in [&SCREEN, &PASS, &SCREEN_JWT] {
        let (ready, mut left_out) = run::build(root, workload, settings)?;
        let ready = run::tried(ready, workload, &upstreams, &mut left_out).await?;
        for ready in &ready {
            let seen = |one: &Series| one.contender == ready.contender.name;
            // What passes through alone is measured doing that.
            if workload.name == PASS.name && all.iter().any(seen) {
                continue;
            }
            let one = measure(ready, workload, settings, &upstreams).await;
            all.push(one.context(ready.contender.name)?);
        }
    }
    let machine = Machine::here(root);
    let screens = all.iter().filter(|one| one.workload != SCREEN_JWT.name);
    let bars: Vec<Bar> = screens
        .map(|one| Bar {
            name: one.contender.to_owned(),
            value: Spread::of(one.idle_mb.iter().copied()),
            ours: one.ours,
            note: format!(
                ", {:.0} MB under load",
                Spread::of(one.loaded_mb.iter().copied()).median
            ),
        })
        .collect();
    let outcome = results::Outcome {
        name: "memory",
        page: &page(&all, &machine, settings),
        record: &json!({ "machine": machine, "at_once": AT_ONCE, "series": all }),
        plot: Some(plot::bars("Memory when nothing is asked", "MB", &bars)),
    };
    results::keep(root, settings, outcome)
}

async fn measure(
    ready: &Ready,
    workload: &Workload,
    settings: &Settings,
    upstreams: &Upstreams,
) -> anyhow::Result<Series> {
    let questions = ready.questions(upstreams);
    let (mut starts, mut idle, mut loaded) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..settings.rounds {
        let running = ready.start(upstreams).await?;
        sleep(QUIET).await;
        idle.push(cpu::memory(running.process.id())?.resident as f64 / 1e6);
        let mut load = Load::connect(running.address, &questions, AT_ONCE).await?;
        load.drive(REQUESTS).await?;
        loaded.push(cpu::memory(running.process.id())?.peak as f64 / 1e6);
        drop((load, running));
        let began = Instant::now();
        let running = ready.start(upstreams).await?;
        let mut load = Load::connect(running.address, &questions, 1).await?;
        load.drive(1).await?;
        starts.push(began.elapsed().as_secs_f64() * 1e3);
    }
    let program = fs::metadata(ready.program()).context("no program")?.len() as f64 / 1e6;
    let series = Series {
        contender: ready.contender.name,
        workload: workload.name,
        ours: ready.contender.source == Source::Generated,
        program_mb: program,
        start_ms: starts,
        idle_mb: idle,
        loaded_mb: loaded,
    };
    eprintln!(
        "{:>9}, {}: {program:.1} MB, idle {} MB",
        series.contender,
        workload.name,
        Spread::of(series.idle_mb.iter().copied()).text(1)
    );
    Ok(series)
}

fn page(all: &[Series], machine: &Machine, settings: &Settings) -> String {
    let flight = |workload: &Workload| (AT_ONCE * workload.bytes_in()) as f64 / 1e6;
    let in_flight = flight(&SCREEN);
    let bound = in_flight * 1.5 + 40.0;
    let mut page = format!(
        "# memory\n\n`cargo run --release -p bff-bench -- memory`\n\n{machine}\n\n\
         Medians of {rounds} starts, with the least and the most. A start ends when the first request is answered (the upstreams are \
         there; with tokens, the keys are fetched first); it is looked for every millisecond. Idle is what is resident half a second \
         after a start, of all the contender's processes, each with the pages they share. Under load is the most that was resident \
         while {REQUESTS} requests were answered, {AT_ONCE} at a time: of the screen that is at most {in_flight:.0} MB of answers in \
         flight.\n\n\
         | contender | does | program, MB | start to first answer, ms | idle, MB | under load, MB |\n\
         | --- | --- | --- | --- | --- | --- |\n",
        machine = machine.text(),
        rounds = settings.rounds,
    );
    let spread = |values: &[f64]| Spread::of(values.iter().copied());
    for one in all {
        page.push_str(&format!(
            "| {} | {} | {:.1} | {} | {} | {} |\n",
            one.contender,
            one.workload,
            one.program_mb,
            spread(&one.start_ms).text(1),
            spread(&one.idle_mb).text(1),
            spread(&one.loaded_mb).text(1),
        ));
    }
    page.push_str("\nTargets of what is generated:\n\n");
    for one in all.iter().filter(|one| one.contender == "bff") {
        let (start, idle) = (spread(&one.start_ms).median, spread(&one.idle_mb).median);
        let loaded = spread(&one.loaded_mb).median;
        for (what, found, most) in [
            ("first answer, ms", start, 15.0),
            ("idle, MB", idle, 12.0),
            (
                "under load, MB: 1.5 of what is in flight and 40",
                loaded,
                bound,
            ),
            ("program, MB", one.program_mb, 9.0),
        ] {
            let verdict = if found < most { "held" } else { "missed" };
            page.push_str(&format!(
                "- {}, {what}: {found:.1} of {most:.1}, {verdict}\n",
                one.workload
            ));
        }
    }
    page
}
