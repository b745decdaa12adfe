//! Types in words.

use crate::contract::{Kind, TypeId, Types};

/// "a list of strings", "an object (`Order`)".
pub(crate) fn describe(types: &Types, id: TypeId) -> String {
    let ty = types.get(id);
    if !ty.one_of.is_empty() && matches!(ty.kind, Kind::String) {
        return format!("one of {}", values(&ty.one_of));
    }
    match &ty.kind {
        Kind::Any => "a value without a schema".into(),
        Kind::Null => "null".into(),
        Kind::Boolean => "a boolean".into(),
        Kind::Integer => "an integer".into(),
        Kind::Number => "a number".into(),
        Kind::String => "a string".into(),
        Kind::Scalars(kinds) => {
            let kinds: Vec<&str> = kinds.iter().map(scalar).collect();
            kinds.join(" or ")
        }
        Kind::List(of) => format!("a list of {}", plural(types, *of)),
        Kind::Object(object) if object.fields.is_empty() && object.rest.is_some() => {
            let of = object.rest.map_or_else(String::new, |of| plural(types, of));
            format!("a map of {of}")
        }
        Kind::Object(_) => match &ty.name {
            Some(name) => format!("an object (`{name}`)"),
            None => "an object".into(),
        },
        Kind::Variants(_) => match &ty.name {
            Some(name) => format!("one of several variants (`{name}`)"),
            None => "one of several variants".into(),
        },
    }
}

fn scalar(kind: &Kind) -> &'static str {
    match kind {
        Kind::Boolean => "a boolean",
        Kind::Integer => "an integer",
        Kind::Number => "a number",
        Kind::String => "a string",
        _ => "null",
    }
}

/// "strings", "objects (`Order`)".
pub(crate) fn plural(types: &Types, id: TypeId) -> String {
    let ty = types.get(id);
    match &ty.kind {
        Kind::Any => "values without a schema".into(),
        Kind::Null => "nulls".into(),
        Kind::Boolean => "booleans".into(),
        Kind::Integer => "integers".into(),
        Kind::Number => "numbers".into(),
        Kind::String => "strings".into(),
        Kind::Scalars(_) => "scalars".into(),
        Kind::List(_) => "lists".into(),
        Kind::Object(_) | Kind::Variants(_) => match &ty.name {
            Some(name) => format!("objects (`{name}`)"),
            None => "objects".into(),
        },
    }
}

/// JSON texts as "`a`, `b` and `c`", the first dozen of them.
pub(crate) fn values(texts: &[String]) -> String {
    let shown: Vec<String> = texts
        .iter()
        .take(12)
        .map(|t| serde_json::from_str::<String>(t).unwrap_or_else(|_| t.clone()))
        .collect();
    let list = crate::spec::list(shown.iter().map(String::as_str));
    if texts.len() > shown.len() {
        format!("{list} and {} more", texts.len() - shown.len())
    } else {
        list
    }
}

/// Names as "`a`, `b` and `c`", the first two dozen of them.
pub(crate) fn names<'s>(all: impl IntoIterator<Item = &'s str>) -> String {
    let all: Vec<&str> = all.into_iter().collect();
    let shown = all.iter().take(24).copied();
    if all.len() > 24 {
        let list: Vec<String> = shown.map(|n| format!("`{n}`")).collect();
        format!("{} and {} more", list.join(", "), all.len() - 24)
    } else {
        crate::spec::list(shown)
    }
}
