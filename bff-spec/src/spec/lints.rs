//! `lints`: how bad a warning is to this spec, and why.

use super::keys::{Keys, Takes, key};
use super::reader::{Reader, Table};
use crate::diagnostic::{Code, Place, Related, Severity};
use crate::document::{Data, Key, Node};
use crate::nearest::nearest;

const LINT_MAX: Takes = Takes::Whole(1, 1_000_000);

pub(crate) const LINT: Keys = Keys {
    of: "a lint",
    known: &[
        key(
            "level",
            Takes::Word(&["allow", "warn", "deny"]),
            "`allow` (not told), `warn`, or `deny`: an error.",
        ),
        key(
            "because",
            Takes::Text,
            "The reason: without one nothing is allowed, and no budget set.",
        ),
        key(
            "at",
            Takes::Texts,
            "One endpoint's key, or a list of them; the whole spec without.",
        ),
        key(
            "max",
            LINT_MAX,
            "The budget of W0402: how many requests one may become.",
        ),
    ],
    later: &[],
};

/// What one entry of `lints` says.
#[derive(Debug, Clone)]
pub(crate) struct LintDecl {
    pub(crate) code: Code,
    /// Where the code stands.
    pub(crate) place: Place,
    /// None if the entry only sets `max`.
    pub(crate) level: Option<Level>,
    pub(crate) because: Option<String>,
    /// The endpoints it is said of; empty: all of the spec.
    pub(crate) at: Vec<At>,
    /// The budget of [`Code::FanOut`].
    pub(crate) max: Option<u32>,
}

/// How bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// Not told.
    Allow,
    /// A warning.
    Warn,
    /// An error.
    Deny,
}

/// An endpoint that an entry is said of.
#[derive(Debug, Clone)]
pub(crate) struct At {
    /// Its key.
    pub(crate) endpoint: String,
    /// Where the entry names it.
    pub(crate) place: Place,
    /// The endpoint from its key to the next one's.
    pub(crate) extent: Place,
}

/// Every endpoint's key, with the stretch of the file that is its own. Also of those that are broken.
pub(crate) fn extents(table: &Table<'_>) -> Vec<(String, Place)> {
    let Some(node) = table.get("endpoints") else {
        return Vec::new();
    };
    let entries = node.as_map().unwrap_or_default();
    let ends = entries
        .iter()
        .skip(1)
        .map(|(key, _)| key.place.start)
        .chain([node.place.end]);
    entries
        .iter()
        .zip(ends)
        .map(|((key, value), end)| {
            let extent = Place {
                end: end.max(value.place.end),
                ..key.place
            };
            (key.text.clone(), extent)
        })
        .collect()
}

impl Reader<'_> {
    /// `lints`, whose `at` names endpoints of these keys.
    pub(crate) fn lints(&mut self, node: &Node, endpoints: &[(String, Place)]) -> Vec<LintDecl> {
        let mut all: Vec<LintDecl> = Vec::new();
        for (key, node) in self.map(node, "`lints`").unwrap_or_default() {
            let Some(code) = self.lint_code(key) else {
                continue;
            };
            let entries = match &node.data {
                Data::List(items) => items.as_slice(),
                _ => std::slice::from_ref(node),
            };
            for entry in entries {
                let Some(lint) = self.lint(code, key, entry, endpoints) else {
                    continue;
                };
                if self.said_before(&all, &lint) {
                    continue;
                }
                all.push(lint);
            }
        }
        all
    }

    fn lint_code(&mut self, key: &Key) -> Option<Code> {
        let Some(code) = Code::named(&key.text) else {
            let all = Code::ALL.iter().filter(|c| c.severity() != Severity::Error);
            let near = nearest(&key.text, all.map(|c| c.as_str()));
            self.error(
                Code::UnknownKey,
                key.place,
                format!("there is no warning `{}`", key.text),
            )
            .help = Some(match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`lints` are by code, as diagnostics show it: `W0702`".into(),
            });
            return None;
        };
        if code.severity() == Severity::Error {
            self.error(
                Code::BadValue,
                key.place,
                format!("`{}` is an error, and stays one", key.text),
            )
            .help = Some("only warnings and notes have a level: take it out".into());
            return None;
        }
        Some(code)
    }

    fn lint(
        &mut self,
        code: Code,
        key: &Key,
        node: &Node,
        endpoints: &[(String, Place)],
    ) -> Option<LintDecl> {
        if let Some(word) = node.as_str().filter(|_| !node.is_null()) {
            let word = word.to_owned();
            self.error(Code::WrongKind, node.place, "a lint is a map, not text")
                .help = Some(format!(
                "`{}: {{ level: {word}, because: \"…\" }}`",
                key.text
            ));
            return None;
        }
        let before = self.sink.len();
        let table = self.table(node, &LINT)?;
        let level = table.get("level").and_then(|node| {
            let levels = [
                ("allow", Level::Allow),
                ("warn", Level::Warn),
                ("deny", Level::Deny),
            ];
            self.word(node, "`level`", &levels)
        });
        let because = table
            .get("because")
            .and_then(|node| self.text(node, "`because`"))
            .filter(|text| !text.trim().is_empty());
        let max = table.entry("max").and_then(|(key, node)| {
            if code != Code::FanOut {
                self.error(
                    Code::Contradiction,
                    key.place,
                    format!("`max` is the budget of `{}` alone", Code::FanOut.as_str()),
                );
                return None;
            }
            u32::try_from(self.whole(node, "`max`", LINT_MAX)?).ok()
        });
        let at = table
            .get("at")
            .map(|node| self.lint_at(node, endpoints))
            .unwrap_or_default();
        if self.sink.len() > before {
            return None;
        }
        if level.is_none() && max.is_none() {
            self.error(
                Code::MissingKey,
                key.place,
                format!("`{}` has no `level`", key.text),
            )
            .help = Some("`level: allow`, `warn` or `deny`".into());
            return None;
        }
        if because.is_none() && (level == Some(Level::Allow) || max.is_some()) {
            let what = if max.is_some() {
                "has a budget of its own"
            } else {
                "is allowed"
            };
            self.error(
                Code::MissingKey,
                key.place,
                format!("`{}` {what}, and nothing says why", key.text),
            )
            .help = Some(
                "`because: \"…\"`: what makes it right here, for whoever reads this next".into(),
            );
            return None;
        }
        Some(LintDecl {
            code,
            place: key.place,
            level,
            because,
            at,
            max,
        })
    }

    fn lint_at(&mut self, node: &Node, endpoints: &[(String, Place)]) -> Vec<At> {
        let mut all = Vec::new();
        for (text, place) in self.texts(node, "`at`") {
            if let Some((endpoint, extent)) = endpoints.iter().find(|(key, _)| *key == text) {
                all.push(At {
                    endpoint: endpoint.clone(),
                    place,
                    extent: *extent,
                });
                continue;
            }
            let near = nearest(&text, endpoints.iter().map(|(key, _)| key.as_str()));
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    "an endpoint's key as it stands under `endpoints`: `GET /orders/{id}`".into()
                }
            };
            self.error(
                Code::BadValue,
                place,
                format!("there is no endpoint `{text}`"),
            )
            .help = Some(help);
        }
        all
    }

    /// Whether an entry says something else of what an earlier one spoke of; then it was reported.
    fn said_before(&mut self, all: &[LintDecl], lint: &LintDecl) -> bool {
        let of = |entry: &LintDecl| match (entry.at.as_slice(), lint.at.as_slice()) {
            ([], []) => Some((entry.place, lint.place)),
            (first, second) => second.iter().find_map(|at| {
                let same = first.iter().find(|a| a.endpoint == at.endpoint)?;
                Some((same.place, at.place))
            }),
        };
        let earlier = all
            .iter()
            .filter(|entry| entry.code == lint.code)
            .find_map(of);
        let Some((first, place)) = earlier else {
            return false;
        };
        let code = lint.code.as_str();
        let what = match lint.at.as_slice() {
            [] => format!("what `{code}` is to the whole spec is said twice"),
            _ => format!("what `{code}` is to this endpoint is said twice"),
        };
        let diagnostic = self.error(Code::DefinedTwice, place, what);
        diagnostic.help = Some("take one out, or say with `at` which endpoints it is for".into());
        if first != place {
            diagnostic.related.push(Related {
                message: "it is said first here".into(),
                place: first,
            });
        }
        true
    }
}
