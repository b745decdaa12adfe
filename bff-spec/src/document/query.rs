//! JSONPath (RFC 9535) over a tree with places: which values of a document a query selects.
//!
//! In comes a query's text, out come positions in a document, in document order and each once. A query that is wrong
//! says where; one that would look at too much says so. Nothing is changed here.

mod parse;
mod select;
#[cfg(test)]
mod tests;

use super::{Data, Node};

/// A query that was read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Query {
    /// Whether it starts at the document (`$`), not at the value a filter looks at (`@`).
    absolute: bool,
    segments: Vec<Segment>,
}

/// What is wrong with a query's text, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) message: String,
    /// A byte of the text.
    pub(crate) at: usize,
}

/// A query would look at more values than is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMuch;

/// Where a value is: the position of each entry or element on the way to it.
pub(crate) type Location = Vec<usize>;

#[derive(Debug, Clone, PartialEq)]
struct Segment {
    /// `..`: of the value itself and everything below it.
    descend: bool,
    selectors: Vec<Selector>,
}

#[derive(Debug, Clone, PartialEq)]
enum Selector {
    Name(String),
    Wildcard,
    Index(i64),
    Slice {
        start: Option<i64>,
        end: Option<i64>,
        step: i64,
    },
    Filter(Test),
}

/// What a filter asks of each value.
#[derive(Debug, Clone, PartialEq)]
enum Test {
    Any(Vec<Test>),
    All(Vec<Test>),
    Not(Box<Test>),
    Exists(Query),
    Compare(Operand, Comparison, Operand),
    /// `match` (the whole text) or `search` (any part of it).
    Matches {
        whole: bool,
        text: Operand,
        pattern: Operand,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq)]
enum Operand {
    Null,
    Boolean(bool),
    Number(f64),
    Text(String),
    /// A query that selects one value at most; or `value(…)` of any.
    Query(Query),
    /// `length(…)`
    Length(Box<Operand>),
    /// `count(…)`
    Count(Query),
}

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// Says what is wrong and where.
    pub(crate) fn parse(text: &str) -> Result<Query, Wrong> {
        parse::query(text)
    }

    /// What it selects in a document, in the document's order, each value once.
    ///
    /// # Errors
    /// If it would look at more than is allowed.
    pub(crate) fn select(&self, document: &Node) -> Result<Vec<Location>, TooMuch> {
        select::locations(self, document)
    }

    /// Where it selects nothing: the first name that isn't there, and the names that are there instead.
    pub(crate) fn missing(&self, document: &Node) -> Option<(String, Vec<String>)> {
        for count in 0..self.segments.len() {
            let (before, rest) = self.segments.split_at_checked(count)?;
            let part = Query {
                absolute: true,
                segments: before.to_vec(),
            };
            let found = select::nodes(&part, document).ok()?;
            let [Segment { selectors, .. }, ..] = rest else {
                return None;
            };
            let [Selector::Name(name)] = selectors.as_slice() else {
                continue;
            };
            let has = |node: &&Node| node.get(name).is_some();
            if !found.is_empty() && !found.iter().any(has) {
                let maps = found.iter().filter_map(|node| node.as_map());
                let keys = maps.flatten().map(|(key, _)| key.text.clone());
                return Some((name.clone(), keys.collect()));
            }
        }
        None
    }
}

/// The value at a location.
pub(crate) fn at_mut<'n>(document: &'n mut Node, location: &[usize]) -> Option<&'n mut Node> {
    let mut node = document;
    for position in location {
        node = match &mut node.data {
            Data::Scalar(_) => return None,
            Data::List(items) => items.get_mut(*position)?,
            Data::Map(entries) => entries.get_mut(*position).map(|(_, value)| value)?,
        };
    }
    Some(node)
}
