//! The policy stack: what happens to every request, in this order, before and after its endpoint.
//!
//! 1. **Id**: the client's or a new one; everything below logs and answers with it.
//! 2. **Route**: what can't be read is 400; an unknown path 404, another method 405, `OPTIONS` answered here. First,
//!    so that all that follows knows whose rules hold.
//! 3. **Deadline**: the endpoint's time starts with the request's head; whoever waits below waits no longer.
//! 4. **How often**, by what anybody shows (address, header, route): 429, before a signature is worked on.
//! 5. **Who**: 401, before anything of the request but its head is looked at. Then how often, by who they are.
//! 6. **May they**: scopes and roles, 403.
//! 7. **Inputs** are read, their faults kept: a request that may not be made is not told what else is wrong with it.
//! 8. **`require`** that reads inputs and claims alone: 403, before a body is waited for.
//! 9. **Body**: 415 and 413 before it is gathered; then captured and checked. Now every fault of the request is told
//!    at once, 400. A `require` that reads the body is decided here.
//! 10. **Endpoint**: the generated function.
//! 11. **Answer**: failures become problems, in [`crate::problem`] alone; counted and logged.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use bff_json::{Condition, Operand, Root, Scope, Tape};
use http::header::{ALLOW, CONTENT_LENGTH, LINK};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body::Body as _;
use hyper::body::Incoming;

use crate::answer::Reason;
use crate::auth;
use crate::body::Body;
use crate::exchange::{Exchange, Reply};
use crate::failure::{Failure, Kind};
use crate::input::{self, Reader};
use crate::limit::{self, Taken};
use crate::log::Pending;
use crate::plan::{BODY, Clause, Route};
use crate::router::{Found, Segments};
use crate::server::App;
use crate::wire::Refusal;
use crate::{exchange, problem, trace};

/// Answers a request, whatever happens.
pub(crate) async fn answer(
    app: Arc<App>,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Response<Body> {
    let started = Instant::now();
    let (head, incoming) = request.into_parts();
    let id = trace::request_id(&head.headers);
    let (method, uri) = (head.method.clone(), head.uri.clone());
    let mut way = Way::default();
    let result = pass(&app, peer, head, incoming, &id, started, &mut way).await;
    finish(
        &app,
        result,
        Told {
            started,
            method,
            uri,
            id,
            way,
        },
    )
}

/// Layers 2 to 10.
async fn pass(
    app: &Arc<App>,
    peer: SocketAddr,
    head: Parts,
    incoming: Incoming,
    id: &HeaderValue,
    started: Instant,
    way: &mut Way,
) -> Result<Reply, Failure> {
    if let Some(refusal) = head.extensions.get::<Refusal>() {
        let words = format!("The request can't be read: {}.", refusal.words);
        return Err(Failure::new(Kind::Refused(refusal.status), words));
    }
    let uri = head.uri.clone();
    let (index, route, segments) =
        match app
            .router
            .find(&head.method, uri.path(), &head.headers, uri.query())
        {
            Found::Route(index, segments) => match app.bff.routes.get(index) {
                Some(route) => (index, route, segments),
                None => return Err(Failure::not_found()),
            },
            Found::Options(allow) => return Ok(options(&allow)),
            Found::Method(allow) => return Err(method_not_allowed(&allow)),
            Found::Nothing => return Err(Failure::not_found()),
            Found::Malformed => {
                return Err(Failure::new(Kind::Malformed, "The path can't be read."));
            }
        };
    way.at = Some(index);
    let policies = &route.policies;
    let deadline = tokio::time::Instant::from_std(started) + policies.timeout;
    let limits = app.limits.get(index).filter(|limits| !limits.is_empty());
    let seen = limit::Seen {
        address: limit::address(peer, &head.headers, app.bff.server.trusted_proxies),
        headers: &head.headers,
        route: route.pattern,
        api_key: None,
    };
    if let Some(limits) = limits {
        limits.take(&seen, None, deadline, &mut way.taken).await?;
    }
    let principal = match app.auth.get(index).map(Vec::as_slice) {
        None | Some([]) if !policies.auth.is_empty() => {
            return Err(Failure::new(Kind::Gateway, "No scheme is at hand."));
        }
        None | Some([]) => None,
        Some(schemes) => Some(auth::authenticate(schemes, &head, deadline).await?),
    };
    if let Some(limits) = limits {
        let api_key = principal.as_ref().and_then(|who| who.claims.key.as_deref());
        let tapes = principal
            .as_ref()
            .map(|who| [Tape::absent(), who.claims.tape.clone()]);
        let claims = tapes.as_ref().map_or(&[][..], <[Tape; 2]>::as_slice);
        let seen = limit::Seen { api_key, ..seen };
        limits
            .take(&seen, Some(claims), deadline, &mut way.taken)
            .await?;
    }
    if let Some(principal) = &principal {
        auth::authorize(principal, policies.scopes, policies.roles)?;
    }
    let strict = app.bff.server.strict && !route.passes;
    let known = |name: &str| app.chooses_by(route, name);
    let (inputs, mut faults) = Reader {
        route,
        head: &head,
        segments: &segments,
        patterns: &app.patterns,
        strict: strict.then_some(&known as &dyn Fn(&str) -> bool),
    }
    .read();
    let claims = principal
        .as_ref()
        .map_or_else(Tape::absent, |principal| principal.claims.tape.clone());
    let mut tapes = vec![inputs, claims, Tape::absent()];
    require(policies.require, &tapes, false)?;
    let mut streamed = None;
    match route.body {
        Some(input) => {
            let body = take_body(&head, incoming, policies.body_limit, deadline).await?;
            if let Some(tape) = tapes.get_mut(usize::from(BODY)) {
                *tape = input::body::read(input, body, strict, &app.patterns, &mut faults);
            }
        }
        None if strict && !incoming.is_end_stream() => {
            let detail = "is not known here".to_owned();
            faults.push(crate::failure::InputFault {
                place: "body",
                name: String::new(),
                detail,
            });
        }
        None => streamed = Some(incoming),
    }
    if !faults.is_empty() {
        return Err(Failure::input(faults));
    }
    require(policies.require, &tapes, true)?;
    let request = exchange::Request {
        app: Arc::clone(app),
        route,
        peer,
        id: id.clone(),
        deadline,
        principal,
        segments: if route.passes {
            owned(segments)
        } else {
            Vec::new()
        },
        tapes,
        incoming: streamed,
        head,
    };
    (route.handler)(Exchange(Box::new(request))).await
}

fn owned(segments: Segments<'_>) -> Vec<String> {
    segments
        .into_iter()
        .map(std::borrow::Cow::into_owned)
        .collect()
}

/// Layer 8, and the end of 9: clauses that read the body are decided once it is there.
fn require(clauses: &'static [Clause], tapes: &[Tape], with_body: bool) -> Result<(), Failure> {
    if clauses.is_empty() {
        return Ok(());
    }
    let scope = Scope::new(tapes);
    for clause in clauses
        .iter()
        .filter(|clause| reads_body(&clause.condition) == with_body)
    {
        if !scope.holds(&clause.condition) {
            return Err(
                Failure::new(Kind::Forbidden, "This is not yours to ask for.").because(clause.text),
            );
        }
    }
    Ok(())
}

fn reads_body(condition: &Condition) -> bool {
    let reads =
        |operand: &Operand| matches!(operand, Operand::Path(path) if path.root == Root::Tape(BODY));
    match condition {
        Condition::Holds(operand) => reads(operand),
        Condition::Equal(one, other) => reads(one) || reads(other),
    }
}

async fn take_body(
    head: &Parts,
    incoming: Incoming,
    limit: u64,
    deadline: tokio::time::Instant,
) -> Result<bytes::Bytes, Failure> {
    if incoming.is_end_stream() {
        return Ok(bytes::Bytes::new());
    }
    if !input::body::is_json(&head.headers) {
        return Err(Failure::new(
            Kind::MediaType,
            "The body must be application/json.",
        ));
    }
    input::body::receive(incoming, limit, deadline).await
}

/// 204 with the methods there are.
pub(crate) fn options(allow: &str) -> Reply {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::NO_CONTENT;
    if let Ok(allow) = HeaderValue::from_str(allow) {
        response.headers_mut().insert(ALLOW, allow);
    }
    Reply(response)
}

/// 405 with the methods there are.
pub(crate) fn method_not_allowed(allow: &str) -> Failure {
    let failure = Failure::new(Kind::Method, "This path has no such method.");
    match HeaderValue::from_str(allow) {
        Ok(allow) => failure.with_header(ALLOW, allow),
        Err(_) => failure,
    }
}

/// What is told of a request once it is answered.
struct Told {
    started: Instant,
    method: Method,
    uri: Uri,
    id: HeaderValue,
    way: Way,
}

/// How far a request came, and what it took on the way.
#[derive(Default)]
struct Way {
    /// The route, by place in the table.
    at: Option<usize>,
    taken: Taken,
}

/// Layer 11.
fn finish(app: &Arc<App>, result: Result<Reply, Failure>, told: Told) -> Response<Body> {
    let Told {
        started,
        method,
        uri,
        id,
        way,
    } = told;
    let Way { at, taken } = way;
    let (mut response, failure) = match result {
        Ok(Reply(response)) => (response, None),
        Err(failure) => (
            problem::answer(&failure, uri.path(), id.to_str().unwrap_or_default()),
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
    if method == Method::HEAD {
        without_body(&mut response);
    }
    let partial = response.headers().get(&crate::answer::PARTIAL).cloned();
    app.metrics
        .answered(at, response.status(), started.elapsed(), partial.is_some());
    let route = at
        .and_then(|at| app.bff.routes.get(at))
        .map_or("", |route| route.pattern);
    let reason = response.extensions_mut().remove::<Reason>();
    let failure = failure
        .as_ref()
        .or(reason.as_ref().map(|reason| &*reason.0));
    let pending = Pending {
        started,
        method,
        route,
        status: response.status(),
        id,
        partial,
        fault: failure.map(|failure| failure.kind().fault()),
        upstream: failure.and_then(Failure::upstream_name),
        cause: failure.and_then(Failure::cause).map(str::to_owned),
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

impl App {
    /// Whether an endpoint beside this one is chosen by a query value of this name.
    fn chooses_by(&self, route: &Route, name: &str) -> bool {
        let siblings = self
            .bff
            .routes
            .iter()
            .filter(|other| other.pattern == route.pattern);
        siblings
            .filter_map(|other| other.when.as_ref())
            .any(|choice| choice.name == name)
    }
}
