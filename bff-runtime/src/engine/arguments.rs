//! A call's arguments: read from the tapes once, then written into as many requests as the call makes.
//!
//! A value never leaves the place it is written to: in a path it stays within its segment, in a query within its pair,
//! in a header within its line. One that couldn't is refused, not bent.

use std::borrow::Cow;
use std::collections::HashSet;

use bff_json::{Path, Raw, Root, Scope, Template};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::failure::{Failure, InputFault, Kind};
use crate::percent;
use crate::plan::{Argument, BodyValue, CALLS, CLAIMS, Call, Fan, PathPart, Place, Value};
use crate::router::is_dots;

/// The longest body of a call.
const LONGEST: usize = 64 << 20;

/// One value of an argument.
#[derive(Debug, Clone)]
pub(crate) struct Bound<'a> {
    text: Cow<'a, str>,
    json: &'a str,
}

impl Bound<'_> {
    /// As JSON text.
    pub(super) fn json(&self) -> &str {
        self.json
    }
}

/// A call's arguments and body.
pub(crate) struct Draft<'a> {
    call: &'static Call,
    /// By place; `None` is null.
    arguments: Vec<Option<Vec<Bound<'a>>>>,
    body: Option<(HeaderValue, Bytes)>,
}

impl<'a> Draft<'a> {
    /// Reads the arguments; `None` if the call, being optional, isn't made for want of one.
    ///
    /// `calls` are those it may read from.
    pub(crate) fn new(
        call: &'static Call,
        calls: &'static [Call],
        scope: &Scope<'a>,
    ) -> Result<Option<Draft<'a>>, Failure> {
        let list = match call.fan {
            Fan::One { list_argument, .. } => list_argument,
            Fan::Split { argument, .. } | Fan::Each { argument, .. } => Some(argument),
        };
        let mut arguments = Vec::with_capacity(call.arguments.len());
        for (at, argument) in call.arguments.iter().enumerate() {
            let values = read(&argument.value, scope);
            // A list with nothing in it is the fan's to judge.
            if values.is_none() && argument.required && list.map(usize::from) != Some(at) {
                if call.optional {
                    return Ok(None);
                }
                return Err(missing(call, calls, argument));
            }
            arguments.push(values);
        }
        let body = match &call.body {
            Some(body) => Some((
                HeaderValue::from_static(body.media),
                write_body(call, &body.value, scope)?,
            )),
            None => None,
        };
        Ok(Some(Draft {
            call,
            arguments,
            body,
        }))
    }

    /// The values of an argument, `None` for null.
    pub(super) fn values(&self, at: u8) -> Option<&[Bound<'a>]> {
        self.arguments.get(usize::from(at))?.as_deref()
    }

    /// Whether nothing is left in an argument's list.
    pub(super) fn is_empty(&self, at: u8) -> bool {
        self.values(at).is_none_or(<[_]>::is_empty)
    }

    /// Writes a request: appends path and query to `target`, adds headers, gives the body. `narrowed` replaces the values of
    /// one argument.
    pub(crate) fn write(
        &self,
        narrowed: Option<(u8, &[Bound<'_>])>,
        target: &mut String,
        headers: &mut HeaderMap,
    ) -> Result<Bytes, Failure> {
        let each = || {
            self.call
                .arguments
                .iter()
                .zip(&self.arguments)
                .enumerate()
                .filter_map(|(at, (argument, values))| {
                    let values = match narrowed {
                        Some((narrow, values)) if usize::from(narrow) == at => values,
                        _ => values.as_deref()?,
                    };
                    Some((argument, values)).filter(|(_, values)| !values.is_empty())
                })
        };
        for part in self.call.operation.path {
            match part {
                PathPart::Literal(literal) => target.push_str(literal),
                PathPart::Argument(name) => {
                    let found = each().find(|(argument, _)| {
                        argument.place == Place::Path && argument.name == *name
                    });
                    write_segment(self.call, found, target)?;
                }
            }
        }
        let mut separator = '?';
        for (argument, values) in each().filter(|(argument, _)| argument.place == Place::Query) {
            write_query(argument, values, &mut separator, target);
        }
        for (argument, values) in each().filter(|(argument, _)| argument.place == Place::Header) {
            let text = joined(values, ",");
            match (
                HeaderName::from_bytes(argument.name.as_bytes()),
                HeaderValue::from_str(&text),
            ) {
                (Ok(name), Ok(value)) => {
                    headers.insert(name, value);
                }
                _ => return Err(unfit(self.call, argument)),
            }
        }
        let mut cookies = String::new();
        for (argument, values) in each().filter(|(argument, _)| argument.place == Place::Cookie) {
            if !cookies.is_empty() {
                cookies.push_str("; ");
            }
            cookies.push_str(argument.name);
            cookies.push('=');
            percent::encode_into(&mut cookies, &joined(values, ","));
        }
        if let Some(value) = Some(cookies)
            .filter(|text| !text.is_empty())
            .and_then(|text| HeaderValue::from_str(&text).ok())
        {
            headers.insert(COOKIE, value);
        }
        Ok(match &self.body {
            Some((media, bytes)) => {
                headers.insert(CONTENT_TYPE, media.clone());
                bytes.clone()
            }
            None => Bytes::new(),
        })
    }
}

/// The values of an argument: nulls and duplicates gone; `None` if it is null as a whole.
fn read<'a>(value: &'static Value, scope: &Scope<'a>) -> Option<Vec<Bound<'a>>> {
    let mut values = Vec::new();
    let there = gather(value, scope, &mut values);
    if values.len() > 1 {
        let mut seen = HashSet::with_capacity(values.len());
        values.retain(|value| seen.insert(value.text.clone()));
    }
    there.then_some(values)
}

fn gather<'a>(value: &'static Value, scope: &Scope<'a>, out: &mut Vec<Bound<'a>>) -> bool {
    match value {
        Value::Literal(json) => literal(json, out),
        Value::Path { path, default } => {
            let before = out.len();
            let there = scope.values(path, |value| out.extend(value.map(bound)));
            match default {
                Some(json) if !there => {
                    out.truncate(before);
                    literal(json, out)
                }
                _ => there,
            }
        }
        Value::List(values) => {
            for value in *values {
                gather(value, scope, out);
            }
            true
        }
    }
}

fn bound(raw: Raw<'_>) -> Bound<'_> {
    Bound {
        text: raw.text(),
        json: raw.json(),
    }
}

fn literal(json: &'static str, out: &mut Vec<Bound<'_>>) -> bool {
    match json {
        "null" => false,
        "[]" => true,
        json => {
            let text = match json.starts_with('"') {
                true => {
                    serde_json::from_str::<String>(json).map_or(Cow::Borrowed(json), Cow::Owned)
                }
                false => Cow::Borrowed(json),
            };
            out.push(Bound { text, json });
            true
        }
    }
}

fn joined<'v>(values: &'v [Bound<'_>], separator: &str) -> Cow<'v, str> {
    match values {
        [one] => Cow::Borrowed(&*one.text),
        many => Cow::Owned(
            many.iter()
                .map(|value| &*value.text)
                .collect::<Vec<_>>()
                .join(separator),
        ),
    }
}

fn write_segment(
    call: &'static Call,
    found: Option<(&'static Argument, &[Bound<'_>])>,
    target: &mut String,
) -> Result<(), Failure> {
    let Some((argument, values)) = found else {
        return Err(Failure::upstream(
            Kind::Gateway,
            call.operation.upstream.name,
            "a path argument is not bound",
        ));
    };
    let text = joined(values, ",");
    // Such a segment would make it another route.
    if text.is_empty() || is_dots(&text) {
        return Err(unfit(call, argument));
    }
    match values {
        [one] => percent::encode_into(target, &one.text),
        many => {
            for (at, value) in many.iter().enumerate() {
                if at > 0 {
                    target.push(',');
                }
                percent::encode_into(target, &value.text);
            }
        }
    }
    Ok(())
}

fn write_query(
    argument: &Argument,
    values: &[Bound<'_>],
    separator: &mut char,
    target: &mut String,
) {
    let between = argument.style.between();
    for (at, value) in values.iter().enumerate() {
        match between {
            Some(between) if at > 0 => target.push_str(between),
            _ => {
                target.push(std::mem::replace(separator, '&'));
                percent::encode_into(target, argument.name);
                target.push('=');
            }
        }
        percent::encode_into(target, &value.text);
    }
}

fn write_body(
    call: &'static Call,
    value: &'static BodyValue,
    scope: &Scope<'_>,
) -> Result<Bytes, Failure> {
    let mut json = Vec::with_capacity(256);
    let template = match value {
        BodyValue::Json(template) => template,
        BodyValue::Form(block) | BodyValue::FormWith(block, _) => &Template::Block(block),
    };
    let broken =
        |cause: String| Failure::upstream(Kind::Upstream, call.operation.upstream.name, cause);
    scope
        .render(template, &mut json, LONGEST)
        .map_err(|error| broken(error.to_string()))?;
    let lists = match value {
        BodyValue::Json(_) => return Ok(json.into()),
        BodyValue::Form(_) => &[],
        BodyValue::FormWith(_, lists) => *lists,
    };
    super::form::write(&json, lists).ok_or_else(|| broken("the form is no object".to_owned()))
}

/// Where a value comes from: the client, or a call.
fn origin(value: &Value) -> Option<&Path> {
    match value {
        Value::Path { path, .. } => Some(path),
        Value::Literal(_) => None,
        Value::List(values) => values.iter().find_map(origin),
    }
}

/// A value that was promised and is not there: the upstream's that promised it.
fn missing(call: &'static Call, calls: &'static [Call], argument: &Argument) -> Failure {
    let from = origin(&argument.value).and_then(|path| match path.root {
        Root::Tape(tape) => calls.get(usize::from(tape.checked_sub(CALLS)?)),
        Root::Current => None,
    });
    let upstream = from.unwrap_or(call).operation.upstream.name;
    Failure::upstream(
        Kind::Upstream,
        upstream,
        format!("`{}` of {} is missing", argument.name, call.operation.id),
    )
}

/// A value that can't stand where it is to be written.
fn unfit(call: &'static Call, argument: &Argument) -> Failure {
    let cause = format!(
        "`{}` of {} can't be written",
        argument.name, call.operation.id
    );
    let of_request = origin(&argument.value)
        .is_some_and(|path| matches!(path.root, Root::Tape(tape) if tape < CALLS));
    match (of_request, argument.place) {
        (true, Place::Path) => Failure::not_found().because(cause),
        (true, place)
            if !origin(&argument.value).is_some_and(|path| path.root == Root::Tape(CLAIMS)) =>
        {
            Failure::input(vec![InputFault::at(
                place,
                argument.name,
                "holds characters that can't be passed on",
            )])
        }
        _ => Failure::upstream(Kind::Upstream, call.operation.upstream.name, cause),
    }
}
