//! What names stand for in one endpoint: its calls, its inputs, claims, the body; and the current value.

use indexmap::IndexMap;

use super::Checker;
use crate::contract::{Kind, Location, Operation, Type, TypeId};
use crate::diagnostic::{Code, Diagnostic, Edit, Place};
use crate::model::{BodyInput, Input};
use crate::spec::{CallDecl, EndpointDecl};
use crate::syntax::ast::{Block, Word};

/// Where a path stands: what a plain word and `.` mean.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At {
    /// The type of the current value; none at the roots.
    pub(crate) current: Option<TypeId>,
}

impl At {
    /// Paths start at the roots.
    pub(crate) const ROOTS: At = At { current: None };

    /// Inside a selection on a value of this type.
    pub(crate) fn on(ty: TypeId) -> At {
        At { current: Some(ty) }
    }
}

/// What is known of a call before its arguments are looked at.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) name: String,
    pub(crate) place: Place,
    /// Its upstream's name and operation; none if that is unknown, which was said.
    pub(crate) target: Option<(String, Operation)>,
    /// The type of its answer: with `each`, of one of them.
    pub(crate) answer: Option<TypeId>,
    /// Whether its value may be null. For a call that needs others, known once its arguments are.
    pub(crate) nullable: bool,
    /// With `each`: the type of the values it is called with.
    pub(crate) each: Option<TypeId>,
    /// Its list is split into several requests.
    pub(crate) split: bool,
    /// Its method isn't safe.
    pub(crate) write: bool,
}

/// One endpoint while it is checked.
pub(crate) struct Scene<'c, 'a> {
    pub(crate) checker: &'c mut Checker<'a>,
    pub(crate) decl: &'a EndpointDecl,
    pub(crate) heads: Vec<Head>,
    pub(crate) inputs: Vec<Input>,
    pub(crate) body: Option<BodyInput>,
    pub(crate) claims: Claims,
    /// Fragments that are being spread, against recursion.
    pub(crate) spreading: Vec<String>,
    /// How many were spread.
    pub(crate) spreads: usize,
}

/// What `claims` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claims {
    /// An object of this type.
    Known(TypeId),
    /// `auth: none`
    Nobody,
    /// The endpoint's schemes are broken, which was said.
    Broken,
}

/// What a word means at the roots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RootWord {
    Call(usize),
    Claims,
    Input(Location),
    Body,
}

/// The words that aren't calls.
pub(crate) const ROOT_WORDS: &[&str] = &["claims", "path", "query", "header", "cookie", "body"];

impl<'a> Scene<'_, 'a> {
    pub(crate) fn error(
        &mut self,
        code: Code,
        place: Place,
        message: impl Into<String>,
    ) -> Report<'_> {
        Report::new(
            &mut self.checker.sink,
            Diagnostic::new(code, place, message),
        )
    }

    pub(crate) fn kind(&self, ty: TypeId) -> &Kind {
        &self.checker.types.get(ty).kind
    }

    pub(crate) fn ty(&self, ty: TypeId) -> &Type {
        self.checker.types.get(ty)
    }

    pub(crate) fn describe(&self, ty: TypeId) -> String {
        super::describe::describe(&self.checker.types, ty)
    }

    pub(crate) fn root(&self, name: &str) -> Option<RootWord> {
        match name {
            "claims" => return Some(RootWord::Claims),
            "body" => return Some(RootWord::Body),
            "path" => return Some(RootWord::Input(Location::Path)),
            "query" => return Some(RootWord::Input(Location::Query)),
            "header" => return Some(RootWord::Input(Location::Header)),
            "cookie" => return Some(RootWord::Input(Location::Cookie)),
            _ => {}
        }
        let at = self.heads.iter().position(|h| h.name == name)?;
        Some(RootWord::Call(at))
    }

    pub(crate) fn call_decls(&self) -> &'a [CallDecl] {
        &self.decl.calls
    }

    /// A fragment by name, and whether it is broken.
    pub(crate) fn fragment(&self, word: &Word) -> Option<(&'a Block, Place, bool)> {
        let fragments: &'a IndexMap<String, crate::spec::FragmentDecl> =
            &self.checker.spec.fragments;
        fragments
            .get(&word.text)
            .map(|f| (&f.block, f.place, f.broken))
    }

    /// The input at this place, which inference has found.
    pub(crate) fn input(&self, location: Location, name: &str) -> Option<usize> {
        self.inputs
            .iter()
            .position(|i| i.location == location && i.name == name)
    }
}

/// A diagnostic on its way into the sink: completed in place.
pub(crate) struct Report<'s> {
    sink: &'s mut Vec<Diagnostic>,
    diagnostic: Option<Diagnostic>,
}

impl<'s> Report<'s> {
    pub(crate) fn new(sink: &'s mut Vec<Diagnostic>, diagnostic: Diagnostic) -> Report<'s> {
        Report {
            sink,
            diagnostic: Some(diagnostic),
        }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.diagnostic = self.diagnostic.take().map(|d| d.help(help));
        self
    }

    pub(crate) fn related(mut self, place: Place, message: impl Into<String>) -> Self {
        self.diagnostic = self.diagnostic.take().map(|d| d.related(place, message));
        self
    }

    pub(crate) fn maybe_related(self, place: Option<Place>, message: impl Into<String>) -> Self {
        match place {
            Some(place) => self.related(place, message),
            None => self,
        }
    }

    pub(crate) fn fix(mut self, place: Place, text: impl Into<String>) -> Self {
        self.diagnostic = self.diagnostic.take().map(|d| d.fix(place, text));
        self
    }

    /// The name that was probably meant, if there is one.
    pub(crate) fn meant(mut self, place: Place, name: &str, near: Option<&str>) -> Self {
        if let (Some(diagnostic), Some(near)) = (&mut self.diagnostic, near) {
            diagnostic.fix = Some(Edit::meant(place, name, near));
        }
        self
    }

    pub(crate) fn suggest(mut self, place: Place, text: impl Into<String>) -> Self {
        self.diagnostic = self.diagnostic.take().map(|d| d.suggest(place, text));
        self
    }
}

impl Drop for Report<'_> {
    fn drop(&mut self) {
        self.sink.extend(self.diagnostic.take());
    }
}
