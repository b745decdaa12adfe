//! Spans while they are open, and what is recorded of them once they end: names and attributes are those of
//! OpenTelemetry's conventions for HTTP.
//!
//! A span ends with the answer it is about, or when nobody waits for that any more. What never gets into one: a query,
//! a header but `user-agent`, a body.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::time::SystemTime;

use http::header::USER_AGENT;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, Uri, Version};
use tokio::time::Instant;

use super::Recorder;
use super::parent::Parent;
use crate::plan::{Operation, PathPart};
use crate::upstream::BrokenKind;

/// Methods that are told by their name (RFC 9110, RFC 5789).
const METHODS: [Method; 9] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::DELETE,
    Method::CONNECT,
    Method::OPTIONS,
    Method::TRACE,
    Method::PATCH,
];

/// A span that ended.
#[derive(Debug)]
#[cfg_attr(not(feature = "otlp"), expect(dead_code, reason = "nobody records"))]
pub(super) struct Span {
    /// The trace, the span's own id, the flags.
    pub(super) own: Parent,
    pub(super) state: Option<HeaderValue>,
    pub(super) above: Option<u64>,
    /// Whether it is a request's, not a call's.
    pub(super) serves: bool,
    pub(super) name: String,
    pub(super) started: SystemTime,
    pub(super) ended: SystemTime,
    pub(super) attributes: Vec<(&'static str, Value)>,
    pub(super) failed: bool,
}

/// An attribute's value.
#[derive(Debug)]
#[cfg_attr(not(feature = "otlp"), expect(dead_code, reason = "nobody records"))]
pub(super) enum Value {
    Text(Cow<'static, str>),
    Number(i64),
}

impl Span {
    fn new(own: Parent, state: Option<HeaderValue>, above: Option<u64>, serves: bool) -> Span {
        let now = SystemTime::now();
        Span {
            own,
            state,
            above,
            serves,
            name: String::new(),
            started: now,
            ended: now,
            attributes: Vec::with_capacity(12),
            failed: false,
        }
    }

    fn say(&mut self, name: &'static str, text: impl Into<Cow<'static, str>>) {
        self.attributes.push((name, Value::Text(text.into())));
    }

    fn count(&mut self, name: &'static str, number: impl Into<i64>) {
        self.attributes.push((name, Value::Number(number.into())));
    }

    /// The method, and the span's name; whoever makes up methods makes up no names.
    fn name(&mut self, method: &Method, template: Option<&str>) {
        let known = METHODS.contains(method);
        let word = if known { method.as_str() } else { "HTTP" };
        self.name = match template {
            Some(template) => format!("{word} {template}"),
            None => word.to_owned(),
        };
        if known {
            self.say("http.request.method", method.as_str().to_owned());
        } else {
            self.say("http.request.method", "_OTHER");
            self.say("http.request.method_original", method.as_str().to_owned());
        }
    }
}

/// The span of a client's request.
#[derive(Debug)]
pub(crate) struct RequestSpan {
    recorder: Recorder,
    span: Span,
}

impl RequestSpan {
    pub(super) fn new(
        recorder: Recorder,
        own: Parent,
        state: Option<HeaderValue>,
        above: Option<u64>,
    ) -> RequestSpan {
        RequestSpan {
            recorder,
            span: Span::new(own, state, above, true),
        }
    }

    /// What the request says.
    pub(crate) fn asked(&mut self, head: &Parts, peer: SocketAddr) {
        let span = &mut self.span;
        let scheme = head.uri.scheme_str().unwrap_or("http").to_owned();
        span.say("url.scheme", scheme);
        span.say("url.path", head.uri.path().to_owned());
        span.say("network.protocol.version", version(head.version));
        span.say("network.peer.address", peer.ip().to_canonical().to_string());
        let agent = head.headers.get(USER_AGENT);
        if let Some(agent) = agent.and_then(|agent| agent.to_str().ok()) {
            span.say("user_agent.original", agent.to_owned());
        }
    }

    /// Ends it.
    pub(crate) fn end(mut self, answered: Answered<'_>) {
        let span = &mut self.span;
        let Answered {
            method,
            route,
            status,
            id,
            partial,
            upstream,
        } = answered;
        span.name(method, (!route.is_empty()).then_some(route));
        if !route.is_empty() {
            span.say("http.route", route);
        }
        span.count("http.response.status_code", status.as_u16());
        span.say("bff.request_id", id.to_owned());
        if let Some(partial) = partial {
            span.say("bff.partial", partial.to_owned());
        }
        if let Some(upstream) = upstream {
            span.say("bff.upstream", upstream);
        }
        if status.is_server_error() {
            span.failed = true;
            span.say("error.type", status.as_str().to_owned());
        }
        span.ended = SystemTime::now();
        self.recorder.record(self.span);
    }
}

/// How a request was answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answered<'a> {
    pub(crate) method: &'a Method,
    /// The route's pattern; empty if there is none.
    pub(crate) route: &'static str,
    pub(crate) status: StatusCode,
    pub(crate) id: &'a str,
    pub(crate) partial: Option<&'a str>,
    pub(crate) upstream: Option<&'static str>,
}

/// What is asked of an upstream.
#[derive(Debug)]
pub(crate) struct Called {
    pub(crate) upstream: &'static str,
    /// The call's name in the spec.
    pub(crate) call: Option<&'static str>,
    pub(crate) operation: Option<&'static Operation>,
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    /// How many attempts came before.
    pub(crate) resent: u8,
    /// Until when it is waited for.
    pub(crate) deadline: Instant,
}

/// The span of a request to an upstream, if it is recorded. Dropped, it ends without an answer.
#[derive(Debug)]
pub(crate) struct CallSpan(Option<Box<Open>>);

impl CallSpan {
    pub(super) fn new(open: Option<Open>) -> CallSpan {
        CallSpan(open.map(Box::new))
    }

    /// Ends it: there is an answer's head, or all of the answer.
    pub(crate) fn answered(mut self, status: StatusCode) {
        if let Some(open) = self.0.take() {
            open.end(Some(status), None);
        }
    }

    /// Ends it: the exchange failed.
    pub(crate) fn broke(mut self, kind: BrokenKind) {
        if let Some(open) = self.0.take() {
            open.end(
                None,
                Some(match kind {
                    BrokenKind::Connect => "connect",
                    BrokenKind::Wire => "broken",
                    BrokenKind::TooLarge => "invalid",
                    BrokenKind::Client | BrokenKind::Slow => "client",
                }),
            );
        }
    }
}

impl Drop for CallSpan {
    fn drop(&mut self) {
        if let Some(open) = self.0.take() {
            let late = Instant::now() >= open.deadline;
            open.end(None, Some(if late { "timeout" } else { "cancelled" }));
        }
    }
}

/// A call's span while it is open.
#[derive(Debug)]
pub(super) struct Open {
    recorder: Recorder,
    span: Span,
    deadline: Instant,
}

impl Open {
    pub(super) fn new(
        recorder: Recorder,
        own: Parent,
        state: Option<HeaderValue>,
        above: u64,
        called: Called,
    ) -> Open {
        let mut span = Span::new(own, state, Some(above), false);
        let template = called.operation.map(|operation| template(operation.path));
        span.name(&called.method, template.as_deref());
        if let Some(template) = template {
            span.say("url.template", template);
        }
        let uri = &called.uri;
        let authority = uri.authority();
        span.say("server.address", uri.host().unwrap_or_default().to_owned());
        let default = if uri.scheme_str() == Some("https") {
            443
        } else {
            80
        };
        span.count("server.port", uri.port_u16().unwrap_or(default));
        let (scheme, authority) = (
            uri.scheme_str().unwrap_or_default(),
            authority
                .map(http::uri::Authority::as_str)
                .unwrap_or_default(),
        );
        span.say("url.full", format!("{scheme}://{authority}{}", uri.path()));
        if called.resent > 0 {
            span.count("http.request.resend_count", called.resent);
        }
        span.say("bff.upstream", called.upstream);
        if let Some(call) = called.call {
            span.say("bff.call", call);
        }
        Open {
            recorder,
            span,
            deadline: called.deadline,
        }
    }

    fn end(mut self, status: Option<StatusCode>, error: Option<&'static str>) {
        let span = &mut self.span;
        if let Some(status) = status {
            span.count("http.response.status_code", status.as_u16());
            if status.is_client_error() || status.is_server_error() {
                span.failed = true;
                span.say("error.type", status.as_str().to_owned());
            }
        }
        if let Some(error) = error {
            span.failed = true;
            span.say("error.type", error);
        }
        span.ended = SystemTime::now();
        self.recorder.record(self.span);
    }
}

/// An operation's path as its contract has it.
fn template(path: &[PathPart]) -> String {
    path.iter().fold(String::new(), |mut text, part| {
        match part {
            PathPart::Literal(literal) => text.push_str(literal),
            PathPart::Argument(name) => text.extend(["{", name, "}"]),
        }
        text
    })
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        _ => "1.1",
    }
}
