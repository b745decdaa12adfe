//! Where a path starts: a call, an input, claims, the body, or the current value.

use super::describe::names;
use super::path::Walk;
use super::scope::{At, Claims, ROOT_WORDS, RootWord, Scene};
use crate::contract::TypeId;
use crate::diagnostic::{Code, Place};
use crate::model::Root;
use crate::nearest::nearest;
use crate::syntax::ast::{self, Start, StepKind, Word};

impl Scene<'_, '_> {
    pub(crate) fn start<'p>(
        &mut self,
        path: &'p ast::Path,
        at: At,
    ) -> Option<(Walk, &'p [ast::Step])> {
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
                if self.is_plain_scalar(ty) {
                    self.field_of_scalar(word, ty);
                    return None;
                }
                self.field(&mut walk, word, word.place)?;
                walk.so_far = word.text.clone();
                Some((walk, steps))
            }
            (Start::Current, Some(ty)) => Some((self.current(ty), steps)),
            (from @ (Start::Field(_) | Start::Current), None) => {
                let dot = Place {
                    end: path.place.start + 1,
                    ..path.place
                };
                let known = match from {
                    Start::Field(word) if self.root(&word.text).is_some() => Some(&word.text),
                    _ => None,
                };
                let report = self.error(
                    Code::NoCurrent,
                    path.place,
                    "there is no current value here: `.` stands for one inside a selection",
                );
                match known {
                    Some(name) => report
                        .help(format!("here it is `{name}`, without `.`"))
                        .fix(dot, ""),
                    None => report.help("paths here start at a call or an input"),
                };
                None
            }
        }
    }

    pub(crate) fn current(&self, ty: TypeId) -> Walk {
        // Whether the current value itself is there was asked before its selection is applied.
        Walk::new(Root::Current, ty, false, "this value".into())
    }

    /// In a selection, a plain word that is no field but a root: says how it is written.
    pub(crate) fn plain_root(&mut self, word: &Word, ty: TypeId) -> Option<()> {
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

    /// In a selection on a list of scalars: its elements have no fields.
    fn field_of_scalar(&mut self, word: &Word, ty: TypeId) {
        let what = self.describe(ty);
        self.error(
            Code::UnknownField,
            word.place,
            format!("{what} has no field `{}`", word.text),
        )
        .help("here `.` is the value itself, and `$` starts at a call or input");
    }

    pub(crate) fn start_at_root<'p>(
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

    pub(crate) fn start_at_call(&mut self, call: usize, path: &ast::Path) -> Option<Walk> {
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
    pub(crate) fn first_name<'p>(
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

    pub(crate) fn unknown_root(&mut self, word: &Word, at: At) {
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
        let near = nearest(&word.text, all);
        let help = match near {
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
        let is_field = at
            .current
            .is_some_and(|ty| self.field_names(ty).contains(&word.text));
        let help = if is_field {
            format!("the field is `.{0}`, without `$`", word.text)
        } else {
            help
        };
        let report = self
            .error(
                Code::UnknownName,
                word.place,
                format!("there is no call `{}`", word.text),
            )
            .help(help);
        if is_field {
            // In a selection a root is written `$name`.
            let sign = Place {
                start: word.place.start.saturating_sub(1),
                end: word.place.start,
                ..word.place
            };
            report.fix(sign, ".");
        } else {
            report.meant(word.place, &word.text, near);
        }
    }

    pub(crate) fn unknown_path_parameter(&mut self, name: &Word) {
        let known: Vec<String> = self.decl.route.parameters.keys().cloned().collect();
        let path = self.decl.route.path.clone();
        let near = nearest(&name.text, known.iter().map(String::as_str));
        let help = match near {
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
        .related(place, "its path is here")
        .meant(name.place, &name.text, near);
    }

    pub(crate) fn undeclared_body(&mut self, path: &ast::Path) {
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
}
