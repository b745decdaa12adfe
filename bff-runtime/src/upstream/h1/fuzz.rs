//! What must hold of an upstream's answer, whatever it is.
#![allow(clippy::panic, clippy::expect_used)]

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use http::Method;

use super::answer::{self, Answer};
use super::chunked::{Chunked, Next};
use super::{Fault, head};
use crate::fuzz::Parts;
use crate::proxy;
use crate::upstream::headers::Headers;

/// The largest body that is taken.
const LIMIT: u64 = 1000;

/// An answer: read at once or byte by byte, the same is made of it; its headers are the same to all who ask.
pub fn answer(bytes: &[u8]) {
    for method in [Method::GET, Method::HEAD] {
        let whole = read(bytes, &method, bytes.len().max(1));
        let parts = read(bytes, &method, 1);
        let (whole, parts) = match (whole, parts) {
            (Ok(whole), Ok(parts)) => (whole, parts),
            (whole, parts) => {
                assert_eq!(whole.is_err(), parts.is_err());
                continue;
            }
        };
        assert_eq!(whole.status, parts.status);
        assert_eq!((&whole.head, &whole.body), (&parts.head, &parts.body));
        assert!(whole.body.len() as u64 <= LIMIT);
        // Who read more saw what comes after it.
        assert!(parts.reusable || !whole.reusable);
        let map = head::headers(&whole.head);
        let raw = Headers::Raw(whole.head);
        for (name, value) in map.iter().map(|(name, _)| (name, &map[name])) {
            assert_eq!(raw.get(name.as_str()), Some(value.as_bytes()), "{name}");
        }
        proxy::fuzz::answered(map, whole.status);
    }
    framing(bytes);
}

/// A body in chunks, with its trailers: data and end are where they are, however it is cut.
fn framing(bytes: &[u8]) {
    let (whole, parts) = (body(bytes, bytes.len().max(1)), body(bytes, 1));
    assert_eq!(whole, parts);
    if let Some((_, Some(trailers))) = whole {
        proxy::fuzz::answered(head::fields(&trailers.into()), http::StatusCode::OK);
    }
}

/// The data of a body, and its trailers; none if it isn't whole, or broken.
fn body(bytes: &[u8], size: usize) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
    let (mut chunked, mut data, mut due) = (Chunked::with_trailers(), Vec::new(), 0);
    for mut part in bytes.chunks(size) {
        while !part.is_empty() {
            if due > 0 {
                let (now, rest) = part.split_at(part.len().min(usize::try_from(due).ok()?));
                data.extend(now);
                (part, due) = (rest, due - now.len() as u64);
                continue;
            }
            let (used, next) = chunked.next(part).ok()?;
            part = &part[used..];
            match next {
                Next::Data(size) => due = size,
                Next::More => {}
                Next::End => return Some((data, chunked.trailers())),
            }
        }
    }
    None
}

fn read(bytes: &[u8], method: &Method, size: usize) -> Result<Answer, Fault> {
    let mut io = Parts(bytes, size);
    let mut buffer = Vec::new();
    let reading = answer::read(&mut io, &mut buffer, method, LIMIT);
    match pin!(reading).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(read) => read,
        Poll::Pending => panic!("all is there"),
    }
}
