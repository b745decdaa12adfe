//! How long `bff check` takes: over this workspace's three specs, and over many grown from them.
//!
//! What is measured is the command's own time from start to end, on warm files.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Args;

use crate::grown;

/// What can be varied.
#[derive(Args)]
pub(crate) struct Settings {
    /// How many specs
    #[arg(long, default_value_t = 200)]
    specs: usize,
    /// How many endpoints each has
    #[arg(long, default_value_t = 40)]
    endpoints: usize,
    /// How often each is checked
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

pub(crate) fn run(root: &Path, settings: &Settings) -> anyhow::Result<()> {
    let program = crate::build::package(root, "bff-cli", "release")?;
    let grown = root.join("target/checked");
    grow(root, &grown, settings).context("the specs could not be grown")?;
    let many = format!("{} of {} endpoints", settings.specs, settings.endpoints);
    println!("| specs | least | median | most |\n| --- | --- | --- | --- |");
    for (name, workspace) in [("the three of this workspace", root), (&many, &grown)] {
        let mut times = Vec::new();
        for _ in 0..settings.rounds.max(1) {
            times.push(time(&program, workspace)?);
        }
        times.sort();
        let at = |index: usize| {
            let time = times.get(index).copied().unwrap_or_default();
            format!("{:.0} ms", time.as_secs_f64() * 1e3)
        };
        let last = times.len() - 1;
        println!("| {name} | {} | {} | {} |", at(0), at(last / 2), at(last));
    }
    fs::remove_dir_all(&grown).context("the grown specs can't be removed")
}

fn time(program: &Path, workspace: &Path) -> anyhow::Result<Duration> {
    let start = Instant::now();
    let done = Command::new(program)
        .args(["check", "--quiet", "--workspace"])
        .arg(workspace)
        .stderr(Stdio::piped())
        .output()?;
    let took = start.elapsed();
    let said = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "a spec has errors:\n{said}");
    Ok(took)
}

/// A workspace with many specs over the contracts of this one.
fn grow(root: &Path, workspace: &Path, settings: &Settings) -> anyhow::Result<()> {
    grown::workspace(root, workspace, "[workspace]\n")?;
    for spec in 0..settings.specs {
        let name = format!("web-{spec}");
        let text = grown::spec(root, &name, settings.endpoints)?;
        fs::write(workspace.join(format!("specs/{name}.yaml")), text)?;
    }
    Ok(())
}
