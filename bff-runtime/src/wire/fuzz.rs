//! What must hold of a connection's bytes, whatever they are.
#![allow(clippy::panic, clippy::expect_used)]

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use httparse::{EMPTY_HEADER, Request, Status};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::Instant;

use super::frames::Frames;
use super::{Line, PREFACE, REFUSED, Wire};
use crate::fuzz::Parts;
use crate::listener::counts::Counts;
use crate::plan::Listener;

static USUAL: Listener = Listener::USUAL;

/// A connection: read at once or byte by byte, the same is made of it, and another reader finds the same requests in that.
pub fn wire(bytes: &[u8]) {
    let whole = given_on(bytes, bytes.len().max(1));
    let parts = given_on(bytes, 1);
    // Of HTTP/2 a flood is cut off where it is noticed, which is later for who reads more at once.
    if !bytes.starts_with(PREFACE) {
        assert_eq!(whole, parts);
        read_again(&whole);
    }
}

/// The frames of an HTTP/2 connection: read at once or byte by byte, a flood is one.
pub fn frames(bytes: &[u8]) {
    let now = Instant::now();
    let (mut whole, mut parts) = (Frames::new(10), Frames::new(10));
    let whole = whole.read(bytes, now);
    let parts = bytes.chunks(1).all(|byte| parts.read(byte, now));
    assert_eq!(whole, parts);
}

/// What is given on of a connection that comes in parts of this size.
fn given_on(bytes: &[u8], size: usize) -> Vec<u8> {
    let mut wire = Wire::new(
        Parts(bytes, size),
        Line::new(Arc::new(Counts::default())),
        &USUAL,
    );
    let mut cx = Context::from_waker(Waker::noop());
    let mut given = Vec::new();
    let mut room = [0; 4096];
    loop {
        let mut out = ReadBuf::new(&mut room);
        match Pin::new(&mut wire).poll_read(&mut cx, &mut out) {
            Poll::Ready(Ok(())) if !out.filled().is_empty() => given.extend(out.filled()),
            Poll::Ready(_) | Poll::Pending => return given,
        }
    }
}

/// Reads what was given on as another reader does: each head must be one, and end where the next message starts.
fn read_again(mut given: &[u8]) {
    while !given.is_empty() {
        let mut headers = [EMPTY_HEADER; 128];
        let mut request = Request::new(&mut headers);
        let Ok(Status::Complete(length)) = request.parse(given) else {
            panic!("no head: {:?}", String::from_utf8_lossy(given));
        };
        given = &given[length..];
        if request.method == Some(REFUSED) {
            assert!(given.is_empty(), "something comes behind a refused request");
            return;
        }
        let named = |name: &str| {
            let all = request.headers.iter();
            let found: Vec<_> = all
                .filter(|one| one.name.eq_ignore_ascii_case(name))
                .collect();
            assert!(found.len() < 2, "{name} twice");
            found
                .first()
                .map(|one| String::from_utf8_lossy(one.value).into_owned())
        };
        let body = match (named("content-length"), named("transfer-encoding")) {
            (Some(_), Some(_)) => panic!("two framings"),
            (Some(length), None) => length.parse::<u64>().ok(),
            (None, Some(_)) => {
                let Some(length) = chunks(given) else { return };
                Some(length as u64)
            }
            (None, None) => Some(0),
        };
        let body = body.and_then(|body| usize::try_from(body).ok());
        let body = body.expect("a length");
        given = given.get(body..).unwrap_or_default();
    }
}

/// How long a body in chunks is; none if it isn't whole or is broken.
fn chunks(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let Ok(Status::Complete((line, size))) = httparse::parse_chunk_size(bytes.get(at..)?)
        else {
            return None;
        };
        at += line;
        if size == 0 {
            break;
        }
        at = at.checked_add(usize::try_from(size).ok()?)?;
        bytes.get(at..)?.strip_prefix(b"\r\n")?;
        at += 2;
    }
    loop {
        let line = bytes.get(at..)?;
        let end = line.windows(2).position(|pair| pair == b"\r\n")?;
        at += end + 2;
        if end == 0 {
            return Some(at);
        }
    }
}
