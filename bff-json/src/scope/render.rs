//! Templates, written.
//!
//! Captured texts are copied into one buffer. A field is written, key first, and taken back if its value turns out to be left
//! out; a separator is due wherever something stands after the opening bracket.

use super::path::{Found, Many, Step};
use super::rest::Names;
use super::{RenderError, Scope, elements, present};
use crate::options::MAX_DEPTH;
use crate::simd;
use crate::tape::{Cell, View};
use crate::template::{Absent, Block, Entry, Hop, Path, Root, Template};

/// Selections within selections: as deep as JSON, and the frontend's own groups around it.
const MAX_BLOCKS: u32 = MAX_DEPTH as u32 + 128;

/// What became of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is written.
    Written,
    /// It is null; nothing is written.
    Null,
    /// It isn't there; nothing is written.
    Absent,
}

/// An object that is being written.
pub(super) struct Object<'e, 'a> {
    /// The place after its opening bracket.
    pub(super) start: usize,
    /// All of its entries, and their current value.
    pub(super) entries: &'e [Entry],
    pub(super) current: Option<View<'a>>,
    /// The keys it took from maps, if it takes them from several.
    pub(super) names: Option<Names<'a>>,
}

/// Writes one answer.
pub(super) struct Writer<'s, 'a> {
    pub(super) scope: &'s Scope<'a>,
    out: &'s mut Vec<u8>,
    /// How long `out` may become.
    limit: usize,
    blocks: u32,
}

impl<'s, 'a> Writer<'s, 'a> {
    pub(super) fn new(scope: &'s Scope<'a>, out: &'s mut Vec<u8>, limit: usize) -> Writer<'s, 'a> {
        let limit = out.len().saturating_add(limit);
        Writer {
            scope,
            out,
            limit,
            blocks: 0,
        }
    }

    /// The whole answer, or nothing.
    pub(super) fn document(mut self, template: &Template) -> Result<(), RenderError> {
        let start = self.out.len();
        let written = self.value(template, None).and_then(|()| self.scope.tick(0));
        if written.is_err() {
            self.out.truncate(start);
        }
        written
    }

    /// A value that has to be there: null if it isn't.
    pub(super) fn value(
        &mut self,
        template: &Template,
        current: Option<View<'a>>,
    ) -> Result<(), RenderError> {
        match self.template(template, current)? {
            Outcome::Written => Ok(()),
            Outcome::Null | Outcome::Absent => self.put(b"null"),
        }
    }

    #[inline]
    pub(super) fn put(&mut self, bytes: &[u8]) -> Result<(), RenderError> {
        if bytes.len() > self.limit.saturating_sub(self.out.len()) {
            return Err(RenderError::TooLong);
        }
        simd::append(self.out, false, bytes, b"");
        Ok(())
    }

    /// A comma, unless the bracket before `start` is still the last byte.
    #[inline]
    pub(super) fn separate(&mut self, start: usize) -> Result<(), RenderError> {
        if self.out.len() == start {
            Ok(())
        } else {
            self.put(b",")
        }
    }

    /// An opening bracket; gives the place after it.
    pub(super) fn open(&mut self, bracket: &[u8; 1]) -> Result<usize, RenderError> {
        self.put(bracket)?;
        Ok(self.out.len())
    }

    fn template(
        &mut self,
        template: &Template,
        current: Option<View<'a>>,
    ) -> Result<Outcome, RenderError> {
        let (outcome, default) = match template {
            Template::Literal(json) => {
                self.put(json.as_bytes())?;
                return Ok(Outcome::Written);
            }
            Template::Copy { path, default } => (self.copy(path, current)?, default),
            Template::Select {
                path,
                block,
                default,
            } => (self.select(path, block, current)?, default),
            Template::Entries { path, value } => return self.map(path, value, current),
            Template::Block(block) => return self.block(block, current),
            Template::List(values) => {
                let start = self.open(b"[")?;
                for value in *values {
                    self.separate(start)?;
                    self.value(value, current)?;
                }
                self.put(b"]")?;
                return Ok(Outcome::Written);
            }
            Template::Choice(cases) => {
                let is = |test| current.is_some_and(|view| self.scope.is(test, view));
                return match cases.iter().find(|(test, _)| is(test)) {
                    Some((_, template)) => self.template(template, current),
                    None => Ok(Outcome::Absent),
                };
            }
            Template::Promised(value) => return self.promise(value, current),
        };
        match default {
            Some(json) if outcome != Outcome::Written => {
                self.put(json.as_bytes())?;
                Ok(Outcome::Written)
            }
            _ => Ok(outcome),
        }
    }

    fn copy(&mut self, path: &Path, current: Option<View<'a>>) -> Result<Outcome, RenderError> {
        match self.scope.resolve(path, current) {
            Step::One(found) => self.copy_one(found),
            Step::Many(many) => self.list(many, current, |writer, found, start| match found {
                Found::Value(view, cell) if cell.is_marked() => writer.splice(view, cell, start),
                found => {
                    writer.separate(start)?;
                    match writer.copy_one(found)? {
                        Outcome::Written => Ok(()),
                        Outcome::Null | Outcome::Absent => writer.put(b"null"),
                    }
                }
            }),
        }
    }

    fn copy_one(&mut self, found: Found<'a>) -> Result<Outcome, RenderError> {
        let Found::Value(view, cell) = found else {
            return Ok(missing(found));
        };
        let text = view.tape.text(cell);
        match present(text) {
            Some(raw) => {
                self.put(raw.bytes())?;
                Ok(Outcome::Written)
            }
            None if text.is_empty() => Ok(Outcome::Absent),
            None => Ok(Outcome::Null),
        }
    }

    /// The elements of a list of scalars, within another list.
    fn splice(&mut self, view: View<'a>, cell: Cell, start: usize) -> Result<(), RenderError> {
        let Some(raw) = present(view.tape.text(cell)) else {
            return Ok(());
        };
        if raw.bytes().first() != Some(&b'[') {
            // A scalar where the contract has a list passes as it is.
            self.separate(start)?;
            return self.put(raw.bytes());
        }
        let mut written = Ok(());
        elements(raw.bytes(), &mut |element| {
            if written.is_ok() {
                written = self
                    .separate(start)
                    .and_then(|()| self.put(element.bytes()));
            }
        });
        written
    }

    fn select(
        &mut self,
        path: &Path,
        block: &Block,
        current: Option<View<'a>>,
    ) -> Result<Outcome, RenderError> {
        match self.scope.resolve(path, current) {
            Step::One(found) => match there(found, block) {
                Ok(view) => self.block(block, Some(view)),
                Err(missing) => Ok(missing),
            },
            Step::Many(many) => self.list(many, current, |writer, found, start| {
                writer.separate(start)?;
                match there(found, block).map(|view| writer.block(block, Some(view))) {
                    Ok(written) if written? == Outcome::Written => Ok(()),
                    _ => writer.put(b"null"),
                }
            }),
        }
    }

    fn list(
        &mut self,
        many: Many<'a, '_>,
        current: Option<View<'a>>,
        mut item: impl FnMut(&mut Self, Found<'a>, usize) -> Result<(), RenderError>,
    ) -> Result<Outcome, RenderError> {
        let start = self.open(b"[")?;
        let scope = self.scope;
        scope.each(many, current, &mut |found| item(self, found, start))?;
        self.put(b"]")?;
        Ok(Outcome::Written)
    }

    fn block(&mut self, block: &Block, current: Option<View<'a>>) -> Result<Outcome, RenderError> {
        if self.blocks >= MAX_BLOCKS {
            return Err(RenderError::TooDeep);
        }
        self.blocks += 1;
        let outcome = match block {
            Block::Value(template) => self.template(template, current)?,
            Block::Fields(entries) => {
                let start = self.open(b"{")?;
                let mut object = Object {
                    start,
                    entries,
                    current,
                    names: None,
                };
                self.entries(entries, current, &mut object)?;
                self.put(b"}")?;
                Outcome::Written
            }
        };
        self.blocks -= 1;
        Ok(outcome)
    }

    /// What was promised, as a whole and each element of it.
    fn promise(
        &mut self,
        value: &Template,
        current: Option<View<'a>>,
    ) -> Result<Outcome, RenderError> {
        let mut kept = true;
        let scope = self.scope;
        match value {
            Template::Copy { path, .. } => {
                if let Step::Many(many) = scope.resolve(path, current) {
                    scope.each(many, current, &mut |found| {
                        kept &= matches!(found, Found::Value(view, cell) if present(view.tape.text(cell)).is_some());
                        Ok(())
                    })?;
                }
            }
            Template::Select { path, block, .. } => {
                if let Step::Many(many) = scope.resolve(path, current) {
                    scope.each(many, current, &mut |found| {
                        kept &= there(found, block).is_ok();
                        Ok(())
                    })?;
                }
            }
            _ => {}
        }
        match self.template(value, current)? {
            Outcome::Written if kept => Ok(Outcome::Written),
            _ => Err(self.missing(value, current)),
        }
    }

    /// A promise that isn't kept, and whose it was.
    #[cold]
    fn missing(&self, value: &Template, current: Option<View<'a>>) -> RenderError {
        let root = match value {
            Template::Copy { path, .. } | Template::Select { path, .. } => Some(path.root),
            _ => None,
        };
        let tape = match root {
            Some(Root::Tape(tape)) => Some(tape),
            Some(Root::Current) => current.and_then(|view| {
                let mut tapes = self.scope.tapes.iter();
                let place = tapes.position(|tape| std::ptr::eq(tape, view.tape))?;
                u8::try_from(place).ok()
            }),
            None => None,
        };
        RenderError::Missing { tape }
    }

    /// Entries of an open object: all of them, or those of one of its conditions or spreads.
    fn entries(
        &mut self,
        entries: &[Entry],
        current: Option<View<'a>>,
        object: &mut Object<'_, 'a>,
    ) -> Result<(), RenderError> {
        let start = object.start;
        let cells = current.map_or(&[][..], |view| view.tape.cells(view.frame));
        for entry in entries {
            match entry {
                Entry::Field { key, value, .. }
                    if self.scalar(key, value, current, cells, start)? => {}
                Entry::Field { key, value, absent } => {
                    let before = self.out.len();
                    self.separate(start)?;
                    self.put(key.as_bytes())?;
                    let outcome = match value {
                        Template::Block(block) => self.block(block, current)?,
                        value => self.template(value, current)?,
                    };
                    match (outcome, absent) {
                        (Outcome::Written, _) => {}
                        (Outcome::Null | Outcome::Absent, Absent::Promised) => {
                            return Err(self.missing(value, current));
                        }
                        (Outcome::Null, Absent::Null | Absent::Copied)
                        | (Outcome::Absent, Absent::Null) => {
                            self.put(b"null")?;
                        }
                        (Outcome::Null | Outcome::Absent, _) => self.out.truncate(before),
                    }
                }
                Entry::When(test, entries) => {
                    if current.is_some_and(|view| self.scope.is(test, view)) {
                        self.entries(entries, current, object)?;
                    }
                }
                Entry::Spread(path, entries) => {
                    let spread = self.scope.spread(path, current);
                    self.entries(entries, spread, object)?;
                }
                Entry::Rest { path, value } => {
                    self.rest(path, value, current, object)?;
                }
            }
        }
        Ok(())
    }
}

impl<'a> Writer<'_, 'a> {
    /// The commonest field by a shorter way: one that copies a slot of the current frame, whose cells these are, if something is
    /// there.
    #[inline(always)]
    fn scalar(
        &mut self,
        key: &str,
        value: &Template,
        current: Option<View<'a>>,
        cells: &[Cell],
        start: usize,
    ) -> Result<bool, RenderError> {
        if let Template::Copy { path, .. } = value
            && let Path {
                root: Root::Current,
                hops: [Hop::Value(slot)],
            } = path
            && let Some(view) = current
            && let Some(&cell) = cells.get(usize::from(*slot))
            && let Some(text) = view.tape.scalar(cell)
        {
            if 1 + key.len() + text.len() > self.limit.saturating_sub(self.out.len()) {
                return Err(RenderError::TooLong);
            }
            let comma = self.out.len() != start;
            simd::append(self.out, comma, key.as_bytes(), text);
            return Ok(true);
        }
        Ok(false)
    }
}

impl<'a> Scope<'a> {
    /// The frame whose fields a spread takes.
    pub(super) fn spread(&self, path: &Path, current: Option<View<'a>>) -> Option<View<'a>> {
        match self.resolve(path, current) {
            Step::One(found) => there(found, &Block::Fields(&[])).ok(),
            Step::Many(_) => None,
        }
    }
}

/// The frame a selection is applied to, if its value is there. Fields can only be those of an object.
fn there<'a>(found: Found<'a>, block: &Block) -> Result<View<'a>, Outcome> {
    match found {
        Found::Frame(view) if !view.is_hollow() => Ok(view),
        Found::Value(view, cell) => match view.tape.text(cell) {
            [] if cell.frames().is_some() => Ok(view),
            [] => Err(Outcome::Absent),
            [b'n', ..] => Err(Outcome::Null),
            [b'{' | b'[', ..] => Ok(view),
            _ if matches!(block, Block::Value(_)) => Ok(view),
            _ => Err(Outcome::Null),
        },
        found => Err(missing(found)),
    }
}

fn missing(found: Found<'_>) -> Outcome {
    if matches!(found, Found::Absent) {
        Outcome::Absent
    } else {
        Outcome::Null
    }
}
