//! Specs nobody wrote: grown from contracts by a seed, mostly right. What the checker accepts compiles and answers; what
//! it refuses, it refuses somewhere.
//!
//! `cargo test -p bff-codegen --test random` tries two hundred. For more, and others:
//!
//! ```sh
//! SPECS=5000 SEED=1000000 cargo test --release -p bff-codegen --test random -- --nocapture
//! ```
//!
//! A failure names its seed and prints the spec; `SPECS=1 SEED=…` tries it again.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod answers;
mod compile;
mod contracts;
mod dice;
mod grow;
mod wire;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bff_codegen::interpret::interpret;
use bff_runtime::{Server, Settings};
use bff_spec::Checked;
use bff_spec::codes::Code;
use bff_spec::diagnostic::{Diagnostic, Severity};
use bff_spec::source::Sources;

use contracts::{Beside, Contracts};
use dice::Dice;
use wire::Upstream;

/// How many requests each endpoint gets.
const REQUESTS: usize = 3;

fn setting(name: &str, without: u64) -> u64 {
    std::env::var(name).map_or(without, |text| text.parse().unwrap())
}

/// What became of many specs.
#[derive(Debug, Default)]
struct Tally {
    accepted: usize,
    unstarted: usize,
    refused: BTreeMap<&'static str, usize>,
    answers: BTreeMap<u16, usize>,
}

#[tokio::test]
async fn what_is_accepted_compiles_and_answers_and_what_is_refused_is_told_where() {
    let contracts = Contracts::read();
    let upstream = Upstream::start().await;
    let panics = watch_panics();
    let first = setting("SEED", 0);
    let count = setting("SPECS", 200);
    let mut tally = Tally::default();
    for seed in first..first + count {
        let spec = grow::spec(&contracts, seed);
        let tried = tokio::time::timeout(
            Duration::from_secs(60),
            attempt(&contracts, &upstream, &spec, seed, &mut tally),
        );
        let outcome = tried.await.unwrap_or_else(|_| Err("it hangs".to_owned()));
        let panicked = panics.lock().unwrap().pop();
        let outcome = panicked.map_or(outcome, Err);
        if let Err(why) = outcome {
            panic!("seed {seed}: {why}\n{spec}");
        }
    }
    println!("{tally:?}");
    let count = usize::try_from(count).unwrap();
    assert!(
        count < 50 || tally.accepted * 4 > count,
        "most specs are to be right: {tally:?}"
    );
    assert!(count < 50 || tally.accepted < count, "some are to be wrong");
    assert!(tally.unstarted * 50 <= count, "{tally:?}");
    let good = tally.answers.get(&200).copied().unwrap_or(0);
    assert!(
        count < 50 || good > tally.accepted / 4,
        "some answers are to be good: {tally:?}"
    );
}

/// Panics anywhere in this process, as they happen.
fn watch_panics() -> Arc<Mutex<Vec<String>>> {
    static SEEN: AtomicUsize = AtomicUsize::new(0);
    let panics: Arc<Mutex<Vec<String>>> = Arc::default();
    let told = Arc::clone(&panics);
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        // The test's own failure is no finding.
        let own = info
            .location()
            .is_some_and(|l| l.file().contains("tests/random"));
        if !own && SEEN.fetch_add(1, Ordering::Relaxed) < 100 {
            told.lock().unwrap().push(format!("a panic: {info}"));
        }
        before(info);
    }));
    panics
}

async fn attempt(
    contracts: &Contracts,
    upstream: &Upstream,
    spec: &str,
    seed: u64,
    tally: &mut Tally,
) -> Result<(), String> {
    let Checked {
        sources,
        diagnostics,
        model,
        ..
    } = bff_spec::check(&Beside { spec, contracts }, "spec.yaml");
    for diagnostic in &diagnostics {
        sound(diagnostic, &sources)?;
    }
    let Some(model) = model else {
        let error = diagnostics.iter().find(|d| d.severity == Severity::Error);
        let error = error.ok_or("no model, and no error")?;
        if std::env::var_os("SHOW").is_some() {
            println!(
                "{seed}: {} {} / {:?}",
                error.code.as_str(),
                error.message,
                error.help
            );
        }
        *tally.refused.entry(error.code.as_str()).or_default() += 1;
        return Ok(());
    };
    if diagnostics.iter().any(|d| d.severity == Severity::Error) {
        return Err("a model in spite of an error".to_owned());
    }
    tally.accepted += 1;
    parses(&model, &sources)?;
    let model = Arc::new(model);
    upstream.speak(&model, seed);
    let bff = interpret(&model);
    let url = format!("http://{}", upstream.addr);
    let variables = bff.variables.iter().map(|variable| {
        let is_issuer = variable.name == "ISSUER";
        let value = if is_issuer {
            "http://127.0.0.1:9"
        } else {
            &url
        };
        (variable.name.to_owned(), value.to_owned())
    });
    // A text that was damaged around a variable may hold no URL once that is read.
    let Ok(gateway) = Server::start(bff, Settings::local(variables.collect())).await else {
        tally.unstarted += 1;
        return Ok(());
    };
    let mut dice = Dice::new(seed ^ 0xa5a5);
    for endpoint in &model.endpoints {
        for _ in 0..REQUESTS {
            let request = wire::request(&model, endpoint, &mut dice);
            let got = wire::ask(gateway.addr, &request)
                .await
                .map_err(|error| format!("{error} to\n{request}"))?;
            *tally.answers.entry(got.status).or_default() += 1;
            let text = String::from_utf8_lossy(&got.body);
            if got.status == 500 {
                return Err(format!("500 to\n{request}\n{text}"));
            }
            if got.json && serde_json::from_slice::<serde_json::Value>(&got.body).is_err() {
                return Err(format!("{} and no JSON to\n{request}\n{text}", got.status));
            }
        }
    }
    gateway.shutdown().await;
    Ok(())
}

/// A finding stands in a file, and is one the checker understands.
fn sound(diagnostic: &Diagnostic, sources: &Sources) -> Result<(), String> {
    let text = || format!("{} {}", diagnostic.code.as_str(), diagnostic.message);
    if diagnostic.code == Code::Unexplained {
        return Err(text());
    }
    let places = diagnostic.related.iter().map(|r| r.place);
    let edits = diagnostic.fix.iter().map(|e| e.place);
    for place in std::iter::once(diagnostic.place).chain(places).chain(edits) {
        let file = sources.get(place.file).ok_or_else(text)?;
        if file.text.get(place.range()).is_none() {
            return Err(format!("{} at {place:?}", text()));
        }
    }
    Ok(())
}

/// Every file that is generated is what it says it is.
fn parses(model: &bff_spec::model::Model, sources: &Sources) -> Result<(), String> {
    for file in bff_codegen::generate(model, sources) {
        if file.path.ends_with(".rs")
            && let Err(error) = syn::parse_file(&file.contents)
        {
            return Err(format!("{}: {error}", file.path));
        }
    }
    Ok(())
}
