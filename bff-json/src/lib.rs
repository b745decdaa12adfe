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

mod breach;
mod capture;
mod error;
mod options;
mod project;
mod raw;
mod scan;
mod scope;
pub mod shape;
mod simd;
mod tables;
mod tape;
pub mod template;
mod text;

pub use breach::{Breach, Breaches, Fault};
pub use error::{Error, ErrorKind};
pub use options::{Engine, MAX_DEPTH, Mode, Options};
pub use project::{Project, ProjectError};
pub use raw::{Kind, Raw};
pub use scan::Scanner;
pub use scope::{RenderError, Scope};
pub use shape::{
    Elements, Entries, Fields, Frame, Key, Kinds, Node, OnList, OnObject, Shape, Slot,
};
#[doc(hidden)]
pub use simd::twins_differ;
pub use tape::{EachBuilder, Tape, TapeBuilder, View, Views};
pub use template::{
    Absent, Block, Condition, Entry, Hop, Match, Operand, Path, Pick, Root, Template, Test,
};
