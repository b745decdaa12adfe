//! YAML 1.2's core schema: what a plain scalar is, and how it reads as JSON.

use std::borrow::Cow;

use super::{Data, Node, Scalar, Style};

/// What the core schema makes of a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Core<'a> {
    /// `null`, `~`, or nothing.
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A whole number of any size, as it is written: perhaps with a `+`, in hexadecimal (`0x`) or octal (`0o`).
    Int(&'a str),
    /// A number with a point or exponent, as it is written; `.inf` and `.nan` too.
    Float(&'a str),
    /// Text.
    Str(&'a str),
}

impl Scalar {
    /// What the core schema makes of it: only plain scalars are ever more than text.
    #[must_use]
    pub fn core(&self) -> Core<'_> {
        let text = self.text.as_str();
        if self.style != Style::Plain {
            return Core::Str(text);
        }
        match text {
            "" | "~" | "null" | "Null" | "NULL" => Core::Null,
            "true" | "True" | "TRUE" => Core::Bool(true),
            "false" | "False" | "FALSE" => Core::Bool(false),
            _ if is_int(text) => Core::Int(text),
            _ if is_float(text) => Core::Float(text),
            _ => Core::Str(text),
        }
    }

    /// It as a JSON number, with every digit it was written with; none where JSON has no such number.
    #[must_use]
    pub fn json_number(&self) -> Option<Cow<'_, str>> {
        match self.core() {
            Core::Int(text) => int_text(text),
            Core::Float(text) => float_text(text),
            Core::Null | Core::Bool(_) | Core::Str(_) => None,
        }
    }
}

impl Node {
    /// A whole number that isn't negative, if it is one.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match self.core()? {
            Core::Int(_) => self.as_scalar()?.json_number()?.parse().ok(),
            _ => None,
        }
    }

    /// It as JSON text, without spaces; numbers keep their digits, what JSON can't say (`.nan`) is text.
    #[must_use]
    pub fn json_text(&self) -> String {
        let mut out = String::new();
        self.write_json(&mut out);
        out
    }

    /// It as a JSON value. Whole numbers beyond 64 bits become floating point; [`Node::json_text`] keeps them.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value;
        match &self.data {
            Data::List(items) => Value::Array(items.iter().map(Node::to_json).collect()),
            Data::Map(entries) => Value::Object(
                entries
                    .iter()
                    .map(|(key, value)| (key.text.clone(), value.to_json()))
                    .collect(),
            ),
            Data::Scalar(scalar) => match scalar.core() {
                Core::Null => Value::Null,
                Core::Bool(value) => Value::Bool(value),
                Core::Str(text) => Value::String(text.to_owned()),
                Core::Int(text) | Core::Float(text) => scalar
                    .json_number()
                    .and_then(|number| serde_json::from_str(&number).ok())
                    .unwrap_or_else(|| Value::String(text.to_owned())),
            },
        }
    }

    fn write_json(&self, out: &mut String) {
        match &self.data {
            Data::List(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    item.write_json(out);
                }
                out.push(']');
            }
            Data::Map(entries) => {
                out.push('{');
                for (i, (key, value)) in entries.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    write_string(&key.text, out);
                    out.push(':');
                    value.write_json(out);
                }
                out.push('}');
            }
            Data::Scalar(scalar) => match scalar.core() {
                Core::Null => out.push_str("null"),
                Core::Bool(true) => out.push_str("true"),
                Core::Bool(false) => out.push_str("false"),
                Core::Str(text) => write_string(text, out),
                Core::Int(text) | Core::Float(text) => match scalar.json_number() {
                    Some(number) => out.push_str(&number),
                    None => write_string(text, out),
                },
            },
        }
    }
}

/// Appends text as a JSON string.
fn write_string(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

fn is_int(text: &str) -> bool {
    if let Some(digits) = text.strip_prefix("0x") {
        return !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return !digits.is_empty() && digits.bytes().all(|b| (b'0'..=b'7').contains(&b));
    }
    let digits = unsigned(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

fn is_float(text: &str) -> bool {
    let rest = unsigned(text);
    if matches!(rest, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(unsigned(exponent))),
        None => (rest, None),
    };
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|e| !e.is_empty() && digits(e))
}

/// Without its sign.
fn unsigned(text: &str) -> &str {
    text.strip_prefix(['-', '+']).unwrap_or(text)
}

fn int_text(text: &str) -> Option<Cow<'_, str>> {
    let radix = [("0x", 16), ("0o", 8)]
        .into_iter()
        .find_map(|(prefix, radix)| text.strip_prefix(prefix).map(|digits| (digits, radix)));
    if let Some((digits, radix)) = radix {
        return u128::from_str_radix(digits, radix)
            .ok()
            .map(|n| Cow::Owned(n.to_string()));
    }
    let digits = unsigned(text);
    let significant = match digits.trim_start_matches('0') {
        "" => "0",
        significant => significant,
    };
    let negative = text.starts_with('-');
    if significant.len() == digits.len() && !text.starts_with('+') {
        return Some(Cow::Borrowed(text));
    }
    Some(Cow::Owned(if negative {
        format!("-{significant}")
    } else {
        significant.to_owned()
    }))
}

fn float_text(text: &str) -> Option<Cow<'_, str>> {
    if text.ends_with(['f', 'F', 'n', 'N']) {
        return None;
    }
    let rest = unsigned(text);
    let split = rest.find(['e', 'E']).unwrap_or(rest.len());
    let (mantissa, exponent) = rest.split_at(split);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        significant => significant,
    };
    let mut number = String::new();
    if text.starts_with('-') {
        number.push('-');
    }
    number.push_str(whole);
    if !fraction.is_empty() {
        number.push('.');
        number.push_str(fraction);
    }
    number.push_str(exponent);
    Some(if number == text {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(number)
    })
}
