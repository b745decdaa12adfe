//! Random selections of random documents: capturing and writing gives what parsing, selecting and writing gives.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use bff_json::{
    Block, Engine, Entry, Hop, Match, Mode, Operand, Options, Path, Pick, Root, Scope, Template,
};
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};
use support::selection::Selection;

/// Names, as documents write them and as they are.
const NAMES: [(&str, &str); 6] = [
    ("a", "a"),
    ("\\u0062", "b"),
    ("b", "b"),
    ("naïve", "naïve"),
    ("a longer name than one load", "a longer name than one load"),
    ("c", "c"),
];

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        (any::<i32>(), 0u32..1000, -20i32..20)
            .prop_map(|(whole, part, power)| format!("{whole}.{part}e{power}")),
        "[ -~é☃]{0,40}".prop_map(|text| serde_json::to_string(&text).unwrap()),
        prop::sample::select(vec![
            r#""\u00e9\n\"\\""#,
            r#""\ud83d\ude00 \/""#,
            r#""""#,
            r#""\\\\\\\"""#
        ])
        .prop_map(str::to_owned),
    ]
}

fn blank() -> impl Strategy<Value = &'static str> {
    prop_oneof![6 => Just(""), 1 => Just(" "), 1 => Just("\n  \t\r\n                                    ")]
}

/// Text of a document.
fn document() -> impl Strategy<Value = String> {
    scalar().prop_recursive(5, 120, 8, |inner| {
        let name = prop::sample::select(NAMES.to_vec()).prop_map(|(written, _)| written);
        prop_oneof![
            (prop::collection::vec(inner.clone(), 0..6), blank()).prop_map(|(items, blank)| {
                format!("[{blank}{}{blank}]", items.join(&format!("{blank},")))
            }),
            (prop::collection::vec((name, inner), 0..8), blank()).prop_map(|(fields, blank)| {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(name, value)| format!("\"{name}\"{blank}:{blank}{value}{blank}"))
                    .collect();
                format!("{{{blank}{}}}", fields.join(&format!(",{blank}")))
            }),
        ]
    })
}

fn selection() -> impl Strategy<Value = Selection> {
    let leaf = prop_oneof![
        Just(Selection::Scalar),
        Just(Selection::Any),
        Just(Selection::Scalars)
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            inner
                .clone()
                .prop_map(|element| Selection::Each(Box::new(element))),
            inner
                .clone()
                .prop_map(|entry| Selection::Map(Box::new(entry))),
            prop::collection::btree_map(
                prop::sample::select(NAMES.to_vec()).prop_map(|(_, name)| name),
                inner,
                0..5
            )
            .prop_map(|fields| {
                let fields = fields
                    .into_iter()
                    .map(|(name, selection)| (name.to_owned(), selection));
                Selection::Fields(fields.collect())
            }),
        ]
    })
}

/// A selection that finds something in a document: its fields and lists, some of them.
fn fitting(value: &Value, seed: &mut u64) -> Selection {
    *seed = seed
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    let choice = *seed >> 33;
    match value {
        Value::Object(object) if !choice.is_multiple_of(4) => {
            let wanted = object
                .iter()
                .enumerate()
                .filter(|(place, _)| choice >> place & 1 == 0);
            Selection::Fields(
                wanted
                    .map(|(_, (name, value))| (name.clone(), fitting(value, seed)))
                    .collect(),
            )
        }
        Value::Object(object) if !choice.is_multiple_of(8) => match object.values().next() {
            Some(value) => Selection::Map(Box::new(fitting(value, seed))),
            None => Selection::Any,
        },
        Value::Array(list) if !choice.is_multiple_of(8) => match list.first() {
            Some(value) => Selection::Each(Box::new(fitting(value, seed))),
            None => Selection::Scalars,
        },
        Value::Object(_) | Value::Array(_) => Selection::Any,
        _ => Selection::Scalar,
    }
}

fn check(document: &str, selection: &Selection) {
    let value: Value = serde_json::from_str(document).unwrap();
    let compiled = selection.compile();
    for (mode, engine) in [
        (Mode::Fast, Engine::Detect),
        (Mode::Strict, Engine::Detect),
        (Mode::Fast, Engine::Portable),
    ] {
        let options = Options {
            mode,
            engine,
            ..Options::default()
        };
        let body = Bytes::copy_from_slice(document.as_bytes());
        let tape = compiled.shape.capture(body, &options).unwrap();
        let mut out = Vec::new();
        Scope::new(&[tape])
            .render(compiled.template, &mut out, 1 << 24)
            .unwrap();
        let ours: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(
            ours,
            selection.apply(Some(&value)),
            "{document}\n{selection:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_selection(document in document(), selection in selection()) {
        check(&document, &selection);
    }

    #[test]
    fn a_fitting_selection(document in document(), mut seed in any::<u64>()) {
        let value: Value = serde_json::from_str(&document).unwrap();
        check(&document, &fitting(&value, &mut seed));
    }

    #[test]
    fn elements_that_repeat(elements in prop::collection::vec(document(), 2..5), times in 1usize..6, mut seed in any::<u64>()) {
        let one = elements.join(",");
        let document = format!("[{}]", vec![one; times].join(","));
        let value: Value = serde_json::from_str(&document).unwrap();
        check(&document, &fitting(&value, &mut seed));
    }

    #[test]
    fn a_truncated_document_is_an_error(document in document(), selection in selection(), cut in any::<prop::sample::Index>()) {
        let document = format!("[{document}]");
        let compiled = selection.compile();
        let end = cut.index(document.len());
        let body = Bytes::copy_from_slice(&document.as_bytes()[..end]);
        let error = compiled.shape.capture(body, &Options::default()).unwrap_err();
        prop_assert!(error.offset <= end);
    }

    #[test]
    fn joins(left in prop::collection::vec(0i64..40, 0..60), right in prop::collection::vec(0i64..40, 0..60)) {
        join(&left, &right);
    }
}

/// Elements of two lists joined by a number on one side and a text on the other, in both ways.
fn join(left: &[i64], right: &[i64]) {
    const ID: Template = Template::Copy {
        path: Path {
            root: Root::Current,
            hops: &[Hop::Value(2)],
        },
        default: None,
    };
    static KEY: Match = Match {
        keys: &[(
            1,
            Operand::Path(Path {
                root: Root::Current,
                hops: &[Hop::Value(1)],
            }),
        )],
    };
    static JOINED: Template = Template::Select {
        path: Path {
            root: Root::Tape(0),
            hops: &[Hop::Each(0, Pick::All)],
        },
        block: &Block::Value(Template::List(&[
            Template::Copy {
                path: Path {
                    root: Root::Tape(1),
                    hops: &[Hop::Each(0, Pick::First(&KEY)), Hop::Value(2)],
                },
                default: None,
            },
            Template::Select {
                path: Path {
                    root: Root::Tape(1),
                    hops: &[Hop::Each(0, Pick::Every(&KEY))],
                },
                block: &Block::Fields(&[Entry::Field {
                    key: "\"id\":",
                    value: ID,
                    absent: bff_json::Absent::Null,
                }]),
                default: None,
            },
        ])),
        default: None,
    };
    let element = Selection::Fields(vec![
        ("key".to_owned(), Selection::Scalar),
        ("id".to_owned(), Selection::Scalar),
    ]);
    let compiled = Selection::Each(Box::new(element)).compile();
    let list = |keys: &[i64], text: bool| -> Value {
        keys.iter()
            .enumerate()
            .map(|(id, key)| json!({ "key": if text { json!(key.to_string()) } else { json!(key) }, "id": id }))
            .collect()
    };
    let capture = |value: Value| {
        compiled
            .shape
            .capture(Bytes::from(value.to_string()), &Options::default())
            .unwrap()
    };
    let tapes = [capture(list(left, false)), capture(list(right, true))];
    let mut out = Vec::new();
    Scope::new(&tapes)
        .render(&JOINED, &mut out, 1 << 20)
        .unwrap();
    let expected: Value = left
        .iter()
        .map(|key| {
            let all: Vec<usize> = (0..right.len())
                .filter(|&place| right[place] == *key)
                .collect();
            let every: Vec<Value> = all.iter().map(|id| json!({ "id": id })).collect();
            json!([all.first(), every])
        })
        .collect();
    assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), expected);
}
