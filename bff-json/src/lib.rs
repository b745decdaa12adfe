//! Trims and joins JSON without building a tree.
//!
//! A body is *captured*: one pass over its bytes, guided by a [`Shape`], notes where the wanted values lie
//! and skips the rest ([`Tape`]). Any number of readers then read the same tape: [`Template`]s write answers
//! and request bodies, [`Path`]s give arguments, [`Condition`]s decide. So all of them agree.
//!
//! Shapes, templates and paths are constant tables: generated code holds them as statics.
//!
//! What never happens here: I/O, a panic on any input, half an answer.
#![deny(clippy::indexing_slicing)]

pub mod shape;
pub mod template;

pub use shape::{
    Elements, Entries, Fields, Frame, Key, Kinds, Node, OnList, OnObject, Shape, Slot,
};
pub use template::{
    Absent, Block, Condition, Entry, Hop, Match, Operand, Path, Pick, Root, Template, Test,
};
