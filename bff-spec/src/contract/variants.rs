//! What tells alternatives from each other, once all types are known.

use std::collections::HashSet;

use super::{Bounds, Kind, Object, Type, TypeId, Types, Variant, VariantTest, Variants};

/// How deep alternatives of alternatives are looked into.
const MAX_DEPTH: usize = 16;

/// How many alternatives one value may have, with those of its alternatives.
const MAX_MEMBERS: usize = 512;

/// Alternatives whose types are being read.
pub(super) struct Undecided {
    /// Their type.
    pub(super) id: TypeId,
    /// The alternatives, without null.
    pub(super) members: Vec<Member>,
    /// `discriminator`
    pub(super) discriminator: Option<Discriminator>,
}

/// One alternative.
#[derive(Clone)]
pub(super) struct Member {
    /// Its type.
    pub(super) ty: TypeId,
    /// Its schema's name.
    pub(super) name: Option<String>,
    /// The discriminator's values that are mapped to it.
    pub(super) mapped: Vec<String>,
}

/// `discriminator`
pub(super) struct Discriminator {
    /// `propertyName`
    pub(super) property: String,
}

/// Gives every set of alternatives its type.
pub(super) fn decide(types: &mut Types, undecided: &[Undecided]) {
    let sets: std::collections::HashMap<TypeId, &Undecided> =
        undecided.iter().map(|set| (set.id, set)).collect();
    // All are worked out before any is written: a set may be a member of another.
    let decided: Vec<(TypeId, Type)> = undecided
        .iter()
        .map(|set| {
            let mut flat = Flat {
                members: Vec::new(),
                nullable: false,
                seen: HashSet::new(),
            };
            flat.add(types, &sets, set, 0);
            (set.id, decided(types, set, flat))
        })
        .collect();
    for (id, ty) in decided {
        types.set(id, ty);
    }
}

/// A set's members, those of members that are sets among them.
struct Flat {
    members: Vec<(Member, Option<String>)>,
    nullable: bool,
    seen: HashSet<TypeId>,
}

impl Flat {
    fn add(
        &mut self,
        types: &Types,
        sets: &std::collections::HashMap<TypeId, &Undecided>,
        set: &Undecided,
        depth: usize,
    ) {
        if depth > MAX_DEPTH || !self.seen.insert(set.id) {
            return;
        }
        let property = set.discriminator.as_ref().map(|d| d.property.clone());
        for member in &set.members {
            let ty = types.get(member.ty);
            self.nullable |= ty.nullable;
            match sets.get(&member.ty) {
                Some(inner) => self.add(types, sets, inner, depth + 1),
                None if ty.kind == Kind::Null => {}
                None => {
                    let known = self.members.iter().any(|(other, _)| other.ty == member.ty);
                    if !known && self.members.len() < MAX_MEMBERS {
                        self.members.push((member.clone(), property.clone()));
                    }
                }
            }
        }
    }
}

fn decided(types: &Types, set: &Undecided, flat: Flat) -> Type {
    let mut ty = types.get(set.id).clone();
    ty.nullable |= flat.nullable;
    let members: Vec<&Member> = flat.members.iter().map(|(member, _)| member).collect();
    if members.is_empty() {
        ty.kind = Kind::Any;
        return ty;
    }
    if members
        .iter()
        .all(|member| types.get(member.ty).kind.is_scalar())
    {
        return scalars(types, ty, &members);
    }
    if let [only] = members.as_slice() {
        let inner = types.get(only.ty);
        return Type {
            nullable: ty.nullable || inner.nullable,
            name: ty.name.or_else(|| inner.name.clone()),
            description: ty.description.or_else(|| inner.description.clone()),
            ..inner.clone()
        };
    }
    let variants = flat
        .members
        .iter()
        .enumerate()
        .map(|(i, (member, property))| {
            let others: Vec<&Member> = members
                .iter()
                .enumerate()
                .filter(|(j, _)| *j != i)
                .map(|(_, other)| *other)
                .collect();
            variant(types, member, property.as_deref(), &others)
        });
    ty.kind = Kind::Variants(Variants {
        members: variants.collect(),
    });
    ty.one_of = Vec::new();
    ty.bounds = Bounds::default();
    ty
}

/// Alternatives that are all scalars are one scalar: nothing is selected from it.
fn scalars(types: &Types, ty: Type, members: &[&Member]) -> Type {
    let inner: Vec<&Type> = members.iter().map(|member| types.get(member.ty)).collect();
    let mut kinds: Vec<Kind> = Vec::new();
    for one in &inner {
        let these = match &one.kind {
            Kind::Scalars(kinds) => kinds.as_slice(),
            kind => std::slice::from_ref(kind),
        };
        for kind in these {
            if !kinds.contains(kind) {
                kinds.push(kind.clone());
            }
        }
    }
    if kinds.contains(&Kind::Number) {
        kinds.retain(|kind| *kind != Kind::Integer);
    }
    let same = |get: fn(&Type) -> &Option<String>| {
        let mut all = inner.iter().map(|one| get(one));
        let first = all.next().cloned().flatten();
        all.all(|other| *other == first).then_some(first).flatten()
    };
    let mut one_of: Vec<String> = Vec::new();
    if inner.iter().all(|one| !one.one_of.is_empty()) {
        for value in inner.iter().flat_map(|one| &one.one_of) {
            if !one_of.contains(value) {
                one_of.push(value.clone());
            }
        }
    }
    let bounds = inner
        .first()
        .map(|one| one.bounds.clone())
        .unwrap_or_default();
    let bounded = inner.iter().all(|one| one.bounds == bounds);
    Type {
        kind: match kinds.len() {
            1 => kinds.pop().unwrap_or(Kind::Any),
            _ => Kind::Scalars(kinds),
        },
        format: ty.format.clone().or_else(|| same(|one| &one.format)),
        sensitive: ty.sensitive || inner.iter().any(|one| one.sensitive),
        example: ty
            .example
            .clone()
            .or_else(|| inner.first().and_then(|one| one.example.clone())),
        one_of,
        bounds: if bounded { bounds } else { Bounds::default() },
        ..ty
    }
}

/// One alternative among others: its names, and what tells it from them.
fn variant(types: &Types, member: &Member, property: Option<&str>, others: &[&Member]) -> Variant {
    let kinds = json_kinds(&types.get(member.ty).kind);
    let alone = !kinds.is_empty()
        && others.iter().all(|other| {
            let theirs = json_kinds(&types.get(other.ty).kind);
            !theirs.is_empty() && theirs.iter().all(|kind| !kinds.contains(kind))
        });
    let object = as_object(types, member);
    let rivals: Vec<&Object> = others
        .iter()
        .filter_map(|other| as_object(types, other))
        .collect();
    let open = others
        .iter()
        .any(|other| types.get(other.ty).kind == Kind::Any);

    let by_discriminator = property.and_then(|property| {
        let values = discriminator_values(types, member, property);
        (!values.is_empty()).then(|| (property.to_owned(), values))
    });
    let by_value = || {
        let object = object.filter(|_| !open)?;
        object.fields.iter().find_map(|(name, field)| {
            let value = single_value(types, field.ty)?;
            let unique = rivals.iter().all(|rival| match rival.fields.get(name) {
                None => true,
                Some(theirs) => {
                    let theirs = strings(types, theirs.ty);
                    !theirs.is_empty() && !theirs.contains(&value)
                }
            });
            unique.then(|| (name.clone(), vec![value]))
        })
    };
    let own = || {
        let object = object.filter(|_| !open)?;
        let own = object.fields.iter().find(|(name, field)| {
            field.required
                && rivals
                    .iter()
                    .all(|rival| rival.rest.is_none() && !rival.fields.contains_key(*name))
        });
        own.map(|(name, _)| name.clone())
    };

    let mut names: Vec<String> = member.name.iter().cloned().collect();
    let test = if let Some((property, values)) = by_discriminator {
        names.extend(values.iter().cloned());
        Some(VariantTest::Property(property, values))
    } else if alone {
        Some(VariantTest::Kind)
    } else if let Some((property, values)) = by_value() {
        names.extend(values.iter().cloned());
        Some(VariantTest::Property(property, values))
    } else {
        own().map(VariantTest::Own)
    };
    if alone {
        names.extend(kinds.iter().map(|kind| (*kind).to_owned()));
    }
    let mut seen = HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    Variant {
        names,
        ty: member.ty,
        test,
    }
}

fn as_object<'t>(types: &'t Types, member: &Member) -> Option<&'t Object> {
    match &types.get(member.ty).kind {
        Kind::Object(object) => Some(object),
        _ => None,
    }
}

/// The values a discriminator has for a member: those mapped to it, else those its own schema admits, else its
/// schema's name (OpenAPI, "Discriminator Object").
fn discriminator_values(types: &Types, member: &Member, property: &str) -> Vec<String> {
    if !member.mapped.is_empty() {
        return member.mapped.clone();
    }
    let admitted = as_object(types, member)
        .and_then(|object| object.fields.get(property))
        .and_then(|field| single_value(types, field.ty));
    admitted
        .or_else(|| member.name.clone())
        .into_iter()
        .collect()
}

/// The one string a value can be.
fn single_value(types: &Types, id: TypeId) -> Option<String> {
    let mut values = strings(types, id);
    if values.len() == 1 {
        values.pop()
    } else {
        None
    }
}

/// The strings a value can be, if they are all told.
fn strings(types: &Types, id: TypeId) -> Vec<String> {
    let ty = types.get(id);
    let parsed = ty
        .one_of
        .iter()
        .map(|json| serde_json::from_str::<String>(json).ok());
    parsed.collect::<Option<Vec<_>>>().unwrap_or_default()
}

/// The JSON kinds a value can be of; empty: any.
fn json_kinds(kind: &Kind) -> Vec<&'static str> {
    match kind {
        Kind::Any | Kind::Variants(_) => Vec::new(),
        Kind::Null => vec!["null"],
        Kind::Boolean => vec!["boolean"],
        Kind::Integer | Kind::Number => vec!["number"],
        Kind::String => vec!["string"],
        Kind::Scalars(kinds) => kinds.iter().flat_map(json_kinds).collect(),
        Kind::List(_) => vec!["array"],
        Kind::Object(_) => vec!["object"],
    }
}
