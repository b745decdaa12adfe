//! What is asked of the contenders, and what is right.

use serde_json::{Value, json};

use crate::data::{self, PRODUCTS, USERS};

/// One kind of request.
pub(crate) struct Workload {
    /// Its name on the command line and of its results.
    pub(crate) name: &'static str,
    /// What it is, for the results.
    pub(crate) about: &'static str,
    /// The most CPU time ours may take, as a share of another contender's: what the project has set itself.
    pub(crate) targets: &'static [(&'static str, f64)],
    /// Upstream calls that one request takes.
    pub(crate) calls: u64,
    /// Requests a contender answers in a round, unless the command line says otherwise.
    pub(crate) requests: u64,
    /// Everything that is asked, in turn.
    pub(crate) questions: fn() -> Vec<Question>,
}

/// One request, and the answer to it.
pub(crate) struct Question {
    /// Its target: `/screen/u-004711`.
    pub(crate) path: String,
    /// The JSON value that is right.
    pub(crate) right: Value,
    /// Bytes the upstreams send for it.
    pub(crate) bytes_in: usize,
}

/// Three calls at once, trimmed, with a join.
pub(crate) const SCREEN: Workload = Workload {
    name: "screen",
    about: "three upstream calls at once (a user of 2 kB, ten orders of 2 kB, forty recommended products of 1.3 kB), \
            trimmed to what a screen shows, each product joined to its seller",
    targets: &[("axum", 0.33)],
    calls: 3,
    requests: 10_000,
    questions: screen,
};

/// One answer, passed through.
pub(crate) const PASS: Workload = Workload {
    name: "pass",
    about: "one upstream answer of 2 kB, passed through as it is",
    targets: &[("nginx", 1.3)],
    calls: 1,
    requests: 30_000,
    questions: pass,
};

fn screen() -> Vec<Question> {
    (0..USERS)
        .map(|number| {
            let user = data::user(number);
            let orders = data::orders(number);
            let recommended = data::recommendations(number);
            Question {
                path: format!("/screen/{}", user.id),
                bytes_in: size(&user) + size(&orders) + size(&recommended),
                right: json!({
                    "user": {
                        "id": user.id, "name": user.name, "email": user.email,
                        "avatar": user.profile.image_url, "tier": user.loyalty.tier,
                    },
                    "orders": orders.items.iter().map(order).collect::<Vec<_>>(),
                    "picks": recommended.items.iter().map(|item| pick(item, &recommended.sellers)).collect::<Vec<_>>(),
                }),
            }
        })
        .collect()
}

fn order(order: &data::Order) -> Value {
    let lines = order.lines.iter();
    json!({
        "id": order.id, "status": order.status, "placedAt": order.placed_at, "total": order.total,
        "lines": lines.map(|line| json!({ "sku": line.sku, "name": line.name, "qty": line.qty })).collect::<Vec<_>>(),
    })
}

fn pick(item: &data::Product, sellers: &[data::Seller]) -> Value {
    let seller = sellers.iter().find(|seller| seller.id == item.seller_id);
    json!({
        "sku": item.sku, "name": item.name, "brand": item.brand, "price": item.price,
        "image": item.images.first().map(|image| &image.url),
        "rating": { "average": item.rating.average, "count": item.rating.count },
        "reason": item.reason,
        "seller": seller.map(|seller| json!({ "name": seller.name, "rating": seller.rating })),
    })
}

fn pass() -> Vec<Question> {
    (0..PRODUCTS)
        .map(|number| {
            let product = data::product(number);
            Question {
                path: format!("/catalog/products/{}", product.sku),
                bytes_in: size(&product),
                right: json!(product),
            }
        })
        .collect()
}

/// Bytes of a record as the upstreams send it.
fn size(record: &impl serde::Serialize) -> usize {
    serde_json::to_vec(record).map_or(0, |text| text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_of_a_screen_goes_out() {
        for question in screen() {
            let share = size(&question.right) as f64 / question.bytes_in as f64;
            assert!(
                (0.17..=0.23).contains(&share),
                "{}: {share:.3}",
                question.path
            );
        }
    }
}
