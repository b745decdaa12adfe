//! What building a gateway costs: from nothing, and after an edit of its spec, quickly and for shipping.
//!
//! In a workspace of its own, with a target folder of its own, both removed afterwards. What is timed is the command a team
//! runs, `bff build`, with all that it does: checking, generating, compiling, linking.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, ensure};
use clap::Args;
use serde::Serialize;
use serde_json::json;

use crate::cpu;
use crate::grown;
use crate::machine::Machine;
use crate::results;
use crate::run::Settings;

/// How large the specs are.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Endpoints of each spec
    #[arg(long, value_delimiter = ',', default_values_t = [10, 40, 200])]
    pub(crate) endpoints: Vec<usize>,
    /// Only quick builds, or only those to ship
    #[arg(long)]
    pub(crate) only: Option<Kind>,
    /// Goes to target/bench/results
    #[arg(long)]
    pub(crate) quick: bool,
    /// Leave the workspace where it is, to look closer
    #[arg(long)]
    pub(crate) keep: bool,
}

/// What is built.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// To try: `bff build --dev`
    Quick,
    /// To ship: `bff build`
    Shipping,
}

impl Kind {
    /// The most seconds a rebuild may take.
    fn target(self) -> f64 {
        match self {
            Kind::Quick => 5.0,
            Kind::Shipping => 40.0,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Kind::Quick => "quick",
            Kind::Shipping => "shipping",
        }
    }

    fn profile(self) -> &'static str {
        match self {
            Kind::Quick => "release",
            Kind::Shipping => "dist",
        }
    }
}

/// One build.
#[derive(Serialize)]
struct Built {
    kind: Kind,
    endpoints: usize,
    /// From nothing, not after an edit.
    cold: bool,
    seconds: f64,
    /// Of all processes together.
    cpu_seconds: f64,
    program_mb: f64,
}

/// Builds them all, and keeps `build`.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let bff = crate::build::package(root, "bff-cli", "release")?;
    let workspace = root.join("target/bench/build");
    if workspace.exists() {
        fs::remove_dir_all(&workspace)?;
    }
    let manifest = fs::read_to_string(root.join("bench/gateway/Cargo.toml"))?;
    let runtime = root.join("bff-runtime");
    let manifest = manifest.replace("../../bff-runtime", &runtime.display().to_string());
    grown::workspace(root, &workspace, &manifest)?;
    fs::copy(root.join("Cargo.lock"), workspace.join("Cargo.lock"))?;

    let mut all = Vec::new();
    for kind in [Kind::Quick, Kind::Shipping] {
        if arguments.only.is_some_and(|only| only != kind) {
            continue;
        }
        for (place, &endpoints) in arguments.endpoints.iter().enumerate() {
            write(root, &workspace, endpoints, "")?;
            // What was built before is of no use to what follows the first time; after that, another size is an edit.
            if place == 0 {
                all.push(built(&bff, &workspace, kind, endpoints, true)?);
                write(root, &workspace, endpoints, EDIT)?;
            }
            all.push(built(&bff, &workspace, kind, endpoints, false)?);
        }
    }
    if !arguments.keep {
        fs::remove_dir_all(&workspace)?;
    }
    let machine = Machine::here(root);
    let settings = Settings {
        quick: arguments.quick,
        ..Settings::of_profile("dist")
    };
    let outcome = results::Outcome {
        name: "build",
        page: &page(&all, &machine),
        record: &json!({ "machine": machine, "series": all }),
        plot: None,
    };
    results::keep(root, &settings, outcome)
}

/// What an edit adds.
const EDIT: &str = "  GET /edited:\n    auth: none\n    response: |\n      edited: true\n";

fn write(root: &Path, workspace: &Path, endpoints: usize, more: &str) -> anyhow::Result<()> {
    let text = grown::spec(root, "grown", endpoints)?;
    let text = text.replacen("\nendpoints:\n", &format!("\nendpoints:\n{more}"), 1);
    fs::write(workspace.join("specs/grown.yaml"), text).context("the spec can't be written")
}

fn built(
    bff: &Path,
    workspace: &Path,
    kind: Kind,
    endpoints: usize,
    cold: bool,
) -> anyhow::Result<Built> {
    let mut command = Command::new(bff);
    command
        .args(["build", "--quiet", "--workspace"])
        .arg(workspace);
    if kind == Kind::Quick {
        command.arg("--dev");
    }
    let target = workspace.join("target");
    command
        .env("CARGO_TARGET_DIR", &target)
        .env("CARGO_INCREMENTAL", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let (start, before) = (Instant::now(), cpu::children()?);
    let done = command.output().context("bff didn't start")?;
    let (seconds, used) = (start.elapsed().as_secs_f64(), cpu::children()?);
    let said = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "the gateway can't be built:\n{said}");
    let program = fs::metadata(target.join(kind.profile()).join("grown-bff"))?;
    let built = Built {
        kind,
        endpoints,
        cold,
        seconds,
        cpu_seconds: used.saturating_sub(before).as_secs_f64(),
        program_mb: program.len() as f64 / 1e6,
    };
    eprintln!(
        "{:>8} {endpoints:>4} endpoints, {}: {seconds:.1} s, {:.1} s of CPU time, {:.1} MB",
        kind.name(),
        if cold { "cold" } else { "after an edit" },
        built.cpu_seconds,
        built.program_mb,
    );
    Ok(built)
}

fn page(all: &[Built], machine: &Machine) -> String {
    let mut page = format!(
        "# build\n\n`cargo run --release -p bff-bench -- build`\n\n{machine}\n\n\
         The time that `bff build` takes, `--dev` for quick builds, once each, with the specs checked and the crate generated. Cold is \
         with an empty target folder (but with the crates it needs downloaded); after an edit only the frontend's own crate is \
         compiled and all is linked. CPU time is that of all processes.\n\n\
         | build | endpoints | | seconds | CPU, seconds | program, MB | target, seconds |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n",
        machine = machine.text(),
    );
    for one in all {
        let target = one.kind.target();
        let verdict = if one.cold {
            String::new()
        } else if one.seconds < target {
            format!("{target:.0}, held")
        } else {
            format!("{target:.0}, missed")
        };
        page.push_str(&format!(
            "| {} | {} | {} | {:.1} | {:.1} | {:.1} | {verdict} |\n",
            one.kind.name(),
            one.endpoints,
            if one.cold { "cold" } else { "after an edit" },
            one.seconds,
            one.cpu_seconds,
            one.program_mb,
        ));
    }
    page
}
