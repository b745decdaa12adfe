//! The rules of the selection language, case by case: what is read from the tapes of one scene.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod batches;
mod reading;
mod scene;
mod shapes;
mod templates;
