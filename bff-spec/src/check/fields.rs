//! The fields of types: objects, maps, and what all variants share.

use super::describe::names;
use super::path::Walk;
use super::scope::{At, Scene};
use crate::contract::{Kind, Object, Type, TypeId, Variant, Variants};
use crate::diagnostic::{Code, Place};
use crate::model::{JoinKey, Operand, Pick, Step};
use crate::nearest::nearest;
use crate::syntax::ast::{self, Start, Word};

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
    fn shared(&mut self, variants: &Variants, name: &str) -> Option<(TypeId, bool)> {
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
                    .maybe_related(schema, "its schema is here");
                    return;
                }
                let known = self.field_names(ty);
                let near = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
                let help = match &near {
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
                if let Some(near) = near {
                    report.fix(word.place, near);
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
            let help = match nearest(&word.text, all.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("variants are {}", names(all.iter().copied())),
            };
            self.error(
                Code::Variant,
                word.place,
                format!("there is no variant `{}`", word.text),
            )
            .help(help)
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
    pub(crate) fn on(&mut self, walk: &mut Walk, word: &Word, _place: Place) -> Option<()> {
        self.through_lists(walk);
        let variant = self.variant(walk.ty, word)?;
        walk.is(variant.test?, variant.ty);
        Some(())
    }

    /// `[key = .path]`
    pub(crate) fn join(
        &mut self,
        walk: &mut Walk,
        keys: &[ast::Key],
        every: bool,
        place: Place,
        at: At,
    ) -> Option<()> {
        if let Some(values) = walk.take_results() {
            return self.lookup_join(walk, keys, every, place, at, "each", values);
        }
        if let Kind::Object(object) = self.kind(walk.ty)
            && let Some(rest) = object.rest
        {
            let string = self.checker.types.add(Type::of(Kind::String));
            return self
                .lookup_join(walk, keys, every, place, at, "key", string)
                .map(|()| walk.retype(rest));
        }
        let Kind::List(inner) = self.kind(walk.ty) else {
            let what = self.describe(walk.ty);
            let so_far = walk.so_far().to_owned();
            self.error(
                Code::Join,
                place,
                format!("`{so_far}` is {what}: a join looks in a list or a map"),
            );
            return None;
        };
        let inner = *inner;
        let mut joined = Vec::new();
        for key in keys {
            joined.push(self.join_key(inner, key, at, walk.so_far())?);
        }
        if every {
            let null = self.ty(inner).nullable;
            walk.fork(Pick::Every(joined), inner, false, null);
        } else {
            walk.pick(Pick::First(joined), inner, false);
        }
        Some(())
    }

    /// A lookup in a map, or in the results of `each`.
    #[allow(clippy::too_many_arguments)]
    fn lookup_join(
        &mut self,
        walk: &mut Walk,
        keys: &[ast::Key],
        every: bool,
        place: Place,
        at: At,
        name: &str,
        ty: TypeId,
    ) -> Option<()> {
        let of = if name == "each" {
            "results of `each` are looked up"
        } else {
            "a map is looked up"
        };
        let [key] = keys else {
            self.error(Code::Join, place, format!("{of} by one key"))
                .help(format!("`[{name} = .field]`"));
            return None;
        };
        if key.field.len() != 1 || key.field.first().is_none_or(|w| w.text != name) {
            let written = key.field.first().map_or(place, |w| w.place);
            self.error(Code::Join, written, format!("{of} by `{name}`"))
                .help(format!("`[{name} = …]`, with this very word"));
            return None;
        }
        if every {
            self.error(
                Code::Join,
                place,
                format!("{of} one at a time: `[]` makes no sense"),
            );
            return None;
        }
        let equals = self.join_operand(&key.equals, at, ty)?;
        let answer = walk.ty;
        walk.pick(
            Pick::First(vec![JoinKey {
                field: Vec::new(),
                ty,
                equals,
            }]),
            answer,
            true,
        );
        Some(())
    }

    fn join_key(
        &mut self,
        element: TypeId,
        key: &ast::Key,
        at: At,
        so_far: &str,
    ) -> Option<JoinKey> {
        let mut ty = element;
        for (i, word) in key.field.iter().enumerate() {
            let Some((next, _)) = self.lookup(ty, &word.text) else {
                if i == 0 && !matches!(self.kind(ty), Kind::Object(_) | Kind::Variants(_)) {
                    let what = super::describe::plural(&self.checker.types, ty);
                    self.error(
                        Code::Join,
                        key.place,
                        format!("`{so_far}` is a list of {what}, which have no fields to join on"),
                    );
                } else {
                    self.unknown_field(ty, word, word.place, so_far);
                }
                return None;
            };
            ty = next;
        }
        if !self.is_scalar(ty) {
            let what = self.describe(ty);
            self.error(
                Code::Join,
                key.place,
                format!("a join compares scalars, and this is {what}"),
            );
            return None;
        }
        Some(JoinKey {
            field: key.field.iter().map(|w| w.text.clone()).collect(),
            ty,
            equals: self.join_operand(&key.equals, at, ty)?,
        })
    }

    fn join_operand(&mut self, operand: &ast::Operand, at: At, key: TypeId) -> Option<Operand> {
        let path = match operand {
            ast::Operand::Literal(literal) => {
                if matches!(
                    literal.kind,
                    ast::LiteralKind::Null | ast::LiteralKind::EmptyList
                ) {
                    self.error(
                        Code::Join,
                        literal.place,
                        format!("`{}` matches nothing", literal.json),
                    );
                    return None;
                }
                return Some(Operand::Literal(literal.json.clone()));
            }
            ast::Operand::Path(path) => path,
        };
        if let Start::Plain(word) = &path.start {
            let text = &word.text;
            let root = self.root(text).is_some();
            let field = at
                .current
                .is_some_and(|ty| self.field_names(ty).iter().any(|n| n == text));
            let mark = if root && !field { "$" } else { "." };
            self.error(
                Code::Join,
                path.place,
                format!("what a key must equal starts with `.` or `$`, and `{text}` is neither"),
            )
            .help(if at.current.is_some() {
                format!("`.{text}` is the enclosing value's, `${text}` a call or input")
            } else {
                format!("`${text}` is the call or input")
            })
            .fix(
                Place {
                    end: path.place.start,
                    ..path.place
                },
                mark,
            );
            return None;
        }
        let walk = self.walk(path, at)?;
        let given = walk.ty;
        let resolved = walk.finish(path);
        if resolved.many || !self.is_scalar(given) {
            let what = if resolved.many {
                "a list".into()
            } else {
                self.describe(given)
            };
            self.error(
                Code::Join,
                path.place,
                format!("a join compares scalars, and `{}` is {what}", path.text),
            );
            return None;
        }
        if !self.joinable(given, key) {
            let (left, right) = (self.describe(key), self.describe(given));
            self.error(
                Code::Join,
                path.place,
                format!("{left} is never equal to `{}`, which is {right}", path.text),
            );
            return None;
        }
        Some(Operand::Path(resolved))
    }

    /// Whether values of two scalar types can ever be equal: integers and strings compare as text.
    pub(crate) fn joinable(&self, a: TypeId, b: TypeId) -> bool {
        let boolean = |kind: &Kind| matches!(kind, Kind::Boolean);
        let (a, b) = (self.kind(a), self.kind(b));
        boolean(a) == boolean(b)
            || matches!(a, Kind::Scalars(_) | Kind::Any)
            || matches!(b, Kind::Scalars(_) | Kind::Any)
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
    fn is(&mut self, test: crate::contract::VariantTest, ty: TypeId) {
        self.ty = ty;
        self.make_nullable();
        self.push(Step::Is { test, ty });
    }
}
