//! One type for an input that is bound to several: bounds intersect, kinds must agree.

use crate::contract::{Bounds, Kind, Limit, Type, TypeId, Types};

/// What satisfies both, or why nothing does: "an integer" and "a string".
pub(crate) fn merge(types: &mut Types, a: TypeId, b: TypeId) -> Result<TypeId, String> {
    let (left, right) = (types.get(a).clone(), types.get(b).clone());
    if matches!(right.kind, Kind::Any) {
        return Ok(a);
    }
    if matches!(left.kind, Kind::Any) {
        return Ok(b);
    }
    let kind = match (&left.kind, &right.kind) {
        (Kind::List(x), Kind::List(y)) => Kind::List(merge(types, *x, *y)?),
        (Kind::Object(_), Kind::Object(_)) => left.kind.clone(),
        (x, y) if x == y => x.clone(),
        (Kind::Integer, Kind::Number) | (Kind::Number, Kind::Integer) => Kind::Integer,
        (Kind::Scalars(kinds), one) | (one, Kind::Scalars(kinds)) if kinds.contains(one) => {
            one.clone()
        }
        _ => {
            return Err(format!(
                "{} and {}",
                super::describe::describe(types, a),
                super::describe::describe(types, b)
            ));
        }
    };
    let one_of = match (left.one_of.is_empty(), right.one_of.is_empty()) {
        (true, _) => right.one_of.clone(),
        (_, true) => left.one_of.clone(),
        _ => {
            let both: Vec<String> = left
                .one_of
                .iter()
                .filter(|v| right.one_of.contains(v))
                .cloned()
                .collect();
            if both.is_empty() {
                return Err(format!(
                    "{} and {}",
                    super::describe::describe(types, a),
                    super::describe::describe(types, b)
                ));
            }
            both
        }
    };
    let format = match (left.format.as_deref(), right.format.as_deref()) {
        (None, other) | (other, None) => other.map(str::to_owned),
        (Some(x), Some(y)) if x == y => Some(x.to_owned()),
        (Some("int32" | "int64"), Some("int32" | "int64")) => Some("int32".to_owned()),
        (Some(x), Some(y)) => return Err(format!("format `{x}` and format `{y}`")),
    };
    let bounds = bounds(&left.bounds, &right.bounds)?;
    let merged = Type {
        kind,
        nullable: left.nullable && right.nullable,
        one_of,
        format,
        bounds,
        description: left.description.clone().or(right.description.clone()),
        default: if left.default == right.default {
            left.default.clone()
        } else {
            None
        },
        sensitive: left.sensitive || right.sensitive,
        example: left.example.clone().or(right.example.clone()),
        name: left.name.clone(),
        place: left.place,
    };
    Ok(types.add(merged))
}

fn bounds(a: &Bounds, b: &Bounds) -> Result<Bounds, String> {
    let most = |x: Option<u64>, y: Option<u64>| x.max(y);
    let least = |x: Option<u64>, y: Option<u64>| match (x, y) {
        (Some(x), Some(y)) => Some(x.min(y)),
        (x, None) => x,
        (None, y) => y,
    };
    let pattern = match (&a.pattern, &b.pattern) {
        (Some(x), Some(y)) if x != y => {
            return Err(format!("pattern `{x}` and pattern `{y}`"));
        }
        (x, y) => x.clone().or_else(|| y.clone()),
    };
    let merged = Bounds {
        minimum: limit(a.minimum.as_ref(), b.minimum.as_ref(), |x, y| x > y),
        maximum: limit(a.maximum.as_ref(), b.maximum.as_ref(), |x, y| x < y),
        min_length: most(a.min_length, b.min_length),
        max_length: least(a.max_length, b.max_length),
        pattern,
        min_items: most(a.min_items, b.min_items),
        max_items: least(a.max_items, b.max_items),
    };
    check(&merged)?;
    Ok(merged)
}

/// Whether anything is within the bounds at all.
pub(crate) fn check(bounds: &Bounds) -> Result<(), String> {
    let number = |limit: &Option<Limit>| {
        limit
            .as_ref()
            .and_then(|l| Some((l.value.parse::<f64>().ok()?, l.exclusive)))
    };
    if let (Some((min, open)), Some((max, shut))) =
        (number(&bounds.minimum), number(&bounds.maximum))
        && (min > max || ((open || shut) && min >= max))
    {
        return Err(format!("at least {min} and at most {max}"));
    }
    for (min, max, of) in [
        (bounds.min_length, bounds.max_length, "characters"),
        (bounds.min_items, bounds.max_items, "values"),
    ] {
        if let (Some(min), Some(max)) = (min, max)
            && min > max
        {
            return Err(format!("at least {min} and at most {max} {of}"));
        }
    }
    Ok(())
}

fn limit(
    a: Option<&Limit>,
    b: Option<&Limit>,
    tighter: impl Fn(f64, f64) -> bool,
) -> Option<Limit> {
    match (a, b) {
        (Some(x), Some(y)) => {
            let (nx, ny) = (x.value.parse::<f64>().ok()?, y.value.parse::<f64>().ok()?);
            let first = tighter(nx, ny) || (nx.total_cmp(&ny).is_eq() && x.exclusive);
            Some(if first { x.clone() } else { y.clone() })
        }
        (x, y) => x.or(y).cloned(),
    }
}
