//! Strings between their JSON text and what they mean.

use std::borrow::Cow;

/// Writes a text as a JSON string.
pub(crate) fn quote(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in text.as_bytes() {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..0x20 => {
                let digit =
                    |nibble: u8| char::from_digit(u32::from(nibble), 16).map_or(b'0', |c| c as u8);
                out.extend_from_slice(b"\\u00");
                out.push(digit(byte >> 4));
                out.push(digit(byte & 15));
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// What the inside of a checked JSON string means, as UTF-8. Escaped lone surrogates become U+FFFD.
pub(crate) fn unescape(inside: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = memchr::memchr(b'\\', inside) else {
        return Cow::Borrowed(inside);
    };
    let (plain, mut rest) = inside.split_at(first);
    let mut out = Vec::with_capacity(inside.len());
    out.extend_from_slice(plain);
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let Some((&kind, after)) = rest.split_first() else {
            break;
        };
        rest = after;
        match kind {
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'u' => {
                let unit = unit(rest);
                rest = rest.get(4..).unwrap_or_default();
                let mut code = unit;
                if let 0xd800..0xdc00 = unit
                    && let Some(low) = rest.strip_prefix(b"\\u")
                    && let low @ 0xdc00..0xe000 = self::unit(low)
                {
                    code = 0x10000 + (unit - 0xd800) * 0x400 + (low - 0xdc00);
                    rest = rest.get(6..).unwrap_or_default();
                }
                let char = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            }
            other => out.push(other),
        }
    }
    Cow::Owned(out)
}

/// The UTF-16 unit of four hexadecimal digits.
fn unit(digits: &[u8]) -> u32 {
    digits.iter().take(4).fold(0, |unit, &digit| {
        unit * 16 + char::from(digit).to_digit(16).unwrap_or(0)
    })
}
