//! What a capture refuses, and what it only notes.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use bff_json::ErrorKind::{
    ControlCharacter, InvalidEscape, InvalidNumber, InvalidUtf8, MismatchedBracket, TooDeep,
    TooManyValues, TrailingBytes, UnexpectedByte, UnexpectedEnd,
};
use bff_json::{
    Elements, ErrorKind, Fault, Fields, Frame, Key, Kinds, Mode, Node, OnList, OnObject, Options,
    Shape,
};
use bytes::Bytes;

static ITEM: Fields = Fields {
    keys: &[Key {
        name: "id",
        required: true,
        node: Node::scalar("items[].id", 0, Kinds::INTEGER),
    }],
    rest: None,
};
static ITEMS: Elements = Elements {
    slot: 1,
    first: Elements::ALL,
    frame: Frame {
        width: 1,
        node: Node::object("items[]", 0, 1, &ITEM),
    },
};
static FIRST: Elements = Elements::new(
    4,
    1,
    Node::object(
        "first[]",
        0,
        1,
        &Fields {
            keys: &[Key {
                name: "id",
                required: true,
                node: Node::scalar("first[].id", 0, Kinds::INTEGER),
            }],
            rest: None,
        },
    ),
)
.first(2);
static ROOT: Fields = Fields {
    keys: &[
        Key {
            name: "name",
            required: true,
            node: Node::scalar("name", 0, Kinds::STRING),
        },
        Key {
            name: "items",
            required: true,
            node: Node::list("items", &ITEMS),
        },
        Key {
            name: "tags",
            required: false,
            node: Node::scalars("tags", 2, Kinds::STRING),
        },
        Key {
            name: "any",
            required: false,
            node: Node::any("any", 3),
        },
        Key {
            name: "first",
            required: false,
            node: Node::list("first", &FIRST),
        },
    ],
    rest: None,
};
static SHAPE: Shape = Shape {
    root: Frame {
        width: 5,
        node: Node::object("", 0, 5, &ROOT),
    },
};

#[test]
fn errors() {
    // Body, what the fast mode says, what the strict mode says.
    type Says = Option<(ErrorKind, usize)>;
    let cases: &[(&[u8], Says, Says)] = &[
        (b"", Some((UnexpectedEnd, 0)), None),
        (b"  ", Some((UnexpectedEnd, 2)), None),
        (b"{", Some((UnexpectedEnd, 1)), None),
        (b"{\"name\"", Some((UnexpectedEnd, 7)), None),
        (b"{\"name\":\"a", Some((UnexpectedEnd, 10)), None),
        (b"{\"name\":\"a\"", Some((UnexpectedEnd, 11)), None),
        (b"{\"name\":\"a\"}}", Some((TrailingBytes, 12)), None),
        (b"{\"name\":\"a\"]", Some((MismatchedBracket, 11)), None),
        (b"{\"name\":\"a\",}", Some((UnexpectedByte, 12)), None),
        (b"{name:1}", Some((UnexpectedByte, 1)), None),
        (b"{\"name\" 1}", Some((UnexpectedByte, 8)), None),
        (b"{\"name\":\"\x01\"}", Some((ControlCharacter, 9)), None),
        (b"{\"name\":\"\\x\"}", Some((InvalidEscape, 9)), None),
        (b"{\"name\":\"\\u12g4\"}", Some((InvalidEscape, 9)), None),
        (b"{\"name\":\"\\u12", Some((UnexpectedEnd, 13)), None),
        (b"{\"name\":\"a\xff\"}", Some((InvalidUtf8, 10)), None),
        (b"{\"name\":\"\\n\xe2\x98\"}", Some((InvalidUtf8, 11)), None),
        (b"{\"na\xffme\":1}", Some((InvalidUtf8, 4)), None),
        (b"{\"unwanted\\x\":1}", Some((InvalidEscape, 10)), None),
        (b"{\"name\":01}", Some((UnexpectedByte, 9)), None),
        (b"{\"name\":1.}", Some((InvalidNumber, 10)), None),
        (b"{\"name\":-}", Some((InvalidNumber, 9)), None),
        (b"{\"name\":1e+}", Some((InvalidNumber, 11)), None),
        (b"{\"name\":nul}", Some((UnexpectedByte, 11)), None),
        (b"{\"name\":tru", Some((UnexpectedEnd, 11)), None),
        (
            b"{\"items\":[{\"id\":1},]}",
            Some((UnexpectedByte, 19)),
            None,
        ),
        (
            b"{\"items\":[{\"id\":1}}",
            Some((MismatchedBracket, 18)),
            None,
        ),
        (
            b"{\"tags\":[\"a\" \"b\"]}",
            Some((UnexpectedByte, 13)),
            None,
        ),
        (
            b"{\"any\":{\"a\":[1,2}}",
            Some((MismatchedBracket, 16)),
            None,
        ),
        (b"{\"any\":{\"a\" 1}}", Some((UnexpectedByte, 12)), None),
        // Skipped: brackets and the ends of strings count in both modes, the rest only in the strict one.
        (
            b"{\"skip\":{\"a\":[1,2}}",
            Some((MismatchedBracket, 17)),
            None,
        ),
        (b"{\"skip\":{\"a\":\"b}", Some((UnexpectedEnd, 16)), None),
        (b"{\"skip\":\"b\\\"", Some((UnexpectedEnd, 12)), None),
        (b"{\"skip\":01}", Some((UnexpectedByte, 9)), None),
        (b"{\"skip\":{\"a\":01}}", None, Some((UnexpectedByte, 14))),
        (b"{\"skip\":[1 2]}", None, Some((UnexpectedByte, 11))),
        (b"{\"skip\":\"\x01\"}", None, Some((ControlCharacter, 9))),
        (b"{\"skip\":\"\xff\"}", None, Some((InvalidUtf8, 9))),
        // So it is with elements after the first two, if no others are wanted.
        (
            b"{\"first\":[{\"id\":1},{\"id\":01}]}",
            Some((UnexpectedByte, 26)),
            None,
        ),
        (
            b"{\"first\":[1,2,{\"id\":01}]}",
            None,
            Some((UnexpectedByte, 21)),
        ),
        (b"{\"first\":[1,2,3 4]}", None, Some((UnexpectedByte, 16))),
        (b"{\"first\":[1,2,]}", None, Some((UnexpectedByte, 14))),
        (b"{\"first\":[1,2 3]}", Some((UnexpectedByte, 14)), None),
        (
            b"{\"first\":[1,2,[3}]}",
            Some((MismatchedBracket, 16)),
            None,
        ),
        (b"{\"first\":[1,2,3}]}", Some((MismatchedBracket, 15)), None),
        (b"{\"first\":[1,2,\"]}", Some((UnexpectedEnd, 17)), None),
        (b"{\"first\":[1,2,3", Some((UnexpectedEnd, 15)), None),
        // Under a name the shape has, everything is checked, captured or not.
        (b"{\"name\":[1 2]}", Some((UnexpectedByte, 11)), None),
        (b"{\"items\":\"\xff\"}", Some((InvalidUtf8, 10)), None),
    ];
    for (body, fast, strict) in cases {
        for (mode, expected) in [(Mode::Fast, *fast), (Mode::Strict, strict.or(*fast))] {
            let options = Options {
                mode,
                ..Options::default()
            };
            let error = SHAPE.capture(Bytes::copy_from_slice(body), &options).err();
            let error = error.map(|error| (error.kind, error.offset));
            assert_eq!(
                error,
                expected,
                "{mode:?}: {}",
                String::from_utf8_lossy(body)
            );
        }
    }
}

#[test]
fn an_error_says_what_and_where() {
    let error = SHAPE
        .capture(Bytes::from_static(b"{\"name\":01}"), &Options::default())
        .unwrap_err();
    assert_eq!(error.to_string(), "unexpected byte in JSON at byte 9");
}

#[test]
fn bounds() {
    let within = |body: String, options: Options| {
        SHAPE
            .capture(Bytes::from(body), &options)
            .err()
            .map(|error| error.kind)
    };
    for mode in [Mode::Fast, Mode::Strict] {
        for name in ["any", "skip", "name", "first"] {
            for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
                let nested = |depth: usize| {
                    format!(
                        "{{\"{name}\":{}1{}}}",
                        open.repeat(depth),
                        close.repeat(depth)
                    )
                };
                let options = Options {
                    mode,
                    ..Options::default()
                };
                assert_eq!(within(nested(127), options), None, "{name}");
                assert_eq!(within(nested(128), options), Some(TooDeep), "{name}");
                let options = Options {
                    mode,
                    depth: 3,
                    ..Options::default()
                };
                assert_eq!(within(nested(2), options), None, "{name}");
                assert_eq!(within(nested(3), options), Some(TooDeep), "{name}");
                let options = Options {
                    mode,
                    depth: u16::MAX,
                    ..Options::default()
                };
                assert_eq!(within(nested(255), options), None, "{name}");
                assert_eq!(within(nested(100_000), options), Some(TooDeep), "{name}");
            }
        }
    }
    let many = format!("{{\"items\":[{}]}}", vec!["{}"; 1000].join(","));
    let options = Options {
        max_arena: 2006,
        ..Options::default()
    };
    assert_eq!(within(many.clone(), options), None);
    let options = Options {
        max_arena: 2005,
        ..Options::default()
    };
    assert_eq!(within(many, options), Some(TooManyValues));
}

#[test]
fn nesting_that_a_shape_follows_is_bounded() {
    static CHILD: Frame = Frame {
        width: 2,
        node: Node::object("", 0, 2, &CHILD_FIELDS),
    };
    static CHILD_FIELDS: Fields = Fields {
        keys: &[
            Key {
                name: "child",
                required: false,
                node: Node {
                    at: "child",
                    kinds: Kinds::OBJECT,
                    first: 0,
                    end: 1,
                    own: None,
                    object: OnObject::Framed {
                        slot: 0,
                        frame: &CHILD,
                    },
                    list: OnList::Reject,
                },
            },
            Key {
                name: "children",
                required: false,
                node: Node::list("children", &CHILDREN),
            },
        ],
        rest: None,
    };
    static CHILDREN: Elements = Elements {
        slot: 1,
        first: Elements::ALL,
        frame: Frame {
            width: 2,
            node: Node::object("", 0, 2, &CHILD_FIELDS),
        },
    };
    static TREE: Shape = Shape {
        root: Frame {
            width: 2,
            node: Node::object("", 0, 2, &CHILD_FIELDS),
        },
    };
    for (open, close, levels) in [("{\"child\":", "}", 1), ("{\"children\":[", "]}", 2)] {
        let capture = |depth: usize, allowed: u16| {
            let body = [open.repeat(depth), "{}".to_owned(), close.repeat(depth)].concat();
            let options = Options {
                depth: allowed,
                ..Options::default()
            };
            TREE.capture(Bytes::from(body), &options)
                .err()
                .map(|error| error.kind)
        };
        assert_eq!(capture(127 / levels, 128), None);
        assert_eq!(capture(128 / levels, 128), Some(TooDeep));
        assert_eq!(capture(255 / levels, 256), None);
        assert_eq!(capture(100_000, 256), Some(TooDeep));
    }
}

#[test]
fn breaches() {
    use Fault::{Kind, Missing, Null};
    type Notes<'a> = &'a [(&'a str, Fault, u32)];
    let cases: &[(&str, Notes<'_>)] = &[
        (
            r#"{"name":"a","items":[{"id":1}],"tags":["x"],"any":{}}"#,
            &[],
        ),
        (r#"{"name":1,"items":[]}"#, &[("name", Kind, 1)]),
        (r#"{"name":null,"items":[]}"#, &[("name", Null, 1)]),
        (r#"{"name":{},"items":[]}"#, &[("name", Kind, 1)]),
        (r#"{"items":[]}"#, &[("name", Missing, 1)]),
        (r#"{"name":"a","items":null}"#, &[("items", Null, 1)]),
        (r#"{"name":"a","items":{"id":1}}"#, &[("items", Kind, 1)]),
        (
            r#"{"name":"a","items":[{"id":1.5},{"id":"1"},{},3]}"#,
            &[
                ("items[].id", Kind, 2),
                ("items[].id", Missing, 1),
                ("items[]", Kind, 1),
            ],
        ),
        (
            r#"{"name":"a","items":[],"tags":["x",1,null]}"#,
            &[("tags", Kind, 1), ("tags", Null, 1)],
        ),
        (
            r#"{"name":"a","items":[],"first":[{"id":"1"},{},{"id":"]"},3,[{}]],"tags":[1]}"#,
            &[
                ("first[].id", Kind, 1),
                ("first[].id", Missing, 1),
                ("tags", Kind, 1),
            ],
        ),
        (
            r#"{"name":"a","items":[],"tags":["x",[1]]}"#,
            &[("tags", Kind, 1)],
        ),
        (r#"[]"#, &[("", Kind, 1)]),
    ];
    for (body, expected) in cases {
        let tape = SHAPE
            .capture(Bytes::from_static(body.as_bytes()), &Options::default())
            .unwrap();
        let found: Vec<_> = tape
            .breaches()
            .iter()
            .map(|breach| (breach.at, breach.fault, breach.count))
            .collect();
        assert_eq!(found, *expected, "{body}");
        let total: u32 = expected.iter().map(|(_, _, count)| count).sum();
        assert_eq!(tape.breaches().total(), u64::from(total));
    }
}

#[test]
fn what_is_captured() {
    // Body, the name, how many items, the first item's id, the tags, anything.
    type Seen<'a> = (
        Option<&'a str>,
        Option<usize>,
        Option<&'a str>,
        Option<&'a str>,
        Option<&'a str>,
    );
    let cases: &[(&str, Seen<'_>)] = &[
        (
            r#"{"n\u0061me":"x","items":[{"\u0069d":7}]}"#,
            (Some("\"x\""), Some(1), Some("7"), None, None),
        ),
        // A scalar of another kind passes as it is; what has no place doesn't.
        (
            r#"{"name":true,"items":[{"id":"7"}],"tags":"x"}"#,
            (Some("true"), Some(1), Some("\"7\""), Some("\"x\""), None),
        ),
        (
            r#"{"name":{"secret":1},"items":{"id":1},"tags":[{}]}"#,
            (None, None, None, None, None),
        ),
        // Of duplicate keys the last counts, whatever it is.
        (
            r#"{"name":"a","items":[{"id":1}],"name":"b","items":[]}"#,
            (Some("\"b\""), Some(0), None, None, None),
        ),
        (
            r#"{"items":[{"id":1,"id":2}],"any":1,"any":{ "x":[2] }}"#,
            (None, Some(1), Some("2"), None, Some("{ \"x\":[2] }")),
        ),
        (
            r#"{"name":"a","items":[{"id":1}],"items":{},"name":[]}"#,
            (None, None, None, None, None),
        ),
        (
            r#"{"tags":[1],"tags":null}"#,
            (None, None, None, Some("null"), None),
        ),
        (r#" [ {"name":"a"} ] "#, (None, None, None, None, None)),
    ];
    for (body, expected) in cases {
        let tape = SHAPE
            .capture(Bytes::from_static(body.as_bytes()), &Options::default())
            .unwrap();
        let root = tape.root().unwrap();
        let text = |slot| root.value(slot).map(|raw| raw.json());
        let items = root.frames(1);
        let first = items
            .clone()
            .and_then(|mut items| items.next()?.value(0))
            .map(|raw| raw.json());
        let seen = (
            text(0),
            items.map(|items| items.len()),
            first,
            text(2),
            text(3),
        );
        assert_eq!(seen, *expected, "{body}");
    }
}

#[test]
fn keys_that_do_not_repeat_as_expected() {
    // Each element has its keys in another order, leaves some out, or brings others.
    let elements = [
        r#"{"x":0,"id":1,"y":"id"}"#,
        r#"{"x":0,"id":2,"y":"id"}"#,
        r#"{"id":3,"x":{"id":9}}"#,
        r#"{"y":1,"id":4}"#,
        r#"{"new":[],"x":0,"id":5}"#,
        r#"{"x":0,"new":[],"i\u0064":6,"y":2}"#,
        r#"{ "x" : 0 , "id" : 7 }"#,
        r#"{"x":0,"id":0,"y":"","id":8}"#,
        r#"{"idx":0,"i":0,"id":9,"":0}"#,
        r#"{"x":0,"id":10,"y":"id"}"#,
    ];
    let body = format!("{{\"items\":[{}]}}", elements.join(","));
    let tape = SHAPE
        .capture(Bytes::from(body), &Options::default())
        .unwrap();
    let ids: Vec<_> = tape
        .root()
        .unwrap()
        .frames(1)
        .unwrap()
        .map(|item| item.value(0).unwrap().json())
        .collect();
    assert_eq!(ids, ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
}

#[test]
fn more_wanted_keys_than_a_word_has_bits() {
    let keys: Vec<Key> = (0..300u16)
        .map(|slot| Key {
            name: format!("key{slot}").leak(),
            required: true,
            node: Node::scalar("", slot, Kinds::INTEGER),
        })
        .collect();
    let fields = Box::leak(Box::new(Fields {
        keys: keys.leak(),
        rest: None,
    }));
    let shape = Shape {
        root: Frame {
            width: 300,
            node: Node::object("", 0, 300, fields),
        },
    };
    let fields: Vec<String> = (0..299)
        .rev()
        .map(|slot| format!("\"key{slot}\":{slot}"))
        .collect();
    let body = format!("{{{},\"key0\":1000}}", fields.join(","));
    let tape = shape
        .capture(Bytes::from(body), &Options::default())
        .unwrap();
    let root = tape.root().unwrap();
    assert_eq!(root.value(0).unwrap().json(), "1000");
    assert_eq!(root.value(298).unwrap().json(), "298");
    assert_eq!(tape.breaches().total(), 1);
}
