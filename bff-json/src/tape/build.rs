//! Tapes of what is no body: inputs, claims.

use super::{Cell, Tape};
use crate::shape::Slot;

/// Fills a tape's root frame slot by slot.
#[derive(Debug)]
pub struct TapeBuilder {
    tape: Tape,
}

impl TapeBuilder {
    /// A frame of this width, all absent.
    #[must_use]
    pub fn new(width: Slot) -> TapeBuilder {
        let mut tape = Tape::default();
        tape.push_frame(width);
        TapeBuilder { tape }
    }

    /// A text, as a JSON string.
    pub fn text(&mut self, slot: Slot, text: &str) -> &mut TapeBuilder {
        self.tape.set_text(slot, text);
        self
    }

    /// JSON text of a scalar, or of a value that is to be copied whole. It must be valid.
    pub fn raw(&mut self, slot: Slot, json: &str) -> &mut TapeBuilder {
        let cell = self
            .tape
            .write(|side| side.extend_from_slice(json.as_bytes()));
        self.tape.set(0, slot, cell);
        self
    }

    /// A list, each element (JSON text, which must be valid) in slot 0 of a frame of one slot.
    pub fn list<T: AsRef<str>>(
        &mut self,
        slot: Slot,
        items: impl IntoIterator<Item = T>,
    ) -> &mut TapeBuilder {
        let tape = &mut self.tape;
        let (mut first, mut last, mut count) = (0, 0, 0);
        for item in items {
            let frame = tape.push_frame(1);
            let cell = tape.write(|side| side.extend_from_slice(item.as_ref().as_bytes()));
            tape.set(frame, 0, cell);
            tape.chain(&mut first, &mut last, frame);
            count += 1;
        }
        tape.set(0, slot, Cell::link(first, count));
        self
    }

    /// The tape.
    #[must_use]
    pub fn build(self) -> Tape {
        self.tape
    }
}

impl Tape {
    /// Puts a frame after the last one of a list.
    pub(crate) fn chain(&mut self, first: &mut u32, last: &mut u32, frame: u32) {
        if *first == 0 {
            *first = frame;
        } else if let Some(header) = self.arena.get_mut(*last as usize) {
            *header = header.to(frame);
        }
        *last = frame;
    }
}
