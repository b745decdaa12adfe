//! One endpoint's table.

use super::reader::{Keys, Reader, Table};
use super::{
    BodyDecl, BodyName, EndpointDecl, HeaderDecl, HeadersDecl, ParamDecl, ParamType, ProxyDecl,
    TimeoutDecl,
};
use crate::diagnostic::{Code, Diagnostic, Place, Severity};
use crate::document::{Key, Node};
use crate::model::ScalarKind;
use crate::syntax::{self, ast};

const ENDPOINT: Keys = Keys {
    of: "an endpoint",
    known: &[
        "summary",
        "description",
        "tags",
        "params",
        "body",
        "calls",
        "response",
        "status",
        "headers",
        "body_limit",
        "proxy",
        "allow",
        "undocumented",
        "auth",
        "require",
        "timeout",
        "errors",
    ],
    later: &[
        (
            "deprecated",
            "take it out, and say it in `description` meanwhile",
        ),
        (
            "transform",
            "take it out: the upstream or the frontend computes meanwhile",
        ),
        (
            "limit",
            "take it out: limits are set before the gateway meanwhile",
        ),
        (
            "cost",
            "take it out: limits are set before the gateway meanwhile",
        ),
        ("cache", "take it out: every answer is made anew meanwhile"),
    ],
};

/// Keys that a pass-through endpoint has no use for.
const NOT_WITH_PROXY: &[&str] = &[
    "calls", "response", "status", "headers", "body", "params", "errors",
];

const PARAM: Keys = Keys {
    of: "a parameter",
    known: &[
        "type",
        "enum",
        "min",
        "max",
        "default",
        "required",
        "description",
    ],
    later: &[],
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
            proxy: self.proxy(&table),
            auth: table.get("auth").and_then(|n| self.auth(n)),
            require: table.get("require").map(|n| self.require(n)),
            timeout: table.get("timeout").and_then(|n| match n.as_str() {
                Some("none") => Some(TimeoutDecl::None),
                _ => self.duration(n, "`timeout`", false).map(TimeoutDecl::Some),
            }),
            errors: Vec::new(),
            broken: false,
        };
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
    fn shape(&mut self, table: &Table<'_>, endpoint: &EndpointDecl) {
        if let Some((proxy, _)) = table.entry("proxy") {
            for name in NOT_WITH_PROXY {
                if let Some((key, _)) = table.entry(name) {
                    let diagnostic = self.error(
                        Code::Contradiction,
                        key.place,
                        format!("`{name}` has no meaning beside `proxy`"),
                    );
                    diagnostic.help =
                        Some("a pass-through answers what the upstream answers".into());
                    diagnostic.related.push(crate::diagnostic::Related {
                        message: "`proxy` is here".into(),
                        place: proxy.place,
                    });
                }
            }
            if endpoint.proxy.is_some()
                && endpoint.route.segments.last() != Some(&crate::model::Segment::Rest)
            {
                self.error(
                    Code::EndpointKey,
                    endpoint.place,
                    "the path of a pass-through ends in `/**`",
                )
                .help = Some("what `**` matches is appended to the upstream's URL".into());
            }
            return;
        }
        for name in ["allow", "undocumented"] {
            if let Some((key, _)) = table.entry(name) {
                self.error(
                    Code::Contradiction,
                    key.place,
                    format!("`{name}` has a meaning only beside `proxy`"),
                );
            }
        }
        if endpoint.route.segments.last() == Some(&crate::model::Segment::Rest) {
            self.error(
                Code::EndpointKey,
                endpoint.place,
                "`**` is for pass-through alone",
            )
            .help = Some("`proxy: UPSTREAM`, or a path with `{name}`".into());
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
            diagnostic.related.push(crate::diagnostic::Related {
                message: "`response` is here".into(),
                place: key.place,
            });
        }
    }

    fn status(&mut self, table: &Table<'_>) -> Option<(u16, Place)> {
        let node = table.get("status")?;
        let value = self.number(node, "`status`", 200..=399)?;
        Some((u16::try_from(value).ok()?, node.place))
    }

    /// `headers: { location: created@Location }`, or `none`.
    pub(crate) fn headers(&mut self, node: &Node) -> HeadersDecl {
        if node.as_str() == Some("none") {
            return HeadersDecl {
                items: Vec::new(),
                unset: true,
            };
        }
        let mut items: Vec<HeaderDecl> = Vec::new();
        let entries = self.map(node, "`headers`").unwrap_or_default();
        for (key, node) in entries {
            let Some(name) = self.header_name(&key.text, key.place) else {
                continue;
            };
            if items.iter().any(|h| h.name == name) {
                self.error(
                    Code::DefinedTwice,
                    key.place,
                    format!("header `{name}` is set twice"),
                );
                continue;
            }
            if FORBIDDEN.contains(&name.as_str()) {
                self.error(
                    Code::BadName,
                    key.place,
                    format!("`{name}` is the gateway's own"),
                )
                .help = Some("take it out: it says what is true of the answer".into());
                continue;
            }
            if node.as_str() == Some("none") {
                items.push(HeaderDecl { name, value: None });
                continue;
            }
            let Some(scalar) = self.scalar(node, "a header's value") else {
                continue;
            };
            if scalar.style == crate::document::Style::Double
                && !scalar.text.starts_with('"')
                && !looks_like_path(&scalar.text)
            {
                let right = format!("'\"{}\"'", scalar.text);
                let diagnostic = self.error(
                    Code::Syntax,
                    node.place,
                    format!("`{}` is no path to a header's value", scalar.text),
                );
                diagnostic.help = Some(format!("a literal is quoted twice: {right}"));
                diagnostic.fix = Some(crate::diagnostic::Edit {
                    place: node.place,
                    text: right,
                });
                continue;
            }
            let text = syntax::Text::new(scalar, node.place);
            let before = self.sink.len();
            let value = syntax::header_value(&text, self.sink);
            if self.sink.len() == before {
                items.extend(value.map(|value| HeaderDecl {
                    name,
                    value: Some(value),
                }));
            } else if !scalar.text.contains(['.', '@', '"']) {
                let right = format!("'\"{}\"'", scalar.text);
                for diagnostic in &mut self.sink[before..] {
                    diagnostic.help = Some(format!("a literal is quoted twice: {right}"));
                }
            }
        }
        HeadersDecl {
            items,
            unset: false,
        }
    }

    fn proxy(&mut self, table: &Table<'_>) -> Option<ProxyDecl> {
        let node = table.get("proxy")?;
        let text = self.text(node, "`proxy`")?;
        let mut allow = Vec::new();
        if let Some(node) = table.get("allow") {
            for (method, place) in self.texts(node, "a method") {
                let good = !method.is_empty()
                    && method.bytes().all(|b| b.is_ascii_uppercase())
                    && method != "ANY";
                if good {
                    allow.push(method);
                } else {
                    self.error(Code::BadValue, place, format!("`{method}` is no method"))
                        .help = Some(
                        "methods are in capitals: `[GET, HEAD]`; without `allow` all pass".into(),
                    );
                }
            }
        }
        let undocumented = table
            .get("undocumented")
            .and_then(|n| self.boolean(n, "`undocumented`"));
        if text.contains('(') {
            self.unsupported(
                node.place,
                "pass-through of one operation",
                "`proxy: UPSTREAM` under a path that ends in `/**` passes it meanwhile, or a call",
            );
            return None;
        }
        Some(ProxyDecl {
            upstream: ast::Word {
                text,
                place: node.place,
            },
            allow,
            undocumented: undocumented.unwrap_or(false),
        })
    }

    fn body(&mut self, node: &Node) -> Option<BodyDecl> {
        let block = self.block(node, "`body`")?;
        let names = match &block {
            ast::Block::Fields(fields) => self.body_names(fields),
            ast::Block::Value(value) => {
                self.error(
                    Code::Syntax,
                    value.place(),
                    "`body` of an endpoint lists names",
                )
                .help =
                    Some("`body = body` in a call's arguments passes the client's as it is".into());
                return None;
            }
        };
        Some(BodyDecl { names })
    }

    fn body_names(&mut self, fields: &[ast::Field]) -> Vec<BodyName> {
        let mut names: Vec<BodyName> = Vec::new();
        for field in fields {
            let (word, inner) = match field {
                ast::Field::Path(ast::PathValue {
                    path:
                        ast::Path {
                            start: ast::Start::Plain(word),
                            steps,
                            ..
                        },
                    select,
                    default: None,
                }) if steps.is_empty() => (word.clone(), select.as_ref()),
                ast::Field::Named { name, value } => {
                    self.error(
                        Code::Syntax,
                        name.place.to(value.place()),
                        "`body` of an endpoint lists names alone",
                    )
                    .help = Some(format!(
                        "`{}` stands alone here: its type is that of the parameters it is bound to",
                        name.text
                    ));
                    continue;
                }
                other => {
                    self.error(
                        Code::Syntax,
                        field_place(other),
                        "`body` of an endpoint lists names alone",
                    )
                    .help = Some("`items { sku qty } note`: what the client sends".into());
                    continue;
                }
            };
            if let Some(first) = names.iter().find(|n| n.word.text == word.text) {
                let first = first.word.place;
                let diagnostic = self.error(
                    Code::DuplicateField,
                    word.place,
                    format!("`{}` stands here twice", word.text),
                );
                diagnostic.related.push(crate::diagnostic::Related {
                    message: "the first is here".into(),
                    place: first,
                });
                continue;
            }
            let inner = match inner.map(|s| &s.block) {
                Some(ast::Block::Fields(fields)) => self.body_names(fields),
                _ => Vec::new(),
            };
            names.push(BodyName { word, names: inner });
        }
        names
    }

    fn params(&mut self, node: &Node) -> Vec<ParamDecl> {
        let mut params = Vec::new();
        for (key, node) in self.map(node, "`params`").unwrap_or_default() {
            let mut names = key.text.split('.').map(|n| n.trim_matches('"').to_owned());
            let root = names.next().unwrap_or_default();
            let names: Vec<String> = names.collect();
            let known = ["path", "query", "header", "cookie", "body"].contains(&root.as_str());
            let count = if root == "body" { 1..=16 } else { 1..=1 };
            if !known || !count.contains(&names.len()) || names.iter().any(String::is_empty) {
                self.error(
                    Code::BadName,
                    key.place,
                    format!("`{}` is no input", key.text),
                )
                .help = Some("`query.NAME`, `path.NAME`, `header.NAME`, `cookie.NAME`, or a name in the body: `body.NAME`".into());
                continue;
            }
            let Some(table) = self.table(node, &PARAM) else {
                continue;
            };
            params.push(self.param(key, root, names, &table));
        }
        params
    }

    fn param(
        &mut self,
        key: &Key,
        root: String,
        names: Vec<String>,
        table: &Table<'_>,
    ) -> ParamDecl {
        let names = if root == "header" {
            names.into_iter().map(|n| n.to_lowercase()).collect()
        } else {
            names
        };
        let ty = table.get("type").and_then(|n| {
            self.word(
                n,
                "`type`",
                &[
                    ("string", ParamType::Scalar(ScalarKind::String)),
                    ("integer", ParamType::Scalar(ScalarKind::Integer)),
                    ("number", ParamType::Scalar(ScalarKind::Number)),
                    ("boolean", ParamType::Scalar(ScalarKind::Boolean)),
                    ("array", ParamType::List),
                    ("object", ParamType::Object),
                ],
            )
        });
        let one_of = match table.get("enum") {
            Some(node) => match node.as_list() {
                Some(items) => items.iter().map(Node::json_text).collect(),
                None => {
                    let found = node.describe();
                    self.error(
                        Code::WrongKind,
                        node.place,
                        format!("`enum` is a list, not {found}"),
                    );
                    Vec::new()
                }
            },
            None => Vec::new(),
        };
        ParamDecl {
            root,
            names,
            place: key.place,
            ty,
            one_of,
            min: table.get("min").and_then(|n| self.bound(n, "`min`")),
            max: table.get("max").and_then(|n| self.bound(n, "`max`")),
            default: table.get("default").map(|n| (n.json_text(), n.place)),
            required: table
                .get("required")
                .and_then(|n| self.boolean(n, "`required`")),
            description: table
                .get("description")
                .and_then(|n| self.text(n, "`description`")),
        }
    }

    fn bound(&mut self, node: &Node, what: &str) -> Option<String> {
        let number = node.as_scalar().and_then(|s| s.json_number());
        match number {
            Some(number) => Some(number.into_owned()),
            None => {
                self.error(Code::BadValue, node.place, format!("{what} is a number"));
                None
            }
        }
    }
}

/// Headers that are about the message, not its content.
const FORBIDDEN: &[&str] = &[
    "connection",
    "content-length",
    "transfer-encoding",
    "content-type",
    "content-encoding",
    "upgrade",
    "trailer",
    "te",
    "keep-alive",
    "date",
    "bff-partial",
];

fn looks_like_path(text: &str) -> bool {
    text.contains(['.', '@']) && !text.contains([' ', ',', '='])
}

fn field_place(field: &ast::Field) -> Place {
    match field {
        ast::Field::Named { name, value } => name.place.to(value.place()),
        ast::Field::Path(value) => value.place(),
        ast::Field::On { variant, select } => variant.place.to(select.place),
        ast::Field::Spread { place, .. } | ast::Field::All(place) => *place,
        ast::Field::Except(word) => word.place,
    }
}
