//! Through serde: structs of the wanted fields, and trees of everything.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Product<'a> {
    #[serde(borrow)]
    product_id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    price: Price<'a>,
}

#[derive(Serialize, Deserialize)]
struct Price<'a> {
    amount: i64,
    #[serde(borrow)]
    currency: Text<'a>,
}

/// Text that is borrowed unless it has escapes: serde's best case.
pub type Text<'a> = std::borrow::Cow<'a, str>;

#[derive(Deserialize)]
struct Recommendations<'a> {
    #[serde(borrow)]
    items: Vec<Product<'a>>,
}

#[derive(Serialize)]
struct Picks<'a> {
    picks: Vec<Product<'a>>,
}

pub fn recommendations_typed(body: &[u8], out: &mut Vec<u8>) {
    let body: Recommendations<'_> = serde_json::from_slice(body).unwrap();
    serde_json::to_writer(out, &Picks { picks: body.items }).unwrap();
}

/// The fields as the other ways write them; a `Value`'s own order is by name.
fn product(product: &Value) -> Product<'_> {
    Product {
        product_id: product["productId"].as_str().unwrap().into(),
        name: product["name"].as_str().unwrap().into(),
        price: Price {
            amount: product["price"]["amount"].as_i64().unwrap(),
            currency: product["price"]["currency"].as_str().unwrap().into(),
        },
    }
}

pub fn recommendations_value(body: &[u8], out: &mut Vec<u8>) {
    let body: Value = serde_json::from_slice(body).unwrap();
    let picks = body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(product)
        .collect();
    serde_json::to_writer(out, &Picks { picks }).unwrap();
}

#[derive(Deserialize)]
struct User<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    email: Text<'a>,
    #[serde(borrow)]
    profile: Profile<'a>,
    #[serde(borrow)]
    loyalty: Loyalty<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profile<'a> {
    #[serde(borrow)]
    image_url: Text<'a>,
}

#[derive(Deserialize)]
struct Loyalty<'a> {
    #[serde(borrow)]
    tier: Text<'a>,
}

#[derive(Serialize)]
struct Account<'a> {
    id: Text<'a>,
    name: Text<'a>,
    email: Text<'a>,
    avatar: Text<'a>,
    tier: Text<'a>,
}

pub fn user_typed(body: &[u8], out: &mut Vec<u8>) {
    let User {
        id,
        name,
        email,
        profile,
        loyalty,
    } = serde_json::from_slice(body).unwrap();
    let account = Account {
        id,
        name,
        email,
        avatar: profile.image_url,
        tier: loyalty.tier,
    };
    serde_json::to_writer(out, &account).unwrap();
}

pub fn user_value(body: &[u8], out: &mut Vec<u8>) {
    let user: Value = serde_json::from_slice(body).unwrap();
    let text = |value: &Value| Text::Owned(value.as_str().unwrap().to_owned());
    let account = Account {
        id: text(&user["id"]),
        name: text(&user["name"]),
        email: text(&user["email"]),
        avatar: text(&user["profile"]["imageUrl"]),
        tier: text(&user["loyalty"]["tier"]),
    };
    serde_json::to_writer(out, &account).unwrap();
}

#[derive(Deserialize)]
struct Order<'a> {
    #[serde(borrow)]
    lines: Vec<Line<'a>>,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    sku: Text<'a>,
    qty: i64,
}

#[derive(Serialize)]
struct Joined<'a, 'p> {
    qty: i64,
    product: Option<&'p Product<'a>>,
}

pub fn join_typed(lines: &[u8], products: &[u8], out: &mut Vec<u8>) {
    let order: Order<'_> = serde_json::from_slice(lines).unwrap();
    let products: Recommendations<'_> = serde_json::from_slice(products).unwrap();
    let by_sku: HashMap<&str, &Product<'_>> = products
        .items
        .iter()
        .map(|product| (&*product.product_id, product))
        .collect();
    let joined: Vec<Joined<'_, '_>> = order
        .lines
        .iter()
        .map(|line| Joined {
            qty: line.qty,
            product: by_sku.get(&*line.sku).copied(),
        })
        .collect();
    serde_json::to_writer(out, &joined).unwrap();
}

pub fn join_value(lines: &[u8], products: &[u8], out: &mut Vec<u8>) {
    let order: Value = serde_json::from_slice(lines).unwrap();
    let products: Value = serde_json::from_slice(products).unwrap();
    let products: Vec<Product<'_>> = products["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(product)
        .collect();
    let by_sku: HashMap<&str, &Product<'_>> = products
        .iter()
        .map(|product| (&*product.product_id, product))
        .collect();

    let joined: Vec<Joined<'_, '_>> = order["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| Joined {
            qty: line["qty"].as_i64().unwrap(),
            product: by_sku.get(line["sku"].as_str().unwrap()).copied(),
        })
        .collect();
    serde_json::to_writer(out, &joined).unwrap();
}
