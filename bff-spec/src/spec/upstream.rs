//! `upstreams.X`

use super::UpstreamDecl;
use super::keys::{DURATION, HEADERS, Keys, PERCENT, SIZE, Takes, key, required};
use super::reader::Reader;
use super::values::{RETRY, is_header_name, is_secret_header};
use crate::diagnostic::{Code, Edit, Place};
use crate::document::{Key, Node};
use crate::model::Text;

pub(crate) const UPSTREAM: Keys = Keys {
    of: "an upstream",
    known: &[
        required(
            "contract",
            Takes::Text,
            "The OpenAPI document that says what the service can do: a path relative to this file, or a URL.",
        ),
        key(
            "overlay",
            Takes::Texts,
            "OpenAPI Overlays that change the contract before it is read, in this order.",
        ),
        required(
            "url",
            Takes::Text,
            "Where the service is, base path included: `\"${ORDERS_URL}\"`. A comma-separated list is several instances.",
        ),
        key(
            "timeout",
            DURATION,
            "For one call, from its start to the last byte of the answer; 5s without.",
        ),
        key(
            "connect_timeout",
            DURATION,
            "For a connection to be made; 1s without.",
        ),
        key(
            "retry",
            RETRY,
            "How many further attempts a call has that fails in passing; none without. Writes need a key of their own.",
        ),
        key(
            "retry_budget",
            PERCENT,
            "How many of the attempts may be repeated ones; 20% without.",
        ),
        key(
            "headers",
            Takes::Map(HEADERS, &Takes::Text),
            "Headers sent with every call. Secrets come from variables: `\"${ORDERS_KEY}\"`.",
        ),
        key(
            "identity",
            Takes::Word(&["none", "forward"]),
            "Whether the user's own verified token goes along; `none` without.",
        ),
        key(
            "contract_mode",
            Takes::Word(&["report", "strict"]),
            "What happens when an answer breaks the contract: it is counted (`report`), or the call fails (`strict`).",
        ),
        key(
            "body_limit",
            SIZE,
            "How large an answer may be; 10MiB without.",
        ),
    ],
    later: &[
        ("hedge", "take it out: every call is made once meanwhile"),
        ("balance", "take it out: instances take turns meanwhile"),
        (
            "health",
            "take it out: instances are taken as healthy meanwhile",
        ),
        (
            "outlier",
            "take it out: instances are taken as healthy meanwhile",
        ),
        (
            "breaker",
            "take it out: a timeout bounds each call meanwhile",
        ),
        (
            "concurrency",
            "take it out: timeouts bound what waits meanwhile",
        ),
        ("queue", "take it out: timeouts bound what waits meanwhile"),
        ("coalesce", "take it out: every call is made meanwhile"),
        ("http", "take it out: the version is negotiated meanwhile"),
        (
            "tls",
            "take it out: the system's certificate authorities are trusted meanwhile",
        ),
    ],
};

const IDENTITIES: &[&str] = &["exchange", "client_credentials", "sign", "headers"];

impl Reader<'_> {
    pub(crate) fn upstream(&mut self, key: &Key, node: &Node) -> Option<UpstreamDecl> {
        let table = self.table(node, &UPSTREAM)?;
        let contract = match table.get("contract") {
            Some(node) => self
                .text(node, "`contract`")
                .and_then(|path| Some((self.document(&path, node.place)?, node.place))),
            None if UPSTREAM.misspelt(&table, "contract") => None,
            None => {
                self.error(
                    Code::MissingKey,
                    key.place,
                    format!("upstream `{}` has no `contract`", key.text),
                )
                .help = Some(
                    "`contract: upstreams/NAME.openapi.yaml`: what it can do is read from there"
                        .into(),
                );
                None
            }
        };
        let url = match table.get("url") {
            Some(node) => self.url(node),
            None if UPSTREAM.misspelt(&table, "url") => None,
            None => {
                let variable = variable_name(&key.text, "URL");
                self.error(
                    Code::MissingKey,
                    key.place,
                    format!("upstream `{}` has no `url`", key.text),
                )
                .help = Some(format!("`url: \"${{{variable}}}\"`: where it is"));
                None
            }
        };
        let strict = match table.get("contract_mode") {
            Some(node) => self.word(
                node,
                "`contract_mode`",
                &[("report", false), ("strict", true)],
            ),
            None => None,
        };
        let overlays = table
            .get("overlay")
            .map(|node| self.texts(node, "`overlay`"))
            .unwrap_or_default();
        let overlays = overlays
            .into_iter()
            .filter_map(|(path, place)| Some((self.document(&path, place)?, place)))
            .collect();
        Some(UpstreamDecl {
            place: key.place,
            contract,
            overlays,
            url: url.unwrap_or_default(),
            timeout: table
                .get("timeout")
                .and_then(|n| self.duration(n, "`timeout`", false)),
            connect_timeout: table
                .get("connect_timeout")
                .and_then(|n| self.duration(n, "`connect_timeout`", false)),
            retry: table.get("retry").and_then(|n| self.retry(n)),
            retry_budget: table
                .get("retry_budget")
                .and_then(|n| self.percent(n, "`retry_budget`")),
            headers: table
                .get("headers")
                .map(|n| self.upstream_headers(n))
                .unwrap_or_default(),
            forward: table
                .entry("identity")
                .and_then(|(k, n)| self.identity(k, n)),
            body_limit: table
                .get("body_limit")
                .and_then(|n| self.size(n, "`body_limit`")),
            strict: strict.unwrap_or(false),
        })
    }

    fn url(&mut self, node: &Node) -> Option<Text> {
        let text = self.variables(node, "`url`")?;
        let starts_right = match text.parts.first() {
            Some(crate::model::TextPart::Literal(literal)) => {
                literal.starts_with("http://") || literal.starts_with("https://")
            }
            Some(_) => true,
            None => false,
        };
        if !starts_right {
            let written = node.as_str().unwrap_or_default();
            let variable = written
                .strip_prefix('$')
                .filter(|name| super::is_name(name) && !name.contains('-'))
                .map(|name| format!("\"${{{name}}}\""));
            let host = (!written.is_empty() && !written.contains(['$', '/', ' ', '"', '\\']))
                .then(|| format!("\"http://{written}\""));
            let diagnostic = self.error(Code::BadValue, node.place, "`url` is no URL");
            diagnostic.help = Some(match (&variable, &host) {
                (Some(variable), _) => format!("a variable is written `{variable}`"),
                (_, Some(host)) => format!("with its scheme: `{host}`"),
                _ => "`http://…` or `https://…`, with the base path; a comma-separated list is several instances".into(),
            });
            diagnostic.fix = match (variable, host) {
                (Some(variable), _) => Some(Edit::sure(node.place, variable)),
                (_, Some(host)) => Some(Edit::likely(node.place, host)),
                _ => None,
            };
            return None;
        }
        Some(text)
    }

    fn upstream_headers(&mut self, node: &Node) -> Vec<(String, Text)> {
        let Some(entries) = self.map(node, "`headers`") else {
            return Vec::new();
        };
        let mut headers: Vec<(String, Text)> = Vec::new();
        for (key, value) in entries {
            let Some(name) = self.header_name(&key.text, key.place) else {
                continue;
            };
            if headers.iter().any(|(n, _)| *n == name) {
                self.error(
                    Code::DefinedTwice,
                    key.place,
                    format!("header `{name}` is set twice"),
                );
                continue;
            }
            let what = format!("header `{name}`");
            let text = if is_secret_header(&name) {
                let variable = variable_name("", &name);
                self.secret(value, &what, &variable)
            } else {
                self.variables(value, &what)
            };
            headers.extend(text.map(|text| (name, text)));
        }
        headers
    }

    /// A header's name in lower case.
    pub(crate) fn header_name(&mut self, name: &str, place: Place) -> Option<String> {
        if is_header_name(name) {
            return Some(name.to_lowercase());
        }
        self.error(
            Code::BadName,
            place,
            format!("`{name}` can't be a header's name"),
        )
        .help = Some("letters, digits and `-`: `x-api-key`".into());
        None
    }

    /// Where it says `forward`.
    fn identity(&mut self, key: &Key, node: &Node) -> Option<Place> {
        if let Some(entries) = node.as_map() {
            for (inner, _) in entries {
                if IDENTITIES.contains(&inner.text.as_str()) {
                    self.unsupported(
                        inner.place,
                        &format!("`identity: {{ {}: … }}`", inner.text),
                        "`identity: forward` sends the user's own token meanwhile, and `headers` a fixed key",
                    );
                } else {
                    self.error(
                        Code::UnknownKey,
                        inner.place,
                        format!("`identity` has no `{}`", inner.text),
                    )
                    .help = Some("it is `none` or `forward`".into());
                }
            }
            if entries.is_empty() {
                self.error(Code::MissingKey, key.place, "`identity` says nothing")
                    .help = Some("it is `none` or `forward`".into());
            }
            return None;
        }
        let forward = self.word(node, "`identity`", &[("none", false), ("forward", true)])?;
        forward.then_some(node.place)
    }
}

/// `CATALOG_URL`
pub(crate) fn variable_name(prefix: &str, suffix: &str) -> String {
    let all = if prefix.is_empty() {
        suffix.to_owned()
    } else {
        format!("{prefix}_{suffix}")
    };
    all.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect()
}
