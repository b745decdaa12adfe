//! What to show of a value: its scalars, and those of what lies directly in it. Nothing that is sensitive.

use bff_spec::contract::{Field, Kind, TypeId, Types};

use super::names::{self, identified, word};

/// How many fields of one object are proposed; whoever wants more adds them.
const MAX_FIELDS: usize = 16;
/// How deep objects in objects are shown.
const DEPTH: usize = 3;
/// How long a selection on one line may be.
const WIDTH: usize = 72;

/// What an answer is, as far as that matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// An object with fields.
    Object,
    /// A list of objects with fields.
    Objects(TypeId),
    /// A scalar, or a list of them.
    Plain,
    /// A map, variants, a list of lists, or what has no schema.
    Other,
}

pub(super) fn shape(types: &Types, ty: TypeId) -> Shape {
    match &types.get(ty).kind {
        Kind::List(inner) if types.get(*inner).kind.is_scalar() => Shape::Plain,
        Kind::List(inner) if !all_fields(types, *inner).is_empty() => Shape::Objects(*inner),
        kind if kind.is_scalar() => Shape::Plain,
        _ if !all_fields(types, ty).is_empty() => Shape::Object,
        _ => Shape::Other,
    }
}

/// The fields of an object; of variants, those that all of them share.
fn all_fields(types: &Types, ty: TypeId) -> Vec<(&str, &Field)> {
    let of = |ty: TypeId| match &types.get(ty).kind {
        Kind::Object(object) => Some(&object.fields),
        _ => None,
    };
    let (first, others) = match &types.get(ty).kind {
        Kind::Variants(variants) => match variants.members.split_first() {
            Some((first, others)) => (first.ty, others),
            None => return Vec::new(),
        },
        _ => (ty, &[][..]),
    };
    let shared = |name: &String| {
        let mut others = others.iter();
        others.all(|other| of(other.ty).is_some_and(|fields| fields.contains_key(name)))
    };
    let fields = of(first).into_iter().flatten();
    let fields = fields.filter(|(name, _)| shared(name));
    fields.map(|(name, field)| (name.as_str(), field)).collect()
}

/// The fields that an answer may hold and anybody may see, in the contract's order.
pub(super) fn fields(types: &Types, ty: TypeId) -> Vec<(&str, &Field)> {
    let mut fields = all_fields(types, ty);
    fields.retain(|(name, field)| !field.write_only && !is_sensitive(types, name, field));
    fields
}

/// The names of fields that are left out because they are sensitive, or sound like it.
pub(super) fn sensitive(types: &Types, ty: TypeId) -> Vec<&str> {
    let fields = all_fields(types, ty).into_iter();
    let hidden =
        fields.filter(|(name, field)| !field.write_only && is_sensitive(types, name, field));
    hidden.map(|(name, _)| name).collect()
}

fn is_sensitive(types: &Types, name: &str, field: &Field) -> bool {
    field.sensitive || types.get(field.ty).sensitive || names::sounds_secret(name)
}

/// The selection of an object, as tokens: names, and names with a selection of their own. Empty: nothing can be shown
/// field by field.
pub(super) fn of(types: &Types, ty: TypeId) -> Vec<Shown> {
    within(types, ty, DEPTH)
}

/// A field in a selection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    /// As a spec writes it.
    pub(super) text: String,
    /// The fields inside; none: it is taken as it is.
    pub(super) inner: Vec<Shown>,
}

fn within(types: &Types, ty: TypeId, depth: usize) -> Vec<Shown> {
    let mut all = Vec::new();
    for (name, field) in fields(types, ty) {
        if all.len() == MAX_FIELDS {
            break;
        }
        let below = element(types, field.ty);
        let inner = match &types.get(below).kind {
            kind if kind.is_scalar() => Vec::new(),
            Kind::Object(_) | Kind::Variants(_) if depth > 1 => within(types, below, depth - 1),
            _ => continue,
        };
        if !inner.is_empty() || types.get(below).kind.is_scalar() {
            all.push(Shown {
                text: word(name),
                inner,
            });
        }
    }
    all
}

/// What lists hold in the end.
fn element(types: &Types, ty: TypeId) -> TypeId {
    let mut at = ty;
    // A list of lists that holds itself would never end.
    for _ in 0..4 {
        match &types.get(at).kind {
            Kind::List(inner) => at = *inner,
            _ => break,
        }
    }
    at
}

/// Up to three scalars that tell what something is.
pub(super) fn gist(types: &Types, ty: TypeId) -> Vec<Shown> {
    const TELLING: &[&str] = &[
        "name",
        "title",
        "label",
        "displayname",
        "login",
        "email",
        "status",
        "slug",
        "username",
        "friendlyname",
        "sku",
    ];
    let scalars: Vec<&str> = fields(types, ty)
        .into_iter()
        .filter(|(_, field)| types.get(field.ty).kind.is_scalar())
        .map(|(name, _)| name)
        .collect();
    let telling = |name: &&&str| TELLING.contains(&names::folded(name).as_str());
    let mut chosen: Vec<&str> = scalars.iter().filter(telling).take(3).copied().collect();
    if chosen.is_empty() {
        let rest = scalars
            .iter()
            .filter(|name| identified(name).is_none() && **name != "id");
        chosen = rest.take(2).copied().collect();
    }
    let shown = |name: &str| Shown {
        text: word(name),
        inner: Vec::new(),
    };
    chosen.into_iter().map(shown).collect()
}

/// Fields as lines; each is indented by the caller.
pub(super) fn lines(fields: &[Shown]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut row = String::new();
    for field in fields {
        if field.inner.is_empty() {
            if !row.is_empty() && row.len() + field.text.len() >= WIDTH {
                lines.push(std::mem::take(&mut row));
            }
            if !row.is_empty() {
                row.push(' ');
            }
            row.push_str(&field.text);
            continue;
        }
        lines.extend((!row.is_empty()).then(|| std::mem::take(&mut row)));
        lines.extend(braced(&field.text, &self::lines(&field.inner)));
    }
    lines.extend((!row.is_empty()).then_some(row));
    lines
}

/// `head { a b }` on one line if it fits, else with a line for each row.
pub(super) fn braced(head: &str, inner: &[String]) -> Vec<String> {
    if let [only] = inner
        && head.len() + only.len() + 5 <= WIDTH
    {
        return vec![format!("{head} {{ {only} }}")];
    }
    let mut lines = vec![format!("{head} {{")];
    lines.extend(inner.iter().map(|line| format!("  {line}")));
    lines.push("}".to_owned());
    lines
}
