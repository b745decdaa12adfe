//! Hand-written tables served over real HTTP, against upstreams scripted at the wire.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod client;
mod frames;
mod raw;
mod refusals;
mod tables;
mod upstream;

mod calls;
mod codings;
mod failures;
mod graph;
mod hooks;
mod http_surface;
mod inputs;
mod jwt;
mod pass_through;
mod public_port;
mod retries;
mod smuggling;
mod start;
mod streams;
mod tls;
