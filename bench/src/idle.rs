//! What a contender takes before anything is asked of it: its program, its start, its memory.

use std::fs;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::json;
use tokio::time::sleep;

use crate::cpu;
use crate::load::Load;
use crate::machine::Machine;
use crate::run::{self, Settings};
use crate::upstream::Upstreams;
use crate::workload::{Question, SCREEN};

/// How long it is left alone before its memory is looked at.
const QUIET: Duration = Duration::from_millis(500);

/// Starts every contender of the screen as often as there are rounds, and writes `bench/results/idle.*`.
pub(crate) async fn run(root: &Path, settings: &Settings) -> anyhow::Result<()> {
    let (ready, _) = run::build(root, &SCREEN, settings)?;
    let questions: Rc<[Question]> = (SCREEN.questions)().into();
    let upstreams = Upstreams::start()?;
    let mut page = String::from(
        "| contender | program, MB | start to first answer, ms | idle, MB |\n| --- | --- | --- | --- |\n",
    );
    let mut record = Vec::new();
    for ready in &ready {
        let (mut starts, mut idle) = (Vec::new(), Vec::new());
        for _ in 0..settings.rounds {
            let running = ready.start(&upstreams).await?;
            sleep(QUIET).await;
            idle.push(cpu::memory(running.process.id())?.resident as f64 / 1e6);
            drop(running);
            let began = Instant::now();
            let running = ready.start(&upstreams).await?;
            let mut load = Load::connect(running.address, &questions, 1).await?;
            load.drive(1).await?;
            starts.push(began.elapsed().as_secs_f64() * 1e3);
        }
        let program = fs::metadata(ready.program()).context("no program")?.len() as f64 / 1e6;
        let (start, idle) = (middle(starts), middle(idle));
        let name = ready.contender.name;
        page.push_str(&format!(
            "| {name} | {program:.1} | {start:.1} | {idle:.1} |\n"
        ));
        record.push(json!({
            "contender": name, "program_mb": program, "start_ms": start, "idle_mb": idle,
        }));
    }
    let machine = Machine::here(root);
    let text = format!(
        "# idle\n\n`cargo run --release -p bff-bench -- idle`\n\n{machine}\n\n\
         Medians of {rounds} starts. A start ends when the first screen is answered (the upstreams are there); it is looked for every \
         millisecond. Memory is what is resident half a second after a start, of all the contender's processes.\n\n{page}",
        machine = machine.text(),
        rounds = settings.rounds,
    );
    println!("{text}");
    if settings.are_partial() {
        return Ok(());
    }
    let record = json!({ "machine": machine, "series": record });
    fs::write(root.join("bench/results/idle.md"), text)?;
    fs::write(
        root.join("bench/results/idle.json"),
        format!("{record:#}\n"),
    )?;
    Ok(())
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
