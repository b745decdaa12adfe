//! YAML and JSON as a tree in which everything has a place.
//!
//! Maps keep their order. Scalars keep their text, how they were written, and where each part of the text stands in
//! the file, so that a diagnostic inside a block scalar points at the character.

use crate::diagnostic::Place;

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
