//! JSON as a type has it, and as it hasn't: what upstreams answer.

use std::fmt::Write;

use bff_spec::contract::{Kind, Type, TypeId, Types};

use crate::dice::Dice;

/// How far an answer goes in; deeper, lists are empty and what may be left out is.
const DEEP: usize = 7;

/// How many bytes are enough.
const LONG: usize = 60_000;

/// A JSON text of this type; one value in `wrong` isn't what the type says (never, for 0).
pub(crate) fn json(types: &Types, ty: TypeId, wrong: usize, dice: &mut Dice) -> String {
    let mut maker = Maker {
        types,
        wrong,
        dice,
        out: String::new(),
    };
    maker.value(ty, 0);
    maker.out
}

struct Maker<'a> {
    types: &'a Types,
    wrong: usize,
    dice: &'a mut Dice,
    out: String,
}

impl Maker<'_> {
    fn value(&mut self, ty: TypeId, depth: usize) {
        let types = self.types;
        let ty = types.get(ty);
        if self.wrong > 0 && self.dice.one_in(self.wrong) {
            let other = [
                "null",
                "1",
                "\"x\"",
                "[]",
                "{}",
                "true",
                "[[1]]",
                "{\"a\":{}}",
                "-0.5e3",
                "\"\\u0041\\\"\"",
            ];
            let at = self.dice.below(other.len());
            self.out.push_str(other[at]);
            return;
        }
        if ty.nullable && self.dice.one_in(4) {
            self.out.push_str("null");
            return;
        }
        if let Some(value) = self.dice.pick(&ty.one_of) {
            self.out.push_str(value);
            return;
        }
        self.kind(ty, &ty.kind, depth);
    }

    fn kind(&mut self, ty: &Type, kind: &Kind, depth: usize) {
        match kind {
            Kind::Null => self.out.push_str("null"),
            Kind::Any => self
                .out
                .push_str(["{\"any\":[1,{}]}", "\"any\"", "7"][self.dice.below(3)]),
            Kind::Boolean => self.out.push_str(["true", "false"][self.dice.below(2)]),
            Kind::Integer => {
                let number = self.dice.below(30);
                let _ = write!(self.out, "{number}");
            }
            Kind::Number => self
                .out
                .push_str(["1.50", "20", "-3e2"][self.dice.below(3)]),
            Kind::String => {
                let text = match ty.format.as_deref() {
                    Some("date-time") => "2026-01-02T03:04:05Z",
                    Some("date") => "2026-01-02",
                    Some("uuid") => "00000000-0000-4000-8000-000000000000",
                    _ => ["a", "b", "c", "", "ü \\u00e9 \\\"x\\\"", "10"][self.dice.below(6)],
                };
                let _ = write!(self.out, "\"{text}\"");
            }
            Kind::Scalars(kinds) => {
                let at = self.dice.below(kinds.len());
                self.kind(ty, &kinds[at], depth);
            }
            Kind::List(inner) => {
                let deep = depth > DEEP || self.out.len() > LONG;
                let count = if deep { 0 } else { self.dice.below(4) };
                self.out.push('[');
                for i in 0..count {
                    self.out.push_str(if i > 0 { "," } else { "" });
                    self.value(*inner, depth + 1);
                }
                self.out.push(']');
            }
            Kind::Object(object) => {
                self.out.push('{');
                let mut first = true;
                for (name, field) in &object.fields {
                    let deep = depth > DEEP || self.out.len() > LONG;
                    let left_out = field.write_only
                        || (!field.required && (deep || self.dice.one_in(3)))
                        || (self.wrong > 0 && self.dice.one_in(self.wrong));
                    if left_out || depth > 2 * DEEP {
                        continue;
                    }
                    self.key(name, &mut first);
                    self.value(field.ty, depth + 1);
                }
                if let Some(rest) = object.rest {
                    for name in ["en", "x y", "a"].iter().take(self.dice.below(3)) {
                        if depth <= DEEP {
                            self.key(name, &mut first);
                            self.value(rest, depth + 1);
                        }
                    }
                }
                if self.dice.one_in(5) {
                    self.key("not documented", &mut first);
                    self.out.push_str("{\"deep\":[1,[2,{}]]}");
                }
                self.out.push('}');
            }
            Kind::Variants(variants) => match self.dice.pick(&variants.members) {
                Some(member) if depth <= 2 * DEEP => self.value(member.ty, depth + 1),
                _ => self.out.push_str("null"),
            },
        }
    }

    fn key(&mut self, name: &str, first: &mut bool) {
        if !std::mem::take(first) {
            self.out.push(',');
        }
        let name = serde_json::Value::String(name.to_owned());
        let _ = write!(self.out, "{name}:");
    }
}

/// Bytes that are no JSON, or not all of one.
pub(crate) fn broken(json: &str, dice: &mut Dice) -> Vec<u8> {
    let mut bytes = json.as_bytes().to_vec();
    match dice.below(4) {
        0 => bytes.truncate(dice.below(bytes.len() + 1)),
        1 if !bytes.is_empty() => {
            let at = dice.below(bytes.len());
            bytes[at] = u8::try_from(dice.below(256)).unwrap();
        }
        2 => bytes.clear(),
        _ => bytes.extend_from_slice(b"]"),
    }
    bytes
}
