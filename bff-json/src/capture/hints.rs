//! Which key comes next: elements of one list mostly have the same keys in the same order.
//!
//! For each object of a shape the keys of earlier elements are remembered by where they stood, with the colon. A key that is
//! the same bytes needs neither be checked nor looked up again. A wrong guess costs a comparison, never an answer.

use crate::scan::Scanner;
use crate::shape::Fields;

/// How many keys of an object are remembered.
const KEYS: usize = 32;
/// Of how many objects of a shape.
const OBJECTS: usize = 32;
/// How many remembered keys may have been left out.
const AHEAD: usize = 3;

/// Where a key stood, how long it is with quotes and colon, and which wanted field it is.
#[derive(Clone, Copy)]
struct Hint {
    at: u32,
    len: u16,
    index: u16,
}

impl Hint {
    /// Longer than what is compared.
    const NONE: Hint = Hint {
        at: 0,
        len: u16::MAX,
        index: UNWANTED,
    };
}

const UNWANTED: u16 = u16::MAX;

/// The remembered keys.
#[derive(Default)]
pub(super) struct Hints {
    objects: Vec<usize>,
    keys: Vec<Hint>,
}

/// A place among the remembered keys of one object.
#[derive(Clone, Copy)]
pub(super) struct Cursor {
    next: usize,
    end: usize,
}

impl Cursor {
    /// Nothing is remembered, nor will be.
    pub(super) const NONE: Cursor = Cursor { next: 0, end: 0 };
}

impl Hints {
    /// The start of an object's keys.
    pub(super) fn of(&mut self, fields: &Fields) -> Cursor {
        let object = std::ptr::from_ref(fields).addr();
        let place = match self.objects.iter().position(|&known| known == object) {
            Some(place) => place,
            None if self.objects.len() < OBJECTS => {
                self.objects.push(object);
                self.keys.resize(self.objects.len() * KEYS, Hint::NONE);
                self.objects.len() - 1
            }
            None => return Cursor::NONE,
        };
        Cursor {
            next: place * KEYS,
            end: (place + 1) * KEYS,
        }
    }

    /// The key at `at`, if it is one of the next remembered: the place after its colon, and its index if it is wanted.
    #[inline(always)]
    pub(super) fn guess(
        &self,
        scan: &Scanner<'_>,
        at: usize,
        cursor: &mut Cursor,
    ) -> Option<(usize, Option<usize>)> {
        let end = cursor.end.min(cursor.next + AHEAD);
        for (skipped, hint) in self.keys.get(cursor.next..end)?.iter().enumerate() {
            if scan.same(at, hint.at as usize) >= usize::from(hint.len) {
                cursor.next += skipped + 1;
                let index = (hint.index != UNWANTED).then_some(usize::from(hint.index));
                return Some((at + usize::from(hint.len), index));
            }
        }
        None
    }

    /// Remembers the key from `at` to the place after its colon.
    pub(super) fn note(
        &mut self,
        at: usize,
        end: usize,
        index: Option<usize>,
        cursor: &mut Cursor,
    ) {
        if cursor.next >= cursor.end {
            return;
        }
        if let Some(hint) = self.keys.get_mut(cursor.next)
            && let (Ok(at), Ok(len)) = (u32::try_from(at), u16::try_from(end - at))
            && let Ok(index) = index.map_or(Ok(UNWANTED), u16::try_from)
        {
            *hint = Hint { at, len, index };
        }
        cursor.next += 1;
    }
}
