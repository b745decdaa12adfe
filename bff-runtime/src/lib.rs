//! What every generated gateway links.
//!
//! Request → [listener] → [policy stack][stack] → endpoint → [calls by data flow][engine] → tapes → [answer].
//!
//! Generated code fills in [`plan`]'s tables and calls [`main`]; tests, and whoever runs several gateways in one
//! process, call [`Server::start`]. What never happens here: specs or contracts are parsed, a redirect is followed, a
//! proxy variable is read, a request panics.

pub mod plan;

mod command;
mod cores;
mod server;
mod text;

mod admin;
mod listener;
mod patience;
pub mod tls;
mod wire;

pub mod auth;
pub mod input;
pub mod limit;
mod router;
mod stack;

mod answer;
mod engine;
pub mod exchange;
pub mod hook;
mod proxy;

mod body;
mod hex;
mod percent;
mod upstream;
mod writes;

pub mod failure;
mod problem;

mod log;
mod metrics;
mod trace;

#[cfg(test)]
mod counted;

#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzz;

pub use answer::Answers;
pub use command::main;
pub use exchange::{Exchange, Handler, Reply};
pub use failure::Failure;
pub use hook::HookError;
pub use log::install as log_to_stderr;
pub use server::{Running, Server, Settings};
pub use text::{Env, Resolved, StartError, Variables};

/// Bodies come and go by the thousand, each larger than what the system's allocator keeps at hand.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What generated types derive from.
pub use {serde, serde_json};

/// JSON's tables, under the one name generated code knows.
pub use bff_json as json;
