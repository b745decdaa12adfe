//! Spec text and contracts in, a checked model and diagnostics out.
//!
//! Touches no disk, network, clock or environment: a [`source::SourceLoader`] reads. Knows nothing of Rust output.

pub mod codes;
pub mod contract;
pub mod diagnostic;
pub mod document;
pub mod model;
pub mod nearest;
pub mod source;
mod spec;
mod syntax;
