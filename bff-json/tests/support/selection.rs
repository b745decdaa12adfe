//! A selection as data: compiled into tables as a generator does it, and applied to a tree as a reader would.

use bff_json::{
    Absent, Block, Elements, Entries, Entry, Fields, Frame, Hop, Key, Kinds, Node, OnList,
    OnObject, Path, Pick, Root, Shape, Slot, Template,
};
use serde_json::Value;

/// What to take of a value.
#[derive(Debug, Clone)]
pub enum Selection {
    /// A string, number, boolean.
    Scalar,
    /// Whatever it is.
    Any,
    /// A list of scalars, as it stands.
    Scalars,
    /// These fields.
    Fields(Vec<(String, Selection)>),
    /// Of each element.
    Each(Box<Selection>),
    /// Of each entry of a map.
    Map(Box<Selection>),
}

/// The tables of a selection. They are leaked, as generated ones are statics.
pub struct Compiled {
    pub shape: &'static Shape,
    pub template: &'static Template,
}

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// The slots of one frame, given out in order.
struct Slots(Slot);

impl Slots {
    fn next(&mut self) -> Slot {
        self.0 += 1;
        self.0 - 1
    }
}

impl Selection {
    /// The tables; the template reads tape 0.
    pub fn compile(&self) -> Compiled {
        let mut slots = Slots(0);
        let (node, template) = self.node(&mut slots, Root::Tape(0));
        let shape = leak(Shape {
            root: Frame {
                width: slots.0,
                node,
            },
        });
        Compiled {
            shape,
            template: leak(template),
        }
    }

    fn node(&self, slots: &mut Slots, root: Root) -> (Node, Template) {
        let path = |hops: Vec<Hop>| Path {
            root,
            hops: leak(hops),
        };
        let first = slots.0;
        match self {
            Selection::Scalar | Selection::Any | Selection::Scalars => {
                let slot = slots.next();
                let node = match self {
                    Selection::Scalar => Node::scalar("", slot, Kinds::ANY),
                    Selection::Any => Node::any("", slot),
                    _ => Node::scalars("", slot, Kinds::ANY),
                };
                (
                    node,
                    Template::Copy {
                        path: path(vec![Hop::Value(slot)]),
                        default: None,
                    },
                )
            }
            Selection::Fields(fields) => {
                let own = slots.next();
                let (mut keys, mut entries) = (Vec::new(), Vec::new());
                for (name, selection) in fields {
                    let (node, value) = selection.node(slots, Root::Current);
                    keys.push(Key {
                        name: name.clone().leak(),
                        required: false,
                        node,
                    });
                    let key = format!("{}:", serde_json::to_string(name).unwrap());
                    entries.push(Entry::Field {
                        key: key.leak(),
                        value,
                        absent: Absent::Null,
                    });
                }
                let fields = leak(Fields {
                    keys: leak(keys),
                    rest: None,
                });
                let node = Node::object("", first, slots.0, fields).own(own);
                let block = leak(Block::Fields(leak(entries)));
                (
                    node,
                    Template::Select {
                        path: path(vec![Hop::Value(own)]),
                        block,
                        default: None,
                    },
                )
            }
            Selection::Each(element) => {
                let slot = slots.next();
                let mut inner = Slots(0);
                let (node, value) = element.node(&mut inner, Root::Current);
                let elements = leak(Elements {
                    slot,
                    first: Elements::ALL,
                    frame: Frame {
                        width: inner.0,
                        node,
                    },
                });
                let block = leak(Block::Value(value));
                let path = path(vec![Hop::Each(slot, Pick::All)]);
                (
                    Node::list("", elements),
                    Template::Select {
                        path,
                        block,
                        default: None,
                    },
                )
            }
            Selection::Map(entry) => {
                let slot = slots.next();
                let mut inner = Slots(1);
                let (node, value) = entry.node(&mut inner, Root::Current);
                let rest = leak(Entries {
                    slot,
                    frame: Frame {
                        width: inner.0,
                        node,
                    },
                });
                let fields = leak(Fields {
                    keys: &[],
                    rest: Some(rest),
                });
                let node = Node {
                    at: "",
                    kinds: Kinds::OBJECT,
                    first,
                    end: slots.0,
                    own: None,
                    object: OnObject::Fields(fields),
                    list: OnList::Reject,
                };
                let path = path(vec![Hop::Each(slot, Pick::All)]);
                (
                    node,
                    Template::Entries {
                        path,
                        value: leak(value),
                    },
                )
            }
        }
    }

    /// What the selection gives of a parsed document.
    pub fn apply(&self, value: Option<&Value>) -> Value {
        let scalar = |value: &Value| !value.is_array() && !value.is_object();
        match (self, value) {
            (_, None) => Value::Null,
            (Selection::Any, Some(value)) => value.clone(),
            (Selection::Scalar | Selection::Scalars, Some(value)) if scalar(value) => value.clone(),
            (Selection::Scalars, Some(Value::Array(list))) if list.iter().all(scalar) => {
                Value::Array(list.clone())
            }
            (Selection::Fields(fields), Some(Value::Object(object))) => fields
                .iter()
                .map(|(name, selection)| (name.clone(), selection.apply(object.get(name))))
                .collect(),
            (Selection::Each(element), Some(Value::Array(list))) => list
                .iter()
                .map(|value| element.apply(Some(value)))
                .collect(),
            (Selection::Map(entry), Some(Value::Object(object))) => object
                .iter()
                .map(|(name, value)| (name.clone(), entry.apply(Some(value))))
                .collect(),
            _ => Value::Null,
        }
    }
}
