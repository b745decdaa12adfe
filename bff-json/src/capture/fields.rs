//! A visited object: its keys are matched on bytes, its wanted values captured, the others skipped.

use std::borrow::Cow;

use super::seen::Seen;
use super::{Chain, Walker, link};
use crate::breach::Fault;
use crate::error::Error;
use crate::shape::{Fields, Node};
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
        let mut at = self.scan.blank(at + 1);
        if self.scan.byte(at) != b'}' {
            loop {
                let (end, found) = self.key(fields, at, expected)?;
                let value = self.scan.colon(end)?;
                let end = if let Some((index, node)) = found {
                    expected = index + 1;
                    if seen.insert(index) {
                        self.reset(node, frame);
                    }
                    self.value(node, frame, value, depth)?
                } else if let Some(rest) = fields.rest {
                    self.entry(rest, &mut entries, at..end, value, depth)?
                } else {
                    self.scan.skip(value, depth)?
                };
                at = self.scan.blank(end);
                match self.scan.byte(at) {
                    b',' => at = self.scan.blank(at + 1),
                    b'}' => break,
                    _ => return Err(self.broken(at)),
                }
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

    /// The key at `at`: the place after it, and its index and node if it is wanted. Looks first where the last one left off.
    #[inline(always)]
    fn key<'f>(
        &self,
        fields: &'f Fields,
        at: usize,
        expected: usize,
    ) -> Result<(usize, Option<(usize, &'f Node)>), Error> {
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
        Ok((end, found))
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
fn find<'f>(fields: &'f Fields, name: &[u8], expected: usize) -> Option<(usize, &'f Node)> {
    let (before, after) = fields
        .keys
        .split_at_checked(expected)
        .unwrap_or((fields.keys, &[]));
    for (index, key) in after.iter().enumerate() {
        if key.name.as_bytes() == name {
            return Some((index + expected, &key.node));
        }
    }
    for (index, key) in before.iter().enumerate() {
        if key.name.as_bytes() == name {
            return Some((index, &key.node));
        }
    }
    None
}
