//! Where an upstream says something is, in the public's terms.

use http::header::{CONTENT_LOCATION, LOCATION};
use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};

use crate::upstream::Instance;

/// Makes `location` and `content-location` ours. `public` is where the upstream's base is seen, or `None` if only one of
/// its operations is.
pub(super) fn rewrite(headers: &mut HeaderMap, instances: &[Instance], public: Option<&str>) {
    for header in [LOCATION, CONTENT_LOCATION] {
        relocate(headers, &header, instances, public);
    }
}

/// The part of the public path before what `**` matched, as the client wrote it.
pub(super) fn public_prefix(path: &str, segments: usize) -> &str {
    let end = path
        .char_indices()
        .filter(|(_, c)| *c == '/')
        .nth(segments)
        .map_or(path.len(), |(at, _)| at);
    path.get(..end).unwrap_or(path)
}

/// Makes a location at the upstream one of ours; one elsewhere at the upstream, which nobody could reach, is dropped.
fn relocate(
    headers: &mut HeaderMap,
    name: &HeaderName,
    instances: &[Instance],
    public: Option<&str>,
) {
    let Some(value) = headers.get(name) else {
        return;
    };
    let text = value.to_str().unwrap_or_default();
    let Ok(uri) = text.parse::<Uri>() else {
        // A relative reference such as `../x` means the same on both sides, if the path does.
        if public.is_none() || !text.starts_with('.') {
            headers.remove(name);
        }
        return;
    };
    let at_upstream = match uri.authority() {
        // `//host/x` is at a host too.
        _ if text.starts_with("//") => None,
        Some(authority) if uri.scheme().is_some() => match instances
            .iter()
            .find(|instance| same(instance, &uri, authority))
        {
            Some(instance) => Some(instance),
            None => return,
        },
        None if text.starts_with('/') => instances.first(),
        None if public.is_some() => return,
        _ => None,
    };
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let below = at_upstream.and_then(|instance| path.strip_prefix(instance.prefix.as_str()));
    let below = below.filter(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
    let rewritten = below
        .zip(public)
        .and_then(|(rest, public)| HeaderValue::from_str(&format!("{public}{rest}")).ok());
    match rewritten {
        Some(value) => {
            headers.insert(name.clone(), value);
        }
        None => {
            headers.remove(name);
        }
    }
}

/// Whether this authority of a URI is the instance's: ports may be left out on either side.
fn same(instance: &Instance, uri: &Uri, authority: &Authority) -> bool {
    let own = &instance.authority;
    let usual = |scheme: &str| if scheme == "https" { 443 } else { 80 };
    let given = (own.port_u16(), authority.port_u16());
    let ports = (
        given.0.unwrap_or(usual(instance.scheme.as_str())),
        given
            .1
            .unwrap_or(usual(uri.scheme_str().unwrap_or_default())),
    );
    own.host().eq_ignore_ascii_case(authority.host())
        && (ports.0 == ports.1 || given == (None, None))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn ports_may_be_left_out() {
        for (instance, given, same) in [
            ("http://up", "http://up:80/x", true),
            ("http://up:80", "http://up/x", true),
            ("http://up", "https://up/x", true),
            ("https://up", "https://up:443/x", true),
            ("http://up", "http://up:8080/x", false),
            ("http://up:80", "https://up/x", false),
        ] {
            let instance = Instance::parse(instance).unwrap();
            let uri: Uri = given.parse().unwrap();
            let found = super::same(&instance, &uri, uri.authority().unwrap());
            assert_eq!(found, same, "{} {given}", instance.authority);
        }
    }

    #[test]
    fn locations_come_home_or_go() {
        let instances = [Instance {
            scheme: http::uri::Scheme::HTTP,
            authority: "up:1".parse().unwrap(),
            prefix: "/v1".to_owned(),
        }];
        for (given, below, of_one) in [
            ("http://up:1/v1/x?y=1", Some("/api/cat/x?y=1"), None),
            ("http://UP:1/v1/x", Some("/api/cat/x"), None),
            ("/v1/x", Some("/api/cat/x"), None),
            ("/v1", Some("/api/cat"), None),
            ("/v10/x", None, None),
            ("/other", None, None),
            ("//up:1/v1/x", None, None),
            ("http://up:1/other", None, None),
            ("x/y", None, None),
            ("up:1", None, None),
            ("../x", Some("../x"), None),
            (
                "https://elsewhere/x",
                Some("https://elsewhere/x"),
                Some("https://elsewhere/x"),
            ),
        ] {
            for (public, want) in [(Some("/api/cat"), below), (None, of_one)] {
                let mut headers = HeaderMap::new();
                headers.insert(LOCATION, HeaderValue::from_static(given));
                relocate(&mut headers, &LOCATION, &instances, public);
                let got = headers.get(LOCATION).map(|v| v.to_str().unwrap());
                assert_eq!(got, want, "{given} {public:?}");
            }
        }
        assert_eq!(public_prefix("/api/cat/x/y", 2), "/api/cat");
        assert_eq!(public_prefix("/api/cat", 2), "/api/cat");
    }
}
