//! Conditions and variants: questions with a yes or no.

use std::borrow::Cow;
use std::collections::HashSet;

use super::path::{Found, Step};
use super::{Scope, present};
use crate::raw::Raw;
use crate::shape::{Kinds, Slot};
use crate::tape::View;
use crate::template::{Condition, Operand, Test};

/// A value in the form it is compared in.
type Value<'a> = (bool, Cow<'a, [u8]>);

/// Up to so many values are compared one by one.
const FEW: usize = 8;

impl<'a> Scope<'a> {
    /// Whether a condition holds. Null holds nothing and equals nothing.
    #[must_use]
    pub fn holds(&self, condition: &Condition) -> bool {
        match condition {
            Condition::Holds(Operand::Literal(json)) => truthy(json.as_bytes()),
            Condition::Holds(Operand::Path(path)) => match self.resolve(path, None) {
                Step::One(Found::Value(view, cell)) => {
                    cell.frames().is_some() || truthy(view.tape.text(cell))
                }
                Step::One(Found::Frame(view)) => !view.is_hollow(),
                Step::One(Found::Absent | Found::Null) => false,
                Step::Many(_) => true,
            },
            Condition::Equal(one, other) => {
                let (one, other) = (self.all(one), self.all(other));
                if one.len().min(other.len()) <= FEW {
                    return one.iter().any(|value| other.contains(value));
                }
                let one: HashSet<Value<'_>> = one.into_iter().collect();
                other.iter().any(|value| one.contains(value))
            }
        }
    }

    /// The value of an operand, or the values if it is a list.
    fn all(&self, operand: &'a Operand) -> Vec<Value<'a>> {
        let mut all = Vec::new();
        match operand {
            Operand::Literal(json) => all.extend(Raw::new(json.as_bytes()).comparable()),
            Operand::Path(path) => {
                self.values(path, |value| {
                    all.extend(value.and_then(|value| value.comparable()))
                });
            }
        }
        all
    }

    /// Whether the value of a frame is of a variant.
    pub(super) fn is(&self, test: &Test, view: View<'a>) -> bool {
        match test {
            Test::Kind(slot, kinds) => kind(view, *slot).is_some_and(|kind| kinds.contains(kind)),
            Test::Equals(slot, words) => {
                present(view.tape.text(view.cell(*slot))).is_some_and(|raw| {
                    let text = raw.plain();
                    words.iter().any(|word| word.as_bytes() == &*text)
                })
            }
            Test::Present(slot) => !view.cell(*slot).is_absent(),
            Test::Neither(tests) => !tests.iter().any(|test| self.is(test, view)),
            Test::All(tests) => tests.iter().all(|test| self.is(test, view)),
        }
    }
}

/// Whether a text is there, not null and not `false`.
fn truthy(text: &[u8]) -> bool {
    !matches!(text, [] | [b'n' | b'f', ..])
}

/// The kind of what is in a slot. A link doesn't say whether it leads to a list's or to an object's frames: elements have no
/// slot that says more, so it counts as a list.
fn kind(view: View<'_>, slot: Slot) -> Option<Kinds> {
    let cell = view.cell(slot);
    if cell.frames().is_some() {
        return Some(Kinds::LIST);
    }
    match view.tape.text(cell) {
        [] => None,
        text => Some(Raw::new(text).kinds()),
    }
}
