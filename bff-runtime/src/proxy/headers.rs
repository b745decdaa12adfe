//! Which headers pass: those that are about the message, not about one connection, its credentials or its way.

use std::net::SocketAddr;

use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, FORWARDED, HOST, PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION, SET_COOKIE, TE, TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use crate::listener::Secured;
use crate::trace;

/// Headers that concern one connection alone (RFC 9110, 7.6.1), and those that never pass.
static NEVER: [HeaderName; 12] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRANSFER_ENCODING,
    UPGRADE,
    AUTHORIZATION,
    COOKIE,
    SET_COOKIE,
    HOST,
];

/// What a client may say of the way it took: only we know the last step of it.
static WAY: [HeaderName; 7] = [
    FORWARDED,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-port"),
    HeaderName::from_static("x-forwarded-prefix"),
    HeaderName::from_static("x-real-ip"),
];

/// How many headers come to a request's own: its way, its ids, what its upstream is to be told.
const ADDED: usize = 12;

/// What of a request's headers passes, and what we say of its way.
pub(super) fn outgoing(head: &Parts, peer: SocketAddr, id: &HeaderValue) -> HeaderMap {
    let named = named(&head.headers);
    let mut headers = HeaderMap::with_capacity(head.headers.len() + ADDED);
    for (name, value) in &head.headers {
        let stays =
            NEVER.contains(name) || WAY.contains(name) || *name == EXPECT || named.contains(name);
        if !stays {
            headers.append(name, value.clone());
        }
    }
    if has_token(&head.headers, &TE, "trailers") {
        headers.insert(TE, HeaderValue::from_static("trailers"));
        headers.insert(CONNECTION, HeaderValue::from_static("te"));
    }
    headers.insert(trace::REQUEST_ID, id.clone());
    say_way(&mut headers, peer, head);
    headers
}

/// Drops what some servers would take for a header that is ours to say, or that never passes: `x_api_key`.
pub(super) fn drop_lookalikes(headers: &mut HeaderMap) {
    let all = &*headers;
    let ours = |name: &&HeaderName| {
        let meant = HeaderName::from_bytes(name.as_str().replace('_', "-").as_bytes());
        meant.is_ok_and(|meant| {
            all.contains_key(&meant)
                || NEVER.contains(&meant)
                || WAY.contains(&meant)
                || meant == CONTENT_LENGTH
        })
    };
    let lookalikes = all.keys().filter(|name| name.as_str().contains('_'));
    let lookalikes: Vec<HeaderName> = lookalikes.filter(ours).cloned().collect();
    for name in lookalikes {
        headers.remove(name);
    }
}

/// Whether an answer's body ends where hyper says it does: any other transfer coding than `chunked` leaves that in doubt
/// (RFC 9112, 6.3), and would have to be undone before the header that names it goes.
pub(super) fn is_framed(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => true,
        (Some(coding), None) => coding.as_bytes().eq_ignore_ascii_case(b"chunked"),
        (Some(_), Some(_)) => false,
    }
}

/// What of an answer's headers passes. Its length is said where there is one: how a body is framed is each connection's
/// own affair.
pub(super) fn incoming(
    headers: &mut HeaderMap,
    method: &Method,
    status: StatusCode,
    length: Option<u64>,
) {
    strip(headers);
    let described = *method == Method::HEAD || status == StatusCode::NOT_MODIFIED;
    if status == StatusCode::NO_CONTENT || (length.is_none() && !described) {
        headers.remove(CONTENT_LENGTH);
    }
}

/// Trailers come after whoever checks headers is done with them: only those pass that say nothing about the message's
/// frame, its sender's credentials or its way (RFC 9110, 6.5.1).
pub(crate) fn trailers(trailers: &mut HeaderMap) {
    strip(trailers);
    remove_all(trailers, |name| {
        WAY.contains(name) || *name == CONTENT_LENGTH || *name == trace::REQUEST_ID
    });
}

/// Whether one of a header's values, separated by commas, is this word.
pub(super) fn has_token(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let values = headers.get_all(name).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|token| token.trim().eq_ignore_ascii_case(word))
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
    let address = ip.to_string();
    let (open, close) = if ip.is_ipv6() {
        ("\"[", "]\"")
    } else {
        ("", "")
    };
    let proto_said = match head.extensions.get::<Secured>() {
        Some(Secured) => "https",
        None => "http",
    };
    let mut forwarded = ["for=", open, &address, close, ";proto=", proto_said].concat();
    if let Some(host) = host {
        for part in [";host=\"", host, "\""] {
            forwarded.push_str(part);
        }
    }
    let [name, for_, proto, host_name, ..] = &WAY;
    let mut put = |name: &'static HeaderName, text: &str| {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(name, value);
        }
    };
    put(name, &forwarded);
    put(for_, &address);
    put(proto, proto_said);
    if let Some(host) = host {
        put(host_name, host);
    }
}

/// Drops what never passes, and what `connection` names.
pub(super) fn strip(headers: &mut HeaderMap) {
    let named = named(headers);
    remove_all(headers, |name| NEVER.contains(name) || named.contains(name));
}

/// What `connection` names.
fn named(headers: &HeaderMap) -> Vec<HeaderName> {
    headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| HeaderName::from_bytes(name.trim().as_bytes()).ok())
        .collect()
}

/// Removes what is named so. A message has few headers, and of these fewer: to look at each costs less than to look for
/// every name that there could be.
fn remove_all(headers: &mut HeaderMap, named: impl Fn(&HeaderName) -> bool) {
    let found: Vec<HeaderName> = headers.keys().filter(|name| named(name)).cloned().collect();
    for name in found {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        };
        pairs.iter().map(pair).collect()
    }

    fn names(headers: &HeaderMap) -> Vec<&str> {
        headers.keys().map(HeaderName::as_str).collect()
    }

    #[test]
    fn connection_names_more_to_drop() {
        let mut headers = map(&[
            ("connection", "close, x-a"),
            ("x-a", "1"),
            ("x-b", "2"),
            ("cookie", "c"),
            ("te", "t"),
        ]);
        strip(&mut headers);
        assert_eq!(names(&headers), ["x-b"]);
    }

    #[test]
    fn trailers_can_not_say_what_headers_may_not() {
        let mut fields = map(&[
            ("x-checksum", "1"),
            ("content-length", "5"),
            ("x-forwarded-for", "6.6.6.6"),
            ("authorization", "Bearer t"),
            ("set-cookie", "a=b"),
            ("grpc-status", "0"),
        ]);
        trailers(&mut fields);
        assert_eq!(names(&fields), ["x-checksum", "grpc-status"]);
    }

    #[test]
    fn a_length_is_said_where_it_holds() {
        for (method, status, length, kept) in [
            (Method::GET, 200, Some(5), true),
            (Method::GET, 200, None, false),
            (Method::HEAD, 200, None, true),
            (Method::GET, 304, None, true),
            (Method::GET, 204, Some(0), false),
        ] {
            let mut headers = map(&[("content-length", "5")]);
            let status = StatusCode::from_u16(status).unwrap_or_default();
            incoming(&mut headers, &method, status, length);
            assert_eq!(!headers.is_empty(), kept, "{method} {status} {length:?}");
        }
    }
}
