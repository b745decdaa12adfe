//! Ten routes, five hundred, five thousand: what a request costs.
//!
//! The gateway is one that this program interprets from a spec made here: the tables are those a generated crate would
//! hold, and five thousand endpoints need not be compiled. Compared with a generated one it looks up its handler once more.

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use bff_spec::source::SourceLoader;
use serde::Serialize;
use serde_json::json;

use crate::contender::{Running, free_addresses, launch};
use crate::cpu;
use crate::data::{self, PRODUCTS};
use crate::load::Load;
use crate::machine::Machine;
use crate::results;
use crate::run::Settings;
use crate::spread::Spread;
use crate::upstream::Upstreams;
use crate::workload::{PASS, Question};

/// How many routes there are.
const ROUTES: [usize; 3] = [10, 500, 5_000];
/// What five thousand may cost, as a share of ten.
const TARGET: f64 = 1.2;

/// The variable that makes this program a gateway with so many routes. What a gateway is told stands in its environment: it
/// takes no arguments.
const HOW_MANY: &str = "BFF_BENCH_ROUTES";

const SPEC: &str = "specs/routes.yaml";
const CATALOG: &str = include_str!("../../gateway/specs/upstreams/catalog.openapi.yaml");

#[derive(Serialize)]
struct Series {
    routes: usize,
    cpu_us: Vec<f64>,
    resident_mb: Vec<f64>,
}

/// Asks each of them in turn, and keeps `routes`.
pub(crate) async fn run(root: &Path, settings: &Settings) -> anyhow::Result<()> {
    let settings = &settings.shortened();
    let upstreams = Upstreams::start()?;
    let mut all = ROUTES.map(|routes| Series {
        routes,
        cpu_us: Vec::new(),
        resident_mb: Vec::new(),
    });
    for _ in 0..settings.rounds {
        round(root, &mut all, settings, &upstreams).await?;
    }
    let machine = Machine::here(root);
    let outcome = results::Outcome {
        name: "routes",
        page: &page(&all, &machine, settings),
        record: &json!({ "machine": machine, "series": all }),
        plot: None,
    };
    results::keep(root, settings, outcome)
}

/// One gateway of so many routes, at work.
struct Turn<'a> {
    series: &'a mut Series,
    running: Running,
    load: Load,
    used: Duration,
}

/// Starts all of them, and has them answer in turn, so that what else the machine does meets all alike.
async fn round(
    root: &Path,
    all: &mut [Series],
    settings: &Settings,
    upstreams: &Upstreams,
) -> anyhow::Result<()> {
    let mut turns = Vec::with_capacity(all.len());
    for series in all {
        let running = start(root, series.routes, upstreams).await?;
        let connections = settings.connections(&PASS);
        let mut load = Load::connect(running.address, &asked(series.routes), connections).await?;
        load.drive(settings.warm_up(&PASS)).await?;
        turns.push(Turn {
            series,
            running,
            load,
            used: Duration::ZERO,
        });
    }
    let slices = settings.requests(&PASS).div_ceil(PASS.slice);
    for _ in 0..slices {
        for turn in &mut turns {
            let process = turn.running.process.id();
            let before = cpu::usage(process)?;
            turn.load.drive(PASS.slice).await?;
            turn.used += cpu::usage(process)?.total.saturating_sub(before.total);
        }
        turns.reverse();
    }
    for turn in turns {
        let cpu = turn.used.as_secs_f64() * 1e6 / (slices * PASS.slice) as f64;
        eprintln!("{:>6} routes {cpu:8.1} µs a request", turn.series.routes);
        turn.series.cpu_us.push(cpu);
        let memory = cpu::memory(turn.running.process.id())?;
        turn.series.resident_mb.push(memory.resident as f64 / 1e6);
    }
    Ok(())
}

/// Starts a gateway of so many routes.
async fn start(root: &Path, routes: usize, upstreams: &Upstreams) -> anyhow::Result<Running> {
    let (listen, admin) = free_addresses().await?;
    let program = std::env::current_exe().context("the harness doesn't know its own path")?;
    let mut command = Command::new(program);
    command
        .env_clear()
        .env(HOW_MANY, routes.to_string())
        .env("CATALOG_URL", format!("http://{}", upstreams.catalog))
        .env("BFF_LISTEN", listen.to_string())
        .env("BFF_ADMIN_LISTEN", admin.to_string())
        .env("BFF_LOG", "info,access=off");
    let log = root.join("target/bench/routes.log");
    launch(command, listen, &log).await
}

/// As many questions for each number of routes, all over the table.
fn asked(routes: usize) -> Rc<[Question]> {
    let question = |number| {
        let product = data::product(number);
        let route = number * 7_919 % routes;
        let path = format!("/shelf-{route}/{}/whole", product.sku);
        Question::get(path, 0, json!(product), 0)
    };
    (0..PRODUCTS).map(question).collect()
}

fn page(all: &[Series], machine: &Machine, settings: &Settings) -> String {
    let mut page = format!(
        "# routes\n\n`cargo run --release -p bff-bench -- routes`\n\n{machine}\n\n\
         One upstream answer of 2 kB, streamed by a route of its own; requests go all over the routes. The gateway is interpreted from \
         its spec, not compiled: the tables are the same, in memory of its own. Medians of {rounds} rounds, with the \
         least and the most. What routing alone takes, in instructions, is in `bench/counts.json`.\n\n\
         | routes | CPU a request, µs | resident, MB |\n| --- | --- | --- |\n",
        machine = machine.text(),
        rounds = settings.rounds,
    );
    for one in all {
        page.push_str(&format!(
            "| {} | {} | {} |\n",
            one.routes,
            Spread::of(one.cpu_us.iter().copied()).text(1),
            Spread::of(one.resident_mb.iter().copied()).text(1),
        ));
    }
    if let [few, .., many] = all {
        let pairs = many.cpu_us.iter().zip(&few.cpu_us);
        let ratio = Spread::of(pairs.map(|(many, few)| many / few));
        let verdict = if ratio.median <= TARGET {
            "held"
        } else {
            "missed"
        };
        page.push_str(&format!(
            "\nCPU of a request with {} routes to that with {}, round by round: {}. The target, at most {TARGET}, is {verdict}.\n",
            many.routes,
            few.routes,
            ratio.text(3),
        ));
    }
    page
}

/// If this process is to be a gateway, serves it until it is told to stop.
pub(crate) fn serve() -> Option<anyhow::Result<ExitCode>> {
    let routes = std::env::var(HOW_MANY).ok()?.parse().ok()?;
    Some(serve_so_many(routes))
}

fn serve_so_many(routes: usize) -> anyhow::Result<ExitCode> {
    let checked = bff_spec::check(&Files(spec(routes)), SPEC);
    let Some(model) = checked.model else {
        let found: Vec<_> = checked
            .diagnostics
            .iter()
            .map(|one| one.message.as_str())
            .collect();
        bail!("the spec has errors: {}", found.join("; "));
    };
    ensure!(
        model.endpoints.len() == routes,
        "there are {} endpoints",
        model.endpoints.len()
    );
    Ok(bff_runtime::main(bff_codegen::interpret::interpret(&model)))
}

fn spec(routes: usize) -> String {
    let mut text = String::from(
        "bff: routes\nupstreams:\n  catalog: { contract: catalog.yaml, url: \"${CATALOG_URL}\" }\n\
         defaults: { auth: none }\nendpoints:\n",
    );
    for route in 0..routes {
        // Writing to a text can't fail.
        let _ = writeln!(
            text,
            "  GET /shelf-{route}/{{sku}}/whole: {{ proxy: catalog.getProduct(sku = path.sku) }}"
        );
    }
    text
}

/// The spec, and the contract beside it.
struct Files(String);

impl SourceLoader for Files {
    fn read(&self, path: &str) -> Result<String, String> {
        match path {
            SPEC => Ok(self.0.clone()),
            "specs/catalog.yaml" => Ok(CATALOG.to_owned()),
            other => Err(format!("there is no {other}")),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_spec_with_many_routes_is_right() {
        let checked = bff_spec::check(&Files(spec(10)), SPEC);
        assert_eq!(checked.model.unwrap().endpoints.len(), 10);
    }
}
