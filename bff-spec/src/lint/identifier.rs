//! Whether a value names one thing among many: by what it is called, and by its type.

use crate::contract::{Kind, Location, TypeId, Types};

/// The last word of names that name things.
const IDS: &[&str] = &["id", "ids", "uid", "uids", "uuid", "uuids", "guid", "guids"];
/// What comes before it in names of requests and programs rather than of things.
const OF_REQUESTS: &[&str] = &[
    "request",
    "correlation",
    "trace",
    "span",
    "idempotency",
    "device",
    "client",
    "app",
];
/// Path parameters that choose how something is told, not which thing.
const NO_THINGS: &[&str] = &[
    "version", "lang", "language", "locale", "country", "currency", "format", "type", "kind",
    "status", "page", "date", "year", "month", "week", "day",
];
const FORMATS: &[&str] = &["uuid", "guid", "ulid"];
const TIMES: &[&str] = &["date", "date-time", "time", "duration"];

/// How surely a value names a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Names {
    /// It doesn't.
    Nothing,
    /// By a key of its own kind, such as a `sku`: perhaps of something that is everybody's.
    ByKey,
    /// By an identifier.
    ById,
}

/// What a parameter names: an identifier if the last word of its name or its format says so, or if it is called like
/// somebody; by a key if it stands in the path.
pub(super) fn named(types: &Types, name: &str, ty: TypeId, location: Option<Location>) -> Names {
    if !may_identify(types, ty) {
        return Names::Nothing;
    }
    let in_path = location == Some(Location::Path);
    let words = words(name);
    let last = words.last().map_or("", String::as_str);
    if is_named_id(name) || has_format(types, ty) || (in_path && is_owner(name)) {
        Names::ById
    } else if in_path && !NO_THINGS.contains(&last) {
        Names::ByKey
    } else {
        Names::Nothing
    }
}

/// `id`, `orderId`, `order_ids`, `order-uuid`; not `x-request-id`.
pub(super) fn is_named_id(name: &str) -> bool {
    match words(name).as_slice() {
        [.., before, last] => {
            IDS.contains(&last.as_str()) && !OF_REQUESTS.contains(&before.as_str())
        }
        [last] => IDS.contains(&last.as_str()),
        [] => false,
    }
}

/// Whether a field could say whose a thing is: `customerId`, `owner`, `user_id`.
pub(super) fn is_owner(name: &str) -> bool {
    const OWNERS: &[&str] = &[
        "owner",
        "customer",
        "user",
        "account",
        "member",
        "subject",
        "sub",
        "tenant",
        "organization",
        "organisation",
        "buyer",
        "author",
        "patient",
        "employee",
        "client",
    ];
    match words(name).as_slice() {
        [only] => OWNERS.contains(&only.as_str()),
        [first, last] => OWNERS.contains(&first.as_str()) && IDS.contains(&last.as_str()),
        _ => false,
    }
}

fn may_identify(types: &Types, ty: TypeId) -> bool {
    let ty = types.get(ty);
    let timed = ty.format.as_deref().is_some_and(|f| TIMES.contains(&f));
    match &ty.kind {
        Kind::List(inner) => {
            let inner = types.get(*inner);
            scalar_identifies(&inner.kind) && inner.one_of.is_empty()
        }
        kind => scalar_identifies(kind) && ty.one_of.is_empty() && !timed,
    }
}

fn scalar_identifies(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::String | Kind::Integer | Kind::Scalars(_) | Kind::Any
    )
}

fn has_format(types: &Types, ty: TypeId) -> bool {
    let of = |ty: TypeId| {
        let format = types.get(ty).format.as_deref();
        format.is_some_and(|f| FORMATS.contains(&f))
    };
    match types.get(ty).kind {
        Kind::List(inner) => of(inner),
        _ => of(ty),
    }
}

/// `customerID` → `customer`, `id`
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = None;
    let letters: Vec<char> = name.chars().collect();
    for (i, c) in letters.iter().copied().enumerate() {
        if !c.is_alphanumeric() {
            before = None;
            continue;
        }
        let next_small = letters.get(i + 1).is_some_and(|next| next.is_lowercase());
        let starts = match before {
            None => true,
            Some(before) => {
                let before: char = before;
                c.is_uppercase() && (!before.is_uppercase() || next_small)
            }
        };
        if starts {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
        before = Some(c);
    }
    // `orderIDs` splits before its last letter.
    if let [.., last, s] = words.as_slice()
        && s == "ds"
        && last == "i"
    {
        words.truncate(words.len() - 2);
        words.push("ids".into());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_things() {
        for (name, is) in [
            ("id", true),
            ("orderId", true),
            ("orderID", true),
            ("orderIDs", true),
            ("order_ids", true),
            ("order-uuid", true),
            ("x-request-id", false),
            ("idempotency-key", false),
            ("paid", false),
            ("grid", false),
            ("q", false),
            ("limit", false),
            ("", false),
        ] {
            assert_eq!(is_named_id(name), is, "{name}");
        }
    }

    #[test]
    fn names_of_owners() {
        for (name, is) in [
            ("customerId", true),
            ("owner", true),
            ("user_id", true),
            ("id", false),
            ("userName", false),
            ("orderId", false),
        ] {
            assert_eq!(is_owner(name), is, "{name}");
        }
    }
}
