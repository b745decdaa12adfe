//! From saving a file to the new answer: what `bff dev` makes people wait for.
//!
//! In a workspace of its own, removed afterwards. A spec of forty endpoints is edited again and again, each time in another
//! way, and asked until it answers as the edit says; so the time is that of seeing the change, checking, and answering,
//! and half the time between two questions. A second spec has a hook, so that cargo builds it, once the runtime is built.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use clap::Args;
use serde::Serialize;
use serde_json::json;

use crate::grown;
use crate::machine::Machine;
use crate::process::Process;
use crate::results;
use crate::run;

/// What can be varied.
#[derive(Args)]
pub(crate) struct Settings {
    /// How many endpoints the spec has
    #[arg(long, default_value_t = 40)]
    endpoints: usize,
    /// How often each edit is made
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// How often a spec with a hook is edited; 0 builds nothing
    #[arg(long, default_value_t = 3)]
    builds: usize,
    /// Goes to target/bench/results
    #[arg(long)]
    quick: bool,
}

/// The most seconds from saving to the new answer.
const TARGET: f64 = 5.0;

/// Between two questions.
const PAUSE: Duration = Duration::from_millis(5);

/// How long an answer is waited for: cargo may have the runtime to build.
const PATIENCE: Duration = Duration::from_secs(1200);

/// An edit: the file, what becomes of its text in the `round`th round, what is asked, and what the answer holds then.
struct Edit {
    name: &'static str,
    file: &'static str,
    text: fn(&str, usize) -> String,
    path: &'static str,
    answer: fn(usize) -> String,
}

/// In this order, in every round.
const EDITS: [Edit; 5] = [
    Edit {
        name: "a literal",
        file: "grown.yaml",
        text: |text, round| text.replace("edited: 0", &format!("edited: {}", round + 1)),
        path: "/edited",
        answer: |round| format!("{{\"edited\":{}}}", round + 1),
    },
    Edit {
        name: "a field's name",
        file: "grown.yaml",
        text: |text, round| {
            text.replace("name: product.name", &format!("name{round}: product.name"))
        },
        path: "/edited/KETTLE-01",
        answer: |round| format!("\"name{round}\":"),
    },
    Edit {
        name: "a contract's example",
        file: "upstreams/catalog.openapi.yaml",
        text: |text, round| text.replace("Gooseneck kettle", &format!("E{round} kettle")),
        path: "/edited/KETTLE-01",
        answer: |round| format!("\":\"E{round} "),
    },
    Edit {
        name: "a slip: what is wrong is the answer",
        file: "grown.yaml",
        text: |text, round| text.replace("product.name", &format!("product.nam{round}")),
        path: "/edited/KETTLE-01",
        answer: |round| format!("nam{round}"),
    },
    Edit {
        name: "the slip mended",
        file: "grown.yaml",
        text: |text, round| text.replace("edited: 0", &format!("edited: {}", 1000 + round)),
        path: "/edited",
        answer: |round| format!("{{\"edited\":{}}}", 1000 + round),
    },
];

/// The endpoints that are edited.
const EDITED: &str = "  GET /edited:
    auth: none
    response: |
      edited: 0
  GET /edited/{sku}:
    auth: none
    calls:
      product: catalog.getProduct(sku = path.sku)
    response: |
      name: product.name
";

/// The spec with a hook, which gives back what it gets.
const HOOKED: &str = "bff: hooked
endpoints:
  GET /edited:
    auth: none
    response: |
      edited: 0
    transform: keep
";

/// Times of one edit.
#[derive(Serialize)]
struct Series {
    edit: String,
    milliseconds: Vec<f64>,
}

impl Series {
    /// The median and the worst.
    fn figures(&self) -> (f64, f64) {
        let mut sorted = self.milliseconds.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |index: usize| sorted.get(index).copied().unwrap_or_default();
        (at(sorted.len() / 2), at(sorted.len().saturating_sub(1)))
    }
}

/// Makes the edits, and keeps `dev`.
pub(crate) fn run(root: &Path, settings: &Settings) -> anyhow::Result<()> {
    let bff = crate::build::package(root, "bff-cli", "release")?;
    let workspace = root.join("target/bench/dev");
    if workspace.exists() {
        fs::remove_dir_all(&workspace)?;
    }
    let manifest = fs::read_to_string(root.join("bench/gateway/Cargo.toml"))?;
    let runtime = root.join("bff-runtime");
    let manifest = manifest.replace("../../bff-runtime", &runtime.display().to_string());
    grown::workspace(root, &workspace, &manifest)?;
    fs::copy(root.join("Cargo.lock"), workspace.join("Cargo.lock"))?;
    let text = grown::spec(root, "grown", settings.endpoints)?;
    let text = text.replacen("\nendpoints:\n", &format!("\nendpoints:\n{EDITED}"), 1);
    let base = text.lines().find_map(|line| line.strip_prefix("base: "));
    let base = base.unwrap_or_default().to_owned();
    fs::write(workspace.join("specs/grown.yaml"), &text)?;
    fs::write(workspace.join("specs/hooked.yaml"), HOOKED)?;

    let mut all: Vec<Series> = EDITS.iter().map(|edit| series(edit.name)).collect();
    let dev = Dev::start(&bff, &workspace, "grown", base)?;
    dev.until("/edited", "{\"edited\":0}")?;
    for round in 0..settings.rounds.max(1) {
        for (edit, series) in EDITS.iter().zip(&mut all) {
            let original = match edit.file {
                "grown.yaml" => text.clone(),
                other => fs::read_to_string(root.join("specs").join(other))?,
            };
            let edited = (edit.text)(&original, round);
            ensure!(edited != original, "{} changes nothing", edit.name);
            let took = dev.edit(edit.file, &edited, edit.path, &(edit.answer)(round))?;
            series.milliseconds.push(took);
        }
    }
    drop(dev);
    if settings.builds > 0 {
        let mut built = series("a literal, built by cargo for its hook");
        let dev = Dev::start(&bff, &workspace, "hooked", String::new())?;
        dev.until("/edited", "{\"edited\":0}")?;
        for round in 0..settings.builds {
            let edited = HOOKED.replace("edited: 0", &format!("edited: {}", round + 1));
            let answer = format!("{{\"edited\":{}}}", round + 1);
            let took = dev.edit("hooked.yaml", &edited, "/edited", &answer)?;
            built.milliseconds.push(took);
        }
        all.push(built);
    }
    fs::remove_dir_all(&workspace).context("the workspace can't be removed")?;

    let machine = Machine::here(root);
    let outcome = results::Outcome {
        name: "dev",
        page: &page(settings, &all, &machine),
        record: &json!({ "machine": machine, "endpoints": settings.endpoints, "series": all }),
        plot: None,
    };
    let kept = run::Settings {
        quick: settings.quick,
        ..run::Settings::of_profile("dist")
    };
    results::keep(root, &kept, outcome)
}

fn series(edit: &str) -> Series {
    Series {
        edit: edit.to_owned(),
        milliseconds: Vec::new(),
    }
}

/// A `bff dev` that runs, and where its frontend answers.
struct Dev {
    specs: PathBuf,
    address: String,
    base: String,
    _process: Process,
}

impl Dev {
    fn start(bff: &Path, workspace: &Path, name: &str, base: String) -> anyhow::Result<Dev> {
        let mut child = Command::new(bff)
            .args(["dev", name, "--workspace"])
            .arg(workspace)
            .env("CARGO_TARGET_DIR", crate::build::runtime_target(workspace))
            .env("CARGO_INCREMENTAL", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("bff didn't start")?;
        let out = child.stdout.take().context("bff has no output")?;
        let process = Process::of(child);
        let mut out = BufReader::new(out);
        let mut line = String::new();
        let address = loop {
            line.clear();
            ensure!(out.read_line(&mut line)? > 0, "`bff dev` ended at once");
            let mut words = line.split_whitespace();
            if words.next() == Some(name) {
                let url = words.next().and_then(|url| url.strip_prefix("http://"));
                break url.context("no address in its line")?.to_owned();
            }
        };
        // What else it says is nobody's, and mustn't hold it up.
        std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        Ok(Dev {
            specs: workspace.join("specs"),
            address,
            base,
            _process: process,
        })
    }

    /// Saves a file, and asks until the answer holds this; milliseconds.
    fn edit(&self, file: &str, text: &str, path: &str, answer: &str) -> anyhow::Result<f64> {
        let start = Instant::now();
        fs::write(self.specs.join(file), text)?;
        self.until(path, answer)?;
        Ok(start.elapsed().as_secs_f64() * 1e3)
    }

    fn until(&self, path: &str, answer: &str) -> anyhow::Result<()> {
        let start = Instant::now();
        loop {
            // A gateway that is being changed may close a connection.
            let said = self.get(path).unwrap_or_default();
            if said.contains(answer) {
                return Ok(());
            }
            if start.elapsed() > PATIENCE {
                bail!("no `{answer}` from {path}, but:\n{said}");
            }
            sleep(PAUSE);
        }
    }

    fn get(&self, path: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(&self.address)?;
        let base = &self.base;
        write!(
            stream,
            "GET {base}{path} HTTP/1.1\r\nhost: bench\r\naccept: application/json\r\nconnection: close\r\n\r\n"
        )?;
        let mut said = String::new();
        stream.read_to_string(&mut said)?;
        Ok(said)
    }
}

fn page(settings: &Settings, all: &[Series], machine: &Machine) -> String {
    let mut page = format!(
        "# dev\n\n`cargo run --release -p bff-bench -- dev`\n\n{machine}\n\n\
         The time from saving a file to the answer that it makes of `bff dev`, over a spec of {endpoints} endpoints in front of mocks, \
         asked every {pause} ms. A spec with a hook is built by cargo, once the runtime is built.\n\n\
         | edit | times | median, ms | worst, ms | target, {TARGET:.0} s |\n\
         | --- | --- | --- | --- | --- |\n",
        machine = machine.text(),
        endpoints = settings.endpoints,
        pause = PAUSE.as_millis(),
    );
    for series in all {
        let (median, worst) = series.figures();
        let verdict = match worst / 1e3 < TARGET {
            true => "held",
            false => "missed",
        };
        let times = series.milliseconds.len();
        let edit = &series.edit;
        page.push_str(&format!(
            "| {edit} | {times} | {median:.0} | {worst:.0} | {verdict} |\n"
        ));
    }
    page
}
