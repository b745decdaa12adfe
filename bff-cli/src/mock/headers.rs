//! The headers that a contract documents for an answer.

use std::hash::{DefaultHasher, Hash, Hasher};

use bff_spec::contract::{Header, Kind, Response, Types};
use serde_json::Value;

use super::made::{fitted, made_as};
use super::{Answer, matching};

/// Headers that say how an answer is sent, or where it is, which the server knows better than the contract; and
/// cookies, which would be kept.
const OWN: [&str; 10] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "keep-alive",
    "location",
    "set-cookie",
    "trailer",
    "transfer-encoding",
];

/// The documented headers of an answer: each by its example, or else made. An `ETag` without an example is the body's.
pub(super) fn of(types: &Types, response: &Response, answer: &Answer) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    for header in &response.headers {
        let name = header.name.to_ascii_lowercase();
        if !OWN.contains(&name.as_str())
            && let Some(value) = value(types, header, &name, answer)
        {
            headers.push((name, value));
        }
    }
    headers
}

fn value(types: &Types, header: &Header, name: &str, answer: &Answer) -> Option<String> {
    let schema = types.get(header.ty).example.as_ref();
    let shown = [header.example.as_ref(), schema];
    let mut shown = shown
        .into_iter()
        .flatten()
        .filter_map(|text| serde_json::from_str(text).ok());
    let shown = shown.find_map(|shown| fitted(types, header.ty, shown));
    if shown.is_none() && name == "etag" {
        return Some(etag(answer));
    }
    if shown.is_none() && types.get(header.ty).kind == Kind::Any {
        return Some(format!("{name}-1"));
    }
    let value = shown.unwrap_or_else(|| made_as(types, header.ty, name, 1));
    // A list is written with commas; what has no text has no place in a header.
    match value {
        Value::Array(items) => {
            let items: Option<Vec<String>> = items.iter().map(matching::text).collect();
            Some(items?.join(","))
        }
        value => matching::text(&value),
    }
}

/// Another one for another body, and the same from run to run.
fn etag(answer: &Answer) -> String {
    let mut hasher = DefaultHasher::new();
    answer.body.hash(&mut hasher);
    format!("\"{:016x}\"", hasher.finish())
}
