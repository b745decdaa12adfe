//! `*`: every documented field, as it is; a map's entries under their own keys.

use super::block::{Names, Spot};
use super::describe::names;
use super::scope::{At, Scene};
use super::value::Valued;
use crate::contract::{Kind, TypeId, VariantTest};
use crate::diagnostic::{Code, Place};
use crate::model::{Entry, Path, Root, Step, Value};
use crate::nearest::nearest;
use crate::syntax::ast::Word;

impl Scene<'_, '_> {
    pub(crate) fn all(
        &mut self,
        place: Place,
        except: &[&Word],
        spot: Spot<'_>,
        seen: &mut Names,
        out: &mut Vec<Entry>,
    ) -> Option<()> {
        let Some(current) = spot.at.current else {
            self.error(
                Code::NoCurrent,
                place,
                "there is no current value here whose fields `*` could take",
            )
            .help("`...call { * }` takes those of a call's answer");
            return None;
        };
        self.check_except(current, except)?;
        let left_out: Vec<&str> = except.iter().map(|w| w.text.as_str()).collect();
        let spot = Spot {
            brought: spot.brought.or(Some(place)),
            ..spot
        };
        self.take_all(current, place, &left_out, spot, seen, out)
    }

    fn check_except(&mut self, ty: TypeId, except: &[&Word]) -> Option<()> {
        let known = self.all_names(ty);
        let mut ok = Some(());
        for word in except {
            if known.contains(&word.text) {
                continue;
            }
            ok = None;
            let near = nearest(&word.text, known.iter().map(String::as_str));
            let help = match near {
                Some(near) => format!("did you mean `-{near}`?"),
                None => format!("it has {}", names(known.iter().map(String::as_str))),
            };
            let what = self.describe(ty);
            let schema = self.ty(ty).place;
            self.error(
                Code::UnknownField,
                word.place,
                format!("{what} has no field `{}` to leave out", word.text),
            )
            .help(help)
            .meant(word.place, &word.text, near)
            .maybe_related(schema, "its schema is here");
        }
        ok
    }

    /// Names of every field a value may have, those of single variants too.
    fn all_names(&self, ty: TypeId) -> Vec<String> {
        match self.kind(ty) {
            Kind::Variants(variants) => {
                let mut all: Vec<String> = Vec::new();
                for member in &variants.members {
                    for name in self.all_names(member.ty) {
                        if !all.contains(&name) {
                            all.push(name);
                        }
                    }
                }
                all
            }
            _ => self.field_names(ty),
        }
    }

    fn take_all(
        &mut self,
        ty: TypeId,
        place: Place,
        except: &[&str],
        spot: Spot<'_>,
        seen: &mut Names,
        out: &mut Vec<Entry>,
    ) -> Option<()> {
        let mut ok = Some(());
        for name in self.field_names(ty) {
            if except.contains(&name.as_str()) {
                continue;
            }
            let Some((field, required)) = self.lookup(ty, &name) else {
                continue;
            };
            if self.is_undocumented(field) {
                continue;
            }
            if self
                .copy(&name, field, required, place, spot, seen, out)
                .is_none()
            {
                ok = None;
            }
        }
        match self.kind(ty).clone() {
            Kind::Object(object) => {
                if let Some(rest) = object.rest
                    && !self.is_undocumented(rest)
                {
                    out.push(Entry::Rest { ty: rest });
                }
            }
            Kind::Variants(variants) => {
                let shared = self.field_names(ty);
                for member in &variants.members {
                    let Some(test) = &member.test else {
                        let name = member.names.first().cloned().unwrap_or_default();
                        let schema = self.ty(ty).place;
                        self.error(
                            Code::Variant,
                            place,
                            format!("`*` can't tell the variant `{name}` from the others"),
                        )
                        .help("name the shared fields instead")
                        .maybe_related(schema, "the variants are here");
                        return None;
                    };
                    let mut left_out: Vec<&str> = except.to_vec();
                    left_out.extend(shared.iter().map(String::as_str));
                    self.variant_fields(
                        member.ty,
                        test.clone(),
                        place,
                        &left_out,
                        spot,
                        seen,
                        out,
                    )?;
                }
            }
            _ => {}
        }
        ok
    }

    #[allow(clippy::too_many_arguments)]
    fn variant_fields(
        &mut self,
        ty: TypeId,
        test: VariantTest,
        place: Place,
        except: &[&str],
        spot: Spot<'_>,
        seen: &Names,
        out: &mut Vec<Entry>,
    ) -> Option<()> {
        let mut entries = Vec::new();
        let mut inner = seen.clone();
        let spot = Spot {
            at: At::on(ty),
            variant: true,
            ..spot
        };
        self.take_all(ty, place, except, spot, &mut inner, &mut entries)?;
        if !entries.is_empty() {
            out.push(Entry::Variant { test, ty, entries });
        }
        Some(())
    }

    #[allow(clippy::too_many_arguments)]
    fn copy(
        &mut self,
        name: &str,
        ty: TypeId,
        required: bool,
        place: Place,
        spot: Spot<'_>,
        seen: &mut Names,
        out: &mut Vec<Entry>,
    ) -> Option<()> {
        if !self.claim_name(name, spot, seen).ok()? {
            return Some(());
        }
        let nullable = !required || self.ty(ty).nullable;
        let path = Path {
            root: Root::Current,
            steps: vec![Step::Field {
                name: name.to_owned(),
                ty,
            }],
            place,
            text: name.to_owned(),
            ty,
            nullable,
            many: false,
            item_nullable: false,
            promised: false,
        };
        let word = Word {
            text: name.to_owned(),
            place,
        };
        let want = match spot.want {
            Some(want) => self.property(want, &word)?,
            None => None,
        };
        if let Some((want, _)) = &want {
            self.fit_copy(&path, want)?;
        }
        let valued = Valued {
            nullable,
            place,
            value: Value::Path {
                path,
                select: None,
                default: None,
            },
        };
        self.given(&word, &valued, want.as_ref(), spot, seen)?;
        out.push(Entry::Field {
            name: name.to_owned(),
            value: valued.value,
            copied: true,
            place,
        });
        Some(())
    }

    fn fit_copy(&mut self, path: &Path, want: &super::value::Want) -> Option<()> {
        let Err(reason) = super::assign::assignable(&self.checker.types, path.ty, want.ty, false)
        else {
            return Some(());
        };
        self.error(
            Code::Mismatch,
            path.place,
            format!("`*` brings `{}`, which doesn't fit: {reason}", path.text),
        )
        .help(format!(
            "leave it out (`* -{0}`), or name it: `{0}: …`",
            path.text
        ))
        .maybe_related(want.place, format!("{} is here", want.what));
        None
    }

    /// Values without a schema are taken only when named.
    fn is_undocumented(&self, ty: TypeId) -> bool {
        match self.kind(ty) {
            Kind::Any => true,
            Kind::List(inner) => self.is_undocumented(*inner),
            _ => false,
        }
    }
}
