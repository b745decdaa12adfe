//! Following a path through frames.
//!
//! Up to its first pick of many a path has one place, and what isn't there is null as a whole. From there on it has many:
//! a missing list among them contributes nothing, a missing value is a null among the others.

use super::{RenderError, Scope};
use crate::shape::Slot;
use crate::tape::{Cell, View};
use crate::template::{Hop, Path, Pick};

/// What a path leads to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Found<'a> {
    /// Nothing.
    Absent,
    /// A null, or what a pick, a variant or a breach makes one.
    Null,
    /// What a slot of a frame holds, present or not.
    Value(View<'a>, Cell),
    /// A frame.
    Frame(View<'a>),
}

/// One place or many.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'a, 'p> {
    /// One.
    One(Found<'a>),
    /// Many.
    Many(Many<'a, 'p>),
}

/// The frames a pick of many is made from, and what follows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Many<'a, 'p> {
    list: List<'a>,
    pick: &'p Pick,
    rest: &'p [Hop],
}

/// Linked frames: of a list's elements, or a map's entries.
#[derive(Debug, Clone, Copy)]
pub(super) struct List<'a> {
    /// Any frame of the same tape.
    pub(super) view: View<'a>,
    /// The first frame, 0 if there is none.
    pub(super) first: u32,
    pub(super) count: u32,
}

impl<'a> List<'a> {
    /// The frames from the first on.
    pub(super) fn frames(self) -> impl Iterator<Item = View<'a>> {
        let View { tape, .. } = self.view;
        let first = (self.first != 0).then_some(self.first);
        std::iter::successors(first, move |&frame| tape.header(frame).next())
            .map(move |frame| View { tape, frame })
    }

    fn at(self, place: u32) -> Option<View<'a>> {
        self.frames().nth(place as usize)
    }

    /// A place that may count from the end, as one from the start; `None` before it.
    fn place(self, index: i32) -> Option<u32> {
        if index < 0 {
            self.count.checked_sub(index.unsigned_abs())
        } else {
            Some(index.unsigned_abs())
        }
    }
}

impl<'a> Scope<'a> {
    /// Where a path leads; `current` is the enclosing value.
    #[inline]
    pub(super) fn resolve<'p>(&self, path: &'p Path, current: Option<View<'a>>) -> Step<'a, 'p> {
        match self.root(path.root, current) {
            Some(view) => self.follow(view, path.hops, current),
            None => Step::One(Found::Absent),
        }
    }

    /// Where hops lead from a frame.
    fn follow<'p>(
        &self,
        from: View<'a>,
        hops: &'p [Hop],
        current: Option<View<'a>>,
    ) -> Step<'a, 'p> {
        let mut view = from;
        let mut found = Found::Frame(view);
        let mut left = hops;
        while let Some((hop, rest)) = left.split_first() {
            left = rest;
            match hop {
                Hop::Value(slot) => found = Found::Value(view, view.cell(*slot)),
                Hop::Is(test) => {
                    if !self.is(test, view) {
                        return Step::One(Found::Null);
                    }
                }
                Hop::Into(slot) | Hop::Each(slot, _) => {
                    let list = match linked(view, *slot) {
                        Ok(list) => list,
                        Err(missing) => return Step::One(missing),
                    };
                    let next = match hop {
                        Hop::Each(_, Pick::Index(index)) => list.place(*index).and_then(|place| {
                            // Too long a way is no way: only a renderer counts, and it will notice at its next step.
                            self.tick(u64::from(place.min(list.count))).ok()?;
                            list.at(place)
                        }),
                        Hop::Each(_, Pick::First(keys)) => self.first(list, keys, current),
                        Hop::Each(_, pick) => return Step::Many(Many { list, pick, rest }),
                        _ => list.at(0),
                    };
                    let Some(next) = next else {
                        return Step::One(Found::Null);
                    };
                    view = next;
                    found = Found::Frame(view);
                }
            }
        }
        Step::One(found)
    }

    /// Calls `each` with all that many frames lead to, flattened.
    pub(super) fn each(
        &self,
        many: Many<'a, '_>,
        current: Option<View<'a>>,
        each: &mut dyn FnMut(Found<'a>) -> Result<(), RenderError>,
    ) -> Result<(), RenderError> {
        let Many { list, pick, rest } = many;
        // What ends in null before a further list is a missing list.
        let lists = rest.iter().any(|hop| {
            matches!(
                hop,
                Hop::Each(_, Pick::All | Pick::Slice(..) | Pick::Every(_))
            )
        });
        let mut visit = |view: View<'a>| {
            self.tick(1)?;
            match self.follow(view, rest, current) {
                Step::One(_) if lists => Ok(()),
                Step::One(found) => each(found),
                Step::Many(many) => self.each(many, current, each),
            }
        };
        match pick {
            Pick::Slice(from, to) => {
                let from = from.map_or(0, |from| list.place(from).unwrap_or(0));
                let to = to.map_or(list.count, |to| list.place(to).unwrap_or(0));
                self.tick(u64::from(from.min(list.count)))?;
                let count = to.saturating_sub(from);
                list.frames()
                    .skip(from as usize)
                    .take(count as usize)
                    .try_for_each(visit)
            }
            Pick::Every(keys) => self.every(list, keys, current, &mut visit),
            _ => list.frames().try_for_each(visit),
        }
    }
}

/// The frames a slot leads to, or what is there instead.
fn linked(view: View<'_>, slot: Slot) -> Result<List<'_>, Found<'_>> {
    let cell = view.cell(slot);
    match cell.frames() {
        Some((first, count)) => Ok(List { view, first, count }),
        None if cell.is_absent() => Err(Found::Absent),
        None => Err(Found::Null),
    }
}
