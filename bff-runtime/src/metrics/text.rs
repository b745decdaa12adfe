//! Counters as text for Prometheus (exposition format 0.0.4).

use std::fmt::{self, Write as _};
use std::sync::PoisonError;
use std::sync::atomic::Ordering::Relaxed;

use super::{BUCKETS, HUNDREDS, Histogram, Metrics, OUTCOMES, RouteCounters, STATUSES, process};

/// Writes all of them.
pub(super) fn write(metrics: &Metrics, out: &mut String) -> fmt::Result {
    about(metrics, out)?;
    requests(&metrics.routes, out)?;
    upstreams(metrics, out)?;
    process::write(out, metrics.started)
}

fn about(metrics: &Metrics, out: &mut String) -> fmt::Result {
    head(
        out,
        "bff_build_info",
        "gauge",
        "Always 1: which gateway this is, and of which version.",
    )?;
    writeln!(
        out,
        "bff_build_info{{name=\"{}\",version=\"{}\"}} 1",
        metrics.name,
        env!("CARGO_PKG_VERSION")
    )?;
    head(
        out,
        "bff_requests_in_flight",
        "gauge",
        "Requests that wait for their answer's head.",
    )?;
    writeln!(
        out,
        "bff_requests_in_flight {}",
        metrics.in_flight.load(Relaxed)
    )
}

fn requests(routes: &[RouteCounters], out: &mut String) -> fmt::Result {
    head(out, "bff_requests_total", "counter", "Requests answered.")?;
    for route in routes {
        let counted = route.statuses.iter().enumerate();
        for (at, count) in counted.filter(|(_, count)| count.load(Relaxed) > 0) {
            let hundreds = || HUNDREDS.get(at.checked_sub(STATUSES.len())?).copied();
            let status = match STATUSES.get(at) {
                Some(status) => status.to_string(),
                None => hundreds().unwrap_or_default().to_owned(),
            };
            let (labels, count) = (route.labels(), count.load(Relaxed));
            writeln!(
                out,
                "bff_requests_total{{{labels},status=\"{status}\"}} {count}"
            )?;
        }
    }
    let name = "bff_request_duration_seconds";
    head(
        out,
        name,
        "histogram",
        "From a request's head to its answer's head.",
    )?;
    for route in routes {
        histogram(out, name, &route.labels(), &route.took)?;
    }
    head(
        out,
        "bff_partial_total",
        "counter",
        "Answers without one of their optional calls.",
    )?;
    for route in routes {
        let count = route.partial.load(Relaxed);
        if count > 0 {
            writeln!(out, "bff_partial_total{{{}}} {count}", route.labels())?;
        }
    }
    Ok(())
}

fn upstreams(metrics: &Metrics, out: &mut String) -> fmt::Result {
    head(
        out,
        "bff_upstream_calls_total",
        "counter",
        "Requests to upstreams, by how they ended.",
    )?;
    for upstream in &metrics.upstreams {
        for ((_, outcome), count) in OUTCOMES.iter().zip(&upstream.outcomes) {
            let (name, count) = (upstream.name, count.load(Relaxed));
            writeln!(
                out,
                "bff_upstream_calls_total{{upstream=\"{name}\",outcome=\"{outcome}\"}} {count}"
            )?;
        }
    }
    let name = "bff_upstream_call_duration_seconds";
    let help =
        "Of calls until their answer was whole, of what is passed through until the answer's head.";
    head(out, name, "histogram", help)?;
    for upstream in &metrics.upstreams {
        histogram(
            out,
            name,
            &format!("upstream=\"{}\"", upstream.name),
            &upstream.took,
        )?;
    }
    head(
        out,
        "bff_upstream_retries_total",
        "counter",
        "Further attempts of calls: made, or left out for want of budget.",
    )?;
    for upstream in &metrics.upstreams {
        for (outcome, count) in ["made", "over_budget"].iter().zip(&upstream.retries) {
            let (name, count) = (upstream.name, count.load(Relaxed));
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
    let breaches = metrics
        .breaches
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    for ((upstream, at), count) in breaches.iter() {
        let at = escaped(at);
        writeln!(
            out,
            "bff_contract_breaches_total{{upstream=\"{upstream}\",at=\"{at}\"}} {count}"
        )?;
    }
    Ok(())
}

impl RouteCounters {
    fn labels(&self) -> String {
        let (method, route) = (self.method, escaped(self.pattern));
        format!("method=\"{method}\",route=\"{route}\"")
    }
}

/// One that nothing was counted in says nothing.
fn histogram(out: &mut String, name: &str, labels: &str, took: &Histogram) -> fmt::Result {
    let counts: Vec<u64> = took
        .buckets
        .iter()
        .map(|bucket| bucket.load(Relaxed))
        .collect();
    let all: u64 = counts.iter().sum();
    if all == 0 {
        return Ok(());
    }
    let mut below = 0;
    for (bound, count) in BUCKETS.iter().zip(&counts) {
        below += count;
        let bound = seconds(*bound);
        writeln!(out, "{name}_bucket{{{labels},le=\"{bound}\"}} {below}")?;
    }
    writeln!(out, "{name}_bucket{{{labels},le=\"+Inf\"}} {all}")?;
    writeln!(
        out,
        "{name}_sum{{{labels}}} {}",
        seconds(took.micros.load(Relaxed))
    )?;
    writeln!(out, "{name}_count{{{labels}}} {all}")
}

/// What a metric is; its samples follow.
pub(super) fn head(out: &mut String, name: &str, kind: &str, help: &str) -> fmt::Result {
    writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}")
}

fn escaped(label: &str) -> String {
    label
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}
