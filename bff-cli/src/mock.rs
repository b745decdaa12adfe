//! An upstream that answers from its contract's examples.
//!
//! In: a contract and requests. Out: answers, the same for the same requests in the same order. Nothing is random, and
//! nothing outside the contract is known.
//!
//! The rules, examples first and matched by parameter names:
//!
//! 1. **What there is** is what the contract's examples show, by schema: an order in a list's example is an order for
//!    `GET /orders/{id}` too. Where a schema has no example, anything asked for exists: it is made from the schema, with
//!    the request's parameters laid over it. An example that breaks its schema is held to it.
//! 2. **One thing** is the first whose fields of the parameters' names have their values (`{orderId}` is `orderId`, or
//!    `id` where it closes the path). If none has, the answer is the operation's 404 where it documents one, else the
//!    first with the parameters laid over it.
//! 3. **A list** keeps the elements whose fields of the parameters' names have one of their values (`skus` is `sku`,
//!    `ids` is whatever identifies an element). `limit` and `page`, `offset` and their like cut it. A parameter that is
//!    no field is ignored.
//! 4. **A write** answers with the operation's example and the body's fields laid over it. What was written at an
//!    address is what a GET finds there, alone and in its list; a POST to a list makes an address, and says so in
//!    `Location`.
//! 5. **Headers** that an answer documents are there: by their example, or made. An `ETag` is the body's.
//! 6. Missing required parameters and bodies are 400, unknown routes 404, as problems.

mod fit;
mod headers;
mod made;
mod manner;
mod matching;
mod memory;
mod overlay;
mod paging;
mod reading;
mod route;
mod serve;
mod shown;
mod world;
mod writing;

use std::sync::Mutex;

use bff_spec::contract::{Contract, Kind, Location, Media, Operation, Response, TypeId, Types};
use serde_json::Value;

use made::{answered, fitted};
use memory::Memory;
use route::Route;
use world::World;

pub(crate) use made::{made, made_as};
pub(crate) use manner::{Latency, Manner, Share};
pub(crate) use overlay::{From, overlay};
pub(crate) use serve::{Mounted, RESET, serve};

/// An upstream that answers from its contract's examples.
#[derive(Debug)]
pub(crate) struct Mock {
    types: Types,
    operations: Vec<(Route, Operation)>,
    world: World,
    memory: Mutex<Memory>,
}

/// A request, decoded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    /// In capitals.
    pub(crate) method: String,
    /// The path below the upstream's base, as it was sent.
    pub(crate) path: String,
    /// Decoded, in order.
    pub(crate) query: Vec<(String, String)>,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// The body's bytes.
    pub(crate) body: Vec<u8>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// Headers besides `content-type`.
    pub(crate) headers: Vec<(String, String)>,
    /// Media type and bytes.
    pub(crate) body: Option<(String, Vec<u8>)>,
}

/// A parameter that was given.
#[derive(Debug, Clone)]
struct Given<'a> {
    name: &'a str,
    location: Location,
    /// Whether it closes the path, and so names the thing.
    identity: bool,
    /// One value, or a list's.
    values: Vec<String>,
}

/// What a request asks for: the operation, its route, and the values in its path.
type Found<'a> = (&'a Route, &'a Operation, Vec<(String, String)>);

impl Mock {
    /// An upstream with this contract, whose types are among `types`.
    pub(crate) fn new(contract: &Contract, types: &Types) -> Mock {
        let mut contract = contract.clone();
        for operation in &mut contract.operations {
            hold(operation, types);
        }
        let world = World::of(&contract, types);
        let mut operations: Vec<(Route, Operation)> = contract
            .operations
            .into_iter()
            .map(|operation| (Route::new(&operation.path), operation))
            .collect();
        // Literals before parameters: `/users/me` before `/users/{id}`.
        operations.sort_by(|(a, _), (b, _)| a.cmp(b));
        Mock {
            types: types.clone(),
            world,
            operations,
            memory: Mutex::new(Memory::default()),
        }
    }

    /// How many operations it has.
    pub(crate) fn len(&self) -> usize {
        self.operations.len()
    }

    /// Forgets what was written.
    pub(crate) fn reset(&self) {
        *self
            .memory
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = Memory::default();
    }

    /// Answers a request with an error of its own making: the operation's documented 5xx, or else 503. Nothing is written.
    pub(crate) fn fail(&self, request: &Request) -> Answer {
        let response = self.find(request).and_then(|(_, operation, _)| {
            let mut documented = operation.responses.iter();
            documented.find(|response| (500..600).contains(&response.first))
        });
        match response {
            Some(response) => match json(&response.content) {
                Some(media) => Answer::json(response.first, &media.name, &self.first(media)),
                None => Answer::empty(response.first),
            },
            None => Answer::problem(503, "Service Unavailable", "This mock was asked to fail."),
        }
    }

    /// What a request asks for.
    fn find(&self, request: &Request) -> Option<Found<'_>> {
        let method = if request.method == "HEAD" {
            "GET"
        } else {
            &request.method
        };
        self.operations
            .iter()
            .filter(|(_, operation)| operation.method == method)
            .find_map(|(route, operation)| Some((route, operation, route.find(&request.path)?)))
    }

    /// Answers a request.
    pub(crate) fn answer(&self, request: &Request) -> Answer {
        let Some((route, operation, in_path)) = self.find(request) else {
            let detail = format!("The contract has no {} {}.", request.method, request.path);
            return Answer::problem(404, "Not Found", &detail);
        };
        let (given, missing) = given(operation, route, &in_path, request, &self.types);
        if !missing.is_empty() {
            let detail = format!("Required, and not given: {}.", missing.join(", "));
            return Answer::problem(400, "Bad Request", &detail);
        }
        let body = match body(operation, request) {
            Ok(body) => body,
            Err(detail) => return Answer::problem(400, "Bad Request", &detail),
        };
        // A poisoned lock means a panic elsewhere; what is remembered is still sound.
        let mut memory = self
            .memory
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        match operation.method.as_str() {
            "POST" | "PUT" | "PATCH" => self.write(operation, request, &given, body, &mut memory),
            "DELETE" => {
                memory.remove(&request.path);
                self.success(operation, None)
            }
            _ => self.read(operation, request, &given, &memory),
        }
    }

    /// The operation's own success, with this value if its answer is JSON.
    fn success(&self, operation: &Operation, value: Option<Value>) -> Answer {
        let Some(response) = success(operation) else {
            return Answer::empty(200);
        };
        let mut answer = self.bare(response, value);
        answer.headers = headers::of(&self.types, response, &answer);
        answer
    }

    fn bare(&self, response: &Response, value: Option<Value>) -> Answer {
        let status = response.first.max(200);
        if let Some(media) = json(&response.content) {
            let value = match value {
                Some(value) => answered(&self.types, media.ty, value),
                None => self.first(media),
            };
            return Answer::json(status, &media.name, &value);
        }
        match response.content.first() {
            None => Answer::empty(status),
            Some(media) => {
                let text = match media
                    .examples
                    .first()
                    .map(|text| serde_json::from_str(text))
                {
                    Some(Ok(Value::String(text))) => text,
                    Some(Ok(other)) => other.to_string(),
                    _ => format!("An example of {}.\n", media.name),
                };
                Answer {
                    status,
                    headers: Vec::new(),
                    body: Some((media.name.clone(), text.into_bytes())),
                }
            }
        }
    }

    /// The operation's own 404, if it documents one.
    fn documented_absence(&self, operation: &Operation) -> Option<Answer> {
        let response = operation
            .responses
            .iter()
            .find(|response| response.first <= 404 && 404 <= response.last)?;
        Some(match json(&response.content) {
            Some(media) if !media.examples.is_empty() => {
                Answer::json(404, &media.name, &self.first(media))
            }
            _ => Answer::problem(
                404,
                "Not Found",
                "The contract's examples hold no such thing.",
            ),
        })
    }

    /// The first example of a media type, or one made from its schema.
    fn first(&self, media: &Media) -> Value {
        world::examples(media)
            .next()
            .unwrap_or_else(|| made(&self.types, media.ty))
    }
}

impl Answer {
    /// A JSON body.
    fn json(status: u16, media: &str, value: &Value) -> Answer {
        Answer {
            status,
            headers: Vec::new(),
            body: Some((media.to_owned(), value.to_string().into_bytes())),
        }
    }

    /// No body.
    fn empty(status: u16) -> Answer {
        Answer {
            status,
            headers: Vec::new(),
            body: None,
        }
    }

    /// RFC 9457
    fn problem(status: u16, title: &str, detail: &str) -> Answer {
        let value = serde_json::json!({ "title": title, "status": status, "detail": detail });
        Answer::json(status, "application/problem+json", &value)
    }
}

/// Holds the examples of an operation's answers to their schemas.
fn hold(operation: &mut Operation, types: &Types) {
    let content = operation.responses.iter_mut();
    for media in content.flat_map(|response| &mut response.content) {
        let fitted = world::examples(media).filter_map(|shown| fitted(types, media.ty, shown));
        media.examples = fitted.map(|value| value.to_string()).collect();
    }
}

/// The lowest 2xx with JSON, or else the lowest 2xx: what a call of the operation gets when all goes well.
pub(crate) fn success(operation: &Operation) -> Option<&Response> {
    let good = || {
        operation
            .responses
            .iter()
            .filter(|response| (200..300).contains(&response.first))
    };
    good()
        .filter(|response| json(&response.content).is_some())
        .min_by_key(|response| response.first)
        .or_else(|| good().min_by_key(|response| response.first))
}

/// The JSON among media types.
pub(crate) fn json(content: &[Media]) -> Option<&Media> {
    content.iter().find(|media| {
        let name = media.name.split(';').next().unwrap_or_default().trim();
        name.eq_ignore_ascii_case("application/json")
            || name.to_ascii_lowercase().ends_with("+json")
    })
}

/// The parameters that were given, and the names of required ones that weren't.
fn given<'a>(
    operation: &'a Operation,
    route: &Route,
    in_path: &[(String, String)],
    request: &Request,
    types: &Types,
) -> (Vec<Given<'a>>, Vec<String>) {
    let mut given = Vec::new();
    let mut missing = Vec::new();
    for parameter in &operation.parameters {
        let name = parameter.name.as_str();
        let mut values: Vec<String> = match parameter.location {
            Location::Path => pick(in_path, |key| key == name),
            Location::Query => pick(&request.query, |key| {
                key == name || key.strip_suffix("[]") == Some(name)
            }),
            Location::Header => pick(&request.headers, |key| key.eq_ignore_ascii_case(name)),
            Location::Cookie => cookies(request, name),
        };
        if matches!(types.get(parameter.ty).kind, Kind::List(_)) {
            let separator = match parameter.style.as_str() {
                "spaceDelimited" => ' ',
                "pipeDelimited" => '|',
                _ => ',',
            };
            let split = values.iter().flat_map(|value| value.split(separator));
            values = split
                .filter(|value| !value.is_empty())
                .map(str::to_owned)
                .collect();
        } else {
            values.truncate(1);
        }
        if values.is_empty() {
            if parameter.required {
                missing.push(format!("{} ({})", name, location(parameter.location)));
            }
            continue;
        }
        given.push(Given {
            name,
            location: parameter.location,
            identity: parameter.location == Location::Path && route.closed_by() == Some(name),
            values,
        });
    }
    (given, missing)
}

fn pick(pairs: &[(String, String)], is: impl Fn(&str) -> bool) -> Vec<String> {
    pairs
        .iter()
        .filter(|(key, _)| is(key))
        .map(|(_, value)| value.clone())
        .collect()
}

fn cookies(request: &Request, name: &str) -> Vec<String> {
    let all = request
        .headers
        .iter()
        .filter(|(key, _)| key == "cookie")
        .flat_map(|(_, value)| value.split(';'));
    all.filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
        .collect()
}

fn location(location: Location) -> &'static str {
    match location {
        Location::Path => "path",
        Location::Query => "query",
        Location::Header => "header",
        Location::Cookie => "cookie",
    }
}

/// The JSON body, where the operation takes one.
fn body(operation: &Operation, request: &Request) -> Result<Option<Value>, String> {
    let Some(wanted) = &operation.body else {
        return Ok(None);
    };
    if request.body.is_empty() {
        return if wanted.required {
            Err("A body is required.".to_owned())
        } else {
            Ok(None)
        };
    }
    let media = request
        .headers
        .iter()
        .find(|(name, _)| name == "content-type")
        .map(|(_, value)| value.as_str());
    if media.is_some_and(|media| media.starts_with("application/x-www-form-urlencoded")) {
        let fields = form_urlencoded::parse(&request.body);
        let object = fields
            .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
            .collect();
        return Ok(Some(Value::Object(object)));
    }
    if json(&wanted.content).is_none() {
        return Ok(None);
    }
    serde_json::from_slice(&request.body)
        .map(Some)
        .map_err(|error| format!("The body is not JSON: {error}."))
}

/// A value as a segment of a path, with all but RFC 3986's unreserved characters encoded.
pub(crate) fn segment(value: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~');
    utf8_percent_encode(value, RESERVED).to_string()
}

/// The type of an operation's JSON answer.
fn answer_type(operation: &Operation) -> Option<TypeId> {
    Some(json(&success(operation)?.content)?.ty)
}

#[cfg(test)]
mod tests;
