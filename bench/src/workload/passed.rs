//! What is passed through as it is.

use serde_json::json;

use super::{Question, Right, hash, size};
use crate::data::{self, EXPORT, PRODUCTS, USERS};

/// Of 2 kB.
pub(super) fn products() -> Vec<Question> {
    let question = |number| {
        let product = data::product(number);
        let path = format!("/catalog/products/{}", product.sku);
        Question::get(path, 0, json!(product), size(&product))
    };
    (0..PRODUCTS).map(question).collect()
}

/// Of 100 kB.
pub(super) fn documents() -> Vec<Question> {
    let question = |number| {
        let document = data::document(number);
        let path = format!("/catalog/documents/{}", data::document_id(number));
        Question::get(path, 0, json!(document), size(&document))
    };
    (0..USERS).map(question).collect()
}

/// Of 100 MB.
pub(super) fn exports() -> Vec<Question> {
    let right = Right::Bytes {
        length: EXPORT,
        hash: hash(data::export()),
    };
    let export = Question {
        right,
        ..Question::get("/catalog/exports/all".to_owned(), 0, json!(null), EXPORT)
    };
    vec![export]
}
