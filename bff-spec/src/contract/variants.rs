//! What tells alternatives from each other, once all types are known.

use std::collections::{HashMap, HashSet};

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

/// Gives every set of alternatives its type. `work` counts down; what comes back are sets it didn't last for.
pub(super) fn decide(types: &mut Types, undecided: &[Undecided], work: &mut usize) -> Vec<TypeId> {
    let sets: HashMap<TypeId, &Undecided> = undecided.iter().map(|set| (set.id, set)).collect();
    let mut beyond = Vec::new();
    // All are worked out before any is written: a set may be a member of another.
    let mut decided = Vec::with_capacity(undecided.len());
    for set in undecided {
        if *work == 0 {
            beyond.push(set.id);
            decided.push((set.id, Type::of(Kind::Any)));
            continue;
        }
        let mut flat = Flat {
            members: Vec::new(),
            nullable: false,
            seen: HashSet::new(),
        };
        flat.add(types, &sets, set, 0);
        let fields = flat.members.iter().map(|(member, _)| {
            let object = as_object(types, member);
            1 + object.map_or(0, |object| object.fields.len())
        });
        *work = work.saturating_sub(fields.sum::<usize>() + flat.seen.len());
        decided.push((set.id, one_type(types, set, flat)));
    }
    for (id, ty) in decided {
        types.set(id, ty);
    }
    beyond
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
        sets: &HashMap<TypeId, &Undecided>,
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
                    let new = self.seen.insert(member.ty);
                    if new && self.members.len() < MAX_MEMBERS {
                        self.members.push((member.clone(), property.clone()));
                    }
                }
            }
        }
    }
}

/// The type of a set whose members are known.
fn one_type(types: &Types, set: &Undecided, flat: Flat) -> Type {
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
    let table = Table::of(types, &members);
    let variants = flat
        .members
        .iter()
        .map(|(member, property)| table.variant(member, property.as_deref()));
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

/// How many members have what.
struct Table<'t> {
    types: &'t Types,
    kinds: HashMap<&'static str, usize>,
    /// Members that may be of any kind.
    unknown: usize,
    /// Members that are maps, and so may have any field.
    maps: usize,
    fields: HashMap<&'t str, Uses>,
}

/// How a field is used by members.
#[derive(Default)]
struct Uses {
    members: usize,
    /// Members in which its values aren't told.
    open: usize,
    values: HashMap<String, usize>,
}

impl<'t> Table<'t> {
    fn of(types: &'t Types, members: &[&Member]) -> Table<'t> {
        let mut table = Table {
            types,
            kinds: HashMap::new(),
            unknown: 0,
            maps: 0,
            fields: HashMap::new(),
        };
        for member in members {
            let kinds = json_kinds(&types.get(member.ty).kind);
            table.unknown += usize::from(kinds.is_empty());
            for kind in kinds {
                *table.kinds.entry(kind).or_default() += 1;
            }
            let Some(object) = as_object(types, member) else {
                continue;
            };
            table.maps += usize::from(object.rest.is_some());
            for (name, field) in &object.fields {
                let uses = table.fields.entry(name).or_default();
                uses.members += 1;
                let values = strings(types, field.ty);
                uses.open += usize::from(values.is_empty());
                for value in values {
                    *uses.values.entry(value).or_default() += 1;
                }
            }
        }
        table
    }

    /// One alternative: its names, and what tells it from the others.
    fn variant(&self, member: &Member, property: Option<&str>) -> Variant {
        let kinds = json_kinds(&self.types.get(member.ty).kind);
        let alone = self.unknown == 0 && kinds.iter().all(|kind| self.kinds.get(kind) == Some(&1));
        let mut names: Vec<String> = member.name.iter().cloned().collect();
        let discriminated = property.and_then(|property| {
            let values = discriminator_values(self.types, member, property);
            (!values.is_empty()).then(|| (property.to_owned(), values))
        });
        let test = if let Some((property, values)) = discriminated {
            names.extend(values.iter().cloned());
            Some(VariantTest::Property(property, values))
        } else if alone {
            Some(VariantTest::Kind)
        } else if let Some((property, value)) = self.single_value(member) {
            names.push(value.clone());
            Some(VariantTest::Property(property, vec![value]))
        } else {
            self.own_field(member).map(VariantTest::Own)
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

    /// A property that has one value here, and never that one elsewhere.
    fn single_value(&self, member: &Member) -> Option<(String, String)> {
        let object = as_object(self.types, member).filter(|_| self.unknown == 0)?;
        object.fields.iter().find_map(|(name, field)| {
            let value = single_value(self.types, field.ty)?;
            let uses = self.fields.get(name.as_str())?;
            let unique = uses.open == 0 && uses.values.get(&value) == Some(&1);
            unique.then(|| (name.clone(), value))
        })
    }

    /// A property that is required here, and unknown elsewhere.
    fn own_field(&self, member: &Member) -> Option<String> {
        let object = as_object(self.types, member).filter(|_| self.unknown == 0)?;
        let maps_elsewhere = self.maps - usize::from(object.rest.is_some());
        let own = object.fields.iter().find(|(name, field)| {
            let uses = self.fields.get(name.as_str());
            field.required && maps_elsewhere == 0 && uses.is_some_and(|uses| uses.members == 1)
        });
        own.map(|(name, _)| name.clone())
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
