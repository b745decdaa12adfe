//! As a generator writes it: constant tables.

use std::cell::RefCell;

use bff_json::{
    Absent, Block, Elements, Entry, Fields, Frame, Hop, Key, Kinds, Match, Node, Operand, Options,
    Path, Pick, Root, Scope, Shape, Tape, Template,
};
use bytes::Bytes;

pub const LIMIT: usize = 1 << 20;

const fn key(name: &'static str, node: Node) -> Key {
    Key {
        name,
        required: true,
        node,
    }
}

const fn copy(hops: &'static [Hop]) -> Template {
    Template::Copy {
        path: Path {
            root: Root::Current,
            hops,
        },
        default: None,
    }
}

const fn field(key: &'static str, value: Template) -> Entry {
    Entry::Field {
        key,
        value,
        absent: Absent::Null,
    }
}

static PRICE: Fields = Fields {
    keys: &[
        key(
            "amount",
            Node::scalar("items[].price.amount", 2, Kinds::INTEGER),
        ),
        key(
            "currency",
            Node::scalar("items[].price.currency", 3, Kinds::STRING),
        ),
    ],
    rest: None,
};
static ITEM: Fields = Fields {
    keys: &[
        key(
            "productId",
            Node::scalar("items[].productId", 0, Kinds::STRING),
        ),
        key("name", Node::scalar("items[].name", 1, Kinds::STRING)),
        key("price", Node::object("items[].price", 2, 4, &PRICE)),
    ],
    rest: None,
};
static ITEMS: Elements = Elements {
    slot: 0,
    first: Elements::ALL,
    frame: Frame {
        width: 4,
        node: Node::object("items[]", 0, 4, &ITEM),
    },
};
static ROOT: Fields = Fields {
    keys: &[key("items", Node::list("items", &ITEMS))],
    rest: None,
};
pub static RECOMMENDATIONS: Shape = Shape {
    root: Frame {
        width: 1,
        node: Node::object("", 0, 1, &ROOT),
    },
};

static PRODUCT: Block = Block::Fields(&[
    field("\"productId\":", copy(&[Hop::Value(0)])),
    field("\"name\":", copy(&[Hop::Value(1)])),
    field(
        "\"price\":",
        Template::Block(&Block::Fields(&[
            field("\"amount\":", copy(&[Hop::Value(2)])),
            field("\"currency\":", copy(&[Hop::Value(3)])),
        ])),
    ),
]);
pub static PICKS: Template = Template::Block(&Block::Fields(&[field(
    "\"picks\":",
    Template::Select {
        path: Path {
            root: Root::Tape(0),
            hops: &[Hop::Each(0, Pick::All)],
        },
        block: &PRODUCT,
        default: None,
    },
)]));

thread_local! {
    /// As a runtime keeps them: tapes whose memory is used again.
    pub static TAPES: RefCell<Vec<Tape>> = RefCell::new(vec![Tape::absent(); 3]);
}

pub fn recommendations(body: &Bytes, options: &Options, out: &mut Vec<u8>) {
    TAPES.with_borrow_mut(|tapes| {
        RECOMMENDATIONS
            .capture_into(&mut tapes[0], body.clone(), options)
            .unwrap();
        Scope::new(tapes).render(&PICKS, out, LIMIT).unwrap();
    });
}

static PROFILE: Fields = Fields {
    keys: &[key(
        "imageUrl",
        Node::scalar("profile.imageUrl", 3, Kinds::STRING),
    )],
    rest: None,
};
static LOYALTY: Fields = Fields {
    keys: &[key("tier", Node::scalar("loyalty.tier", 4, Kinds::STRING))],
    rest: None,
};
static USER_FIELDS: Fields = Fields {
    keys: &[
        key("id", Node::scalar("id", 0, Kinds::STRING)),
        key("name", Node::scalar("name", 1, Kinds::STRING)),
        key("email", Node::scalar("email", 2, Kinds::STRING)),
        key("profile", Node::object("profile", 3, 4, &PROFILE)),
        key("loyalty", Node::object("loyalty", 4, 5, &LOYALTY)),
    ],
    rest: None,
};
static USER_SHAPE: Shape = Shape {
    root: Frame {
        width: 5,
        node: Node::object("", 0, 5, &USER_FIELDS),
    },
};
static USER: Template = Template::Select {
    path: Path {
        root: Root::Tape(0),
        hops: &[],
    },
    block: &Block::Fields(&[
        field("\"id\":", copy(&[Hop::Value(0)])),
        field("\"name\":", copy(&[Hop::Value(1)])),
        field("\"email\":", copy(&[Hop::Value(2)])),
        field("\"avatar\":", copy(&[Hop::Value(3)])),
        field("\"tier\":", copy(&[Hop::Value(4)])),
    ]),
    default: None,
};

pub fn user(body: &Bytes, options: &Options, out: &mut Vec<u8>) {
    TAPES.with_borrow_mut(|tapes| {
        USER_SHAPE
            .capture_into(&mut tapes[0], body.clone(), options)
            .unwrap();
        Scope::new(tapes).render(&USER, out, LIMIT).unwrap();
    });
}

static LINE: Fields = Fields {
    keys: &[
        key("sku", Node::scalar("lines[].sku", 0, Kinds::STRING)),
        key("qty", Node::scalar("lines[].qty", 1, Kinds::INTEGER)),
    ],
    rest: None,
};
static LINES: Elements = Elements {
    slot: 0,
    first: Elements::ALL,
    frame: Frame {
        width: 2,
        node: Node::object("lines[]", 0, 2, &LINE),
    },
};
static ORDER_FIELDS: Fields = Fields {
    keys: &[key("lines", Node::list("lines", &LINES))],
    rest: None,
};
pub static ORDER: Shape = Shape {
    root: Frame {
        width: 1,
        node: Node::object("", 0, 1, &ORDER_FIELDS),
    },
};
static BY_SKU: Match = Match {
    keys: &[(
        0,
        Operand::Path(Path {
            root: Root::Current,
            hops: &[Hop::Value(0)],
        }),
    )],
};
pub static JOINED: Template = Template::Select {
    path: Path {
        root: Root::Tape(0),
        hops: &[Hop::Each(0, Pick::All)],
    },
    block: &Block::Fields(&[
        field("\"qty\":", copy(&[Hop::Value(1)])),
        field(
            "\"product\":",
            Template::Select {
                path: Path {
                    root: Root::Tape(1),
                    hops: &[Hop::Each(0, Pick::First(&BY_SKU))],
                },
                block: &PRODUCT,
                default: None,
            },
        ),
    ]),
    default: None,
};

pub fn join(lines: &Bytes, products: &Bytes, options: &Options, out: &mut Vec<u8>) {
    TAPES.with_borrow_mut(|tapes| {
        ORDER
            .capture_into(&mut tapes[0], lines.clone(), options)
            .unwrap();
        RECOMMENDATIONS
            .capture_into(&mut tapes[1], products.clone(), options)
            .unwrap();
        Scope::new(tapes).render(&JOINED, out, LIMIT).unwrap();
    });
}
