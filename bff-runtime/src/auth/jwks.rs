//! An issuer's keys: fetched when first needed, kept fresh, and kept on while the issuer can't be reached.
//!
//! In: where they are. Out: the set as it is now, or a newer one on demand. One fetch at a time, and no more than a
//! budget of them, however many tokens name keys nobody knows. A fetch is nobody's: who waits may go.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::key::Key;
use super::token::object;
use crate::upstream::chain;

/// How many fetches may follow each other at once, so that a new key is had when it is first seen.
const BUDGET: u32 = 4;
/// How long it takes to win one of them back.
const REFILL: Duration = Duration::from_secs(2);
/// When a set is fetched again although nothing asks for it.
const FRESH: Duration = Duration::from_secs(5 * 60);
/// The same, after a fetch that failed.
const RETRY: Duration = Duration::from_secs(30);
/// For one document, from connection to last byte.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// For a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Bytes of one document.
const LARGEST: usize = 1 << 20;
/// Keys of one set.
const MOST_KEYS: usize = 100;

/// Where keys are.
#[derive(Debug)]
pub(crate) enum Place {
    /// Named by this issuer's discovery document (OpenID Connect Discovery 1.0).
    Issuer(String),
    /// Here.
    Url(String),
}

/// Keys, and which generation of them they are.
#[derive(Debug, Default)]
pub(crate) struct KeySet {
    pub(crate) keys: Vec<Key>,
    /// Differs between sets that differ. 0: none was had yet.
    pub(crate) generation: u64,
}

/// An issuer's keys.
#[derive(Debug)]
pub(crate) struct Jwks {
    place: Place,
    client: reqwest::Client,
    current: RwLock<Arc<KeySet>>,
    /// Held by who fetches.
    fetching: Mutex<Attempt>,
    refreshing: AtomicBool,
    started: Instant,
    /// When the next fetch is due that nothing asks for, in milliseconds since `started`.
    due: AtomicU64,
}

#[derive(Debug)]
struct Attempt {
    last: Option<(Instant, Result<(), String>)>,
    /// Fetches left, and since when one more has been due.
    budget: u32,
    since: Instant,
    /// The document the current set was read from.
    document: Vec<u8>,
}

impl Jwks {
    /// Nothing is fetched yet.
    ///
    /// # Errors
    /// In words, if no HTTP client can be made.
    pub(crate) fn new(place: Place) -> Result<Arc<Jwks>, String> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(FETCH_TIMEOUT)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Arc::new(Jwks {
            place,
            client,
            current: RwLock::default(),
            fetching: Mutex::new(Attempt {
                last: None,
                budget: BUDGET,
                since: Instant::now(),
                document: Vec::new(),
            }),
            refreshing: AtomicBool::new(false),
            started: Instant::now(),
            due: AtomicU64::new(0),
        }))
    }

    /// The keys as they are known now; an old set is fetched again in the background.
    pub(crate) fn current(self: &Arc<Jwks>) -> Arc<KeySet> {
        let set = self.known();
        if set.generation > 0 && self.is_due() && !self.refreshing.swap(true, Ordering::AcqRel) {
            self.refresh();
        }
        set
    }

    /// Fetches in the background.
    pub(crate) fn refresh(self: &Arc<Jwks>) {
        let this = Arc::clone(self);
        tokio::spawn(async move {
            let known = this.known().generation;
            if let Err(cause) = this.fetch_once(known).await {
                tracing::warn!(
                    cause,
                    "the keys that verify tokens can't be fetched; those known stay in use"
                );
            }
            this.refreshing.store(false, Ordering::Release);
        });
    }

    /// The keys after a fetch that gave others than those `known`, or began no earlier than this call; after the last one
    /// if the budget is used up.
    ///
    /// # Errors
    /// In words for the log, if that fetch failed.
    pub(crate) async fn newer(self: &Arc<Jwks>, known: u64) -> Result<Arc<KeySet>, String> {
        let this = Arc::clone(self);
        let fetch = tokio::spawn(async move { this.fetch_once(known).await });
        fetch.await.map_err(|error| error.to_string())??;
        Ok(self.known())
    }

    fn is_due(&self) -> bool {
        millis(self.started.elapsed()) >= self.due.load(Ordering::Relaxed)
    }

    fn known(&self) -> Arc<KeySet> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    async fn fetch_once(&self, known: u64) -> Result<(), String> {
        let asked = Instant::now();
        let mut attempt = self.fetching.lock().await;
        if self.known().generation != known {
            return Ok(());
        }
        if let Some((at, result)) = attempt.last.clone()
            && (at >= asked || !attempt.take_one())
        {
            return result;
        }
        let at = Instant::now();
        let fetched = self.fetch().await;
        let result = match fetched {
            Ok(document) => self.take(document, &mut attempt),
            Err(cause) => Err(cause),
        };
        attempt.last = Some((at, result.clone()));
        let due = self.started.elapsed() + if result.is_ok() { FRESH } else { RETRY };
        self.due.store(millis(due), Ordering::Relaxed);
        result
    }

    fn take(&self, document: Vec<u8>, attempt: &mut Attempt) -> Result<(), String> {
        if attempt.document == document {
            return Ok(());
        }
        let keys = read(&document)?;
        attempt.document = document;
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let generation = current.generation + 1;
        *current = Arc::new(KeySet { keys, generation });
        tracing::info!(
            keys = current.keys.len(),
            "fetched the keys that verify tokens"
        );
        Ok(())
    }

    async fn fetch(&self) -> Result<Vec<u8>, String> {
        #[derive(Deserialize)]
        struct Discovery {
            issuer: String,
            jwks_uri: String,
        }
        let url = match &self.place {
            Place::Url(url) => url.clone(),
            Place::Issuer(issuer) => {
                let url = format!(
                    "{}/.well-known/openid-configuration",
                    issuer.trim_end_matches('/')
                );
                let document = self.get(&url).await?;
                let discovery: Discovery = object(&document)
                    .ok_or_else(|| format!("{url}: it is no discovery document"))?;
                if discovery.issuer != *issuer {
                    return Err(format!("{url}: it is the document of another issuer"));
                }
                discovery.jwks_uri
            }
        };
        self.get(&url).await
    }

    async fn get(&self, url: &str) -> Result<Vec<u8>, String> {
        let say = |error: reqwest::Error| format!("{url}: {}", chain(&error.without_url()));
        let mut response = self
            .client
            .get(url)
            .header("accept", "application/json")
            .send()
            .await
            .map_err(say)?;
        if response.status() != http::StatusCode::OK {
            return Err(format!("{url}: answered {}", response.status()));
        }
        let mut document = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(say)? {
            document.extend_from_slice(&chunk);
            if document.len() > LARGEST {
                return Err(format!("{url}: the document is too large"));
            }
        }
        Ok(document)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Attempt {
    /// Takes a fetch out of the budget, if one is left.
    fn take_one(&mut self) -> bool {
        while self.budget < BUDGET && self.since.elapsed() >= REFILL {
            self.budget += 1;
            self.since += REFILL;
        }
        if self.budget == BUDGET {
            self.since = Instant::now();
        }
        let allowed = self.budget > 0;
        self.budget = self.budget.saturating_sub(1);
        allowed
    }
}

/// The usable keys of a set (RFC 7517, 5); the others are left out with a warning each.
pub(crate) fn read(document: &[u8]) -> Result<Vec<Key>, String> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<serde_json::Value>,
    }
    let set: Set = object(document).ok_or("the document is no set of keys")?;
    let mut keys: Vec<Key> = Vec::new();
    for jwk in set.keys.iter().take(MOST_KEYS) {
        match Key::from_jwk(jwk) {
            Ok(key) => keys.push(key),
            Err(reason) => tracing::warn!(
                kid = jwk.get("kid").and_then(serde_json::Value::as_str),
                reason,
                "a key of a set is left out"
            ),
        }
    }
    let doubtful: Vec<bool> = keys
        .iter()
        .enumerate()
        .map(|(at, key)| {
            keys.iter()
                .enumerate()
                .any(|(other, twin)| at != other && key.is_confusable_with(twin))
        })
        .collect();
    let mut doubtful = doubtful.into_iter();
    keys.retain(|key| {
        let keep = !doubtful.next().unwrap_or_default();
        if !keep {
            tracing::warn!(
                ?key,
                "a key of a set is left out: another goes by the same `kid`"
            );
        }
        keep
    });
    Ok(keys)
}
