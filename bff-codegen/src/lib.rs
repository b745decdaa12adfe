//! The checked model in, the files of a gateway crate out.
//!
//! [`generate`] gives the files; [`in_place`] and [`project`] are what the macros expand to, made by the same emitter. All of
//! them *lower* the model first: into shapes that capture bodies, templates that write answers, and plans that the runtime
//! follows. What never happens here: a file is read, a diagnostic is drawn, the same model gives other bytes.

mod deploy;
mod emit;
mod in_place;
#[cfg(feature = "interpret")]
pub mod interpret;
mod ir;
mod lower;
mod openapi;
mod project;
mod view;

pub use deploy::{Target, deploy};
pub use emit::{
    GeneratedFile, HookFinding, HookFunction, TABLES, Write, generate, hook_functions, review_hooks,
};
pub use in_place::in_place;
pub use project::project;
