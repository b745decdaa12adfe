//! Templates, and the text they write.

use bff_json::Hop::{Each, Into as Inner, Is, Value};
use bff_json::Pick::{All, Every, First, Index, Slice};
use bff_json::{Absent, Block, Entry, Kinds, Match, Operand, Scope, Template, Test};

use crate::scene::{ABSENT, INPUTS, ODD, ORDERS, PRODUCTS, STOCK, capture, scene};
use crate::shapes::{PRODUCTS_SHAPE, at, copy, field, here, or, select};

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
fn a_join_compares_what_strings_mean() {
    static SLASHED: Match = Match {
        keys: &[(0, Operand::Literal(r#""\\n""#))],
    };
    static NAMES: Template = copy(at(0, &[Each(0, Every(&SLASHED)), Value(1)]));
    // The first key's text is as long as what the second one means, and the same bytes.
    let body = r#"[{"sku":"\n","name":"newline"},{"sku":"\\n","name":"slashed"},{"sku":"\u005cn","name":"again"}]"#;
    let tapes = [capture(&PRODUCTS_SHAPE, body)];
    let mut out = Vec::new();
    Scope::new(&tapes)
        .render(&NAMES, &mut out, 1 << 10)
        .unwrap();
    assert_eq!(out, br#"["slashed","again"]"#);
}
