//! The screen: who it is, what they ordered, what they might like.

use serde_json::{Value, json};

use super::{Question, size};
use crate::data::{self, USERS};

/// One for each user.
pub(super) fn questions() -> Vec<Question> {
    with(true)
}

/// The same where nothing can be joined: without sellers.
pub(crate) fn without_joins() -> Vec<Question> {
    with(false)
}

fn with(joined: bool) -> Vec<Question> {
    let question = |number| {
        let user = data::user(number);
        let orders = data::orders(number);
        let recommended = data::recommendations(number);
        let picks = recommended.items.iter().map(|item| {
            let mut pick = pick(item);
            if joined {
                pick["seller"] = seller(item, &recommended.sellers);
            }
            pick
        });
        let right = json!({
            "user": {
                "id": user.id, "name": user.name, "email": user.email,
                "avatar": user.profile.image_url, "tier": user.loyalty.tier,
            },
            "orders": orders.items.iter().map(order).collect::<Vec<_>>(),
            "picks": picks.collect::<Vec<_>>(),
        });
        let bytes_in = size(&user) + size(&orders) + size(&recommended);
        Question::get(format!("/screen/{}", user.id), number, right, bytes_in)
    };
    (0..USERS).map(question).collect()
}

/// What is shown of an order.
pub(super) fn order(order: &data::Order) -> Value {
    let lines = order.lines.iter();
    json!({
        "id": order.id, "status": order.status, "placedAt": order.placed_at, "total": order.total,
        "lines": lines.map(|line| json!({ "sku": line.sku, "name": line.name, "qty": line.qty })).collect::<Vec<_>>(),
    })
}

fn pick(item: &data::Product) -> Value {
    json!({
        "sku": item.sku, "name": item.name, "brand": item.brand, "price": item.price,
        "image": item.images.first().map(|image| &image.url),
        "rating": { "average": item.rating.average, "count": item.rating.count },
        "reason": item.reason,
    })
}

fn seller(item: &data::Product, sellers: &[data::Seller]) -> Value {
    let seller = sellers.iter().find(|seller| seller.id == item.seller_id);
    seller.map_or(
        Value::Null,
        |seller| json!({ "name": seller.name, "rating": seller.rating }),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]
    use super::*;
    use crate::workload::Right;

    #[test]
    fn a_fifth_of_a_screen_goes_out() {
        for question in questions() {
            let Right::Json(right) = &question.right else {
                panic!("a screen is JSON");
            };
            let share = size(right) as f64 / question.bytes_in as f64;
            assert!(
                (0.17..=0.23).contains(&share),
                "{}: {share:.3}",
                question.path
            );
        }
    }
}
