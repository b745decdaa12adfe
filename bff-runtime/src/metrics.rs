//! What is counted, and its text for Prometheus.
//!
//! Labels are names of the spec alone: routes, upstreams, outcomes, places in contracts. So there are as many series as
//! the spec has names, whatever clients and upstreams send.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;

use crate::plan::Bff;

/// Statuses that are counted one by one; others count for their hundred.
const STATUSES: [u16; 22] = [
    200, 201, 202, 204, 206, 304, 400, 401, 403, 404, 405, 408, 409, 412, 413, 415, 422, 429, 500,
    502, 503, 504,
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
    /// The first is for requests without a route.
    routes: Vec<RouteCounters>,
    /// By place in the table of routes: where its counters are. Endpoints chosen by a condition share them.
    places: Vec<usize>,
    upstreams: Vec<(&'static str, [AtomicU64; OUTCOMES.len()])>,
    /// By upstream: attempts that followed another, and those the budget was too small for.
    retries: Vec<[AtomicU64; 2]>,
    /// By upstream and place in its contract; both come from the tables.
    breaches: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
}

#[derive(Debug)]
struct RouteCounters {
    method: &'static str,
    pattern: &'static str,
    statuses: [AtomicU64; SERIES],
    buckets: [AtomicU64; BUCKETS.len()],
    micros: AtomicU64,
    partial: AtomicU64,
}

impl RouteCounters {
    fn new(method: &'static str, pattern: &'static str) -> RouteCounters {
        let zero = |_| AtomicU64::new(0);
        RouteCounters {
            method,
            pattern,
            statuses: std::array::from_fn(zero),
            buckets: std::array::from_fn(zero),
            micros: AtomicU64::new(0),
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
        Metrics {
            routes,
            places,
            upstreams: bff
                .upstreams
                .iter()
                .map(|upstream| (upstream.name, std::array::from_fn(|_| AtomicU64::new(0))))
                .collect(),
            retries: bff.upstreams.iter().map(|_| Default::default()).collect(),
            breaches: Mutex::new(BTreeMap::new()),
        }
    }

    /// Counts an answer.
    pub(crate) fn answered(
        &self,
        route: Option<usize>,
        status: StatusCode,
        took: Duration,
        partial: bool,
    ) {
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
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if let Some(count) = counters.statuses.get(series) {
            count.fetch_add(1, Relaxed);
        }
        if let Some(bucket) = BUCKETS
            .iter()
            .position(|bound| micros <= *bound)
            .and_then(|at| counters.buckets.get(at))
        {
            bucket.fetch_add(1, Relaxed);
        }
        counters.micros.fetch_add(micros, Relaxed);
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
            .and_then(|((_, counts), at)| counts.get(at))
        {
            count.fetch_add(1, Relaxed);
        }
    }

    /// Counts an attempt of a call that followed another (`made`), or that the budget was too small for.
    pub(crate) fn retried(&self, upstream: usize, made: bool) {
        if let Some([sent, refused]) = self.retries.get(upstream) {
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
        self.write(&mut out).unwrap_or_default();
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        head(out, "bff_requests_total", "counter", "Requests answered.")?;
        for route in &self.routes {
            let labels = |at: usize| STATUSES.get(at).map(ToString::to_string);
            for (at, count) in route
                .statuses
                .iter()
                .enumerate()
                .filter(|(_, count)| count.load(Relaxed) > 0)
            {
                let hundred = at
                    .checked_sub(STATUSES.len())
                    .and_then(|at| HUNDREDS.get(at))
                    .copied();
                let status = labels(at).unwrap_or_else(|| hundred.unwrap_or_default().to_owned());
                let (route_label, count) = (route.labels(), count.load(Relaxed));
                writeln!(
                    out,
                    "bff_requests_total{{{route_label},status=\"{status}\"}} {count}"
                )?;
            }
        }
        head(
            out,
            "bff_request_duration_seconds",
            "histogram",
            "From a request's head to its answer's head.",
        )?;
        for route in &self.routes {
            let count: u64 = route.statuses.iter().map(|count| count.load(Relaxed)).sum();
            if count == 0 {
                continue;
            }
            let labels = route.labels();
            let mut below = 0;
            for (bound, bucket) in BUCKETS.iter().zip(&route.buckets) {
                below += bucket.load(Relaxed);
                let bound = seconds(*bound);
                writeln!(
                    out,
                    "bff_request_duration_seconds_bucket{{{labels},le=\"{bound}\"}} {below}"
                )?;
            }
            writeln!(
                out,
                "bff_request_duration_seconds_bucket{{{labels},le=\"+Inf\"}} {count}"
            )?;
            writeln!(
                out,
                "bff_request_duration_seconds_sum{{{labels}}} {}",
                seconds(route.micros.load(Relaxed))
            )?;
            writeln!(
                out,
                "bff_request_duration_seconds_count{{{labels}}} {count}"
            )?;
        }
        head(
            out,
            "bff_partial_total",
            "counter",
            "Answers without one of their optional calls.",
        )?;
        for route in self
            .routes
            .iter()
            .filter(|route| route.partial.load(Relaxed) > 0)
        {
            writeln!(
                out,
                "bff_partial_total{{{}}} {}",
                route.labels(),
                route.partial.load(Relaxed)
            )?;
        }
        head(
            out,
            "bff_upstream_calls_total",
            "counter",
            "Calls made, by how they ended.",
        )?;
        for (name, counts) in &self.upstreams {
            for ((_, outcome), count) in OUTCOMES.iter().zip(counts) {
                let count = count.load(Relaxed);
                writeln!(
                    out,
                    "bff_upstream_calls_total{{upstream=\"{name}\",outcome=\"{outcome}\"}} {count}"
                )?;
            }
        }
        head(
            out,
            "bff_upstream_retries_total",
            "counter",
            "Further attempts of calls: made, or left out for want of budget.",
        )?;
        for ((name, _), [made, refused]) in self.upstreams.iter().zip(&self.retries) {
            for (outcome, count) in [("made", made), ("over_budget", refused)] {
                let count = count.load(Relaxed);
                writeln!(
                    out,
                    "bff_upstream_retries_total{{upstream=\"{name}\",outcome=\"{outcome}\"}} {count}"
                )?;
            }
        }
        head(
            out,
            "bff_contract_breaches_total",
            "counter",
            "Values that are not what the contract says.",
        )?;
        for ((upstream, at), count) in self
            .breaches
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
        {
            let at = at.replace('\\', "\\\\").replace('"', "\\\"");
            writeln!(
                out,
                "bff_contract_breaches_total{{upstream=\"{upstream}\",at=\"{at}\"}} {count}"
            )?;
        }
        Ok(())
    }
}

impl RouteCounters {
    fn labels(&self) -> String {
        format!(
            "method=\"{}\",route=\"{}\"",
            self.method,
            self.pattern.replace('\\', "\\\\").replace('"', "\\\"")
        )
    }
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) -> std::fmt::Result {
    writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}")
}

fn seconds(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}
