//! A client's JSON, held to a body's rules.

use std::sync::LazyLock;

use bff_json::{Elements, Fields, Frame, Key, Kinds, Node, Shape};

use crate::input::{self, Patterns};
use crate::plan::{BodyField, BodyInput, BodyRule, ListRules, Rules, Scalar};
use crate::text::{Env, Variables};

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    let none = Variables::Map(Default::default());
    Patterns::compile(&[], &mut Env::new(none))
});

static ITEM: Fields = Fields {
    keys: &[Key {
        name: "qty",
        required: true,
        node: Node::scalar("items[].qty", 0, Kinds::INTEGER),
    }],
    rest: None,
};
static ITEMS: Elements = Elements {
    slot: 0,
    first: Elements::ALL,
    frame: Frame {
        width: 1,
        node: Node::object("items[]", 0, 1, &ITEM),
    },
};
static ORDER: BodyInput = BodyInput {
    shape: &Shape {
        root: Frame {
            width: 2,
            node: Node::object(
                "",
                0,
                2,
                &Fields {
                    keys: &[
                        Key {
                            name: "items",
                            required: true,
                            node: Node::list("items", &ITEMS),
                        },
                        Key {
                            name: "note",
                            required: false,
                            node: Node::scalar("note", 1, Kinds::STRING).or_null(),
                        },
                    ],
                    rest: None,
                },
            ),
        },
    },
    required: true,
    root: BodyRule::Object {
        slot: None,
        fields: &[
            BodyField {
                name: "items",
                required: true,
                rule: BodyRule::List {
                    slot: 0,
                    rules: ListRules::ANY.min(1).max(3),
                    element: &BodyRule::Object {
                        slot: None,
                        fields: &[BodyField {
                            name: "qty",
                            required: true,
                            rule: BodyRule::Scalar {
                                slot: 0,
                                rules: Rules::of(Scalar::Integer).above(0.0),
                                nullable: false,
                            },
                        }],
                        nullable: false,
                    },
                    nullable: false,
                },
            },
            BodyField {
                name: "note",
                required: false,
                rule: BodyRule::Scalar {
                    slot: 1,
                    rules: Rules::of(Scalar::String).max_length(10),
                    nullable: true,
                },
            },
        ],
        nullable: false,
    },
};

/// A client's JSON. What is taken is JSON to others as well.
pub fn body(bytes: &[u8]) {
    for strict in [false, true] {
        let mut faults = Vec::new();
        let given = bytes::Bytes::copy_from_slice(bytes);
        let _ = input::body::read(&ORDER, given, strict, &PATTERNS, &mut faults);
        if faults.is_empty() {
            let read: Result<serde::de::IgnoredAny, _> = serde_json::from_slice(bytes);
            assert!(read.is_ok());
        }
    }
}
