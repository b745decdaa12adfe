//! Eight bytes for a slot: a text's place, or a link to frames.

use std::ops::Range;

use crate::shape::Slot;

/// How many cells a frame's header takes.
pub(crate) const HEADER: usize = 1;

/// In `at`: the text lies in the side buffer.
const SIDE: u32 = 1 << 31;
/// In `len`: the cell links to frames (`at` is the first one, the rest of `len` how many), or is a header.
const LINK: u32 = 1 << 31;
/// In `len` of a text: it is a list of scalars, to be flattened. Of a header: the frame's value isn't there.
const MARK: u32 = 1 << 30;
const COUNT: u32 = MARK - 1;

/// What a slot holds.
///
/// - absent: no length (with the mark: an absent list of scalars);
/// - a text: where it starts and its length. Of a visited object or list only the bracket, so that it can't be copied;
/// - a link: the first frame (0: none, as frame 0 is the root) and how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell {
    at: u32,
    len: u32,
}

#[allow(clippy::cast_possible_truncation)] // bodies, side buffers and arenas are below 2^30
impl Cell {
    pub(crate) const ABSENT: Cell = Cell { at: 0, len: 0 };
    pub(crate) const ABSENT_LIST: Cell = Cell { at: 0, len: MARK };

    /// A text of the body.
    #[inline]
    pub(crate) fn body(start: usize, end: usize) -> Cell {
        Cell {
            at: start as u32,
            len: end.wrapping_sub(start) as u32 & COUNT,
        }
    }

    /// A text of the side buffer.
    #[inline]
    pub(crate) fn side(start: usize, end: usize) -> Cell {
        Cell {
            at: start as u32 | SIDE,
            len: end.wrapping_sub(start) as u32 & COUNT,
        }
    }

    /// A link to `count` frames from `first` on.
    #[inline]
    pub(crate) fn link(first: u32, count: u32) -> Cell {
        Cell {
            at: first,
            len: LINK | count & COUNT,
        }
    }

    /// The header of a frame: its width, and the next frame of the same list.
    #[inline]
    pub(crate) fn header(width: Slot) -> Cell {
        Cell {
            at: 0,
            len: LINK | width as u32,
        }
    }

    /// As a list of scalars, or of a header, as one whose value isn't there.
    #[inline]
    pub(crate) fn marked(self) -> Cell {
        Cell {
            at: self.at,
            len: self.len | MARK,
        }
    }

    /// See [`Cell::marked`].
    #[inline]
    pub(crate) fn is_marked(self) -> bool {
        self.len & MARK != 0
    }

    #[inline]
    pub(crate) fn is_absent(self) -> bool {
        self.len & !MARK == 0
    }

    /// The first frame (0: none) and how many there are, if this is a link.
    #[inline]
    pub(crate) fn frames(self) -> Option<(u32, u32)> {
        (self.len & LINK != 0).then_some((self.at, self.len & COUNT))
    }

    #[inline]
    pub(crate) fn width(self) -> Slot {
        self.len as Slot
    }

    /// Of a header, the next frame.
    #[inline]
    pub(crate) fn next(self) -> Option<u32> {
        (self.at != 0).then_some(self.at)
    }

    /// The header with another next frame; the link with another first one.
    #[inline]
    pub(crate) fn to(self, frame: u32) -> Cell {
        Cell {
            at: frame,
            len: self.len,
        }
    }

    /// Where a text lies: whether in the side buffer, and its range.
    #[inline]
    pub(crate) fn range(self) -> Option<(bool, Range<usize>)> {
        if self.len & LINK != 0 || self.is_absent() {
            return None;
        }
        let start = (self.at & !SIDE) as usize;
        Some((
            self.at & SIDE != 0,
            start..start + (self.len & COUNT) as usize,
        ))
    }

    /// Where a text of the body lies that isn't marked.
    #[inline(always)]
    pub(crate) fn body_range(self) -> Option<Range<usize>> {
        // Neither link nor mark, and no length for absent.
        if self.len >= MARK || self.at >= SIDE {
            return None;
        }
        let start = self.at as usize;
        Some(start..start + self.len as usize)
    }
}
