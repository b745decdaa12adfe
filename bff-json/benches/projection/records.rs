//! The records that `bench` serves at the wire, so that a screen's bodies are the same in both.
#![allow(dead_code)] // single products are of another benchmark

#[path = "../../../bench/src/data/catalog.rs"]
mod catalog;
#[path = "../../../bench/src/data/chance.rs"]
mod chance;
#[path = "../../../bench/src/data/orders.rs"]
mod orders;
#[path = "../../../bench/src/data/users.rs"]
mod users;

pub(crate) use catalog::recommendations;
pub(crate) use orders::orders;
pub(crate) use users::user;

const PRODUCTS: usize = 64;

fn user_id(number: usize) -> String {
    format!("u-{:06}", 4_711 + number * 37)
}

fn sku(number: usize) -> String {
    format!("SKU-{:07}", 1_048_576 + number * 7_919)
}
