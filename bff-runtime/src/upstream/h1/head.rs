//! An answer's head: its status, how its body is framed, and whether the connection outlives it.
//!
//! Two framings at once, two lengths that differ, a coding we don't know: all are refused, because whoever stands
//! between may have read them otherwise (RFC 9112, 6.3 and 11.2). Folded lines are refused, lines that end with LF
//! alone are taken (RFC 9112, 2.2).

use std::mem::MaybeUninit;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use httparse::{EMPTY_HEADER, Header, ParserConfig, Response, Status};

/// Bytes of one head.
pub(super) const LARGEST: usize = 32 * 1024;
/// Headers of one answer.
const MOST_HEADERS: usize = 100;

/// What a head says.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) status: StatusCode,
    pub(super) framing: Framing,
    /// Whether the upstream keeps the connection open.
    pub(super) persistent: bool,
    /// Its length in bytes, with the empty line.
    pub(super) length: usize,
}

/// How a body is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// So many bytes.
    Length(u64),
    /// In chunks.
    Chunked,
    /// Until the connection closes.
    UntilClose,
}

/// Reads a head; `None` if it isn't whole.
///
/// # Errors
/// What is wrong with it.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<Head>, &'static str> {
    if matches!(bytes.first(), Some(b'\r' | b'\n')) {
        return Err("the answer starts with an empty line");
    }
    let mut headers = [const { MaybeUninit::uninit() }; MOST_HEADERS];
    let mut response = Response::new(&mut []);
    let parsed = ParserConfig::default().parse_response_with_uninit_headers(
        &mut response,
        bytes,
        &mut headers,
    );
    let length = match parsed {
        Ok(Status::Complete(length)) if length <= LARGEST => length,
        Ok(Status::Partial) if bytes.len() < LARGEST => return Ok(None),
        Ok(_) => return Err("the answer's head is too large"),
        Err(httparse::Error::TooManyHeaders) => return Err("the answer has too many headers"),
        Err(_) => return Err("the answer's head is no HTTP/1.1"),
    };
    let status = response
        .code
        .and_then(|code| StatusCode::from_u16(code).ok())
        .ok_or("the answer's status is none")?;
    let current = response.version == Some(1);
    let (framing, closes) = framing(response.headers, current)?;
    Ok(Some(Head {
        status,
        framing,
        persistent: current && !closes,
        length,
    }))
}

/// The headers of a head that [`parse`] found whole. Their values lie in the memory that `head` is.
pub(super) fn headers(head: &Bytes) -> HeaderMap {
    // Behind the status line stand fields alone.
    let line = head.iter().position(|byte| *byte == b'\n');
    fields(&head.slice(line.map_or(head.len(), |end| end + 1)..))
}

/// Fields as they were sent, up to an empty line. What was found well-formed before loses nothing here.
pub(super) fn fields(text: &Bytes) -> HeaderMap {
    let mut parsed = [EMPTY_HEADER; MOST_HEADERS];
    let parsed = match httparse::parse_headers(text, &mut parsed) {
        Ok(Status::Complete((_, parsed))) => parsed,
        Ok(Status::Partial) | Err(_) => &[],
    };
    let mut headers = HeaderMap::with_capacity(parsed.len());
    for Header { name, value } in parsed {
        let name = HeaderName::from_bytes(name.as_bytes());
        let value = HeaderValue::from_maybe_shared(text.slice_ref(value));
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    headers
}

/// How the body is framed, and whether `connection: close` is said.
fn framing(headers: &[Header<'_>], current: bool) -> Result<(Framing, bool), &'static str> {
    let (mut length, mut chunked, mut closes) = (None, false, false);
    for Header { name, value } in headers {
        if name.eq_ignore_ascii_case("content-length") {
            for one in value.split(|byte| *byte == b',') {
                let one = number(one.trim_ascii()).ok_or("the answer's content-length is none")?;
                if length.is_some_and(|length| length != one) {
                    return Err("the answer has two lengths");
                }
                length = Some(one);
            }
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            if chunked || !value.trim_ascii().eq_ignore_ascii_case(b"chunked") {
                return Err("the answer's transfer-encoding is not `chunked`");
            }
            chunked = true;
        } else if name.eq_ignore_ascii_case("connection") {
            closes |= value
                .split(|byte| *byte == b',')
                .any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"));
        }
    }
    let framing = match (chunked, length) {
        (true, Some(_)) => return Err("the answer has a length and is chunked"),
        (true, None) if !current => return Err("an answer of HTTP/1.0 is chunked"),
        (true, None) => Framing::Chunked,
        (false, Some(length)) => Framing::Length(length),
        (false, None) => Framing::UntilClose,
    };
    Ok((framing, closes))
}

/// Digits alone: no sign, no space, no overflow.
fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        number.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        use Framing::{Chunked, Length, UntilClose};
        let many = |count: usize| "a: b\r\n".repeat(count);
        let long = |bytes: usize| format!("a: {}\r\n", "x".repeat(bytes));
        type Case<'a> = (&'a str, &'a str, Option<(Framing, bool)>);
        let cases: &[Case<'_>] = &[
            (
                "1.1 200 OK",
                "content-length: 5\r\n",
                Some((Length(5), true)),
            ),
            ("1.1 200", "Content-Length:005\r\n", Some((Length(5), true))),
            ("1.1 200 ", "content-length: 5\n", Some((Length(5), true))),
            ("1.1 200 OK", "", Some((UntilClose, true))),
            (
                "1.0 200 OK",
                "content-length: 5\r\n",
                Some((Length(5), false)),
            ),
            (
                "1.1 200 OK",
                "transfer-encoding: Chunked \r\n",
                Some((Chunked, true)),
            ),
            (
                "1.1 200 OK",
                "connection: x, Close\r\ncontent-length: 0\r\n",
                Some((Length(0), false)),
            ),
            (
                "1.1 200 OK",
                "content-length: 5\r\ncontent-length: 5\r\n",
                Some((Length(5), true)),
            ),
            (
                "1.1 200 OK",
                "content-length: 5, 5\r\n",
                Some((Length(5), true)),
            ),
            (
                "1.1 200 OK",
                "content-length: 18446744073709551615\r\n",
                Some((Length(u64::MAX), true)),
            ),
            ("1.1 200 OK", &many(100), Some((UntilClose, true))),
            ("1.1 200 OK", &long(32_000), Some((UntilClose, true))),
            (
                "1.1 200 OK",
                "content-length: 18446744073709551616\r\n",
                None,
            ),
            (
                "1.1 200 OK",
                "content-length: 5\r\ncontent-length: 6\r\n",
                None,
            ),
            ("1.1 200 OK", "content-length: 5, 6\r\n", None),
            ("1.1 200 OK", "content-length: 5,\r\n", None),
            ("1.1 200 OK", "content-length: -1\r\n", None),
            ("1.1 200 OK", "content-length: +1\r\n", None),
            ("1.1 200 OK", "content-length: 0x1\r\n", None),
            ("1.1 200 OK", "content-length: 1 1\r\n", None),
            ("1.1 200 OK", "content-length:\r\n", None),
            (
                "1.1 200 OK",
                "transfer-encoding: chunked\r\ncontent-length: 5\r\n",
                None,
            ),
            (
                "1.1 200 OK",
                "content-length: 5\r\ntransfer-encoding: chunked\r\n",
                None,
            ),
            ("1.1 200 OK", "transfer-encoding: gzip, chunked\r\n", None),
            (
                "1.1 200 OK",
                "transfer-encoding: chunked, chunked\r\n",
                None,
            ),
            (
                "1.1 200 OK",
                "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
                None,
            ),
            ("1.1 200 OK", "transfer-encoding: identity\r\n", None),
            ("1.1 200 OK", "transfer-encoding:\r\n", None),
            ("1.0 200 OK", "transfer-encoding: chunked\r\n", None),
            ("1.1 200 OK", "a: b\r\n c\r\n", None),
            ("1.1 200 OK", " a: b\r\n", None),
            ("1.1 200 OK", "a : b\r\n", None),
            ("1.1 200 OK", "a\r\n", None),
            ("1.1 200 OK", "a: \0\r\n", None),
            ("1.1 200 OK", "a: b\rc\r\n", None),
            ("1.1 200 OK", &many(101), None),
            ("1.1 200 OK", &long(33_000), None),
            ("1.1 099 Low", "", None),
            ("1.1 2000 High", "", None),
            ("1.1 -20 Sign", "", None),
            ("2.0 200 OK", "", None),
        ];
        for (line, headers, want) in cases {
            let text = format!("HTTP/{line}\r\n{headers}\r\n");
            let got = parse(text.as_bytes()).map(|head| head.expect("it is whole"));
            let got = got.map(|head| {
                assert_eq!(head.length, text.len());
                (head.framing, head.persistent)
            });
            assert_eq!(got.ok(), *want, "{line} {headers}");
        }
        for part in [
            "",
            "H",
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 200 OK\r\na: b\r\n\r",
        ] {
            assert!(
                parse(part.as_bytes()).expect("no fault").is_none(),
                "{part:?}"
            );
        }
        for wrong in [
            "\r\nHTTP/1.1 200 OK\r\n\r\n",
            "\n",
            "ICY 200 OK\r\n\r\n",
            "{\"a\":1}",
        ] {
            assert!(parse(wrong.as_bytes()).is_err(), "{wrong:?}");
        }
    }
}
