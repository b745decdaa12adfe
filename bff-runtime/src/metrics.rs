//! What is counted, and its text for Prometheus.
//!
//! Labels are names of the spec alone: routes, upstreams, outcomes, places in contracts. So there are as many series as
//! the spec has names, whatever clients and upstreams send.

mod process;
mod text;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use http::StatusCode;

use crate::plan::Bff;
use text::head;

/// Statuses that are counted one by one; others count for their hundred.
const STATUSES: [u16; 23] = [
    200, 201, 202, 204, 206, 304, 400, 401, 403, 404, 405, 408, 409, 412, 413, 415, 422, 429, 499,
    500, 502, 503, 504,
];
const HUNDREDS: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
const SERIES: usize = STATUSES.len() + HUNDREDS.len();

/// Upper bounds of the duration histogram's buckets, in microseconds.
const BUCKETS: [u64; 11] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000,
];

/// How a call of an upstream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// With a 2xx answer that could be read.
    Ok,
    /// With another status.
    Status,
    /// Out of time.
    Timeout,
    /// No connection could be made.
    Connect,
    /// The connection broke before the answer was whole.
    Broken,
    /// An answer that is not what the contract says, or too large.
    Invalid,
}

const OUTCOMES: [(Outcome, &str); 6] = [
    (Outcome::Ok, "ok"),
    (Outcome::Status, "status"),
    (Outcome::Timeout, "timeout"),
    (Outcome::Connect, "connect"),
    (Outcome::Broken, "broken"),
    (Outcome::Invalid, "invalid"),
];

/// All counters of a gateway.
#[derive(Debug)]
pub(crate) struct Metrics {
    name: &'static str,
    started: SystemTime,
    in_flight: AtomicI64,
    /// The first is for requests without a route.
    routes: Vec<RouteCounters>,
    /// By place in the table of routes: where its counters are. Endpoints chosen by a condition share them.
    places: Vec<usize>,
    upstreams: Vec<UpstreamCounters>,
    /// By upstream and place in its contract; both come from the tables.
    breaches: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
}

#[derive(Debug)]
struct RouteCounters {
    method: &'static str,
    pattern: &'static str,
    statuses: [AtomicU64; SERIES],
    took: Histogram,
    partial: AtomicU64,
}

#[derive(Debug)]
struct UpstreamCounters {
    name: &'static str,
    outcomes: [AtomicU64; OUTCOMES.len()],
    /// Attempts that followed another, and those the budget was too small for.
    retries: [AtomicU64; 2],
    took: Histogram,
}

/// How long things took; what took longer than all bounds is in the last bucket.
#[derive(Debug, Default)]
struct Histogram {
    buckets: [AtomicU64; BUCKETS.len() + 1],
    micros: AtomicU64,
}

impl Histogram {
    fn count(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let at = BUCKETS.partition_point(|bound| *bound < micros);
        if let Some(bucket) = self.buckets.get(at) {
            bucket.fetch_add(1, Relaxed);
        }
        self.micros.fetch_add(micros, Relaxed);
    }
}

impl RouteCounters {
    fn new(method: &'static str, pattern: &'static str) -> RouteCounters {
        RouteCounters {
            method,
            pattern,
            statuses: std::array::from_fn(|_| AtomicU64::new(0)),
            took: Histogram::default(),
            partial: AtomicU64::new(0),
        }
    }
}

impl Metrics {
    /// All at zero.
    pub(crate) fn new(bff: &'static Bff) -> Metrics {
        let mut routes = vec![RouteCounters::new("", "")];
        let mut known: HashMap<(&str, &str), usize> = HashMap::new();
        let mut places = Vec::with_capacity(bff.routes.len());
        for route in bff.routes {
            let method = route.method.unwrap_or("ANY");
            let place = *known.entry((method, route.pattern)).or_insert(routes.len());
            if place == routes.len() {
                routes.push(RouteCounters::new(method, route.pattern));
            }
            places.push(place);
        }
        let upstreams = bff.upstreams.iter().map(|upstream| UpstreamCounters {
            name: upstream.name,
            outcomes: Default::default(),
            retries: Default::default(),
            took: Histogram::default(),
        });
        Metrics {
            name: bff.name,
            started: SystemTime::now(),
            in_flight: AtomicI64::new(0),
            routes,
            places,
            upstreams: upstreams.collect(),
            breaches: Mutex::new(BTreeMap::new()),
        }
    }

    /// Counts a request until it is answered.
    pub(crate) fn arrived(&self) {
        self.in_flight.fetch_add(1, Relaxed);
    }

    /// Counts an answer to a request that arrived.
    pub(crate) fn answered(
        &self,
        route: Option<usize>,
        status: StatusCode,
        took: Duration,
        partial: bool,
    ) {
        self.in_flight.fetch_sub(1, Relaxed);
        let place = route
            .and_then(|at| self.places.get(at))
            .copied()
            .unwrap_or(0);
        let Some(counters) = self.routes.get(place) else {
            return;
        };
        let code = status.as_u16();
        let series = STATUSES.iter().position(|known| *known == code);
        let series = series.unwrap_or(
            STATUSES.len()
                + usize::from(code / 100)
                    .saturating_sub(1)
                    .min(HUNDREDS.len() - 1),
        );
        if let Some(count) = counters.statuses.get(series) {
            count.fetch_add(1, Relaxed);
        }
        counters.took.count(took);
        if partial {
            counters.partial.fetch_add(1, Relaxed);
        }
    }

    /// Counts a call, by the upstream's place in the table.
    pub(crate) fn called(&self, upstream: usize, outcome: Outcome) {
        let at = OUTCOMES.iter().position(|(known, _)| *known == outcome);
        if let Some(count) = self
            .upstreams
            .get(upstream)
            .zip(at)
            .and_then(|(upstream, at)| upstream.outcomes.get(at))
        {
            count.fetch_add(1, Relaxed);
        }
    }

    /// Counts how long a call took, however it ended.
    pub(crate) fn took(&self, upstream: usize, took: Duration) {
        if let Some(upstream) = self.upstreams.get(upstream) {
            upstream.took.count(took);
        }
    }

    /// Counts an attempt of a call that followed another (`made`), or that the budget was too small for.
    pub(crate) fn retried(&self, upstream: usize, made: bool) {
        if let Some(upstream) = self.upstreams.get(upstream) {
            let [sent, refused] = &upstream.retries;
            let count = if made { sent } else { refused };
            count.fetch_add(1, Relaxed);
        }
    }

    /// Counts a breach of contract; logs the first and then each time the count has doubled.
    pub(crate) fn breached(&self, upstream: &'static str, at: &'static str) {
        let mut breaches = self.breaches.lock().unwrap_or_else(PoisonError::into_inner);
        let count = breaches.entry((upstream, at)).or_default();
        *count += 1;
        let count = *count;
        drop(breaches);
        if count.is_power_of_two() {
            tracing::warn!(
                upstream,
                at,
                count,
                "an upstream's answer is not what its contract says"
            );
        }
    }

    /// The text of all counters.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        // Writing to memory doesn't fail.
        let _ = text::write(self, &mut out);
        out
    }
}
