//! What the tests and the fuzz targets share: selections as data, turned into tables and into an oracle.
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

pub mod checks;
pub mod selection;
