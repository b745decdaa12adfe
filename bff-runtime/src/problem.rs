//! A [`Failure`] as `application/problem+json` (RFC 9457).
//!
//! `type` is `about:blank`: the status, `upstream` and `errors` say all there is to branch on.

use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Response};

use crate::body::Body;
use crate::failure::{Failure, Fault};

/// The answer to a request that failed: `instance` is its path, `id` its request id.
pub(crate) fn answer(failure: &Failure, instance: &str, id: &str) -> Response<Body> {
    let text = write(failure, instance, id);
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = failure.status();
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(text.len()));
    if let Some((name, value)) = failure.header() {
        headers.insert(name, value.clone());
    }
    *response.body_mut() = Body::full(text.into());
    response
}

/// The members an upstream's error must not replace.
const OWN: [&str; 8] = [
    "type",
    "title",
    "status",
    "detail",
    "instance",
    "requestId",
    "upstream",
    "errors",
];

fn write(failure: &Failure, instance: &str, id: &str) -> Vec<u8> {
    let status = failure.status();
    let mut text = vec![b'{'];
    let mut put = |name: &str, value: serde_json::Value| {
        if text.len() > 1 {
            text.push(b',');
        }
        text.extend(format!("\"{name}\":{value}").into_bytes());
    };
    put("type", "about:blank".into());
    put("title", status.canonical_reason().unwrap_or("Error").into());
    put("status", status.as_u16().into());
    put("detail", failure.detail().into());
    put("instance", instance.into());
    put("requestId", id.into());
    let at_fault = failure.kind().fault() == Fault::Upstream;
    if let Some(upstream) = failure.upstream_name().filter(|_| at_fault) {
        put("upstream", upstream.into());
    }
    if !failure.faults().is_empty() {
        let faults = failure.faults().iter().map(
            |fault| serde_json::json!({ "in": fault.place, "name": fault.name, "detail": fault.detail }),
        );
        put("errors", faults.collect());
    }
    text.push(b'}');
    join(&mut text, failure.members());
    text
}

/// Appends the members of an object that `errors` selected, as they are written there.
fn join(text: &mut Vec<u8>, members: Option<&[u8]>) {
    let Some(members) = members else { return };
    let Ok(members) = serde_json::from_slice::<Members>(members) else {
        return;
    };
    text.pop();
    for (name, value) in members.0 {
        if OWN.contains(&name.as_str()) {
            continue;
        }
        text.push(b',');
        text.extend(serde_json::to_vec(&name).unwrap_or_default());
        text.push(b':');
        text.extend_from_slice(value.get().as_bytes());
    }
    text.push(b'}');
}

/// An object's members in the order they are written, their values untouched.
struct Members(Vec<(String, Box<serde_json::value::RawValue>)>);

impl<'de> serde::Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Members, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Members;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        from.deserialize_map(Visitor)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::failure::{InputFault, Kind};
    use crate::plan::Place;

    #[test]
    fn members_join_but_never_replace() {
        let failure =
            Failure::upstream(Kind::Passed(http::StatusCode::CONFLICT), "orders", "secret")
                .with_members(br#"{"conflicts":[1.50],"status":200}"#.to_vec());
        let text = String::from_utf8(write(&failure, "/api/orders", "r1")).unwrap();
        assert!(text.ends_with(r#","conflicts":[1.50]}"#), "{text}");
        assert!(
            text.starts_with(r#"{"type":"about:blank","title":"Conflict","status":409,"#),
            "{text}"
        );
        // The one at fault is who asked.
        assert!(!text.contains("upstream"), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }

    #[test]
    fn faults_are_listed() {
        let failure = Failure::input(vec![InputFault::at(Place::Query, "limit", "is no integer")]);
        let value: serde_json::Value = serde_json::from_slice(&write(&failure, "/a", "r")).unwrap();
        assert_eq!(
            value["errors"],
            serde_json::json!([{"in": "query", "name": "limit", "detail": "is no integer"}])
        );
    }
}
