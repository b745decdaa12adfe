//! What other clients notice of those that mean ill: answers at a fixed rate, quiet and under each attack.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::json;

use crate::attack::Kind;
use crate::contender::Ready;
use crate::cpu;
use crate::load::Load;
use crate::machine::Machine;
use crate::process::Process;
use crate::results::{self, Outcome};
use crate::run::{self, Settings};
use crate::scaling::raise_files;
use crate::spread::Spread;
use crate::upstream::Upstreams;
use crate::workload::{PASS, SCREEN, STREAM, Workload};

/// How long an attack is under way before others are looked at: what a hundred large answers cost until nobody takes more of
/// them is theirs who are asked for them, whoever asks.
const SETTLED: Duration = Duration::from_secs(2);
/// What is attacked.
const ATTACKED: &str = "bff";
/// How many times as long an answer may take.
const TARGET: f64 = 2.0;
/// What is done, by how many connections at once, asking for this workload's first path.
const ATTACKS: [(Kind, usize, &Workload); 5] = [
    (Kind::Idle, 10_000, &SCREEN),
    (Kind::SlowHeader, 1_000, &SCREEN),
    (Kind::SlowBody, 500, &PASS),
    (Kind::SlowReading, 100, &STREAM),
    (Kind::RapidReset, 20, &SCREEN),
];

/// How much is asked meanwhile, and for how long.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Screens a second that the other clients ask for
    #[arg(long, default_value_t = 200)]
    rate: u32,
    /// How long, quiet and under each attack
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Only this attack
    #[arg(long)]
    attack: Option<Kind>,
    #[command(flatten)]
    settings: Settings,
}

/// What came out of one attack; times in microseconds, memory in bytes.
#[derive(Serialize)]
struct Series {
    attack: Kind,
    connections: usize,
    quiet: Vec<Times>,
    under: Vec<Times>,
    /// Resident under attack.
    resident: Vec<u64>,
    /// What of it was there before.
    before: Vec<u64>,
}

/// Attacks the generated gateway in each way, and keeps `hostile`.
pub(crate) async fn run(root: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let mut settings = arguments.settings.shortened();
    settings.only = vec![ATTACKED.to_owned()];
    let (ready, mut left_out) = run::build(root, &SCREEN, &settings)?;
    let upstreams = Upstreams::start()?;
    let ready = run::tried(ready, &SCREEN, &upstreams, &mut left_out).await?;
    let ready = ready.first().context("there is nothing to attack")?;
    settings.only.clear();
    raise_files();
    let mut all = Vec::new();
    for (kind, connections, workload) in ATTACKS {
        if arguments.attack.is_some_and(|only| only != kind) {
            continue;
        }
        let questions = (workload.questions)();
        let asked = questions.first().context("nothing is asked for")?;
        let attack = (kind, connections, asked.path.as_str());
        let mut series = Series {
            attack: kind,
            connections,
            quiet: Vec::new(),
            under: Vec::new(),
            resident: Vec::new(),
            before: Vec::new(),
        };
        for _ in 0..settings.rounds {
            let measured = measure(ready, attack, arguments, &upstreams, &mut series).await;
            measured.with_context(|| format!("{kind:?}"))?;
        }
        let [p50, p99] = series.ratios();
        eprintln!(
            "{kind:?}: p50 {}, p99 {} of quiet",
            p50.text(2),
            p99.text(2)
        );
        all.push(series);
    }
    let machine = Machine::here(root);
    let page = page(&all, &machine, arguments, settings.rounds);
    if arguments.attack.is_some() {
        println!("{page}");
        return Ok(());
    }
    let outcome = Outcome {
        name: "hostile",
        page: &page,
        record: &json!({ "machine": machine, "rate": arguments.rate, "series": all }),
        plot: None,
    };
    results::keep(root, &settings, outcome)
}

/// One round of one attack, on a gateway that has just been started.
async fn measure(
    ready: &Ready,
    (kind, connections, path): (Kind, usize, &str),
    arguments: &Arguments,
    upstreams: &Upstreams,
    series: &mut Series,
) -> anyhow::Result<()> {
    let settings = &arguments.settings;
    let span = Duration::from_secs(if settings.quick { 1 } else { arguments.seconds });
    let running = ready.start(upstreams).await?;
    let process = running.process.id();
    let questions = ready.questions(upstreams);
    let mut load =
        Load::connect(running.address, &questions, settings.connections(&SCREEN)).await?;
    load.drive(settings.warm_up(&SCREEN)).await?;
    let quiet = Times::of(load.at_rate(arguments.rate, span).await?);
    let before = cpu::memory(process)?.resident;
    let attack = Attack::start(kind, running.address, path, connections)?;
    tokio::time::sleep(SETTLED).await;
    let under = Times::of(load.at_rate(arguments.rate, span).await?);
    let resident = cpu::memory(process)?.resident;
    drop(attack);
    series.quiet.push(quiet);
    series.under.push(under);
    series.before.push(before);
    series.resident.push(resident);
    Ok(())
}

/// Of many answers, in microseconds.
#[derive(Serialize, Clone, Copy)]
struct Times {
    p50: f64,
    p99: f64,
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
        }
    }
}

impl Series {
    /// How many times as long as quiet it took under attack, by rounds: p50 and p99.
    fn ratios(&self) -> [Spread; 2] {
        let ratio = |of: fn(&Times) -> f64| {
            let pairs = self.under.iter().zip(&self.quiet);
            Spread::of(pairs.map(|(under, quiet)| of(under) / of(quiet)))
        };
        [ratio(|times| times.p50), ratio(|times| times.p99)]
    }

    /// What each connection of the attack takes, in kilobytes.
    fn each(&self) -> Spread {
        let pairs = self.resident.iter().zip(&self.before);
        let grown = pairs.map(|(resident, before)| *resident as f64 - *before as f64);
        Spread::of(grown.map(|grown| grown / self.connections as f64 / 1e3))
    }

    /// Whether others are served in time: the middle of all rounds decides.
    fn verdict(&self) -> &'static str {
        match self.ratios().iter().all(|ratio| ratio.median <= TARGET) {
            true => "held",
            false => "missed",
        }
    }
}

fn page(all: &[Series], machine: &Machine, arguments: &Arguments, rounds: u32) -> String {
    let mut page = format!(
        "# hostile\n\n`cargo run --release -p bff-bench -- hostile`\n\n{machine}\n\n\
         The generated gateway, as it is when nothing is set, is asked for {rate} screens a second for {seconds} s, quiet and \
         then while so many connections attack it, from {settled} s after they began; one that is cut off comes again after 20 ms. Attackers, load, upstreams \
         and gateway share the machine; the attackers have the lowest priority, as what they compute is not the gateway's \
         to pay. Memory is what is resident of the gateway at the end, and what it grew by for each connection of the \
         attack; the kernel's own is not in it. Medians of {rounds} rounds, with the least and the most; the target is to answer others \
         within {TARGET} times what it takes when it is quiet.\n\n\
         | attack | connections | p50 quiet, µs | under attack, of that | p99 quiet, µs | under attack, of that | target | \
         resident, MB | a connection, kB |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
        machine = machine.text(),
        rate = arguments.rate,
        seconds = arguments.seconds,
        settled = SETTLED.as_secs(),
    );
    for one in all {
        let quiet = |of: fn(&Times) -> f64| Spread::of(one.quiet.iter().map(of)).text(0);
        let [p50, p99] = one.ratios();
        let resident = one.resident.iter().map(|bytes| *bytes as f64 / 1e6);
        page.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
            name(one.attack),
            one.connections,
            quiet(|times| times.p50),
            p50.text(2),
            quiet(|times| times.p99),
            p99.text(2),
            one.verdict(),
            Spread::of(resident).text(1),
            one.each().text(1),
        ));
    }
    page
}

/// As it is written on the command line.
fn name(kind: Kind) -> String {
    let value = kind.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}

/// An attack that goes on until this is dropped.
struct Attack {
    _process: Process,
    _stdin: Option<ChildStdin>,
}

impl Attack {
    fn start(
        kind: Kind,
        address: SocketAddr,
        path: &str,
        connections: usize,
    ) -> anyhow::Result<Attack> {
        let program = std::env::current_exe().context("the harness doesn't know its own path")?;
        let mut child = Command::new("nice")
            .args(["-n", "19"])
            .arg(program)
            .args(["attack", &name(kind), &address.to_string(), path])
            .arg(connections.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the attack didn't start")?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let process = Process::of(child);
        let mut line = String::new();
        BufReader::new(stdout.context("the attack has no output")?).read_line(&mut line)?;
        ensure!(line.trim() == "ready", "the attack could not be set up");
        Ok(Attack {
            _process: process,
            _stdin: stdin,
        })
    }
}
