//! What was captured: where the wanted values lie.
//!
//! A tape holds a body's bytes and one arena of eight-byte [`Cell`]s. A frame is a header cell and a cell per slot; frames of
//! a list's elements, or a map's entries, are linked through their headers, so that nesting and recursion only append. A
//! tape without a frame is absent. Texts that don't come from the body (inputs, response headers, the bodies of further
//! calls) lie in a side buffer; every captured byte there is checked JSON as well.

mod batch;
mod build;
mod cell;
mod view;

use bytes::Bytes;

pub use batch::EachBuilder;
pub use build::TapeBuilder;
pub(crate) use cell::{Cell, HEADER};
pub use view::{View, Views};

use crate::breach::Breaches;
use crate::shape::Slot;

/// The captured values of one body, or of what stands in for one.
#[derive(Debug, Clone, Default)]
pub struct Tape {
    pub(crate) body: Bytes,
    pub(crate) side: Vec<u8>,
    pub(crate) arena: Vec<Cell>,
    pub(crate) breaches: Breaches,
    /// How the root is a list, so that further bodies can be appended.
    pub(crate) root_list: RootList,
}

/// Where a root list lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum RootList {
    /// The root is no list.
    #[default]
    None,
    /// As frames, to be found through this slot.
    Frames(Slot),
    /// As text in this slot.
    Text(Slot),
}

impl Tape {
    /// A tape on which every slot is absent: of a call that wasn't made, or failed.
    #[must_use]
    pub fn absent() -> Tape {
        Tape::default()
    }

    /// Whether nothing was captured at all.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        self.arena.is_empty()
    }

    /// Where the body broke its contract.
    #[must_use]
    pub fn breaches(&self) -> &Breaches {
        &self.breaches
    }

    /// The frame of the root value, unless the tape is absent.
    #[must_use]
    pub fn root(&self) -> Option<View<'_>> {
        (!self.is_absent()).then_some(View {
            tape: self,
            frame: 0,
        })
    }

    /// Puts a text (of a response header, say) into a slot of the root frame, as a JSON string. Makes the frame wide
    /// enough if the tape is absent; a slot that a frame doesn't have is left alone.
    pub fn set_text(&mut self, slot: Slot, text: &str) {
        if self.is_absent() {
            self.push_frame(slot.saturating_add(1));
        }
        let cell = self.write(|side| crate::text::quote(text, side));
        self.set(0, slot, cell);
    }

    /// Forgets everything but the memory.
    pub(crate) fn clear(&mut self) {
        self.body = Bytes::new();
        self.side.clear();
        self.arena.clear();
        self.breaches.clear();
        self.root_list = RootList::None;
    }

    /// A new frame, all absent; gives its place.
    pub(crate) fn push_frame(&mut self, width: Slot) -> u32 {
        let place = self.arena.len();
        self.arena.push(Cell::header(width));
        self.arena
            .resize(place + HEADER + usize::from(width), Cell::ABSENT);
        // Arenas are bounded far below 2^32 cells.
        u32::try_from(place).unwrap_or(u32::MAX)
    }

    /// What is in a slot; absent if the frame or the slot doesn't exist.
    #[inline]
    pub(crate) fn cell(&self, frame: u32, slot: Slot) -> Cell {
        let place = frame as usize;
        match self.arena.get(place) {
            Some(header) if slot < header.width() => self
                .arena
                .get(place + HEADER + usize::from(slot))
                .copied()
                .unwrap_or(Cell::ABSENT),
            _ => Cell::ABSENT,
        }
    }

    /// The slots of a frame; none if it doesn't exist.
    #[inline]
    pub(crate) fn cells(&self, frame: u32) -> &[Cell] {
        let Some([header, cells @ ..]) = self.arena.get(frame as usize..) else {
            return &[];
        };
        cells.get(..usize::from(header.width())).unwrap_or_default()
    }

    pub(crate) fn set(&mut self, frame: u32, slot: Slot, cell: Cell) {
        let place = frame as usize;
        if self
            .arena
            .get(place)
            .is_some_and(|header| slot < header.width())
            && let Some(old) = self.arena.get_mut(place + HEADER + usize::from(slot))
        {
            *old = cell;
        }
    }

    /// A frame's header.
    #[inline]
    pub(crate) fn header(&self, frame: u32) -> Cell {
        self.arena
            .get(frame as usize)
            .copied()
            .unwrap_or(Cell::ABSENT)
    }

    /// The bytes of a text; none for absent cells and links.
    #[inline]
    pub(crate) fn text(&self, cell: Cell) -> &[u8] {
        match cell.range() {
            None => &[],
            Some((false, range)) => self.body.get(range).unwrap_or_default(),
            Some((true, range)) => self.side.get(range).unwrap_or_default(),
        }
    }

    /// A string, number, `true` or `false` of the body, if it is there and no list of scalars is expected.
    #[inline(always)]
    pub(crate) fn scalar(&self, cell: Cell) -> Option<&[u8]> {
        let text = self.body.get(cell.body_range()?)?;
        matches!(text.first()?, 0..b'[' | b't' | b'f').then_some(text)
    }

    /// Appends to the side buffer what `write` writes.
    pub(crate) fn write(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Cell {
        let start = self.side.len();
        write(&mut self.side);
        Cell::side(start, self.side.len())
    }
}
