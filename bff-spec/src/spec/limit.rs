//! `limits.X`, and how often an endpoint may be asked: `limit` and `cost`.

use std::time::Duration;

use super::keys::{Keys, RATE, Takes, key};
use super::reader::{Reader, Table};
use crate::diagnostic::{Code, Edit, Place};
use crate::document::{Key, Node};
use crate::model::{Limit, Per, Quota, Rate};
use crate::nearest::nearest;
use crate::syntax::ast;

const COUNT: Takes = Takes::Whole(1, 1_000_000_000);

/// What one request counts.
pub(crate) const COST: Takes = COUNT;

pub(crate) const LIMIT: Keys = Keys {
    of: "a limit",
    known: &[
        key(
            "rate",
            RATE,
            "So many in the long run: `120/min`; also `/s`, `/h` and `/day`.",
        ),
        key(
            "burst",
            COUNT,
            "How many may come at once after a pause; as many as `rate` says without.",
        ),
        key(
            "per",
            Takes::Form("^(subject|key|ip|route|everyone|claim\\(.+\\)|header\\(.+\\))$"),
            "Who is counted: `subject` (without), `key`, `ip`, `claim(NAME)`, `header(NAME)`, `route` or `everyone`.",
        ),
        key(
            "quota",
            RATE,
            "So many in each hour, day, … of UTC: `100000/day`.",
        ),
        key("concurrency", COUNT, "So many at a time."),
    ],
    later: &[
        (
            "zone",
            "take it out: every gateway process counts for itself meanwhile",
        ),
        (
            "mode",
            "take it out: counters are in memory and exact meanwhile",
        ),
        (
            "on_outage",
            "take it out: counters are in memory, and that has no outage",
        ),
    ],
};

/// `limits.X`
#[derive(Debug)]
pub(crate) struct LimitDecl {
    pub(crate) place: Place,
    /// None if it was broken.
    pub(crate) limit: Option<Limit>,
}

/// `limit` of an endpoint or of the defaults.
#[derive(Debug, Clone)]
pub(crate) enum LimitsDecl {
    /// `none`
    None,
    /// All of these.
    Names(Vec<ast::Word>),
}

impl Reader<'_> {
    pub(crate) fn limit(&mut self, key: &Key, node: &Node) -> Option<LimitDecl> {
        let table = self.table(node, &LIMIT)?;
        let before = self.sink.len();
        let per = match table.get("per") {
            Some(node) => self.per(node),
            None => Some(Per::Subject),
        };
        let rate = table.get("rate").and_then(|n| self.rate(n, "`rate`"));
        let burst = table
            .entry("burst")
            .and_then(|(key, n)| Some((self.count(n, "`burst`")?, key.place)));
        let quota = table.get("quota").and_then(|n| self.rate(n, "`quota`"));
        let concurrency = table
            .get("concurrency")
            .and_then(|n| self.count(n, "`concurrency`"));
        if let (Some((_, place)), None) = (burst, table.get("rate")) {
            self.error(
                Code::Contradiction,
                place,
                "`burst` is how much of a rate may come at once, and there is no `rate`",
            )
            .help = Some("`rate: 120/min` beside it".into());
        }
        let something = ["rate", "quota", "concurrency"]
            .iter()
            .any(|name| table.get(name).is_some() || LIMIT.misspelt(&table, name));
        if !something {
            self.error(
                Code::MissingKey,
                key.place,
                format!("limit `{}` limits nothing", key.text),
            )
            .help = Some("`rate: 120/min`, `quota: 100000/day` or `concurrency: 20`".into());
        }
        let whole = self.sink.len() == before;
        Some(LimitDecl {
            place: key.place,
            limit: per.filter(|_| whole).map(|per| Limit {
                name: key.text.clone(),
                place: key.place,
                per,
                rate: rate.map(|(count, period)| Rate {
                    count,
                    period,
                    burst: burst.map_or(count, |(burst, _)| burst),
                }),
                quota: quota.map(|(count, period)| Quota { count, period }),
                concurrency,
            }),
        })
    }

    fn count(&mut self, node: &Node, what: &str) -> Option<u32> {
        let count = self.whole(node, what, COUNT)?;
        u32::try_from(count).ok()
    }

    /// `120/min`
    fn rate(&mut self, node: &Node, what: &str) -> Option<(u32, Duration)> {
        let text = self.text(node, what)?;
        let value = rate(&text);
        if value.is_none() {
            let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
            let unit = text.get(digits.len()..).unwrap_or_default().trim();
            let unit = unit.strip_prefix('/').unwrap_or(unit).trim();
            let meant = match unit {
                "m" | "minute" | "minutes" => Some("min"),
                "sec" | "second" | "seconds" => Some("s"),
                "hour" | "hours" | "hr" => Some("h"),
                "d" | "days" => Some("day"),
                _ => None,
            };
            let fix = meant
                .filter(|_| !digits.is_empty())
                .map(|meant| format!("{digits}/{meant}"));
            let diagnostic = self.error(
                Code::BadValue,
                node.place,
                format!("{what} is so many in a time, and `{text}` is not"),
            );
            diagnostic.help = Some(match &fix {
                Some(fix) => format!("write `{fix}`"),
                None => "a whole number, and `/s`, `/min`, `/h` or `/day`: `120/min`".into(),
            });
            if let Some(text) = fix {
                diagnostic.fix = Some(Edit::sure(node.place, text));
            }
        }
        value
    }

    /// Who is counted.
    fn per(&mut self, node: &Node) -> Option<Per> {
        const WORDS: [(&str, Per); 5] = [
            ("subject", Per::Subject),
            ("key", Per::Key),
            ("ip", Per::Ip),
            ("route", Per::Route),
            ("everyone", Per::Everyone),
        ];
        let text = self.text(node, "`per`")?;
        if let Some((_, per)) = WORDS.iter().find(|(word, _)| *word == text) {
            return Some(per.clone());
        }
        if text == "session" {
            self.unsupported(
                node.place,
                "`per: session`",
                "`per: subject` counts somebody's sessions together meanwhile",
            );
            return None;
        }
        let argument = |name: &str| {
            let inner = text.strip_prefix(name)?.strip_prefix('(')?;
            inner.strip_suffix(')').map(str::trim)
        };
        if let Some(name) = argument("claim").filter(|name| !name.is_empty()) {
            return Some(Per::Claim(name.to_owned()));
        }
        if let Some(name) = argument("header").filter(|name| super::is_header_name(name)) {
            return Some(Per::Header(name.to_ascii_lowercase()));
        }
        let near = nearest(&text, WORDS.iter().map(|(word, _)| *word));
        let diagnostic = self.error(
            Code::BadValue,
            node.place,
            format!("`per` says who is counted, and `{text}` is nobody"),
        );
        diagnostic.help = Some(match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`subject`, `key`, `ip`, `claim(NAME)`, `header(NAME)`, `route` or `everyone`"
                .into(),
        });
        if let Some(near) = near {
            diagnostic.fix = Some(Edit::likely(node.place, near));
        }
        None
    }

    /// `limit`: a limit, a list of them, or `none`.
    pub(crate) fn limit_names(&mut self, node: &Node) -> Option<LimitsDecl> {
        if node.as_map().is_some() {
            self.error(
                Code::WrongKind,
                node.place,
                "`limit` names limits, and this is a map",
            )
            .help = Some("declare it under the file's `limits`, and name it here".into());
            return None;
        }
        let names = self.texts(node, "`limit`");
        if let ([(text, _)], None) = (names.as_slice(), node.as_list())
            && text == "none"
        {
            return Some(LimitsDecl::None);
        }
        let words = names
            .into_iter()
            .map(|(text, place)| ast::Word { text, place })
            .collect();
        Some(LimitsDecl::Names(words))
    }

    /// `cost`
    pub(crate) fn cost(&mut self, table: &Table<'_>) -> Option<(u32, Place)> {
        let node = table.get("cost")?;
        Some((self.count(node, "`cost`")?, node.place))
    }
}

/// `120/min`
fn rate(text: &str) -> Option<(u32, Duration)> {
    let (count, unit) = text.split_once('/')?;
    let count = count.trim_end().parse().ok().filter(|count| *count > 0)?;
    let seconds = match unit.trim_start() {
        "s" => 1,
        "min" => 60,
        "h" => 3_600,
        "day" => 86_400,
        _ => return None,
    };
    Some((count, Duration::from_secs(seconds)))
}

#[cfg(test)]
mod tests {
    use super::rate;

    #[test]
    fn rates() {
        for (text, want) in [
            ("120/min", Some((120, 60))),
            ("1/s", Some((1, 1))),
            ("5 / h", Some((5, 3_600))),
            ("100000/day", Some((100_000, 86_400))),
            ("0/s", None),
            ("120", None),
            ("120/m", None),
            ("-1/s", None),
            ("1.5/s", None),
            ("99999999999/s", None),
        ] {
            let found = rate(text).map(|(count, period)| (count, period.as_secs()));
            assert_eq!(found, want, "{text}");
        }
    }
}
