//! Maps, written with their own keys.

use std::borrow::Cow;
use std::collections::HashSet;

use super::path::{Found, Step};
use super::render::{Object, Outcome, Writer};
use super::{RenderError, Scope, present};
use crate::tape::View;
use crate::template::{Entry, Path, Template};

/// The keys an object took from maps; kept only if it takes them from several.
pub(super) type Names<'a> = HashSet<Cow<'a, [u8]>>;

impl<'a> Writer<'_, 'a> {
    /// A map as an object.
    pub(super) fn map(
        &mut self,
        path: &Path,
        value: &Template,
        current: Option<View<'a>>,
    ) -> Result<Outcome, RenderError> {
        let many = match self.scope.resolve(path, current) {
            Step::One(Found::Absent) => return Ok(Outcome::Absent),
            Step::One(_) => return Ok(Outcome::Null),
            Step::Many(many) => many,
        };
        let start = self.open(b"{")?;
        let scope = self.scope;
        scope.each(many, current, &mut |found| match found {
            Found::Frame(view) => self.entry(view, value, start),
            _ => Ok(()),
        })?;
        self.put(b"}")?;
        Ok(Outcome::Written)
    }

    /// A map's entries among the fields of an object: not those that a field of the object is named like.
    pub(super) fn rest(
        &mut self,
        path: &Path,
        value: &Template,
        current: Option<View<'a>>,
        object: &mut Object<'_, 'a>,
    ) -> Result<(), RenderError> {
        let Step::Many(many) = self.scope.resolve(path, current) else {
            return Ok(());
        };
        if object.names.is_none() && maps(object.entries) > 1 {
            object.names = Some(Names::new());
        }
        let scope = self.scope;
        scope.each(many, current, &mut |found| {
            let Found::Frame(view) = found else {
                return Ok(());
            };
            let Some(name) = present(view.tape.text(view.cell(0))).map(|raw| raw.plain()) else {
                return Ok(());
            };
            if scope.names(object.entries, object.current, &name) {
                return Ok(());
            }
            if let Some(names) = &mut object.names
                && !names.insert(name)
            {
                return Ok(());
            }
            self.entry(view, value, object.start)
        })
    }

    fn entry(&mut self, view: View<'a>, value: &Template, start: usize) -> Result<(), RenderError> {
        let key = view.tape.text(view.cell(0));
        if !key.starts_with(b"\"") {
            return Ok(());
        }
        self.separate(start)?;
        self.put(key)?;
        self.put(b":")?;
        self.value(value, Some(view))
    }
}

impl<'a> Scope<'a> {
    /// Whether one of the fields that are written has this name.
    fn names(&self, fields: &[Entry], current: Option<View<'a>>, name: &[u8]) -> bool {
        fields.iter().any(|entry| match entry {
            Entry::Field { key, .. } => is_key(key.as_bytes(), name),
            Entry::When(test, fields) => {
                current.is_some_and(|view| self.is(test, view)) && self.names(fields, current, name)
            }
            Entry::Spread(path, fields) => self.names(fields, self.spread(path, current), name),
            Entry::Rest { .. } => false,
        })
    }
}

/// Whether a field's key, `"name":`, is a name.
fn is_key(key: &[u8], name: &[u8]) -> bool {
    match key {
        [b'"', inside @ .., b'"', b':'] => crate::text::unescape(inside) == name,
        _ => false,
    }
}

/// How many maps an object takes entries from.
fn maps(fields: &[Entry]) -> usize {
    fields
        .iter()
        .map(|entry| match entry {
            Entry::Field { .. } => 0,
            Entry::Rest { .. } => 1,
            Entry::When(_, fields) | Entry::Spread(_, fields) => maps(fields),
        })
        .sum()
}
