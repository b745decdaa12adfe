//! The entries of a map: each in a frame, of duplicate keys only the last.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use super::{Chain, Walker};
use crate::error::Error;
use crate::shape::Entries;
use crate::tape::{Cell, HEADER};
use crate::text::unescape;

/// Up to so many entries are compared with each other instead of hashed.
const FEW: usize = 8;

impl Walker<'_> {
    /// One entry: its key's text, checked already, and its value at `at`. Gives the place after it.
    pub(super) fn entry(
        &mut self,
        rest: &Entries,
        entries: &mut Chain,
        key: Range<usize>,
        at: usize,
        depth: usize,
    ) -> Result<usize, Error> {
        let place = self.push_frame(rest.frame.width, at)?;
        self.chain(entries, place);
        self.set(place, 0, Cell::body(key.start, key.end));
        self.repeating += 1;
        let end = self.value(&rest.frame.node, place, at, depth)?;
        self.repeating -= 1;
        self.note_hollow(&rest.frame.node, place, at);
        Ok(end)
    }

    /// Takes those entries out whose key occurs again.
    pub(super) fn unique(&mut self, entries: &mut Chain) {
        if entries.count < 2 {
            return;
        }
        let mut places = Vec::with_capacity(entries.count as usize);
        let mut next = Some(entries.first);
        while let Some(place) = next {
            places.push(place);
            next = self
                .arena
                .get(place)
                .and_then(|header| header.next())
                .map(|place| place as usize);
        }
        let mut last: Vec<usize> = Vec::with_capacity(places.len());
        if places.len() <= FEW {
            for &place in places.iter().rev() {
                let name = self.name(place);
                if !last.iter().any(|&later| self.name(later) == name) {
                    last.push(place);
                }
            }
        } else {
            let mut names = HashSet::with_capacity(places.len());
            last.extend(
                places
                    .iter()
                    .rev()
                    .filter(|&&place| names.insert(self.name(place))),
            );
        }
        if last.len() == places.len() {
            return;
        }
        *entries = Chain::default();
        for &place in last.iter().rev() {
            if let Some(header) = self.arena.get_mut(place) {
                *header = header.to(0);
            }
            self.chain(entries, place);
        }
    }

    /// The key of an entry, unescaped.
    fn name(&self, place: usize) -> Cow<'_, [u8]> {
        let text = self
            .arena
            .get(place + HEADER)
            .and_then(|cell| cell.range())
            .and_then(|(_, range)| self.scan.source().get(range.start + 1..range.end - 1))
            .unwrap_or_default();
        unescape(text)
    }
}
