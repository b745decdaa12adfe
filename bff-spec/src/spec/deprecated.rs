//! `deprecated: true`, or `deprecated: { since: 2026-01-31, sunset: 2027-06-30, use: GET /v2/home }`

use super::keys::{DATE, Keys, Takes, key};
use super::reader::Reader;
use crate::diagnostic::{Code, Place};
use crate::document::{Data, Node};

pub(crate) const DEPRECATED: Keys = Keys {
    of: "`deprecated`",
    known: &[
        key("since", DATE, "The day it was deprecated."),
        key("sunset", DATE, "The day it is gone."),
        key(
            "use",
            Takes::Form("^[A-Z]+ /"),
            "What takes its place: `GET /v2/home`.",
        ),
    ],
    later: &[],
};

const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// `deprecated` of an endpoint.
#[derive(Debug)]
pub(crate) struct DeprecatedDecl {
    /// Whether answers say so: where it is more than `true`.
    pub(crate) told: bool,
    /// Days since 1970.
    pub(crate) since: Option<u32>,
    /// Days since 1970.
    pub(crate) sunset: Option<u32>,
    /// The method and path that take its place.
    pub(crate) successor: Option<(String, String, Place)>,
}

impl Reader<'_> {
    /// None also for `false`.
    pub(crate) fn deprecated(&mut self, node: &Node) -> Option<DeprecatedDecl> {
        if !matches!(node.data, Data::Map(_)) {
            return self
                .boolean(node, "`deprecated`")
                .filter(|is| *is)
                .map(|_| DeprecatedDecl {
                    told: false,
                    since: None,
                    sunset: None,
                    successor: None,
                });
        }
        let table = self.table(node, &DEPRECATED)?;
        if table.entries.is_empty() {
            self.error(Code::MissingKey, node.place, "`deprecated` says nothing")
                .help = Some("`true`, or `since`, `sunset` and `use`".into());
            return None;
        }
        let since = table.get("since").and_then(|n| self.date(n, "`since`"));
        let sunset = table.get("sunset").and_then(|n| self.date(n, "`sunset`"));
        if let (Some(from), Some(to), Some(node)) = (since, sunset, table.get("sunset"))
            && to < from
        {
            self.error(
                Code::Contradiction,
                node.place,
                "it is gone before it is deprecated: `sunset` lies before `since`",
            );
        }
        Some(DeprecatedDecl {
            told: true,
            since,
            sunset,
            successor: table.get("use").and_then(|n| self.successor(n)),
        })
    }

    /// A day, as days since 1970.
    fn date(&mut self, node: &Node, what: &str) -> Option<u32> {
        let text = self.text(node, what)?;
        let day = days(&text);
        if day.is_none() {
            self.error(
                Code::BadValue,
                node.place,
                format!("{what} is a date, and `{text}` is none"),
            )
            .help = Some("year, month and day, from 1970: `2027-06-30`".into());
        }
        day
    }

    fn successor(&mut self, node: &Node) -> Option<(String, String, Place)> {
        let text = self.text(node, "`use`")?;
        let parts = text.split_once(' ').filter(|(method, path)| {
            let plain = |b: u8| b.is_ascii_graphic() && !b"<>\"\\^`|".contains(&b);
            METHODS.contains(method) && path.starts_with('/') && path.bytes().all(plain)
        });
        let Some((method, path)) = parts else {
            self.error(
                Code::BadValue,
                node.place,
                format!("`use` names what takes its place, and `{text}` is no method and path"),
            )
            .help = Some("an endpoint's key: `GET /v2/home`".into());
            return None;
        };
        Some((method.to_owned(), path.to_owned(), node.place))
    }
}

/// The days from 1970-01-01 to a date `YYYY-MM-DD` of the Gregorian calendar.
fn days(text: &str) -> Option<u32> {
    let mut parts = text.split('-');
    let mut part = |digits: usize| {
        let part = parts.next().filter(|part| part.len() == digits)?;
        let all = part.bytes().all(|b| b.is_ascii_digit());
        all.then(|| part.parse::<u32>().ok()).flatten()
    };
    let (year, month, day) = (part(4)?, part(2)?, part(2)?);
    if parts.next().is_some() || year < 1970 {
        return None;
    }
    let leap = |year: u32| {
        (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400)
    };
    let february = if leap(year) { 29 } else { 28 };
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let at = usize::try_from(month.checked_sub(1)?).ok()?;
    if !(1..=*months.get(at)?).contains(&day) {
        return None;
    }
    let years: u32 = (1970..year)
        .map(|year| if leap(year) { 366 } else { 365 })
        .sum();
    Some(years + months.iter().take(at).sum::<u32>() + day - 1)
}

#[cfg(test)]
mod tests {
    use super::days;

    #[test]
    fn dates() {
        for (text, want) in [
            ("1970-01-01", Some(0)),
            ("1970-12-31", Some(364)),
            ("2000-02-29", Some(11_016)),
            ("2026-11-23", Some(20_780)),
            ("9999-12-31", Some(2_932_896)),
            ("2100-02-29", None),
            ("2027-02-29", None),
            ("2027-13-01", None),
            ("2027-00-10", None),
            ("2027-04-31", None),
            ("2027-4-3", None),
            ("1969-12-31", None),
            ("2027-06-30T00:00:00Z", None),
            ("30.06.2027", None),
            ("+027-06-30", None),
        ] {
            assert_eq!(days(text), want, "{text}");
        }
    }
}
