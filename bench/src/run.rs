//! A comparison: rounds, and in each every contender, started afresh, warmed up, driven, read off and stopped.
//!
//! Every second round goes through the contenders backwards, so that what drifts in the machine meets all alike.

use std::path::Path;
use std::rc::Rc;

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use clap::Args;
use http::{Request, header};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::net::TcpStream;

use crate::contender::{self, Contender, Ready};
use crate::cpu;
use crate::load::Load;
use crate::upstream::{COUNT, Upstreams};
use crate::workload::{Question, Workload};

/// How much is done.
#[derive(Args, Serialize)]
pub(crate) struct Settings {
    /// Rounds; in each, every contender runs once
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,
    /// Requests a contender answers in a round [default: the workload's]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) requests: Option<u64>,
    /// Requests before those, which don't count
    #[arg(long, default_value_t = 3_000)]
    pub(crate) warm_up: u64,
    /// Connections, each with one request at a time
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) connections: u16,
    /// The cargo profile that contenders are built with
    #[arg(long, default_value = "dist")]
    pub(crate) profile: String,
    /// Only these contenders
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Vec<String>,
}

/// What came out.
pub(crate) struct Measured {
    /// Each contender that ran, and what it did in each round.
    pub(crate) series: Vec<Series>,
    /// Each that didn't, and why.
    pub(crate) left_out: Vec<(&'static Contender, String)>,
    /// Bytes the upstreams send for one request.
    pub(crate) bytes_in: usize,
}

/// What one contender did.
pub(crate) struct Series {
    /// Which.
    pub(crate) contender: &'static Contender,
    /// In each round.
    pub(crate) rounds: Vec<Round>,
}

/// What one contender did in one round.
#[derive(Serialize)]
pub(crate) struct Round {
    /// CPU time of its process for one request, in microseconds.
    pub(crate) cpu_us: f64,
    /// How much of that was the kernel's, as a share.
    pub(crate) kernel_share: f64,
    /// Resident memory when all was answered, in bytes.
    pub(crate) resident: u64,
    /// The most there has been.
    pub(crate) peak: u64,
    /// Answers in a second, with everything on this machine.
    pub(crate) per_second: f64,
    /// Bytes of an answer.
    pub(crate) bytes_out: usize,
}

/// Compares the contenders on a workload.
pub(crate) async fn run(
    root: &Path,
    workload: &Workload,
    settings: &Settings,
) -> anyhow::Result<Measured> {
    let (ready, left_out) = build(root, settings)?;
    let questions: Rc<[Question]> = (workload.questions)().into();
    let upstreams = Upstreams::start()?;
    let mut series: Vec<Series> = ready
        .iter()
        .map(|ready| Series {
            contender: ready.contender,
            rounds: Vec::new(),
        })
        .collect();
    for number in 0..settings.rounds {
        let mut turns: Vec<_> = ready.iter().zip(&mut series).collect();
        if number % 2 == 1 {
            turns.reverse();
        }
        for (ready, series) in turns {
            let name = ready.contender.name;
            let round = round(ready, workload, settings, &questions, &upstreams)
                .await
                .with_context(|| format!("{name}, round {}", number + 1))?;
            eprintln!(
                "round {} {name:>8} {:8.1} µs a request",
                number + 1,
                round.cpu_us
            );
            series.rounds.push(round);
        }
    }
    let sizes = questions.iter().map(|question| question.bytes_in);
    Ok(Measured {
        series,
        left_out,
        bytes_in: sizes.sum::<usize>() / questions.len().max(1),
    })
}

type Built = (Vec<Ready>, Vec<(&'static Contender, String)>);

/// Builds what is asked for. What can't be had is said, and left out.
fn build(root: &Path, settings: &Settings) -> anyhow::Result<Built> {
    if let Some(unknown) = settings
        .only
        .iter()
        .find(|name| contender::ALL.iter().all(|one| one.name != **name))
    {
        let names: Vec<_> = contender::ALL.iter().map(|one| one.name).collect();
        bail!(
            "no contender is called {unknown}: there are {}",
            names.join(", ")
        );
    }
    let (mut ready, mut left_out) = (Vec::new(), Vec::new());
    for contender in &contender::ALL {
        if !settings.only.is_empty() && !settings.only.iter().any(|name| name == contender.name) {
            continue;
        }
        eprintln!("building {}: {}", contender.name, contender.about);
        match contender.build(root, &settings.profile) {
            Ok(built) => ready.push(built),
            Err(error) => {
                eprintln!("left out {}: {error:#}", contender.name);
                left_out.push((contender, format!("{error:#}")));
            }
        }
    }
    ensure!(!ready.is_empty(), "there is nothing to measure");
    Ok((ready, left_out))
}

async fn round(
    ready: &Ready,
    workload: &Workload,
    settings: &Settings,
    questions: &Rc<[Question]>,
    upstreams: &Upstreams,
) -> anyhow::Result<Round> {
    let requests = settings.requests.unwrap_or(workload.requests);
    let running = ready.start(upstreams).await?;
    let mut load = Load::connect(running.address, questions, settings.connections.into()).await?;
    load.drive(settings.warm_up).await?;

    let (calls_before, before) = (calls(upstreams).await?, cpu::usage(running.process.id())?);
    let elapsed = load.drive(requests).await?;
    let (after, calls_after) = (cpu::usage(running.process.id())?, calls(upstreams).await?);

    let made = calls_after - calls_before;
    let due = requests * workload.calls;
    ensure!(
        made == due,
        "it made {made} upstream calls for {requests} requests, not {due}"
    );
    let memory = cpu::memory(running.process.id())?;
    drop(running);

    let spent = after.total.saturating_sub(before.total);
    let (user, system) = (after.user - before.user, after.system - before.system);
    Ok(Round {
        cpu_us: spent.as_secs_f64() * 1e6 / requests as f64,
        kernel_share: system as f64 / (user + system).max(1) as f64,
        resident: memory.resident,
        peak: memory.peak,
        per_second: requests as f64 / elapsed.as_secs_f64(),
        bytes_out: load.bytes_out(),
    })
}

/// How many calls the upstreams have answered.
async fn calls(upstreams: &Upstreams) -> anyhow::Result<u64> {
    let mut sum = 0;
    for address in [&upstreams.users, &upstreams.orders, &upstreams.catalog] {
        let stream = TcpStream::connect(address).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::task::spawn_local(connection);
        let request = Request::get(COUNT)
            .header(header::HOST, address)
            .body(Empty::<Bytes>::new())?;
        let body = sender
            .send_request(request)
            .await?
            .into_body()
            .collect()
            .await?
            .to_bytes();
        sum += std::str::from_utf8(&body)?.parse::<u64>()?;
    }
    Ok(sum)
}
