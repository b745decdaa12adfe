//! The client's JSON body: gathered within its limit, captured strictly, held to its rules.

use bff_json::{Fault, Kind as JsonKind, Mode, Options, Raw, Tape, View};
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use hyper::body::Incoming;
use tokio::time::Instant;

use super::pattern::Patterns;
use super::{check_count, rules};
use crate::body::Body;
use crate::failure::{Failure, InputFault, Kind};
use crate::plan::{BodyInput, BodyRule, Rules, Scalar};
use crate::upstream::{BrokenKind, gather};

/// Gathers a body within a limit and until a deadline.
pub(crate) async fn receive(
    incoming: Incoming,
    limit: u64,
    deadline: Instant,
) -> Result<Bytes, Failure> {
    let gathering = gather(Body::stream(incoming, limit), limit);
    match tokio::time::timeout_at(deadline, gathering).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(broken)) if broken.kind == BrokenKind::TooLarge => Err(Failure::new(
            Kind::TooLarge,
            format!("The body is larger than {limit} bytes."),
        )),
        Ok(Err(broken)) => {
            Err(Failure::new(Kind::Malformed, "The body broke off.").because(broken.cause))
        }
        Err(_) => Err(Failure::new(
            Kind::SlowClient,
            "The body did not come in time.",
        )),
    }
}

/// Whether headers announce JSON (RFC 8259, or a `+json` type of RFC 6839).
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| is_json_type(value.as_bytes()))
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
    };
    if bytes.is_empty() {
        if input.required {
            check.fault("", "is required");
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
            check.fault("", format!("is no valid JSON: {error}"));
            faults.append(&mut check.faults);
            return Tape::absent();
        }
    };
    check.root(&input.root, &tape);
    check.breaches(&tape);
    if strict && let Ok(value) = serde_json::from_slice(&bytes) {
        check.unknown(&input.root, &value, &mut String::new());
    }
    faults.append(&mut check.faults);
    tape
}

struct Check<'p> {
    patterns: &'p Patterns,
    faults: Vec<InputFault>,
}

impl Check<'_> {
    fn fault(&mut self, name: &str, detail: impl Into<String>) {
        self.faults.push(InputFault {
            place: "body",
            name: name.to_owned(),
            detail: detail.into(),
        });
    }

    fn root(&mut self, rule: &BodyRule, tape: &Tape) {
        let Some(view) = tape.root() else { return };
        match rule {
            BodyRule::Object {
                slot: None,
                fields: _,
                nullable,
            } if view.is_hollow() => {
                if !nullable {
                    self.fault("", "must be an object");
                }
            }
            rule => self.value(rule, view, true, &mut String::new()),
        }
    }

    fn value(&mut self, rule: &BodyRule, view: View<'_>, required: bool, name: &mut String) {
        match rule {
            BodyRule::Any => {}
            BodyRule::Scalar {
                slot,
                rules,
                nullable,
            } => self.scalar(rules, view.value(*slot), *nullable, required, name),
            BodyRule::Object {
                slot,
                fields,
                nullable,
            } => {
                if let Some(slot) = slot {
                    match view.value(*slot).map(|raw| raw.kind()) {
                        None if required => return self.fault(name, "is required"),
                        Some(JsonKind::Null) if !nullable => {
                            return self.fault(name, "must not be null");
                        }
                        None | Some(JsonKind::Null) => return,
                        Some(JsonKind::Object) => {}
                        Some(_) => return self.fault(name, "must be an object"),
                    }
                }
                for field in *fields {
                    let length = name.len();
                    if length > 0 {
                        name.push('.');
                    }
                    name.push_str(field.name);
                    self.value(&field.rule, view, field.required, name);
                    name.truncate(length);
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
                        self.fault(name, words);
                    }
                    for (at, element_view) in elements.enumerate() {
                        let length = name.len();
                        name.push_str(&format!("[{at}]"));
                        self.element(element, element_view, name);
                        name.truncate(length);
                    }
                }
                None if required && !nullable => self.fault(name, "is required"),
                None => {}
            },
        }
    }

    /// An element of a list, in the frame of its own.
    fn element(&mut self, rule: &BodyRule, view: View<'_>, name: &mut String) {
        match rule {
            BodyRule::Object {
                slot: None,
                nullable,
                ..
            } if view.is_hollow() => {
                if !nullable {
                    self.fault(name, "must be an object");
                }
            }
            rule => self.value(rule, view, true, name),
        }
    }

    fn scalar(
        &mut self,
        rules: &Rules,
        raw: Option<Raw<'_>>,
        nullable: bool,
        required: bool,
        name: &str,
    ) {
        let Some(raw) = raw else {
            if required {
                self.fault(name, "is required");
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
            Some(words) => self.fault(name, words),
            None => {
                if let Err(words) = rules::check_value(rules, &raw.text(), self.patterns) {
                    self.fault(name, words);
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
            if !self
                .faults
                .iter()
                .any(|fault| without_places(&fault.name) == breach.at)
            {
                self.fault(breach.at, words);
            }
        }
    }

    /// Fields that nothing names.
    fn unknown(&mut self, rule: &BodyRule, value: &serde_json::Value, name: &mut String) {
        let length = name.len();
        match (rule, value) {
            (BodyRule::Object { fields, .. }, serde_json::Value::Object(members)) => {
                for (key, member) in members {
                    if length > 0 {
                        name.push('.');
                    }
                    name.push_str(key);
                    match fields.iter().find(|field| field.name == key) {
                        Some(field) => self.unknown(&field.rule, member, name),
                        None => self.fault(name, "is not known here"),
                    }
                    name.truncate(length);
                }
            }
            (BodyRule::List { element, .. }, serde_json::Value::Array(items)) => {
                for (at, item) in items.iter().enumerate() {
                    name.push_str(&format!("[{at}]"));
                    self.unknown(element, item, name);
                    name.truncate(length);
                }
            }
            _ => {}
        }
    }
}

/// `items[2].qty` as a contract writes it: `items[].qty`.
fn without_places(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut inside = false;
    for c in name.chars() {
        match c {
            '[' => inside = true,
            ']' => inside = false,
            _ if inside => continue,
            _ => {}
        }
        out.push(c);
    }
    out
}
