//! Keywords that all apply to one value, brought together: kinds and values intersect, bounds tighten, fields add up.

use std::collections::{BTreeSet, HashSet};

use indexmap::IndexMap;

use super::flatten::{Extent, Part};
use super::load::Version;
use super::reference::At;
use super::{Bounds, Limit};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::document::{Core, Data, Node, Style};

/// What a value may be in JSON, whole numbers apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum JsonKind {
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

/// What several schemas say together.
#[derive(Default)]
pub(super) struct Facts<'d> {
    /// The kinds it may be, without null; none: nothing is said.
    pub(super) kinds: Option<BTreeSet<JsonKind>>,
    /// Whether it may be null.
    pub(super) nullable: bool,
    /// Whether null is the only value of an enum.
    pub(super) only_null: bool,
    /// Fields, each with all schemas that apply to it and the place of its key.
    pub(super) fields: IndexMap<&'d str, (Vec<At<'d>>, Place)>,
    /// Fields that must be there.
    pub(super) required: HashSet<&'d str>,
    /// Schemas of other fields.
    pub(super) rest: Vec<At<'d>>,
    /// `additionalProperties: true`, or a schema that says nothing.
    pub(super) open: bool,
    /// `additionalProperties: false`
    pub(super) closed: bool,
    /// Schemas under `patternProperties`.
    pub(super) patterns: Vec<At<'d>>,
    /// Schemas of a list's elements.
    pub(super) items: Vec<At<'d>>,
    /// Schemas of a list's first elements.
    pub(super) first_items: Vec<At<'d>>,
    /// `enum` and `const`: JSON text, without null; none: nothing is said.
    pub(super) values: Option<Vec<String>>,
    pub(super) bounds: Bounds,
    pub(super) format: Option<String>,
    pub(super) description: Option<String>,
    pub(super) default: Option<String>,
    pub(super) example: Option<String>,
    pub(super) sensitive: bool,
    /// What is wrong.
    pub(super) faults: Vec<Diagnostic>,
}

/// Keywords that change what a value may be and aren't followed, and what that means.
const LEFT_OUT: &[(&str, &str)] = &[
    ("$dynamicRef", "any value is taken to stand there"),
    ("$recursiveRef", "any value is taken to stand there"),
    ("dependentSchemas", "the fields it adds are not known"),
    ("else", "the fields it adds are not known"),
    ("then", "the fields it adds are not known"),
    ("not", "values it rules out are let through"),
];

impl<'d> Facts<'d> {
    /// What the schemas say together. `roots` are those the value was asked for by: their `nullable` decides alone.
    pub(super) fn of(own: &[Part<'d>], roots: &HashSet<usize>, version: Version) -> Facts<'d> {
        let mut facts = Facts::default();
        let mut decided = false;
        let mut nulls = Vec::new();
        for part in own {
            let node = part.at.node;
            let swagger = version == Version::V20;
            let nullable = is_true(node, "nullable") || swagger && is_true(node, "x-nullable");
            decided |=
                nullable && (part.extent == Extent::Beside || roots.contains(&part.at.address()));
            facts.annotate(node);
            if part.extent == Extent::Beside {
                continue;
            }
            let (typed, type_null) = facts.kinds(node, swagger);
            let value_null = facts.values(node);
            if typed || value_null.is_some() {
                nulls.push(nullable || type_null || value_null == Some(true));
            }
            facts.fields(part.at);
            facts.elements(part.at);
            facts.bounds(node);
            facts.left_out(node);
        }
        facts.nullable = decided || (!nulls.is_empty() && nulls.iter().all(|null| *null));
        facts.infer();
        facts
    }

    fn annotate(&mut self, node: &Node) {
        let text = |key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
        let json = |key: &str| node.get(key).map(Node::json_text);
        // What stands beside a `$ref` or an `allOf` comes after what it leads to, and is nearer to the value.
        self.description = text("description").or(self.description.take());
        self.default = json("default").or(self.default.take());
        let example = json("example").or_else(|| {
            let examples = node.get("examples")?.as_list()?;
            examples.first().map(Node::json_text)
        });
        self.example = example.or(self.example.take());
        self.format = text("format").or(self.format.take());
        self.sensitive |=
            is_true(node, "x-sensitive") || self.format.as_deref() == Some("password");
    }

    /// Reads `type`: whether it says anything, and whether null is among it.
    fn kinds(&mut self, node: &Node, swagger: bool) -> (bool, bool) {
        let Some((key, value)) = node.entry("type") else {
            return (false, false);
        };
        let one = std::slice::from_ref(value);
        let mut kinds = BTreeSet::new();
        let mut null = false;
        for word in value.as_list().unwrap_or(one) {
            match word.as_str() {
                Some("boolean") => kinds.insert(JsonKind::Boolean),
                Some("integer") => kinds.insert(JsonKind::Integer),
                Some("number") => kinds.insert(JsonKind::Number),
                Some("string") => kinds.insert(JsonKind::String),
                Some("file") if swagger => kinds.insert(JsonKind::String),
                Some("array") => kinds.insert(JsonKind::Array),
                Some("object") => kinds.insert(JsonKind::Object),
                Some("null") => {
                    null = true;
                    false
                }
                _ => {
                    let text = word.as_str().unwrap_or(word.describe());
                    let message = format!("OpenAPI has no type `{text}`; any value is taken");
                    let fault = Diagnostic::new(Code::ContractUnknown, word.place, message);
                    self.faults.push(fault);
                    return (false, false);
                }
            };
        }
        if kinds.contains(&JsonKind::Number) {
            kinds.remove(&JsonKind::Integer);
        }
        self.kinds = Some(match self.kinds.take() {
            None => kinds,
            Some(before) => {
                let both = intersection(&before, &kinds);
                if both.is_empty() && !(before.is_empty() && kinds.is_empty()) {
                    let message = format!(
                        "schemas that all apply here contradict each other: one says {}, another {}",
                        words(&before),
                        words(&kinds)
                    );
                    let fault =
                        Diagnostic::new(Code::ContractSchema, key.place.to(value.place), message);
                    self.faults.push(fault);
                    kinds
                } else {
                    both
                }
            }
        });
        (true, null)
    }

    /// Reads `enum` and `const`: whether null is among them, if there are any.
    fn values(&mut self, node: &Node) -> Option<bool> {
        let text_only = node.get("type").and_then(Node::as_str) == Some("string");
        let (place, given): (Place, &[Node]) = match (node.get("const"), node.get("enum")) {
            (Some(value), _) => (value.place, std::slice::from_ref(value)),
            (None, Some(values)) => (values.place, values.as_list()?),
            (None, None) => return None,
        };
        let null = given.iter().any(Node::is_null);
        if given.iter().any(|value| value.as_scalar().is_none()) {
            return Some(null);
        }
        let mut values: Vec<String> = Vec::new();
        for value in given.iter().filter(|value| !value.is_null()) {
            // `enum: [1.0, 2.0]` of strings is meant as text.
            let text = match value.core() {
                Some(Core::Int(_) | Core::Float(_) | Core::Bool(_)) if text_only => {
                    serde_json::Value::from(value.as_str().unwrap_or_default()).to_string()
                }
                _ => value.json_text(),
            };
            if !values.contains(&text) {
                values.push(text);
            }
        }
        if values.is_empty() && null {
            self.only_null = true;
            return Some(true);
        }
        self.values = Some(match self.values.take() {
            None => values,
            Some(before) => {
                let both: Vec<String> = before.into_iter().filter(|v| values.contains(v)).collect();
                if both.is_empty() {
                    let message =
                        "schemas that all apply here leave no value: their enums share none";
                    self.faults
                        .push(Diagnostic::new(Code::ContractSchema, place, message));
                }
                both
            }
        });
        Some(null)
    }

    fn fields(&mut self, at: At<'d>) {
        let node = at.node;
        for (key, value) in node
            .get("properties")
            .and_then(Node::as_map)
            .unwrap_or_default()
        {
            if value.as_bool() == Some(false) {
                continue;
            }
            let field = self
                .fields
                .entry(&key.text)
                .or_insert((Vec::new(), key.place));
            field.0.push(at.with(value));
        }
        for name in node
            .get("required")
            .and_then(Node::as_list)
            .unwrap_or_default()
        {
            self.required.extend(name.as_str());
        }
        if let Some(rest) = node.get("additionalProperties") {
            match (rest.as_bool(), rest.as_map()) {
                (Some(false), _) => self.closed = true,
                (Some(true), _) => self.open = true,
                (None, Some([])) => self.open = true,
                (None, Some(_)) => self.rest.push(at.with(rest)),
                (None, None) => {}
            }
        }
        let patterns = node.get("patternProperties").and_then(Node::as_map);
        self.patterns.extend(
            patterns
                .unwrap_or_default()
                .iter()
                .map(|(_, value)| at.with(value)),
        );
    }

    fn elements(&mut self, at: At<'d>) {
        let first = at.node.get("prefixItems").and_then(Node::as_list);
        self.first_items
            .extend(first.unwrap_or_default().iter().map(|node| at.with(node)));
        match at.node.get("items").map(|items| (items, &items.data)) {
            Some((_, Data::List(items))) => {
                self.first_items
                    .extend(items.iter().map(|node| at.with(node)));
            }
            Some((items, Data::Map(_))) => self.items.push(at.with(items)),
            Some((_, Data::Scalar(_))) | None => {}
        }
    }

    fn bounds(&mut self, node: &Node) {
        let bounds = &mut self.bounds;
        tighten(
            &mut bounds.minimum,
            limit(node, "minimum", "exclusiveMinimum"),
            |new, old| new > old,
        );
        tighten(
            &mut bounds.maximum,
            limit(node, "maximum", "exclusiveMaximum"),
            |new, old| new < old,
        );
        let count = |key: &str| node.get(key).and_then(Node::as_u64);
        let larger = |old: Option<u64>, key: &str| old.max(count(key));
        let smaller = |old: Option<u64>, key: &str| match (old, count(key)) {
            (Some(old), Some(new)) => Some(old.min(new)),
            (old, new) => old.or(new),
        };
        bounds.min_length = larger(bounds.min_length, "minLength");
        bounds.max_length = smaller(bounds.max_length, "maxLength");
        bounds.min_items = larger(bounds.min_items, "minItems");
        bounds.max_items = smaller(bounds.max_items, "maxItems");
        if let Some(pattern) = node.get("pattern").and_then(Node::as_str) {
            bounds.pattern.get_or_insert_with(|| pattern.to_owned());
        }
    }

    fn left_out(&mut self, node: &Node) {
        for (word, effect) in LEFT_OUT {
            if let Some((key, _)) = node.entry(word) {
                let message = format!("`{word}` is not followed: {effect}");
                self.faults
                    .push(Diagnostic::new(Code::ContractLeftOut, key.place, message));
            }
        }
    }

    /// What the kind must be, where no `type` says so.
    fn infer(&mut self) {
        if self.kinds.is_some() {
            return;
        }
        let object = !self.fields.is_empty()
            || !self.rest.is_empty()
            || !self.patterns.is_empty()
            || self.open
            || self.closed;
        let list = !self.items.is_empty() || !self.first_items.is_empty();
        self.kinds = match &self.values {
            Some(values) => {
                let mut kinds: BTreeSet<JsonKind> =
                    values.iter().map(|value| kind_of(value)).collect();
                if kinds.contains(&JsonKind::Number) {
                    kinds.remove(&JsonKind::Integer);
                }
                Some(kinds)
            }
            None if object => Some(BTreeSet::from([JsonKind::Object])),
            None if list => Some(BTreeSet::from([JsonKind::Array])),
            None => None,
        };
    }
}

/// Whether a key is there and true.
pub(super) fn is_true(node: &Node, key: &str) -> bool {
    node.get(key).and_then(Node::as_bool) == Some(true)
}

/// The kind of a scalar's JSON text.
fn kind_of(json: &str) -> JsonKind {
    match json.bytes().next() {
        Some(b'"') => JsonKind::String,
        Some(b't' | b'f') => JsonKind::Boolean,
        _ if json.contains(['.', 'e', 'E']) => JsonKind::Number,
        _ => JsonKind::Integer,
    }
}

/// What is in both; a whole number is a number too.
fn intersection(a: &BTreeSet<JsonKind>, b: &BTreeSet<JsonKind>) -> BTreeSet<JsonKind> {
    let has = |set: &BTreeSet<JsonKind>, kind: JsonKind| {
        set.contains(&kind) || kind == JsonKind::Integer && set.contains(&JsonKind::Number)
    };
    let both = a.union(b).copied();
    both.filter(|kind| has(a, *kind) && has(b, *kind)).collect()
}

fn words(kinds: &BTreeSet<JsonKind>) -> String {
    let word = |kind: &JsonKind| match kind {
        JsonKind::Boolean => "boolean",
        JsonKind::Integer => "integer",
        JsonKind::Number => "number",
        JsonKind::String => "string",
        JsonKind::Array => "array",
        JsonKind::Object => "object",
    };
    match kinds.len() {
        0 => "null".to_owned(),
        _ => kinds.iter().map(word).collect::<Vec<_>>().join(" or "),
    }
}

/// A numeric bound in either version's writing: 3.0 has a flag beside it, 3.1 a bound of its own.
fn limit(node: &Node, inclusive: &str, exclusive: &str) -> Option<Limit> {
    let number = |key: &str| {
        let scalar = node.get(key)?.as_scalar()?;
        let quoted = scalar.style != Style::Plain;
        scalar
            .json_number()
            .filter(|_| !quoted)
            .map(|n| n.into_owned())
    };
    let flag = is_true(node, exclusive);
    let inside = number(inclusive).map(|value| Limit {
        value,
        exclusive: flag,
    });
    let outside = number(exclusive).map(|value| Limit {
        value,
        exclusive: true,
    });
    match (inside, outside) {
        (Some(inside), Some(outside)) => {
            let minimum = inclusive == "minimum";
            let stricter = if minimum {
                float(&outside) >= float(&inside)
            } else {
                float(&outside) <= float(&inside)
            };
            Some(if stricter { outside } else { inside })
        }
        (inside, outside) => inside.or(outside),
    }
}

fn tighten(old: &mut Option<Limit>, new: Option<Limit>, stricter: impl Fn(f64, f64) -> bool) {
    let Some(new) = new else { return };
    let replace = match old {
        None => true,
        Some(old) => {
            let (n, o) = (float(&new), float(old));
            stricter(n, o) || n == o && new.exclusive
        }
    };
    if replace {
        *old = Some(new);
    }
}

fn float(limit: &Limit) -> f64 {
    limit.value.parse().unwrap_or(0.0)
}
