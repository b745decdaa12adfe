//! Several bodies as one tape: the answers of a split list, and of `each`.
//!
//! Only what was captured is taken over, into the side buffer; the bodies go.

use super::{Cell, HEADER, RootList, Tape};
use crate::options::MAX_BYTES;

impl Tape {
    /// Appends the elements of a further body, captured with the same shape, whose root is a list. Gives whether both roots are
    /// lists (and what was captured stays below a gibibyte in all); if not, nothing is appended.
    pub fn push_list(&mut self, more: &Tape) -> bool {
        if !self.has_room(more) {
            return false;
        }
        self.breaches.add_all(&more.breaches);
        match self.root_list {
            RootList::Frames(slot) => {
                let (Some((first, count)), Some((more_first, more_count))) =
                    (self.cell(0, slot).frames(), more.cell(0, slot).frames())
                else {
                    return false;
                };
                let kept = HEADER + usize::from(more.header(0).width());
                let shift = self.take(more, kept);
                if more_first == 0 {
                    return true;
                }
                let added = more_first.wrapping_add(shift);
                if first == 0 {
                    self.set(0, slot, Cell::link(added, more_count));
                    return true;
                }
                let mut last = first;
                while let Some(next) = self.header(last).next() {
                    last = next;
                }
                self.chain(&mut { first }, &mut last, added);
                self.set(0, slot, Cell::link(first, count.saturating_add(more_count)));
                true
            }
            RootList::Text(slot) => {
                let (cell, added) = (self.cell(0, slot), more.cell(0, slot));
                let inner = |tape: &Tape, cell| {
                    Some(
                        tape.text(cell)
                            .strip_prefix(b"[")?
                            .strip_suffix(b"]")?
                            .trim_ascii()
                            .to_vec(),
                    )
                };
                let (Some(ours), Some(theirs)) = (inner(self, cell), inner(more, added)) else {
                    return false;
                };
                let joined = self.write(|side| {
                    side.push(b'[');
                    side.extend_from_slice(&ours);
                    if !ours.is_empty() && !theirs.is_empty() {
                        side.push(b',');
                    }
                    side.extend_from_slice(&theirs);
                    side.push(b']');
                });
                self.set(
                    0,
                    slot,
                    if cell.is_marked() {
                        joined.marked()
                    } else {
                        joined
                    },
                );
                true
            }
            RootList::None => false,
        }
    }

    /// Whether all of another tape's text could be taken over.
    fn has_room(&self, other: &Tape) -> bool {
        self.side.len() + other.body.len() + other.side.len() <= MAX_BYTES
    }

    /// Takes over another tape's cells from place `from` on; gives what to add to a place there to find it here.
    fn take(&mut self, other: &Tape, from: usize) -> u32 {
        let here = u32::try_from(self.arena.len()).unwrap_or(u32::MAX);
        let shift = here.wrapping_sub(u32::try_from(from).unwrap_or(u32::MAX));
        let cells = other.arena.get(from..).unwrap_or_default();
        self.arena.reserve(cells.len());
        for &cell in cells {
            let cell = self.moved(other, cell, shift);
            self.arena.push(cell);
        }
        shift
    }

    /// Another tape's cell as it has to be here.
    fn moved(&mut self, other: &Tape, cell: Cell, shift: u32) -> Cell {
        if let Some((first, _)) = cell.frames() {
            return if first == 0 {
                cell
            } else {
                cell.to(first.wrapping_add(shift))
            };
        }
        let text = other.text(cell);
        if text.is_empty() {
            return cell;
        }
        let taken = self.write(|side| side.extend_from_slice(text));
        if cell.is_marked() {
            taken.marked()
        } else {
            taken
        }
    }
}

/// Gathers the answers of an `each` call.
///
/// The tape's root frame has one slot, which leads to an entry per value, in the order pushed: slot 0 is the value, and
/// slot `n + 1` is slot `n` of the root frame of that call's tape.
#[derive(Debug)]
pub struct EachBuilder {
    tape: Tape,
    first: u32,
    last: u32,
    count: u32,
}

impl Default for EachBuilder {
    fn default() -> EachBuilder {
        EachBuilder::new()
    }
}

impl EachBuilder {
    /// No entries.
    #[must_use]
    pub fn new() -> EachBuilder {
        let mut tape = Tape::default();
        tape.push_frame(1);
        EachBuilder {
            tape,
            first: 0,
            last: 0,
            count: 0,
        }
    }

    /// The answer of the call for the scalar `value` (JSON text, which must be valid); `None` if it failed. Beyond a gibibyte
    /// in all an answer counts as failed.
    pub fn push(&mut self, value: &str, answer: Option<&Tape>) -> &mut EachBuilder {
        let absent = Tape::default();
        let tape = &mut self.tape;
        let answer = answer
            .filter(|answer| tape.has_room(answer))
            .unwrap_or(&absent);
        tape.breaches.add_all(&answer.breaches);
        let root = answer.header(0);
        let width = root.width();
        let frame = tape.push_frame(width.saturating_add(1));
        if (answer.is_absent() || root.is_marked())
            && let Some(header) = tape.arena.get_mut(frame as usize)
        {
            *header = header.marked();
        }
        let key = tape.write(|side| side.extend_from_slice(value.as_bytes()));
        tape.set(frame, 0, key);
        let shift = tape.take(answer, HEADER + usize::from(width));
        for slot in 0..width {
            let cell = tape.moved(answer, answer.cell(0, slot), shift);
            tape.set(frame, slot.saturating_add(1), cell);
        }
        tape.chain(&mut self.first, &mut self.last, frame);
        self.count += 1;
        self
    }

    /// The tape.
    #[must_use]
    pub fn build(mut self) -> Tape {
        self.tape.set(0, 0, Cell::link(self.first, self.count));
        self.tape
    }
}
