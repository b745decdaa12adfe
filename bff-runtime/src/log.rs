//! Records on stderr: one line per request, and what else there is to say.
//!
//! On a terminal they are text, elsewhere JSON. They are formatted where they arise and go their way in [`lines`].

mod access;
mod lines;

use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use http::{HeaderValue, Method, StatusCode};
use tracing_subscriber::EnvFilter;

use self::lines::Lines;
use crate::failure::Fault;
use crate::trace::{Answered, RequestSpan};

static LINES: Lines = Lines::new();
/// Whether records go through [`LINES`].
static OURS: AtomicBool = AtomicBool::new(false);
/// Whether they do as JSON.
static JSON: AtomicBool = AtomicBool::new(false);

/// Installs the records' way to stderr; `filter` is what `BFF_LOG` says (`info` if nothing).
///
/// # Errors
/// In words, if the filter can't be understood.
pub fn install(filter: Option<&str>) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter.unwrap_or("info"))
        .map_err(|error| format!("BFF_LOG: {error}"))?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(&LINES);
    let json = !std::io::stderr().is_terminal();
    let installed = if json {
        subscriber
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .try_init()
    } else {
        subscriber.try_init()
    };
    // Someone embedding the gateway may have installed their own: then theirs stays.
    if installed.is_ok() {
        LINES.start();
        OURS.store(true, Ordering::Relaxed);
        JSON.store(json, Ordering::Relaxed);
    }
    Ok(())
}

/// Waits until what was logged so far is written, or a moment has passed.
pub(crate) fn flush() {
    if OURS.load(Ordering::Relaxed) {
        LINES.flush();
    }
}

/// A request's record, written once its answer is known in full.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) started: Instant,
    pub(crate) method: Method,
    /// The route's pattern; what the client wrote stays out of the log.
    pub(crate) route: &'static str,
    pub(crate) status: StatusCode,
    pub(crate) id: HeaderValue,
    pub(crate) partial: Option<HeaderValue>,
    pub(crate) fault: Option<Fault>,
    pub(crate) upstream: Option<&'static str>,
    pub(crate) cause: Option<String>,
    /// The trace's id.
    pub(crate) trace: u128,
    /// Ends with the record.
    pub(crate) span: Option<RequestSpan>,
}

impl Pending {
    /// Writes the record; `bytes` is how long the answer's body was.
    pub(crate) fn write(mut self, bytes: Option<u64>) {
        if let Some(span) = self.span.take() {
            span.end(self.answered());
        }
        if !tracing::enabled!(target: "access", tracing::Level::INFO) {
            return;
        }
        if JSON.load(Ordering::Relaxed) {
            access::write(&self, bytes, &LINES);
            return;
        }
        tracing::info!(
            target: "access",
            method = self.method.as_str(),
            route = self.route,
            status = self.status.as_u16(),
            bytes,
            micros = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX),
            request_id = self.id.to_str().unwrap_or_default(),
            partial = self.partial.as_ref().and_then(|names| names.to_str().ok()),
            fault = self.fault.map(Fault::as_str),
            upstream = self.upstream,
            cause = self.cause.as_deref(),
            trace_id = format_args!("{:032x}", self.trace),
        );
    }

    fn answered(&self) -> Answered<'_> {
        Answered {
            method: &self.method,
            route: self.route,
            status: self.status,
            id: self.id.to_str().unwrap_or_default(),
            partial: self.partial.as_ref().and_then(|names| names.to_str().ok()),
            upstream: self.upstream,
        }
    }
}
