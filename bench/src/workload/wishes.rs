//! The wishlist: fifty wishes joined to who sells them, and twenty products in full.

use serde_json::{Value, json};

use super::{Question, size};
use crate::data::{self, USERS};

/// One for each user.
pub(super) fn questions() -> Vec<Question> {
    let merchants = data::merchants();
    let question = |number| {
        let wishlist = data::wishlist(number);
        let wishes = wishlist.items.iter().map(|wish| {
            let mut merchants = merchants.items.iter();
            let merchant = merchants.find(|merchant| merchant.id == wish.seller_id);
            json!({
                "name": wish.name, "price": wish.price,
                "merchant": merchant.map(|merchant| json!({ "name": merchant.name, "rating": merchant.rating })),
            })
        });
        let products = (0..wishlist.highlights.len())
            .map(|place| data::product(data::highlighted(number, place)))
            .collect::<Vec<_>>();
        let highlights = wishlist.highlights.iter().zip(&products);
        let highlights: Vec<Value> = highlights
            .map(|(marked, product)| {
                json!({
                    "reason": marked.reason,
                    "product": {
                        "sku": product.sku, "name": product.name, "brand": product.brand, "price": product.price,
                        "image": product.images.first().map(|image| &image.url),
                    },
                })
            })
            .collect();
        let right = json!({ "wishes": wishes.collect::<Vec<_>>(), "highlights": highlights });
        let bytes_in =
            size(&wishlist) + size(&merchants) + products.iter().map(size).sum::<usize>();
        let path = format!("/wishlist/{}", data::user_id(number));
        Question::get(path, number, right, bytes_in)
    };
    (0..USERS).map(question).collect()
}
