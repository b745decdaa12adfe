//! The end of the stack: a request's answer is finished, counted, logged and traced, however it came about.
//!
//! In: a reply or a failure, or nothing, when the client left. Out: the answer, and what is told of it. Nothing here decides
//! what a request gets.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use http::header::{CONNECTION, CONTENT_LENGTH, LINK};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri, Version};

use crate::answer::Reason;
use crate::body::Body;
use crate::exchange::Reply;
use crate::failure::{Failure, Kind};
use crate::limit::Taken;
use crate::log::Pending;
use crate::plan::Route;
use crate::server::App;
use crate::trace::{RequestSpan, Trace};
use crate::{problem, trace};

/// What is told of a request once it is answered.
pub(super) struct Told {
    pub(super) started: Instant,
    method: Method,
    version: Version,
    uri: Uri,
    pub(super) id: HeaderValue,
    pub(super) trace: Trace,
    span: Option<RequestSpan>,
    pub(super) way: Way,
}

/// A request on its way. One whose client leaves is dropped half-way: that is counted and logged, too.
pub(super) struct Unanswered {
    app: Arc<App>,
    told: Told,
    answered: bool,
}

impl Unanswered {
    /// A request that has just come.
    pub(super) fn new(app: Arc<App>, peer: SocketAddr, head: &Parts) -> Unanswered {
        let trace = app.tracer.trace(&head.headers);
        let mut span = trace.request();
        if let Some(span) = &mut span {
            span.asked(head, peer);
        }
        app.metrics.arrived();
        let told = Told {
            started: Instant::now(),
            method: head.method.clone(),
            version: head.version,
            uri: head.uri.clone(),
            id: trace::request_id(&head.headers),
            trace,
            span,
            way: Way::default(),
        };
        Unanswered {
            app,
            told,
            answered: false,
        }
    }

    /// Whose it is, and what is told of it.
    pub(super) fn parts(&mut self) -> (&Arc<App>, &mut Told) {
        (&self.app, &mut self.told)
    }

    /// Layer 11.
    pub(super) fn answer(mut self, result: Result<Reply, Failure>) -> Response<Body> {
        self.answered = true;
        finish(&self.app, result, &mut self.told)
    }
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        if !self.answered {
            let left = Failure::new(Kind::Left, "The client left.");
            finish(&self.app, Err(left), &mut self.told);
        }
    }
}

/// How far a request came, and what it took on the way.
#[derive(Default)]
pub(super) struct Way {
    /// The route, by place in the table.
    pub(super) at: Option<usize>,
    pub(super) taken: Taken,
}

fn finish(app: &Arc<App>, result: Result<Reply, Failure>, told: &mut Told) -> Response<Body> {
    let (started, id) = (told.started, told.id.clone());
    let Way { at, taken } = std::mem::take(&mut told.way);
    let (mut response, failure) = match result {
        Ok(Reply(response)) => (response, None),
        Err(failure) => (
            problem::answer(&failure, told.uri.path(), id.to_str().unwrap_or_default()),
            Some(failure),
        ),
    };
    response.headers_mut().insert(trace::REQUEST_ID, id.clone());
    if let Some(limits) = at.and_then(|at| app.limits.get(at)) {
        limits.tell(&taken, response.headers_mut());
    }
    if let Some(route) = at.and_then(|at| app.bff.routes.get(at)) {
        tell(route, response.headers_mut());
    }
    response.body_mut().hold(taken.holds);
    // A connection that stays open is used again, perhaps just when it closes.
    if !app.is_ready() && told.version < Version::HTTP_2 && !switches(&response) {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
    }
    if told.method == Method::HEAD {
        without_body(&mut response);
    }
    let partial = response.headers().get(&crate::answer::PARTIAL).cloned();
    app.metrics
        .answered(at, response.status(), started.elapsed(), partial.is_some());
    let route = at
        .and_then(|at| app.bff.routes.get(at))
        .map_or("", |route| route.pattern);
    if failure
        .as_ref()
        .is_some_and(|failure| failure.kind() == Kind::SlowClient)
    {
        app.port.slow_body();
    }
    let reason = response.extensions_mut().remove::<Reason>();
    let failure = failure
        .as_ref()
        .or(reason.as_ref().map(|reason| &*reason.0));
    let pending = Pending {
        started,
        method: told.method.clone(),
        route,
        status: response.status(),
        id,
        partial,
        fault: failure.map(|failure| failure.kind().fault()),
        upstream: failure.and_then(Failure::upstream_name),
        cause: failure.and_then(Failure::cause).map(str::to_owned),
        trace: told.trace.id(),
        span: told.span.take(),
    };
    let length = response.body().len();
    if let Some(pending) = response.body_mut().record(pending) {
        pending.write(length);
    }
    response
}

/// What the endpoint says with every answer; links join those there are.
fn tell(route: &Route, headers: &mut HeaderMap) {
    for (name, value) in route.policies.headers {
        let (name, value) = (
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
        if name == LINK {
            headers.append(name, value);
        } else {
            headers.insert(name, value);
        }
    }
}

fn switches(response: &Response<Body>) -> bool {
    response.status() == StatusCode::SWITCHING_PROTOCOLS
}

/// The head alone, still saying how long the body would be.
fn without_body(response: &mut Response<Body>) {
    let body = std::mem::take(response.body_mut());
    if let Some(length) = body.len().filter(|length| *length > 0) {
        response
            .headers_mut()
            .entry(CONTENT_LENGTH)
            .or_insert_with(|| HeaderValue::from(length));
    }
}
