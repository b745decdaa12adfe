//! The same as queries, for a contender that speaks GraphQL alone.
//!
//! The query's fields are named and nested as the upstreams' are: such a contender flattens nothing and joins nothing.

use bytes::Bytes;
use serde_json::{Value, json};

use super::screen::order;
use super::{Question, Right, SCREEN, SMALL};
use crate::data;

/// The screen, its sellers as a list beside it for the client to join.
pub(crate) fn screen_of_tailcall() -> Vec<Question> {
    let query = |id: &str| {
        format!(
            "{{ user(id: \"{id}\") {{ id name email profile {{ imageUrl }} loyalty {{ tier }} }} \
             orders(customerId: \"{id}\") {{ items {{ id status placedAt total {{ amount currency }} lines {{ sku name qty }} }} }} \
             recommended(customerId: \"{id}\") {{ items {{ sku name brand price {{ amount currency }} images {{ url }} \
             rating {{ average count }} reason sellerId }} sellers {{ id name rating }} }} }}"
        )
    };
    let right = |number| {
        let user = data::user(number);
        let orders = data::orders(number);
        let recommended = data::recommendations(number);
        let item = |item: &data::Product| {
            json!({
                "sku": item.sku, "name": item.name, "brand": item.brand, "price": item.price,
                "images": item.images.iter().map(|image| json!({ "url": image.url })).collect::<Vec<_>>(),
                "rating": item.rating, "reason": item.reason, "sellerId": item.seller_id,
            })
        };
        let seller = |seller: &data::Seller| json!({ "id": seller.id, "name": seller.name, "rating": seller.rating });
        json!({
            "user": {
                "id": user.id, "name": user.name, "email": user.email,
                "profile": { "imageUrl": user.profile.image_url }, "loyalty": { "tier": user.loyalty.tier },
            },
            "orders": { "items": orders.items.iter().map(order).collect::<Vec<_>>() },
            "recommended": {
                "items": recommended.items.iter().map(item).collect::<Vec<_>>(),
                "sellers": recommended.sellers.iter().map(seller).collect::<Vec<_>>(),
            },
        })
    };
    posted((SCREEN.questions)(), query, right)
}

/// The small screen.
pub(crate) fn small_of_tailcall() -> Vec<Question> {
    let query = |id: &str| {
        format!(
            "{{ card(id: \"{id}\") {{ id name imageUrl tier }} \
             cart(customerId: \"{id}\") {{ lines {{ sku qty }} total {{ amount currency }} }} \
             offer(customerId: \"{id}\") {{ title code until }} }}"
        )
    };
    let right = |number| {
        let (card, cart, offer) = (data::card(number), data::cart(number), data::offer(number));
        let lines = cart.lines.iter();
        let lines: Vec<Value> = lines
            .map(|line| json!({ "sku": line.sku, "qty": line.qty }))
            .collect();
        json!({
            "card": { "id": card.id, "name": card.name, "imageUrl": card.image_url, "tier": card.tier },
            "cart": { "lines": lines, "total": cart.total },
            "offer": { "title": offer.title, "code": offer.code, "until": offer.until },
        })
    };
    posted((SMALL.questions)(), query, right)
}

fn posted(
    questions: Vec<Question>,
    query: impl Fn(&str) -> String,
    right: impl Fn(usize) -> Value,
) -> Vec<Question> {
    let posted = |question: Question| {
        let id = data::user_id(question.user);
        let body = json!({ "query": query(&id) });
        Question {
            path: "/graphql".to_owned(),
            posted: Some(Bytes::from(body.to_string())),
            right: Right::Json(json!({ "data": right(question.user) })),
            ..question
        }
    };
    questions.into_iter().map(posted).collect()
}
