//! The headers of an answer, for the few questions that are asked of them.

use bytes::Bytes;
use http::HeaderMap;

/// Headers by name.
#[derive(Debug)]
pub(crate) enum Headers {
    /// In a map.
    Map(HeaderMap),
    /// As they were sent: a head that was found to be well-formed.
    Raw(Bytes),
}

impl Headers {
    /// The first value of a header, without the space around it.
    pub(crate) fn get(&self, name: &str) -> Option<&[u8]> {
        let raw = match self {
            Headers::Map(map) => return map.get(name).map(http::HeaderValue::as_bytes),
            Headers::Raw(raw) => raw,
        };
        raw.split(|byte| *byte == b'\n').skip(1).find_map(|line| {
            let (found, rest) = line.split_at_checked(name.len())?;
            let value = rest.strip_prefix(b":")?;
            found
                .eq_ignore_ascii_case(name.as_bytes())
                .then(|| value.trim_ascii())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_say_the_same() {
        let raw = b"HTTP/1.1 200 a: b\r\nA: 1 \r\nab:2\r\nA: 3\r\nempty:\r\nlast: x y\n\r\n";
        let raw = Headers::Raw(Bytes::from_static(raw));
        let mut map = HeaderMap::new();
        for (name, value) in [
            ("a", "1"),
            ("ab", "2"),
            ("a", "3"),
            ("empty", ""),
            ("last", "x y"),
        ] {
            map.append(name, http::HeaderValue::from_static(value));
        }
        let map = Headers::Map(map);
        for (name, want) in [
            ("a", Some("1")),
            ("ab", Some("2")),
            ("empty", Some("")),
            ("last", Some("x y")),
            ("b", None),
            ("http/1.1 200 a", None),
            ("las", None),
        ] {
            for headers in [&raw, &map] {
                assert_eq!(headers.get(name), want.map(str::as_bytes), "{name}");
            }
        }
    }
}
