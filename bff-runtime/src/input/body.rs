//! The client's JSON body: gathered within its limit, captured strictly, held to its rules.

use std::collections::HashSet;

use bff_json::{Fault, Kind as JsonKind, Mode, Options, Raw, Slot, Tape, View};
use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use hyper::body::Incoming;
use tokio::time::Instant;

use super::pattern::Patterns;
use super::way::Way;
use super::{check_count, rules};
use crate::body::Body;
use crate::failure::{Failure, InputFault, Kind};
use crate::plan::{BodyField, BodyInput, BodyRule, Listener, Rules, Scalar};
use crate::upstream::{BrokenKind, gather};

/// Gathers a body within a limit and until a deadline.
pub(crate) async fn receive(
    incoming: Incoming,
    limit: u64,
    bounds: &Listener,
    deadline: Instant,
) -> Result<Bytes, Failure> {
    let gathering = gather(Body::upload(incoming, limit, bounds), limit);
    let slow = || Failure::new(Kind::SlowClient, "The body did not come in time.");
    match tokio::time::timeout_at(deadline, gathering).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(broken)) if broken.kind == BrokenKind::TooLarge => Err(Failure::new(
            Kind::TooLarge,
            format!("The body is larger than {limit} bytes."),
        )),
        Ok(Err(broken)) if broken.kind == BrokenKind::Slow => Err(slow().because(broken.cause)),
        Ok(Err(broken)) => {
            Err(Failure::new(Kind::Malformed, "The body broke off.").because(broken.cause))
        }
        Err(_) => Err(slow()),
    }
}

/// Whether headers announce JSON (RFC 8259, or a `+json` type of RFC 6839).
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| is_json_type(value.as_bytes()))
}

/// Whether headers announce a content coding (RFC 9110, 8.4). None is undone: what a body grows to, only its sender knows.
pub(crate) fn is_coded(headers: &HeaderMap) -> bool {
    headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .any(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"))
}

/// Whether a `content-type` is `application/json` or one built on it.
pub(crate) fn is_json_type(value: &[u8]) -> bool {
    let essence = std::str::from_utf8(value)
        .ok()
        .map(|value| value.split(';').next().unwrap_or_default().trim());
    essence.is_some_and(|essence| {
        let suffix = essence
            .len()
            .checked_sub(5)
            .and_then(|at| essence.get(at..));
        essence.eq_ignore_ascii_case("application/json")
            || suffix.is_some_and(|s| s.eq_ignore_ascii_case("+json"))
    })
}

/// Captures a body and lists what is wrong with it.
pub(crate) fn read(
    input: &'static BodyInput,
    bytes: Bytes,
    strict: bool,
    patterns: &Patterns,
    faults: &mut Vec<InputFault>,
) -> Tape {
    let mut check = Check {
        patterns,
        faults: Vec::new(),
        found: HashSet::new(),
    };
    if bytes.is_empty() {
        if input.required {
            check.fault(&Way::default(), "is required");
        }
        faults.append(&mut check.faults);
        return Tape::absent();
    }
    let tape = match input.shape.capture(
        bytes.clone(),
        &Options {
            mode: Mode::Strict,
            ..Options::default()
        },
    ) {
        Ok(tape) => tape,
        Err(error) => {
            check.fault(&Way::default(), format!("is no valid JSON: {error}"));
            faults.append(&mut check.faults);
            return Tape::absent();
        }
    };
    check.root(&input.root, &tape);
    check.breaches(&tape);
    if strict && let Ok(value) = serde_json::from_slice(&bytes) {
        check.unknown(&input.root, &value, &mut Way::default());
    }
    faults.append(&mut check.faults);
    tape
}

struct Check<'p> {
    patterns: &'p Patterns,
    faults: Vec<InputFault>,
    /// Where in the contract they are.
    found: HashSet<String>,
}

impl Check<'_> {
    fn fault(&mut self, way: &Way, detail: impl Into<String>) {
        self.found.insert(way.at().to_owned());
        self.faults.push(InputFault {
            place: "body",
            name: way.name().to_owned(),
            detail: detail.into(),
        });
    }

    fn root(&mut self, rule: &BodyRule, tape: &Tape) {
        let Some(view) = tape.root() else { return };
        match rule {
            BodyRule::Object {
                slot: None,
                nullable,
                ..
            }
            | BodyRule::Map {
                slot: None,
                nullable,
                ..
            } if view.is_hollow() => {
                if !nullable {
                    self.fault(&Way::default(), "must be an object");
                }
            }
            rule => self.value(rule, view, true, &mut Way::default()),
        }
    }

    fn value(&mut self, rule: &BodyRule, view: View<'_>, required: bool, way: &mut Way) {
        match rule {
            BodyRule::Any => {}
            BodyRule::Scalar {
                slot,
                rules,
                nullable,
            } => self.scalar(rules, view.value(*slot), *nullable, required, way),
            BodyRule::Object {
                slot,
                fields,
                nullable,
            } => {
                if self.is_object(*slot, view, *nullable, required, way) {
                    self.fields(fields, view, way);
                }
            }
            BodyRule::Map {
                slot,
                fields,
                entries,
                element,
                nullable,
            } => {
                if !self.is_object(*slot, view, *nullable, required, way) {
                    return;
                }
                self.fields(fields, view, way);
                for entry in entries
                    .and_then(|slot| view.frames(slot))
                    .into_iter()
                    .flatten()
                {
                    // An entry's first slot is its key.
                    let key = entry.value(0);
                    let key = key.as_ref().map(Raw::text).unwrap_or_default();
                    let before = way.entry(&key);
                    self.element(element, entry, way);
                    way.back(before);
                }
            }
            BodyRule::List {
                slot,
                rules,
                element,
                nullable,
            } => match view.frames(*slot) {
                Some(elements) => {
                    if let Err(words) = check_count(*rules, elements.len()) {
                        self.fault(way, words);
                    }
                    for (at, element_view) in elements.enumerate() {
                        let before = way.item(at);
                        self.element(element, element_view, way);
                        way.back(before);
                    }
                }
                None if required && !nullable => self.fault(way, "is required"),
                None => {}
            },
        }
    }

    /// Whether an object is there; it is a fault if it isn't and must be.
    fn is_object(
        &mut self,
        slot: Option<Slot>,
        view: View<'_>,
        nullable: bool,
        required: bool,
        way: &Way,
    ) -> bool {
        let Some(slot) = slot else { return true };
        let words = match view.value(slot).map(|raw| raw.kind()) {
            Some(JsonKind::Object) => return true,
            None if required => "is required",
            Some(JsonKind::Null) if !nullable => "must not be null",
            None | Some(JsonKind::Null) => return false,
            Some(_) => "must be an object",
        };
        self.fault(way, words);
        false
    }

    fn fields(&mut self, fields: &[BodyField], view: View<'_>, way: &mut Way) {
        for field in fields {
            let before = way.field(field.name);
            self.value(&field.rule, view, field.required, way);
            way.back(before);
        }
    }

    /// An element of a list or the value of a map's entry, in the frame of its own: it is there, whatever it is.
    fn element(&mut self, rule: &BodyRule, view: View<'_>, way: &mut Way) {
        let (lost, words) = match rule {
            BodyRule::Any => return,
            BodyRule::Object { slot, nullable, .. } | BodyRule::Map { slot, nullable, .. } => {
                match slot {
                    None if view.is_hollow() && *nullable => return,
                    None => (view.is_hollow(), "must be an object"),
                    Some(slot) => (view.value(*slot).is_none(), "must be an object"),
                }
            }
            BodyRule::Scalar { slot, .. } => {
                (view.value(*slot).is_none(), "must be a single value")
            }
            BodyRule::List { slot, nullable, .. } => {
                (view.frames(*slot).is_none() && !nullable, "must be a list")
            }
        };
        if lost {
            self.fault(way, words);
        } else {
            self.value(rule, view, true, way);
        }
    }

    fn scalar(
        &mut self,
        rules: &Rules,
        raw: Option<Raw<'_>>,
        nullable: bool,
        required: bool,
        way: &Way,
    ) {
        let Some(raw) = raw else {
            if required {
                self.fault(way, "is required");
            }
            return;
        };
        let kind = raw.kind();
        let words = match (rules.kind, kind) {
            (_, JsonKind::Null) if nullable => return,
            (_, JsonKind::Null) => Some("must not be null"),
            (Scalar::Boolean, JsonKind::Boolean)
            | (Scalar::Integer, JsonKind::Integer)
            | (Scalar::Number, JsonKind::Integer | JsonKind::Number)
            | (Scalar::String, JsonKind::String)
            | (
                Scalar::Any,
                JsonKind::Boolean | JsonKind::Integer | JsonKind::Number | JsonKind::String,
            ) => None,
            (Scalar::Boolean, _) => Some("must be true or false"),
            (Scalar::Integer, _) => Some("must be an integer"),
            (Scalar::Number, _) => Some("must be a number"),
            (Scalar::String, _) => Some("must be a string"),
            (Scalar::Any, _) => Some("must be a single value"),
        };
        match words {
            Some(words) => self.fault(way, words),
            None => {
                if let Err(words) = rules::check_value(rules, &raw.text(), self.patterns) {
                    self.fault(way, words);
                }
            }
        }
    }

    /// Kinds that left nothing to check: a list where an object must be, and the like.
    fn breaches(&mut self, tape: &Tape) {
        for breach in tape.breaches().iter() {
            let words = match breach.fault {
                Fault::Kind => "is of another kind",
                Fault::Null => "must not be null",
                _ => continue,
            };
            if !self.found.contains(breach.at) {
                self.fault(&Way::of(breach.at), words);
            }
        }
    }

    /// Fields that nothing names.
    fn unknown(&mut self, rule: &BodyRule, value: &serde_json::Value, way: &mut Way) {
        let (fields, element) = match (rule, value) {
            (BodyRule::Object { fields, .. }, _) => (*fields, None),
            (
                BodyRule::Map {
                    fields, element, ..
                },
                _,
            ) => (*fields, Some(*element)),
            (BodyRule::List { element, .. }, serde_json::Value::Array(items)) => {
                for (at, item) in items.iter().enumerate() {
                    let before = way.item(at);
                    self.unknown(element, item, way);
                    way.back(before);
                }
                return;
            }
            _ => return,
        };
        let serde_json::Value::Object(members) = value else {
            return;
        };
        for (key, member) in members {
            let before = way.field(key);
            let named = fields.iter().find(|field| field.name == key);
            match named.map(|field| &field.rule).or(element) {
                Some(rule) => self.unknown(rule, member, way),
                None => self.fault(way, "is not known here"),
            }
            way.back(before);
        }
    }
}
