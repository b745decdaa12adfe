//! YAML and JSON as a tree in which everything has a place.
//!
//! Maps keep their order. Scalars keep their text, how they were written, and where each part of the text stands in
//! the file, so that a diagnostic inside a block scalar points at the character. What comes in is text; what goes out
//! is a tree no deeper than [`MAX_DEPTH`] and no larger than [`MAX_NODES`], and diagnostics. Nothing here knows what a
//! key means.

mod build;
mod core;
mod help;
mod json;
mod keys;
mod map;
pub(crate) mod query;

pub use self::core::Core;

use crate::diagnostic::{Diagnostic, FileId, Place};

/// How deep a tree may be.
pub const MAX_DEPTH: usize = 200;

/// How many values a tree may hold, with every alias written out.
pub const MAX_NODES: usize = 1_000_000;

/// How much of YAML is welcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Specs: no anchors, aliases, tags, merge keys or duplicate keys.
    Spec,
    /// Contracts: aliases and merge keys are written out, of duplicate keys the last counts; JSON is at home here.
    Contract,
}

/// Reads one YAML or JSON document.
///
/// No tree comes back where the text is no document; where it is one but uses what its dialect doesn't have, both a
/// tree and diagnostics do. An empty document is a null.
#[must_use]
pub fn parse(file: FileId, text: &str, dialect: Dialect) -> (Option<Node>, Vec<Diagnostic>) {
    if dialect == Dialect::Contract && json::looks_like_json(text) {
        return match json::parse(file, text) {
            Ok((node, notes)) => (Some(node), notes),
            Err(json::Refused::Limit(diagnostic)) => (None, vec![*diagnostic]),
            // A map in braces, with comments or bare keys, is YAML all the same.
            Err(json::Refused::Syntax(diagnostic)) => match build::parse(file, text, dialect) {
                (Some(node), notes) => (Some(node), notes),
                (None, _) => (None, vec![*diagnostic]),
            },
        };
    }
    build::parse(file, text, dialect)
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub data: Data,
    /// Where it stands.
    pub place: Place,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// A scalar.
    Scalar(Scalar),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping; keys are unique.
    Map(Vec<(Key, Node)>),
}

/// A mapping's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its text.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

/// A scalar.
#[derive(Debug, Clone, PartialEq)]
pub struct Scalar {
    /// Its text, as YAML understands it.
    pub text: String,
    /// How it was written.
    pub style: Style,
    /// Where its text stands: pairs of an offset in `text` and the offset in the file from which on both run in step.
    /// Ascending in both; the first is for offset 0.
    pub map: Vec<(u32, u32)>,
}

/// How a scalar was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes: the core schema says what it is.
    Plain,
    /// In single quotes.
    Single,
    /// In double quotes.
    Double,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

impl Node {
    /// The scalar, if it is one.
    #[must_use]
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match &self.data {
            Data::Scalar(scalar) => Some(scalar),
            Data::List(_) | Data::Map(_) => None,
        }
    }

    /// The text of a scalar of any kind: `5` and `"5"` alike.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.as_scalar().map(|scalar| scalar.text.as_str())
    }

    /// The elements of a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.data {
            Data::List(items) => Some(items),
            Data::Scalar(_) | Data::Map(_) => None,
        }
    }

    /// The entries of a map, in order.
    #[must_use]
    pub fn as_map(&self) -> Option<&[(Key, Node)]> {
        match &self.data {
            Data::Map(entries) => Some(entries),
            Data::Scalar(_) | Data::List(_) => None,
        }
    }

    /// What the core schema makes of a scalar.
    #[must_use]
    pub fn core(&self) -> Option<Core<'_>> {
        self.as_scalar().map(Scalar::core)
    }

    /// A map's value under a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, value)| value)
    }

    /// A map's key and value.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&(Key, Node)> {
        self.as_map()?.iter().find(|(k, _)| k.text == key)
    }

    /// Whether it is a null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.core() == Some(Core::Null)
    }

    /// `true` or `false`, if it is one of the two.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.core()? {
            Core::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// What it is, for people: `a list`.
    #[must_use]
    pub fn describe(&self) -> &'static str {
        match &self.data {
            Data::List(_) => "a list",
            Data::Map(_) => "a map",
            Data::Scalar(scalar) => match scalar.core() {
                Core::Null => "null",
                Core::Bool(_) => "a boolean",
                Core::Int(_) => "a whole number",
                Core::Float(_) => "a number",
                Core::Str(_) => "text",
            },
        }
    }

    /// How many values it holds, itself included.
    #[must_use]
    pub fn count(&self) -> usize {
        1 + match &self.data {
            Data::Scalar(_) => 0,
            Data::List(items) => items.iter().map(Node::count).sum(),
            Data::Map(entries) => entries.iter().map(|(_, value)| value.count()).sum(),
        }
    }

    /// How many levels it has, itself included.
    #[must_use]
    pub fn depth(&self) -> usize {
        let below = match &self.data {
            Data::Scalar(_) => None,
            Data::List(items) => items.iter().map(Node::depth).max(),
            Data::Map(entries) => entries.iter().map(|(_, value)| value.depth()).max(),
        };
        1 + below.unwrap_or(0)
    }
}

impl Scalar {
    /// Where a byte of its text stands in the file.
    #[must_use]
    pub fn offset(&self, at: usize) -> u32 {
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        let step = self.map.partition_point(|&(text, _)| text <= at);
        match step.checked_sub(1).and_then(|i| self.map.get(i)) {
            Some(&(text, file)) => file.saturating_add(at - text),
            None => at,
        }
    }

    /// Where a stretch of its text stands in the file.
    ///
    /// `place` is that of the scalar's node; nothing outside it comes back.
    #[must_use]
    pub fn place(&self, place: Place, range: std::ops::Range<usize>) -> Place {
        let start = self.offset(range.start).clamp(place.start, place.end);
        let end = self.end(range).clamp(start, place.end);
        Place {
            file: place.file,
            start,
            end,
        }
    }

    /// Where the last character before the end of a stretch ends in the file.
    fn end(&self, range: std::ops::Range<usize>) -> u32 {
        let last = self
            .text
            .get(range.clone())
            .and_then(|text| text.chars().next_back());
        let Some(last) = last else {
            return self.offset(range.start);
        };
        let last = range.end - last.len_utf8();
        // An escape is a character with a pair before and behind; else what follows may stand on another line.
        let pair = |at: usize| {
            self.map
                .binary_search_by_key(&at, |&(t, _)| t as usize)
                .is_ok()
        };
        if pair(last) && pair(range.end) {
            return self.offset(range.end);
        }
        let width = u32::try_from(range.end - last).unwrap_or(u32::MAX);
        self.offset(last).saturating_add(width)
    }
}
