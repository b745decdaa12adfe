//! What must hold of a trace's context, whatever a client says it is.
#![allow(clippy::panic, clippy::expect_used)]

use http::HeaderMap;

use super::parent::Parent;
use super::{TRACEPARENT, TRACESTATE, Tracer, state};

/// What upstreams are told is valid, and tells no other trace than the client did.
pub(crate) fn goes_on(given: &HeaderMap) {
    let mut told = given.clone();
    let nothing = || panic!("nothing is recorded");
    drop(Tracer::default().trace(given).call(&mut told, nothing));
    let sent = Parent::given(&told).expect("a trace goes on");
    assert_eq!(told.get_all(TRACEPARENT).iter().count(), 1);
    match Parent::given(given) {
        Some(parent) => assert_eq!((sent.trace, sent.span), (parent.trace, parent.span)),
        None => assert!(!told.contains_key(TRACESTATE)),
    }
    if let Some(state) = told.get(TRACESTATE) {
        assert_eq!(state::given(&told).as_ref(), Some(state));
    }
}
