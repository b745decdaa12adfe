//! How long answers take at a fixed rate, whatever the contender makes of it (an open loop), and how much of that the
//! gateway adds.
//!
//! Every millisecond the requests that are due by then go out at once; an answer's time counts from there, also where a
//! request had to wait for a connection. So a contender that stands still for a moment pays for all that came meanwhile.
//! The same upstream calls are made without a gateway at the same rate; what is added is the difference.

mod direct;

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use serde::Serialize;
use serde_json::json;

use crate::contender::Ready;
use crate::load::Load;
use crate::machine::Machine;
use crate::plot::{self, Bar};
use crate::results;
use crate::run::{self, Settings};
use crate::spread::Spread;
use crate::upstream::Upstreams;
use crate::workload::{PASS, SCREEN, Workload};

/// How much is asked, and for how long.
#[derive(Args, Clone)]
pub(crate) struct Arguments {
    /// Requests a second [default: 60 % of what each contender can do]
    #[arg(long)]
    pub(crate) rate: Option<u32>,
    /// How long each contender is asked in a round
    #[arg(long, default_value_t = 3)]
    pub(crate) seconds: u64,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

/// What share of its capacity is asked for.
const SHARE: f64 = 0.6;
/// What p99 may become longer by, in microseconds.
const TARGET: f64 = 1_000.0;
/// Rounds that differ by more, in µs, tell nothing of it.
const UNSTEADY: f64 = 5_000.0;

/// Times of one run, in microseconds.
#[derive(Serialize, Clone, Copy)]
struct Times {
    p50: f64,
    p99: f64,
    p999: f64,
    most: f64,
}

impl Times {
    fn of(mut times: Vec<Duration>) -> Times {
        times.sort_unstable();
        let at = |share: f64| {
            let place = (times.len() as f64 * share) as usize;
            let time = times.get(place).or(times.last());
            time.map_or(f64::NAN, |time| time.as_secs_f64() * 1e6)
        };
        Times {
            p50: at(0.5),
            p99: at(0.99),
            p999: at(0.999),
            most: at(1.0),
        }
    }
}

/// What came out for one contender.
#[derive(Serialize)]
struct Series {
    workload: &'static str,
    contender: &'static str,
    rate: u32,
    /// In each round, through the contender.
    through: Vec<Times>,
    /// In each round, without it.
    direct: Vec<Times>,
}

impl Series {
    fn added(&self, of: fn(&Times) -> f64) -> Spread {
        let pairs = self.through.iter().zip(&self.direct);
        Spread::of(pairs.map(|(through, direct)| of(through) - of(direct)))
    }
}

/// Asks every contender of both workloads, and the upstreams themselves, and keeps `latency`.
pub(crate) async fn run(root: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let settings = &arguments.settings.shortened();
    let mut all = Vec::new();
    for workload in [&SCREEN, &PASS] {
        all.extend(measure(root, workload, arguments, settings).await?);
    }
    let machine = Machine::here(root);
    let page = page(&all, &machine, arguments, settings);
    let bars: Vec<Bar> = all
        .iter()
        .filter(|one| is_steady(&one.added(|times| times.p99)))
        .map(|one| Bar {
            name: format!("{}, {}", one.contender, one.workload),
            value: one.added(|times| times.p99),
            ours: one.contender.starts_with("bff"),
            note: format!(" at {}/s", one.rate),
        })
        .collect();
    let outcome = results::Outcome {
        name: "latency",
        page: &page,
        record: &json!({ "machine": machine, "seconds": arguments.seconds, "series": all }),
        plot: Some(plot::bars(
            "p99 added by the gateway at 60 % of its capacity",
            "µs",
            &bars,
        )),
    };
    results::keep(root, settings, outcome)
}

async fn measure(
    root: &Path,
    workload: &'static Workload,
    arguments: &Arguments,
    settings: &Settings,
) -> anyhow::Result<Vec<Series>> {
    let span = Duration::from_secs(if settings.quick { 1 } else { arguments.seconds });
    let (ready, mut left_out) = run::build(root, workload, settings)?;
    let upstreams = Upstreams::start()?;
    let ready = run::tried(ready, workload, &upstreams, &mut left_out).await?;
    let mut all = Vec::new();
    for ready in &ready {
        let rate = match arguments.rate {
            Some(rate) => rate,
            None => capacity(ready, workload, settings, &upstreams).await?,
        };
        all.push(Series {
            workload: workload.name,
            contender: ready.contender.name,
            rate,
            through: Vec::new(),
            direct: Vec::new(),
        });
    }
    let connections = settings.connections(workload);
    for _ in 0..settings.rounds {
        for (ready, series) in ready.iter().zip(&mut all) {
            let name = series.contender;
            let running = ready.start(&upstreams).await?;
            let questions = ready.questions(&upstreams);
            let mut load = Load::connect(running.address, &questions, connections).await?;
            load.drive(settings.warm_up(workload)).await.context(name)?;
            let times = load.at_rate(series.rate, span).await.context(name)?;
            let through = Times::of(times);
            drop((load, running));
            let times = direct::ask(workload, &upstreams, connections, series.rate, span).await?;
            let direct = Times::of(times);
            eprintln!(
                "{} {name:>9} at {}/s: p50 {:.0} µs, p99 {:.0} µs, of which without it {:.0} and {:.0} µs",
                workload.name, series.rate, through.p50, through.p99, direct.p50, direct.p99,
            );
            series.through.push(through);
            series.direct.push(direct);
        }
    }
    Ok(all)
}

/// The share of what it can do that is asked of it.
async fn capacity(
    ready: &Ready,
    workload: &Workload,
    settings: &Settings,
    upstreams: &Upstreams,
) -> anyhow::Result<u32> {
    let running = ready.start(upstreams).await?;
    let questions = ready.questions(upstreams);
    let connections = settings.connections(workload);
    let mut load = Load::connect(running.address, &questions, connections).await?;
    load.drive(settings.warm_up(workload)).await?;
    let requests = workload.slice * 5;
    let took = load.drive(requests).await?;
    Ok(((requests as f64 / took.as_secs_f64() * SHARE) as u32).max(1))
}

/// Whether rounds agree well enough to tell something of the target.
pub(crate) fn is_steady(added: &Spread) -> bool {
    added.most - added.least <= UNSTEADY
}

fn page(all: &[Series], machine: &Machine, arguments: &Arguments, settings: &Settings) -> String {
    let mut page = format!(
        "# latency\n\n`cargo run --release -p bff-bench -- latency`\n\n{machine}\n\n\
         Each contender is asked at a fixed rate for {seconds} s over {connections} connections, {rounds} times: 60 % of what it \
         answers when asked as fast as it can. Upstreams, load and contender share the machine. Then the same upstream calls are \
         made at the same rate without a gateway; what it adds is the difference of both. Medians of the rounds, with the \
         least and the most, in µs.\n\n\
         | asked | contender | rate, 1/s | p50 | p99 | p99.9 | adds to p50 | adds to p99 | adds to p99.9 |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
        machine = machine.text(),
        seconds = arguments.seconds,
        connections = settings.connections(&SCREEN),
        rounds = settings.rounds,
    );
    for one in all {
        let through = |of: fn(&Times) -> f64| Spread::of(one.through.iter().map(of)).median;
        page.push_str(&format!(
            "| {} | {} | {} | {:.0} | {:.0} | {:.0} | {} | {} | {} |\n",
            one.workload,
            one.contender,
            one.rate,
            through(|times| times.p50),
            through(|times| times.p99),
            through(|times| times.p999),
            one.added(|times| times.p50).text(0),
            one.added(|times| times.p99).text(0),
            one.added(|times| times.p999).text(0),
        ));
    }
    for one in all.iter().filter(|one| one.contender == "bff") {
        let added = one.added(|times| times.p99);
        let verdict = match added.median {
            _ if !is_steady(&added) => "can't be told here: rounds differ by far more than that",
            median if median < TARGET => "is held",
            _ => "is missed",
        };
        page.push_str(&format!(
            "\n{}: the target, p99 longer by less than a millisecond, {verdict} ({} µs).\n",
            one.workload,
            added.text(0),
        ));
    }
    page
}
