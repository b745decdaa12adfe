//! A query's values in a document, found by walking it.

use std::cell::Cell;
use std::cmp::Ordering;

use regex::{Regex, RegexBuilder};

use super::{Comparison, Location, Operand, Query, Selector, Test, TooMuch};
use crate::document::{Core, Data, Node};

/// How many values one query may look at, each as often as it does.
const MAX_LOOKS: usize = 5_000_000;

/// How large a regular expression may become.
const MAX_REGEX: usize = 1 << 20;

pub(super) fn locations(query: &Query, document: &Node) -> Result<Vec<Location>, TooMuch> {
    let walk = Walk {
        document,
        looks: Cell::new(MAX_LOOKS),
    };
    let found = walk.query(query, document)?;
    let mut locations: Vec<Location> = found.into_iter().map(|found| found.location).collect();
    locations.sort();
    locations.dedup();
    Ok(locations)
}

/// The values themselves.
pub(super) fn nodes<'n>(query: &Query, document: &'n Node) -> Result<Vec<&'n Node>, TooMuch> {
    let walk = Walk {
        document,
        looks: Cell::new(MAX_LOOKS),
    };
    let found = walk.query(query, document)?;
    Ok(found.into_iter().map(|found| found.node).collect())
}

/// A regular expression of RFC 9485, for a whole text or any part of it.
pub(super) fn regex(pattern: &str, whole: bool) -> Option<Regex> {
    let pattern = match whole {
        true => format!("^(?:{pattern})$"),
        false => pattern.to_owned(),
    };
    let mut builder = RegexBuilder::new(&pattern);
    builder.crlf(true).size_limit(MAX_REGEX).build().ok()
}

#[derive(Clone)]
struct Found<'n> {
    node: &'n Node,
    location: Location,
}

impl<'n> Found<'n> {
    fn child(&self, position: usize, node: &'n Node) -> Found<'n> {
        let mut location = self.location.clone();
        location.push(position);
        Found { node, location }
    }

    fn children(&self) -> Vec<Found<'n>> {
        match &self.node.data {
            Data::Scalar(_) => Vec::new(),
            Data::List(items) => {
                let items = items.iter().enumerate();
                items.map(|(i, item)| self.child(i, item)).collect()
            }
            Data::Map(entries) => {
                let entries = entries.iter().enumerate();
                entries
                    .map(|(i, (_, value))| self.child(i, value))
                    .collect()
            }
        }
    }
}

/// What one side of a comparison is.
enum Value<'n> {
    Nothing,
    Null,
    Boolean(bool),
    Number(f64),
    Text(String),
    Node(&'n Node),
}

struct Walk<'n> {
    document: &'n Node,
    looks: Cell<usize>,
}

impl<'n> Walk<'n> {
    fn look(&self, at: usize) -> Result<(), TooMuch> {
        let left = self.looks.get().checked_sub(at).ok_or(TooMuch)?;
        self.looks.set(left);
        Ok(())
    }

    fn query(&self, query: &Query, current: &'n Node) -> Result<Vec<Found<'n>>, TooMuch> {
        let start = if query.absolute {
            self.document
        } else {
            current
        };
        let mut found = vec![Found {
            node: start,
            location: Vec::new(),
        }];
        for segment in &query.segments {
            let mut next = Vec::new();
            for at in found {
                if segment.descend {
                    let mut open = vec![at];
                    while let Some(at) = open.pop() {
                        self.selected(&segment.selectors, &at, &mut next)?;
                        let mut children = at.children();
                        self.look(children.len())?;
                        children.reverse();
                        open.extend(children);
                    }
                } else {
                    self.selected(&segment.selectors, &at, &mut next)?;
                }
            }
            found = next;
        }
        Ok(found)
    }

    fn selected(
        &self,
        selectors: &[Selector],
        at: &Found<'n>,
        out: &mut Vec<Found<'n>>,
    ) -> Result<(), TooMuch> {
        for selector in selectors {
            self.look(1)?;
            match selector {
                Selector::Name(name) => {
                    let entries = at.node.as_map().unwrap_or_default();
                    let position = entries.iter().position(|(key, _)| key.text == *name);
                    if let Some((i, (_, value))) = position.and_then(|i| Some((i, entries.get(i)?)))
                    {
                        out.push(at.child(i, value));
                    }
                }
                Selector::Wildcard => {
                    let children = at.children();
                    self.look(children.len())?;
                    out.extend(children);
                }
                Selector::Index(index) => {
                    let items = at.node.as_list().unwrap_or_default();
                    let position = from_start(*index, items.len());
                    if let Some((i, item)) = position.and_then(|i| Some((i, items.get(i)?))) {
                        out.push(at.child(i, item));
                    }
                }
                Selector::Slice { start, end, step } => {
                    let items = at.node.as_list().unwrap_or_default();
                    self.look(items.len())?;
                    for i in slice(*start, *end, *step, items.len()) {
                        out.extend(items.get(i).map(|item| at.child(i, item)));
                    }
                }
                Selector::Filter(test) => {
                    for child in at.children() {
                        self.look(1)?;
                        if self.holds(test, child.node)? {
                            out.push(child);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn holds(&self, test: &Test, current: &'n Node) -> Result<bool, TooMuch> {
        match test {
            Test::Any(tests) => {
                for test in tests {
                    if self.holds(test, current)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Test::All(tests) => {
                for test in tests {
                    if !self.holds(test, current)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Test::Not(test) => Ok(!self.holds(test, current)?),
            Test::Exists(query) => Ok(!self.query(query, current)?.is_empty()),
            Test::Compare(left, comparison, right) => {
                let left = self.value(left, current)?;
                let right = self.value(right, current)?;
                Ok(compare(&left, *comparison, &right))
            }
            Test::Matches {
                whole,
                text,
                pattern,
            } => {
                let text = self.value(text, current)?;
                let pattern = self.value(pattern, current)?;
                let (Some(text), Some(pattern)) = (as_text(&text), as_text(&pattern)) else {
                    return Ok(false);
                };
                self.look(text.len() + pattern.len())?;
                Ok(regex(pattern, *whole).is_some_and(|regex| regex.is_match(text)))
            }
        }
    }

    fn value(&self, operand: &Operand, current: &'n Node) -> Result<Value<'n>, TooMuch> {
        Ok(match operand {
            Operand::Null => Value::Null,
            Operand::Boolean(value) => Value::Boolean(*value),
            Operand::Number(value) => Value::Number(*value),
            Operand::Text(text) => Value::Text(text.clone()),
            Operand::Query(query) => match self.query(query, current)?.as_slice() {
                [only] => of_node(only.node),
                _ => Value::Nothing,
            },
            Operand::Count(query) => count(self.query(query, current)?.len()),
            Operand::Length(operand) => match self.value(operand, current)? {
                Value::Text(text) => count(text.chars().count()),
                Value::Node(node) => match &node.data {
                    Data::List(items) => count(items.len()),
                    Data::Map(entries) => count(entries.len()),
                    Data::Scalar(_) => Value::Nothing,
                },
                _ => Value::Nothing,
            },
        })
    }
}

#[allow(clippy::cast_precision_loss, reason = "no document has 2^53 values")]
fn count(count: usize) -> Value<'static> {
    Value::Number(count as f64)
}

fn of_node(node: &Node) -> Value<'_> {
    match node.core() {
        None => Value::Node(node),
        Some(Core::Null) => Value::Null,
        Some(Core::Bool(value)) => Value::Boolean(value),
        Some(Core::Int(_) | Core::Float(_)) => match node.json_text().parse() {
            Ok(number) => Value::Number(number),
            Err(_) => Value::Text(node.as_str().unwrap_or_default().to_owned()),
        },
        Some(Core::Str(text)) => Value::Text(text.to_owned()),
    }
}

fn as_text<'v>(value: &'v Value<'_>) -> Option<&'v str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

fn compare(left: &Value<'_>, comparison: Comparison, right: &Value<'_>) -> bool {
    let order = match (left, right) {
        (Value::Number(a), Value::Number(b)) => a.partial_cmp(b),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        _ => None,
    };
    let equal = || order.map_or_else(|| same(left, right), |order| order == Ordering::Equal);
    match comparison {
        Comparison::Equal => equal(),
        Comparison::NotEqual => !equal(),
        Comparison::Less => order == Some(Ordering::Less),
        Comparison::Greater => order == Some(Ordering::Greater),
        Comparison::LessOrEqual => equal() || order == Some(Ordering::Less),
        Comparison::GreaterOrEqual => equal() || order == Some(Ordering::Greater),
    }
}

fn same(left: &Value<'_>, right: &Value<'_>) -> bool {
    match (left, right) {
        (Value::Nothing, Value::Nothing) | (Value::Null, Value::Null) => true,
        (Value::Boolean(a), Value::Boolean(b)) => a == b,
        (Value::Node(a), Value::Node(b)) => same_nodes(a, b),
        _ => false,
    }
}

fn same_nodes(left: &Node, right: &Node) -> bool {
    match (&left.data, &right.data) {
        (Data::List(a), Data::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_nodes(a, b))
        }
        (Data::Map(a), Data::Map(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, value)| {
                    right
                        .get(&key.text)
                        .is_some_and(|other| same_nodes(value, other))
                })
        }
        (Data::Scalar(_), Data::Scalar(_)) => {
            compare(&of_node(left), Comparison::Equal, &of_node(right))
        }
        _ => false,
    }
}

/// An index that may count from the end.
fn from_start(index: i64, length: usize) -> Option<usize> {
    let length = i64::try_from(length).ok()?;
    let index = if index < 0 { index + length } else { index };
    usize::try_from(index).ok()
}

/// The positions a slice selects (RFC 9535, section 2.3.4.2).
fn slice(start: Option<i64>, end: Option<i64>, step: i64, length: usize) -> Vec<usize> {
    let Ok(length) = i64::try_from(length) else {
        return Vec::new();
    };
    let normal = |i: i64| if i < 0 { i + length } else { i };
    let mut positions = Vec::new();
    let mut push = |at: i64| positions.extend(usize::try_from(at));
    match step.cmp(&0) {
        Ordering::Equal => {}
        Ordering::Greater => {
            let mut at = normal(start.unwrap_or(0)).clamp(0, length);
            let end = normal(end.unwrap_or(length)).clamp(0, length);
            while at < end {
                push(at);
                at = at.saturating_add(step);
            }
        }
        Ordering::Less => {
            let mut at = start.map_or(length - 1, normal).clamp(-1, length - 1);
            let end = end.map_or(-1, normal).clamp(-1, length - 1);
            while at > end {
                push(at);
                at = at.saturating_add(step);
            }
        }
    }
    positions
}
