//! What ties a request's records together: its id, and the trace it belongs to.
//!
//! A client's own `x-request-id` is kept if it is short and plain, so that its logs and ours meet; else one is made.
//!
//! Every request belongs to a trace (W3C Trace Context, levels 1 and 2): the client's, if its `traceparent` is valid, or
//! one that begins here. Calls and pass-through carry it on. Where spans are recorded, each request to an upstream names
//! its own; where none are, what the client sent goes on as it is, and its own span stays the parent of what follows.

mod parent;
mod record;
mod sampler;
mod span;
mod state;

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzz;

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

use http::{HeaderMap, HeaderName, HeaderValue};

pub(crate) use record::Recorder;
pub(crate) use span::{Answered, CallSpan, Called, RequestSpan};

use crate::hex;
use crate::text::Env;
use parent::Parent;
use sampler::Sampler;

/// `x-request-id`
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// `traceparent`
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// `tracestate`
pub(crate) const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The longest id of a client's that is kept.
const LONGEST: usize = 128;

/// A request's id: the client's if it is plain, else a new one.
pub(crate) fn request_id(headers: &HeaderMap) -> HeaderValue {
    let mut given = headers.get_all(REQUEST_ID).iter();
    match (given.next(), given.next()) {
        (Some(id), None) if plain(id.as_bytes()) => id.clone(),
        _ => HeaderValue::from_bytes(&hex::digits::<32>(random()))
            .unwrap_or_else(|_| HeaderValue::from_static("0")),
    }
}

fn plain(id: &[u8]) -> bool {
    (1..=LONGEST).contains(&id.len())
        && id
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~'))
}

/// 128 bits that don't repeat, not all of them zero in either half. They name things; they are no secret.
fn random() -> u128 {
    thread_local! {
        static SEED: RandomState = RandomState::new();
        static COUNT: Cell<u64> = const { Cell::new(0) };
    }
    let count = COUNT.get();
    COUNT.set(count.wrapping_add(1));
    let half = |which: u8| SEED.with(|seed| seed.hash_one((count, which))).max(1);
    u128::from(half(0)) << 64 | u128::from(half(1))
}

/// The id of a span, never zero.
fn span_id() -> u64 {
    u64::try_from(random() >> 64).unwrap_or(1)
}

/// Which traces are recorded, and by whom.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tracer {
    sampler: Sampler,
    recorder: Option<Recorder>,
}

impl Tracer {
    /// What the environment says, in OpenTelemetry's variables.
    pub(crate) fn new(name: &'static str, env: &mut Env) -> Tracer {
        Tracer {
            sampler: Sampler::new(env),
            recorder: Recorder::new(name, env),
        }
    }

    /// The trace of a request: its client's, or a new one.
    pub(crate) fn trace(&self, headers: &HeaderMap) -> Trace {
        let given = Parent::given(headers);
        let state = given.and_then(|_| state::given(headers));
        let begun = || Parent {
            trace: random(),
            span: span_id(),
            flags: parent::RANDOM,
        };
        let mut parent = given.unwrap_or_else(begun);
        let sampled = self.sampler.samples(given.as_ref(), parent.trace);
        // The flag says what is recorded: whoever records nothing leaves a client's as it is.
        if given.is_none() || self.recorder.is_some() {
            parent.sample(sampled);
        }
        let mut spans = None;
        if let Some(recorder) = &self.recorder {
            let own = span_id();
            if sampled {
                spans = Some(Spans {
                    recorder: recorder.clone(),
                    above: given.map(|given| given.span),
                });
            }
            parent.span = own;
        }
        Trace {
            parent,
            state,
            spans,
        }
    }

    /// Waits until what was recorded is told, or a moment has passed.
    pub(crate) async fn finish(&self) {
        if let Some(recorder) = &self.recorder {
            recorder.clone().finish().await;
        }
    }
}

/// The trace a request belongs to.
#[derive(Debug, Clone)]
pub(crate) struct Trace {
    /// What upstreams are told, unless a call has a span of its own.
    parent: Parent,
    state: Option<HeaderValue>,
    /// Where spans are recorded.
    spans: Option<Spans>,
}

/// Who records a trace's spans.
#[derive(Debug, Clone)]
struct Spans {
    recorder: Recorder,
    /// The client's.
    above: Option<u64>,
}

impl Trace {
    /// The trace's id.
    pub(crate) fn id(&self) -> u128 {
        self.parent.trace
    }

    /// The request's own span, to be ended with its answer; `None` if none is recorded.
    pub(crate) fn request(&self) -> Option<RequestSpan> {
        let spans = self.spans.as_ref()?;
        Some(RequestSpan::new(
            spans.recorder.clone(),
            self.parent,
            self.state.clone(),
            spans.above,
        ))
    }

    /// Says on a request to an upstream which trace it belongs to; gives the span to be ended with its answer.
    pub(crate) fn call(
        &self,
        headers: &mut HeaderMap,
        called: impl FnOnce() -> Called,
    ) -> CallSpan {
        let mut told = self.parent;
        let span = self.spans.as_ref().map(|spans| {
            told.span = span_id();
            let state = self.state.clone();
            let above = self.parent.span;
            span::Open::new(spans.recorder.clone(), told, state, above, called())
        });
        headers.insert(TRACEPARENT, told.header());
        match &self.state {
            Some(state) => headers.insert(TRACESTATE, state.clone()),
            None => headers.remove(TRACESTATE),
        };
        CallSpan::new(span)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
    use super::*;

    fn headers(name: HeaderName, values: &[&'static str]) -> HeaderMap {
        values
            .iter()
            .map(|value| (name.clone(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn ids_are_kept_only_if_plain() {
        assert_eq!(request_id(&headers(REQUEST_ID, &["a-1"])), "a-1");
        for values in [&["a b"][..], &["a\"}"], &[""], &["a", "b"], &[]] {
            let id = request_id(&headers(REQUEST_ID, values));
            assert_eq!(id.len(), 32, "{values:?}");
        }
        assert_ne!(random(), random());
    }

    /// What upstreams are told when nothing is recorded.
    fn told(given: &HeaderMap) -> HeaderMap {
        let mut headers = given.clone();
        let nothing = || panic!("nothing is recorded");
        drop(Tracer::default().trace(given).call(&mut headers, nothing));
        headers
    }

    #[test]
    fn a_trace_goes_on_as_it_came() {
        let mut given = headers(
            TRACEPARENT,
            &["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"],
        );
        assert_eq!(told(&given), given);
        given.insert(TRACESTATE, HeaderValue::from_static("a=1,b=2"));
        assert_eq!(told(&given), given);
    }

    #[test]
    fn a_trace_begins_where_there_is_none() {
        for given in [
            headers(TRACESTATE, &["a=1"]),
            headers(TRACEPARENT, &["00-broken"]),
        ] {
            let (one, other) = (told(&given), told(&given));
            assert_eq!(one.get(TRACESTATE), None);
            let parents = [&one, &other].map(|told| Parent::given(told).unwrap());
            assert_eq!(parents.map(|parent| parent.flags), [3, 3]);
            assert_ne!(parents[0].trace, parents[1].trace);
            assert_ne!(parents[0].span, parents[1].span);
        }
    }
}
