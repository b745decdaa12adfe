//! One operation, streamed: its arguments are bound as a call's, all else of the request passes.
//!
//! What the spec binds wins: of the client's query everything passes but the names that the operation gets from the spec
//! and those the endpoint reads itself; of its headers, those that no argument is.

use std::borrow::Cow;

use bff_json::Scope;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, Method};
use http_body::Body as _;

use super::{Outgoing, location};
use crate::engine::Draft;
use crate::exchange::{Reply, Request};
use crate::failure::{Failure, InputFault, Kind};
use crate::input::query;
use crate::plan::{Place, Stream};

/// Passes a request on to the operation.
pub(crate) async fn stream(
    mut request: Box<Request>,
    stream: &'static Stream,
) -> Result<Reply, Failure> {
    let operation = stream.call.operation;
    let name = operation.upstream.name;
    let broken = |words: &str| Failure::upstream(Kind::Gateway, name, words);
    let app = std::sync::Arc::clone(&request.app);
    let live = app
        .upstream(operation.upstream)
        .ok_or_else(|| broken("the upstream is in no table"))?;
    let instance = live
        .pick()
        .ok_or_else(|| broken("the upstream has no instance"))?;
    body(&mut request, stream)?;
    let mut headers = super::headers::outgoing(&request.head, request.peer, &request.id);
    bound_alone(stream, &mut headers);
    live.stamp(&mut headers, request.token());
    let mut target = String::with_capacity(instance.prefix.len() + 96);
    target.push_str(&instance.prefix);
    let draft = Draft::new(&stream.call, &[], &Scope::new(&request.tapes))?
        .ok_or_else(|| broken("an argument is missing"))?;
    draft.write(None, &mut target, &mut headers)?;
    drop(draft);
    rest_of_query(&request, stream, &mut target)?;
    let uri = instance
        .uri(target)
        .ok_or_else(|| broken("the path of the operation is no path"))?;
    // GET answers HEAD.
    let method = match request.head.method == Method::HEAD {
        true => Method::HEAD,
        false => Method::from_bytes(operation.method.as_bytes())
            .map_err(|_| broken("the method of the operation is no method"))?,
    };
    let outgoing = Outgoing {
        method,
        uri,
        headers,
        operation: Some(operation),
    };
    let mut response = super::send(request, live, outgoing).await?;
    location::rewrite(response.headers_mut(), live.instances(), None);
    Ok(Reply(response))
}

/// Whether the body is one that the operation takes. One that it doesn't is left out, or refused where the server is
/// strict, as anything that no endpoint names.
fn body(request: &mut Request, stream: &Stream) -> Result<(), Failure> {
    let fault = |detail: &str| {
        Failure::input(vec![InputFault {
            place: "body",
            name: String::new(),
            detail: detail.to_owned(),
        }])
    };
    let is_there = (request.incoming.as_ref()).is_some_and(|incoming| !incoming.is_end_stream());
    match (is_there, stream.media) {
        (false, _) if stream.required => Err(fault("is required")),
        (false, _) => Ok(()),
        (true, []) if request.app.bff.server.strict => Err(fault("is not known here")),
        (true, []) => {
            request.incoming = None;
            request.head.headers.remove(CONTENT_TYPE);
            request.head.headers.remove(CONTENT_LENGTH);
            Ok(())
        }
        (true, media) => {
            let given = request.head.headers.get(CONTENT_TYPE);
            let given = given.and_then(|given| given.to_str().ok()).map(essence);
            let fits = |media: &&str| given.is_some_and(|given| is_of(given, essence(media)));
            if media.iter().any(fits) {
                return Ok(());
            }
            let words = format!("The body must be {}.", media.join(" or "));
            Err(Failure::new(Kind::MediaType, words))
        }
    }
}

/// A media type without its parameters.
fn essence(media: &str) -> &str {
    media.split(';').next().unwrap_or(media).trim()
}

/// Whether a media type is this one, or of this range: `image/png` of `image/*`.
fn is_of(given: &str, wanted: &str) -> bool {
    let Some(kind) = wanted.strip_suffix("/*") else {
        return given.eq_ignore_ascii_case(wanted);
    };
    let own = given.split('/').next().unwrap_or(given);
    kind == "*" || own.eq_ignore_ascii_case(kind)
}

/// Takes out what arguments stand for: theirs is the only value, or none.
fn bound_alone(stream: &Stream, headers: &mut HeaderMap) {
    for argument in stream.call.arguments {
        if argument.place == Place::Header
            && let Ok(name) = HeaderName::from_bytes(argument.name.as_bytes())
        {
            headers.remove(name);
        }
    }
}

/// Appends what of the client's query passes, as it is written.
fn rest_of_query(request: &Request, stream: &Stream, target: &mut String) -> Result<(), Failure> {
    let Some(given) = request.head.uri.query() else {
        return Ok(());
    };
    let bound = stream
        .call
        .arguments
        .iter()
        .map(|argument| (argument.place, argument.name));
    let read = request.route.inputs.items.iter();
    let read = read.map(|input| (input.place, input.name));
    let taken: Vec<&str> = bound
        .chain(read)
        .filter(|(place, _)| *place == Place::Query)
        .map(|(_, name)| name)
        .collect();
    let mut separator = if target.contains('?') { '&' } else { '?' };
    for raw in given.split('&').filter(|raw| !raw.is_empty()) {
        let name: Cow<'_, str> = match query::pairs(raw).next() {
            Some(Ok((name, _))) => name,
            // One that we can't read, the upstream might.
            _ => {
                let name = raw.split('=').next().unwrap_or(raw);
                let fault = InputFault::at(Place::Query, name, "is not properly encoded");
                return Err(Failure::input(vec![fault]));
            }
        };
        if !taken.contains(&name.as_ref()) {
            target.push(std::mem::replace(&mut separator, '&'));
            target.push_str(raw);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types() {
        for (given, wanted, fits) in [
            (
                "multipart/form-data; boundary=x",
                "multipart/form-data",
                true,
            ),
            ("Image/PNG", "image/*", true),
            ("text/plain", "image/*", false),
            ("text/plain", "*/*", true),
            ("text/plain", "text/plain; charset=utf-8", true),
            ("text/plainer", "text/plain", false),
        ] {
            assert_eq!(
                is_of(essence(given), essence(wanted)),
                fits,
                "{given} {wanted}"
            );
        }
    }
}
