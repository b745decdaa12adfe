//! Where an upstream says something is, in the public's terms.

use http::header::{CONTENT_LOCATION, LOCATION};
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
            .find(|instance| same(&instance.authority, authority))
        {
            Some(instance) => Some(instance),
            None => return,
        },
        None if text.starts_with('/') => instances.first(),
        _ if public.is_some() => return,
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

fn same(one: &http::uri::Authority, other: &http::uri::Authority) -> bool {
    one.host().eq_ignore_ascii_case(other.host()) && one.port_u16() == other.port_u16()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

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
