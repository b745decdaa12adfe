//! Products: recommendations (forty of about 1.3 kB, and who sells them), and single ones of about 2 kB.

use serde::Serialize;

use super::chance::Chance;
use super::orders::{Money, euros};
use super::sku;

/// How many products an answer holds.
const ITEMS: usize = 40;
/// How many sellers offer them.
const SELLERS: u64 = 8;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Recommendations {
    pub(crate) items: Vec<Product>,
    pub(crate) sellers: Vec<Seller>,
    model: &'static str,
    experiment: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Product {
    pub(crate) sku: String,
    pub(crate) name: String,
    pub(crate) brand: String,
    category: Category,
    description: String,
    pub(crate) price: Money,
    list_price: Money,
    pub(crate) images: Vec<Image>,
    attributes: Attributes,
    pub(crate) rating: Rating,
    availability: Availability,
    pub(crate) seller_id: String,
    pub(crate) reason: String,
    score: f64,
    features: Vec<f64>,
    tracking: Tracking,
}

#[derive(Serialize)]
pub(crate) struct Category {
    id: String,
    path: Vec<String>,
}

#[derive(Serialize)]
pub(crate) struct Image {
    pub(crate) url: String,
    width: u64,
    height: u64,
    alt: String,
}

#[derive(Serialize)]
struct Attributes {
    colour: String,
    material: String,
    dimensions: [u64; 3],
}

#[derive(Serialize)]
pub(crate) struct Rating {
    pub(crate) average: f64,
    pub(crate) count: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Availability {
    in_stock: bool,
    quantity: u64,
    restock: Option<String>,
}

#[derive(Serialize)]
struct Tracking {
    impression: String,
    position: u64,
}

#[derive(Serialize)]
pub(crate) struct Seller {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) rating: f64,
    address: String,
    imprint: String,
}

/// What is recommended to the user at this place.
pub(crate) fn recommendations(number: usize) -> Recommendations {
    let chance = &mut Chance::of(3, number);
    Recommendations {
        items: (0..ITEMS)
            .map(|place| record(chance, sku(number * ITEMS + place), place as u64, 4))
            .collect(),
        sellers: (0..SELLERS)
            .map(|place| Seller {
                id: seller_id(place),
                name: chance.words(2),
                rating: chance.decimal(30, 50, 1),
                address: chance.words(5),
                imprint: chance.prose(1),
            })
            .collect(),
        model: "co-purchase-7",
        experiment: (0..3).map(|_| chance.token()).collect(),
    }
}

/// The product at this place.
pub(crate) fn product(number: usize) -> Product {
    record(&mut Chance::of(4, number), sku(number), 0, 12)
}

fn record(chance: &mut Chance, sku: String, position: u64, sentences: usize) -> Product {
    Product {
        name: chance.words(4),
        brand: chance.words(1),
        category: Category {
            id: chance.token(),
            path: (0..3).map(|_| chance.words(1)).collect(),
        },
        description: chance.prose(sentences),
        price: euros(chance),
        list_price: euros(chance),
        images: (0..3)
            .map(|_| Image {
                url: format!("https://images.example.com/{}.jpg", chance.token()),
                width: 1_200,
                height: 900,
                alt: chance.words(4),
            })
            .collect(),
        attributes: Attributes {
            colour: chance.words(1),
            material: chance.words(2),
            dimensions: [chance.below(900), chance.below(900), chance.below(900)],
        },
        rating: Rating {
            average: chance.decimal(10, 50, 1),
            count: chance.below(4_000),
        },
        availability: Availability {
            in_stock: true,
            quantity: chance.below(500),
            restock: None,
        },
        seller_id: seller_id(chance.below(SELLERS)),
        reason: format!("Because you looked at {}", chance.words(3)),
        score: chance.decimal(0, 1_000_000, 6),
        features: (0..12).map(|_| chance.decimal(0, 1_000_000, 6)).collect(),
        tracking: Tracking {
            impression: chance.token(),
            position,
        },
        sku,
    }
}

fn seller_id(place: u64) -> String {
    format!("seller-{:04}", 7 + place * 13)
}
