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
//! 9. **Body**: 415 and 413 before it is gathered, nothing is decompressed; then captured and checked. Now every fault of the request is told
//!    at once, 400. A `require` that reads the body is decided here.
//! 10. **Endpoint**: the generated function.
//! 11. **Answer**: failures become problems, in [`crate::problem`] alone; counted and logged.

mod told;

use std::net::SocketAddr;
use std::sync::Arc;

use bff_json::{Condition, Operand, Root, Scope, Tape};
use http::header::{ACCEPT_ENCODING, ALLOW};
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body::Body as _;
use hyper::body::Incoming;

use crate::auth;
use crate::body::Body;
use crate::exchange;
use crate::exchange::{Exchange, Reply};
use crate::failure::{Failure, Kind};
use crate::input::{self, Reader};
use crate::limit;
use crate::plan::{BODY, Clause, Route};
use crate::router::{Found, Segments};
use crate::server::App;
use crate::wire::Refusal;
use told::{Told, Unanswered};

/// Answers a request, whatever happens.
pub(crate) async fn answer(
    app: Arc<App>,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Response<Body> {
    let (head, incoming) = request.into_parts();
    let mut unanswered = Unanswered::new(app, peer, &head);
    let (app, told) = unanswered.parts();
    let result = pass(app, peer, head, incoming, told).await;
    unanswered.answer(result)
}

/// Layers 2 to 10.
async fn pass(
    app: &Arc<App>,
    peer: SocketAddr,
    head: Parts,
    incoming: Incoming,
    told: &mut Told,
) -> Result<Reply, Failure> {
    let Told {
        started,
        id,
        trace,
        way,
        ..
    } = told;
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
    let deadline = tokio::time::Instant::from_std(*started) + policies.timeout;
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
            let body = take_body(app, &head, incoming, policies.body_limit, deadline).await?;
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
        trace: trace.clone(),
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
    app: &App,
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
    if input::body::is_coded(&head.headers) {
        let words = "The body must come without a content coding.";
        let identity = HeaderValue::from_static("identity");
        return Err(Failure::new(Kind::MediaType, words).with_header(ACCEPT_ENCODING, identity));
    }
    input::body::receive(incoming, limit, &app.bff.server.listener, deadline).await
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
