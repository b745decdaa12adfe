//! Spreads: of fragments, and of objects at a path.

use super::block::{Names, Spot};
use super::describe::names;
use super::scope::{At, Scene};
use crate::contract::{Kind, TypeId};
use crate::diagnostic::{Code, Place, Related};
use crate::model::Entry;
use crate::nearest::nearest;
use crate::syntax::ast::{self, Field, Selection, Start, Word};

impl Scene<'_, '_> {
    pub(crate) fn spread(
        &mut self,
        path: &ast::Path,
        select: Option<&Selection>,
        place: Place,
        spot: Spot<'_>,
        seen: &mut Names,
        out: &mut Vec<Entry>,
    ) -> Option<()> {
        if let (Start::Plain(word), []) = (&path.start, path.steps.as_slice()) {
            if self.fragment(word).is_some() {
                return self.spread_fragment(word, select, place, spot, seen, out);
            }
            let known = match spot.at.current {
                Some(ty) => self.field_names(ty).contains(&word.text) || self.is_open(ty),
                None => {
                    self.root(&word.text).is_some()
                        || self.call_decls().iter().any(|c| c.name == word.text)
                }
            };
            if !known && select.is_none() {
                self.unknown_fragment(word);
                return None;
            }
        }
        let walk = self.walk(path, spot.at)?;
        let ty = walk.ty;
        let path = walk.finish(path);
        if path.many || matches!(self.kind(ty), Kind::List(_)) {
            self.error(
                Code::NothingToSelect,
                path.place,
                format!(
                    "`{}` is a list: its fields can't be spread into one object",
                    path.text
                ),
            )
            .help("pick one: `[0]`, or the one that matches: `[key = .field]`");
            return None;
        }
        let Some(select) = select else {
            let known = self.field_names(ty);
            let what = self.describe(ty);
            self.error(
                Code::NeedsSelection,
                path.place,
                format!("`{}` is {what}: a spread needs a selection", path.text),
            )
            .help(if known.is_empty() {
                "only an object's fields can be spread".to_owned()
            } else {
                format!(
                    "select of {}, or `{{ * }}` for all",
                    names(known.iter().map(String::as_str))
                )
            });
            return None;
        };
        self.selectable_here(&path, ty, select)?;
        let ast::Block::Fields(fields) = &select.block else {
            self.error(
                Code::NothingToSelect,
                select.place,
                "a spread brings fields, not a value",
            );
            return None;
        };
        let mut own = Names::default();
        let ok = self.collect_named(fields, &mut own);
        let mut entries = Vec::new();
        let inner = Spot {
            at: At::on(ty),
            want: spot.want,
            brought: spot.brought.or(Some(place)),
            absent: spot.absent || path.nullable,
            variant: spot.variant,
        };
        if !(self.spread_fields(fields, &own, inner, seen, &mut entries) && ok) {
            return None;
        }
        out.push(Entry::Spread { path, entries });
        Some(())
    }

    /// Fields named in a spread win over what its own `*` brings.
    pub(crate) fn spread_fields(
        &mut self,
        fields: &[Field],
        own: &Names,
        spot: Spot<'_>,
        seen: &mut Names,
        entries: &mut Vec<Entry>,
    ) -> bool {
        let has_all = fields.iter().any(|f| matches!(f, Field::All(_)));
        if !has_all {
            return self.fields(fields, spot, seen, entries);
        }
        // `*` is told which names the spread gives itself, as if they were left out of it.
        let mut shadowed: Vec<Field> = fields.to_vec();
        if let Some(ty) = spot.at.current {
            let known = self.field_names(ty);
            for (name, place) in &own.named {
                if known.contains(name) {
                    shadowed.push(Field::Except(Word {
                        text: name.clone(),
                        place: *place,
                    }));
                }
            }
        }
        self.fields(&shadowed, spot, seen, entries)
    }

    pub(crate) fn selectable_here(
        &mut self,
        path: &crate::model::Path,
        ty: TypeId,
        select: &Selection,
    ) -> Option<()> {
        if matches!(self.kind(ty), Kind::Object(_) | Kind::Variants(_)) {
            return Some(());
        }
        let what = self.describe(ty);
        self.error(
            Code::NothingToSelect,
            select.place,
            format!("`{}` is {what}, and has no fields to spread", path.text),
        );
        None
    }

    pub(crate) fn unknown_fragment(&mut self, word: &Word) {
        if !self.checker.complete {
            return;
        }
        let all: Vec<String> = self.checker.spec.fragments.keys().cloned().collect();
        let near = nearest(&word.text, all.iter().map(String::as_str)).map(str::to_owned);
        let help = match &near {
            Some(near) => format!("did you mean `{near}`?"),
            None if all.is_empty() => {
                format!("declare it: `fragments: {{ {}: \"{{ … }}\" }}`", word.text)
            }
            None => format!("fragments are {}", names(all.iter().map(String::as_str))),
        };
        let report = self
            .error(
                Code::UnknownFragment,
                word.place,
                format!("there is no fragment `{}`", word.text),
            )
            .help(help);
        report.meant(word.place, &word.text, near.as_deref());
    }

    pub(crate) fn spread_fragment(
        &mut self,
        word: &Word,
        select: Option<&Selection>,
        place: Place,
        spot: Spot<'_>,
        seen: &mut Names,
        out: &mut Vec<Entry>,
    ) -> Option<()> {
        let (block, defined, broken) = self.fragment(word)?;
        let clash = match spot.at.current {
            Some(ty) => self.field_names(ty).contains(&word.text).then_some("field"),
            None => None,
        };
        let clash = clash.or(self
            .heads
            .iter()
            .any(|h| h.name == word.text)
            .then_some("call"));
        if let Some(what) = clash {
            self.error(
                Code::FragmentClash,
                word.place,
                format!("`{}` is a fragment, and a {what} here", word.text),
            )
            .help("rename the fragment; those in capitals never clash with fields")
            .related(defined, "the fragment is here");
            return None;
        }
        if let Some(select) = select {
            self.error(
                Code::NothingToSelect,
                select.place,
                format!(
                    "`{}` is a fragment: it says itself what it takes",
                    word.text
                ),
            )
            .help("take the selection out")
            .related(defined, "the fragment is here");
            return None;
        }
        if broken {
            return None;
        }
        if self.spreading.contains(&word.text) {
            self.error(
                Code::UnknownFragment,
                word.place,
                format!("fragment `{}` spreads itself", word.text),
            )
            .related(defined, "it is here");
            return None;
        }
        self.spreads += 1;
        if self.spreads >= super::uses::MAX_SPREADS {
            if self.spreads == super::uses::MAX_SPREADS {
                self.error(
                    Code::TooManySpreads,
                    word.place,
                    format!(
                        "this endpoint spreads more than {} fragments",
                        super::uses::MAX_SPREADS
                    ),
                )
                .help("a fragment that spreads another twice doubles what it brings");
            }
            return None;
        }
        let ast::Block::Fields(fields) = block else {
            self.error(
                Code::NothingToSelect,
                word.place,
                format!(
                    "fragment `{}` is a value (`= …`), and can't be spread",
                    word.text
                ),
            )
            .related(defined, "the fragment is here");
            return None;
        };
        self.spreading.push(word.text.clone());
        let before = self.checker.sink.len();
        let mut own = Names::default();
        let mut ok = self.collect_named(fields, &mut own);
        let inner = Spot {
            brought: spot.brought.or(Some(place)),
            ..spot
        };
        ok &= self.spread_fields(fields, &own, inner, seen, out);
        self.spreading.pop();
        let fresh = if self.spreading.is_empty() {
            before
        } else {
            usize::MAX
        };
        for diagnostic in self.checker.sink.iter_mut().skip(fresh) {
            if !(place.file == diagnostic.place.file
                && place.start <= diagnostic.place.start
                && diagnostic.place.end <= place.end)
            {
                diagnostic.related.push(Related {
                    message: format!("`{}` is spread here", word.text),
                    place,
                });
            }
        }
        ok.then_some(())
    }
}
