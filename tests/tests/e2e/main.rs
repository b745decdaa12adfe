//! The example gateways end to end: real HTTP on loopback to the generated gateway, and from it to scripted upstreams.
//!
//! Most of what is asked is data: `tests/cases/FRONTEND/*.md`, described in `tests/README.md`. What data can't say
//! well (keys that rotate, clients that hang up, one fault on every endpoint) is a module here.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod cases;
mod concurrency;
mod failures;
mod harness;
mod identity;
mod operators;
mod traces;
mod wire;
