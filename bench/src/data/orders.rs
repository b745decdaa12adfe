//! Orders: ten of about 2 kB each, of which a screen shows the state, the total and the lines.

use serde::Serialize;

use super::chance::Chance;
use super::users::{Address, address};
use super::{PRODUCTS, sku, user_id};

/// How many orders an answer holds.
const ORDERS: usize = 10;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Orders {
    pub(crate) items: Vec<Order>,
    total_count: u64,
    next_cursor: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Order {
    pub(crate) id: String,
    customer_id: String,
    pub(crate) status: &'static str,
    channel: &'static str,
    pub(crate) placed_at: String,
    updated_at: String,
    pub(crate) lines: Vec<Line>,
    subtotal: Money,
    shipping: Money,
    tax: Money,
    pub(crate) total: Money,
    shipping_address: Address,
    billing_address: Address,
    payment: Payment,
    history: Vec<Change>,
    note: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Line {
    id: String,
    pub(crate) sku: String,
    pub(crate) name: String,
    pub(crate) qty: u64,
    unit_price: Money,
    discount: Money,
    warehouse: String,
    weight_grams: u64,
    options: Vec<String>,
}

#[derive(Serialize)]
pub(crate) struct Money {
    pub(crate) amount: f64,
    pub(crate) currency: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Payment {
    method: &'static str,
    brand: &'static str,
    authorisation: String,
    captured_at: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    status: &'static str,
    at: String,
    by: String,
    note: String,
}

/// The last orders of the user at this place.
pub(crate) fn orders(number: usize) -> Orders {
    let chance = &mut Chance::of(2, number);
    Orders {
        items: (0..ORDERS)
            .map(|place| order(chance, number, place))
            .collect(),
        total_count: ORDERS as u64 + chance.below(90),
        next_cursor: chance.token(),
    }
}

fn order(chance: &mut Chance, user: usize, place: usize) -> Order {
    Order {
        id: format!("o-{:08}", 20_260_000 + user * 100 + place),
        customer_id: user_id(user),
        status: chance.one_of(&["placed", "paid", "shipped", "delivered", "returned"]),
        channel: chance.one_of(&["web", "ios", "android"]),
        placed_at: chance.moment(),
        updated_at: chance.moment(),
        lines: (0..3).map(|_| line(chance)).collect(),
        subtotal: euros(chance),
        shipping: euros(chance),
        tax: euros(chance),
        total: euros(chance),
        shipping_address: address(chance, false),
        billing_address: address(chance, true),
        payment: Payment {
            method: "card",
            brand: "visa",
            authorisation: chance.token(),
            captured_at: chance.moment(),
        },
        history: ["placed", "paid", "shipped"]
            .into_iter()
            .map(|status| Change {
                status,
                at: chance.moment(),
                by: chance.words(1),
                note: chance.words(6),
            })
            .collect(),
        note: place.is_multiple_of(3).then(|| chance.prose(1)),
    }
}

fn line(chance: &mut Chance) -> Line {
    Line {
        id: chance.token(),
        sku: sku(chance.below(PRODUCTS as u64) as usize),
        name: chance.words(4),
        qty: 1 + chance.below(4),
        unit_price: euros(chance),
        discount: euros(chance),
        warehouse: chance.words(1),
        weight_grams: 50 + chance.below(9_000),
        options: (0..2).map(|_| chance.words(2)).collect(),
    }
}

/// An amount in euros.
pub(super) fn euros(chance: &mut Chance) -> Money {
    Money {
        amount: chance.decimal(100, 50_000, 2),
        currency: "EUR",
    }
}
