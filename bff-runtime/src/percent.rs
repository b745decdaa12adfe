//! Percent-encoding, each way once (RFC 3986).
//!
//! Decoding fails on a broken escape and on bytes that are no UTF-8; it never happens twice to the same text.

use std::borrow::Cow;

/// A text whose percent-encoding is broken, or hides bytes that are no UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken;

/// Decodes a segment of a path.
pub(crate) fn decode(text: &str) -> Result<Cow<'_, str>, Broken> {
    decode_with(text, false)
}

/// Decodes a name or value of a query or form, where `+` is a space.
pub(crate) fn decode_form(text: &str) -> Result<Cow<'_, str>, Broken> {
    decode_with(text, true)
}

fn decode_with(text: &str, plus: bool) -> Result<Cow<'_, str>, Broken> {
    let special = |byte: &u8| *byte == b'%' || (plus && *byte == b'+');
    if !text.as_bytes().iter().any(special) {
        return Ok(Cow::Borrowed(text));
    }
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => match (bytes.next().and_then(digit), bytes.next().and_then(digit)) {
                (Some(high), Some(low)) => high << 4 | low,
                _ => return Err(Broken),
            },
            b'+' if plus => b' ',
            other => other,
        });
    }
    String::from_utf8(out).map(Cow::Owned).map_err(|_| Broken)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

/// Appends a text so that it stays within one segment, name or value: all but the unreserved characters is encoded.
pub(crate) fn encode_into(out: &mut String, text: &str) {
    const HEX: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F',
    ];
    let nibble = |value: u8| HEX.get(usize::from(value & 15)).copied().unwrap_or('0');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| !unreserved(byte)) {
        let (plain, other) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(plain);
        let mut chars = other.chars();
        if let Some(c) = chars.next() {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                out.extend(['%', nibble(byte >> 4), nibble(byte)]);
            }
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
}

fn unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_once_or_not_at_all() {
        let cases: &[(&str, Result<&str, Broken>)] = &[
            ("plain", Ok("plain")),
            ("a%2Fb", Ok("a/b")),
            ("%252F", Ok("%2F")),
            ("%e4%bd%a0", Ok("你")),
            ("a+b", Ok("a+b")),
            ("%", Err(Broken)),
            ("%4", Err(Broken)),
            ("%zz", Err(Broken)),
            ("%+1", Err(Broken)),
            ("%ff", Err(Broken)),
            ("%c0%af", Err(Broken)),
        ];
        for (text, want) in cases {
            assert_eq!(decode(text).as_deref(), want.as_deref(), "{text}");
        }
        assert_eq!(decode_form("a+b%2B").as_deref(), Ok("a b+"));
    }

    #[test]
    fn what_is_encoded_comes_back() {
        let mut out = String::new();
        encode_into(&mut out, "a/b?c=d&e f%你~");
        assert_eq!(out, "a%2Fb%3Fc%3Dd%26e%20f%25%E4%BD%A0~");
        assert_eq!(decode(&out).as_deref(), Ok("a/b?c=d&e f%你~"));
    }
}
