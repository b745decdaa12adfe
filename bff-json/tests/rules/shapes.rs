//! The shapes of the scene's bodies, and how tests write tables.

use bff_json::Block;
use bff_json::{
    Absent, Elements, Entries, Entry, Fields, Frame, Hop, Key, Kinds, Node, OnList, OnObject, Path,
    Root, Shape, Template,
};

pub const fn key(name: &'static str, node: Node) -> Key {
    Key {
        name,
        required: false,
        node,
    }
}

pub const fn promised(name: &'static str, node: Node) -> Key {
    Key {
        name,
        required: true,
        node,
    }
}

pub const fn at(tape: u8, hops: &'static [Hop]) -> Path {
    Path {
        root: Root::Tape(tape),
        hops,
    }
}

pub const fn here(hops: &'static [Hop]) -> Path {
    Path {
        root: Root::Current,
        hops,
    }
}

pub const fn copy(path: Path) -> Template {
    Template::Copy {
        path,
        default: None,
    }
}

pub const fn select(path: Path, block: &'static Block) -> Template {
    Template::Select {
        path,
        block,
        default: None,
    }
}

pub const fn field(key: &'static str, value: Template) -> Entry {
    Entry::Field {
        key,
        value,
        absent: Absent::Null,
    }
}

pub const fn or(path: Path, default: &'static str) -> Template {
    Template::Copy {
        path,
        default: Some(default),
    }
}

// Orders: id 0, lines 1, tags 2 (as they stand), note 3, customer 4..6 (own 4, name 5).
pub static LINE: Fields = Fields {
    keys: &[
        promised(
            "sku",
            Node::scalar("items[].lines[].sku", 0, Kinds::STRING.or(Kinds::INTEGER)),
        ),
        key(
            "qty",
            Node::scalar("items[].lines[].qty", 1, Kinds::INTEGER),
        ),
    ],
    rest: None,
};
pub static LINES: Elements = Elements {
    slot: 1,
    first: Elements::ALL,
    frame: Frame {
        width: 2,
        node: Node::object("items[].lines[]", 0, 2, &LINE),
    },
};
pub static CUSTOMER: Fields = Fields {
    keys: &[key(
        "name",
        Node::scalar("items[].customer.name", 5, Kinds::STRING),
    )],
    rest: None,
};
pub static ORDER: Fields = Fields {
    keys: &[
        promised("id", Node::scalar("items[].id", 0, Kinds::STRING)),
        key("lines", Node::list("items[].lines", &LINES).or_null()),
        key(
            "tags",
            Node::scalars("items[].tags", 2, Kinds::STRING).or_null(),
        ),
        key(
            "note",
            Node::scalar("items[].note", 3, Kinds::STRING).or_null(),
        ),
        key(
            "customer",
            Node::object("items[].customer", 5, 6, &CUSTOMER)
                .own(4)
                .or_null(),
        ),
    ],
    rest: None,
};
pub static ITEMS: Elements = Elements {
    slot: 0,
    first: Elements::ALL,
    frame: Frame {
        width: 6,
        node: Node::object("items[]", 0, 6, &ORDER),
    },
};
pub static ORDERS_ROOT: Fields = Fields {
    keys: &[promised("items", Node::list("items", &ITEMS))],
    rest: None,
};
pub static ORDERS_SHAPE: Shape = Shape {
    root: Frame {
        width: 1,
        node: Node::object("", 0, 1, &ORDERS_ROOT),
    },
};

// Products, a list: sku 0, name 1, price 2.
pub static PRODUCT: Fields = Fields {
    keys: &[
        key("sku", Node::scalar("[].sku", 0, Kinds::STRING).or_null()),
        key("name", Node::scalar("[].name", 1, Kinds::STRING)),
        key("price", Node::scalar("[].price", 2, Kinds::NUMBER)),
    ],
    rest: None,
};
pub static PRODUCT_LIST: Elements = Elements {
    slot: 0,
    first: Elements::ALL,
    frame: Frame {
        width: 3,
        node: Node::object("[]", 0, 3, &PRODUCT),
    },
};
pub static PRODUCTS_SHAPE: Shape = Shape {
    root: Frame {
        width: 1,
        node: Node::list("", &PRODUCT_LIST),
    },
};

// The rest: a map 0 with a named field "total" 1, variants 2, a tree 3, anything 4.
pub static LABELS: Entries = Entries {
    slot: 0,
    frame: Frame {
        width: 2,
        node: Node::scalar("labels.*", 1, Kinds::STRING),
    },
};
pub static LABELED: Fields = Fields {
    keys: &[key(
        "total",
        Node::scalar("labels.total", 1, Kinds::INTEGER),
    )],
    rest: Some(&LABELS),
};
pub static SHAPES: Elements = Elements {
    slot: 2,
    first: Elements::ALL,
    frame: Frame {
        width: 4,
        node: Node {
            at: "shapes[]",
            kinds: Kinds::OBJECT.or(Kinds::STRING),
            first: 0,
            end: 4,
            own: Some(0),
            object: OnObject::Fields(&VARIANTS),
            list: OnList::Reject,
        },
    },
};
pub static VARIANTS: Fields = Fields {
    keys: &[
        key("type", Node::scalar("shapes[].type", 1, Kinds::STRING)),
        key("radius", Node::scalar("shapes[].radius", 2, Kinds::NUMBER)),
        key("side", Node::scalar("shapes[].side", 3, Kinds::NUMBER)),
    ],
    rest: None,
};
pub static NODE: Frame = Frame {
    width: 3,
    node: Node::object("tree", 0, 3, &TREE),
};
pub static TREE: Fields = Fields {
    keys: &[
        key("value", Node::scalar("tree.value", 0, Kinds::INTEGER)),
        key(
            "left",
            Node {
                at: "tree.left",
                kinds: Kinds::OBJECT.or_null(),
                first: 1,
                end: 2,
                own: None,
                object: OnObject::Framed {
                    slot: 1,
                    frame: &NODE,
                },
                list: OnList::Reject,
            },
        ),
        key(
            "right",
            Node {
                at: "tree.right",
                kinds: Kinds::OBJECT.or_null(),
                first: 2,
                end: 3,
                own: None,
                object: OnObject::Framed {
                    slot: 2,
                    frame: &NODE,
                },
                list: OnList::Reject,
            },
        ),
    ],
    rest: None,
};
pub static ODD_ROOT: Fields = Fields {
    keys: &[
        key(
            "labels",
            Node {
                at: "labels",
                kinds: Kinds::OBJECT,
                first: 0,
                end: 2,
                own: None,
                object: OnObject::Fields(&LABELED),
                list: OnList::Reject,
            },
        ),
        key("shapes", Node::list("shapes", &SHAPES)),
        key(
            "tree",
            Node {
                at: "tree",
                kinds: Kinds::OBJECT,
                first: 3,
                end: 4,
                own: None,
                object: OnObject::Framed {
                    slot: 3,
                    frame: &NODE,
                },
                list: OnList::Reject,
            },
        ),
        key("any", Node::any("any", 4)),
    ],
    rest: None,
};
pub static ODD_SHAPE: Shape = Shape {
    root: Frame {
        width: 5,
        node: Node::object("", 0, 5, &ODD_ROOT),
    },
};

// What one `each` call answers: quantity 0, so slot 1 of an entry.
pub static STOCK_FIELDS: Fields = Fields {
    keys: &[key("quantity", Node::scalar("quantity", 0, Kinds::INTEGER))],
    rest: None,
};
pub static STOCK_SHAPE: Shape = Shape {
    root: Frame {
        width: 1,
        node: Node::object("", 0, 1, &STOCK_FIELDS),
    },
};
