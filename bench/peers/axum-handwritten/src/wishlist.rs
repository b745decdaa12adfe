//! `GET /wishlist/{id}`: fifty wishes joined to who sells them, twenty of them fetched in full.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

use crate::App;
use crate::failure::Failure;
use crate::fetch::below;
use crate::screen::Money;

#[derive(Serialize)]
pub(crate) struct Wishes {
    wishes: Vec<Wish>,
    highlights: Vec<Highlight>,
}

#[derive(Serialize)]
struct Wish {
    name: String,
    price: Money,
    merchant: Option<MerchantCard>,
}

#[derive(Serialize, Clone)]
struct MerchantCard {
    name: String,
    rating: f64,
}

#[derive(Serialize)]
struct Highlight {
    reason: String,
    product: Card,
}

#[derive(Serialize)]
struct Card {
    sku: String,
    name: String,
    brand: String,
    price: Money,
    image: Option<String>,
}

#[derive(Deserialize)]
struct Wishlist {
    items: Vec<Item>,
    highlights: Vec<Marked>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    name: String,
    price: Money,
    seller_id: String,
}

#[derive(Deserialize)]
struct Marked {
    sku: String,
    reason: String,
}

#[derive(Deserialize)]
struct Merchants {
    items: Vec<Merchant>,
}

#[derive(Deserialize)]
struct Merchant {
    id: String,
    name: String,
    rating: f64,
}

#[derive(Deserialize)]
struct Product {
    sku: String,
    name: String,
    brand: String,
    price: Money,
    images: Vec<Image>,
}

#[derive(Deserialize)]
struct Image {
    url: String,
}

pub(crate) async fn wishlist(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<Wishes>, Failure> {
    let customer = [("customerId", id.as_str())];
    let wished = async {
        let wishlist: Wishlist = app
            .fetch(below(&app.catalog, &["wishlists"], &customer))
            .await?;
        let products = wishlist.highlights.iter().map(|marked| {
            app.fetch::<Product>(below(&app.catalog, &["products", &marked.sku], &[]))
        });
        let products = try_join_all(products).await?;
        Ok((wishlist, products))
    };
    let ((wishlist, products), merchants) = tokio::try_join!(
        wished,
        app.fetch::<Merchants>(below(&app.catalog, &["merchants"], &[])),
    )?;
    let merchants: HashMap<String, MerchantCard> = merchants
        .items
        .into_iter()
        .map(|Merchant { id, name, rating }| (id, MerchantCard { name, rating }))
        .collect();
    Ok(Json(Wishes {
        wishes: wishlist
            .items
            .into_iter()
            .map(|item| Wish {
                merchant: merchants.get(&item.seller_id).cloned(),
                name: item.name,
                price: item.price,
            })
            .collect(),
        highlights: wishlist
            .highlights
            .into_iter()
            .zip(products)
            .map(|(marked, product)| Highlight {
                reason: marked.reason,
                product: Card {
                    sku: product.sku,
                    name: product.name,
                    brand: product.brand,
                    price: product.price,
                    image: product.images.into_iter().next().map(|image| image.url),
                },
            })
            .collect(),
    }))
}
