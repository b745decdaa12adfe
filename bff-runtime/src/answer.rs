//! The answer of an endpoint: its template over the tapes, its headers, and whether the frontend has it already.

use std::sync::Arc;

use bff_json::{Path, RenderError, Root, Scope, Tape};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::body::Body;
use crate::exchange::{Reply, Request};
use crate::failure::{Failure, Kind};
use crate::hex;
use crate::hook::{self, Hook};
use crate::plan::{self, Plan};

/// `bff-partial`: the optional calls an answer does without.
pub(crate) const PARTIAL: HeaderName = HeaderName::from_static("bff-partial");

/// The room an answer starts with, in bytes.
const FIRST_ROOM: usize = 16 << 10;
/// The longest answer.
const LONGEST: usize = 64 << 20;

/// What the calls of a plan gave.
#[derive(Debug)]
pub struct Answers {
    pub(crate) request: Box<Request>,
    pub(crate) plan: &'static Plan,
    /// Inputs, claims, body, then the calls.
    pub(crate) tapes: Vec<Tape>,
    /// The optional calls that failed, as bits by order of declaration.
    pub(crate) partial: u64,
    /// Why the first of them did, for the log.
    pub(crate) reason: Option<Failure>,
}

/// What has a body's text before it is hashed and sent.
type Last<'a> = &'a dyn Fn(Vec<u8>) -> Result<Vec<u8>, Failure>;

/// Why an answer is partial, on its way to the log.
#[derive(Debug, Clone)]
pub(crate) struct Reason(pub(crate) Arc<Failure>);

impl Answers {
    /// Writes the answer the plan describes.
    ///
    /// # Errors
    /// If it would be too long, or a value that a path promises is missing.
    pub fn reply(self) -> Result<Reply, Failure> {
        self.reply_by(&Ok)
    }

    /// The same, but what is written is what a function of the team's makes of the answer.
    ///
    /// # Errors
    /// As [`reply`][Answers::reply]; if the function fails or panics (500); if the answer isn't of its type (502).
    pub fn transformed<T: Serialize + DeserializeOwned>(
        self,
        name: &'static str,
        hook: Hook<T>,
    ) -> Result<Reply, Failure> {
        self.reply_by(&|text| hook::run(name, hook, &text))
    }

    fn reply_by(mut self, last: Last<'_>) -> Result<Reply, Failure> {
        let reason = self.reason.take();
        let mut reply = self.write(last)?;
        if let Some(reason) = reason {
            reply.0.extensions_mut().insert(Reason(Arc::new(reason)));
        }
        Ok(reply)
    }

    /// The upstream that promised a value which isn't there.
    fn promised_by(&self, error: RenderError) -> Option<&'static str> {
        let RenderError::Missing { tape: Some(tape) } = error else {
            return None;
        };
        let call = usize::from(tape.checked_sub(plan::CALLS)?);
        Some(self.plan.calls.get(call)?.operation.upstream.name)
    }

    /// A header whose value was promised and isn't there, or can't be a header's.
    fn broken(&self, header: &str, path: &Path) -> Failure {
        let tape = match path.root {
            Root::Tape(tape) => Some(tape),
            Root::Current => None,
        };
        let cause = format!("the value of `{header}` is missing");
        match self.promised_by(RenderError::Missing { tape }) {
            Some(upstream) => Failure::upstream(Kind::Upstream, upstream, cause),
            None => {
                Failure::new(Kind::Upstream, "The answer can't be put together.").because(cause)
            }
        }
    }

    fn write(self, last: Last<'_>) -> Result<Reply, Failure> {
        let answer = &self.plan.answer;
        let status = StatusCode::from_u16(answer.status)
            .map_err(|_| Failure::new(Kind::Gateway, "The endpoint has no valid status."))?;
        let scope = Scope::new(&self.tapes);
        let read = |path: &Path| {
            let value = scope.value(path)?;
            HeaderValue::from_str(&value.text()).ok()
        };
        let mut headers = HeaderMap::with_capacity(8 + answer.headers.len());
        for (name, value) in answer.headers {
            let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
                continue;
            };
            let value = match value {
                plan::HeaderValue::Literal(text) => HeaderValue::from_str(text).ok(),
                plan::HeaderValue::Path(path) => read(path),
                plan::HeaderValue::Or(path, text) => {
                    read(path).or_else(|| HeaderValue::from_str(text).ok())
                }
                plan::HeaderValue::Promised(path) => {
                    Some(read(path).ok_or_else(|| self.broken(name.as_str(), path))?)
                }
            };
            if let Some(value) = value {
                headers.insert(name, value);
            }
        }
        let complete = self.partial == 0;
        if !complete {
            headers.insert(PARTIAL, self.partial_names());
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        let Some(template) = answer.body else {
            return Ok(reply(status, headers, Body::Empty));
        };
        let mut text = Vec::with_capacity(FIRST_ROOM);
        scope
            .render(template, &mut text, LONGEST)
            .map_err(|error| match self.promised_by(error) {
                Some(upstream) => Failure::upstream(Kind::Upstream, upstream, error.to_string()),
                None => Failure::new(Kind::Upstream, "The answer can't be put together.")
                    .because(error.to_string()),
            })?;
        let text = last(text)?;
        let method = &self.request.head.method;
        if complete && status == StatusCode::OK && (method == Method::GET || method == Method::HEAD)
        {
            let tag = tag(&text);
            let known = is_known(&self.request.head.headers, &tag);
            headers.entry(ETAG).or_insert(tag);
            if known {
                return Ok(reply(StatusCode::NOT_MODIFIED, headers, Body::Empty));
            }
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_LENGTH, HeaderValue::from(text.len()));
        Ok(reply(status, headers, Body::full(Bytes::from(text))))
    }

    /// The names of the calls the answer does without, in order of declaration.
    fn partial_names(&self) -> HeaderValue {
        let calls = self.plan.calls.iter().enumerate();
        let missing = calls
            .filter(|(at, _)| self.partial & (1 << at) != 0)
            .map(|(_, call)| call.name);
        let names: Vec<&str> = missing.collect();
        HeaderValue::from_str(&names.join(", ")).unwrap_or_else(|_| HeaderValue::from_static("?"))
    }
}

fn reply(status: StatusCode, headers: HeaderMap, body: Body) -> Reply {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Reply(response)
}

/// A weak entity tag over an answer's bytes (RFC 9110, 8.8.3): XXH3 with 128 bits, which is fast and the same on every
/// instance. Whoever could choose the bytes of a collision is the upstream, and would fool only itself.
fn tag(text: &[u8]) -> HeaderValue {
    let hash = xxhash_rust::xxh3::xxh3_128(text);
    let mut tag = *b"W/\"00000000000000000000000000000000\"";
    if let Some(place) = tag.get_mut(3..35) {
        place.copy_from_slice(&hex::digits::<32>(hash));
    }
    HeaderValue::from_bytes(&tag).unwrap_or_else(|_| HeaderValue::from_static("W/\"\""))
}

/// Whether `if-none-match` lists a tag, compared weakly (RFC 9110, 13.1.2).
pub(crate) fn is_known(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let Ok(own) = tag.to_str().map(bare) else {
        return false;
    };
    headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|listed| listed.trim() == "*" || bare(listed) == own)
}
