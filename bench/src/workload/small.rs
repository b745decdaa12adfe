//! The small screen: the head of a page.

use serde_json::{Value, json};

use super::{Question, size};
use crate::data::{self, USERS};

/// One for each user.
pub(super) fn questions() -> Vec<Question> {
    let question = |number| {
        let (card, cart, offer) = (data::card(number), data::cart(number), data::offer(number));
        let lines = cart.lines.iter();
        let lines: Vec<Value> = lines
            .map(|line| json!({ "sku": line.sku, "qty": line.qty }))
            .collect();
        let right = json!({
            "user": { "id": card.id, "name": card.name, "avatar": card.image_url, "tier": card.tier },
            "cart": { "lines": lines, "total": cart.total },
            "offer": { "title": offer.title, "code": offer.code, "until": offer.until },
        });
        let bytes_in = size(&card) + size(&cart) + size(&offer);
        Question::get(format!("/small/{}", card.id), number, right, bytes_in)
    };
    (0..USERS).map(question).collect()
}
