//! A model as a gateway in this process, without compiling a crate: for `bff dev`, and for tests that run many specs.
//!
//! The same tables that [`crate::generate`] writes as Rust are made statics and given to the runtime, so what answers here
//! is what is generated. Only functions of a team's own (`transform`) are Rust's: their endpoints fail. The statics are never freed.

mod gateway;
mod listener;
mod tables;

use bff_json as json;
use bff_spec::contract::{TypeId, Types};
use bff_spec::model::Block;

pub use gateway::{interpret, plan_of};

/// The shape that captures a body for a selection over it, and the template that writes the selection.
#[must_use]
pub fn selection(
    types: &Types,
    root: TypeId,
    block: &Block,
) -> (&'static json::Shape, &'static json::Template) {
    let crate::ir::Selection {
        shape,
        template,
        pool,
    } = crate::lower::selection(types, root, block);
    let leaker = tables::Leaker::new(&pool);
    (leaker.shape(&shape), leak(leaker.template(&template)))
}

fn leak<T>(table: T) -> &'static T {
    Box::leak(Box::new(table))
}

fn slice<T>(tables: Vec<T>) -> &'static [T] {
    tables.leak()
}

fn text(text: &str) -> &'static str {
    text.to_owned().leak()
}
