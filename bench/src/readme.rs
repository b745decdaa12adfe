//! What the README says of the results: a block between two markers, made from `bench/results/*.json` alone.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use clap::Args;
use serde::Deserialize;

use crate::contenders;
use crate::latency::is_steady;
use crate::spread::Spread;
use crate::workload::{self, Workload};

const BEGIN: &str = "<!-- From bench/results, by `bff-bench readme`. -->\n";
const END: &str = "<!-- Up to here. -->\n";

/// What to do with the block.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Fail if the README says anything else
    #[arg(long)]
    check: bool,
}

/// Writes the block, or checks it.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.check {
        ensure!(
            is_right(root)?,
            "the README's figures aren't those of bench/results: `cargo run --release -p bff-bench -- readme` writes them"
        );
        return Ok(());
    }
    write(root)
}

/// Writes the block.
pub(crate) fn write(root: &Path) -> anyhow::Result<()> {
    let path = root.join("README.md");
    let text = fs::read_to_string(&path)?;
    let (before, _, after) = parts(&text)?;
    let block = block(root)?;
    fs::write(&path, format!("{before}{BEGIN}{block}{END}{after}"))?;
    Ok(())
}

fn is_right(root: &Path) -> anyhow::Result<bool> {
    let text = fs::read_to_string(root.join("README.md"))?;
    let (_, found, _) = parts(&text)?;
    Ok(found == block(root)?)
}

/// What stands before, between and behind the markers.
fn parts(text: &str) -> anyhow::Result<(&str, &str, &str)> {
    let (before, rest) = text.split_once(BEGIN).context("no marker in the README")?;
    let (between, after) = rest
        .split_once(END)
        .context("no end marker in the README")?;
    Ok((before, between, after))
}

#[derive(Deserialize)]
struct Comparison {
    machine: Machine,
    contenders: BTreeMap<String, Figures>,
}

#[derive(Deserialize)]
struct Machine {
    cpu: String,
    cores: usize,
    load: String,
}

#[derive(Deserialize)]
struct Figures {
    rounds: Vec<Round>,
    #[serde(default)]
    otherwise: Option<String>,
}

#[derive(Deserialize)]
struct Round {
    cpu_us: f64,
    peak: f64,
    per_second: f64,
}

impl Figures {
    fn of(&self, of: fn(&Round) -> f64) -> f64 {
        Spread::of(self.rounds.iter().map(of)).median
    }

    /// How much more CPU time than that of ours, round by round.
    fn times(&self, ours: &Figures) -> f64 {
        let pairs = self.rounds.iter().zip(&ours.rounds);
        Spread::of(pairs.map(|(other, ours)| other.cpu_us / ours.cpu_us)).median
    }
}

#[derive(Deserialize)]
struct Series<T> {
    series: Vec<T>,
}

#[derive(Deserialize)]
struct Latency {
    workload: String,
    contender: String,
    through: Vec<Times>,
    direct: Vec<Times>,
}

#[derive(Deserialize)]
struct Times {
    p99: f64,
}

#[derive(Deserialize)]
struct Memory {
    workload: String,
    contender: String,
    program_mb: f64,
    start_ms: Vec<f64>,
    idle_mb: Vec<f64>,
}

fn read<T: for<'a> Deserialize<'a>>(root: &Path, name: &str) -> anyhow::Result<Option<T>> {
    let path = root.join("bench/results").join(name).with_extension("json");
    if !path.is_file() {
        return Ok(None);
    }
    let text = fs::read_to_string(&path)?;
    let read = serde_json::from_str(&text);
    read.with_context(|| path.display().to_string()).map(Some)
}

fn block(root: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let screen: Comparison = read(root, "screen")?.context("bench/results has no screen.json")?;
    if root.join("bench/results/screen.svg").is_file() {
        text.push_str("\n![CPU time a screen, by contender](bench/results/screen.svg)\n");
    }
    screens(&mut text, &screen)?;
    others(&mut text, root)?;
    beside(&mut text, root)?;
    let Machine { cpu, cores, load } = &screen.machine;
    let rounds = screen.contenders.values().map(|one| one.rounds.len()).max();
    writeln!(
        text,
        "\nMedians of {} rounds in one run; {cpu}, {cores} cores shared by gateway, upstreams and load (load average {load}).",
        rounds.unwrap_or_default(),
    )?;
    Ok(text)
}

/// The screen, in full.
fn screens(text: &mut String, screen: &Comparison) -> anyhow::Result<()> {
    let [first, ..] = &contenders::ALL;
    let ours = screen.contenders.get(first.name);
    let ours = ours.context("screen.json has nothing of ours")?;
    writeln!(
        text,
        "\n| | CPU a screen | of ours | most memory | answers a second |\n| --- | --- | --- | --- | --- |"
    )?;
    let mut notes = Vec::new();
    for contender in &contenders::ALL {
        let Some(figures) = screen.contenders.get(contender.name) else {
            continue;
        };
        let mut mark = String::new();
        if let Some(otherwise) = &figures.otherwise {
            notes.push(otherwise.clone());
            mark = format!(" ({})", notes.len());
        }
        writeln!(
            text,
            "| {}{mark} | {:.0} µs | {:.2} × | {:.0} MB | {:.0} |",
            contender.name,
            figures.of(|round| round.cpu_us),
            figures.times(ours),
            figures.of(|round| round.peak / 1e6),
            figures.of(|round| round.per_second),
        )?;
    }
    for (place, note) in notes.iter().enumerate() {
        writeln!(text, "\n({}) {note}", place + 1)?;
    }
    Ok(())
}

/// The other workloads, a line each.
fn others(text: &mut String, root: &Path) -> anyhow::Result<()> {
    let [first, ..] = &contenders::ALL;
    let mut lines = String::new();
    for Workload { name, about, .. } in workload::ALL {
        let Some(measured) = read::<Comparison>(root, name)? else {
            continue;
        };
        let Some(ours) = measured.contenders.get(first.name) else {
            continue;
        };
        if *name == workload::SCREEN.name {
            continue;
        }
        let others = contenders::ALL.iter().filter_map(|contender| {
            let figures = measured.contenders.get(contender.name)?;
            let shown = !contender.name.starts_with(first.name);
            shown.then(|| format!("{} {:.2} ×", contender.name, figures.times(ours)))
        });
        let others: Vec<String> = others.collect();
        let cpu = ours.of(|round| round.cpu_us);
        let cpu = if cpu > 10_000.0 {
            format!("{:.1} ms", cpu / 1e3)
        } else {
            format!("{cpu:.0} µs")
        };
        writeln!(lines, "| {name}: {about} | {cpu} | {} |", others.join(", "))?;
    }
    if !lines.is_empty() {
        write!(
            text,
            "\n| asked | our CPU a request | others, of ours |\n| --- | --- | --- |\n{lines}"
        )?;
    }
    Ok(())
}

/// What isn't CPU time.
fn beside(text: &mut String, root: &Path) -> anyhow::Result<()> {
    let [first, ..] = &contenders::ALL;
    let mut facts = Vec::new();
    if let Some(Series { series }) = read::<Series<Latency>>(root, "latency")? {
        for one in series.iter().filter(|one| one.contender == first.name) {
            let pairs = one.through.iter().zip(&one.direct);
            let added = Spread::of(pairs.map(|(through, direct)| through.p99 - direct.p99));
            if !is_steady(&added) {
                continue;
            }
            facts.push(format!(
                "at 60 % of its capacity it adds {:.0} µs to p99 of `{}`",
                added.median, one.workload
            ));
        }
    }
    if let Some(Series { series }) = read::<Series<Memory>>(root, "memory")? {
        let ours = series
            .iter()
            .find(|one| one.contender == first.name && one.workload == workload::SCREEN_JWT.name);
        if let Some(one) = ours {
            let middle = |values: &[f64]| Spread::of(values.iter().copied()).median;
            facts.push(format!(
                "with tokens and limits it is a program of {:.1} MB that has answered its first request after {:.0} ms and takes {:.1} MB \
                 when idle",
                one.program_mb,
                middle(&one.start_ms),
                middle(&one.idle_mb),
            ));
        }
    }
    if !facts.is_empty() {
        writeln!(text, "\nBesides: {}.", facts.join("; "))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_readme_says_what_came_out() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        assert!(
            is_right(root).unwrap(),
            "`cargo run --release -p bff-bench -- readme` writes what bench/results holds"
        );
    }
}
