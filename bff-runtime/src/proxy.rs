//! Pass-through: a request to an upstream and its answer back, both as they come.
//!
//! In: a request whose path ends in what `**` matched. Out: the upstream's answer. Nothing is gathered; who reads slowly
//! slows down who writes, and a client that leaves takes the upstream's request with it. What stays here: hop-by-hop
//! headers, `authorization`, `cookie`, `set-cookie`, whatever the client says of itself as a proxy, and the upstream's host.

use std::net::SocketAddr;

use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LOCATION, COOKIE, FORWARDED, HOST, LOCATION,
    PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, SET_COOKIE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use http_body::Body as _;

use crate::body::Body;
use crate::exchange::{Reply, Request};
use crate::failure::{Failure, Kind};
use crate::metrics::Outcome;
use crate::percent;
use crate::plan::{Proxy, Segment};
use crate::stack::method_not_allowed;
use crate::trace;
use crate::upstream::{Broken, BrokenKind, Instance, Live};

/// Headers that concern one connection alone (RFC 9110, 7.6.1), and those that never pass.
const NEVER: [HeaderName; 13] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    AUTHORIZATION,
    COOKIE,
    SET_COOKIE,
    HOST,
];

/// What a client may say of the way it took: only we know the last step of it.
const WAY: [HeaderName; 7] = [
    FORWARDED,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-port"),
    HeaderName::from_static("x-forwarded-prefix"),
    HeaderName::from_static("x-real-ip"),
];

/// Passes a request on.
pub(crate) async fn pass(request: Request, proxy: &'static Proxy) -> Result<Reply, Failure> {
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
    let headers = outgoing(&request, live);
    let public = public_prefix(request.head.uri.path(), before).to_owned();
    let body = match request.incoming {
        Some(incoming) if !incoming.is_end_stream() => {
            Body::stream(incoming, request.route.policies.body_limit)
        }
        _ => Body::Empty,
    };
    if body
        .len()
        .is_some_and(|length| length > request.route.policies.body_limit)
    {
        return Err(Failure::new(
            Kind::TooLarge,
            "The body is larger than this endpoint takes.",
        ));
    }
    let sending = live.send_unlimited(request.head.method, uri, headers, body);
    let answer = match tokio::time::timeout_at(request.deadline, sending).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(broken)) => return Err(failed(live, broken)),
        Err(_) => {
            live.count(Outcome::Timeout);
            return Err(Failure::upstream(Kind::Timeout, name, "no answer in time"));
        }
    };
    live.count(if answer.status().is_success() {
        Outcome::Ok
    } else {
        Outcome::Status
    });
    let (mut head, body) = answer.into_parts();
    if head.status == StatusCode::SWITCHING_PROTOCOLS {
        return Err(Failure::upstream(
            Kind::Upstream,
            name,
            "the upstream switched protocols",
        ));
    }
    strip(&mut head.headers);
    for header in [LOCATION, CONTENT_LOCATION] {
        relocate(&mut head.headers, &header, live.instances(), &public);
    }
    let mut response = http::Response::new(body);
    *response.status_mut() = head.status;
    *response.headers_mut() = head.headers;
    Ok(Reply(response))
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

fn outgoing(request: &Request, live: &Live) -> HeaderMap {
    let mut headers = request.head.headers.clone();
    strip(&mut headers);
    for name in WAY {
        headers.remove(name);
    }
    headers.insert(trace::REQUEST_ID, request.id.clone());
    if trace::traceparent(&headers).is_none() {
        headers.remove(trace::TRACEPARENT);
    }
    say_way(&mut headers, request.peer, &request.head);
    live.stamp(&mut headers, request.token());
    headers
}

/// `Forwarded` (RFC 7239) and the headers before it.
fn say_way(headers: &mut HeaderMap, peer: SocketAddr, head: &Parts) {
    let ip = peer.ip().to_canonical();
    let host = head.uri.authority().map(http::uri::Authority::as_str);
    let host = host.or_else(|| head.headers.get(HOST).and_then(|host| host.to_str().ok()));
    let host = host.filter(|host| {
        host.bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b';' | b','))
    });
    let node = if ip.is_ipv6() {
        format!("\"[{ip}]\"")
    } else {
        ip.to_string()
    };
    let mut forwarded = format!("for={node};proto=http");
    if let Some(host) = host {
        forwarded.push_str(&format!(";host=\"{host}\""));
    }
    let [name, for_, proto, host_name, ..] = WAY;
    let mut put = |name: HeaderName, text: &str| {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(name, value);
        }
    };
    put(name, &forwarded);
    put(for_, &ip.to_string());
    put(proto, "http");
    if let Some(host) = host {
        put(host_name, host);
    }
}

/// Drops what never passes, and what `connection` names.
fn strip(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| HeaderName::from_bytes(name.trim().as_bytes()).ok())
        .collect();
    for name in named.iter().chain(&NEVER) {
        headers.remove(name);
    }
}

/// The part of the public path before what `**` matched, as the client wrote it.
fn public_prefix(path: &str, segments: usize) -> &str {
    let end = path
        .char_indices()
        .filter(|(_, c)| *c == '/')
        .nth(segments)
        .map_or(path.len(), |(at, _)| at);
    path.get(..end).unwrap_or(path)
}

/// Makes a location at the upstream one of ours; one elsewhere at the upstream, which nobody could reach, is dropped.
fn relocate(headers: &mut HeaderMap, name: &HeaderName, instances: &[Instance], public: &str) {
    let Some(text) = headers.get(name).and_then(|value| value.to_str().ok()) else {
        return;
    };
    let Ok(uri) = text.parse::<Uri>() else {
        // A relative reference such as `../x` means the same on both sides.
        return;
    };
    let at_upstream = match uri.authority() {
        Some(authority) => instances
            .iter()
            .find(|instance| instance.authority == *authority),
        None if text.starts_with('/') => instances.first(),
        None => None,
    };
    let Some(instance) = at_upstream else { return };
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let below = path
        .strip_prefix(instance.prefix.as_str())
        .filter(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
    let rewritten = below.and_then(|rest| HeaderValue::from_str(&format!("{public}{rest}")).ok());
    match rewritten {
        Some(value) => {
            headers.insert(name.clone(), value);
        }
        None => {
            headers.remove(name);
        }
    }
}

fn failed(live: &Live, broken: Broken) -> Failure {
    let (outcome, kind) = match broken.kind {
        BrokenKind::Connect => (Outcome::Connect, Kind::Upstream),
        BrokenKind::Wire => (Outcome::Broken, Kind::Upstream),
        BrokenKind::TooLarge => {
            return Failure::new(
                Kind::TooLarge,
                "The body is larger than this endpoint takes.",
            );
        }
    };
    live.count(outcome);
    Failure::upstream(kind, live.plan.name, broken.cause)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn instance() -> Instance {
        Instance {
            scheme: http::uri::Scheme::HTTP,
            authority: "up:1".parse().unwrap(),
            prefix: "/v1".to_owned(),
        }
    }

    #[test]
    fn segments_are_encoded_anew() {
        let rest = ["a/b".to_owned(), "c d".to_owned(), String::new()];
        assert_eq!(
            target(&instance(), &rest, Some("q=%20")).unwrap(),
            "http://up:1/v1/a%2Fb/c%20d/?q=%20"
        );
        assert_eq!(target(&instance(), &[], None).unwrap(), "http://up:1/v1");
    }

    #[test]
    fn locations_come_home_or_go() {
        for (given, want) in [
            ("http://up:1/v1/x?y=1", Some("/api/cat/x?y=1")),
            ("/v1/x", Some("/api/cat/x")),
            ("/v1", Some("/api/cat")),
            ("/v10/x", None),
            ("/other", None),
            ("http://up:1/other", None),
            ("https://elsewhere/x", Some("https://elsewhere/x")),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(LOCATION, HeaderValue::from_static(given));
            relocate(&mut headers, &LOCATION, &[instance()], "/api/cat");
            assert_eq!(
                headers.get(LOCATION).map(|v| v.to_str().unwrap()),
                want,
                "{given}"
            );
        }
        assert_eq!(public_prefix("/api/cat/x/y", 2), "/api/cat");
        assert_eq!(public_prefix("/api/cat", 2), "/api/cat");
    }

    #[test]
    fn connection_names_more_to_drop() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, x-a"),
            ("x-a", "1"),
            ("x-b", "2"),
            ("cookie", "c"),
            ("te", "t"),
        ] {
            headers.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        strip(&mut headers);
        assert_eq!(
            headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(),
            ["x-b"]
        );
    }
}
