//! The checked model in, the files of a gateway crate out.
mod emit;
mod ir;
mod lower;
mod openapi;

pub use emit::{GeneratedFile, TABLES, Write, generate};
