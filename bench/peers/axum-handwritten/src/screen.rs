//! `GET /screen/{id}`: three calls at once, trimmed, the sellers joined to what they sell.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};

use crate::App;
use crate::failure::Failure;
use crate::fetch::below;

#[derive(Serialize)]
pub(crate) struct Screen {
    user: UserCard,
    orders: Vec<Order>,
    picks: Vec<Pick>,
}

#[derive(Serialize)]
struct UserCard {
    id: String,
    name: String,
    email: String,
    avatar: String,
    tier: String,
}

#[derive(Serialize)]
struct Pick {
    sku: String,
    name: String,
    brand: String,
    price: Money,
    image: Option<String>,
    rating: Rating,
    reason: String,
    seller: Option<SellerCard>,
}

#[derive(Serialize, Clone)]
struct SellerCard {
    name: String,
    rating: f64,
}

#[derive(Deserialize)]
struct User {
    id: String,
    name: String,
    email: String,
    profile: Profile,
    loyalty: Loyalty,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profile {
    image_url: String,
}

#[derive(Deserialize)]
struct Loyalty {
    tier: String,
}

#[derive(Deserialize)]
struct Orders {
    items: Vec<Order>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    id: String,
    status: String,
    placed_at: String,
    total: Money,
    lines: Vec<Line>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    sku: String,
    name: String,
    qty: u32,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Money {
    amount: f64,
    currency: String,
}

#[derive(Deserialize)]
struct Recommendations {
    items: Vec<Product>,
    sellers: Vec<Seller>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Product {
    sku: String,
    name: String,
    brand: String,
    price: Money,
    images: Vec<Image>,
    rating: Rating,
    seller_id: String,
    reason: String,
}

#[derive(Deserialize)]
struct Image {
    url: String,
}

#[derive(Serialize, Deserialize)]
struct Rating {
    average: f64,
    count: u32,
}

#[derive(Deserialize)]
struct Seller {
    id: String,
    name: String,
    rating: f64,
}

pub(crate) async fn screen(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<Screen>, Failure> {
    let orders = [("customerId", id.as_str()), ("limit", "10")];
    let recommendations = [("customerId", id.as_str())];
    let (user, orders, recommendations) = tokio::try_join!(
        app.fetch::<User>(below(&app.users, &["users", &id], &[])),
        app.fetch::<Orders>(below(&app.orders, &["orders"], &orders)),
        app.fetch::<Recommendations>(below(&app.catalog, &["recommendations"], &recommendations)),
    )?;
    Ok(Json(Screen {
        user: UserCard {
            id: user.id,
            name: user.name,
            email: user.email,
            avatar: user.profile.image_url,
            tier: user.loyalty.tier,
        },
        orders: orders.items,
        picks: picks(recommendations),
    }))
}

/// What is recommended, each with who sells it.
fn picks(recommendations: Recommendations) -> Vec<Pick> {
    let sellers: HashMap<String, SellerCard> = recommendations
        .sellers
        .into_iter()
        .map(|Seller { id, name, rating }| (id, SellerCard { name, rating }))
        .collect();
    recommendations
        .items
        .into_iter()
        .map(|item| Pick {
            seller: sellers.get(&item.seller_id).cloned(),
            image: item.images.into_iter().next().map(|image| image.url),
            sku: item.sku,
            name: item.name,
            brand: item.brand,
            price: item.price,
            rating: item.rating,
            reason: item.reason,
        })
        .collect()
}
