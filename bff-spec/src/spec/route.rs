//! An endpoint's key: `GET /orders/{id}`, `ANY /catalog/**`, `GET /home when header.x-app = "2"`.

use indexmap::IndexMap;

use super::Route;
use super::reader::{Reader, list};
use crate::contract::Location;
use crate::diagnostic::{Code, Edit, Place};
use crate::document::Key;
use crate::model::{Choice, Segment};
use crate::nearest::nearest;

/// What an endpoint's key may start with.
pub(crate) const METHODS: &[&str] = &[
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "ANY",
];

impl Reader<'_> {
    /// What a key says; none if it was reported.
    pub(crate) fn route(&mut self, key: &Key) -> Option<Route> {
        // Keys carry no map of their text: offsets hold unless the key is quoted with escapes.
        let shift = u32::from(self.source(key.place).starts_with(['"', '\'']));
        let part = |start: usize, end: usize| Place {
            start: (key.place.start + shift + u32::try_from(start).unwrap_or(0)).min(key.place.end),
            end: (key.place.start + shift + u32::try_from(end).unwrap_or(0)).min(key.place.end),
            ..key.place
        };
        let text = key.text.as_str();
        let Some((method, rest)) = text.split_once(' ') else {
            let starts = text.starts_with('/');
            let help = if starts {
                format!("with its method: `GET {text}`")
            } else {
                "`GET /path/{param}`, or `ANY` for all methods".into()
            };
            let diagnostic = self.error(
                Code::EndpointKey,
                key.place,
                format!("`{text}` is not a method and a path"),
            );
            diagnostic.help = Some(help);
            diagnostic.fix = starts.then(|| Edit::likely(part(0, 0), "GET "));
            return None;
        };
        if !METHODS.contains(&method) {
            let near = nearest(method, METHODS.iter().copied()).map(str::to_owned);
            let place = part(0, method.len());
            let diagnostic =
                self.error(Code::EndpointKey, place, format!("`{method}` is no method"));
            diagnostic.fix = near.as_ref().map(|near| Edit::meant(place, method, near));
            diagnostic.help = Some(match near {
                Some(near) if near.eq_ignore_ascii_case(method) => {
                    format!("methods are in capitals: `{near}`")
                }
                Some(near) => format!("did you mean `{near}`?"),
                None if method.contains([',', '|']) => {
                    "a key has one method; `ANY` is all of them".into()
                }
                None => format!(
                    "{}; `ANY` is all of them",
                    list(METHODS.iter().copied().filter(|m| *m != "ANY"))
                ),
            });
            return None;
        }
        let (path, choice) = match rest.split_once(" when ") {
            Some((path, condition)) => (path.trim(), Some(condition.trim())),
            None => (rest.trim(), None),
        };
        let at = text.find(path).unwrap_or(0);
        let choice = match choice {
            Some(condition) => {
                let start = text.rfind(condition).unwrap_or(0);
                Some(self.choice(condition, part(start, start + condition.len()))?)
            }
            None => None,
        };
        if !path.starts_with('/') {
            let diagnostic = self.error(
                Code::EndpointKey,
                part(at, at + path.len()),
                format!("`{path}` is not a path"),
            );
            diagnostic.help = Some(format!("a path starts with `/`: `{method} /{path}`"));
            diagnostic.fix = Some(Edit::sure(part(at, at), "/"));
            return None;
        }
        let mut segments = Vec::new();
        let mut parameters = IndexMap::new();
        let mut offset = at + 1;
        let mut ok = true;
        let all: Vec<&str> = path.get(1..).unwrap_or_default().split('/').collect();
        for (i, segment) in all.iter().enumerate() {
            let place = part(offset, offset + segment.len());
            offset += segment.len() + 1;
            let last = i + 1 == all.len();
            match self.segment(segment, place, last) {
                Some(Segment::Parameter(name)) => {
                    if parameters.insert(name.clone(), place).is_some() {
                        self.error(
                            Code::DefinedTwice,
                            place,
                            format!("`{{{name}}}` stands twice in this path"),
                        )
                        .help = Some("parameters of one path have names of their own".into());
                        ok = false;
                    }
                    segments.push(Segment::Parameter(name));
                }
                Some(segment) => segments.push(segment),
                None => ok = false,
            }
        }
        // `/` alone has no segments.
        if path == "/" {
            segments.clear();
        }
        ok.then(|| Route {
            method: (method != "ANY").then(|| method.to_owned()),
            path: path.to_owned(),
            segments,
            parameters,
            choice,
        })
    }

    fn segment(&mut self, text: &str, place: Place, last: bool) -> Option<Segment> {
        if text == "**" {
            if last {
                return Some(Segment::Rest);
            }
            self.error(Code::EndpointKey, place, "`**` stands at the end of a path");
            return None;
        }
        if let Some(name) = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')) {
            if is_name(name) {
                return Some(Segment::Parameter(name.to_owned()));
            }
            self.error(
                Code::EndpointKey,
                place,
                format!("`{name}` is no name of a parameter"),
            )
            .help = Some("letters, digits, `_` and `-`, not starting with a digit".into());
            return None;
        }
        // As other tools write parameters.
        let name = text
            .strip_prefix(':')
            .or_else(|| text.strip_prefix('<').and_then(|t| t.strip_suffix('>')))
            .or_else(|| text.strip_prefix('$'))
            .filter(|name| is_name(name));
        let right = name.map(|name| format!("{{{name}}}"));
        let help = if let Some(right) = &right {
            format!("a parameter is written `{right}`")
        } else if text.contains(['{', '}']) {
            "a parameter is a whole segment: `/orders/{id}`".into()
        } else if text.contains('*') {
            "`**` is zero or more whole segments, at the end".into()
        } else {
            "only characters that stand in a path as they are, or `%` and two hex digits".into()
        };
        let decoded = decode(text);
        if decoded.is_none() || right.is_some() || !is_plain(text) {
            let diagnostic = self.error(
                Code::EndpointKey,
                place,
                format!("`{text}` is no segment of a path"),
            );
            diagnostic.help = Some(help);
            diagnostic.fix = right.map(|right| Edit::sure(place, right));
            return None;
        }
        decoded.map(Segment::Literal)
    }

    fn choice(&mut self, text: &str, place: Place) -> Option<Choice> {
        let fault = |reader: &mut Self, help: &str| {
            reader
                .error(
                    Code::EndpointKey,
                    place,
                    format!("`{text}` chooses nothing"),
                )
                .help = Some(help.to_owned());
            None
        };
        const FORM: &str = "`when header.NAME = \"value\"` or `when query.NAME = \"value\"`";
        let Some((left, right)) = text.split_once('=') else {
            return fault(self, FORM);
        };
        let Some((root, name)) = left.trim().split_once('.') else {
            return fault(self, FORM);
        };
        let name = name.trim_matches('"');
        let Ok(equals) = serde_json::from_str::<String>(right.trim()) else {
            return fault(self, FORM);
        };
        let location = match root {
            "header" => Location::Header,
            "query" => Location::Query,
            _ => return fault(self, FORM),
        };
        if name.is_empty() || (location == Location::Header && !super::is_header_name(name)) {
            return fault(self, FORM);
        }
        let name = if location == Location::Header {
            name.to_lowercase()
        } else {
            name.to_owned()
        };
        Some(Choice {
            location,
            name,
            equals,
        })
    }
}

/// `[A-Za-z_][A-Za-z0-9_-]*`
pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// RFC 3986 `pchar`, or a letter that isn't ASCII; `*` means something.
fn is_plain(text: &str) -> bool {
    text.bytes()
        .all(|b| !b.is_ascii() || b.is_ascii_alphanumeric() || b"-._~!$&'()+,;=:@%".contains(&b))
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(b) = rest.next() {
        if b == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(b);
        }
    }
    let decoded = String::from_utf8(bytes).ok()?;
    let bad = decoded == "." || decoded == ".." || decoded.chars().any(char::is_control);
    (!bad).then_some(decoded)
}
