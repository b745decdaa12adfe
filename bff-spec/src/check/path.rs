//! Paths: every step looked up in the type it steps from, passages through lists made explicit.

use super::scope::{At, Scene};
use crate::contract::{Kind, TypeId};
use crate::diagnostic::{Code, Place};
use crate::model::{Path, Pick, Root, Step};
use crate::nearest::nearest;
use crate::syntax::ast::{self, StepKind, Word};

/// How far a path has come.
pub(crate) struct Walk {
    pub(crate) root: Root,
    pub(crate) steps: Vec<Step>,
    pub(crate) ty: TypeId,
    /// Whether the value here may be null.
    pub(crate) null: bool,
    /// With `many`: whether the list may be.
    pub(crate) list_null: bool,
    pub(crate) many: bool,
    pub(crate) promised: bool,
    /// A response header: no step but a promise follows.
    pub(crate) header: bool,
    /// The results of an `each` call, by the values it was called with: looked up next.
    pub(crate) results: Option<TypeId>,
    /// A map's values under its keys were taken.
    pub(crate) values: bool,
    /// What it stands at, for messages: "`orders.items`".
    pub(crate) so_far: String,
}

impl Walk {
    pub(crate) fn new(root: Root, ty: TypeId, null: bool, so_far: String) -> Walk {
        Walk {
            root,
            steps: Vec::new(),
            ty,
            null,
            list_null: false,
            many: false,
            promised: false,
            header: false,
            results: None,
            values: false,
            so_far,
        }
    }

    /// One of several elements: what follows is one value each.
    pub(crate) fn fork(&mut self, pick: Pick, ty: TypeId, map: bool, element_null: bool) {
        if !self.many {
            self.list_null = self.null;
        }
        self.many = true;
        self.null = element_null;
        self.ty = ty;
        self.steps.push(Step::Each { pick, ty, map });
    }

    /// One element, or null.
    pub(crate) fn pick(&mut self, pick: Pick, ty: TypeId, map: bool) {
        self.null = true;
        self.ty = ty;
        self.steps.push(Step::Each { pick, ty, map });
    }

    pub(crate) fn make_nullable(&mut self) {
        self.null = true;
    }

    pub(crate) fn push(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// The last step's value is of this type: what a map's lookup gives.
    pub(crate) fn retype(&mut self, ty: TypeId) {
        self.ty = ty;
        if let Some(Step::Each { ty: of, .. }) = self.steps.last_mut() {
            *of = ty;
        }
    }

    pub(crate) fn is_input(&self) -> bool {
        matches!(self.root, Root::Input(_))
    }

    pub(crate) fn is_many(&self) -> bool {
        self.many
    }

    pub(crate) fn so_far(&self) -> &str {
        &self.so_far
    }

    pub(crate) fn take_results(&mut self) -> Option<TypeId> {
        self.results.take()
    }

    pub(crate) fn finish(self, path: &ast::Path) -> Path {
        Path {
            root: self.root,
            steps: self.steps,
            place: path.place,
            text: path.text.clone(),
            ty: self.ty,
            nullable: if self.many { self.list_null } else { self.null } && !self.promised,
            many: self.many,
            item_nullable: self.many && self.null && !self.promised,
            promised: self.promised,
        }
    }
}

impl Scene<'_, '_> {
    /// Follows a path; none if something was wrong with it, which was said.
    pub(crate) fn walk(&mut self, path: &ast::Path, at: At) -> Option<Walk> {
        let (mut walk, steps) = self.start(path, at)?;
        for step in steps {
            self.step(&mut walk, step, at)?;
            walk.so_far = self
                .text_until(path, step.place)
                .unwrap_or_else(|| path.text.clone());
        }
        if walk.results.is_some() {
            self.unlooked(&walk, path.place);
            return None;
        }
        Some(walk)
    }

    /// What was written up to the end of a step.
    pub(crate) fn text_until(&self, path: &ast::Path, step: Place) -> Option<String> {
        let length = step.end.checked_sub(path.place.start)?;
        path.text.get(..length as usize).map(str::to_owned)
    }

    pub(crate) fn unlooked(&mut self, walk: &Walk, place: Place) {
        let name = walk.so_far.trim_start_matches('$').to_owned();
        self.error(
            Code::Step,
            place,
            format!("`{name}` is called once per value, and its results are looked up by it"),
        )
        .help(format!(
            "in a selection, `${name}[each = .field]` is the result for `.field`"
        ));
    }

    pub(crate) fn step(&mut self, walk: &mut Walk, step: &ast::Step, at: At) -> Option<()> {
        if walk.header && !matches!(step.kind, StepKind::Promise) {
            self.error(
                Code::Step,
                step.place,
                "a response header is text: no step but `!` follows",
            );
            return None;
        }
        if walk.promised {
            self.error(Code::Step, step.place, "`!` stands at the end of a path")
                .help("it promises that what the whole path gives is there");
            return None;
        }
        if matches!(walk.root, Root::Input(_)) && !matches!(step.kind, StepKind::Promise) {
            let so_far = walk.so_far.clone();
            self.error(
                Code::Step,
                step.place,
                format!("`{so_far}` is a scalar or a list of scalars: no step follows"),
            );
            return None;
        }
        if walk.results.is_some()
            && !matches!(step.kind, StepKind::Join { .. } | StepKind::Header(_))
        {
            let place = step.place;
            self.unlooked(walk, place);
            return None;
        }
        match &step.kind {
            StepKind::Field(word) => self.field(walk, word, step.place),
            StepKind::Values => self.values(walk, step.place),
            StepKind::Promise if walk.values => {
                self.error(
                    Code::Step,
                    step.place,
                    "`!` promises one value, and `.*` gives a map of them",
                )
                .help("take it out: a map that isn't there is null");
                None
            }
            StepKind::Promise => {
                walk.promised = true;
                Some(())
            }
            StepKind::Header(word) => self.header(walk, word, step.place),
            StepKind::Index(index) => {
                let inner = self.list_here(walk, step)?;
                walk.pick(Pick::Index(*index), inner, false);
                Some(())
            }
            StepKind::Slice(from, to) => {
                let inner = self.list_here(walk, step)?;
                let null = self.ty(inner).nullable;
                walk.fork(Pick::Slice(*from, *to), inner, false, null);
                Some(())
            }
            StepKind::On(word) => self.on(walk, word),
            StepKind::Join { keys, every } => self.join(walk, keys, *every, step.place, at),
        }
    }

    /// The type of the elements of the list a step acts on.
    pub(crate) fn list_here(&mut self, walk: &Walk, step: &ast::Step) -> Option<TypeId> {
        if let Kind::List(inner) = self.kind(walk.ty) {
            return Some(*inner);
        }
        let what = self.describe(walk.ty);
        let help = if walk.many {
            "it acts on the nearest list: put it right after that, `lines[0].sku`"
        } else {
            "it picks from a list"
        };
        let so_far = walk.so_far.clone();
        self.error(
            Code::Step,
            step.place,
            format!("`{so_far}` is {what}, not a list"),
        )
        .help(help);
        None
    }

    /// Into the elements, as long as a list stands here.
    pub(crate) fn through_lists(&self, walk: &mut Walk) {
        while let Kind::List(inner) = self.kind(walk.ty) {
            let inner = *inner;
            let null = self.ty(inner).nullable;
            walk.fork(Pick::All, inner, false, null);
        }
    }

    pub(crate) fn field(&mut self, walk: &mut Walk, word: &Word, place: Place) -> Option<()> {
        self.through_lists(walk);
        if let Some((ty, required)) = self.lookup(walk.ty, &word.text) {
            walk.null |= !required || self.ty(ty).nullable;
            walk.ty = ty;
            walk.steps.push(Step::Field {
                name: word.text.clone(),
                ty,
            });
            return Some(());
        }
        if let Kind::Object(object) = self.kind(walk.ty)
            && let Some(ty) = object.rest
        {
            walk.null = true;
            walk.ty = ty;
            walk.steps.push(Step::Key {
                name: word.text.clone(),
                ty,
            });
            return Some(());
        }
        if matches!(walk.root, Root::Body) && self.decl.body.is_some() {
            let known = self.field_names(walk.ty);
            let so_far = walk.so_far.clone();
            let near = nearest(&word.text, known.iter().map(String::as_str));
            self.error(
                Code::UndeclaredBody,
                word.place,
                format!("`{so_far}` declares no `{}`", word.text),
            )
            .help(match near {
                Some(near) => {
                    format!("did you mean `{near}`? or declare it under the endpoint's `body`")
                }
                None => "declare it under the endpoint's `body`".to_owned(),
            })
            .meant(word.place, &word.text, near);
            return None;
        }
        self.unknown_field(walk.ty, word, place, walk.so_far());
        None
    }

    pub(crate) fn claim(&mut self, walk: &mut Walk, word: &Word) -> Option<()> {
        if self.lookup(walk.ty, &word.text).is_some() {
            return self.field(walk, word, word.place);
        }
        let known = self.field_names(walk.ty);
        let near = nearest(&word.text, known.iter().map(String::as_str));
        let help = match near {
            Some(near) => format!(
                "did you mean `claims.{near}`? or declare it under the scheme: `claims: {{ {}: string }}`",
                word.text
            ),
            None => format!(
                "declare it under the scheme: `claims: {{ {}: string }}`",
                word.text
            ),
        };
        self.error(
            Code::UnknownClaim,
            word.place,
            format!("no accepted scheme gives the claim `{}`", word.text),
        )
        .help(help)
        .meant(word.place, &word.text, near);
        None
    }

    pub(crate) fn values(&mut self, walk: &mut Walk, place: Place) -> Option<()> {
        self.through_lists(walk);
        let rest = match self.kind(walk.ty) {
            Kind::Object(object) if object.fields.is_empty() => object.rest,
            _ => None,
        };
        let Some(ty) = rest else {
            let what = self.describe(walk.ty);
            let so_far = walk.so_far.clone();
            self.error(
                Code::Step,
                place,
                format!("`.*` takes a map's values, and `{so_far}` is {what}"),
            )
            .help("every documented field of an object is `{ * }`");
            return None;
        };
        if walk.many {
            self.error(
                Code::Step,
                place,
                "`.*` gives one map, and here are several",
            )
            .help("select in braces what holds the map: `items { prices.* }`");
            return None;
        }
        walk.values = true;
        let null = self.ty(ty).nullable;
        walk.fork(Pick::All, ty, true, null);
        Some(())
    }
}
