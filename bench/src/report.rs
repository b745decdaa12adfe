//! What is shown and kept of a comparison: a page to read, the same figures as JSON, and a plot.

use serde_json::{Value, json};

use crate::build::Source;
use crate::machine::Machine;
use crate::plot::{self, Bar};
use crate::run::{Measured, Series, Settings};
use crate::spread::Spread;
use crate::turn::Round;
use crate::workload::Workload;

/// The page.
pub(crate) fn text(
    workload: &Workload,
    settings: &Settings,
    machine: &Machine,
    measured: &Measured,
) -> String {
    let Settings {
        rounds, profile, ..
    } = settings;
    let (warm_up, connections) = (settings.warm_up(workload), settings.connections(workload));
    let (requests, slice) = (settings.requests(workload), workload.slice);
    let bytes_out = measured.series.first().map_or(0.0, |first| {
        spread(first, |round| round.bytes_out as f64).median
    });
    let mut page = format!(
        "# {name}\n\n\
         {about}: {bytes_in:.1} kB from upstream, {bytes_out:.1} kB out.\n\n\
         `cargo run --release -p bff-bench -- {name}`\n\n\
         {machine}\n\n\
         {rounds} rounds; in each, every contender is started afresh, warmed up with {warm_up} requests and answers \
         {requests}, {slice} at a time in turn, over {connections} connections with one request each. All are built with the profile \
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
        let otherwise = series.contender.otherwise(workload);
        page.push_str(&format!(
            "- {}: {}{}\n",
            series.contender.name,
            series.contender.about,
            otherwise.map_or_else(String::new, |words| format!(". {words}")),
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

/// The figures.
pub(crate) fn record(
    workload: &Workload,
    settings: &Settings,
    machine: &Machine,
    measured: &Measured,
) -> Value {
    let series = measured.series.iter().map(|series| {
        let figures = json!({
            "rounds": series.rounds,
            "instructions": series.instructions,
            "otherwise": series.contender.otherwise(workload),
        });
        (series.contender.name.to_owned(), figures)
    });
    json!({
        "workload": workload.name,
        "targets": workload.targets,
        "settings": settings,
        "requests": settings.requests(workload),
        "connections": settings.connections(workload),
        "machine": machine,
        "bytes_in": measured.bytes_in,
        "contenders": series.collect::<serde_json::Map<_, _>>(),
    })
}

/// CPU time of each contender.
pub(crate) fn plot(workload: &Workload, measured: &Measured) -> String {
    let ours = measured.series.first();
    let bars: Vec<Bar> = measured
        .series
        .iter()
        .map(|series| {
            let other = series.contender.source != Source::Generated;
            let times = other.then_some(ours).flatten().map(|ours| {
                let pairs = series.rounds.iter().zip(&ours.rounds);
                Spread::of(pairs.map(|(other, ours)| other.cpu_us / ours.cpu_us)).median
            });
            Bar {
                name: series.contender.name.to_owned(),
                value: spread(series, |round| round.cpu_us),
                ours: !other,
                note: times.map_or_else(String::new, |times| format!(", {times:.2} times ours")),
            }
        })
        .collect();
    let title = format!("{}: CPU time a request", workload.name);
    plot::bars(&title, "µs", &bars)
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
