//! The rules of the selection language, case by case: a template over the tapes of one scene, and the text it writes.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use bff_json::{
    Absent, Block, Condition, EachBuilder, Elements, Entries, Entry, Fields, Frame, Hop, Key,
    Kinds, Match, Node, OnList, OnObject, Operand, Options, Path, Pick, RenderError, Root, Scope,
    Shape, Tape, TapeBuilder, Template, Test,
};
use bytes::Bytes;

use Hop::{Each, Into as Inner, Is, Value};
use Pick::{All, Every, First, Index, Slice};

const INPUTS: u8 = 0;
const ORDERS: u8 = 1;
const PRODUCTS: u8 = 2;
const ODD: u8 = 3;
const STOCK: u8 = 4;
const ABSENT: u8 = 5;

const fn key(name: &'static str, node: Node) -> Key {
    Key {
        name,
        required: false,
        node,
    }
}

const fn promised(name: &'static str, node: Node) -> Key {
    Key {
        name,
        required: true,
        node,
    }
}

const fn at(tape: u8, hops: &'static [Hop]) -> Path {
    Path {
        root: Root::Tape(tape),
        hops,
    }
}

const fn here(hops: &'static [Hop]) -> Path {
    Path {
        root: Root::Current,
        hops,
    }
}

const fn copy(path: Path) -> Template {
    Template::Copy {
        path,
        default: None,
    }
}

const fn select(path: Path, block: &'static Block) -> Template {
    Template::Select {
        path,
        block,
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

const fn or(path: Path, default: &'static str) -> Template {
    Template::Copy {
        path,
        default: Some(default),
    }
}

// Orders: id 0, lines 1, tags 2 (as they stand), note 3, customer 4..6 (own 4, name 5).
static LINE: Fields = Fields {
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
static LINES: Elements = Elements {
    slot: 1,
    frame: Frame {
        width: 2,
        node: Node::object("items[].lines[]", 0, 2, &LINE),
    },
};
static CUSTOMER: Fields = Fields {
    keys: &[key(
        "name",
        Node::scalar("items[].customer.name", 5, Kinds::STRING),
    )],
    rest: None,
};
static ORDER: Fields = Fields {
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
static ITEMS: Elements = Elements {
    slot: 0,
    frame: Frame {
        width: 6,
        node: Node::object("items[]", 0, 6, &ORDER),
    },
};
static ORDERS_ROOT: Fields = Fields {
    keys: &[promised("items", Node::list("items", &ITEMS))],
    rest: None,
};
static ORDERS_SHAPE: Shape = Shape {
    root: Frame {
        width: 1,
        node: Node::object("", 0, 1, &ORDERS_ROOT),
    },
};

// Products, a list: sku 0, name 1, price 2.
static PRODUCT: Fields = Fields {
    keys: &[
        key("sku", Node::scalar("[].sku", 0, Kinds::STRING).or_null()),
        key("name", Node::scalar("[].name", 1, Kinds::STRING)),
        key("price", Node::scalar("[].price", 2, Kinds::NUMBER)),
    ],
    rest: None,
};
static PRODUCT_LIST: Elements = Elements {
    slot: 0,
    frame: Frame {
        width: 3,
        node: Node::object("[]", 0, 3, &PRODUCT),
    },
};
static PRODUCTS_SHAPE: Shape = Shape {
    root: Frame {
        width: 1,
        node: Node::list("", &PRODUCT_LIST),
    },
};

// The rest: a map 0 with a named field "total" 1, variants 2, a tree 3, anything 4.
static LABELS: Entries = Entries {
    slot: 0,
    frame: Frame {
        width: 2,
        node: Node::scalar("labels.*", 1, Kinds::STRING),
    },
};
static LABELED: Fields = Fields {
    keys: &[key(
        "total",
        Node::scalar("labels.total", 1, Kinds::INTEGER),
    )],
    rest: Some(&LABELS),
};
static SHAPES: Elements = Elements {
    slot: 2,
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
static VARIANTS: Fields = Fields {
    keys: &[
        key("type", Node::scalar("shapes[].type", 1, Kinds::STRING)),
        key("radius", Node::scalar("shapes[].radius", 2, Kinds::NUMBER)),
        key("side", Node::scalar("shapes[].side", 3, Kinds::NUMBER)),
    ],
    rest: None,
};
static NODE: Frame = Frame {
    width: 3,
    node: Node::object("tree", 0, 3, &TREE),
};
static TREE: Fields = Fields {
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
static ODD_ROOT: Fields = Fields {
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
static ODD_SHAPE: Shape = Shape {
    root: Frame {
        width: 5,
        node: Node::object("", 0, 5, &ODD_ROOT),
    },
};

// What one `each` call answers: quantity 0, so slot 1 of an entry.
static STOCK_FIELDS: Fields = Fields {
    keys: &[key("quantity", Node::scalar("quantity", 0, Kinds::INTEGER))],
    rest: None,
};
static STOCK_SHAPE: Shape = Shape {
    root: Frame {
        width: 1,
        node: Node::object("", 0, 1, &STOCK_FIELDS),
    },
};

const ORDERS_BODY: &str = r#"{"items":[
    {"id":"o1","lines":[{"sku":"s1","qty":1},{"sku":7,"qty":2}],"tags":["a","b"],"note":"n\u00e9e","customer":{"name":"Ann"}},
    {"id":"o2","lines":[],"tags":null,"note":null,"customer":null},
    {"id":"o3","lines":null,"secret":[1,2]},
    null,
    {"id":"o5","lines":[{"sku":"s9"}],"tags":[],"customer":{}}
]}"#;
const PRODUCTS_BODY: &str = r#"[
    {"sku":"s1","name":"one","price":1.50},{"sku":"7","name":"seven","price":7},
    {"sku":"s\u0031","name":"one again"},{"sku":null,"name":"none"}
]"#;
const ODD_BODY: &str = r#"{
    "labels":{"x":"1","total":3,"y":"2","\u0078":"last","z":null},
    "shapes":[{"type":"circle","radius":2},{"type":"square","side":3},"point",{"radius":5}],
    "tree":{"value":1,"left":{"value":2,"right":{"value":3}},"right":null},
    "any":{"deep":[1,{"é":"\ud83d\ude00"}]}
}"#;

fn capture(shape: &Shape, body: &'static str) -> Tape {
    shape
        .capture(Bytes::from_static(body.as_bytes()), &Options::default())
        .unwrap()
}

fn scene() -> [Tape; 6] {
    let mut inputs = TapeBuilder::new(4);
    inputs
        .text(0, "s\"1\n")
        .raw(1, "7")
        .list(2, ["\"s1\"", "\"s9\"", "null"]);
    let mut inputs = inputs.build();
    inputs.set_text(3, "/orders/o1");
    let mut stock = EachBuilder::new();
    let answer = capture(&STOCK_SHAPE, r#"{"quantity":12}"#);
    stock.push("\"s1\"", Some(&answer)).push("7", None);
    [
        inputs,
        capture(&ORDERS_SHAPE, ORDERS_BODY),
        capture(&PRODUCTS_SHAPE, PRODUCTS_BODY),
        capture(&ODD_SHAPE, ODD_BODY),
        stock.build(),
        Tape::absent(),
    ]
}

static BY_SKU: Match = Match {
    keys: &[(0, Operand::Path(here(&[Value(0)])))],
};
static SEVEN: Match = Match {
    keys: &[(0, Operand::Literal("7"))],
};
static ONE: Match = Match {
    keys: &[(0, Operand::Literal("\"s1\""))],
};
static ONE_AGAIN: Match = Match {
    keys: &[
        (0, Operand::Literal("\"s1\"")),
        (1, Operand::Literal("\"one again\"")),
    ],
};
static NULL: Match = Match {
    keys: &[(0, Operand::Literal("null"))],
};
static LABEL: Match = Match {
    keys: &[(0, Operand::Literal("\"x\""))],
};
static CIRCLE: Test = Test::Equals(1, &["circle"]);
static SQUARE: Test = Test::Present(3);
static POINT: Test = Test::Kind(0, Kinds::STRING);

static ID: Block = Block::Fields(&[field("\"id\":", copy(here(&[Value(0)])))]);
static JOINED_LINE: Block = Block::Fields(&[
    field("\"qty\":", copy(here(&[Value(1)]))),
    field(
        "\"product\":",
        copy(at(PRODUCTS, &[Each(0, First(&BY_SKU)), Value(1)])),
    ),
]);
static ORDER_LINES: Block = Block::Value(select(here(&[Each(1, All)]), &JOINED_LINE));
static CUSTOMER_BLOCK: Block = Block::Fields(&[field("\"name\":", copy(here(&[Value(5)])))]);
static LABEL_VALUE: Template = copy(here(&[Value(1)]));
static TREE_BLOCK: Block = Block::Fields(&[
    field("\"v\":", copy(here(&[Value(0)]))),
    Entry::Field {
        key: "\"l\":",
        value: select(here(&[Inner(1)]), &TREE_BLOCK),
        absent: Absent::Omit,
    },
    Entry::Field {
        key: "\"r\":",
        value: select(here(&[Inner(2)]), &TREE_BLOCK),
        absent: Absent::Copied,
    },
]);

static CASES: &[(&str, Template, &str)] = &[
    // 1. Selections on lists and nullable values; flattening.
    (
        "a selection on a list applies to each, null to null",
        select(at(ORDERS, &[Each(0, All)]), &ID),
        r#"[{"id":"o1"},{"id":"o2"},{"id":"o3"},null,{"id":"o5"}]"#,
    ),
    (
        "a path through lists is flattened, missing lists contribute nothing",
        copy(at(ORDERS, &[Each(0, All), Each(1, All), Value(0)])),
        r#"["s1",7,"s9"]"#,
    ),
    (
        "a null within a flattened list stays",
        copy(at(ORDERS, &[Each(0, All), Each(1, All), Value(1)])),
        "[1,2,null]",
    ),
    (
        "lists of scalars are flattened too",
        copy(at(ORDERS, &[Each(0, All), Value(2)])),
        r#"["a","b"]"#,
    ),
    (
        "an index acts on the nearest list",
        copy(at(ORDERS, &[Each(0, All), Each(1, Index(0)), Value(0)])),
        r#"["s1",null,null,null,"s9"]"#,
    ),
    (
        "a negative index counts from the end",
        copy(at(
            ORDERS,
            &[Each(0, Index(0)), Each(1, Index(-1)), Value(0)],
        )),
        "7",
    ),
    (
        "an index out of range is null",
        copy(at(ORDERS, &[Each(0, Index(9)), Value(0)])),
        "null",
    ),
    (
        "and so is one before the start",
        copy(at(ORDERS, &[Each(0, Index(-9)), Value(0)])),
        "null",
    ),
    (
        "a list behind a missing index is null as a whole",
        copy(at(ORDERS, &[Each(0, Index(9)), Each(1, All), Value(0)])),
        "null",
    ),
    (
        "a list behind a null one is null as a whole",
        copy(at(ORDERS, &[Each(0, Index(2)), Each(1, All), Value(0)])),
        "null",
    ),
    (
        "an empty list is empty",
        copy(at(ORDERS, &[Each(0, Index(1)), Each(1, All), Value(0)])),
        "[]",
    ),
    (
        "a slice from the start",
        select(at(ORDERS, &[Each(0, Slice(None, Some(2)))]), &ID),
        r#"[{"id":"o1"},{"id":"o2"}]"#,
    ),
    (
        "a slice to the end",
        select(at(ORDERS, &[Each(0, Slice(Some(-1), None))]), &ID),
        r#"[{"id":"o5"}]"#,
    ),
    (
        "a slice within",
        copy(at(ORDERS, &[Each(0, Slice(Some(1), Some(-2))), Value(0)])),
        r#"["o2","o3"]"#,
    ),
    (
        "a slice beyond both ends",
        copy(at(ORDERS, &[Each(0, Slice(Some(-99), Some(99))), Value(0)])),
        r#"["o1","o2","o3",null,"o5"]"#,
    ),
    (
        "a slice that ends before it starts",
        copy(at(ORDERS, &[Each(0, Slice(Some(3), Some(1))), Value(0)])),
        "[]",
    ),
    (
        "a selection on a nullable value",
        select(at(ORDERS, &[Each(0, All), Value(4)]), &CUSTOMER_BLOCK),
        r#"[{"name":"Ann"},null,null,null,{"name":null}]"#,
    ),
    // 3. Absent values and defaults.
    (
        "of an absent tape everything is null",
        select(at(ABSENT, &[Each(0, All)]), &ID),
        "null",
    ),
    (
        "a default replaces absent",
        or(at(ABSENT, &[Value(0)]), "\"none\""),
        "\"none\"",
    ),
    (
        "a default replaces null",
        or(at(ORDERS, &[Each(0, Index(1)), Value(3)]), "\"\""),
        "\"\"",
    ),
    (
        "a default replaces a list that isn't there",
        or(at(ABSENT, &[Each(0, All), Value(0)]), "[]"),
        "[]",
    ),
    (
        "a default leaves a value alone",
        or(at(ORDERS, &[Each(0, Index(0)), Value(3)]), "\"\""),
        "\"n\\u00e9e\"",
    ),
    (
        "values pass as they are written",
        copy(at(PRODUCTS, &[Each(0, Index(0)), Value(2)])),
        "1.50",
    ),
    (
        "values without a schema pass whole",
        copy(at(ODD, &[Value(4)])),
        "{\"deep\":[1,{\"é\":\"\\ud83d\\ude00\"}]}",
    ),
    (
        "absent is null, left out, or copied",
        select(
            at(ORDERS, &[Each(0, Index(2))]),
            &Block::Fields(&[
                field("\"a\":", copy(here(&[Value(3)]))),
                Entry::Field {
                    key: "\"b\":",
                    value: copy(here(&[Value(3)])),
                    absent: Absent::Omit,
                },
                Entry::Field {
                    key: "\"c\":",
                    value: copy(here(&[Value(3)])),
                    absent: Absent::Copied,
                },
                Entry::Field {
                    key: "\"d\":",
                    value: copy(here(&[Value(0)])),
                    absent: Absent::Omit,
                },
            ]),
        ),
        r#"{"a":null,"d":"o3"}"#,
    ),
    (
        "null is null, left out, or copied",
        select(
            at(ORDERS, &[Each(0, Index(1))]),
            &Block::Fields(&[
                Entry::Field {
                    key: "\"b\":",
                    value: copy(here(&[Value(3)])),
                    absent: Absent::Omit,
                },
                Entry::Field {
                    key: "\"c\":",
                    value: copy(here(&[Value(3)])),
                    absent: Absent::Copied,
                },
                Entry::Field {
                    key: "\"e\":",
                    value: select(here(&[Value(4)]), &CUSTOMER_BLOCK),
                    absent: Absent::Copied,
                },
                Entry::Field {
                    key: "\"f\":",
                    value: copy(here(&[Each(1, All), Value(0)])),
                    absent: Absent::Omit,
                },
            ]),
        ),
        r#"{"c":null,"e":null,"f":[]}"#,
    ),
    (
        "a spread of what isn't there",
        Template::Block(&Block::Fields(&[
            Entry::Spread(
                at(ABSENT, &[]),
                &[
                    field("\"a\":", copy(here(&[Value(0)]))),
                    Entry::Field {
                        key: "\"b\":",
                        value: copy(here(&[Value(1)])),
                        absent: Absent::Copied,
                    },
                ],
            ),
            Entry::Spread(
                at(ORDERS, &[Each(0, Index(0))]),
                &[field("\"id\":", copy(here(&[Value(0)])))],
            ),
        ])),
        r#"{"a":null,"id":"o1"}"#,
    ),
    (
        "groups, lists and literals",
        Template::List(&[
            Template::Literal("1"),
            Template::Block(&Block::Fields(&[])),
            copy(at(ABSENT, &[Value(0)])),
        ]),
        "[1,{},null]",
    ),
    // 4. Joins and maps.
    (
        "a join is the first that matches, integer and string as text",
        select(at(ORDERS, &[Each(0, All)]), &ORDER_LINES),
        r#"[[{"qty":1,"product":"one"},{"qty":2,"product":"seven"}],[],null,null,[{"qty":null,"product":null}]]"#,
    ),
    (
        "a join of many",
        copy(at(PRODUCTS, &[Each(0, Every(&ONE)), Value(1)])),
        r#"["one","one again"]"#,
    ),
    (
        "a join of many that finds none",
        copy(at(PRODUCTS, &[Each(0, Every(&NULL)), Value(1)])),
        "[]",
    ),
    (
        "a join of many on what isn't there",
        copy(at(ABSENT, &[Each(0, Every(&ONE)), Value(1)])),
        "null",
    ),
    (
        "a join by a literal number",
        copy(at(PRODUCTS, &[Each(0, First(&SEVEN)), Value(1)])),
        "\"seven\"",
    ),
    (
        "all keys of a join must match",
        copy(at(PRODUCTS, &[Each(0, First(&ONE_AGAIN)), Value(1)])),
        "\"one again\"",
    ),
    (
        "null matches nothing",
        copy(at(PRODUCTS, &[Each(0, First(&NULL)), Value(1)])),
        "null",
    ),
    (
        "results of each",
        select(
            at(ORDERS, &[Each(0, Index(0)), Each(1, All)]),
            &Block::Value(copy(at(STOCK, &[Each(0, First(&BY_SKU)), Value(1)]))),
        ),
        "[12,null]",
    ),
    (
        "a map with its own keys; of duplicates the last",
        Template::Entries {
            path: at(ODD, &[Each(0, All)]),
            value: &LABEL_VALUE,
        },
        r#"{"y":"2","\u0078":"last","z":null}"#,
    ),
    (
        "a map's key",
        copy(at(ODD, &[Each(0, First(&LABEL)), Value(1)])),
        "\"last\"",
    ),
    (
        "a map's values",
        copy(at(ODD, &[Each(0, All), Value(1)])),
        r#"["2","last",null]"#,
    ),
    (
        "a map beside fields doesn't repeat them",
        Template::Block(&Block::Fields(&[
            field("\"x\":", Template::Literal("0")),
            field("\"total\":", copy(at(ODD, &[Value(1)]))),
            Entry::Rest {
                path: at(ODD, &[Each(0, All)]),
                value: &LABEL_VALUE,
            },
            Entry::Rest {
                path: at(ODD, &[Each(0, All)]),
                value: &LABEL_VALUE,
            },
        ])),
        r#"{"x":0,"total":3,"y":"2","z":null}"#,
    ),
    // 5. Recursion. 6. Variants.
    (
        "recursion",
        select(at(ODD, &[Inner(3)]), &TREE_BLOCK),
        r#"{"v":1,"l":{"v":2,"r":{"v":3}},"r":null}"#,
    ),
    (
        "fields of variants",
        select(
            at(ODD, &[Each(2, All)]),
            &Block::Fields(&[
                Entry::When(
                    Test::Equals(1, &["circle"]),
                    &[field("\"r\":", copy(here(&[Value(2)])))],
                ),
                Entry::When(
                    Test::Present(3),
                    &[field("\"s\":", copy(here(&[Value(3)])))],
                ),
                Entry::When(
                    Test::Neither(&[Test::Present(1), Test::Present(3)]),
                    &[field("\"other\":", Template::Literal("true"))],
                ),
            ]),
        ),
        r#"[{"r":2},{"s":3},{"other":true},{"other":true}]"#,
    ),
    (
        "only a variant",
        copy(at(ODD, &[Each(2, All), Is(&CIRCLE), Value(2)])),
        "[2,null,null,null]",
    ),
    (
        "a variant by what only it has",
        copy(at(ODD, &[Each(2, Index(1)), Value(3), Is(&SQUARE)])),
        "3",
    ),
    (
        "a variant by kind",
        copy(at(ODD, &[Each(2, All), Is(&POINT), Value(0)])),
        r#"[null,null,"point",null]"#,
    ),
    (
        "a visited object has no text",
        copy(at(ODD, &[Each(2, Index(0)), Value(0)])),
        "null",
    ),
    (
        "all of several tests",
        copy(at(
            ODD,
            &[
                Each(2, All),
                Is(&Test::All(&[
                    Test::Kind(0, Kinds::OBJECT),
                    Test::Kind(2, Kinds::NUMBER),
                ])),
                Value(2),
            ],
        )),
        "[2,null,null,5]",
    ),
    // 7. and 8. Texts from elsewhere.
    (
        "a text is written as a JSON string",
        copy(at(INPUTS, &[Value(0)])),
        r#""s\"1\n""#,
    ),
    (
        "a header's text",
        copy(at(INPUTS, &[Value(3)])),
        "\"/orders/o1\"",
    ),
    (
        "a list input",
        copy(at(INPUTS, &[Each(2, All), Value(0)])),
        r#"["s1","s9",null]"#,
    ),
    ("a tape without a number", copy(at(99, &[Value(0)])), "null"),
    (
        "the current value outside a selection",
        copy(here(&[Value(0)])),
        "null",
    ),
];

#[test]
fn templates() {
    let tapes = scene();
    let scope = Scope::new(&tapes);
    for (name, template, expected) in CASES {
        let mut out = b"before ".to_vec();
        scope.render(template, &mut out, 10_000).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            format!("before {expected}"),
            "{name}"
        );
    }
}

#[test]
fn conditions() {
    use Condition::{Equal, Holds};
    use Operand::{Literal, Path as At};
    static CASES: &[(&str, Condition, bool)] = &[
        ("a value is there", Holds(At(at(INPUTS, &[Value(0)]))), true),
        (
            "an absent one isn't",
            Holds(At(at(ABSENT, &[Value(0)]))),
            false,
        ),
        (
            "null isn't",
            Holds(At(at(ORDERS, &[Each(0, Index(1)), Value(3)]))),
            false,
        ),
        (
            "a list is, even an empty one",
            Holds(At(at(ORDERS, &[Each(0, Index(1)), Each(1, All)]))),
            true,
        ),
        (
            "an object is",
            Holds(At(at(ORDERS, &[Each(0, Index(0)), Value(4)]))),
            true,
        ),
        (
            "a null object isn't",
            Holds(At(at(ORDERS, &[Each(0, Index(1)), Value(4)]))),
            false,
        ),
        (
            "a null element isn't",
            Holds(At(at(ORDERS, &[Each(0, Index(3))]))),
            false,
        ),
        ("literals", Holds(Literal("false")), false),
        (
            "integer and string are equal as text",
            Equal(At(at(INPUTS, &[Value(1)])), Literal("\"7\"")),
            true,
        ),
        (
            "strings are equal unescaped",
            Equal(
                At(at(ORDERS, &[Each(0, Index(0)), Value(3)])),
                Literal("\"née\""),
            ),
            true,
        ),
        (
            "null equals nothing",
            Equal(Literal("null"), Literal("null")),
            false,
        ),
        (
            "absent equals nothing",
            Equal(At(at(ABSENT, &[Value(0)])), At(at(ABSENT, &[Value(0)]))),
            false,
        ),
        (
            "a boolean is no text",
            Equal(Literal("true"), Literal("\"true\"")),
            false,
        ),
        (
            "membership on the right",
            Equal(Literal("\"s9\""), At(at(INPUTS, &[Each(2, All), Value(0)]))),
            true,
        ),
        (
            "membership on the left",
            Equal(At(at(ORDERS, &[Each(0, All), Value(2)])), Literal("\"b\"")),
            true,
        ),
        (
            "membership in a list of scalars",
            Equal(
                At(at(ORDERS, &[Each(0, Index(0)), Value(2)])),
                Literal("\"a\""),
            ),
            true,
        ),
        (
            "no membership",
            Equal(Literal("\"s2\""), At(at(INPUTS, &[Each(2, All), Value(0)]))),
            false,
        ),
    ];
    let tapes = scene();
    let scope = Scope::new(&tapes);
    for (name, condition, expected) in CASES {
        assert_eq!(scope.holds(condition), *expected, "{name}");
    }
}

#[test]
fn arguments() {
    type Values = Option<&'static [Option<&'static str>]>;
    static CASES: &[(&str, Path, Values)] = &[
        (
            "one value",
            at(INPUTS, &[Value(0)]),
            Some(&[Some("s\"1\n")]),
        ),
        (
            "a flattened list",
            at(ORDERS, &[Each(0, All), Each(1, All), Value(0)]),
            Some(&[Some("s1"), Some("7"), Some("s9")]),
        ),
        (
            "nulls among values",
            at(ORDERS, &[Each(0, All), Value(3)]),
            Some(&[Some("née"), None, None, None, None]),
        ),
        (
            "a list of scalars",
            at(ORDERS, &[Each(0, Index(0)), Value(2)]),
            Some(&[Some("a"), Some("b")]),
        ),
        (
            "lists of scalars",
            at(ORDERS, &[Each(0, Slice(None, Some(3))), Value(2)]),
            Some(&[Some("a"), Some("b")]),
        ),
        (
            "an empty list",
            at(ORDERS, &[Each(0, Index(4)), Value(2)]),
            Some(&[]),
        ),
        (
            "a null list",
            at(ORDERS, &[Each(0, Index(2)), Each(1, All), Value(0)]),
            None,
        ),
        ("an absent value", at(ABSENT, &[Value(0)]), None),
        (
            "a visited object",
            at(ORDERS, &[Each(0, Index(0)), Value(4)]),
            None,
        ),
    ];
    let tapes = scene();
    let scope = Scope::new(&tapes);
    for (name, path, expected) in CASES {
        let mut values = Vec::new();
        let there = scope.values(path, |value| {
            values.push(value.map(|value| value.text().into_owned()))
        });
        let expected: Option<Vec<Option<String>>> = expected.map(|values| {
            values
                .iter()
                .map(|value| value.map(str::to_owned))
                .collect()
        });
        assert_eq!(there.then_some(values), expected, "{name}");
    }
    let path = at(INPUTS, &[Value(1)]);
    assert_eq!(scope.value(&path).unwrap().json(), "7");
}

#[test]
fn further_bodies_of_a_split_list() {
    let mut products = capture(&PRODUCTS_SHAPE, "[]");
    for body in [
        r#"[{"sku":"a"},{"sku":"b"}]"#,
        "[]",
        r#"[{"sku":"c","name":"\u0041"}]"#,
    ] {
        assert!(products.push_list(&capture(&PRODUCTS_SHAPE, body)));
    }
    assert!(!products.push_list(&capture(&PRODUCTS_SHAPE, "{}")));
    static SCALARS: Shape = Shape {
        root: Frame {
            width: 1,
            node: Node::scalars("", 0, Kinds::ANY),
        },
    };
    let mut scalars = capture(&SCALARS, "[1, 2 ]");
    assert!(scalars.push_list(&capture(&SCALARS, "[ ]")));
    assert!(scalars.push_list(&capture(&SCALARS, "[\"x\"]")));
    static BOTH: Template = Template::List(&[
        copy(at(0, &[Each(0, All), Value(0)])),
        copy(at(0, &[Each(0, Index(-1)), Value(1)])),
        copy(at(1, &[Value(0)])),
    ]);
    let mut out = Vec::new();
    Scope::new(&[products, scalars])
        .render(&BOTH, &mut out, 1000)
        .unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        r#"[["a","b","c"],"\u0041",[1, 2,"x"]]"#
    );
}

#[test]
fn answers_are_bounded() {
    let tapes = scene();
    let scope = Scope::new(&tapes);
    let mut out = b"kept".to_vec();
    let all = select(at(ORDERS, &[Each(0, All)]), &ID);
    assert_eq!(scope.render(&all, &mut out, 20), Err(RenderError::TooLong));
    static ENDLESS: Block = Block::Value(select(at(ORDERS, &[]), &ENDLESS));
    assert_eq!(
        scope.render(&select(at(ORDERS, &[]), &ENDLESS), &mut out, 20),
        Err(RenderError::TooDeep)
    );
    assert_eq!(out, b"kept");

    // Each of 3000 elements looks for something in a list of as many empty lists.
    static EMPTY: Elements = Elements {
        slot: 0,
        frame: Frame {
            width: 1,
            node: Node::scalar("[][]", 0, Kinds::ANY),
        },
    };
    static OUTER: Elements = Elements {
        slot: 0,
        frame: Frame {
            width: 1,
            node: Node::list("[]", &EMPTY),
        },
    };
    static LISTS: Shape = Shape {
        root: Frame {
            width: 1,
            node: Node::list("", &OUTER),
        },
    };
    static NOTHING: Block = Block::Value(copy(at(0, &[Each(0, All), Each(0, All), Value(0)])));
    let body = format!("[{}]", vec!["[]"; 3000].join(","));
    let tapes = [LISTS
        .capture(Bytes::from(body), &Options::default())
        .unwrap()];
    let mut out = Vec::new();
    let product = select(at(0, &[Each(0, All)]), &NOTHING);
    assert_eq!(
        Scope::new(&tapes).render(&product, &mut out, 100_000),
        Err(RenderError::TooLong)
    );
}
