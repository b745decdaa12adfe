//! The checked model in, the files of a gateway crate out.
mod emit;
#[cfg(feature = "interpret")]
pub mod interpret;
mod ir;
mod lower;
mod openapi;
mod project;
mod view;

pub use emit::{GeneratedFile, TABLES, Write, generate};
pub use project::project;
