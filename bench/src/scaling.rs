//! What a request costs when there are many connections, and when there are many routes.

mod connections;
mod routes;

pub(crate) use connections::{raise_files, run as connections};
pub(crate) use routes::{run as routes, serve};
