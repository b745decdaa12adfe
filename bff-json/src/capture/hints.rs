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
const AHEAD: usize = 2;

/// Where a key stood, from the bracket or comma before it to the colon after it, and which wanted field it is.
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

/// No object whose keys are remembered has so many.
const UNWANTED: u16 = u16::MAX;

/// The remembered keys.
#[derive(Default)]
pub(super) struct Hints {
    objects: Vec<usize>,
    keys: Vec<Hint>,
}

/// A place among the remembered keys of one object.
#[derive(Clone, Copy)]
pub(super) struct Cursor(usize);

impl Cursor {
    /// Nothing is remembered, nor will be.
    pub(super) const NONE: Cursor = Cursor(usize::MAX);
}

impl Hints {
    /// The start of an object's keys.
    pub(super) fn of(&mut self, fields: &Fields) -> Cursor {
        if fields.keys.len() >= usize::from(UNWANTED) {
            return Cursor::NONE;
        }
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
        Cursor(place * KEYS)
    }

    /// The key after the bracket or comma at `at`, if it is one of the next remembered: the place after its colon, and its
    /// index, which is beyond the wanted ones if it isn't one of them.
    #[inline(always)]
    pub(super) fn guess(
        &self,
        scan: &Scanner<'_>,
        at: usize,
        cursor: &mut Cursor,
    ) -> Option<(usize, usize)> {
        let hint = self.keys.get(cursor.0)?;
        let found = if scan.same(at, hint.at as usize) >= usize::from(hint.len) {
            cursor.0 += 1;
            hint
        } else {
            self.ahead(scan, at, cursor)?
        };
        Some((at + usize::from(found.len), usize::from(found.index)))
    }

    /// The same, where the next remembered key was left out.
    #[inline(never)]
    fn ahead(&self, scan: &Scanner<'_>, at: usize, cursor: &mut Cursor) -> Option<&Hint> {
        let next = cursor.0 + 1;
        let end = (next + AHEAD).min(cursor.0 / KEYS * KEYS + KEYS);
        let mut left = self.keys.get(next..end)?.iter();
        let skipped =
            left.position(|hint| scan.same(at, hint.at as usize) >= usize::from(hint.len))?;
        cursor.0 = next + skipped + 1;
        self.keys.get(next + skipped)
    }

    /// Remembers the key from the bracket or comma at `at` to the place after its colon.
    pub(super) fn note(&mut self, at: usize, end: usize, index: usize, cursor: &mut Cursor) {
        // The last place of an object stays empty, so that no guess passes it.
        if cursor.0 % KEYS == KEYS - 1 {
            return;
        }
        if let Some(hint) = self.keys.get_mut(cursor.0)
            && let (Ok(at), Ok(len)) = (u32::try_from(at), u16::try_from(end - at))
        {
            let index = u16::try_from(index).unwrap_or(UNWANTED);
            *hint = Hint { at, len, index };
            cursor.0 += 1;
        }
    }
}
