//! How long `bff check` takes: over this workspace's three specs, and over many grown from them.
//!
//! A spec of forty endpoints is the endpoints of `specs/web.yaml` several times over, each time under paths of its own.
//! What is measured is the command's own time from start to end, on warm files.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Args;

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
    let specs = workspace.join("specs");
    fs::create_dir_all(specs.join("upstreams"))?;
    fs::write(workspace.join("Cargo.toml"), "[workspace]\n")?;
    fs::copy(root.join("specs/shop.yaml"), specs.join("shop.yaml"))?;
    for contract in fs::read_dir(root.join("specs/upstreams"))? {
        let contract = contract?;
        fs::copy(
            contract.path(),
            specs.join("upstreams").join(contract.file_name()),
        )?;
    }
    let web = fs::read_to_string(root.join("specs/web.yaml"))?;
    let (head, rest) = web
        .split_once("\nendpoints:\n")
        .context("specs/web.yaml has no endpoints")?;
    // What stands behind the endpoints starts at the margin, as `lints:` does.
    let end = rest
        .match_indices('\n')
        .map(|(at, _)| at + 1)
        .find(|&at| rest[at..].starts_with(|first: char| first.is_ascii_alphabetic()))
        .unwrap_or(rest.len());
    let (endpoints, tail) = rest.split_at(end);
    let endpoints = endpoints_of(endpoints);
    ensure!(!endpoints.is_empty(), "specs/web.yaml has no endpoints");
    for spec in 0..settings.specs {
        let mut text = head.replacen("bff: web", &format!("bff: web-{spec}"), 1);
        text.push_str("\nendpoints:\n");
        for (i, endpoint) in endpoints
            .iter()
            .cycle()
            .take(settings.endpoints)
            .enumerate()
        {
            let turn = i / endpoints.len();
            let _ = writeln!(
                text,
                "{}",
                endpoint.replacen(" /", &format!(" /turn-{turn}/"), 1)
            );
        }
        // A lint's place is an endpoint, which now stands under a path of its own.
        text.push_str(&tail.replace(" /", " /turn-0/"));
        fs::write(specs.join(format!("web-{spec}.yaml")), text)?;
    }
    Ok(())
}

/// The texts of endpoints: each starts with a key indented by two.
fn endpoints_of(text: &str) -> Vec<String> {
    let mut endpoints: Vec<String> = Vec::new();
    for line in text.lines() {
        let key = line.starts_with("  ")
            && !line.starts_with("   ")
            && !line.trim_start().starts_with('#');
        if key {
            endpoints.push(String::new());
        }
        if let Some(endpoint) = endpoints.last_mut() {
            endpoint.push_str(line);
            endpoint.push('\n');
        }
    }
    endpoints
}
