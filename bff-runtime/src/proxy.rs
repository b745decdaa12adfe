//! Pass-through: a request to an upstream and its answer back, both as they come.
//!
//! In: a request that passed the policy stack. Out: the upstream's answer. Nothing is gathered; who reads slowly slows
//! down who writes, and a client that leaves takes the upstream's request with it. What stays here: hop-by-hop headers,
//! `authorization`, `cookie`, `set-cookie`, whatever the client says of itself as a proxy, and the upstream's host.

mod expect;
mod headers;
mod interim;
mod location;
mod operation;
mod upgrade;

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzz;

use http::header::{CONTENT_LENGTH, UPGRADE};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri};
use http_body::Body as _;
use hyper::upgrade::OnUpgrade;

pub(crate) use expect::{Gate, Wanted};
pub(crate) use headers::trailers;
pub(crate) use interim::{Hears, Interims, WithInterims};
pub(crate) use operation::stream;
pub(crate) use upgrade::Tunnels;

use crate::body::Body;
use crate::exchange::{Reply, Request};
use crate::failure::{Failure, Kind};
use crate::metrics::Outcome;
use crate::percent;
use crate::plan::{Operation, Proxy, Segment};
use crate::stack::method_not_allowed;
use crate::trace::Called;
use crate::upstream::{Broken, BrokenKind, Instance, Live};
use crate::wire::Line;
use expect::Expects;

/// Passes a request on to where `**` leads.
pub(crate) async fn pass(request: Box<Request>, proxy: &'static Proxy) -> Result<Reply, Failure> {
    let name = proxy.upstream.name;
    let broken = |words: &str| Failure::upstream(Kind::Gateway, name, words);
    let app = std::sync::Arc::clone(&request.app);
    let live = app
        .upstream(proxy.upstream)
        .ok_or_else(|| broken("the upstream is in no table"))?;
    let instance = live
        .pick()
        .ok_or_else(|| broken("the upstream has no instance"))?;
    let before = request
        .route
        .segments
        .iter()
        .take_while(|segment| **segment != Segment::Rest)
        .count();
    let rest = request.segments.get(before..).unwrap_or_default();
    if let Some(allowed) = options(proxy, &request.head.method) {
        return allowed;
    }
    documented(proxy, &request.head.method, rest)?;
    let uri = target(instance, rest, request.head.uri.query())
        .ok_or_else(|| broken("the path can't be written"))?;
    let mut headers = headers::outgoing(&request.head, request.peer, &request.id);
    live.stamp(&mut headers, request.token());
    let public = location::public_prefix(request.head.uri.path(), before).to_owned();
    let outgoing = Outgoing {
        method: request.head.method.clone(),
        uri,
        headers,
        operation: None,
    };
    let mut response = send(request, live, outgoing).await?;
    location::rewrite(response.headers_mut(), live.instances(), Some(&public));
    Ok(Reply(response))
}

/// A request as the upstream gets it, its body aside.
struct Outgoing {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    /// Where it is one that the contract names.
    operation: Option<&'static Operation>,
}

/// Sends a request with the client's body; gives the answer, without what doesn't pass.
async fn send(
    mut request: Box<Request>,
    live: &Live,
    mut outgoing: Outgoing,
) -> Result<Response<Body>, Failure> {
    let name = live.plan.name;
    headers::drop_lookalikes(&mut outgoing.headers);
    let expects = expect::of(&request.head);
    if expects == Expects::Unknown {
        return Err(Failure::new(
            Kind::Refused(StatusCode::EXPECTATION_FAILED),
            "Nobody here knows what the request expects.",
        ));
    }
    let limit = request.route.policies.body_limit;
    let body = match request.incoming.take() {
        Some(incoming) if !incoming.is_end_stream() => {
            Body::upload(incoming, limit, &request.app.bff.server.listener)
        }
        _ => Body::Empty,
    };
    if body.len().is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let said = outgoing.headers.remove(CONTENT_LENGTH).is_some();
    if let Some(length) = body.len().filter(|length| said || *length > 0) {
        let length = HeaderValue::from(length);
        outgoing.headers.insert(CONTENT_LENGTH, length);
    }
    let bodiless = matches!(body, Body::Empty);
    let asked = upgrade::wanted(&request.head).filter(|_| bodiless);
    let client = match &asked {
        Some(protocols) => {
            upgrade::say(&mut outgoing.headers, protocols.clone());
            request.head.extensions.remove::<OnUpgrade>()
        }
        None => None,
    };
    let method = outgoing.method.clone();
    let called = || Called {
        upstream: name,
        call: None,
        operation: outgoing.operation,
        method: method.clone(),
        uri: outgoing.uri.clone(),
        resent: 0,
        deadline: request.deadline,
    };
    let span = request.trace.call(&mut outgoing.headers, called);
    let mut message = http::Request::new(body);
    *message.method_mut() = outgoing.method;
    *message.uri_mut() = outgoing.uri;
    *message.headers_mut() = outgoing.headers;
    let (wanted, opener) = (expects == Expects::Continue && !bodiless)
        .then(|| expect::wait(&mut message))
        .unzip();
    let client_hears = request.head.extensions.remove::<Interims>();
    Hears::of(&mut message, client_hears, opener);
    let timed = live.timed();
    let sending = live.pass(message);
    let sent = tokio::time::timeout_at(request.deadline, sending).await;
    drop(timed);
    let mut answer = match sent {
        Ok(Ok(answer)) => answer,
        Ok(Err(broken)) => {
            span.broke(broken.kind);
            return Err(failed(live, broken));
        }
        Err(_) => {
            live.count(Outcome::Timeout);
            return Err(Failure::upstream(Kind::Timeout, name, "no answer in time"));
        }
    };
    span.answered(answer.status());
    live.count(if answer.status().as_u16() < 400 {
        Outcome::Ok
    } else {
        Outcome::Status
    });
    if let Some(wanted) = wanted {
        answer.body_mut().wants(wanted);
    }
    if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
        return switched(&request, live, client, answer);
    }
    if !headers::is_framed(answer.headers()) {
        let words = "the answer is in a transfer coding other than chunked";
        return Err(Failure::upstream(Kind::Upstream, name, words));
    }
    let (status, length) = (answer.status(), answer.body().len());
    headers::incoming(answer.headers_mut(), &method, status, length);
    // What the transport knows of the connection is no part of the answer.
    *answer.extensions_mut() = http::Extensions::new();
    *answer.version_mut() = http::Version::HTTP_11;
    Ok(answer)
}

/// The answer of an upstream that switched, where it was asked to.
fn switched(
    request: &Request,
    live: &Live,
    client: Option<OnUpgrade>,
    mut answer: Response<Body>,
) -> Result<Response<Body>, Failure> {
    let protocol = answer.headers().get(UPGRADE).cloned();
    let upstream = answer.extensions_mut().remove::<OnUpgrade>();
    let (Some(client), Some(protocol), Some(upstream)) = (client, protocol, upstream) else {
        return Err(Failure::upstream(
            Kind::Upstream,
            live.plan.name,
            "the upstream switched protocols",
        ));
    };
    if let Some(line) = request.head.extensions.get::<Line>() {
        line.switch();
    }
    request.app.tunnels.open(client, upstream);
    let (status, method) = (answer.status(), &request.head.method);
    headers::incoming(answer.headers_mut(), method, status, None);
    upgrade::say(answer.headers_mut(), protocol);
    *answer.body_mut() = Body::Empty;
    *answer.extensions_mut() = http::Extensions::new();
    Ok(answer)
}

/// The answer to a method the proxy doesn't pass.
fn options(proxy: &Proxy, method: &Method) -> Option<Result<Reply, Failure>> {
    if proxy.allow.is_empty() || proxy.allow.contains(&method.as_str()) {
        return None;
    }
    let mut allow = proxy.allow.join(", ");
    if !proxy.allow.contains(&"OPTIONS") {
        allow.push_str(", OPTIONS");
    }
    Some(if *method == Method::OPTIONS {
        Ok(crate::stack::options(&allow))
    } else {
        Err(method_not_allowed(&allow))
    })
}

/// Whether the upstream's contract has such a route: if not 404, if only of other methods 405.
fn documented(proxy: &Proxy, method: &Method, rest: &[String]) -> Result<(), Failure> {
    let Some(routes) = proxy.documented else {
        return Ok(());
    };
    let mut of_path: Vec<&str> = Vec::new();
    for (documented, _) in routes.iter().filter(|(_, segments)| fits(segments, rest)) {
        let also = (*documented == "GET").then_some("HEAD");
        for one in [Some(*documented), also]
            .into_iter()
            .flatten()
            .filter(|one| proxy.allow.is_empty() || proxy.allow.contains(one))
        {
            if !of_path.contains(&one) {
                of_path.push(one);
            }
        }
    }
    match of_path.as_slice() {
        [] => Err(Failure::not_found()),
        methods if methods.contains(&method.as_str()) => Ok(()),
        methods => Err(method_not_allowed(&methods.join(", "))),
    }
}

fn fits(route: &[Segment], rest: &[String]) -> bool {
    route.len() == rest.len()
        && route.iter().zip(rest).all(|(segment, text)| match segment {
            Segment::Literal(literal) => literal == text,
            Segment::Parameter(_) => !text.is_empty(),
            Segment::Rest => false,
        })
}

/// The upstream's URI: its prefix, what `**` matched, each segment encoded anew, and the query as it came.
fn target(instance: &Instance, rest: &[String], query: Option<&str>) -> Option<Uri> {
    let mut target = instance.prefix.clone();
    for segment in rest {
        target.push('/');
        percent::encode_into(&mut target, segment);
    }
    if target.is_empty() {
        target.push('/');
    }
    if let Some(query) = query {
        target.push('?');
        target.push_str(query);
    }
    instance.uri(target)
}

fn too_large() -> Failure {
    Failure::new(
        Kind::TooLarge,
        "The body is larger than this endpoint takes.",
    )
}

fn failed(live: &Live, broken: Broken) -> Failure {
    let outcome = match broken.kind {
        BrokenKind::Connect => Outcome::Connect,
        BrokenKind::Wire => Outcome::Broken,
        BrokenKind::TooLarge => return too_large(),
        BrokenKind::Slow => {
            return Failure::new(Kind::SlowClient, "The body did not come in time.")
                .because(broken.cause);
        }
        BrokenKind::Client => {
            return Failure::new(Kind::Malformed, "The body can't be read.").because(broken.cause);
        }
    };
    live.count(outcome);
    Failure::upstream(Kind::Upstream, live.plan.name, broken.cause)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn segments_are_encoded_anew() {
        let instance = Instance {
            scheme: http::uri::Scheme::HTTP,
            authority: "up:1".parse().unwrap(),
            prefix: "/v1".to_owned(),
        };
        let rest = ["a/b".to_owned(), "c d".to_owned(), String::new()];
        assert_eq!(
            target(&instance, &rest, Some("q=%20")).unwrap(),
            "http://up:1/v1/a%2Fb/c%20d/?q=%20"
        );
        assert_eq!(target(&instance, &[], None).unwrap(), "http://up:1/v1");
    }
}
