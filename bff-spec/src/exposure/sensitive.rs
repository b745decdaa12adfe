//! Which types hold something that a contract marks as sensitive.

use crate::contract::{Field, Kind, TypeId, Types};
use crate::diagnostic::Place;

/// Worked out once for all types: recursive ones as well.
#[derive(Debug)]
pub(crate) struct Sensitive {
    holds: Vec<bool>,
}

impl Sensitive {
    pub(crate) fn of(types: &Types) -> Sensitive {
        let mut holders: Vec<Vec<usize>> = Vec::new();
        let mut holds = Vec::new();
        for ty in types.iter() {
            holders.push(Vec::new());
            holds.push(ty.sensitive);
        }
        for (i, ty) in types.iter().enumerate() {
            let mut hold = |inner: TypeId| {
                if let Some(holders) = holders.get_mut(inner.0 as usize) {
                    holders.push(i);
                }
            };
            match &ty.kind {
                Kind::List(inner) => hold(*inner),
                Kind::Object(object) => {
                    for field in object.fields.values().filter(|f| !f.write_only) {
                        hold(field.ty);
                        if field.sensitive
                            && let Some(holds) = holds.get_mut(i)
                        {
                            *holds = true;
                        }
                    }
                    object.rest.into_iter().for_each(&mut hold);
                }
                Kind::Variants(variants) => variants.members.iter().for_each(|m| hold(m.ty)),
                _ => {}
            }
        }
        let mut open: Vec<usize> = (0..holds.len())
            .filter(|i| holds.get(*i) == Some(&true))
            .collect();
        while let Some(at) = open.pop() {
            for holder in holders.get(at).into_iter().flatten() {
                if let Some(known) = holds.get_mut(*holder)
                    && !*known
                {
                    *known = true;
                    open.push(*holder);
                }
            }
        }
        Sensitive { holds }
    }

    /// Whether a value of this type is sensitive, or may hold something that is.
    pub(crate) fn holds(&self, ty: TypeId) -> bool {
        self.holds.get(ty.0 as usize).copied().unwrap_or_default()
    }
}

/// Where a contract marks the field of a value as sensitive; of variants, any that has it.
pub(crate) fn marked(types: &Types, ty: TypeId, name: &str) -> Option<Place> {
    match &types.get(ty).kind {
        Kind::Object(object) => object
            .fields
            .get(name)
            .filter(|field| is_marked(types, field))
            .and_then(|field| field.place.or(types.get(field.ty).place)),
        Kind::Variants(variants) => variants
            .members
            .iter()
            .filter(|member| matches!(types.get(member.ty).kind, Kind::Object(_)))
            .find_map(|member| marked(types, member.ty, name)),
        _ => None,
    }
}

pub(crate) fn is_marked(types: &Types, field: &Field) -> bool {
    field.sensitive || types.get(field.ty).sensitive
}
