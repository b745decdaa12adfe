//! One connection, a hundred, ten thousand: what a request passed through costs, and what memory they take.

use std::path::Path;

use anyhow::Context;
use serde::Serialize;
use serde_json::json;

use crate::contender::Ready;
use crate::cpu;
use crate::load::Load;
use crate::machine::Machine;
use crate::results;
use crate::run::{self, Settings};
use crate::spread::Spread;
use crate::upstream::Upstreams;
use crate::workload::{PASS, Workload};

/// How many connections are open.
const OPEN: [usize; 3] = [1, 100, 10_000];
/// How many of them ask at once, at most; they take turns.
const AT_ONCE: usize = 64;
/// Who is compared.
const CONTENDERS: [&str; 3] = ["bff", "axum", "nginx"];
/// Files that are open besides the connections.
const SPARE: usize = 200;

#[derive(Serialize)]
struct Series {
    contender: &'static str,
    connections: usize,
    cpu_us: Vec<f64>,
    resident_mb: Vec<f64>,
}

/// Asks each over all these connections, and keeps `connections`.
pub(crate) async fn run(root: &Path, settings: &Settings) -> anyhow::Result<()> {
    let mut settings = settings.shortened();
    if settings.only.is_empty() {
        settings.only = CONTENDERS.map(str::to_owned).to_vec();
    }
    let (ready, mut left_out) = run::build(root, &PASS, &settings)?;
    let upstreams = Upstreams::start()?;
    let ready = run::tried(ready, &PASS, &upstreams, &mut left_out).await?;
    settings.only.clear();
    let files = raise_files();
    let mut all = Vec::new();
    for open in OPEN {
        if files < open + SPARE {
            eprintln!("left out {open} connections: {files} open files are allowed");
            continue;
        }
        let first = all.len();
        all.extend(ready.iter().map(|ready| Series {
            contender: ready.contender.name,
            connections: open,
            cpu_us: Vec::new(),
            resident_mb: Vec::new(),
        }));
        for _ in 0..settings.rounds {
            for (ready, series) in ready.iter().zip(all.iter_mut().skip(first)) {
                let measured = measure(ready, series, &PASS, &settings, &upstreams).await;
                measured.with_context(|| format!("{}, {open} connections", series.contender))?;
            }
        }
    }
    let machine = Machine::here(root);
    let outcome = results::Outcome {
        name: "connections",
        page: &page(&all, &machine, &settings),
        record: &json!({ "machine": machine, "series": all }),
        plot: None,
    };
    results::keep(root, &settings, outcome)
}

/// Allows as many open files as may be allowed, also for what is started from here; gives how many that are.
pub(crate) fn raise_files() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    // Where that isn't allowed, what was allowed before holds.
    let _as_before = setrlimit(Resource::Nofile, raised);
    let Rlimit { current, .. } = getrlimit(Resource::Nofile);
    current.map_or(usize::MAX, |files| files as usize)
}

async fn measure(
    ready: &Ready,
    series: &mut Series,
    workload: &Workload,
    settings: &Settings,
    upstreams: &Upstreams,
) -> anyhow::Result<()> {
    let open = series.connections;
    let running = ready.start(upstreams).await?;
    let process = running.process.id();
    let questions = ready.questions(upstreams);
    let mut load = Load::connect(running.address, &questions, open).await?;
    // Every connection has been used once, or as often as usual.
    let warm_up = settings.warm_up(workload).max(open as u64);
    load.drive_some(warm_up, open.min(AT_ONCE)).await?;
    let requests = settings.requests(workload);
    let before = cpu::usage(process)?;
    load.drive_some(requests, open.min(AT_ONCE)).await?;
    let after = cpu::usage(process)?;
    let used = after.total.saturating_sub(before.total);
    let cpu = used.as_secs_f64() * 1e6 / requests as f64;
    eprintln!("{open:>6} {:>8} {cpu:8.1} µs a request", series.contender);
    series.cpu_us.push(cpu);
    series
        .resident_mb
        .push(cpu::memory(process)?.resident as f64 / 1e6);
    Ok(())
}

fn page(all: &[Series], machine: &Machine, settings: &Settings) -> String {
    let mut page = format!(
        "# connections\n\n`cargo run --release -p bff-bench -- connections`\n\n{machine}\n\n\
         {about}. So many connections are open, at most {AT_ONCE} of them ask at once, and they take turns. Medians of {rounds} \
         rounds, with the least and the most.\n\n\
         | connections | contender | CPU a request, µs | resident, MB |\n| --- | --- | --- | --- |\n",
        machine = machine.text(),
        about = "One upstream answer of 2 kB, passed through as it is",
        rounds = settings.rounds,
    );
    for one in all {
        page.push_str(&format!(
            "| {} | {} | {} | {} |\n",
            one.connections,
            one.contender,
            Spread::of(one.cpu_us.iter().copied()).text(1),
            Spread::of(one.resident_mb.iter().copied()).text(1),
        ));
    }
    page
}
