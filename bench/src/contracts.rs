//! What large contracts cost: frontends of forty endpoints, proposed by `bff new` over contracts that others wrote.
//!
//! In a workspace of its own, removed afterwards. What is timed is the command a team runs, from start to end, on warm
//! files; the build is a quick one, once the runtime is built. The contracts are read from `../shared/fixtures/openapi`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Args;

use crate::cpu;

/// What can be varied.
#[derive(Args)]
pub(crate) struct Settings {
    /// How many endpoints each frontend has
    #[arg(long, default_value_t = 40)]
    endpoints: usize,
    /// How often each is checked and generated; the median is shown
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Don't build
    #[arg(long)]
    no_build: bool,
}

/// The two largest: a frontend's name, and its contract.
const CONTRACTS: [(&str, &str); 2] = [("box", "box.json"), ("twilio", "twilio-api-v2010.json")];

/// What is built first, so that the runtime is there.
const FIRST: &str =
    "bff: first\nendpoints:\n  GET /alive:\n    auth: none\n    response: |\n      alive: true\n";

pub(crate) fn run(root: &Path, settings: &Settings) -> anyhow::Result<()> {
    let contracts = root.join("../shared/fixtures/openapi");
    ensure!(contracts.is_dir(), "there is no {}", contracts.display());
    let bff = crate::build::package(root, "bff-cli", "release")?;
    let workspace = Workspace {
        bff,
        folder: root.join("target/bench/contracts"),
    };
    if workspace.folder.exists() {
        fs::remove_dir_all(&workspace.folder)?;
    }
    fs::create_dir_all(workspace.folder.join("specs"))?;
    let manifest = fs::read_to_string(root.join("bench/gateway/Cargo.toml"))?;
    let runtime = root.join("bff-runtime");
    let manifest = manifest.replace("../../bff-runtime", &runtime.display().to_string());
    fs::write(workspace.folder.join("Cargo.toml"), manifest)?;
    fs::copy(root.join("Cargo.lock"), workspace.folder.join("Cargo.lock"))?;
    fs::write(workspace.folder.join("specs/first.yaml"), FIRST)?;
    if !settings.no_build {
        workspace.bff(&["build", "--dev", "first"])?;
    }
    println!(
        "| contract | MB | endpoints | check | generate | crate, kB | quick build | its CPU time |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- |"
    );
    for (name, file) in CONTRACTS {
        let contract = contracts.join(file);
        let megabytes = fs::metadata(&contract)?.len() as f64 / 1e6;
        let from = contract.display().to_string();
        let count = settings.endpoints.to_string();
        workspace.bff(&[
            "new",
            name,
            "--writes",
            "--endpoints",
            &count,
            "--from",
            &from,
        ])?;
        let spec = fs::read_to_string(workspace.folder.join(format!("specs/{name}.yaml")))?;
        let endpoints = endpoints(&spec);
        ensure!(
            endpoints == settings.endpoints,
            "{file} gave {endpoints} endpoints"
        );
        let check = workspace.median(settings.rounds, || workspace.bff(&["check", name]))?;
        let package = workspace.folder.join("bffs").join(name);
        let generate = workspace.median(settings.rounds, || {
            if package.exists() {
                fs::remove_dir_all(&package)?;
            }
            workspace.bff(&["generate", name])
        })?;
        let kilobytes = size(&package)? as f64 / 1e3;
        let built = if settings.no_build {
            "– | –".to_owned()
        } else {
            let before = cpu::children()?;
            let took = workspace.bff(&["build", "--dev", name])?;
            let used = cpu::children()?.saturating_sub(before);
            format!("{:.1} s | {:.1} s", took.as_secs_f64(), used.as_secs_f64())
        };
        println!(
            "| {file} | {megabytes:.1} | {endpoints} | {} ms | {} ms | {kilobytes:.0} | {built} |",
            check.as_millis(),
            generate.as_millis()
        );
    }
    fs::remove_dir_all(&workspace.folder).context("the workspace can't be removed")
}

struct Workspace {
    bff: PathBuf,
    folder: PathBuf,
}

impl Workspace {
    /// Runs `bff` here; how long it took.
    fn bff(&self, arguments: &[&str]) -> anyhow::Result<Duration> {
        let start = Instant::now();
        let done = Command::new(&self.bff)
            .args(arguments)
            .arg("--quiet")
            .arg("--workspace")
            .arg(&self.folder)
            .env(
                "CARGO_TARGET_DIR",
                crate::build::runtime_target(&self.folder),
            )
            .env("CARGO_INCREMENTAL", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .output()?;
        let took = start.elapsed();
        let said = String::from_utf8_lossy(&done.stderr);
        ensure!(
            done.status.success(),
            "`bff {}`:\n{said}",
            arguments.join(" ")
        );
        Ok(took)
    }

    fn median(
        &self,
        rounds: usize,
        run: impl Fn() -> anyhow::Result<Duration>,
    ) -> anyhow::Result<Duration> {
        let mut times = Vec::new();
        for _ in 0..rounds.max(1) {
            times.push(run()?);
        }
        times.sort();
        Ok(times.get(times.len() / 2).copied().unwrap_or_default())
    }
}

/// How many endpoints a spec has: lines indented by two that start with a method.
fn endpoints(spec: &str) -> usize {
    let methods = [
        "GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY",
    ];
    let starts = |line: &&str| {
        let key = line.strip_prefix("  ").unwrap_or_default();
        methods.iter().any(|method| {
            key.strip_prefix(method)
                .is_some_and(|rest| rest.starts_with(" /"))
        })
    };
    spec.lines().filter(starts).count()
}

/// How many bytes a folder holds.
fn size(folder: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() {
            size(&entry.path())?
        } else {
            entry.metadata()?.len()
        };
    }
    Ok(bytes)
}
