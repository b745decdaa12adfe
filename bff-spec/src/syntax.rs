//! The texts inside a spec: blocks, fragments, calls, conditions.
//!
//! A scalar's text comes in, an AST goes out in which every part knows its place in the file, and diagnostics for what
//! isn't in the grammar. After a fault parsing goes on at the next line or comma. Never panics; nesting is bounded.

pub(crate) mod ast;
pub(crate) mod canonical;
mod lexer;
mod parser;
#[cfg(test)]
mod tests;
pub(crate) mod visit;

pub(crate) use parser::{block, call, condition, fragment, header_value};

use crate::diagnostic::Place;
use crate::document::Scalar;

/// A name as it is written: in quotes if it is no plain one.
pub(crate) fn written(name: &str) -> String {
    if crate::spec::is_name(name) {
        name.to_owned()
    } else {
        serde_json::Value::String(name.to_owned()).to_string()
    }
}

/// A scalar's text and where its parts stand in its file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a> {
    pub(crate) text: &'a str,
    scalar: &'a Scalar,
    whole: Place,
}

impl<'a> Text<'a> {
    /// `whole` is the place of the scalar's node.
    pub(crate) fn new(scalar: &'a Scalar, whole: Place) -> Text<'a> {
        Text {
            text: &scalar.text,
            scalar,
            whole,
        }
    }

    /// Where bytes `start..end` of the text stand in the file.
    pub(crate) fn place(&self, start: usize, end: usize) -> Place {
        if end > start {
            // The end is found from the last byte: after a line's last, the next one may stand far away.
            let last = self.scalar.place(self.whole, end - 1..end - 1).start + 1;
            let first = self.scalar.place(self.whole, start..start);
            Place {
                end: last.clamp(first.start, self.whole.end),
                ..first
            }
        } else {
            self.scalar.place(self.whole, start..start)
        }
    }
}
