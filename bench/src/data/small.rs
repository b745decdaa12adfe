//! What a small screen is made of: three records of about 1 kB.

use serde::Serialize;

use super::chance::Chance;
use super::orders::{Money, euros};
use super::users::{Address, address};
use super::{sku, user_id};

/// Lines of a cart.
const LINES: usize = 5;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Card {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) image_url: String,
    pub(crate) tier: &'static str,
    points: u64,
    bio: String,
    address: Address,
    updated_at: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cart {
    id: String,
    customer_id: String,
    pub(crate) lines: Vec<CartLine>,
    pub(crate) total: Money,
    note: String,
    updated_at: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CartLine {
    id: String,
    pub(crate) sku: String,
    pub(crate) qty: u64,
    unit_price: Money,
    warehouse: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Offer {
    pub(crate) title: String,
    pub(crate) code: String,
    pub(crate) until: String,
    terms: String,
    campaign: String,
    audience: Vec<String>,
}

/// The short form of the user at this place.
pub(crate) fn card(number: usize) -> Card {
    let chance = &mut Chance::of(5, number);
    Card {
        id: user_id(number),
        name: chance.words(2),
        image_url: format!("https://images.example.com/users/{}.jpg", chance.token()),
        tier: "gold",
        points: chance.below(90_000),
        bio: chance.prose(8),
        address: address(chance, true),
        updated_at: chance.moment(),
    }
}

/// What the user at this place is about to buy.
pub(crate) fn cart(number: usize) -> Cart {
    let chance = &mut Chance::of(6, number);
    Cart {
        id: chance.token(),
        customer_id: user_id(number),
        lines: (0..LINES)
            .map(|place| CartLine {
                id: chance.token(),
                sku: sku(number + place),
                qty: 1 + chance.below(4),
                unit_price: euros(chance),
                warehouse: chance.words(1),
            })
            .collect(),
        total: euros(chance),
        note: chance.prose(3),
        updated_at: chance.moment(),
    }
}

/// What is offered to the user at this place.
pub(crate) fn offer(number: usize) -> Offer {
    let chance = &mut Chance::of(7, number);
    Offer {
        title: chance.words(5),
        code: chance.token(),
        until: chance.moment(),
        terms: chance.prose(11),
        campaign: chance.token(),
        audience: (0..4).map(|_| chance.words(2)).collect(),
    }
}
