//! A visited object: its keys are matched on bytes, its wanted values captured, the others skipped.

use std::borrow::Cow;

use super::hints::Cursor;
use super::seen::Seen;
use super::{Chain, Walker, link};
use crate::breach::Fault;
use crate::error::Error;
use crate::shape::{Fields, Key, Kinds, Node};
use crate::simd;
use crate::tape::{Cell, HEADER};
use crate::text::unescape;

impl Walker<'_> {
    /// The object at `at`. Gives the place after it.
    pub(super) fn fields(
        &mut self,
        fields: &Fields,
        frame: usize,
        at: usize,
        depth: usize,
    ) -> Result<usize, Error> {
        let depth = self.scan.enter(at, depth)?;
        let mut seen = Seen::new(fields.keys.len());
        let mut entries = Chain::default();
        let mut expected = 0;
        let mut cursor = if self.repeating > 0 {
            self.hints.of(fields)
        } else {
            Cursor::NONE
        };
        // From here on the bracket or comma before a key, and at last the closing bracket.
        let start = at;
        let mut at = at;
        loop {
            let (index, key_end, value) = match self.hints.guess(&self.scan, at, &mut cursor) {
                Some((end, index)) => (index, end - 1, self.scan.blank(end)),
                None => {
                    let key = self.scan.blank(at + 1);
                    if at == start && self.scan.byte(key) == b'}' {
                        at = key;
                        break;
                    }
                    let (end, index) = self.key(fields, key, expected)?;
                    let value = self.scan.colon(end)?;
                    if key == at + 1 && value == end + 1 {
                        self.hints.note(at, value, index, &mut cursor);
                    }
                    (index, end, value)
                }
            };
            let end = if let Some(key) = fields.keys.get(index) {
                expected = index + 1;
                if seen.insert(index) {
                    self.reset(&key.node, frame);
                }
                self.field(&key.node, frame, value, depth)?
            } else if let Some(rest) = fields.rest {
                let key = self.scan.blank(at + 1);
                self.entry(rest, &mut entries, key..key_end, value, depth)?
            } else {
                self.scan.skip(value, depth)?
            };
            // Mostly the comma or bracket comes without a blank.
            at = end;
            if self.scan.byte(at) == b',' {
                continue;
            }
            at = self.scan.blank(at);
            match self.scan.byte(at) {
                b',' => {}
                b'}' => break,
                _ => return Err(self.broken(at)),
            }
        }
        if seen.count() < fields.keys.len() {
            self.missing(fields, frame, &mut seen);
        }
        if let Some(rest) = fields.rest {
            self.unique(&mut entries);
            self.set(frame, rest.slot, link(entries.first, entries.count));
        }
        Ok(at + 1)
    }

    /// The value of a wanted field: as [`Walker::value`], the commonest kinds by a shorter way.
    #[inline(always)]
    fn field(
        &mut self,
        node: &Node,
        frame: usize,
        at: usize,
        depth: usize,
    ) -> Result<usize, Error> {
        let Some(own) = node.own else {
            return self.visit(node, frame, at, depth);
        };
        let (end, kind) = match self.scan.byte(at) {
            b'"' => (self.scan.string(at)?, Kinds::STRING),
            b'-' | b'0'..=b'9' => match self.scan.number(at)? {
                (end, true) => (end, Kinds::INTEGER),
                (end, false) => (end, Kinds::FRACTION),
            },
            _ => return self.visit(node, frame, at, depth),
        };
        self.promised(node, kind);
        self.set(frame, own, Cell::body(at, end));
        Ok(end)
    }

    /// The key at `at`: the place after it, and its index, which is beyond the wanted ones if it isn't one of them. Looks
    /// first where the last one left off.
    fn key(&self, fields: &Fields, at: usize, expected: usize) -> Result<(usize, usize), Error> {
        if self.scan.byte(at) != b'"' {
            return Err(self.scan.unexpected(at));
        }
        let src = self.scan.source();
        let stop = simd::plain(src, at + 1);
        let (end, name) = if self.scan.byte(stop) == b'"' {
            (
                stop + 1,
                Cow::Borrowed(src.get(at + 1..stop).unwrap_or_default()),
            )
        } else {
            let end = self.scan.string(at)?;
            (end, unescape(src.get(at + 1..end - 1).unwrap_or_default()))
        };
        let found = find(fields, &name, expected);
        Ok((end, found.unwrap_or(usize::MAX)))
    }

    /// Puts a subtree's slots back to absent, as its key occurs again.
    #[cold]
    fn reset(&mut self, node: &Node, frame: usize) {
        let first = frame + HEADER;
        let range = first + usize::from(node.first)..first + usize::from(node.end);
        if let Some(slots) = self.arena.get_mut(range) {
            slots.fill(Cell::ABSENT);
        }
    }

    /// Records which promised fields aren't there.
    fn missing(&mut self, fields: &Fields, frame: usize, seen: &mut Seen) {
        for (index, key) in fields.keys.iter().enumerate() {
            if !seen.contains(index) {
                if key.required {
                    self.breaches.add(key.node.at, Fault::Missing);
                }
                self.note_absent(&key.node, frame);
            }
        }
    }
}

#[inline(always)]
fn find(fields: &Fields, name: &[u8], expected: usize) -> Option<usize> {
    let (before, after) = fields
        .keys
        .split_at_checked(expected)
        .unwrap_or((fields.keys, &[]));
    let is = |key: &Key| key.name.as_bytes() == name;
    after
        .iter()
        .position(is)
        .map(|place| expected + place)
        .or_else(|| before.iter().position(is))
}
