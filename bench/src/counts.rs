//! What must not get slower, in instructions, held against a file: `bench/counts.json`.
//!
//! Counted by valgrind outside the kernel, they are the same on a busy machine as on an idle one, so a few percent
//! show. Each part is run twice, with more repetitions the second time; the difference is what a repetition takes, without the
//! start. A count that rises by more than [`MORE`] fails until the file is written anew, with a reason.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};
use clap::Args;
use serde::{Deserialize, Serialize};

use crate::build;
use crate::contenders;
use crate::instructions;
use crate::run::Settings;
use crate::upstream::Upstreams;
use crate::workload;

/// Where the counts are kept.
const FILE: &str = "bench/counts.json";
/// How much more than the file says is taken for chance.
const MORE: f64 = 0.03;
/// The profile of what is counted: the quickest to build of those that optimise.
const PROFILE: &str = "release";

/// What to do with the counts.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Fail if one is more than the file says
    #[arg(long)]
    check: bool,
    /// Write the file; the reason goes with every count that changed
    #[arg(long, value_name = "REASON", conflicts_with = "check")]
    update: Option<String>,
}

/// A count, and why it is what it is.
#[derive(Serialize, Deserialize, Clone)]
struct Kept {
    instructions: u64,
    why: String,
}

/// A part of the program that is run on its own.
struct Part {
    name: &'static str,
    program: Program,
    /// Repetitions, the second time; the first time it is a fifth.
    times: u64,
}

/// Which program runs a part.
enum Program {
    /// The benchmark of `bff-json`, on this body.
    Projection(&'static str),
    /// This test of `bff-runtime`.
    Test(&'static str),
}

const PARTS: [Part; 9] = [
    part(
        "projection of 55 kB",
        Program::Projection("recommendations"),
        100,
    ),
    part("projection of 1 kB", Program::Projection("user"), 2_000),
    part("join of 50", Program::Projection("join of 50"), 100),
    part(
        "routing, 10 routes",
        Program::Test("counted::routing_10"),
        20_000,
    ),
    part(
        "routing, 5000 routes",
        Program::Test("counted::routing_5000"),
        20_000,
    ),
    part(
        "JWT seen before",
        Program::Test("counted::jwt_known"),
        10_000,
    ),
    part(
        "JWT not seen before",
        Program::Test("counted::jwt_new"),
        2_500,
    ),
    part(
        "limit, one subject",
        Program::Test("counted::limit_known"),
        20_000,
    ),
    part(
        "limit, many subjects",
        Program::Test("counted::limit_new"),
        20_000,
    ),
];

const fn part(name: &'static str, program: Program, times: u64) -> Part {
    Part {
        name,
        program,
        times,
    }
}

/// Counts, prints, and checks or writes.
pub(crate) async fn run(root: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let projection = build::target(root, "bff-json", &["--bench", "projection"], PROFILE)?;
    let tests = build::target(root, "bff-runtime", &["--lib"], PROFILE)?;
    let mut counts = BTreeMap::new();
    for part in &PARTS {
        let total = |times: u64| match part.program {
            Program::Projection(body) => {
                let times = times.to_string();
                total(
                    root,
                    Command::new(&projection).args(["tables", body, &times]),
                )
            }
            Program::Test(test) => total(
                root,
                Command::new(&tests)
                    .args([test, "--exact", "--ignored", "--test-threads=1"])
                    .env("BFF_COUNT", times.to_string()),
            ),
        };
        let few = part.times / 5;
        let more = total(part.times)?.saturating_sub(total(few)?);
        let count = more / (part.times - few);
        eprintln!("{}: {count}", part.name);
        counts.insert(part.name.to_owned(), count);
    }
    let [gateway, ..] = &contenders::ALL;
    let settings = Settings::of_profile(PROFILE);
    for workload in [&workload::SCREEN, &workload::PASS] {
        let ready = gateway.ready(root, workload, &settings, &[])?;
        let upstreams = Upstreams::start()?;
        let count = instructions::count(&ready, root, workload, &upstreams).await?;
        eprintln!("request: {}: {count:.0}", workload.name);
        counts.insert(format!("request: {}", workload.name), count as u64);
    }
    judge(&root.join(FILE), &counts, arguments)
}

/// Instructions of one run.
fn total(root: &Path, command: &mut Command) -> anyhow::Result<u64> {
    let out: PathBuf = root.join("target/bench/counted.callgrind");
    fs::create_dir_all(root.join("target/bench"))?;
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--quiet", "--tool=callgrind"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(command.get_program())
        .args(command.get_args())
        .stdout(Stdio::null());
    for (name, value) in command.get_envs() {
        valgrind.envs(value.map(|value| (name, value)));
    }
    let status = valgrind.status().context("valgrind didn't start")?;
    ensure!(status.success(), "{command:?} has failed under valgrind");
    instructions::read(&out)
}

fn judge(file: &Path, counts: &BTreeMap<String, u64>, arguments: &Arguments) -> anyhow::Result<()> {
    let text = fs::read_to_string(file).unwrap_or_else(|_| "{}".to_owned());
    let kept: BTreeMap<String, Kept> =
        serde_json::from_str(&text).with_context(|| format!("{}", file.display()))?;
    let mut worse = Vec::new();
    for (name, count) in counts {
        let before = kept.get(name).map(|kept| kept.instructions);
        let change = before.map(|before| *count as f64 / before.max(1) as f64 - 1.0);
        let said = change.map_or_else(
            || "not kept".to_owned(),
            |it| format!("{:+.1} %", it * 100.0),
        );
        println!("{name:<24} {count:>10} {said:>9}");
        if change.is_some_and(|change| change > MORE) {
            worse.push(name.as_str());
        }
    }
    if let Some(why) = &arguments.update {
        let anew = counts.iter().map(|(name, count)| {
            let same = kept.get(name).filter(|kept| {
                let change = *count as f64 / kept.instructions.max(1) as f64 - 1.0;
                change.abs() <= MORE
            });
            let new = || Kept {
                instructions: *count,
                why: why.clone(),
            };
            (name.clone(), same.cloned().unwrap_or_else(new))
        });
        let anew: BTreeMap<String, Kept> = anew.collect();
        fs::write(file, format!("{}\n", serde_json::to_string_pretty(&anew)?))?;
    } else if arguments.check && !worse.is_empty() {
        bail!(
            "more instructions than {FILE} says: {}. If that is worth it: `cargo run --release -p bff-bench -- counts --update REASON`",
            worse.join(", ")
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_part_has_a_count() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let text = fs::read_to_string(root.join(FILE)).unwrap();
        let kept: BTreeMap<String, Kept> = serde_json::from_str(&text).unwrap();
        for part in &PARTS {
            assert!(kept.contains_key(part.name), "{}", part.name);
        }
    }

    #[test]
    fn more_is_told_and_written_only_with_a_reason() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("counts.json");
        let counts = |count| BTreeMap::from([("a".to_owned(), count)]);
        let check = Arguments {
            check: true,
            update: None,
        };
        let update = |why: &str| Arguments {
            check: false,
            update: Some(why.to_owned()),
        };
        judge(&file, &counts(1000), &check).unwrap();
        judge(&file, &counts(1000), &update("first")).unwrap();
        for (count, passes) in [(1000, true), (500, true), (1029, true), (1031, false)] {
            let judged = judge(&file, &counts(count), &check);
            assert_eq!(judged.is_ok(), passes, "{count}");
        }
        judge(&file, &counts(1010), &update("not needed")).unwrap();
        assert!(!fs::read_to_string(&file).unwrap().contains("not needed"));
        judge(&file, &counts(1100), &update("worth it")).unwrap();
        assert!(fs::read_to_string(&file).unwrap().contains("worth it"));
        judge(&file, &counts(1100), &check).unwrap();
    }
}
