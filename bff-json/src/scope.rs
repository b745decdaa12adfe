//! Reading tapes: paths, conditions and templates over the tapes of one request.
//!
//! In come constant tables and tapes; out come values and JSON text. A value that isn't there is null or left out, never an
//! error; the two errors there are bound what hostile bodies could make of a join within a join. Nothing is read but what
//! was captured.

mod condition;
mod join;
mod path;
mod render;
mod rest;

use std::cell::Cell;
use std::fmt;

use crate::Options;
use crate::raw::Raw;
use crate::scan::Scanner;
use crate::tape::{Tape, View};
use crate::template::{Path, Root, Template};
use join::Joins;
use path::{Found, Step};
use render::Writer;

/// The tapes of one request, by number. A number there is no tape for is absent.
#[derive(Debug)]
pub struct Scope<'a> {
    tapes: &'a [Tape],
    joins: Joins,
    /// How many frames may still be looked at.
    work: Cell<u64>,
}

/// Why no answer was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RenderError {
    /// It would be longer than allowed, or take out of all proportion long to write.
    TooLong,
    /// Its selections are nested too deeply.
    TooDeep,
    /// A value that was promised isn't there.
    Missing {
        /// The number of the tape it was to be read from, where that is one of the scope's.
        tape: Option<u8>,
    },
}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RenderError::TooLong => "the answer would be too long",
            RenderError::TooDeep => "the answer would be nested too deeply",
            RenderError::Missing { .. } => "a promised value is missing",
        })
    }
}

impl std::error::Error for RenderError {}

impl<'a> Scope<'a> {
    /// Tape 0 is the first.
    #[must_use]
    pub fn new(tapes: &'a [Tape]) -> Scope<'a> {
        Scope {
            tapes,
            joins: Joins::default(),
            work: Cell::new(u64::MAX),
        }
    }

    /// Writes a template's JSON text after what `out` holds; what is null or absent as a whole is `null`.
    ///
    /// # Errors
    ///
    /// The text would be longer than `limit` bytes, or nested too deeply. Then `out` is as it was.
    pub fn render(
        &self,
        template: &Template,
        out: &mut Vec<u8>,
        limit: usize,
    ) -> Result<(), RenderError> {
        // Each frame looked at writes something, but those a join, an index or a slice passes over.
        self.work
            .set((limit as u64).saturating_mul(8).saturating_add(1 << 20));
        let written = Writer::new(self, out, limit).document(template);
        self.work.set(u64::MAX);
        written
    }

    /// The one value a path gives; `None` for null, absent, and a path that gives a list of frames or values, or an object or
    /// list that was visited.
    #[must_use]
    pub fn value(&self, path: &Path) -> Option<Raw<'a>> {
        self.value_at(path, None)
    }

    /// Calls `each` with every value a path gives, in document order, `None` for those that are null: the elements of a list,
    /// flattened, or the one value. Gives `false`, and calls nothing, if the value as a whole is null or absent.
    pub fn values(&self, path: &Path, mut each: impl FnMut(Option<Raw<'a>>)) -> bool {
        self.values_at(path, None, &mut each)
    }

    fn value_at(&self, path: &Path, current: Option<View<'a>>) -> Option<Raw<'a>> {
        match self.resolve(path, current) {
            Step::One(Found::Value(view, cell)) => present(view.tape.text(cell)),
            _ => None,
        }
    }

    fn values_at(
        &self,
        path: &Path,
        current: Option<View<'a>>,
        each: &mut dyn FnMut(Option<Raw<'a>>),
    ) -> bool {
        match self.resolve(path, current) {
            Step::One(Found::Value(view, cell)) => {
                let Some(raw) = present(view.tape.text(cell)) else {
                    return false;
                };
                if raw.bytes().first() == Some(&b'[') {
                    elements(raw.bytes(), &mut |raw| {
                        each((!raw.is_null()).then_some(raw))
                    });
                } else {
                    each(Some(raw));
                }
                true
            }
            Step::One(_) => false,
            Step::Many(many) => {
                // Without a renderer's bound on work there is no error.
                let _ = self.each(many, current, &mut |found| {
                    match found {
                        Found::Value(view, cell) => match present(view.tape.text(cell)) {
                            Some(raw) if raw.bytes().first() == Some(&b'[') => {
                                elements(raw.bytes(), &mut |raw| {
                                    each((!raw.is_null()).then_some(raw))
                                });
                            }
                            None if cell.is_marked() => {}
                            value => each(value),
                        },
                        _ => each(None),
                    }
                    Ok(())
                });
                true
            }
        }
    }

    fn root(&self, root: Root, current: Option<View<'a>>) -> Option<View<'a>> {
        match root {
            Root::Tape(number) => self.tapes.get(usize::from(number))?.root(),
            Root::Current => current,
        }
    }

    /// Counts frames looked at.
    #[inline]
    fn tick(&self, frames: u64) -> Result<(), RenderError> {
        let left = self.work.get().saturating_sub(frames);
        self.work.set(left);
        // Once used up it stays so, and the renderer's last look is at this count.
        if left == 0 {
            return Err(RenderError::TooLong);
        }
        Ok(())
    }
}

/// A text as a value: not if it is empty, null, or only the mark of a visited object or list.
#[inline]
fn present(text: &[u8]) -> Option<Raw<'_>> {
    match text {
        [] | [b'n', ..] | [b'{' | b'['] => None,
        text => Some(Raw::new(text)),
    }
}

/// The elements of a list's text, which was checked.
fn elements<'t>(list: &'t [u8], each: &mut dyn FnMut(Raw<'t>)) {
    let Ok(scan) = Scanner::new(
        list,
        &Options {
            depth: crate::MAX_DEPTH,
            ..Options::default()
        },
    ) else {
        return;
    };
    let mut at = scan.blank(1);
    while let Ok(end) = scan.whole(at, 1) {
        each(Raw::new(list.get(at..end).unwrap_or_default()));
        at = scan.blank(end);
        if scan.byte(at) != b',' {
            return;
        }
        at = scan.blank(at + 1);
    }
}
