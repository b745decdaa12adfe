//! One endpoint from its table to the model.

use std::time::Duration;

use super::graph::Graph;
use super::scope::{At, Claims, Scene};
use super::uses::{Collector, Roots};
use crate::contract::Kind;
use crate::diagnostic::{Code, Severity};
use crate::model::{Calls, Charge, Deprecation, Endpoint, HeaderValue, Proxy, Require, Work};
use crate::nearest::nearest;
use crate::spec::TimeoutDecl;
use crate::syntax::ast;

/// `timeout` of an endpoint without one.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Calls of one endpoint.
const MAX_CALLS: usize = 64;

impl Scene<'_, '_> {
    /// The endpoint; none if something was wrong with it, which was said.
    pub(crate) fn endpoint(mut self) -> Option<Endpoint> {
        let before = self.checker.sink.len();
        let auth = self.auth();
        self.find_heads();
        if let Some(call) = self.call_decls().get(MAX_CALLS) {
            let place = call.place;
            self.error(
                Code::Contradiction,
                place,
                format!("an endpoint makes at most {MAX_CALLS} calls"),
            );
        }
        self.unknown_error_calls();
        let graph = self.graph();
        graph.order.as_ref()?;
        let uses = self.infer();
        self.spreads = 0;
        self.settle_inputs(&uses);
        self.settle_body(&uses);
        let work = match &self.decl.proxy {
            Some(proxy) if proxy.operation => {
                self.stream().map(|call| Work::Stream(Box::new(call)))
            }
            Some(_) => self.proxy().map(Work::Proxy),
            None => self.calls(&graph).map(Work::Calls),
        };
        let require = self.require();
        if let Some(require) = &require {
            self.requires_before_writes(&require.clauses, &graph);
        }
        let limits = self.charges();
        self.forwarded();
        // A name that was misspelt may be the one that seems unused.
        let misspelt = self.checker.sink.iter().skip(before).any(|d| {
            matches!(
                d.code,
                Code::UnknownName | Code::UnknownInput | Code::UnknownFragment | Code::UnknownCall
            )
        });
        if !self.decl.broken && !misspelt {
            let roots = self.all_roots();
            self.unused(&roots);
        }
        let failed = self
            .checker
            .sink
            .iter()
            .skip(before)
            .any(|d| d.severity == Severity::Error);
        if failed || self.decl.broken {
            return None;
        }
        let deprecated = self.deprecated().ok()?;
        self.finish(auth?, require?, limits?, work?, deprecated)
    }

    fn finish(
        self,
        auth: Vec<usize>,
        require: Require,
        limits: Vec<Charge>,
        work: Work,
        deprecated: Option<Deprecation>,
    ) -> Option<Endpoint> {
        let decl = self.decl;
        let spec = self.checker.spec;
        let timeout = match decl.timeout {
            Some(TimeoutDecl::Some(timeout)) => timeout,
            Some(TimeoutDecl::None) => TIMEOUT,
            None => spec.defaults.timeout.unwrap_or(TIMEOUT),
        };
        let mut segments: Vec<crate::model::Segment> = spec
            .base
            .split('/')
            .filter(|s| !s.is_empty())
            .map(|s| crate::model::Segment::Literal(s.to_owned()))
            .collect();
        segments.extend(decl.route.segments.iter().cloned());
        let path = match (spec.base.as_str(), decl.route.path.as_str()) {
            ("", path) => path.to_owned(),
            (base, "/") => format!("{base}/"),
            (base, path) => format!("{base}{path}"),
        };
        if decl.route.path == "/" && !spec.base.is_empty() {
            segments.push(crate::model::Segment::Literal(String::new()));
        }
        Some(Endpoint {
            key: decl.key.clone(),
            place: decl.place,
            method: decl.route.method.clone(),
            path,
            segments,
            choice: decl.route.choice.clone(),
            summary: decl.summary.clone(),
            description: decl.description.clone(),
            tags: decl.tags.clone(),
            deprecated,
            auth,
            require,
            limits,
            timeout,
            body_limit: decl.body_limit,
            inputs: self.inputs,
            body: self.body,
            work,
        })
    }

    fn calls(&mut self, graph: &Graph) -> Option<Calls> {
        let mut calls: Vec<Option<crate::model::Call>> = self.heads.iter().map(|_| None).collect();
        for index in graph.order.iter().flatten() {
            let needs = graph
                .needs
                .get(*index)
                .map(|n| n.iter().copied().collect())
                .unwrap_or_default();
            let call = self.call(*index, needs);
            if let Some(slot) = calls.get_mut(*index) {
                *slot = call;
            }
        }
        let decl = self.decl;
        let headers = self.headers();
        let response = decl
            .response
            .as_ref()
            .map(|block| self.block(block, At::ROOTS, None, decl.place));
        let mut calls: Vec<crate::model::Call> = calls.into_iter().collect::<Option<_>>()?;
        self.order_writes(&mut calls, graph);
        let response = match response {
            Some(response) => Some(response?),
            None => None,
        };
        let status = match decl.status {
            Some((status, _)) => status,
            None if response.is_some() => 200,
            None => 204,
        };
        Some(Calls {
            calls,
            status,
            headers: headers?,
            response,
            transform: decl.transform.as_ref().map(|word| crate::model::Hook {
                name: word.text.clone(),
                place: word.place,
            }),
        })
    }

    fn headers(&mut self) -> Option<Vec<(String, HeaderValue)>> {
        let mut headers = Vec::new();
        let mut ok = true;
        for header in self.all_headers() {
            let Some(value) = &header.value else { continue };
            match self.header_value(&header.name, value) {
                Some(value) => headers.push((header.name, value)),
                None => ok = false,
            }
        }
        ok.then_some(headers)
    }

    fn header_value(&mut self, name: &str, value: &ast::Value) -> Option<HeaderValue> {
        match value {
            ast::Value::Literal(literal) => {
                self.header_text(name, literal).map(HeaderValue::Literal)
            }
            ast::Value::Path(path) => {
                let default = match &path.default {
                    Some(literal) => Some(self.header_text(name, literal)?),
                    None => None,
                };
                if let (ast::Start::Plain(word), []) =
                    (&path.path.start, path.path.steps.as_slice())
                    && self.root(&word.text).is_none()
                {
                    let text = word.text.clone();
                    self.error(
                        Code::UnknownName,
                        word.place,
                        format!("there is no call `{text}`"),
                    )
                    .help(format!("a literal is quoted twice: `{name}: '\"{text}\"'`"))
                    .suggest(word.place, format!("'\"{text}\"'"));
                    return None;
                }
                let walk = self.walk(&path.path, At::ROOTS)?;
                let resolved = walk.finish(&path.path);
                let scalar = self.kind(resolved.ty).is_scalar()
                    || matches!(self.kind(resolved.ty), Kind::Any);
                if resolved.many || !scalar {
                    let what = if resolved.many {
                        "a list".to_owned()
                    } else {
                        self.describe(resolved.ty)
                    };
                    self.error(
                        Code::Mismatch,
                        resolved.place,
                        format!(
                            "header `{name}` is one text, and `{}` is {what}",
                            resolved.text
                        ),
                    );
                    return None;
                }
                Some(HeaderValue::Path {
                    path: resolved,
                    default,
                })
            }
            _ => None,
        }
    }

    /// A literal as the text of a header.
    fn header_text(&mut self, name: &str, literal: &ast::Literal) -> Option<String> {
        let text =
            serde_json::from_str::<String>(&literal.json).unwrap_or_else(|_| literal.json.clone());
        let none = matches!(literal.json.as_str(), "null" | "[]");
        if none || text.chars().any(|c| c.is_control() || !c.is_ascii()) {
            self.error(
                Code::BadValue,
                literal.place,
                format!("header `{name}` can't hold this text"),
            )
            .help("visible ASCII characters and spaces");
            return None;
        }
        Some(text)
    }

    fn proxy(&mut self) -> Option<Proxy> {
        let decl = self.decl.proxy.as_ref()?;
        let spec = self.checker.spec;
        if !spec.upstreams.contains_key(&decl.upstream.text) {
            if self.call_named(&decl.upstream) {
                return None;
            }
            self.unknown_upstream(&decl.upstream);
            return None;
        }
        for method in &decl.allow {
            let known = [
                "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE",
            ];
            if !known.contains(&method.as_str())
                && let Some(near) = nearest(method, known)
            {
                let near = near.to_owned();
                self.error(
                    Code::BadValue,
                    decl.upstream.place,
                    format!("`allow` names `{method}`, which is no method"),
                )
                .help(format!("did you mean `{near}`?"));
                return None;
            }
        }
        Some(Proxy {
            upstream: self.checker.use_upstream(&decl.upstream.text)?,
            allow: decl.allow.clone(),
            undocumented: decl.undocumented,
        })
    }

    /// `proxy: users.getUser` names an operation without its arguments.
    fn call_named(&mut self, word: &ast::Word) -> bool {
        let Some((upstream, _)) = word.text.split_once('.') else {
            return false;
        };
        if !self.checker.spec.upstreams.contains_key(upstream) {
            return false;
        }
        let text = word.text.clone();
        self.error(
            Code::Syntax,
            word.place,
            "an operation that passes through is written with its arguments",
        )
        .help(format!(
            "`proxy: {text}()`, with its parameters in the brackets"
        ))
        .fix(word.place, format!("{text}()"));
        true
    }

    /// An upstream that is sent the user's token needs an endpoint that verified one.
    fn forwarded(&mut self) {
        let nobody = self.claims == Claims::Nobody;
        if !nobody && !self.only_keys() {
            return;
        }
        let spec = self.checker.spec;
        let mut named: Vec<(String, crate::diagnostic::Place)> = self
            .call_decls()
            .iter()
            .filter_map(|c| c.call.as_ref())
            .map(|c| (c.upstream.text.clone(), c.upstream.place))
            .collect();
        named.extend(
            self.decl
                .proxy
                .iter()
                .filter(|p| !p.operation)
                .map(|p| (p.upstream.text.clone(), p.upstream.place)),
        );
        for (name, place) in named {
            let Some(forward) = spec.upstreams.get(&name).and_then(|u| u.forward) else {
                continue;
            };
            self.error(
                Code::NoToken,
                place,
                format!(
                    "`{name}` is sent the user's token, and with {} there is none",
                    if nobody { "`auth: none`" } else { "an API key" }
                ),
            )
            .help(if nobody {
                "name a scheme under the endpoint's `auth`"
            } else {
                "name a scheme that takes tokens under the endpoint's `auth`"
            })
            .related(forward, "`identity: forward` is here");
        }
    }

    /// Everything the endpoint reads anywhere.
    fn all_roots(&self) -> Roots {
        let mut collector = Collector::new(&self.checker.spec.fragments);
        if let Some(block) = &self.decl.response {
            collector.block(block, false);
        }
        for header in self.all_headers() {
            if let Some(value) = &header.value {
                collector.value(value, false);
            }
        }
        for condition in self.clauses() {
            collector.condition(&condition);
        }
        let mut roots = collector.roots;
        for call in self.call_decls() {
            let (arguments, rest) = self.roots_of_call(call);
            roots.add(&arguments);
            roots.add(&rest);
        }
        roots
    }
}
