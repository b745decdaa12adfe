//! What a connection and its requests know of each other.
//!
//! In: what the reader of a connection, its listener and whoever answers its requests find out. Out: the same, to the
//! others. What never happens here: anybody waits.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::header::UPGRADE;
use http::{Request, Version};
use tokio::time::Instant;

use super::{REFUSED, Refusal, head};
use crate::listener::counts::Counts;
use crate::plan::Listener;

/// What a connection and its requests know of each other.
#[derive(Debug, Clone)]
pub(crate) struct Line(pub(super) Arc<Inner>);

/// What its reader looks at, too.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) refusal: OnceLock<Refusal>,
    pub(super) switched: AtomicBool,
    pub(super) leaves: AtomicBool,
    /// Whether some of a request's body didn't come yet.
    pub(super) owes: AtomicBool,
    /// Whether anything was given on.
    pub(super) begun: AtomicBool,
    /// Whether nothing more is waited for, where nothing was given on yet.
    pub(super) last_call: AtomicBool,
    /// Requests that are not answered yet.
    at_work: AtomicUsize,
    pub(super) start: Instant,
    /// When the last of them was, in milliseconds after the start.
    idle_since: AtomicU64,
    pub(super) counts: Arc<Counts>,
}

impl Line {
    pub(crate) fn new(counts: Arc<Counts>) -> Line {
        Line(Arc::new(Inner {
            refusal: OnceLock::new(),
            switched: AtomicBool::new(false),
            leaves: AtomicBool::new(false),
            owes: AtomicBool::new(false),
            begun: AtomicBool::new(false),
            last_call: AtomicBool::new(false),
            at_work: AtomicUsize::new(0),
            start: Instant::now(),
            idle_since: AtomicU64::new(0),
            counts,
        }))
    }

    /// Tells a request what it needs to know of its connection: that it stands for a refused one, or how to switch.
    pub(crate) fn attach<B>(&self, request: &mut Request<B>, bounds: &Listener) {
        if request.version() == Version::HTTP_2 {
            if let Some(refusal) = refused_of_2(request, bounds) {
                request.extensions_mut().insert(refusal);
            }
        } else if request.method().as_str() == REFUSED
            && let Some(refusal) = self.0.refusal.get()
        {
            request.extensions_mut().insert(*refusal);
        } else if request.headers().contains_key(UPGRADE) {
            request.extensions_mut().insert(self.clone());
        }
    }

    /// What comes next on this connection is not HTTP.
    pub(crate) fn switch(&self) {
        self.0.switched.store(true, Ordering::Release);
    }

    /// Whether the connection is to end as soon as it can.
    pub(crate) fn leaves(&self) -> bool {
        self.0.leaves.load(Ordering::Relaxed)
    }

    /// Whether a request was given on, or the start of HTTP/2: before, hyper has nothing to end in order.
    pub(crate) fn has_begun(&self) -> bool {
        self.0.begun.load(Ordering::Relaxed)
    }

    /// Ends a connection that said nothing yet; one whose first request has started to come may finish that.
    pub(crate) fn last_call(&self) {
        self.0.last_call.store(true, Ordering::Relaxed);
    }

    /// A request is worked on, until this is dropped.
    pub(crate) fn at_work(&self) -> AtWork {
        self.0.at_work.fetch_add(1, Ordering::Relaxed);
        AtWork(self.clone())
    }

    /// Since when nothing is worked on; none while something is.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        let idle = self.0.at_work.load(Ordering::Acquire) == 0;
        let since = self.0.idle_since.load(Ordering::Relaxed);
        idle.then(|| self.0.start + Duration::from_millis(since))
    }
}

/// A request that is worked on.
#[derive(Debug)]
pub(crate) struct AtWork(Line);

impl AtWork {
    /// Whether some of its body didn't come yet: if nobody reads it, the connection can't go on (RFC 9112, 9.3). Of
    /// HTTP/1.1 alone.
    pub(crate) fn owes(&self) -> bool {
        self.0.0.owes.load(Ordering::Relaxed)
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        let Line(line) = &self.0;
        let now = u64::try_from(line.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        line.idle_since.store(now, Ordering::Relaxed);
        line.at_work.fetch_sub(1, Ordering::Release);
    }
}

/// What of an HTTP/2 request is beyond the bounds; the size of its headers, hyper holds.
fn refused_of_2<B>(request: &Request<B>, bounds: &Listener) -> Option<Refusal> {
    let target = request.uri().path_and_query();
    if target.is_some_and(|target| target.as_str().len() > head::LONGEST_TARGET) {
        return Some(head::TARGET_TOO_LONG);
    }
    let most = usize::try_from(bounds.head_count).unwrap_or(usize::MAX);
    (request.headers().len() > most).then_some(head::TOO_MANY_HEADERS)
}
