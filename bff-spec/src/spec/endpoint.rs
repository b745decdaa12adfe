//! One endpoint's table.

use super::auth::REQUIREMENT;
use super::call::{CALLS, ERRORS};
use super::deprecated::DEPRECATED;
use super::headers::ANSWER_HEADERS;
use super::keys::{Keys, NAMES, SIZE, Takes, key};
use super::limit::COST;
use super::params::PARAM;
use super::reader::{Reader, Table};
use super::values::DEADLINE;
use super::{EndpointDecl, TimeoutDecl};
use crate::diagnostic::{Code, Diagnostic, Place, Severity};
use crate::document::{Key, Node};
use crate::syntax::ast;

const STATUS: Takes = Takes::Whole(200, 399);

pub(crate) const ENDPOINT: Keys = Keys {
    of: "an endpoint",
    known: &[
        key(
            "summary",
            Takes::Text,
            "What it is for, in a line of its own contract.",
        ),
        key("description", Takes::Text, "The same at length."),
        key("tags", Takes::Texts, "How its own contract groups it."),
        key(
            "deprecated",
            Takes::Either(&[Takes::Boolean, Takes::Table(&DEPRECATED)]),
            "That it is to go: `true`, or since when, until when and what takes its place.",
        ),
        key(
            "params",
            Takes::Map(
                "^((path|query|header|cookie)\\.[^.]+|(path|query|header|cookie)\\.\"[^\"]+\"|body\\..+)$",
                &Takes::Table(&PARAM),
            ),
            "What the bindings leave open of inputs, or what is said otherwise: by `query.NAME`, `path.NAME`, …",
        ),
        key(
            "body",
            Takes::Grammar,
            "What is taken of the client's JSON: names, nested as it comes.",
        ),
        key(
            "calls",
            CALLS,
            "The operations it calls, by a name of your own; `name?` is one it survives without.",
        ),
        key(
            "response",
            Takes::Grammar,
            "What is answered: a block of fields.",
        ),
        key(
            "status",
            STATUS,
            "The answer's status; 200 without, 204 without `response`.",
        ),
        key(
            "headers",
            ANSWER_HEADERS,
            "Headers of the answer: a path to a value, or a literal quoted twice.",
        ),
        key("body_limit", SIZE, "How long the client's body may be."),
        key(
            "proxy",
            Takes::Grammar,
            "Streams requests to an upstream, or one operation: instead of `calls` and `response`.",
        ),
        key(
            "allow",
            Takes::Texts,
            "The methods that a `proxy` lets pass; all without.",
        ),
        key(
            "undocumented",
            Takes::Boolean,
            "Whether a `proxy` lets routes pass that its contract doesn't document.",
        ),
        key(
            "auth",
            Takes::Texts,
            "Who may ask: a scheme, a list of them (any will do), or `none`.",
        ),
        key("require", REQUIREMENT, "What more must hold of who asks."),
        key(
            "limit",
            Takes::Texts,
            "How often may be asked: a limit, a list that all hold, or `none`.",
        ),
        key(
            "cost",
            COST,
            "What one request counts of its limits; 1 without.",
        ),
        key(
            "timeout",
            DEADLINE,
            "The deadline for all that it does; 10s without.",
        ),
        key(
            "errors",
            Takes::Map(NAMES, &ERRORS),
            "What errors mean, by call and status: `absent`, `pass`, or a selection.",
        ),
        key(
            "transform",
            Takes::Form("^[a-z][a-z0-9_]*$"),
            "The function in hooks.rs that makes the answer of it.",
        ),
    ],
    later: &[("cache", "take it out: every answer is made anew meanwhile")],
};

impl Reader<'_> {
    pub(crate) fn endpoint(&mut self, key: &Key, node: &Node) -> Option<EndpointDecl> {
        let route = self.route(key);
        let before = self.sink.len();
        if let Some(text) = node.as_str().filter(|_| !node.is_null()) {
            let text = text.to_owned();
            self.error(
                Code::WrongKind,
                node.place,
                "an endpoint is a map, not text",
            )
            .help = Some(if text.contains('(') {
                "calls stand under `calls`, each with a name, and `response` says what is answered"
                    .into()
            } else {
                "`calls` and `response`, or `proxy`".to_owned()
            });
            return None;
        }
        if self.proxy_is_cut(node) {
            return None;
        }
        let table = self.table(node, &ENDPOINT)?;
        let mut broken = false;
        let mut endpoint = EndpointDecl {
            key: key.text.clone(),
            place: key.place,
            route: route?,
            summary: table.get("summary").and_then(|n| self.text(n, "`summary`")),
            description: table
                .get("description")
                .and_then(|n| self.text(n, "`description`")),
            tags: table
                .get("tags")
                .map(|n| self.texts(n, "a tag"))
                .unwrap_or_default()
                .into_iter()
                .map(|(text, _)| text)
                .collect(),
            deprecated: table.get("deprecated").and_then(|n| self.deprecated(n)),
            params: table
                .get("params")
                .map(|n| self.params(n))
                .unwrap_or_default(),
            body: table.get("body").and_then(|n| self.body(n)),
            calls: table
                .get("calls")
                .map(|n| self.calls(n, &mut broken))
                .unwrap_or_default(),
            response: table
                .get("response")
                .and_then(|n| self.block(n, "`response`")),
            status: self.status(&table),
            headers: table
                .get("headers")
                .map(|n| self.headers(n))
                .unwrap_or_default(),
            body_limit: table
                .get("body_limit")
                .and_then(|n| self.size(n, "`body_limit`")),
            proxy: None,
            auth: table.get("auth").and_then(|n| self.auth(n)),
            require: table.get("require").map(|n| self.require(n)),
            limit: table.get("limit").and_then(|n| self.limit_names(n)),
            cost: self.cost(&table),
            timeout: table.get("timeout").and_then(|n| match n.as_str() {
                Some("none") => Some(TimeoutDecl::None),
                _ => self.duration(n, "`timeout`", false).map(TimeoutDecl::Some),
            }),
            errors: Vec::new(),
            transform: self.transform(&table),
            broken: false,
        };
        if let Some((proxy, operation)) = self.proxy(&table) {
            endpoint.proxy = Some(proxy);
            if let Some(operation) = operation {
                endpoint.calls = vec![operation];
            }
        }
        if let Some(errors) = table.get("errors") {
            for (call, node) in self.map(errors, "`errors`").unwrap_or_default() {
                let word = ast::Word {
                    text: call.text.clone(),
                    place: call.place,
                };
                if call.text.starts_with(|c: char| c.is_ascii_digit()) {
                    self.error(
                        Code::BadName,
                        call.place,
                        format!("`{}` is no call", call.text),
                    )
                    .help = Some(
                        "an endpoint's `errors` are by call: `errors: { CALL: { 404: absent } }`"
                            .into(),
                    );
                    continue;
                }
                let errors = self.errors(node);
                endpoint.errors.push((word, errors));
            }
        }
        self.shape(&table, &endpoint);
        let errors = |d: &Diagnostic| d.severity == Severity::Error && d.code != Code::Unsupported;
        let null = table.entries.is_empty() && self.sink.iter().any(|d| d.code == Code::Yaml);
        let no_proxy = table.get("proxy").is_some() && endpoint.proxy.is_none();
        endpoint.broken = broken || null || no_proxy || self.sink[before..].iter().any(errors);
        Some(endpoint)
    }

    /// Whether its keys go together.
    pub(crate) fn shape(&mut self, table: &Table<'_>, endpoint: &EndpointDecl) {
        self.proxy_shape(table, endpoint);
        if table.entry("proxy").is_some() {
            return;
        }
        let misspelt = ["calls", "response", "proxy"]
            .iter()
            .any(|key| ENDPOINT.misspelt(table, key));
        let broken_yaml =
            table.entries.is_empty() && self.sink.iter().any(|d| d.code == Code::Yaml);
        if table.entry("calls").is_none()
            && table.entry("response").is_none()
            && !misspelt
            && !broken_yaml
        {
            self.error(
                Code::MissingKey,
                endpoint.place,
                format!("`{}` does nothing", endpoint.key),
            )
            .help = Some("`calls` and `response`, or `proxy`".into());
        }
        if let (Some((204 | 304, place)), Some((key, _))) =
            (endpoint.status, table.entry("response"))
        {
            let diagnostic = self.error(
                Code::Contradiction,
                place,
                "an answer of this status has no body, and `response` makes one",
            );
            diagnostic.help = Some("take `response` out, or answer with another status".into());
            diagnostic.related.push(crate::diagnostic::Related {
                message: "`response` is here".into(),
                place: key.place,
            });
        }
    }

    pub(crate) fn status(&mut self, table: &Table<'_>) -> Option<(u16, Place)> {
        let node = table.get("status")?;
        let value = self.whole(node, "`status`", STATUS)?;
        Some((u16::try_from(value).ok()?, node.place))
    }
}
