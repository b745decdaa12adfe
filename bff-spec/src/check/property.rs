//! What a request's body asks for: its properties, and which must be there.

use super::block::{Names, Spot};
use super::describe::names;
use super::scope::Scene;
use super::value::{Valued, Want};
use crate::contract::{Kind, TypeId};
use crate::diagnostic::{Code, Place};
use crate::model::{Root, Value};
use crate::nearest::nearest;
use crate::syntax::ast::Word;

impl Scene<'_, '_> {
    /// Notes that a property of a request's body was given.
    pub(crate) fn given(
        &mut self,
        name: &Word,
        valued: &Valued,
        want: Option<&(Want, bool)>,
        spot: Spot<'_>,
        seen: &mut Names,
    ) -> Option<()> {
        let nullable = valued.nullable || spot.absent;
        if let Some((want, true)) = want
            && nullable
        {
            self.null_into(valued, want, spot.absent);
            return None;
        }
        seen.given
            .insert(name.text.clone(), (nullable, valued.place));
        Some(())
    }

    pub(crate) fn null_into(&mut self, valued: &Valued, want: &Want, absent: bool) {
        let text = match &valued.value {
            Value::Path { path, .. } => format!("`{}`", path.text),
            _ => "this".into(),
        };
        let help = match &valued.value {
            _ if absent => {
                "what is spread here may be absent: end its path in `!` if it always is there"
                    .to_owned()
            }
            Value::Path { path, .. } if matches!(path.root, Root::Input(_) | Root::Body) => {
                "give it a default: `?? …`, or declare it required under `params`".into()
            }
            Value::Path { path, .. } => format!(
                "`{}!` if it always is there, or `{} ?? …` for a value in its place",
                path.text, path.text
            ),
            _ => "take it out: what is null is left out".into(),
        };
        self.error(
            Code::NullIntoRequired,
            valued.place,
            format!("{text} may be null, and {} is required", want.what),
        )
        .help(help)
        .maybe_related(want.place, format!("{} is here", want.what));
    }

    /// What a property of a request's body must be, and whether it is required; an inner none if anything goes.
    #[allow(clippy::option_option)]
    pub(crate) fn property(&mut self, want: &Want, name: &Word) -> Option<Option<(Want, bool)>> {
        let object = match self.kind(want.ty).clone() {
            Kind::Object(object) => object,
            Kind::Variants(variants) => {
                // The first variant that has it; which one it becomes is the upstream's to say.
                let found = variants.members.iter().find_map(|m| match self.kind(m.ty) {
                    Kind::Object(object) => object.fields.get(&name.text).map(|f| (f.ty, f.place)),
                    _ => None,
                });
                if let Some((ty, place)) = found {
                    return Some(Some((self.want_property(want, name, ty, place), false)));
                }
                let schema = self.ty(want.ty).place;
                self.error(
                    Code::RequestBody,
                    name.place,
                    format!("no variant of {} has a property `{}`", want.what, name.text),
                )
                .maybe_related(schema, "its schema is here");
                return None;
            }
            _ => return Some(None),
        };
        if let Some(field) = object.fields.get(&name.text) {
            if field.read_only {
                self.error(
                    Code::RequestBody,
                    name.place,
                    format!(
                        "`{}` is only ever answered (`readOnly`), never sent",
                        name.text
                    ),
                )
                .help("take it out: the upstream makes it")
                .maybe_related(field.place, "the property is here");
                return None;
            }
            let inner = self.want_property(want, name, field.ty, field.place);
            return Some(Some((inner, field.required)));
        }
        if let Some(rest) = object.rest {
            return Some(Some((self.want_property(want, name, rest, None), false)));
        }
        let known: Vec<&str> = object
            .fields
            .iter()
            .filter(|(_, f)| !f.read_only)
            .map(|(n, _)| n.as_str())
            .collect();
        let near = nearest(&name.text, known.iter().copied()).map(str::to_owned);
        let help = match &near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it takes {}", names(known.iter().copied())),
        };
        let schema = self.ty(want.ty).place;
        self.error(
            Code::RequestBody,
            name.place,
            format!("{} has no property `{}`", want.what, name.text),
        )
        .help(help)
        .meant(name.place, &name.text, near.as_deref())
        .maybe_related(schema.or(want.place), "its schema is here");
        None
    }

    pub(crate) fn want_property(
        &self,
        want: &Want,
        name: &Word,
        ty: TypeId,
        place: Option<Place>,
    ) -> Want {
        Want {
            ty,
            parameter: false,
            what: format!("property `{}`", name.text),
            place: place.or(self.ty(ty).place).or(want.place),
        }
    }

    /// Every required property must be given.
    pub(crate) fn required_properties(&mut self, want: &Want, seen: &Names, place: Place) -> bool {
        let Kind::Object(object) = self.kind(want.ty).clone() else {
            return true;
        };
        let mut missing = Vec::new();
        let mut at = None;
        for (name, field) in &object.fields {
            if field.required && !field.read_only && !seen.given.contains_key(name) {
                missing.push(name.as_str());
                at = at.or(field.place);
            }
        }
        if missing.is_empty() {
            return true;
        }
        let (plural, verb) = if missing.len() == 1 {
            ("property", "is")
        } else {
            ("properties", "are")
        };
        self.error(
            Code::RequestBody,
            place,
            format!(
                "required {plural} {} of {} {verb} not given",
                names(missing.iter().copied()),
                want.what
            ),
        )
        .help(format!("add `{}: …`", missing.join(": …`, `")))
        .maybe_related(at.or(want.place), "the contract asks for it here");
        false
    }

    pub(crate) fn takes_object(&mut self, want: &Want, place: Place) -> Option<()> {
        match self.kind(want.ty) {
            Kind::Object(_) | Kind::Any | Kind::Variants(_) => Some(()),
            _ => {
                let what = self.describe(want.ty);
                let list = matches!(self.kind(want.ty), Kind::List(_));
                self.error(
                    Code::Mismatch,
                    place,
                    format!("this makes an object, and {} is {what}", want.what),
                )
                .help(if list {
                    "a list is made from one: `items: body.items { … }`, or written `[ { … } ]`; as the whole block, `= path { … }`"
                } else {
                    "give the value itself: a path, or a literal"
                })
                .maybe_related(want.place, "what it is bound to is here");
                None
            }
        }
    }
}
