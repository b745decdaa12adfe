//! One request's head (RFC 9112, 2 to 6): whether it can be read in one way only, and what follows it.
//!
//! Laxer readers than this one exist in front of us and behind us. What RFC 9112 lets a recipient mend (line feeds
//! alone, lines that go on, repeated lengths) is refused as well: what was meant is anybody's guess.

use http::StatusCode;

use super::{Bounds, REFUSED, Refusal};

/// The longest target.
pub(super) const LONGEST_TARGET: usize = 8 * 1024;
/// The longest method.
const LONGEST_METHOD: usize = 32;
/// Empty lines before a request, which some clients send behind a body.
const MOST_EMPTY: usize = 2;

/// A target beyond that.
pub(super) const TARGET_TOO_LONG: Refusal = refusal(
    StatusCode::URI_TOO_LONG,
    "the target is longer than is taken",
);
/// Headers beyond their number.
pub(super) const TOO_MANY_HEADERS: Refusal = refusal(
    StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
    "there are more headers than are taken",
);
/// A head that takes too long.
pub(super) const TOO_SLOW: Refusal =
    refusal(StatusCode::REQUEST_TIMEOUT, "its head did not come in time");

/// What follows a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// So many bytes.
    Length(u64),
    /// Chunks.
    Chunks,
}

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// It is not all there.
    More,
    /// It has so many bytes, and this follows.
    Head(usize, Framing),
    /// It can't be read, or must not.
    Refused(Refusal),
}

/// How far a head was looked at.
#[derive(Debug, Default)]
pub(super) struct Scan {
    at: usize,
    line: usize,
    /// Empty lines before the first that isn't.
    empty: usize,
    /// Where the first line starts, once it was met.
    start: Option<usize>,
}

impl Scan {
    /// Looks at all there is: the same bytes as before, and more.
    pub(super) fn read(&mut self, bytes: &[u8], bounds: Bounds) -> Read {
        while let Some(byte) = bytes.get(self.at).copied() {
            let previous = self.at.checked_sub(1).and_then(|at| bytes.get(at)).copied();
            let previous = previous.filter(|_| self.at > self.line);
            if previous == Some(b'\r') && byte != b'\n' {
                return refused("a line has a carriage return in it");
            }
            if is_plain(byte) {
                let plain = plain(bytes.get(self.at..).unwrap_or_default());
                self.at = (self.at + plain).min(bounds.bytes);
                if self.at >= bounds.bytes {
                    return too_large(self.start.is_some());
                }
                continue;
            }
            match byte {
                b'\n' if previous != Some(b'\r') => {
                    return refused("a line ends in a line feed alone");
                }
                b'\n' => {
                    let is_empty = self.at == self.line + 1;
                    self.at += 1;
                    match (is_empty, self.start) {
                        (true, Some(start)) => return self.whole(bytes, start, bounds),
                        (true, None) => {
                            self.empty += 1;
                            if self.empty > MOST_EMPTY {
                                return refused("there is no request");
                            }
                        }
                        (false, None) => self.start = Some(self.line),
                        (false, Some(_)) => {}
                    }
                    self.line = self.at;
                    continue;
                }
                b'\t' | b'\r' => {}
                _ => return refused("the head has a control character in it"),
            }
            self.at += 1;
            if self.at >= bounds.bytes {
                return too_large(self.start.is_some());
            }
        }
        Read::More
    }

    fn whole(&self, bytes: &[u8], start: usize, bounds: Bounds) -> Read {
        let head = bytes.get(start..self.at).unwrap_or_default();
        match read(head, bounds) {
            Ok(framing) => Read::Head(self.at, framing),
            Err(refusal) => Read::Refused(refusal),
        }
    }
}

const fn refusal(status: StatusCode, words: &'static str) -> Refusal {
    Refusal { status, words }
}

fn refused(words: &'static str) -> Read {
    Read::Refused(malformed(words))
}

fn malformed(words: &'static str) -> Refusal {
    refusal(StatusCode::BAD_REQUEST, words)
}

fn too_large(after_first_line: bool) -> Read {
    Read::Refused(match after_first_line {
        true => refusal(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "the headers are larger than is taken",
        ),
        false => TARGET_TOO_LONG,
    })
}

/// Reads a head whose lines all end as they should.
fn read(head: &[u8], bounds: Bounds) -> Result<Framing, Refusal> {
    let mut rest = head;
    let mut lines = std::iter::from_fn(|| {
        let (line, after) = rest.split_at_checked(memchr::memchr(b'\n', rest)? + 1)?;
        rest = after;
        line.strip_suffix(b"\r\n").filter(|line| !line.is_empty())
    });
    let first = lines.next().unwrap_or_default();
    let is_1_1 = request_line(first)?;
    let mut hosts = 0;
    let mut length: Option<u64> = None;
    let mut chunks = false;
    for (at, line) in lines.enumerate() {
        if at >= bounds.headers {
            return Err(TOO_MANY_HEADERS);
        }
        let (name, value) = field(line)?;
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => {
                hosts += 1;
                if hosts > 1 || !is_host(value) {
                    return Err(malformed(
                        "there must be one `host`, with a name or address",
                    ));
                }
            }
            14 if name.eq_ignore_ascii_case(b"content-length") => {
                if length.is_some() {
                    return Err(malformed("there is more than one `content-length`"));
                }
                length = Some(self::length(value)?);
            }
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => {
                if chunks || !is_1_1 {
                    return Err(malformed("`transfer-encoding` can't be meant so"));
                }
                if !value.eq_ignore_ascii_case(b"chunked") {
                    return Err(refusal(
                        StatusCode::NOT_IMPLEMENTED,
                        "of transfer codings only `chunked` is read",
                    ));
                }
                chunks = true;
            }
            _ => {}
        }
    }
    if hosts == 0 && is_1_1 {
        return Err(malformed(
            "there must be one `host`, with a name or address",
        ));
    }
    match (length, chunks) {
        (Some(_), true) => Err(malformed(
            "a body has either `content-length` or `transfer-encoding`",
        )),
        (None, true) => Ok(Framing::Chunks),
        (length, false) => Ok(Framing::Length(length.unwrap_or(0))),
    }
}

/// Whether it is HTTP/1.1 rather than 1.0.
fn request_line(line: &[u8]) -> Result<bool, Refusal> {
    let mut parts = line.split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(version), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(malformed("the first line is no method, target and version"));
    };
    // What stands for a refused request is nobody's to send.
    if method.is_empty()
        || method.len() > LONGEST_METHOD
        || !method.iter().all(is_token)
        || method == REFUSED.as_bytes()
    {
        return Err(malformed("the method is none"));
    }
    let is_1_1 = match version {
        b"HTTP/1.1" => true,
        b"HTTP/1.0" => false,
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            return Err(refusal(
                StatusCode::HTTP_VERSION_NOT_SUPPORTED,
                "HTTP/1.1 and HTTP/2 are spoken here",
            ));
        }
        _ => return Err(malformed("the version is none")),
    };
    if target.len() > LONGEST_TARGET {
        return Err(TARGET_TOO_LONG);
    }
    if method == b"CONNECT" {
        return Err(refusal(
            StatusCode::METHOD_NOT_ALLOWED,
            "connections to elsewhere are not made here",
        ));
    }
    let plain = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'#' | b'\\');
    let form = match target {
        b"*" => method == b"OPTIONS",
        [b'/', ..] => true,
        target => is_absolute(target),
    };
    match form && target.iter().all(plain) {
        true => Ok(is_1_1),
        false => Err(malformed("the target is none")),
    }
}

/// `http://host/path`, as clients send it to proxies.
fn is_absolute(target: &[u8]) -> bool {
    let rest = [&b"http://"[..], &b"https://"[..]]
        .iter()
        .find_map(|scheme| {
            let (start, rest) = target.split_at_checked(scheme.len())?;
            start.eq_ignore_ascii_case(scheme).then_some(rest)
        });
    let authority = rest.and_then(|rest| rest.split(|byte| matches!(byte, b'/' | b'?')).next());
    authority.is_some_and(is_host)
}

/// `name: value`
fn field(line: &[u8]) -> Result<(&[u8], &[u8]), Refusal> {
    if matches!(line.first(), Some(b' ' | b'\t')) {
        return Err(malformed("a header goes on in the next line"));
    }
    let colon = memchr::memchr(b':', line);
    let (name, value) = match colon.and_then(|colon| line.split_at_checked(colon)) {
        Some((name, value)) => (name, value.get(1..).unwrap_or_default()),
        None => return Err(malformed("a header has no `:`")),
    };
    if name.is_empty() || !name.iter().all(is_token) {
        return Err(malformed("the name of a header is none"));
    }
    Ok((name, trim(value)))
}

/// The space that may stand around a value: no other than these.
fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = value {
        value = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// RFC 9110, 8.6: digits. As a number is written, without zeros before it.
fn length(value: &[u8]) -> Result<u64, Refusal> {
    let number = match value {
        b"0" => Some(0),
        [b'1'..=b'9', rest @ ..] if rest.len() < 19 && rest.iter().all(u8::is_ascii_digit) => {
            let text = std::str::from_utf8(value).ok();
            text.and_then(|text| text.parse().ok())
        }
        _ => None,
    };
    number.ok_or(malformed("`content-length` is no length"))
}

/// RFC 9110, 7.2: a name, an address, perhaps a port; no user, no list.
fn is_host(host: &[u8]) -> bool {
    let (name, port) = match host {
        [b'[', rest @ ..] => match rest.iter().position(|byte| *byte == b']') {
            Some(end) => {
                let (address, port) = rest.split_at(end);
                let good = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
                if !address.iter().all(good) {
                    return false;
                }
                (address, port.get(1..).unwrap_or_default())
            }
            None => return false,
        },
        host => {
            let end = host.iter().position(|byte| *byte == b':');
            host.split_at(end.unwrap_or(host.len()))
        }
    };
    let plain = |byte: &u8| {
        byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'.' | b'-'
                    | b'_'
                    | b'~'
                    | b'%'
                    | b'!'
                    | b'$'
                    | b'&'
                    | b'\''
                    | b'('
                    | b')'
                    | b'*'
                    | b'+'
                    | b';'
                    | b'='
                    | b':'
            )
    };
    let port = match port {
        [] => true,
        [b':', digits @ ..] => digits.len() <= 5 && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    !name.is_empty() && name.iter().all(plain) && port
}

/// Anything but a control character.
fn is_plain(byte: u8) -> bool {
    byte >= b' ' && byte != 0x7f
}

/// How many bytes at the start are that. Sixteen at a time, which compilers make one comparison of.
fn plain(bytes: &[u8]) -> usize {
    let (blocks, _) = bytes.as_chunks::<16>();
    let all = |block: &&[u8; 16]| block.iter().fold(true, |all, byte| all & is_plain(*byte));
    let whole = blocks.iter().take_while(all).count() * 16;
    let rest = bytes.get(whole..).unwrap_or_default();
    whole + rest.iter().take_while(|byte| is_plain(**byte)).count()
}

/// RFC 9110, 5.6.2.
fn is_token(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        bytes: 1024,
        headers: 4,
    };

    fn status(text: &str) -> Result<Framing, u16> {
        let mut whole = Scan::default();
        let mut parts = Scan::default();
        let mut one = Read::More;
        for end in 0..=text.len() {
            one = parts.read(text.as_bytes().get(..end).unwrap_or_default(), BOUNDS);
            if one != Read::More {
                break;
            }
        }
        let all = whole.read(text.as_bytes(), BOUNDS);
        assert_eq!(one, all, "{text:?} byte by byte");
        match all {
            Read::More => Err(0),
            Read::Head(length, framing) => {
                assert_eq!(
                    Some(length),
                    text.find("\r\n\r\n").map(|at| at + 4),
                    "{text:?}"
                );
                Ok(framing)
            }
            Read::Refused(refusal) => Err(refusal.status.as_u16()),
        }
    }

    #[test]
    fn heads() {
        use Framing::{Chunks, Length};
        for (text, want) in [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\nrest", Ok(Length(0))),
            ("\r\nGET / HTTP/1.0\r\n\r\n", Ok(Length(0))),
            (
                "POST /a?b HTTP/1.1\r\nhost:a:1\r\nContent-Length: 12\r\n\r\n",
                Ok(Length(12)),
            ),
            (
                "POST / HTTP/1.1\r\nhost: [::1]:80\r\ntransfer-encoding:\tChunked \r\n\r\n",
                Ok(Chunks),
            ),
            ("GET http://a/b HTTP/1.1\r\nhost: a\r\n\r\n", Ok(Length(0))),
            ("OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n", Ok(Length(0))),
            (
                "GET / HTTP/1.1\r\nhost: a\r\nx: \u{e9}\r\n\r\n",
                Ok(Length(0)),
            ),
            ("GET / HT", Err(0)),
            ("GET / HTTP/1.1\nhost: a\n\n", Err(400)),
            ("GET / HTTP/1.1\r\nhost: a\r\rx: b\r\n\r\n", Err(400)),
            ("GET / HTTP/1.1\r\n\r\n", Err(400)),
            ("GET * HTTP/1.1\r\nhost: a\r\n\r\n", Err(400)),
            ("GET / HTTP/2.0\r\nhost: a\r\n\r\n", Err(505)),
            (
                "GET / HTTP/1.1\r\nhost: a\r\n1: 1\r\n2: 1\r\n3: 1\r\n4: 1\r\n\r\n",
                Err(431),
            ),
        ] {
            assert_eq!(status(text), want, "{text:?}");
        }
        assert_eq!(status(&format!("GET /{}", "a".repeat(2000))), Err(414));
        let long = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}", "a".repeat(2000));
        assert_eq!(status(&long), Err(431));
    }
}
