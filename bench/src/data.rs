//! What the upstreams hold: the same records in every run.
//!
//! Nothing goes in but a number; the same number gives the same record. Never random, never read from disk.

mod catalog;
mod chance;
mod documents;
mod orders;
mod small;
mod users;
mod wishes;

pub(crate) use catalog::{Product, Seller, product, recommendations};
pub(crate) use documents::{EXPORT, document, document_id, export};
pub(crate) use orders::{Order, orders};
pub(crate) use small::{card, cart, offer};
pub(crate) use users::user;
pub(crate) use wishes::{highlighted, merchants, wishlist};

/// How many users there are: requests go round them, so that no two neighbours ask for the same.
pub(crate) const USERS: usize = 16;

/// How many products the catalog answers for on its own.
pub(crate) const PRODUCTS: usize = 64;

/// The id of the user at this place.
pub(crate) fn user_id(number: usize) -> String {
    format!("u-{:06}", 4_711 + number * 37)
}

/// The sku of the product at this place.
pub(crate) fn sku(number: usize) -> String {
    format!("SKU-{:07}", 1_048_576 + number * 7_919)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    #[test]
    fn records_have_the_sizes_the_workloads_are_named_for() {
        let within = |what: &str, bytes: usize, least: usize, most: usize| {
            assert!((least..=most).contains(&bytes), "{what}: {bytes} bytes");
        };
        for number in 0..USERS {
            let size = |value: serde_json::Result<Vec<u8>>| value.unwrap().len();
            let parts = [
                size(serde_json::to_vec(&user(number))),
                size(serde_json::to_vec(&orders(number))),
                size(serde_json::to_vec(&recommendations(number))),
            ];
            within("user", parts[0], 1_900, 2_100);
            within("orders", parts[1], 19_000, 21_000);
            within("recommendations", parts[2], 54_500, 57_500);
            within("screen", parts.iter().sum(), 77_000, 81_000);
        }
        for number in 0..USERS {
            let size = |value: serde_json::Result<Vec<u8>>| value.unwrap().len();
            let kilobyte = |what, bytes| within(what, bytes, 930, 1_080);
            kilobyte("card", size(serde_json::to_vec(&card(number))));
            kilobyte("cart", size(serde_json::to_vec(&cart(number))));
            kilobyte("offer", size(serde_json::to_vec(&offer(number))));
            let document = size(serde_json::to_vec(&document(number)));
            within("document", document, 97_000, 103_000);
        }
        for number in 0..PRODUCTS {
            let bytes = serde_json::to_vec(&product(number)).unwrap().len();
            within("product", bytes, 1_900, 2_100);
        }
    }

    #[test]
    fn a_number_always_gives_the_same_record() {
        let text = |number| serde_json::to_string(&recommendations(number)).unwrap();
        assert_eq!(text(3), text(3));
        assert_ne!(text(3), text(4));
    }
}
