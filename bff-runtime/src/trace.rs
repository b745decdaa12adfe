//! What ties a request's records together: its id, and the trace it belongs to.
//!
//! A client's own `x-request-id` is kept if it is short and plain, so that its logs and ours meet; else one is made.
//! A client's `traceparent` is passed on if it is valid (W3C Trace Context, version 00), else dropped.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

use http::{HeaderMap, HeaderName, HeaderValue};

/// `x-request-id`
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// `traceparent`
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The longest id of a client's that is kept.
const LONGEST: usize = 128;

/// A request's id: the client's if it is plain, else a new one.
pub(crate) fn request_id(headers: &HeaderMap) -> HeaderValue {
    let mut given = headers.get_all(REQUEST_ID).iter();
    match (given.next(), given.next()) {
        (Some(id), None) if plain(id.as_bytes()) => id.clone(),
        _ => fresh(),
    }
}

fn plain(id: &[u8]) -> bool {
    (1..=LONGEST).contains(&id.len())
        && id
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~'))
}

/// 128 bits that don't repeat, in hex. They name a request; they are no secret.
fn fresh() -> HeaderValue {
    thread_local! {
        static SEED: RandomState = RandomState::new();
        static COUNT: Cell<u64> = const { Cell::new(0) };
    }
    let count = COUNT.get();
    COUNT.set(count.wrapping_add(1));
    let (high, low) =
        SEED.with(|seed| (seed.hash_one((count, 0_u8)), seed.hash_one((count, 1_u8))));
    HeaderValue::from_str(&format!("{high:016x}{low:016x}"))
        .unwrap_or_else(|_| HeaderValue::from_static("0"))
}

/// The client's `traceparent`, if it is one and valid.
pub(crate) fn traceparent(headers: &HeaderMap) -> Option<&HeaderValue> {
    let mut given = headers.get_all(TRACEPARENT).iter();
    let (value, None) = (given.next()?, given.next()) else {
        return None;
    };
    let mut parts = value.as_bytes().split(|byte| *byte == b'-');
    let mut part = |length: usize| {
        let part = parts.next()?;
        let hex = part
            .iter()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (part.len() == length && hex).then_some(part)
    };
    let (version, trace, parent, _flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
    let set = |id: &[u8]| id.iter().any(|byte| *byte != b'0');
    (version == b"00" && set(trace) && set(parent) && parts.next().is_none()).then_some(value)
}

#[cfg(test)]
mod tests {
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
        assert_ne!(fresh(), fresh());
    }

    #[test]
    fn traces_are_passed_only_if_valid() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert!(traceparent(&headers(TRACEPARENT, &[good])).is_some());
        for bad in [
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert!(
                traceparent(&headers(TRACEPARENT, &[bad])).is_none(),
                "{bad}"
            );
        }
    }
}
