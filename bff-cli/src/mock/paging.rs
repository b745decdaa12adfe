//! Cutting a list as `limit`, `page`, `offset` and their like say.

use bff_spec::contract::{Operation, Types};
use serde_json::{Value, json};

use super::Given;
use super::world::plain;

const SIZES: [&str; 9] = [
    "limit",
    "pagesize",
    "perpage",
    "size",
    "first",
    "top",
    "take",
    "maxresults",
    "count",
];
const OFFSETS: [&str; 4] = ["offset", "skip", "start", "startindex"];
const PAGES: [&str; 3] = ["page", "pagenumber", "pageno"];
const TOTALS: [&str; 5] = ["total", "totalcount", "totalitems", "totalresults", "count"];
const NEXT: [&str; 1] = ["nextpage"];

/// Which part of a list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    /// Counted from 1, where the operation counts pages.
    number: Option<usize>,
    offset: usize,
    size: Option<usize>,
}

/// Whether a parameter of this name cuts rather than filters.
pub(super) fn is_paging(name: &str) -> bool {
    let name = plain(name);
    [&SIZES[..], &OFFSETS, &PAGES]
        .iter()
        .any(|names| names.contains(&name.as_str()))
}

/// Which part the parameters ask for; what isn't given is as the contract's defaults say.
pub(super) fn page(operation: &Operation, given: &[Given<'_>], types: &Types) -> Page {
    let number = |names: &[&str]| -> Option<usize> {
        let is = |name: &str| names.contains(&plain(name).as_str());
        let value = given
            .iter()
            .find(|given| is(given.name))
            .and_then(|given| given.values.first());
        value.and_then(|value| value.parse().ok()).or_else(|| {
            let parameter = operation
                .parameters
                .iter()
                .find(|parameter| is(&parameter.name))?;
            types.get(parameter.ty).default.as_ref()?.parse().ok()
        })
    };
    let size = number(&SIZES);
    let page = number(&PAGES);
    let offset = match (page, size) {
        (Some(page), Some(size)) => page.saturating_sub(1).saturating_mul(size),
        _ => number(&OFFSETS).unwrap_or(0),
    };
    Page {
        number: page,
        offset,
        size,
    }
}

/// The answer with that part of its list, and what it says about the whole put right.
pub(super) fn cut(
    whole: &mut Value,
    items: Vec<Value>,
    page: Page,
    changed: bool,
    field: Option<&str>,
) -> Value {
    let total = items.len();
    let size = page.size.unwrap_or(usize::MAX);
    let kept: Vec<Value> = items.into_iter().skip(page.offset).take(size).collect();
    let more = page.offset.saturating_add(kept.len()) < total;
    let is_cut = kept.len() < total;
    let (Some(field), Value::Object(fields)) = (field, &mut *whole) else {
        return Value::Array(kept);
    };
    fields.insert(field.to_owned(), Value::Array(kept));
    for (key, value) in fields.iter_mut() {
        let key = plain(key);
        let is = |names: &[&str]| names.contains(&key.as_str());
        let counts = value.is_number() || value.is_null();
        match page.number {
            _ if is(&TOTALS) && value.is_number() && changed => *value = json!(total),
            Some(number) if is(&PAGES) && value.is_number() => *value = json!(number),
            Some(number) if is(&NEXT) && counts && (is_cut || changed) => {
                *value = if more { json!(number + 1) } else { Value::Null };
            }
            _ => {}
        }
    }
    std::mem::take(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_list() {
        let page = |number, offset, size| Page {
            number,
            offset,
            size,
        };
        let whole = json!({ "items": [], "total": 9, "page": 1, "nextPage": null });
        for (page, changed, expected) in [
            (
                page(None, 0, None),
                false,
                json!({ "items": [1, 2, 3], "total": 9, "page": 1, "nextPage": null }),
            ),
            (
                page(Some(1), 0, Some(2)),
                false,
                json!({ "items": [1, 2], "total": 9, "page": 1, "nextPage": 2 }),
            ),
            (
                page(Some(2), 2, Some(2)),
                true,
                json!({ "items": [3], "total": 3, "page": 2, "nextPage": null }),
            ),
            (
                page(None, 1, Some(1)),
                false,
                json!({ "items": [2], "total": 9, "page": 1, "nextPage": null }),
            ),
            (
                page(Some(9), 16, Some(2)),
                false,
                json!({ "items": [], "total": 9, "page": 9, "nextPage": null }),
            ),
        ] {
            let items = vec![json!(1), json!(2), json!(3)];
            assert_eq!(
                cut(
                    &mut whole.clone(),
                    items.clone(),
                    page,
                    changed,
                    Some("items")
                ),
                expected
            );
            assert_eq!(
                cut(&mut json!([]), items, page, changed, None),
                expected["items"]
            );
        }
    }
}
