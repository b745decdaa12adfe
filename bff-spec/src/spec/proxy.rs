//! `proxy`: a whole upstream (`proxy: reports`), or one operation (`proxy: reports.getPdf(id = path.id)`).

use super::reader::{Reader, Table};
use super::values::one_line;
use super::{CallDecl, EndpointDecl, ProxyDecl};
use crate::diagnostic::{Code, Related};
use crate::document::{Data, Node};
use crate::model::Segment;
use crate::syntax::{self, ast};

/// Keys that a pass-through endpoint has no use for.
const NOT_WITH_PROXY: &[&str] = &[
    "calls",
    "response",
    "status",
    "headers",
    "body",
    "errors",
    "transform",
];

/// How the operation of a pass-through is known among an endpoint's calls: no path can name it.
pub(crate) const OPERATION: &str = "";

impl Reader<'_> {
    /// `proxy`, and the operation it names, if it names one.
    pub(crate) fn proxy(&mut self, table: &Table<'_>) -> Option<(ProxyDecl, Option<CallDecl>)> {
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
        let (upstream, operation) = if text.contains('(') {
            let call = self.operation(node)?;
            (call.call.as_ref()?.upstream.clone(), Some(call))
        } else {
            let place = node.place;
            (ast::Word { text, place }, None)
        };
        let proxy = ProxyDecl {
            upstream,
            operation: operation.is_some(),
            allow,
            undocumented: undocumented.unwrap_or(false),
        };
        Some((proxy, operation))
    }

    fn operation(&mut self, node: &Node) -> Option<CallDecl> {
        let scalar = node.as_scalar()?;
        let before = self.sink.len();
        let call = syntax::call(&syntax::Text::new(scalar, node.place), self.sink)?;
        (self.sink.len() == before).then(|| CallDecl {
            name: OPERATION.to_owned(),
            text: one_line(scalar),
            call: Some(call),
            ..CallDecl::nothing(node.place)
        })
    }

    /// Whether YAML cut the text of `proxy`, which was said.
    pub(crate) fn proxy_is_cut(&mut self, node: &Node) -> bool {
        let Data::Map(entries) = &node.data else {
            return false;
        };
        let proxy = entries.iter().find(|(key, _)| key.text == "proxy");
        proxy.is_some_and(|(_, value)| self.cut(value, entries).is_some())
    }

    /// Whether the keys of an endpoint go together with `proxy`, or with having none.
    pub(crate) fn proxy_shape(&mut self, table: &Table<'_>, endpoint: &EndpointDecl) {
        let rest = endpoint.route.segments.last() == Some(&Segment::Rest);
        let Some((key, _)) = table.entry("proxy") else {
            for name in ["allow", "undocumented"] {
                if let Some((key, _)) = table.entry(name) {
                    self.error(
                        Code::Contradiction,
                        key.place,
                        format!("`{name}` has a meaning only beside `proxy`"),
                    )
                    .help = Some("take it out".into());
                }
            }
            if rest {
                self.error(
                    Code::EndpointKey,
                    endpoint.place,
                    "`**` is for pass-through alone",
                )
                .help = Some("`proxy: UPSTREAM`, or a path with `{name}`".into());
            }
            return;
        };
        let operation = endpoint.proxy.as_ref().map(|proxy| proxy.operation);
        let (routes_only, of_routes): (&[&str], _) = match operation {
            Some(true) => (&["allow", "undocumented"], false),
            Some(false) => (&["params"], true),
            None => (&[], true),
        };
        for name in NOT_WITH_PROXY.iter().chain(routes_only) {
            let Some((key_of, _)) = table.entry(name) else {
                continue;
            };
            let diagnostic = self.error(
                Code::Contradiction,
                key_of.place,
                match of_routes {
                    true => format!("`{name}` has no meaning beside `proxy`"),
                    false => format!("`{name}` has no meaning beside `proxy` of one operation"),
                },
            );
            diagnostic.help = Some(
                match (*name, of_routes) {
                    ("body", false) => "the body passes as it comes, typed by the contract alone",
                    ("allow", _) => "the operation has one method, and so has the endpoint",
                    ("undocumented", _) => "an operation is documented: the spec names it",
                    _ => "a pass-through answers what the upstream answers",
                }
                .to_owned(),
            );
            diagnostic.related.push(Related {
                message: "`proxy` is here".into(),
                place: key.place,
            });
        }
        match operation {
            Some(false) if !rest => {
                self.error(
                    Code::EndpointKey,
                    endpoint.place,
                    "the path of a pass-through ends in `/**`",
                )
                .help = Some(
                    "what `**` matches is appended to the upstream's URL; one operation passes as `proxy: UPSTREAM.operation(…)`"
                        .into(),
                );
            }
            Some(true) if rest => {
                self.error(
                    Code::EndpointKey,
                    endpoint.place,
                    "the path of one operation has no `**`",
                )
                .help = Some(
                    "name its parameters, `{name}`, and bind them; `proxy: UPSTREAM` passes what `**` matches"
                        .into(),
                );
            }
            _ => {}
        }
    }
}
