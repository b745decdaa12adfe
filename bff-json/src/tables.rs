//! Constructors for tables, so that generated code reads as if written by hand. Nothing is computed here.

use crate::shape::{
    Elements, Entries, Fields, Frame, Key, Kinds, Node, OnList, OnObject, Shape, Slot,
};
use crate::template::{Absent, Block, Entry, Hop, Path, Root, Template};

impl Shape {
    /// A body whose root frame has `width` slots.
    #[must_use]
    pub const fn new(width: Slot, node: Node) -> Shape {
        Shape {
            root: Frame::new(width, node),
        }
    }
}

impl Frame {
    /// A value with `width` slots.
    #[must_use]
    pub const fn new(width: Slot, node: Node) -> Frame {
        Frame { width, node }
    }
}

impl Node {
    /// As [`Node::list`], for elements that lead back to their list: `slot` is theirs.
    #[must_use]
    pub const fn list_at(at: &'static str, slot: Slot, elements: &'static Elements) -> Node {
        Node {
            at,
            kinds: Kinds::LIST,
            first: slot,
            end: slot + 1,
            own: None,
            object: OnObject::Reject,
            list: OnList::Elements(elements),
        }
    }

    /// An object in a frame of its own, found through `slot`.
    #[must_use]
    pub const fn framed(at: &'static str, slot: Slot, frame: &'static Frame) -> Node {
        Node {
            at,
            kinds: Kinds::OBJECT,
            first: slot,
            end: slot + 1,
            own: None,
            object: OnObject::Framed { slot, frame },
            list: OnList::Reject,
        }
    }
}

impl Elements {
    /// For [`Elements::first`]: every element is visited.
    pub const ALL: u32 = u32::MAX;

    /// Elements of `width` slots each, found through `slot`, all of them visited.
    #[must_use]
    pub const fn new(slot: Slot, width: Slot, node: Node) -> Elements {
        Elements {
            slot,
            first: Elements::ALL,
            frame: Frame::new(width, node),
        }
    }

    /// The same, with only so many of them visited.
    #[must_use]
    pub const fn first(mut self, first: u32) -> Elements {
        self.first = first;
        self
    }
}

impl Entries {
    /// Entries of `width` slots each, found through `slot`.
    #[must_use]
    pub const fn new(slot: Slot, width: Slot, node: Node) -> Entries {
        Entries {
            slot,
            frame: Frame::new(width, node),
        }
    }
}

impl Fields {
    /// These fields.
    #[must_use]
    pub const fn of(keys: &'static [Key]) -> Fields {
        Fields { keys, rest: None }
    }

    /// These fields, and all others as entries.
    #[must_use]
    pub const fn map(keys: &'static [Key], rest: &'static Entries) -> Fields {
        Fields {
            keys,
            rest: Some(rest),
        }
    }
}

impl Key {
    /// A field the contract promises.
    #[must_use]
    pub const fn required(name: &'static str, node: Node) -> Key {
        Key {
            name,
            required: true,
            node,
        }
    }

    /// A field that need not be there.
    #[must_use]
    pub const fn optional(name: &'static str, node: Node) -> Key {
        Key {
            name,
            required: false,
            node,
        }
    }
}

impl Path {
    /// From the root of a tape.
    #[must_use]
    pub const fn tape(number: u8, hops: &'static [Hop]) -> Path {
        Path {
            root: Root::Tape(number),
            hops,
        }
    }

    /// From the current value.
    #[must_use]
    pub const fn here(hops: &'static [Hop]) -> Path {
        Path {
            root: Root::Current,
            hops,
        }
    }
}

impl Template {
    /// What a path gives.
    #[must_use]
    pub const fn copy(path: Path) -> Template {
        Template::Copy {
            path,
            default: None,
        }
    }

    /// What a path gives, or else this JSON text.
    #[must_use]
    pub const fn copy_or(path: Path, default: &'static str) -> Template {
        Template::Copy {
            path,
            default: Some(default),
        }
    }

    /// A selection applied to what a path gives.
    #[must_use]
    pub const fn select(path: Path, block: &'static Block) -> Template {
        Template::Select {
            path,
            block,
            default: None,
        }
    }

    /// A selection applied to what a path gives, or else this JSON text.
    #[must_use]
    pub const fn select_or(path: Path, block: &'static Block, default: &'static str) -> Template {
        Template::Select {
            path,
            block,
            default: Some(default),
        }
    }
}

impl Entry {
    /// A field that is always written; `key` is JSON text with quotes and colon.
    #[must_use]
    pub const fn field(key: &'static str, value: Template) -> Entry {
        Entry::Field {
            key,
            value,
            absent: Absent::Null,
        }
    }

    /// A field that is written if it is there; `key` is JSON text with quotes and colon.
    #[must_use]
    pub const fn copied(key: &'static str, value: Template) -> Entry {
        Entry::Field {
            key,
            value,
            absent: Absent::Copied,
        }
    }

    /// A field whose value was promised: without it nothing is written at all; `key` is JSON text with quotes and colon.
    #[must_use]
    pub const fn promised(key: &'static str, value: Template) -> Entry {
        Entry::Field {
            key,
            value,
            absent: Absent::Promised,
        }
    }

    /// A field that is written unless it is null or absent; `key` is JSON text with quotes and colon.
    #[must_use]
    pub const fn given(key: &'static str, value: Template) -> Entry {
        Entry::Field {
            key,
            value,
            absent: Absent::Omit,
        }
    }
}
