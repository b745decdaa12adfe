//! What the client sends beside its body, read and checked: path, query, headers, cookies.
//!
//! In: a request's head and the endpoint's [`Inputs`]. Out: their tape, and every fault at once. What no endpoint names
//! is dropped, or a fault where the server is strict. Nothing is decoded twice.

pub(crate) mod body;
pub(crate) mod query;

mod format;
mod pattern;
mod rules;
mod way;

use std::borrow::Cow;

use bff_json::{Tape, TapeBuilder};
use http::header::COOKIE;
use http::request::Parts;

pub(crate) use pattern::Patterns;
pub use pattern::{Matcher, regex};

use crate::failure::InputFault;
use crate::plan::{Input, ListRules, Place, Route, Segment};
use crate::router::Segments;

/// Reads and checks the inputs of a request.
pub(crate) struct Reader<'r> {
    pub(crate) route: &'static Route,
    pub(crate) head: &'r Parts,
    pub(crate) segments: &'r Segments<'r>,
    pub(crate) patterns: &'r Patterns,
    /// The names a strict server knows beside the endpoint's own; `None` if it is not strict.
    pub(crate) strict: Option<&'r dyn Fn(&str) -> bool>,
}

impl Reader<'_> {
    /// The inputs' tape and what is wrong with them.
    pub(crate) fn read(&self) -> (Tape, Vec<InputFault>) {
        let inputs = &self.route.inputs;
        let mut faults = Vec::new();
        if inputs.items.is_empty() && self.strict.is_none() {
            return (Tape::absent(), faults);
        }
        let mut tape = TapeBuilder::new(inputs.width);
        let pairs = self.query(&mut faults);
        for input in inputs.items {
            let given = match self.given(input, &pairs) {
                Ok(given) => given,
                Err(words) => {
                    faults.push(InputFault::at(input.place, input.name, words));
                    continue;
                }
            };
            if let Err(words) = self.put(input, &given, &mut tape) {
                faults.push(InputFault::at(input.place, input.name, words));
            }
        }
        (tape.build(), faults)
    }

    /// The query's pairs, decoded.
    fn query(&self, faults: &mut Vec<InputFault>) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
        let wanted = self
            .route
            .inputs
            .items
            .iter()
            .any(|input| input.place == Place::Query);
        let Some(query) = self
            .head
            .uri
            .query()
            .filter(|_| wanted || self.strict.is_some())
        else {
            return Vec::new();
        };
        let mut pairs = Vec::new();
        for pair in query::pairs(query) {
            match pair {
                Ok(pair) => pairs.push(pair),
                Err(raw) => {
                    faults.push(InputFault::at(Place::Query, raw, "is not properly encoded"))
                }
            }
        }
        let named = |name: &str| {
            self.route
                .inputs
                .items
                .iter()
                .any(|input| input.place == Place::Query && input.name == name)
        };
        if let Some(known) = self.strict {
            for (name, _) in pairs
                .iter()
                .filter(|(name, _)| !named(name) && !known(name))
            {
                faults.push(InputFault::at(Place::Query, name, "is not known here"));
            }
        }
        pairs
    }

    /// What was given for an input, decoded: one entry each time it occurs.
    fn given<'a>(
        &'a self,
        input: &Input,
        pairs: &'a [(Cow<'a, str>, Cow<'a, str>)],
    ) -> Result<Vec<Cow<'a, str>>, &'static str> {
        match input.place {
            Place::Path => {
                let at = self
                    .route
                    .segments
                    .iter()
                    .position(|s| *s == Segment::Parameter(input.name));
                let segment = at.and_then(|at| self.segments.get(at));
                Ok(segment
                    .map(|segment| Cow::Borrowed(&**segment))
                    .into_iter()
                    .collect())
            }
            Place::Query => {
                let named = pairs.iter().filter(|(name, _)| name == input.name);
                Ok(named.map(|(_, value)| Cow::Borrowed(&**value)).collect())
            }
            Place::Header => {
                let values = self.head.headers.get_all(input.name).iter();
                let text = |value: &'a http::HeaderValue| {
                    std::str::from_utf8(value.as_bytes()).map(Cow::Borrowed)
                };
                values
                    .map(text)
                    .collect::<Result<_, _>>()
                    .map_err(|_| "is no UTF-8")
            }
            Place::Cookie => cookies(self.head, input.name),
        }
    }

    fn put(
        &self,
        input: &Input,
        given: &[Cow<'_, str>],
        tape: &mut TapeBuilder,
    ) -> Result<(), String> {
        let check = |text: &str| rules::check(&input.rules, text, self.patterns);
        match (&input.list, given) {
            (_, []) => match input.default {
                Some(json) if input.list.is_some() => {
                    let items: Vec<Box<serde_json::value::RawValue>> =
                        serde_json::from_str(json).unwrap_or_default();
                    tape.list(input.slot, items.iter().map(|item| item.get()));
                }
                Some(json) => {
                    tape.raw(input.slot, json);
                }
                None if input.required => return Err("is required".to_owned()),
                None => {}
            },
            (None, [one]) => {
                tape.raw(input.slot, &check(one)?);
            }
            (None, _) => return Err("is given more than once".to_owned()),
            (Some(list), many) => {
                let separated = input.place != Place::Query;
                let items: Vec<&str> = many
                    .iter()
                    .flat_map(|text| text.split(move |c| separated && c == ','))
                    .map(|item| if separated { item.trim() } else { item })
                    .collect();
                check_count(*list, items.len())?;
                let items = items
                    .into_iter()
                    .map(check)
                    .collect::<Result<Vec<_>, _>>()?;
                tape.list(input.slot, items);
            }
        }
        Ok(())
    }
}

/// Whether a list is as long as it must be.
fn check_count(list: ListRules, count: usize) -> Result<(), String> {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    match (list.min, list.max) {
        (Some(min), _) if count < min => Err(format!("must have at least {min} values")),
        (_, Some(max)) if count > max => Err(format!("must have at most {max} values")),
        _ => Ok(()),
    }
}

/// The values of a cookie (RFC 6265, 4.2), as they stand but for quotes around them.
fn cookies<'h>(head: &'h Parts, name: &str) -> Result<Vec<Cow<'h, str>>, &'static str> {
    let mut found = Vec::new();
    for header in head.headers.get_all(COOKIE) {
        let text = std::str::from_utf8(header.as_bytes()).map_err(|_| "is no UTF-8")?;
        for pair in text.split(';') {
            if let Some((own, value)) = pair.trim().split_once('=')
                && own == name
            {
                let bare = value
                    .strip_prefix('"')
                    .and_then(|value| value.strip_suffix('"'))
                    .unwrap_or(value);
                found.push(Cow::Borrowed(bare));
            }
        }
    }
    Ok(found)
}
