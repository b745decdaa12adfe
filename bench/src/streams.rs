//! Long bodies both ways and a long stream of events, through a gateway whose memory is watched meanwhile.
//!
//! It fails where a byte isn't in its place, an event isn't in its turn, or memory grows with what has passed.

use std::cell::Cell;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use bytes::{Buf, BytesMut};
use clap::Args;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, interval};

use crate::contender::free_addresses;
use crate::through::{self, Gateway};
use crate::{cpu, origin};

/// How much memory may grow by from a tenth of the way on: buffers of connections, and what an allocator keeps.
const SLACK: u64 = 16 << 20;
/// How many figures are shown of each way.
const SHOWN: u64 = 10;

/// How much passes.
#[derive(Args)]
pub(crate) struct Settings {
    #[command(flatten)]
    gateway: through::Source,
    /// Bytes of the upload, and of the download, in units of a thousand million
    #[arg(long, default_value_t = 2)]
    gigabytes: u64,
    /// Events, one each millisecond: an hour of ten events a second
    #[arg(long, default_value_t = 36_000)]
    events: u64,
}

/// Passes all of it, and prints what memory the gateway had on the way.
pub(crate) async fn run(root: &Path, settings: &Settings) -> anyhow::Result<()> {
    let gateway = Gateway::ready(root, &settings.gateway)?;
    let origin = origin::start().await?;
    let (address, admin) = free_addresses().await?;
    let process = gateway
        .start("streams", address, admin, origin, &[("BFF_LOG", "warn")])
        .await?;
    println!("| what passes | so far | seconds | resident, MB |\n| --- | --- | --- | --- |");
    let bytes = settings.gigabytes * 1_000_000_000;
    let watch = Watch {
        process: process.id(),
    };
    let passed = Cell::new(0);
    let upload = upload(address, bytes, &passed);
    watch
        .over("upload", "bytes", bytes, &passed, upload)
        .await?;
    let passed = Cell::new(0);
    let download = download(address, bytes, &passed);
    watch
        .over("download", "bytes", bytes, &passed, download)
        .await?;
    let passed = Cell::new(0);
    let events = events(address, settings.events, &passed);
    watch
        .over("events", "events", settings.events, &passed, events)
        .await?;
    let peak = cpu::memory(process.id())?.peak as f64 / 1e6;
    println!("\nThe most that was ever resident: {peak:.1} MB.");
    Ok(())
}

struct Watch {
    process: u32,
}

impl Watch {
    /// Looks at the gateway's memory while something passes; fails if it grows with that.
    async fn over(
        &self,
        what: &str,
        unit: &str,
        all: u64,
        passed: &Cell<u64>,
        work: impl Future<Output = anyhow::Result<()>>,
    ) -> anyhow::Result<()> {
        let started = Instant::now();
        let mut tick = interval(Duration::from_millis(10));
        let mut next = 0;
        let (mut first, mut most) = (None, 0);
        let mut work = std::pin::pin!(work);
        loop {
            let ended = tokio::select! {
                ended = &mut work => Some(ended),
                _ = tick.tick() => None,
            };
            let resident = cpu::memory(self.process)?.resident;
            if passed.get() * SHOWN >= next * all {
                let (passed, seconds) = (passed.get(), started.elapsed().as_secs_f64());
                println!(
                    "| {what} | {passed} {unit} | {seconds:.1} | {:.1} |",
                    resident as f64 / 1e6
                );
                next = passed * SHOWN / all.max(1) + 1;
            }
            if passed.get() * SHOWN >= all {
                most = most.max(resident);
                first.get_or_insert(resident);
            }
            if let Some(ended) = ended {
                ended.with_context(|| format!("{what}, after {} {unit}", passed.get()))?;
                break;
            }
        }
        let first = first.context("nothing passed")?;
        ensure!(
            most <= first + SLACK,
            "memory grew from {first} to {most} bytes while {what} passed"
        );
        Ok(())
    }
}

async fn upload(gateway: SocketAddr, bytes: u64, passed: &Cell<u64>) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(gateway).await?;
    let head = format!(
        "POST /through/upload HTTP/1.1\r\nhost: a\r\ncontent-length: {bytes}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let piece = origin::piece();
    while passed.get() < bytes {
        let left = usize::try_from(bytes - passed.get()).unwrap_or(usize::MAX);
        let part = piece.get(..left.min(piece.len())).unwrap_or_default();
        stream.write_all(part).await?;
        passed.set(passed.get() + part.len() as u64);
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let right =
        answer.starts_with("HTTP/1.1 200 ") && answer.ends_with(&format!("\r\n\r\n{bytes}"));
    ensure!(right, "the upstream got something else: {answer}");
    Ok(())
}

async fn download(gateway: SocketAddr, bytes: u64, passed: &Cell<u64>) -> anyhow::Result<()> {
    let mut answer = ask(gateway, &format!("/through/download/{bytes}")).await?;
    let piece = origin::piece();
    loop {
        let there = &answer.buffer;
        ensure!(
            origin::is_in_place(there, passed.get(), &piece),
            "another byte than was sent"
        );
        passed.set(passed.get() + there.len() as u64);
        answer.buffer.clear();
        if answer.more().await? == 0 {
            break;
        }
    }
    ensure!(passed.get() == bytes, "it ended too early");
    Ok(())
}

async fn events(gateway: SocketAddr, events: u64, passed: &Cell<u64>) -> anyhow::Result<()> {
    let mut answer = ask(gateway, &format!("/through/events/{events}")).await?;
    // The frames of chunks lie between: each event is a chunk of its own.
    while passed.get() < events {
        let event = origin::event(passed.get());
        let chunk = format!("{:X}\r\n{event}\r\n", event.len()).to_ascii_lowercase();
        while answer.buffer.len() < chunk.len() {
            ensure!(answer.more().await? > 0, "it ended too early");
        }
        let there = answer.buffer.get(..chunk.len()).unwrap_or_default();
        ensure!(
            there.eq_ignore_ascii_case(chunk.as_bytes()),
            "another event than was sent: {}",
            String::from_utf8_lossy(there)
        );
        answer.buffer.advance(chunk.len());
        passed.set(passed.get() + 1);
    }
    while answer.more().await? > 0 {}
    ensure!(
        answer.buffer.starts_with(b"0\r\n"),
        "it doesn't end in order"
    );
    Ok(())
}

/// An answer whose head was read.
struct Answer {
    stream: TcpStream,
    buffer: BytesMut,
}

async fn ask(gateway: SocketAddr, target: &str) -> anyhow::Result<Answer> {
    let mut stream = TcpStream::connect(gateway).await?;
    let head = format!("GET {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    let mut answer = Answer {
        stream,
        buffer: BytesMut::with_capacity(1 << 18),
    };
    loop {
        ensure!(answer.more().await? > 0, "there is no answer");
        let end = answer
            .buffer
            .windows(4)
            .position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = answer.buffer.split_to(end + 4);
            let head = String::from_utf8_lossy(&head);
            ensure!(head.starts_with("HTTP/1.1 200 "), "{head}");
            return Ok(answer);
        }
    }
}

impl Answer {
    async fn more(&mut self) -> std::io::Result<usize> {
        self.buffer.reserve(1 << 16);
        self.stream.read_buf(&mut self.buffer).await
    }
}
