//! Runs the cases of a file, at once, each against a gateway and upstreams of its own.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tokio::task::JoinHandle;

use super::format::{Bearer, Case, File, Step};
use super::{check, folder, format};
use crate::harness::client::{Ask, Got};
use crate::harness::issuer::{self, ES256, OTHER, RS256};
use crate::harness::script::Script;
use crate::harness::{World, audience};

/// Runs every case of `FRONTEND/NAME.md`; `shop.md` says what the upstreams answer where neither file nor case does.
pub(crate) async fn file(name: &str) {
    let (frontend, _) = name.split_once('/').unwrap();
    let File { shared, cases, .. } = format::read(&folder().join(name));
    assert!(!cases.is_empty(), "{name} has no cases");
    let scripts: Arc<[Script]> = shop().into_iter().chain(shared).collect();
    let frontend: Arc<str> = frontend.into();
    let running = cases.into_iter().map(|case| {
        let title = format!("{name}:{}: {}", case.line, case.name);
        let (frontend, scripts) = (Arc::clone(&frontend), Arc::clone(&scripts));
        let run = async move {
            let world = World::start(&frontend, &case.down).await;
            steps(world, &audience(&frontend), &scripts, case).await
        };
        (title, tokio::spawn(run))
    });
    all(running.collect()).await;
}

/// What the upstreams answer where nobody says otherwise.
pub(crate) fn shop() -> Vec<Script> {
    format::read(&folder().join("shop.md")).shared
}

/// Waits for cases, and fails with what is wrong with any of them.
pub(crate) async fn all(running: Vec<(String, JoinHandle<Vec<String>>)>) {
    let mut failed = String::new();
    for (title, case) in running {
        for wrong in case.await.unwrap_or_else(|error| vec![error.to_string()]) {
            failed.push_str(&format!("\n{title}\n    {wrong}"));
        }
    }
    assert!(failed.is_empty(), "{failed}\n");
}

/// Runs the steps of a case; what is wrong comes out.
pub(crate) async fn steps(
    world: World,
    audience: &str,
    scripts: &[Script],
    case: Case,
) -> Vec<String> {
    let hosts: Vec<String> = world.hosts().collect();
    for script in scripts
        .iter()
        .filter(|script| world.has(script.upstream) && !case.down.contains(&script.upstream))
    {
        world.script(script.clone());
    }
    let mut wrong = Vec::new();
    let mut got: Option<Got> = None;
    let mut cursor = 0;
    for step in case.steps {
        match step {
            Step::Script(script) => world.script(script),
            Step::Request(bearer, ask) => {
                got = Some(
                    world
                        .ask(&prepare(&world, audience, bearer, ask, got.as_ref()))
                        .await,
                )
            }
            Step::Answer(expected) => {
                wrong.extend(check::answer(got.as_ref().unwrap(), &expected, &hosts))
            }
            Step::Asked(expected) => {
                wrong.extend(check::asked(&world.log.since(cursor), &expected));
                cursor = world.log.len();
            }
        }
    }
    for seen in world.log.since(0).iter().filter(|seen| !seen.scripted) {
        wrong.push(format!(
            "an upstream was asked what nobody scripted: {}",
            seen.line()
        ));
    }
    wrong
}

/// A request with its token, and `{etag}` in a header replaced by that of the answer before.
fn prepare(
    world: &World,
    audience: &str,
    bearer: Bearer,
    mut ask: Ask,
    before: Option<&Got>,
) -> Ask {
    for (_, value) in ask
        .headers
        .iter_mut()
        .filter(|(_, value)| value.contains("{etag}"))
    {
        let etag = before
            .and_then(|got| got.header("etag"))
            .expect("an answer with an etag comes before");
        *value = value.replace("{etag}", etag);
    }
    if bearer.is_empty() {
        ask
    } else {
        ask.bearer(&token(world, audience, bearer))
    }
}

/// A token as a request's info line describes it.
fn token(world: &World, audience: &str, bearer: Bearer) -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let mut claims = world.issuer.claims("nobody", audience);
    let mut key = &*ES256;
    for (name, value) in bearer {
        let (name, value): (&str, Value) = match name.as_str() {
            "as" => ("sub", value.into()),
            "without" => {
                claims.remove(&value);
                continue;
            }
            "scope" => ("scope", value.replace(',', " ").into()),
            "scp" => ("scp", value.split(',').map(Value::from).collect()),
            "exp" | "nbf" => {
                let at = now.checked_add_signed(value.parse().unwrap()).unwrap();
                claims.insert(name, at.into());
                continue;
            }
            "key" => {
                key = [&*ES256, &*RS256, &*OTHER]
                    .into_iter()
                    .find(|key| key.id == value)
                    .unwrap();
                continue;
            }
            other => (
                other,
                serde_json::from_str(&value).unwrap_or_else(|_| value.into()),
            ),
        };
        claims.insert(name.to_owned(), value);
    }
    issuer::sign(&claims, key)
}
