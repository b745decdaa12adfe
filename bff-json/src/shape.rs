//! What to capture of a body: the tables a pass over the bytes is guided by.
//!
//! A shape is a tree (or, for recursive types, a graph) of [`Node`]s. Every wanted value has a [`Slot`] in a
//! *frame*: the root value has one, each element of a captured list its own, each entry of a captured map its
//! own, and so has an object of a recursive type. Objects in between share the frame of what holds them.
//!
//! Slots of a subtree are numbered without gaps, so that a key that occurs again can put its whole subtree
//! back to absent first: of duplicate keys the last counts.

use std::ops::BitOr;

/// The place of one value within a frame.
pub type Slot = u16;

/// A set of JSON kinds. `INTEGER` is a number without fraction and exponent; `NUMBER` holds it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kinds(u8);

impl Kinds {
    /// No kind at all.
    pub const NONE: Kinds = Kinds(0);
    /// `null`
    pub const NULL: Kinds = Kinds(1);
    /// `true`, `false`
    pub const BOOLEAN: Kinds = Kinds(1 << 1);
    /// A number without fraction and exponent.
    pub const INTEGER: Kinds = Kinds(1 << 2);
    /// Any number.
    pub const NUMBER: Kinds = Kinds(Kinds::INTEGER.0 | Kinds::FRACTION.0);
    /// What `NUMBER` has beside `INTEGER`.
    pub(crate) const FRACTION: Kinds = Kinds(1 << 3);
    /// A string.
    pub const STRING: Kinds = Kinds(1 << 4);
    /// An object.
    pub const OBJECT: Kinds = Kinds(1 << 5);
    /// A list.
    pub const LIST: Kinds = Kinds(1 << 6);
    /// Every kind.
    pub const ANY: Kinds = Kinds(0x7f);

    /// Both sets.
    #[must_use]
    pub const fn or(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    /// The set and `null`.
    #[must_use]
    pub const fn or_null(self) -> Kinds {
        self.or(Kinds::NULL)
    }

    /// Whether every kind of `other` is in this set.
    #[must_use]
    pub const fn contains(self, other: Kinds) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Kinds {
    type Output = Kinds;
    fn bitor(self, other: Kinds) -> Kinds {
        self.or(other)
    }
}

/// What to capture of one body.
#[derive(Debug)]
pub struct Shape {
    /// The frame of the body's root value.
    pub root: Frame,
}

/// A value with slots of its own: the root, a list's element, a map's entry, a recursive object.
#[derive(Debug)]
pub struct Frame {
    /// How many slots the frame has.
    pub width: Slot,
    /// The value.
    pub node: Node,
}

/// What to do with one value.
#[derive(Debug)]
pub struct Node {
    /// Where the contract puts the value, for the record of a breach: `items[].total.amount`.
    pub at: &'static str,
    /// Kinds the contract promises. A scalar of another kind is a breach, and captured all the same;
    /// an object or list of which `object` or `list` makes nothing is a breach, and is not.
    pub kinds: Kinds,
    /// The slots of this value and of all below it in the same frame: `first..end`.
    pub first: Slot,
    /// See `first`.
    pub end: Slot,
    /// The slot that takes the value itself: a scalar's text, or, for an object or list, that it is there.
    pub own: Option<Slot>,
    /// What to do if it is an object.
    pub object: OnObject,
    /// What to do if it is a list.
    pub list: OnList,
}

/// What to do with an object.
#[derive(Debug)]
pub enum OnObject {
    /// The contract has none here: a breach; the slots stay absent.
    Reject,
    /// Capture its text, fully checked (needs `own`): a value without a schema.
    Whole,
    /// Visit these fields, in the same frame.
    Fields(&'static Fields),
    /// Visit it in a frame of its own, to be found through `slot`: how recursive types nest.
    Framed {
        /// The slot that leads to the frame.
        slot: Slot,
        /// The frame.
        frame: &'static Frame,
    },
}

/// What to do with a list.
#[derive(Debug)]
pub enum OnList {
    /// The contract has none here: a breach; the slots stay absent.
    Reject,
    /// Capture its text, fully checked (needs `own`): a value without a schema.
    Whole,
    /// Capture its text as it stands (needs `own`), if all elements are scalars. A scalar of none of these
    /// kinds is a breach and passes; an object or list among them is a breach that makes the whole absent.
    Scalars(Kinds),
    /// Visit elements, each in a frame of its own.
    Elements(&'static Elements),
}

/// The elements of a list.
#[derive(Debug)]
pub struct Elements {
    /// The slot that leads to the elements' frames.
    pub slot: Slot,
    /// How many of them are visited, at least one; those after them are skipped like a field that isn't wanted.
    pub first: u32,
    /// One element.
    pub frame: Frame,
}

/// The wanted fields of an object.
#[derive(Debug)]
pub struct Fields {
    /// In any order; names are unique.
    pub keys: &'static [Key],
    /// What to do with fields of other names, where the object is a map.
    pub rest: Option<&'static Entries>,
}

/// One wanted field.
#[derive(Debug)]
pub struct Key {
    /// Its name, unescaped.
    pub name: &'static str,
    /// Whether the contract promises it: then its absence is a breach.
    pub required: bool,
    /// What to do with its value.
    pub node: Node,
}

/// The entries of a map, each in a frame of its own whose slot 0 takes the key's text.
#[derive(Debug)]
pub struct Entries {
    /// The slot that leads to the entries' frames.
    pub slot: Slot,
    /// One entry; the value's slots start at 1.
    pub frame: Frame,
}

impl Node {
    /// A scalar in `slot`.
    #[must_use]
    pub const fn scalar(at: &'static str, slot: Slot, kinds: Kinds) -> Node {
        Node {
            at,
            kinds,
            first: slot,
            end: slot + 1,
            own: Some(slot),
            object: OnObject::Reject,
            list: OnList::Reject,
        }
    }

    /// A value without a schema, whole, in `slot`.
    #[must_use]
    pub const fn any(at: &'static str, slot: Slot) -> Node {
        Node {
            at,
            kinds: Kinds::ANY,
            first: slot,
            end: slot + 1,
            own: Some(slot),
            object: OnObject::Whole,
            list: OnList::Whole,
        }
    }

    /// A list of scalars, as it stands, in `slot`.
    #[must_use]
    pub const fn scalars(at: &'static str, slot: Slot, each: Kinds) -> Node {
        Node {
            at,
            kinds: Kinds::LIST,
            first: slot,
            end: slot + 1,
            own: Some(slot),
            object: OnObject::Reject,
            list: OnList::Scalars(each),
        }
    }

    /// An object whose fields take the slots `first..end`.
    #[must_use]
    pub const fn object(at: &'static str, first: Slot, end: Slot, fields: &'static Fields) -> Node {
        Node {
            at,
            kinds: Kinds::OBJECT,
            first,
            end,
            own: None,
            object: OnObject::Fields(fields),
            list: OnList::Reject,
        }
    }

    /// A list whose elements are visited; `elements.slot` is its one slot.
    #[must_use]
    pub const fn list(at: &'static str, elements: &'static Elements) -> Node {
        Node {
            at,
            kinds: Kinds::LIST,
            first: elements.slot,
            end: elements.slot + 1,
            own: None,
            object: OnObject::Reject,
            list: OnList::Elements(elements),
        }
    }

    /// The same, where the contract allows `null`.
    #[must_use]
    pub const fn or_null(mut self) -> Node {
        self.kinds = self.kinds.or_null();
        self
    }

    /// The same, with `slot` for the value's own span (it must lie within the node's slots, or just before them).
    #[must_use]
    pub const fn own(mut self, slot: Slot) -> Node {
        self.own = Some(slot);
        if slot < self.first {
            self.first = slot;
        }
        self
    }
}
