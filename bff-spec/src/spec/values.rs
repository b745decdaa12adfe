//! Durations, sizes, and texts with variables.

use std::time::Duration;

use super::keys::{DURATION, Takes};
use super::reader::Reader;
use crate::diagnostic::{Code, Edit, Place};
use crate::document::{Node, Scalar};
use crate::model::{Text, TextPart};

/// How many attempts may follow the first.
pub(crate) const RETRY: Takes = Takes::Whole(0, 10);
/// A duration, or `none` for what holds without one.
pub(crate) const DEADLINE: Takes = Takes::Either(&[DURATION, Takes::Word(&["none"])]);
/// Two values that are equal, or one that is there.
pub(crate) const CONDITION: Takes = Takes::Grammar;

/// `800ms`, `2s`, `5min`, `1h`, `1d`
fn duration(text: &str) -> Option<Duration> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at_checked(digits)?;
    let number: u64 = number.parse().ok()?;
    let scale = match unit {
        "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    // A year is longer than any of these may be.
    let millis = number
        .checked_mul(scale)
        .filter(|m| *m <= 366 * 86_400_000)?;
    Some(Duration::from_millis(millis))
}

/// `64KiB`, `10MiB`, or bytes as a number.
fn size(text: &str) -> Option<u64> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at_checked(digits)?;
    let number: u64 = number.parse().ok()?;
    let scale = match unit.trim_start() {
        "" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        _ => return None,
    };
    number.checked_mul(scale)
}

/// What a unit that isn't one is called, and how it is written.
fn unit_of(text: &str) -> Option<(&'static str, &'static str)> {
    Some(match text.to_lowercase().as_str() {
        "ms" | "msec" | "msecs" | "millis" | "millisecond" | "milliseconds" => {
            ("milliseconds", "ms")
        }
        "s" | "sec" | "secs" | "second" | "seconds" => ("seconds", "s"),
        "m" | "min" | "mins" | "minute" | "minutes" => ("minutes", "min"),
        "h" | "hr" | "hrs" | "hour" | "hours" => ("hours", "h"),
        "d" | "day" | "days" => ("days", "d"),
        _ => return None,
    })
}

/// `20%`
fn percent(text: &str) -> Option<u8> {
    let number: u8 = text.strip_suffix('%')?.trim_end().parse().ok()?;
    (number <= 100).then_some(number)
}

impl Reader<'_> {
    /// How many attempts may follow the first.
    pub(crate) fn retry(&mut self, node: &Node) -> Option<u8> {
        let attempts = self.whole(node, "`retry`", RETRY)?;
        u8::try_from(attempts).ok()
    }

    /// A share in whole percent.
    pub(crate) fn percent(&mut self, node: &Node, what: &str) -> Option<u8> {
        let text = self.text(node, what)?;
        let value = percent(&text);
        if value.is_none() {
            self.error(
                Code::BadValue,
                node.place,
                format!("{what} is a share, and `{text}` is none"),
            )
            .help = Some("a whole number from 0 to 100 and `%`: `20%`".into());
        }
        value
    }

    /// A duration that isn't nothing; `zero` allows it to be.
    pub(crate) fn duration(&mut self, node: &Node, what: &str, zero: bool) -> Option<Duration> {
        let text = self.text(node, what)?;
        match duration(&text) {
            Some(value) if value.is_zero() && !zero => {
                self.error(
                    Code::BadValue,
                    node.place,
                    format!("{what} is longer than nothing"),
                );
                None
            }
            Some(value) => Some(value),
            None => {
                let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
                let unit = text.get(digits.len()..).unwrap_or_default().trim();
                let (help, right) = match unit {
                    _ if digits.is_empty() => (None, None),
                    "" => (
                        Some(format!("with a unit: `{digits}s`, `{digits}ms`")),
                        Some(Edit::likely(node.place, format!("{digits}s"))),
                    ),
                    _ => match unit_of(unit) {
                        Some((name, unit)) => (
                            Some(format!("{name} are `{digits}{unit}`")),
                            Some(Edit::sure(node.place, format!("{digits}{unit}"))),
                        ),
                        None => (None, None),
                    },
                };
                let diagnostic = self.error(
                    Code::BadValue,
                    node.place,
                    format!("{what} is a duration, and `{text}` is none"),
                );
                let form = || "a whole number and ms, s, min, h or d: `800ms`".into();
                diagnostic.help = Some(help.unwrap_or_else(form));
                diagnostic.fix = right;
                None
            }
        }
    }

    /// A size in bytes.
    pub(crate) fn size(&mut self, node: &Node, what: &str) -> Option<u64> {
        let text = self.text(node, what)?;
        let value = size(&text).filter(|size| *size > 0 && *size <= 1 << 32);
        if value.is_none() {
            let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
            let unit = text.get(digits.len()..).unwrap_or_default().trim();
            let right = match unit.to_lowercase().as_str() {
                _ if digits.is_empty() => None,
                "k" | "kb" | "kib" => Some(format!("{digits}KiB")),
                "m" | "mb" | "mib" => Some(format!("{digits}MiB")),
                _ => None,
            };
            let diagnostic = self.error(
                Code::BadValue,
                node.place,
                format!("{what} is a size, and `{text}` is none"),
            );
            diagnostic.help = Some(match &right {
                Some(right) => format!("in powers of 1024: `{right}`"),
                None => "a whole number and KiB or MiB, up to 4096MiB: `10MiB`".into(),
            });
            diagnostic.fix = right.map(|right| Edit::likely(node.place, right));
        }
        value
    }

    /// A text in which `${VAR}`, `${VAR:-default}` and `${file:PATH}` stand for what is read when the binary starts.
    pub(crate) fn variables(&mut self, node: &Node, what: &str) -> Option<Text> {
        let scalar = self.scalar(node, what)?;
        let mut parts = Vec::new();
        let mut rest = 0;
        let text = scalar.text.as_str();
        while let Some(found) = text.get(rest..).and_then(|t| t.find("${")) {
            let start = rest + found;
            if let Some(literal) = text.get(rest..start).filter(|l| !l.is_empty()) {
                parts.push(TextPart::Literal(literal.to_owned()));
            }
            let Some(length) = text.get(start..).and_then(|t| t.find('}')) else {
                let place = scalar.place(node.place, start..text.len());
                self.error(Code::BadValue, place, "`${` is never closed")
                    .help = Some("close it with `}`".into());
                return None;
            };
            let end = start + length;
            let inner = text.get(start + 2..end).unwrap_or_default();
            let place = scalar.place(node.place, start..end + 1);
            parts.push(self.variable(inner, place)?);
            rest = end + 1;
        }
        if let Some(literal) = text.get(rest..).filter(|l| !l.is_empty()) {
            parts.push(TextPart::Literal(literal.to_owned()));
        }
        Some(Text {
            parts,
            secret: false,
        })
    }

    fn variable(&mut self, inner: &str, place: Place) -> Option<TextPart> {
        if let Some(path) = inner.strip_prefix("file:") {
            if path.is_empty() {
                self.error(Code::BadValue, place, "`${file:…}` names no file");
                return None;
            }
            // An absolute path is one of the machine the binary runs on.
            let path = if path.starts_with('/') {
                path.to_owned()
            } else {
                self.resolve(path, place)?
            };
            return Some(TextPart::File(path));
        }
        let (name, default) = match inner.split_once(":-") {
            Some((name, default)) => (name, Some(default.to_owned())),
            None => (inner, None),
        };
        let plain = name
            .bytes()
            .enumerate()
            .all(|(i, b)| b == b'_' || b.is_ascii_alphabetic() || (i > 0 && b.is_ascii_digit()));
        if name.is_empty() || !plain {
            self.error(
                Code::BadValue,
                place,
                format!("`{name}` is no variable's name"),
            )
            .help = Some("`${NAME}`, `${NAME:-default}` or `${file:PATH}`; names are of letters, digits and `_`".into());
            return None;
        }
        Some(TextPart::Variable {
            name: name.to_owned(),
            default,
        })
    }

    /// A secret: only ever from a variable or file, perhaps in a text.
    pub(crate) fn secret(&mut self, node: &Node, what: &str, variable: &str) -> Option<Text> {
        let text = self.variables(node, what)?;
        let dynamic = text
            .parts
            .iter()
            .any(|part| !matches!(part, TextPart::Literal(_)));
        if !dynamic {
            let diagnostic = self.error(
                Code::LiteralSecret,
                node.place,
                format!("{what} is a secret, and stands here for all to read"),
            );
            diagnostic.fix = Some(Edit::likely(node.place, format!("\"${{{variable}}}\"")));
            diagnostic.help = Some(format!(
                "name a variable or a file: `\"${{{variable}}}\"`, `\"${{file:/run/secrets/{}}}\"`; and change the secret, since it has been written down",
                variable.to_lowercase()
            ));
            return None;
        }
        let with_default = text.parts.iter().any(|part| {
            matches!(part, TextPart::Variable { default: Some(default), .. } if !default.is_empty())
        });
        if with_default {
            self.error(
                Code::SecretDefault,
                node.place,
                format!("{what} is a secret, and its variable has a default"),
            )
            .help = Some(
                "without the default, the binary says at start that the variable is missing".into(),
            );
        }
        Some(Text {
            secret: true,
            ..text
        })
    }
}

/// Whether a header's value is a secret, by its name in lower case.
pub(crate) fn is_secret_header(name: &str) -> bool {
    matches!(name, "authorization" | "cookie")
        || ["-key", "-token", "-secret"]
            .iter()
            .any(|end| name.ends_with(end))
}

/// Whether a text can be a header's name (RFC 9110 `token`).
pub(crate) fn is_header_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// A scalar's text on one line, its blanks one space each.
pub(crate) fn one_line(scalar: &Scalar) -> String {
    scalar.text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{duration, percent, size};
    use std::time::Duration;

    #[test]
    fn durations_sizes_and_shares() {
        for (text, millis) in [
            ("800ms", Some(800)),
            ("2s", Some(2_000)),
            ("5min", Some(300_000)),
            ("1h", Some(3_600_000)),
            ("1d", Some(86_400_000)),
            ("2", None),
            ("2m", None),
            ("s", None),
            ("-1s", None),
            ("1.5s", None),
            ("99999999999999999999s", None),
            ("9999999999d", None),
        ] {
            assert_eq!(duration(text), millis.map(Duration::from_millis), "{text}");
        }
        for (text, bytes) in [
            ("512", Some(512)),
            ("64KiB", Some(65_536)),
            ("10 MiB", Some(10_485_760)),
            ("10MB", None),
            ("MiB", None),
        ] {
            assert_eq!(size(text), bytes, "{text}");
        }
        for (text, share) in [
            ("20%", Some(20)),
            ("0 %", Some(0)),
            ("100%", Some(100)),
            ("101%", None),
            ("-1%", None),
            ("20", None),
            ("%", None),
            ("12.5%", None),
        ] {
            assert_eq!(percent(text), share, "{text}");
        }
    }
}
