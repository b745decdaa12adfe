//! Owned tables as statics of `bff_json`.
//!
//! References can't lead back to a table that is still being made, so recursive tables are made level by level, each
//! referring to the level below, as many as a body may nest.

use std::rc::Rc;

use bff_json as json;
use bff_json::Slot;

use super::{leak, slice, text};
use crate::ir::{
    Block, BlockRef, Condition, Elements, Entry, Fields, Frame, Hop, Node, OnList, OnObject,
    Operand, Path, Pick, Pool, Shape, Template, Test,
};

/// How deep recursive tables go: as deep as a body may nest, so that no body comes to their end.
const LEVELS: usize = 128;

/// Makes statics of the tables of one endpoint.
#[derive(Debug, Clone)]
pub(crate) struct Leaker {
    /// What tables refer to by number.
    level: Rc<Level>,
}

/// The tables of a pool, as those of the level above refer to them. The lowest has none.
#[derive(Debug, Default)]
struct Level {
    frames: Vec<&'static json::Frame>,
    elements: Vec<&'static json::Elements>,
    fields: Vec<&'static json::Fields>,
    blocks: Vec<&'static json::Block>,
}

impl Leaker {
    /// For tables that refer to a pool.
    pub(crate) fn new(pool: &Pool) -> Leaker {
        let mut leaker = Leaker {
            level: Rc::default(),
        };
        let Pool {
            frames,
            elements,
            fields,
            blocks,
        } = pool;
        if frames.is_empty() && elements.is_empty() && fields.is_empty() && blocks.is_empty() {
            return leaker;
        }
        for _ in 0..LEVELS {
            let level = Level {
                frames: frames
                    .iter()
                    .map(|named| leak(leaker.frame(&named.table)))
                    .collect(),
                elements: elements
                    .iter()
                    .map(|named| leaker.elements(&named.table))
                    .collect(),
                fields: fields
                    .iter()
                    .map(|named| leaker.fields(&named.table))
                    .collect(),
                blocks: blocks
                    .iter()
                    .map(|named| leak(leaker.block(&named.table)))
                    .collect(),
            };
            leaker.level = Rc::new(level);
        }
        leaker
    }

    /// A shape.
    pub(crate) fn shape(&self, shape: &Shape) -> &'static json::Shape {
        leak(json::Shape {
            root: self.frame(&shape.root),
        })
    }

    fn frame(&self, frame: &Frame) -> json::Frame {
        json::Frame {
            width: frame.width,
            node: self.node(&frame.node),
        }
    }

    fn elements(&self, elements: &Elements) -> &'static json::Elements {
        leak(json::Elements {
            slot: elements.slot,
            first: elements.first,
            frame: self.frame(&elements.frame),
        })
    }

    fn node(&self, node: &Node) -> json::Node {
        let object = match &node.object {
            OnObject::Reject => json::OnObject::Reject,
            OnObject::Whole => json::OnObject::Whole,
            OnObject::Fields(fields) => json::OnObject::Fields(self.fields(fields)),
            OnObject::Shared(fields) => match self.level.fields.get(*fields) {
                Some(fields) => json::OnObject::Fields(fields),
                None => json::OnObject::Reject,
            },
            OnObject::Framed { slot, frame } => match self.level.frames.get(*frame) {
                Some(frame) => json::OnObject::Framed { slot: *slot, frame },
                None => json::OnObject::Reject,
            },
        };
        let list = match &node.list {
            OnList::Reject => json::OnList::Reject,
            OnList::Whole => json::OnList::Whole,
            OnList::Scalars(kinds) => json::OnList::Scalars(*kinds),
            OnList::Elements(elements) => json::OnList::Elements(self.elements(elements)),
            OnList::Shared(elements) => match self.level.elements.get(*elements) {
                Some(elements) => json::OnList::Elements(elements),
                None => json::OnList::Reject,
            },
        };
        json::Node {
            at: text(&node.at),
            kinds: node.kinds,
            first: node.first,
            end: node.end,
            own: node.own,
            object,
            list,
        }
    }

    fn fields(&self, fields: &Fields) -> &'static json::Fields {
        let keys = fields.keys.iter().map(|key| json::Key {
            name: text(&key.name),
            required: key.required,
            node: self.node(&key.node),
        });
        let rest = fields.rest.as_ref().map(|entries| {
            leak(json::Entries {
                slot: entries.slot,
                frame: self.frame(&entries.frame),
            })
        });
        leak(json::Fields {
            keys: slice(keys.collect()),
            rest,
        })
    }

    /// A template.
    pub(crate) fn template(&self, template: &Template) -> json::Template {
        match template {
            Template::Literal(text) => json::Template::Literal(self::text(text)),
            Template::Copy { path, default } => json::Template::Copy {
                path: self::path(path),
                default: default.as_deref().map(text),
            },
            Template::Select {
                path,
                block,
                default,
            } => {
                let block = match block {
                    BlockRef::Inline(block) => leak(self.block(block)),
                    BlockRef::Shared(place) => match self.level.blocks.get(*place) {
                        Some(block) => block,
                        None => &json::Block::Fields(&[]),
                    },
                };
                let default = default.as_deref().map(text);
                json::Template::Select {
                    path: self::path(path),
                    block,
                    default,
                }
            }
            Template::Entries { path, value } => json::Template::Entries {
                path: self::path(path),
                value: leak(self.template(value)),
            },
            Template::Block(block) => json::Template::Block(leak(self.block(block))),
            Template::Promised(value) => json::Template::Promised(leak(self.template(value))),
            Template::List(values) => json::Template::List(slice(
                values.iter().map(|value| self.template(value)).collect(),
            )),
            Template::Choice(cases) => {
                let cases = cases
                    .iter()
                    .map(|(test, template)| (self::test(test), self.template(template)));
                json::Template::Choice(slice(cases.collect()))
            }
        }
    }

    /// A selection.
    pub(crate) fn block(&self, block: &Block) -> json::Block {
        match block {
            Block::Value(value) => json::Block::Value(self.template(value)),
            Block::Fields(entries) => json::Block::Fields(self.entries(entries)),
        }
    }

    fn entries(&self, entries: &[Entry]) -> &'static [json::Entry] {
        slice(entries.iter().map(|entry| self.entry(entry)).collect())
    }

    fn entry(&self, entry: &Entry) -> json::Entry {
        match entry {
            Entry::Field { key, value, absent } => json::Entry::Field {
                key: text(key),
                value: self.template(value),
                absent: *absent,
            },
            Entry::When(test, entries) => {
                json::Entry::When(self::test(test), self.entries(entries))
            }
            Entry::Spread(path, entries) => {
                json::Entry::Spread(self::path(path), self.entries(entries))
            }
            Entry::Rest { path, value } => json::Entry::Rest {
                path: self::path(path),
                value: leak(self.template(value)),
            },
        }
    }
}

/// A path.
pub(crate) fn path(path: &Path) -> json::Path {
    json::Path {
        root: path.root,
        hops: slice(path.hops.iter().map(hop).collect()),
    }
}

fn hop(hop: &Hop) -> json::Hop {
    match hop {
        Hop::Value(slot) => json::Hop::Value(*slot),
        Hop::Each(slot, pick) => json::Hop::Each(*slot, self::pick(pick)),
        Hop::Into(slot) => json::Hop::Into(*slot),
        Hop::Is(test) => json::Hop::Is(leak(self::test(test))),
    }
}

fn pick(pick: &Pick) -> json::Pick {
    match pick {
        Pick::All => json::Pick::All,
        Pick::Index(at) => json::Pick::Index(*at),
        Pick::Slice(from, to) => json::Pick::Slice(*from, *to),
        Pick::First(keys) => json::Pick::First(matching(keys)),
        Pick::Every(keys) => json::Pick::Every(matching(keys)),
    }
}

fn matching(keys: &[(Slot, Operand)]) -> &'static json::Match {
    leak(json::Match {
        keys: slice(
            keys.iter()
                .map(|(slot, equals)| (*slot, operand(equals)))
                .collect(),
        ),
    })
}

fn operand(operand: &Operand) -> json::Operand {
    match operand {
        Operand::Path(path) => json::Operand::Path(self::path(path)),
        Operand::Literal(literal) => json::Operand::Literal(text(literal)),
    }
}

/// A condition.
pub(crate) fn condition(condition: &Condition) -> json::Condition {
    match condition {
        Condition::Holds(operand) => json::Condition::Holds(self::operand(operand)),
        Condition::Equal(one, other) => json::Condition::Equal(operand(one), operand(other)),
    }
}

fn test(test: &Test) -> json::Test {
    match test {
        Test::Kind(slot, kinds) => json::Test::Kind(*slot, *kinds),
        Test::Equals(slot, values) => json::Test::Equals(
            *slot,
            slice(values.iter().map(|value| text(value)).collect()),
        ),
        Test::Present(slot) => json::Test::Present(*slot),
    }
}
