//! One pass against a tree: what trimming bodies costs.
//!
//! `cargo bench -p bff-json` prints, for each body, the time and the speed in input bytes per second of
//!
//! - `tables`: this crate, guided by constant tables (what generated gateways use),
//! - `tables, strict`: the same, with everything that is skipped checked as well,
//! - `expanded`: the same scanner, called from a function written out for this one selection,
//! - `serde typed`: structs of the wanted fields, then written again,
//! - `serde value`: a tree of everything, the wanted values moved to another, then written.
//!
//! `cargo bench -p bff-json -- tables user 500` takes one way on one body so many times, for a profiler or a count of
//! instructions.
//!
//! Every way must give the same bytes. Ways take turns within one run of many short rounds, and the
//! best round of each counts: what else the machine does can only add to it.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

mod bodies;
mod expanded;
mod records;
mod screen;
mod tables;
mod trees;

use std::hint::black_box;
use std::time::{Duration, Instant};

use bff_json::{Mode, Options};
use bytes::Bytes;

type Run<'a> = Box<dyn FnMut(&mut Vec<u8>) + 'a>;

/// One way to get the answer; it writes into a buffer that is kept.
struct Way<'a> {
    name: &'static str,
    run: Run<'a>,
}

fn way<'a>(name: &'static str, run: impl FnMut(&mut Vec<u8>) + 'a) -> Way<'a> {
    Way {
        name,
        run: Box::new(run),
    }
}

fn main() {
    // `cargo test --benches` asks for a run that only shows that it works.
    let quick = std::env::args().any(|argument| argument == "--test");
    let fast = Options::default();
    let strict = Options {
        mode: Mode::Strict,
        ..fast
    };

    let body = Bytes::from(bodies::recommendations(100));
    compare(
        "recommendations",
        body.len(),
        quick,
        vec![
            way("tables", |out| tables::recommendations(&body, &fast, out)),
            way("tables, strict", |out| {
                tables::recommendations(&body, &strict, out)
            }),
            way("expanded", |out| {
                expanded::recommendations(&body, &fast, out)
            }),
            way("serde typed", |out| {
                trees::recommendations_typed(&body, out)
            }),
            way("serde value", |out| {
                trees::recommendations_value(&body, out)
            }),
        ],
    );

    let body = Bytes::from(bodies::user());
    compare(
        "user",
        body.len(),
        quick,
        vec![
            way("tables", |out| tables::user(&body, &fast, out)),
            way("tables, strict", |out| tables::user(&body, &strict, out)),
            way("expanded", |out| expanded::user(&body, &fast, out)),
            way("serde typed", |out| trees::user_typed(&body, out)),
            way("serde value", |out| trees::user_value(&body, out)),
        ],
    );

    let lines = Bytes::from(bodies::lines(50));
    let products = Bytes::from(bodies::recommendations(50));
    compare(
        "join of 50",
        lines.len() + products.len(),
        quick,
        vec![
            way("tables", |out| tables::join(&lines, &products, &fast, out)),
            way("tables, strict", |out| {
                tables::join(&lines, &products, &strict, out)
            }),
            way("expanded", |out| {
                expanded::join(&lines, &products, &fast, out)
            }),
            way("serde typed", |out| {
                trees::join_typed(&lines, &products, out)
            }),
            way("serde value", |out| {
                trees::join_value(&lines, &products, out)
            }),
        ],
    );

    let bodies = screen::bodies();
    compare(
        "screen",
        bodies.iter().map(Bytes::len).sum(),
        quick,
        vec![
            way("tables", |out| screen::tables(&bodies, &fast, out)),
            way("tables, strict", |out| {
                screen::tables(&bodies, &strict, out)
            }),
            way("serde typed", |out| screen::typed(&bodies, out)),
        ],
    );
}

fn compare(name: &str, bytes: usize, quick: bool, mut ways: Vec<Way<'_>>) {
    // `cargo bench -p bff-json -- WAY [BODY [TIMES]]` runs only these, for a profiler.
    let mut only = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'));
    if let Some(only) = only.next() {
        ways.retain(|way| way.name == only);
    }
    if ways.is_empty() || only.next().is_some_and(|only| only != name) {
        return;
    }
    if let Some(times) = only.next() {
        let mut out = Vec::new();
        for _ in 0..times.parse().expect("a number of times") {
            out.clear();
            (ways[0].run)(&mut out);
            black_box(&out);
        }
        return;
    }
    let mut expected = Vec::new();
    (ways[0].run)(&mut expected);
    for way in &mut ways[1..] {
        let mut out = Vec::new();
        (way.run)(&mut out);
        assert_eq!(
            String::from_utf8_lossy(&out),
            String::from_utf8_lossy(&expected),
            "{name}: {} gives other bytes",
            way.name
        );
    }
    let rounds = if quick { 1 } else { 500 };
    let mut times = vec![Vec::new(); ways.len()];
    let mut out = Vec::with_capacity(expected.len() * 2);
    for _ in 0..rounds {
        for (way, times) in ways.iter_mut().zip(&mut times) {
            let span = Duration::from_millis(if quick { 0 } else { 1 });
            let (mut count, start) = (0u32, Instant::now());
            loop {
                for _ in 0..8 {
                    out.clear();
                    (way.run)(&mut out);
                    black_box(&out);
                }
                count += 8;
                if start.elapsed() >= span {
                    break;
                }
            }
            times.push(start.elapsed() / count);
        }
    }
    println!("{name}: {bytes} bytes to {}", expected.len());
    let best: Vec<f64> = times
        .iter()
        .filter_map(|times| times.iter().min())
        .map(Duration::as_secs_f64)
        .collect();
    for (way, &time) in ways.iter().zip(&best) {
        println!(
            "  {:<16} {:>9.2} µs  {:>6.2} GB/s  {:>5.2}x",
            way.name,
            time * 1e6,
            bytes as f64 / time / 1e9,
            time / best[0],
        );
    }
}
