//! How many instructions a contender executes for a request, outside the kernel: counted one by one by valgrind.
//!
//! Slow, but the same on a busy machine as on an idle one, so that small changes show. What the kernel does is not in it.

use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};

use crate::contender::Ready;
use crate::load::Load;
use crate::upstream::Upstreams;
use crate::workload::Workload;

/// Requests whose instructions count.
const REQUESTS: u64 = 1_000;
/// Requests before them. A run that ends here is subtracted from one that goes on, and with it the start.
const WARM_UP: u64 = 200;
/// Connections: with one, what happens at once is always the same.
const CONNECTIONS: usize = 1;
/// No gateway answers with fewer.
const LEAST: f64 = 1_000.0;

/// Instructions for one request.
///
/// # Errors
/// If valgrind isn't there, or the contender doesn't do its work under it.
pub(crate) async fn count(
    ready: &Ready,
    root: &Path,
    workload: &Workload,
    upstreams: &Upstreams,
) -> anyhow::Result<f64> {
    // A long answer is a thousand short ones.
    let requests = if workload.slice < 100 { 10 } else { REQUESTS };
    let start = total(ready, root, upstreams, WARM_UP.min(requests)).await?;
    let whole = total(ready, root, upstreams, WARM_UP.min(requests) + requests).await?;
    let count = whole.saturating_sub(start) as f64 / requests as f64;
    // Of a program that leaves its work to others, only its own start is seen.
    ensure!(
        count >= LEAST,
        "its work is done by processes that valgrind doesn't count"
    );
    Ok(count)
}

async fn total(
    ready: &Ready,
    root: &Path,
    upstreams: &Upstreams,
    requests: u64,
) -> anyhow::Result<u64> {
    let out = root.join("target/bench").join(ready.contender.name);
    let out = out.with_extension("callgrind");
    let file = format!("--callgrind-out-file={}", out.display());
    let under = ["valgrind", "--quiet", "--tool=callgrind", &file];
    let mut running = ready.start_under(&under, upstreams).await?;
    let questions = ready.questions(upstreams);
    let mut load = Load::connect(running.address, &questions, CONNECTIONS).await?;
    load.drive(requests).await?;
    drop(load);
    running.process.terminate().await?;
    read(&out)
}

/// The sum in a file of callgrind's.
pub(crate) fn read(out: &Path) -> anyhow::Result<u64> {
    let text = fs::read_to_string(out).with_context(|| format!("no {}", out.display()))?;
    let line = text.lines().find_map(|line| {
        let totals = line.strip_prefix("totals:");
        totals.or_else(|| line.strip_prefix("summary:"))
    });
    let count = line.context("valgrind counted nothing")?.trim().parse();
    count.context("valgrind counted nothing")
}
