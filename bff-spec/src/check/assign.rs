//! What may go where (rule 9): the same kind, integer to number, scalar to a string parameter, enum to a superset.

use crate::contract::{Kind, Object, TypeId, Types};
use crate::syntax::ast::{Literal, LiteralKind};

use super::describe::{describe, values};

/// How deep two recursive types are compared.
const MAX_DEPTH: usize = 24;

/// Whether a value of type `from` may go where `to` is asked for. `parameter`: of a request's path, query, headers or
/// cookies, where everything is text. The reason why not is a clause: "`a` is none of `b`, `c`".
pub(crate) fn assignable(
    types: &Types,
    from: TypeId,
    to: TypeId,
    parameter: bool,
) -> Result<(), String> {
    compare(types, from, to, parameter, MAX_DEPTH)
}

fn compare(
    types: &Types,
    from: TypeId,
    to: TypeId,
    parameter: bool,
    depth: usize,
) -> Result<(), String> {
    if from == to || depth == 0 {
        return Ok(());
    }
    let (a, b) = (types.get(from), types.get(to));
    let differ = || {
        Err(format!(
            "{} is not {}",
            describe(types, from),
            describe(types, to)
        ))
    };
    let fits = match (&a.kind, &b.kind) {
        (_, Kind::Any) => return Ok(()),
        (Kind::List(a), Kind::List(b)) => return compare(types, *a, *b, parameter, depth - 1),
        (Kind::Object(a), Kind::Object(b)) => {
            return objects(types, a, b, depth - 1);
        }
        (_, Kind::Variants(variants)) => {
            let any = variants
                .members
                .iter()
                .any(|v| compare(types, from, v.ty, parameter, depth - 1).is_ok());
            return if any { Ok(()) } else { differ() };
        }
        (Kind::Variants(variants), _) => {
            let all = variants
                .members
                .iter()
                .all(|v| compare(types, v.ty, to, parameter, depth - 1).is_ok());
            return if all { Ok(()) } else { differ() };
        }
        (Kind::Scalars(kinds), b) => kinds.iter().all(|a| scalar_fits(a, b, parameter)),
        (a, b) => scalar_fits(a, b, parameter),
    };
    if !fits {
        return differ();
    }
    if b.one_of.is_empty() {
        return Ok(());
    }
    if a.one_of.is_empty() {
        return Err(format!(
            "{} may be more than {}",
            describe(types, from),
            values(&b.one_of)
        ));
    }
    match a.one_of.iter().find(|v| !b.one_of.contains(v)) {
        None => Ok(()),
        Some(value) => Err(format!(
            "it may be {}, which is none of {}",
            values(std::slice::from_ref(value)),
            values(&b.one_of)
        )),
    }
}

fn scalar_fits(from: &Kind, to: &Kind, parameter: bool) -> bool {
    match (from, to) {
        (Kind::Boolean | Kind::Integer | Kind::Number, Kind::String) => parameter,
        (Kind::Boolean, Kind::Boolean)
        | (Kind::Integer, Kind::Integer | Kind::Number)
        | (Kind::Number, Kind::Number)
        | (Kind::String, Kind::String)
        | (Kind::Null, Kind::Null) => true,
        (from, Kind::Scalars(kinds)) => kinds.iter().any(|to| scalar_fits(from, to, parameter)),
        _ => false,
    }
}

fn objects(types: &Types, from: &Object, to: &Object, depth: usize) -> Result<(), String> {
    for (name, field) in &to.fields {
        match from.fields.get(name) {
            Some(given) => {
                compare(types, given.ty, field.ty, false, depth)
                    .map_err(|reason| format!("in `{name}`, {reason}"))?;
                let nullable = types.get(given.ty).nullable || !given.required;
                if field.required && !field.read_only && nullable {
                    return Err(format!("`{name}` is required, and may be null"));
                }
            }
            None if field.required && !field.read_only => {
                return Err(format!("`{name}` is required, and not there"));
            }
            None => {}
        }
    }
    match (from.rest, to.rest) {
        (Some(from), Some(to)) => compare(types, from, to, false, depth),
        _ => Ok(()),
    }
}

/// Whether a literal may go where `to` is asked for.
pub(crate) fn literal_fits(
    types: &Types,
    literal: &Literal,
    to: TypeId,
    parameter: bool,
) -> Result<(), String> {
    let ty = types.get(to);
    let given = match literal.kind {
        LiteralKind::Null => {
            return if ty.nullable || matches!(ty.kind, Kind::Any | Kind::Null) {
                Ok(())
            } else {
                Err(format!("null is not {}", describe(types, to)))
            };
        }
        LiteralKind::EmptyList => {
            return if matches!(ty.kind, Kind::List(_) | Kind::Any) {
                Ok(())
            } else {
                Err(format!("a list is not {}", describe(types, to)))
            };
        }
        LiteralKind::String => Kind::String,
        LiteralKind::Integer => Kind::Integer,
        LiteralKind::Number => Kind::Number,
        LiteralKind::Boolean => Kind::Boolean,
    };
    if let Kind::Variants(variants) = &ty.kind {
        let fits = |v: &crate::contract::Variant| literal_fits(types, literal, v.ty, parameter);
        return match variants.members.iter().any(|v| fits(v).is_ok()) {
            true => Ok(()),
            false => Err(format!("`{}` is {}", literal.json, describe(types, to))),
        };
    }
    if matches!(ty.kind, Kind::Any) {
        return Ok(());
    }
    if !scalar_fits(&given, &ty.kind, parameter) {
        return Err(format!("`{}` is not {}", literal.json, describe(types, to)));
    }
    let text = serde_json::from_str::<String>(&literal.json).ok();
    let among = ty.one_of.iter().any(|v| {
        *v == literal.json || (parameter && text.is_none() && *v == format!("\"{}\"", literal.json))
    });
    if !ty.one_of.is_empty() && !among {
        return Err(format!(
            "`{}` is none of {}",
            literal.json,
            values(&ty.one_of)
        ));
    }
    let bounds = &ty.bounds;
    if let Some(text) = text {
        let length = text.chars().count() as u64;
        if bounds.min_length.is_some_and(|min| length < min) {
            return Err(format!("`{}` is too short", literal.json));
        }
        if bounds.max_length.is_some_and(|max| length > max) {
            return Err(format!("`{}` is too long", literal.json));
        }
    } else if let Ok(number) = literal.json.parse::<f64>() {
        if let Some(limit) = &bounds.minimum
            && let Ok(min) = limit.value.parse::<f64>()
            && (number < min || (limit.exclusive && number <= min))
        {
            return Err(format!(
                "`{}` is less than the least, {}",
                literal.json, limit.value
            ));
        }
        if let Some(limit) = &bounds.maximum
            && let Ok(max) = limit.value.parse::<f64>()
            && (number > max || (limit.exclusive && number >= max))
        {
            return Err(format!(
                "`{}` is more than the most, {}",
                literal.json, limit.value
            ));
        }
    }
    Ok(())
}
