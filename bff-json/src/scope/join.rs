//! Joins: the elements of a list whose keys equal given values.
//!
//! A short list is gone through each time. A longer one that is asked a second time gets an index, so that joining two lists takes
//! time in proportion to their lengths, not to their product.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::rc::Rc;

use super::path::List;
use super::{RenderError, Scope, present};
use crate::raw::Raw;
use crate::tape::View;
use crate::template::{Match, Operand};

/// Up to so many elements are gone through each time.
const SHORT: u32 = 8;

/// The indices of one scope.
#[derive(Debug, Default)]
pub(super) struct Joins {
    known: RefCell<HashMap<Id, Option<Rc<Index>>, foldhash::fast::FixedState>>,
    hasher: foldhash::quality::RandomState,
}

/// Which list is asked for which keys: the addresses of its tape and of the keys, and its first frame.
type Id = (usize, usize, u32);

/// A value in the form it is compared in, if it is one that can equal another.
type Value<'a> = (bool, Cow<'a, [u8]>);

/// The elements of a list by their keys' hash, in order.
#[derive(Debug)]
struct Index {
    first: HashMap<u64, u32, foldhash::fast::FixedState>,
    elements: Vec<Element>,
}

#[derive(Debug)]
struct Element {
    frame: u32,
    /// The next element of the same hash.
    next: Option<u32>,
}

/// What a join looks for; a vector only for more than one key.
struct Wanted<'a> {
    first: Value<'a>,
    more: Vec<Value<'a>>,
}

impl<'a> Wanted<'a> {
    fn new(mut values: impl Iterator<Item = Option<Value<'a>>>) -> Option<Wanted<'a>> {
        Some(Wanted {
            first: values.next()??,
            more: values.collect::<Option<_>>()?,
        })
    }

    fn values(&self) -> impl Iterator<Item = &Value<'a>> {
        std::iter::once(&self.first).chain(&self.more)
    }

    fn hash(&self, hasher: &impl BuildHasher) -> u64 {
        if self.more.is_empty() {
            return hasher.hash_one(&self.first);
        }
        hasher.hash_one((&self.first, &self.more))
    }

    fn is(&self, keys: &Match, element: View<'_>) -> bool {
        keys.keys
            .iter()
            .zip(self.values())
            .all(|((slot, _), wanted)| {
                let text = element.tape.text(element.cell(*slot));
                // Most values have no escapes, and escapes are longer than what they mean.
                match text {
                    [b'"', inside @ .., b'"']
                        if inside.len() <= wanted.1.len() || !inside.contains(&b'\\') =>
                    {
                        !wanted.0 && inside == &*wanted.1 && !inside.contains(&b'\\')
                    }
                    text => present(text).and_then(|raw| raw.comparable()).as_ref() == Some(wanted),
                }
            })
    }
}

impl<'a> Scope<'a> {
    /// The first element that matches.
    pub(super) fn first(
        &self,
        list: List<'a>,
        keys: &Match,
        current: Option<View<'a>>,
    ) -> Option<View<'a>> {
        let wanted = self.wanted(keys, current)?;
        match self.index(list, keys) {
            Some(index) => {
                let hash = wanted.hash(&self.joins.hasher);
                index
                    .matches(hash, list)
                    .find(|&element| wanted.is(keys, element))
            }
            None => {
                self.tick(u64::from(list.count)).ok()?;
                list.frames().find(|&element| wanted.is(keys, element))
            }
        }
    }

    /// All elements that match, in order.
    pub(super) fn every(
        &self,
        list: List<'a>,
        keys: &Match,
        current: Option<View<'a>>,
        visit: &mut dyn FnMut(View<'a>) -> Result<(), RenderError>,
    ) -> Result<(), RenderError> {
        let Some(wanted) = self.wanted(keys, current) else {
            return Ok(());
        };
        match self.index(list, keys) {
            Some(index) => {
                let hash = wanted.hash(&self.joins.hasher);
                index
                    .matches(hash, list)
                    .filter(|&element| wanted.is(keys, element))
                    .try_for_each(visit)
            }
            None => {
                self.tick(u64::from(list.count))?;
                list.frames()
                    .filter(|&element| wanted.is(keys, element))
                    .try_for_each(visit)
            }
        }
    }

    /// The values to look for; none if one of them equals nothing.
    fn wanted(&self, keys: &Match, current: Option<View<'a>>) -> Option<Wanted<'a>> {
        Wanted::new(keys.keys.iter().map(|(_, operand)| match operand {
            Operand::Path(path) => self.value_at(path, current)?.comparable(),
            Operand::Literal(json) => Raw::new(json.as_bytes()).comparable(),
        }))
    }

    /// The index of a list, from the second time on that it is asked for.
    fn index(&self, list: List<'a>, keys: &Match) -> Option<Rc<Index>> {
        if list.count <= SHORT {
            return None;
        }
        let tape = std::ptr::from_ref(list.view.tape).addr();
        let id = (tape, keys.keys.as_ptr().addr(), list.first);
        let mut known = self.joins.known.try_borrow_mut().ok()?;
        match known.get_mut(&id) {
            Some(Some(index)) => Some(Rc::clone(index)),
            Some(empty) => {
                let index = Rc::new(Index::new(list, keys, &self.joins.hasher));
                *empty = Some(Rc::clone(&index));
                Some(index)
            }
            None => {
                known.insert(id, None);
                None
            }
        }
    }
}

impl Index {
    fn new(list: List<'_>, keys: &Match, hasher: &impl BuildHasher) -> Index {
        let capacity = list.count as usize;
        let mut index = Index {
            first: HashMap::with_capacity_and_hasher(
                capacity,
                foldhash::fast::FixedState::default(),
            ),
            elements: Vec::with_capacity(capacity),
        };
        index.elements.extend(list.frames().map(|view| Element {
            frame: view.frame,
            next: None,
        }));
        // From the last to the first, so that each one's next is a later one.
        for (place, element) in (0..list.count).zip(&mut index.elements).rev() {
            let view = View {
                tape: list.view.tape,
                frame: element.frame,
            };
            let wanted = Wanted::new(
                keys.keys
                    .iter()
                    .map(|(slot, _)| present(view.tape.text(view.cell(*slot)))?.comparable()),
            );
            if let Some(wanted) = wanted {
                element.next = index.first.insert(wanted.hash(hasher), place);
            }
        }
        index
    }

    fn matches<'a>(&self, hash: u64, list: List<'a>) -> impl Iterator<Item = View<'a>> {
        let element = |place: u32| self.elements.get(place as usize);
        std::iter::successors(
            self.first.get(&hash).and_then(|&place| element(place)),
            move |last| last.next.and_then(element),
        )
        .map(move |found| View {
            tape: list.view.tape,
            frame: found.frame,
        })
    }
}
