//! One value laid over another, as far as a type has room for it.

use bff_spec::contract::{Kind, TypeId, Types};
use serde_json::Value;

/// Whose the upper value is: a client may not set what is `readOnly`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// A request.
    Client,
    /// The upstream itself.
    Upstream,
}

/// Lays `upper` over `lower`, which is of this type. Objects are laid over field by field, lists element by element
/// (one longer than what is below has its first element repeated below); a field neither shown nor documented is
/// dropped, and so is a value of another kind.
pub(crate) fn overlay(
    types: &Types,
    ty: Option<TypeId>,
    lower: &Value,
    upper: &Value,
    from: From,
) -> Value {
    match (lower, upper) {
        (Value::Object(below), Value::Object(above)) => {
            let mut object = below.clone();
            for (key, value) in above {
                let field = field(types, ty, key);
                if field.is_some_and(|field| field.read_only && from == From::Client) {
                    continue;
                }
                let ty = field.map(|field| field.ty);
                match object.get(key) {
                    Some(lower) => {
                        let laid = overlay(types, ty, lower, value, from);
                        object.insert(key.clone(), laid);
                    }
                    None if field.is_some() => {
                        object.insert(key.clone(), value.clone());
                    }
                    None => {}
                }
            }
            Value::Object(object)
        }
        (Value::Array(below), Value::Array(above)) => {
            let item = ty.and_then(|ty| match types.get(ty).kind {
                Kind::List(item) => Some(item),
                _ => None,
            });
            let laid = above.iter().enumerate().map(|(at, value)| {
                match below.get(at).or_else(|| below.first()) {
                    Some(lower) => overlay(types, item, lower, value, from),
                    None => value.clone(),
                }
            });
            Value::Array(laid.collect())
        }
        (_, Value::Null) => {
            let allowed = ty.is_none_or(|ty| types.get(ty).nullable);
            if allowed { Value::Null } else { lower.clone() }
        }
        (Value::Null, _) => upper.clone(),
        (Value::Object(_) | Value::Array(_), _) => lower.clone(),
        (Value::Bool(_), Value::Bool(_)) | (Value::Number(_), Value::Number(_)) => upper.clone(),
        (Value::String(_), Value::String(_)) => upper.clone(),
        // A form, a path or a query holds text alone.
        (Value::Bool(_) | Value::Number(_), Value::String(text)) => match serde_json::from_str::<
            Value,
        >(text)
        {
            Ok(value) if std::mem::discriminant(&value) == std::mem::discriminant(lower) => value,
            _ => lower.clone(),
        },
        _ => lower.clone(),
    }
}

fn field<'a>(
    types: &'a Types,
    ty: Option<TypeId>,
    key: &str,
) -> Option<&'a bff_spec::contract::Field> {
    match &types.get(ty?).kind {
        Kind::Object(object) => object.fields.get(key),
        Kind::Variants(variants) => variants
            .members
            .iter()
            .find_map(|member| field(types, Some(member.ty), key)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_fits_is_laid_over() {
        let types = Types::default();
        for (lower, upper, expected) in [
            (
                json!({"a": 1, "b": "x"}),
                json!({"b": "y", "c": 1}),
                json!({"a": 1, "b": "y"}),
            ),
            (
                json!({"a": {"b": 1, "c": 2}}),
                json!({"a": {"b": 3}}),
                json!({"a": {"b": 3, "c": 2}}),
            ),
            (
                json!([{"a": 1, "b": 1}]),
                json!([{"a": 2}, {"a": 3}]),
                json!([{"a": 2, "b": 1}, {"a": 3, "b": 1}]),
            ),
            (json!([1]), json!([]), json!([])),
            (json!("a"), json!(1), json!("a")),
            (json!(1), json!("2"), json!(2)),
            (json!(1), json!("x"), json!(1)),
            (json!(null), json!("x"), json!("x")),
            (json!({"a": 1}), json!([1]), json!({"a": 1})),
        ] {
            assert_eq!(
                overlay(&types, None, &lower, &upper, From::Client),
                expected,
                "{upper} over {lower}"
            );
        }
    }
}
