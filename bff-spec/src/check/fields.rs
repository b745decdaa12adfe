//! The fields of types: objects, maps, and what all variants share.

use super::describe::names;
use super::path::Walk;
use super::scope::Scene;
use crate::contract::{Kind, Object, Type, TypeId, Variant, Variants};
use crate::diagnostic::{Code, Place};
use crate::model::Step;
use crate::nearest::nearest;
use crate::syntax::ast::Word;

impl Scene<'_, '_> {
    /// A documented field: its type, and whether it is always there.
    pub(crate) fn lookup(&mut self, ty: TypeId, name: &str) -> Option<(TypeId, bool)> {
        match self.kind(ty) {
            Kind::Object(object) => {
                let field = object.fields.get(name)?;
                (!field.write_only).then_some((field.ty, field.required))
            }
            Kind::Variants(variants) => {
                let variants = variants.clone();
                self.shared(&variants, name)
            }
            _ => None,
        }
    }

    /// A field that every variant has, with one type for all.
    pub(crate) fn shared(&mut self, variants: &Variants, name: &str) -> Option<(TypeId, bool)> {
        let mut found: Vec<(TypeId, bool)> = Vec::new();
        for member in &variants.members {
            found.push(self.lookup(member.ty, name)?);
        }
        let (first, _) = *found.first()?;
        let required = found.iter().all(|(_, required)| *required);
        if found.iter().all(|(ty, _)| *ty == first) {
            return Some((first, required));
        }
        let nullable = found.iter().any(|(ty, _)| self.ty(*ty).nullable);
        let mut kinds: Vec<Kind> = Vec::new();
        let mut one_of: Vec<String> = Vec::new();
        let mut open = false;
        for (ty, _) in &found {
            let ty = self.ty(*ty);
            match &ty.kind {
                kind @ (Kind::Boolean | Kind::Integer | Kind::Number | Kind::String) => {
                    if !kinds.contains(kind) {
                        kinds.push(kind.clone());
                    }
                }
                Kind::Scalars(more) => {
                    kinds.extend(
                        more.iter()
                            .filter(|k| !kinds.contains(k))
                            .cloned()
                            .collect::<Vec<_>>(),
                    );
                }
                _ => return None,
            }
            open |= ty.one_of.is_empty();
            one_of.extend(
                ty.one_of
                    .iter()
                    .filter(|v| !one_of.contains(v))
                    .cloned()
                    .collect::<Vec<_>>(),
            );
        }
        let kind = match kinds.as_slice() {
            [one] => one.clone(),
            _ => Kind::Scalars(kinds),
        };
        let ty = Type {
            nullable,
            one_of: if open { Vec::new() } else { one_of },
            ..Type::of(kind)
        };
        Some((self.checker.types.add(ty), required))
    }

    /// Whether names that aren't documented may be keys.
    pub(crate) fn is_open(&self, ty: TypeId) -> bool {
        matches!(self.kind(ty), Kind::Object(Object { rest: Some(_), .. }))
    }

    /// The names of documented fields, for messages and suggestions.
    pub(crate) fn field_names(&self, ty: TypeId) -> Vec<String> {
        match self.kind(ty) {
            Kind::Object(object) => object
                .fields
                .iter()
                .filter(|(_, f)| !f.write_only)
                .map(|(n, _)| n.clone())
                .collect(),
            Kind::Variants(variants) => {
                let mut all = variants.members.iter().map(|m| self.field_names(m.ty));
                let first = all.next().unwrap_or_default();
                let rest: Vec<Vec<String>> = all.collect();
                first
                    .into_iter()
                    .filter(|n| rest.iter().all(|names| names.contains(n)))
                    .collect()
            }
            Kind::List(inner) => self.field_names(*inner),
            _ => Vec::new(),
        }
    }

    pub(crate) fn unknown_field(&mut self, ty: TypeId, word: &Word, place: Place, so_far: &str) {
        let name = &word.text;
        let schema = self.ty(ty).place;
        let what = self.describe(ty);
        match self.kind(ty).clone() {
            Kind::Any => {
                self.error(
                    Code::UnknownField,
                    place,
                    format!("`{so_far}` has no schema, so its fields aren't known"),
                )
                .help("name it whole, or say in the contract what it holds")
                .maybe_related(schema, "its schema is here");
            }
            Kind::Object(object) => {
                if object.fields.get(name).is_some_and(|f| f.write_only) {
                    self.error(
                        Code::UnknownField,
                        place,
                        format!("`{name}` is only ever sent (`writeOnly`), never answered"),
                    )
                    .help("take it out")
                    .maybe_related(schema, "its schema is here");
                    return;
                }
                let known = self.field_names(ty);
                let near = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
                let is_fragment = self.checker.spec.fragments.contains_key(name);
                let help = match &near {
                    _ if is_fragment => format!("the fragment of this name is spread: `...{name}`"),
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("it has {}", names(known.iter().map(String::as_str))),
                };
                let report = self
                    .error(
                        Code::UnknownField,
                        word.place,
                        format!("{what} has no field `{name}`"),
                    )
                    .help(help)
                    .maybe_related(schema, "its schema is here");
                if is_fragment && place == word.place {
                    report.fix(word.place.before(), "...");
                } else {
                    report.meant(word.place, name, near.as_deref());
                }
            }
            Kind::Variants(variants) => {
                let holders: Vec<&Variant> = variants
                    .members
                    .iter()
                    .filter(|m| self.field_names(m.ty).iter().any(|n| n == name))
                    .collect();
                let variant = holders.first().and_then(|m| m.names.first()).cloned();
                let help = match variant {
                    Some(variant) => format!(
                        "`{variant}` has it: `...on {variant} {{ {name} }}`, or `[on {variant}].{name}`"
                    ),
                    None => {
                        let shared = self.field_names(ty);
                        if shared.is_empty() {
                            "its variants share no field: `...on NAME { … }`".into()
                        } else {
                            format!(
                                "its variants share {}",
                                names(shared.iter().map(String::as_str))
                            )
                        }
                    }
                };
                self.error(
                    Code::UnknownField,
                    word.place,
                    format!("not every variant of `{so_far}` has a field `{name}`"),
                )
                .help(help)
                .maybe_related(schema, "its schema is here");
            }
            _ => {
                self.error(
                    Code::UnknownField,
                    place,
                    format!("`{so_far}` is {what}, and has no field `{name}`"),
                )
                .maybe_related(schema, "its schema is here");
            }
        }
    }

    /// A variant by name.
    pub(crate) fn variant(&mut self, ty: TypeId, word: &Word) -> Option<Variant> {
        let schema = self.ty(ty).place;
        let Kind::Variants(variants) = self.kind(ty).clone() else {
            let what = self.describe(ty);
            self.error(
                Code::Variant,
                word.place,
                format!("there are no variants here: this is {what}"),
            )
            .maybe_related(schema, "its schema is here");
            return None;
        };
        let found = variants
            .members
            .iter()
            .find(|m| m.names.contains(&word.text));
        let Some(found) = found else {
            let all: Vec<&str> = variants
                .members
                .iter()
                .flat_map(|m| m.names.iter().map(String::as_str))
                .collect();
            let near = nearest(&word.text, all.iter().copied());
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("variants are {}", names(all.iter().copied())),
            };
            self.error(
                Code::Variant,
                word.place,
                format!("there is no variant `{}`", word.text),
            )
            .help(help)
            .meant(word.place, &word.text, near)
            .maybe_related(schema, "the variants are here");
            return None;
        };
        if found.test.is_none() {
            self.error(
                Code::Variant,
                word.place,
                format!("nothing tells the variant `{}` from the others", word.text),
            )
            .help("a discriminator would, a kind of its own, a property with a single value, or a required property of its own")
            .maybe_related(schema, "the variants are here");
            return None;
        }
        Some(found.clone())
    }

    /// `[on X]`
    pub(crate) fn on(&mut self, walk: &mut Walk, word: &Word) -> Option<()> {
        self.through_lists(walk);
        let variant = self.variant(walk.ty, word)?;
        walk.is(variant.test?, variant.ty);
        Some(())
    }

    /// A scalar, or what may be one.
    pub(crate) fn is_scalar(&self, ty: TypeId) -> bool {
        match self.kind(ty) {
            Kind::Any
            | Kind::Null
            | Kind::Boolean
            | Kind::Integer
            | Kind::Number
            | Kind::String
            | Kind::Scalars(_) => true,
            Kind::Variants(variants) => variants.members.iter().all(|m| self.is_scalar(m.ty)),
            Kind::List(_) | Kind::Object(_) => false,
        }
    }

    /// Whether a value of the type can be written without a selection: no object is in it.
    pub(crate) fn is_flat(&self, ty: TypeId) -> bool {
        match self.kind(ty) {
            Kind::List(inner) => self.is_flat(*inner),
            Kind::Variants(variants) => variants.members.iter().all(|m| self.is_flat(m.ty)),
            Kind::Object(_) => false,
            _ => true,
        }
    }
}

impl Walk {
    /// `[on X]`
    pub(crate) fn is(&mut self, test: crate::contract::VariantTest, ty: TypeId) {
        self.ty = ty;
        self.make_nullable();
        self.push(Step::Is { test, ty });
    }
}
