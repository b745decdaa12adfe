//! Reading a tape by hand: for callers that check a body against rules rather than evaluate a path.

use super::{Cell, Tape};
use crate::raw::Raw;
use crate::shape::Slot;

/// One frame of a tape.
#[derive(Debug, Clone, Copy)]
pub struct View<'t> {
    pub(crate) tape: &'t Tape,
    pub(crate) frame: u32,
}

impl<'t> View<'t> {
    /// The text in a slot, `null` included. Of a visited object or list it is only the opening bracket.
    #[must_use]
    pub fn value(self, slot: Slot) -> Option<Raw<'t>> {
        let cell = self.tape.cell(self.frame, slot);
        match self.tape.text(cell) {
            [] => None,
            text => Some(Raw::new(text)),
        }
    }

    /// The frames of the list or map the slot leads to; `None` if there is none.
    #[must_use]
    pub fn frames(self, slot: Slot) -> Option<Views<'t>> {
        let (first, count) = self.tape.cell(self.frame, slot).frames()?;
        Some(Views {
            tape: self.tape,
            next: (first != 0).then_some(first),
            left: count,
        })
    }

    /// The frame of the recursive object the slot leads to.
    #[must_use]
    pub fn inner(self, slot: Slot) -> Option<View<'t>> {
        self.frames(slot)?.next()
    }

    /// Whether the frame's value isn't there: `null`, or of a kind nothing was made of.
    #[must_use]
    pub fn is_hollow(self) -> bool {
        self.tape.header(self.frame).is_marked()
    }

    pub(crate) fn cell(self, slot: Slot) -> Cell {
        self.tape.cell(self.frame, slot)
    }
}

/// The frames of a list or map, in order.
#[derive(Debug, Clone)]
pub struct Views<'t> {
    tape: &'t Tape,
    next: Option<u32>,
    left: u32,
}

impl<'t> Iterator for Views<'t> {
    type Item = View<'t>;

    fn next(&mut self) -> Option<View<'t>> {
        let frame = self.next?;
        self.left = self.left.checked_sub(1)?;
        self.next = self.tape.header(frame).next();
        Some(View {
            tape: self.tape,
            frame,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

impl ExactSizeIterator for Views<'_> {}
