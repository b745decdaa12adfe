//! Which of a thing's fields a parameter speaks of, and whether their values agree.

use serde_json::Value;

use super::Given;
use super::world::{plain, same_name};

/// The value that a parameter speaks of in a thing.
///
/// Its namesake (`customer_id` is `customerId`); for `ids` and `skus` the singular; for `id` and a parameter that closes
/// a path what identifies the thing; for `customerId` the `id` of an object `customer`.
pub(super) fn field<'a>(
    thing: &'a Value,
    given: &Given<'_>,
    identity: Option<&str>,
) -> Option<&'a Value> {
    let fields = thing.as_object()?;
    let by = |is: &dyn Fn(&str) -> bool| {
        fields
            .iter()
            .find(|(key, _)| is(key))
            .map(|(_, value)| value)
    };
    let name = given.name;
    let singular = plain(name).strip_suffix('s').map(str::to_owned);
    let names_identity = given.identity || ["id", "ids"].contains(&plain(name).as_str());
    by(&|key| same_name(key, name))
        .or_else(|| {
            singular
                .as_ref()
                .and_then(|singular| by(&|key| plain(key) == *singular))
        })
        .or_else(|| {
            identity
                .filter(|_| names_identity)
                .and_then(|identity| fields.get(identity))
        })
        .or_else(|| {
            let closes = given.identity && plain(name).ends_with("id");
            by(&|key| closes && plain(key) == "id")
        })
        .or_else(|| {
            let plain_name = singular
                .clone()
                .filter(|name| name.ends_with("id"))
                .unwrap_or_else(|| plain(name));
            let whose = plain_name
                .strip_suffix("id")
                .filter(|whose| !whose.is_empty())?;
            by(&|key| plain(key) == *whose).and_then(|value| value.get("id"))
        })
}

/// The key of that field, where it is the thing's own.
pub(super) fn key<'a>(
    thing: &'a Value,
    given: &Given<'_>,
    identity: Option<&str>,
) -> Option<&'a str> {
    let found = field(thing, given, identity)?;
    thing
        .as_object()?
        .iter()
        .find(|(_, value)| std::ptr::eq(*value, found))
        .map(|(key, _)| key.as_str())
}

/// Whether a field's value is one of the parameter's values; a list's, if one of its elements is.
pub(super) fn agrees(value: &Value, given: &Given<'_>) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| agrees(item, given)),
        value => text(value).is_some_and(|text| given.values.contains(&text)),
    }
}

/// A scalar as a path or query writes it.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bff_spec::contract::Location;
    use serde_json::json;

    #[test]
    fn parameters_find_their_fields() {
        let thing = json!({
            "sku": "S", "customerId": "C", "owner": { "id": "O" }, "tags": ["a", "b"], "id": 7, "user_id": true,
        });
        for (name, identity, expected) in [
            ("customer_id", false, Some(json!("C"))),
            ("skus", false, Some(json!("S"))),
            ("tags", false, Some(json!(["a", "b"]))),
            ("ownerId", false, Some(json!("O"))),
            ("ownerIds", false, Some(json!("O"))),
            ("userId", false, Some(json!(true))),
            ("thingId", true, Some(json!("S"))),
            ("thingId", false, None),
            ("ids", false, Some(json!(7))),
            ("limit", false, None),
        ] {
            let given = Given {
                name,
                location: Location::Query,
                identity,
                values: Vec::new(),
            };
            assert_eq!(
                field(&thing, &given, Some("sku")).cloned(),
                expected,
                "{name}"
            );
        }
    }

    #[test]
    fn values_agree_as_text() {
        for (value, values, expected) in [
            (json!("a"), vec!["b", "a"], true),
            (json!(7), vec!["7"], true),
            (json!(["a", "b"]), vec!["b"], true),
            (json!(null), vec!["null"], false),
            (json!({"a": 1}), vec!["1"], false),
        ] {
            let values = values.into_iter().map(str::to_owned).collect();
            let given = Given {
                name: "x",
                location: Location::Query,
                identity: false,
                values,
            };
            assert_eq!(agrees(&value, &given), expected, "{value}");
        }
    }
}
