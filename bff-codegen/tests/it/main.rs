//! What the generator makes of specs: files, tables, and what those tables do with bodies.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod bodies;
mod deploy;
mod golden;
mod hooks;
mod project;
mod spec;
