//! `GET /small/{id}`: three small answers at once, trimmed.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};

use crate::App;
use crate::failure::Failure;
use crate::fetch::below;
use crate::screen::Money;

#[derive(Serialize)]
pub(crate) struct Small {
    user: UserCard,
    cart: Cart,
    offer: Offer,
}

#[derive(Serialize)]
struct UserCard {
    id: String,
    name: String,
    avatar: String,
    tier: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Card {
    id: String,
    name: String,
    image_url: String,
    tier: String,
}

#[derive(Serialize, Deserialize)]
struct Cart {
    lines: Vec<Line>,
    total: Money,
}

#[derive(Serialize, Deserialize)]
struct Line {
    sku: String,
    qty: u32,
}

#[derive(Serialize, Deserialize)]
struct Offer {
    title: String,
    code: String,
    until: String,
}

pub(crate) async fn small(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<Small>, Failure> {
    let customer = [("customerId", id.as_str())];
    let (card, cart, offer) = tokio::try_join!(
        app.fetch::<Card>(below(&app.users, &["cards", &id], &[])),
        app.fetch(below(&app.orders, &["carts"], &customer)),
        app.fetch(below(&app.catalog, &["offers"], &customer)),
    )?;
    let user = UserCard {
        id: card.id,
        name: card.name,
        avatar: card.image_url,
        tier: card.tier,
    };
    Ok(Json(Small { user, cart, offer }))
}
