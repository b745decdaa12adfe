//! Paths: every step looked up in the type it steps from, passages through lists made explicit.

use super::describe::names;
use super::scope::{At, Claims, ROOT_WORDS, RootWord, Scene};
use crate::contract::{Kind, Type, TypeId};
use crate::diagnostic::{Code, Place};
use crate::model::{Path, Pick, Root, Step};
use crate::nearest::nearest;
use crate::syntax::ast::{self, Start, StepKind, Word};

/// How far a path has come.
pub(crate) struct Walk {
    root: Root,
    steps: Vec<Step>,
    pub(crate) ty: TypeId,
    /// Whether the value here may be null.
    null: bool,
    /// With `many`: whether the list may be.
    list_null: bool,
    many: bool,
    promised: bool,
    /// A response header: no step follows.
    header: bool,
    /// The results of an `each` call, by the values it was called with: looked up next.
    results: Option<TypeId>,
    /// A map's values under its keys were taken.
    values: bool,
    /// What it stands at, for messages: "`orders.items`".
    so_far: String,
}

impl Walk {
    fn new(root: Root, ty: TypeId, null: bool, so_far: String) -> Walk {
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
        for (i, step) in steps.iter().enumerate() {
            let last = i + 1 == steps.len();
            self.step(&mut walk, step, last, at)?;
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
    fn text_until(&self, path: &ast::Path, step: Place) -> Option<String> {
        let length = step.end.checked_sub(path.place.start)?;
        path.text.get(..length as usize).map(str::to_owned)
    }

    fn unlooked(&mut self, walk: &Walk, place: Place) {
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

    fn start<'p>(&mut self, path: &'p ast::Path, at: At) -> Option<(Walk, &'p [ast::Step])> {
        let steps = path.steps.as_slice();
        match (&path.start, at.current) {
            (Start::Root(word), _) | (Start::Plain(word), None) => {
                self.start_at_root(path, word, at)
            }
            (Start::Plain(word) | Start::Field(word), Some(ty)) => {
                let mut walk = self.current(ty);
                if matches!(path.start, Start::Plain(_)) {
                    self.plain_root(word, ty)?;
                }
                self.field(&mut walk, word, word.place)?;
                walk.so_far = word.text.clone();
                Some((walk, steps))
            }
            (Start::Current, Some(ty)) => Some((self.current(ty), steps)),
            (Start::Field(_) | Start::Current, None) => {
                self.error(
                    Code::NoCurrent,
                    path.place,
                    "there is no current value here: `.` stands for one inside a selection",
                )
                .help("paths here start at a call or an input");
                None
            }
        }
    }

    fn current(&self, ty: TypeId) -> Walk {
        // Whether the current value itself is there was asked before its selection is applied.
        Walk::new(Root::Current, ty, false, "this value".into())
    }

    /// In a selection, a plain word that is no field but a root: says how it is written.
    fn plain_root(&mut self, word: &Word, ty: TypeId) -> Option<()> {
        if self.field_names(ty).contains(&word.text) || self.is_open(ty) {
            return Some(());
        }
        if self.root(&word.text).is_none() {
            return Some(());
        }
        let text = &word.text;
        let what = self.describe(ty);
        self.error(
            Code::UnknownField,
            word.place,
            format!("{what} has no field `{text}`"),
        )
        .help(format!(
            "inside a selection, the call or input of this name is `${text}`"
        ))
        .fix(
            Place {
                end: word.place.start,
                ..word.place
            },
            "$",
        );
        None
    }

    fn start_at_root<'p>(
        &mut self,
        path: &'p ast::Path,
        word: &Word,
        at: At,
    ) -> Option<(Walk, &'p [ast::Step])> {
        let steps = path.steps.as_slice();
        let Some(root) = self.root(&word.text) else {
            self.unknown_root(word, at);
            return None;
        };
        match root {
            RootWord::Call(call) => Some((self.start_at_call(call, path)?, steps)),
            RootWord::Claims => {
                let ty = match self.claims {
                    Claims::Known(ty) => ty,
                    Claims::Broken => return None,
                    Claims::Nobody => {
                        self.error(
                            Code::ClaimsWithoutAuth,
                            path.place,
                            "there are no claims here: with `auth: none`, nobody is known",
                        )
                        .help("name a scheme under the endpoint's `auth`");
                        return None;
                    }
                };
                let (word, rest) = self.first_name(path, "claims", "a claim's name")?;
                let mut walk = Walk::new(Root::Claims, ty, false, "claims".into());
                self.claim(&mut walk, word)?;
                Some((walk, rest))
            }
            RootWord::Body => {
                let Some(body) = &self.body else {
                    self.undeclared_body(path);
                    return None;
                };
                let (ty, null) = (body.ty, !body.required);
                Some((Walk::new(Root::Body, ty, null, "body".into()), steps))
            }
            RootWord::Input(location) => {
                let (name, rest) = self.first_name(path, &word.text, "an input's name")?;
                let key = if word.text == "header" {
                    name.text.to_lowercase()
                } else {
                    name.text.clone()
                };
                if word.text == "path" && !self.decl.route.parameters.contains_key(&key) {
                    self.unknown_path_parameter(name);
                    return None;
                }
                // Inference saw every path; one that it didn't is behind something it reported.
                let at = self.input(location, &key)?;
                let input = self.inputs.get(at)?;
                let null = !input.required && input.default.is_none();
                let walk = Walk::new(
                    Root::Input(at),
                    input.ty,
                    null,
                    format!("{}.{}", word.text, name.text),
                );
                Some((walk, rest))
            }
        }
    }

    fn start_at_call(&mut self, call: usize, path: &ast::Path) -> Option<Walk> {
        let head = self.heads.get(call)?;
        head.target.as_ref()?;
        let shown = match &path.start {
            Start::Root(word) => format!("${}", word.text),
            _ => head.name.clone(),
        };
        let header_next = matches!(
            path.steps.first().map(|s| &s.kind),
            Some(StepKind::Header(_))
        );
        let Some(answer) = head.answer.or(header_next.then_some(TypeId(u32::MAX))) else {
            let name = head.name.clone();
            let related = head.target.as_ref().map(|(_, operation)| operation.place);
            self.error(
                Code::NoAnswer,
                path.place,
                format!("`{name}` has no JSON answer to read"),
            )
            .help("what it answers can be passed through (`proxy`), or its headers read: `name@Header`")
            .maybe_related(related, "its operation documents no 2xx with JSON");
            return None;
        };
        let null = head.nullable || self.ty(answer).nullable;
        let mut walk = Walk::new(Root::Call(call), answer, null, shown);
        walk.results = head.each;
        Some(walk)
    }

    /// The name right after `claims`, `path`, `query`, `header`, `cookie`.
    fn first_name<'p>(
        &mut self,
        path: &'p ast::Path,
        root: &str,
        what: &str,
    ) -> Option<(&'p Word, &'p [ast::Step])> {
        if let Some((first, rest)) = path.steps.split_first()
            && let StepKind::Field(word) = &first.kind
        {
            return Some((word, rest));
        }
        self.error(
            Code::Step,
            path.place,
            format!("`{root}` alone is no value: {what} is missing"),
        )
        .help(format!("`{root}.NAME`"));
        None
    }

    fn unknown_root(&mut self, word: &Word, at: At) {
        let calls: Vec<String> = self.decl.calls.iter().map(|c| c.name.clone()).collect();
        // A call that was broken has said so.
        if self.decl.broken && !calls.contains(&word.text) && self.decl.calls.is_empty() {
            return;
        }
        if calls.contains(&word.text) {
            return;
        }
        let all = calls
            .iter()
            .map(String::as_str)
            .chain(ROOT_WORDS.iter().copied());
        let help = match nearest(&word.text, all) {
            Some(near) => format!("did you mean `{near}`?"),
            None if calls.is_empty() => {
                "paths start at a call or at `claims`, `path`, `query`, `header`, `cookie`, `body`"
                    .into()
            }
            None => format!(
                "calls are {}; inputs start with `claims`, `path`, `query`, `header`, `cookie`, `body`",
                names(calls.iter().map(String::as_str))
            ),
        };
        let help = match at.current {
            Some(ty) if self.field_names(ty).contains(&word.text) => {
                format!("the field is `.{0}`, without `$`", word.text)
            }
            _ => help,
        };
        self.error(
            Code::UnknownName,
            word.place,
            format!("there is no call `{}`", word.text),
        )
        .help(help);
    }

    fn unknown_path_parameter(&mut self, name: &Word) {
        let known: Vec<String> = self.decl.route.parameters.keys().cloned().collect();
        let path = self.decl.route.path.clone();
        let help = match nearest(&name.text, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `path.{near}`?"),
            None if known.is_empty() => format!(
                "write it into the endpoint's key: `{}/{{{}}}`",
                path.trim_end_matches('/'),
                name.text
            ),
            None => format!("the path has {}", names(known.iter().map(String::as_str))),
        };
        let place = self.decl.place;
        self.error(
            Code::UnknownInput,
            name.place,
            format!("this endpoint's path has no `{{{}}}`", name.text),
        )
        .help(help)
        .related(place, "its path is here");
    }

    fn undeclared_body(&mut self, path: &ast::Path) {
        if self.decl.body.is_some() {
            return;
        }
        let name = path.steps.iter().find_map(|s| match &s.kind {
            StepKind::Field(word) => Some(word.text.clone()),
            _ => None,
        });
        self.error(
            Code::UndeclaredBody,
            path.place,
            "this endpoint doesn't say what its `body` holds",
        )
        .help(match name {
            Some(name) => format!("declare it: `body: |`, and below it `{name}`"),
            None => "declare it: `body: |`, and the names below it".into(),
        });
    }

    fn step(&mut self, walk: &mut Walk, step: &ast::Step, last: bool, at: At) -> Option<()> {
        if walk.header {
            self.error(
                Code::Step,
                step.place,
                "a response header is text: no step follows",
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
            StepKind::Promise => {
                walk.promised = true;
                Some(())
            }
            StepKind::Header(word) => self.header(walk, word, step.place),
            StepKind::Index(index) => {
                let inner = self.list_here(walk, step, last)?;
                walk.pick(Pick::Index(*index), inner, false);
                Some(())
            }
            StepKind::Slice(from, to) => {
                let inner = self.list_here(walk, step, last)?;
                let null = self.ty(inner).nullable;
                walk.fork(Pick::Slice(*from, *to), inner, false, null);
                Some(())
            }
            StepKind::On(word) => self.on(walk, word, step.place),
            StepKind::Join { keys, every } => self.join(walk, keys, *every, step.place, at),
        }
    }

    /// The type of the elements of the list a step acts on.
    fn list_here(&mut self, walk: &Walk, step: &ast::Step, _last: bool) -> Option<TypeId> {
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

    fn field(&mut self, walk: &mut Walk, word: &Word, place: Place) -> Option<()> {
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
            self.error(
                Code::UndeclaredBody,
                word.place,
                format!("`{so_far}` declares no `{}`", word.text),
            )
            .help(
                match nearest(&word.text, known.iter().map(String::as_str)) {
                    Some(near) => {
                        format!("did you mean `{near}`? or declare it under the endpoint's `body`")
                    }
                    None => "declare it under the endpoint's `body`".to_owned(),
                },
            );
            return None;
        }
        self.unknown_field(walk.ty, word, place, walk.so_far());
        None
    }

    fn claim(&mut self, walk: &mut Walk, word: &Word) -> Option<()> {
        if self.lookup(walk.ty, &word.text).is_some() {
            return self.field(walk, word, word.place);
        }
        let known = self.field_names(walk.ty);
        let help = match nearest(&word.text, known.iter().map(String::as_str)) {
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
        .help(help);
        None
    }

    fn values(&mut self, walk: &mut Walk, place: Place) -> Option<()> {
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

    fn header(&mut self, walk: &mut Walk, word: &Word, place: Place) -> Option<()> {
        let Root::Call(call) = walk.root else {
            self.error(
                Code::HeaderStep,
                place,
                "`@` reads a response header of a call",
            )
            .help("it stands right after the call's name: `created@Location`");
            return None;
        };
        let head = self.heads.get(call)?.clone();
        if !walk.steps.is_empty() {
            self.error(
                Code::HeaderStep,
                place,
                "`@` stands right after a call's name",
            )
            .help(format!("`{}@{}`", head.name, word.text));
            return None;
        }
        if head.each.is_some() || head.split {
            let why = if head.each.is_some() {
                "it is called once per value"
            } else {
                "its list may be split into several requests"
            };
            self.error(
                Code::HeaderStep,
                place,
                format!(
                    "`{}` has no one answer to read a header of: {why}",
                    head.name
                ),
            );
            return None;
        }
        if !crate::spec::is_header_name(&word.text) {
            self.error(
                Code::HeaderStep,
                place,
                format!("`{}` can't be a header's name", word.text),
            );
            return None;
        }
        self.note_undocumented(&head, word);
        walk.header = true;
        walk.results = None;
        walk.null = true;
        walk.ty = self.checker.types.add(Type::of(Kind::String));
        walk.steps.push(Step::Header(word.text.to_lowercase()));
        Some(())
    }

    fn note_undocumented(&mut self, head: &super::scope::Head, word: &Word) {
        let Some((_, operation)) = &head.target else {
            return;
        };
        let success = |r: &&crate::contract::Response| (200..300).contains(&r.first);
        let documented = operation
            .responses
            .iter()
            .filter(success)
            .any(|r| r.headers.iter().any(|h| h.eq_ignore_ascii_case(&word.text)));
        if documented {
            return;
        }
        self.error(
            Code::UndocumentedHeader,
            word.place,
            format!(
                "`{}` doesn't document the header `{}`",
                super::heads::shown(operation),
                word.text
            ),
        )
        .help("without it the value is null")
        .related(operation.place, "the operation is here");
    }
}
