//! How long answers take at a fixed rate, whatever the contender makes of it (an open loop).
//!
//! Every millisecond the requests that are due by then go out at once; an answer's time counts from there, also where a
//! request had to wait for a connection. So a contender that stands still for a moment pays for all that came meanwhile.

use std::fs;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use serde_json::json;

use crate::load::Load;
use crate::machine::Machine;
use crate::run::{self, Settings};
use crate::upstream::Upstreams;
use crate::workload::{PASS, Question, SCREEN, Workload};

/// How much is asked, and for how long.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Requests a second of the screen; by default 60 % of what the generated gateway can do
    #[arg(long)]
    screen_rate: Option<u32>,
    /// Requests a second passed through; by default 60 % of what the generated gateway can do
    #[arg(long)]
    pass_rate: Option<u32>,
    /// How long each contender is asked
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    #[command(flatten)]
    settings: Settings,
}

/// What share of its capacity is asked for.
const SHARE: f64 = 0.6;
/// Requests that find out the capacity.
const PROBE: u64 = 6_000;

/// Asks every contender of both workloads, and the upstream itself, and writes `bench/results/latency.*`.
pub(crate) async fn run(root: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let mut page = String::from(
        "| asked | rate, 1/s | contender | p50, µs | p99, µs | p99.9, µs | most, µs |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    let mut record = Vec::new();
    for (workload, rate) in [
        (&SCREEN, arguments.screen_rate),
        (&PASS, arguments.pass_rate),
    ] {
        measure(root, workload, rate, arguments, &mut page, &mut record).await?;
    }
    let machine = Machine::here(root);
    let text = format!(
        "# latency\n\n`cargo run --release -p bff-bench -- latency`\n\n{machine}\n\n\
         Each contender is asked at a fixed rate for {seconds} s over {connections} connections: 60 % of what the generated gateway \
         answers when asked as fast as it can. Upstreams, load and contender share the machine. `upstream` is the upstream of \
         what is passed through, asked without a gateway.\n\n{page}",
        machine = machine.text(),
        seconds = arguments.seconds,
        connections = arguments.settings.connections,
    );
    println!("{text}");
    if arguments.settings.are_partial() {
        return Ok(());
    }
    let record = json!({ "machine": machine, "series": record });
    fs::write(root.join("bench/results/latency.md"), text)?;
    fs::write(
        root.join("bench/results/latency.json"),
        format!("{record:#}\n"),
    )?;
    Ok(())
}

async fn measure(
    root: &Path,
    workload: &Workload,
    rate: Option<u32>,
    arguments: &Arguments,
    page: &mut String,
    record: &mut Vec<serde_json::Value>,
) -> anyhow::Result<()> {
    let settings = &arguments.settings;
    let span = Duration::from_secs(arguments.seconds);
    let connections = settings.connections.into();
    let (ready, _) = run::build(root, workload, settings)?;
    let questions: Rc<[Question]> = (workload.questions)().into();
    let upstreams = Upstreams::start()?;
    let mut rate = rate;
    let mut tell = |name: &str, rate: u32, mut times: Vec<Duration>| {
        times.sort_unstable();
        let at = |share: f64| {
            let place = (times.len() as f64 * share) as usize;
            let time = times.get(place).or(times.last());
            time.map_or(0, Duration::as_micros)
        };
        let (p50, p99, p999, most) = (at(0.5), at(0.99), at(0.999), at(1.0));
        let asked = workload.name;
        page.push_str(&format!(
            "| {asked} | {rate} | {name} | {p50} | {p99} | {p999} | {most} |\n"
        ));
        eprintln!("{asked} {name:>10} p50 {p50} µs, p99 {p99} µs");
        record.push(json!({
            "workload": asked, "contender": name, "rate": rate,
            "p50_us": p50, "p99_us": p99, "p999_us": p999, "most_us": most,
        }));
    };
    for ready in &ready {
        let running = ready.start(&upstreams).await?;
        let mut load = Load::connect(running.address, &questions, connections).await?;
        load.drive(settings.warm_up).await?;
        let rate = match rate {
            Some(rate) => rate,
            None => {
                let took = load.drive(PROBE).await?;
                let found = (PROBE as f64 / took.as_secs_f64() * SHARE) as u32;
                *rate.insert(found.max(1))
            }
        };
        let times = load.at_rate(rate, span).await;
        tell(
            ready.contender.name,
            rate,
            times.context(ready.contender.name)?,
        );
    }
    if let (Some(rate), "pass") = (rate, workload.name) {
        let direct = (workload.questions)().into_iter().map(|question| Question {
            path: question.path.trim_start_matches("/catalog").to_owned(),
            ..question
        });
        let direct: Rc<[Question]> = direct.collect();
        let address = upstreams.catalog.parse()?;
        let mut load = Load::connect(address, &direct, connections).await?;
        load.drive(settings.warm_up).await?;
        tell("upstream", rate, load.at_rate(rate, span).await?);
    }
    Ok(())
}
