//! What is shown and kept of a comparison: a page to read, and the same figures as JSON.

use std::fs;
use std::path::Path;

use anyhow::Context;
use serde_json::json;

use crate::build::Source;
use crate::machine::Machine;
use crate::run::{Measured, SLICE, Series, Settings};
use crate::turn::Round;
use crate::workload::Workload;

/// A sample's middle and ends.
struct Spread {
    median: f64,
    least: f64,
    most: f64,
}

impl Spread {
    fn of(values: impl IntoIterator<Item = f64>) -> Spread {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let at = |place: usize| values.get(place).copied().unwrap_or(f64::NAN);
        let last = values.len().saturating_sub(1);
        Spread {
            median: (at(last / 2) + at(last.div_ceil(2))) / 2.0,
            least: at(0),
            most: at(last),
        }
    }

    fn text(&self, digits: usize) -> String {
        let Spread {
            median,
            least,
            most,
        } = self;
        format!("{median:.digits$} ({least:.digits$}–{most:.digits$})")
    }
}

/// The page.
pub(crate) fn text(
    workload: &Workload,
    settings: &Settings,
    machine: &Machine,
    measured: &Measured,
) -> String {
    let Settings {
        rounds,
        warm_up,
        connections,
        profile,
        ..
    } = settings;
    let requests = settings.requests.unwrap_or(workload.requests);
    let bytes_out = measured.series.first().map_or(0.0, |first| {
        spread(first, |round| round.bytes_out as f64).median
    });
    let mut page = format!(
        "# {name}\n\n\
         {about}: {bytes_in:.1} kB from upstream, {bytes_out:.1} kB out.\n\n\
         `cargo run --release -p bff-bench -- {name}`\n\n\
         {machine}\n\n\
         {rounds} rounds; in each, every contender is started afresh, warmed up with {warm_up} requests and answers \
         {requests}, {SLICE} at a time in turn, over {connections} connections with one request each. All are built with the profile \
         `{profile}`. Every answer is compared with the right one, and the upstream calls are counted ({calls} a request). CPU \
         time is that of the contender's process, as the kernel accounts for it; instructions are those a request takes \
         outside the kernel, counted by valgrind in a run of their own. Medians, with the least and the most.\n\n\
         | contender | CPU a request, µs | in the kernel | instructions | resident, MB | peak, MB | answers a second |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n",
        name = workload.name,
        about = capital(workload.about),
        bytes_in = measured.bytes_in as f64 / 1e3,
        bytes_out = bytes_out / 1e3,
        machine = machine.text(),
        calls = workload.calls,
    );
    for series in &measured.series {
        page.push_str(&format!(
            "| {} | {} | {:.0} % | {} | {} | {} | {} |\n",
            series.contender.name,
            spread(series, |round| round.cpu_us).text(1),
            spread(series, |round| round.kernel_share * 100.0).median,
            series.instructions.map_or_else(
                || "not counted".to_owned(),
                |count| format!("{:.0} k", count / 1e3)
            ),
            spread(series, |round| round.resident as f64 / 1e6).text(1),
            spread(series, |round| round.peak as f64 / 1e6).text(1),
            spread(series, |round| round.per_second).text(0),
        ));
    }
    page.push('\n');
    for series in &measured.series {
        page.push_str(&format!(
            "- {}: {}\n",
            series.contender.name, series.contender.about
        ));
    }
    for (contender, why) in &measured.left_out {
        page.push_str(&format!("- {}: left out, {why}\n", contender.name));
    }
    for Ratio {
        ours,
        other,
        cpu,
        instructions,
    } in ratios(measured)
    {
        let target = workload.targets.iter().find(|(name, _)| *name == other);
        let verdict = target.map_or_else(String::new, |(_, target)| {
            let held = if cpu.median <= *target {
                "held"
            } else {
                "missed"
            };
            format!(" The target, at most {target}, is {held}.")
        });
        let instructions =
            instructions.map_or_else(String::new, |ratio| format!(" Instructions: {ratio:.3}."));
        page.push_str(&format!(
            "\nCPU of {ours} to that of {other}, round by round: {}.{instructions}{verdict}\n",
            cpu.text(3)
        ));
    }
    page
}

/// Writes `bench/results/NAME.md` and `.json`.
pub(crate) fn write(
    root: &Path,
    workload: &Workload,
    settings: &Settings,
    machine: &Machine,
    measured: &Measured,
    page: &str,
) -> anyhow::Result<()> {
    let series = measured.series.iter().map(|series| {
        let figures = json!({ "rounds": series.rounds, "instructions": series.instructions });
        (series.contender.name.to_owned(), figures)
    });
    let record = json!({
        "workload": workload.name,
        "targets": workload.targets,
        "settings": settings,
        "machine": machine,
        "bytes_in": measured.bytes_in,
        "contenders": series.collect::<serde_json::Map<_, _>>(),
    });
    let directory = root.join("bench/results");
    fs::create_dir_all(&directory)?;
    for (extension, text) in [("md", page), ("json", &format!("{record:#}\n"))] {
        let path = directory.join(workload.name).with_extension(extension);
        fs::write(&path, text).with_context(|| format!("{} can't be written", path.display()))?;
    }
    Ok(())
}

fn spread(series: &Series, of: fn(&Round) -> f64) -> Spread {
    Spread::of(series.rounds.iter().map(of))
}

/// One contender of ours to one of the others.
struct Ratio {
    ours: &'static str,
    other: &'static str,
    /// CPU time, round by round.
    cpu: Spread,
    instructions: Option<f64>,
}

fn ratios(measured: &Measured) -> Vec<Ratio> {
    let (ours, others): (Vec<_>, Vec<_>) = measured
        .series
        .iter()
        .partition(|series| series.contender.source == Source::Generated);
    let mut ratios = Vec::new();
    for first in &ours {
        for other in &others {
            let pairs = first.rounds.iter().zip(&other.rounds);
            ratios.push(Ratio {
                ours: first.contender.name,
                other: other.contender.name,
                cpu: Spread::of(pairs.map(|(first, other)| first.cpu_us / other.cpu_us)),
                instructions: first
                    .instructions
                    .zip(other.instructions)
                    .map(|(first, other)| first / other),
            });
        }
    }
    ratios
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_has_the_middle_of_an_even_number_too() {
        for (values, median, least, most) in [
            (vec![3.0, 1.0, 2.0], 2.0, 1.0, 3.0),
            (vec![4.0, 1.0, 2.0, 3.0], 2.5, 1.0, 4.0),
            (vec![5.0], 5.0, 5.0, 5.0),
        ] {
            let spread = Spread::of(values);
            assert_eq!(
                (spread.median, spread.least, spread.most),
                (median, least, most)
            );
        }
    }
}
