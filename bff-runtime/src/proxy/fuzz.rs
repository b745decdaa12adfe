//! What must hold of what is passed on, whatever it is.
#![allow(clippy::panic, clippy::expect_used)]

use std::net::SocketAddr;

use http::header::{CONNECTION, HOST, LOCATION, TE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};

use super::{Interims, expect, headers, location, target};
use crate::percent;
use crate::upstream::Instance;

/// The headers that nobody but the gateway says, and those that nobody says.
const OURS: [&str; 3] = ["forwarded", "x-forwarded-for", "x-forwarded-proto"];
const NEVER: [&str; 7] = [
    "authorization",
    "cookie",
    "keep-alive",
    "proxy-authorization",
    "transfer-encoding",
    "upgrade",
    "x-real-ip",
];

fn instance() -> Instance {
    Instance::parse("http://up:1/v1").expect("an address")
}

/// A request: its target leads to the segments it was routed by, its headers say what the gateway knows alone.
pub(crate) fn passed(head: &Parts, id: &HeaderValue, segments: &[String]) {
    if let Some(uri) = target(&instance(), segments, head.uri.query()) {
        let below = uri.path().strip_prefix("/v1").expect("the prefix");
        let below = below.strip_prefix('/').unwrap_or(below);
        let decoded: Vec<_> = below.split('/').map(percent::decode).collect();
        let same = decoded.iter().zip(segments);
        assert!(segments.is_empty() || decoded.len() == segments.len());
        assert!(
            same.into_iter()
                .all(|(one, other)| one.as_deref() == Ok(other))
        );
        assert_eq!(uri.query(), head.uri.query());
    }
    let peer = SocketAddr::from(([192, 0, 2, 1], 1));
    let mut said = headers::outgoing(head, peer, id);
    headers::drop_lookalikes(&mut said);
    for name in OURS {
        assert_eq!(said.get_all(name).iter().count(), 1, "{name}");
        let lookalike = name.replace('-', "_");
        assert!(lookalike == name || !said.contains_key(lookalike));
    }
    assert!(NEVER.iter().all(|name| !said.contains_key(*name)));
    assert!(!said.contains_key(HOST));
    assert_eq!(said.contains_key(TE), said.contains_key(CONNECTION));
    assert_eq!(said["x-forwarded-for"], "192.0.2.1");
    let _ = expect::of(head);
}

/// An answer's headers: they lead nobody to the upstream, and speak of no connection.
pub(crate) fn answered(mut given: HeaderMap, status: StatusCode) {
    Interims::default().send(status, given.clone());
    let mut trailers = given.clone();
    headers::trailers(&mut trailers);
    let _ = headers::is_framed(&given);
    headers::incoming(&mut given, &Method::GET, status, None);
    assert!(
        NEVER
            .iter()
            .all(|name| name.starts_with('x') || !given.contains_key(*name))
    );
    let public = location::public_prefix("/api/x/y", 2);
    location::rewrite(&mut given, &[instance()], Some(public));
    let place = given.get(LOCATION).and_then(|place| place.to_str().ok());
    if let Some(authority) =
        place.and_then(|place| place.parse::<Uri>().ok()?.into_parts().authority)
    {
        assert!(!(authority.host().eq_ignore_ascii_case("up") && authority.port_u16() == Some(1)));
    }
}
