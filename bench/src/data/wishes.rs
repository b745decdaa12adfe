//! What a joined screen is made of: fifty wishes, twenty of them highlighted, and the fifty sellers they come from.

use serde::Serialize;

use super::chance::Chance;
use super::orders::{Money, euros};
use super::{PRODUCTS, sku};

/// How many wishes there are, and how many sellers.
const WISHES: usize = 50;
/// How many of them are shown in full.
const HIGHLIGHTS: usize = 20;

#[derive(Serialize)]
pub(crate) struct Wishlist {
    pub(crate) items: Vec<Wish>,
    pub(crate) highlights: Vec<Highlight>,
    revision: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Wish {
    id: String,
    pub(crate) name: String,
    pub(crate) price: Money,
    pub(crate) seller_id: String,
    added_at: String,
    note: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Highlight {
    pub(crate) sku: String,
    pub(crate) reason: String,
    added_at: String,
}

#[derive(Serialize)]
pub(crate) struct Merchants {
    pub(crate) items: Vec<Merchant>,
}

#[derive(Serialize)]
pub(crate) struct Merchant {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) rating: f64,
    address: String,
    imprint: String,
}

/// The place of the product that is highlighted at `place`: no two of a wishlist are the same.
pub(crate) fn highlighted(number: usize, place: usize) -> usize {
    (number + place * 3) % PRODUCTS
}

/// What the user at this place wishes for.
pub(crate) fn wishlist(number: usize) -> Wishlist {
    let chance = &mut Chance::of(8, number);
    Wishlist {
        items: (0..WISHES)
            .map(|_| Wish {
                id: chance.token(),
                name: chance.words(4),
                price: euros(chance),
                seller_id: merchant_id(chance.below(WISHES as u64)),
                added_at: chance.moment(),
                note: chance.prose(1),
            })
            .collect(),
        highlights: (0..HIGHLIGHTS)
            .map(|place| Highlight {
                sku: sku(highlighted(number, place)),
                reason: chance.words(4),
                added_at: chance.moment(),
            })
            .collect(),
        revision: chance.token(),
    }
}

/// Who sells.
pub(crate) fn merchants() -> Merchants {
    let chance = &mut Chance::of(9, 0);
    Merchants {
        items: (0..WISHES as u64)
            .map(|place| Merchant {
                id: merchant_id(place),
                name: chance.words(2),
                rating: chance.decimal(30, 50, 1),
                address: chance.words(5),
                imprint: chance.prose(2),
            })
            .collect(),
    }
}

fn merchant_id(place: u64) -> String {
    format!("merchant-{:05}", 11 + place * 17)
}
