//! What is read from tapes: paths, conditions, and templates that write JSON.
//!
//! A template is evaluated over a *scope*: the tapes of one request by number, and the current value. The
//! numbering is the caller's; generated gateways use 0 for path, query, header and cookie inputs, 1 for claims,
//! 2 for the body, 3 and up for calls in order of declaration.

use crate::shape::{Kinds, Slot};

/// How to find values, from a root through frames.
///
/// A path whose hops have an [`Hop::Each`] with a pick of many gives a list: every value it reaches, flattened,
/// in document order. Else it gives one value or none.
#[derive(Debug)]
pub struct Path {
    /// Where it starts.
    pub root: Root,
    /// The way from there. Fields of objects in between take no hop: their slots are in the frame already.
    pub hops: &'static [Hop],
}

/// Where a path starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    /// The root frame of a tape.
    Tape(u8),
    /// The frame of the value the enclosing selection is applied to.
    Current,
}

/// One hop of a path.
#[derive(Debug)]
pub enum Hop {
    /// The value in this slot. Only the last hop, or followed by [`Hop::Is`].
    Value(Slot),
    /// On to frames of the list or map this slot leads to. A path may end here: the value is then the list of frames
    /// for a selection to be applied to, or, with a pick of one, that frame.
    Each(Slot, Pick),
    /// On to the frame this slot leads to (a recursive object).
    Into(Slot),
    /// Only if the frame's value is of this variant, else null.
    Is(&'static Test),
}

/// Which frames of a list or map.
#[derive(Debug)]
pub enum Pick {
    /// All.
    All,
    /// The one at this place; negative counts from the end. Out of range is null.
    Index(i32),
    /// Those from the first place up to, not including, the second; negative counts from the end.
    Slice(Option<i32>, Option<i32>),
    /// The first that matches, or null.
    First(&'static Match),
    /// All that match, in order.
    Every(&'static Match),
}

/// A join's keys: all must be equal. Null equals nothing. Integers and strings compare as text.
#[derive(Debug)]
pub struct Match {
    /// Slot in the element's frame, and what it must equal. On a map, slot 0 is the key.
    pub keys: &'static [(Slot, Operand)],
}

/// A value to compare.
#[derive(Debug)]
pub enum Operand {
    /// What a path gives.
    Path(Path),
    /// JSON text of a scalar.
    Literal(&'static str),
}

/// What `when` and `require` ask.
#[derive(Debug)]
pub enum Condition {
    /// The value is there, not null and not `false`.
    Holds(Operand),
    /// Both are equal. With one side a list: the other is among its elements. Null equals nothing.
    Equal(Operand, Operand),
}

/// Which variant the value of a frame is.
#[derive(Debug)]
pub enum Test {
    /// The value in this slot is of one of these kinds.
    Kind(Slot, Kinds),
    /// The string in this slot (a discriminator, a property with a single value) is one of these.
    Equals(Slot, &'static [&'static str]),
    /// The value in this slot is there (a required property of that variant alone).
    Present(Slot),
    /// None of these holds: what is left.
    Neither(&'static [Test]),
    /// All of these hold.
    All(&'static [Test]),
}

/// How to write one value.
#[derive(Debug)]
pub enum Template {
    /// JSON text as it stands.
    Literal(&'static str),
    /// What a path gives, as it was captured: one value, or a list of them. `default` stands in for null and absent.
    Copy {
        /// The path; ends in [`Hop::Value`] (or [`Hop::Is`] after it).
        path: Path,
        /// JSON text.
        default: Option<&'static str>,
    },
    /// A selection applied to what a path gives: to each of a list, to one if it is there.
    /// If the path ends in [`Hop::Value`], that slot only says whether the object is there
    /// and the frame it lies in is the current one.
    Select {
        /// The path.
        path: Path,
        /// The selection.
        block: &'static Block,
        /// JSON text.
        default: Option<&'static str>,
    },
    /// A map, written with its own keys; `value` is applied to each entry's frame. The path ends in [`Hop::Each`]
    /// on a map's slot.
    Entries {
        /// The path.
        path: Path,
        /// How to write each entry's value.
        value: &'static Template,
    },
    /// An object, in the current scope: a group.
    Block(&'static Block),
    /// A list of values.
    List(&'static [Template]),
    /// The first whose test holds of the current value: one that may be a scalar, an object or a list.
    Choice(&'static [(Test, Template)]),
    /// A value that was promised: null and absent are an error, also as an element of the list that a path gives.
    Promised(&'static Template),
}

/// A selection.
#[derive(Debug)]
pub enum Block {
    /// `= value`: the value itself.
    Value(Template),
    /// An object with these entries, in this order.
    Fields(&'static [Entry]),
}

/// One entry of a selection.
#[derive(Debug)]
pub enum Entry {
    /// A field.
    Field {
        /// Its key as JSON text with quotes and colon: `"name":`.
        key: &'static str,
        /// Its value.
        value: Template,
        /// What is written when the value is null or absent.
        absent: Absent,
    },
    /// Entries that are written only if the current value is of a variant.
    When(Test, &'static [Entry]),
    /// The entries of an object at a path, here; if it is not there, its fields are written as [`Absent`] says of each.
    Spread(Path, &'static [Entry]),
    /// The entries of a map, here.
    Rest {
        /// The path; ends in [`Hop::Each`] on a map's slot.
        path: Path,
        /// How to write each entry's value.
        value: &'static Template,
    },
}

/// What is written of a field whose value isn't there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// `null`, when null or absent.
    Null,
    /// Nothing, when absent; `null` when it is `null` (what `*` copies).
    Copied,
    /// Nothing, when null or absent (request bodies).
    Omit,
    /// Null and absent are an error: what is read was promised.
    Promised,
}
