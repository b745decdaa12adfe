//! Documents: what the tree holds, and where in the file each character of it stands.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use bff_spec::diagnostic::FileId;
use bff_spec::document::{Dialect, Node, parse};

fn spec(text: &str) -> Node {
    let (node, diagnostics) = parse(FileId(0), text, Dialect::Spec);
    assert_eq!(diagnostics, [], "{text}");
    node.expect("a tree")
}

/// Every character of the scalar under `a`, and what stands in the file where it is said to stand.
fn aligned(text: &str) -> Vec<(String, String)> {
    let node = spec(text);
    let value = node.get("a").expect("a");
    let scalar = value.as_scalar().expect("a scalar");
    scalar
        .text
        .char_indices()
        .map(|(i, c)| {
            let place = scalar.place(value.place, i..i + c.len_utf8());
            (c.to_string(), text[place.range()].to_owned())
        })
        .collect()
}

#[test]
fn every_character_of_a_scalar_has_its_place() {
    // Text, the scalar's characters, and where each stands; a character that stands for itself is left out.
    let cases: &[(&str, &str, &[(usize, &str)])] = &[
        ("a: plain", "plain", &[]),
        ("a:   é plain ü  # comment", "é plain ü", &[]),
        (
            "a: one\n  two\n\n  three\n",
            "one two\nthree",
            &[(3, "\n"), (7, "\n")],
        ),
        (
            "a: one\r\n  twö\r\n\r\n  three\r\n",
            "one twö\nthree",
            &[(3, "\r"), (7, "\r")],
        ),
        ("a: 'it''s é'", "it's é", &[(2, "''")]),
        ("a: 'one\n  two'", "one two", &[(3, "\n")]),
        (
            "a: \"x\\ty\\u00e9z\"",
            "x\tyéz",
            &[(1, "\\t"), (3, "\\u00e9")],
        ),
        ("a: \"\\\"q\\\"\"", "\"q\"", &[(0, "\\\""), (2, "\\\"")]),
        ("a: \"one\n  two\"", "one two", &[(3, "\n")]),
        ("a: \"one\\\n    two\"", "onetwo", &[]),
        ("a: \"\\U0001F980!\"", "🦀!", &[(0, "\\U0001F980")]),
        (
            "a: |\n  one\n    two\n\n  é three\n",
            "one\n  two\n\né three\n",
            &[],
        ),
        (
            "a: |\r\n  one\r\n    two\r\n\r\n  é\r\n",
            "one\n  two\n\né\n",
            &[(3, "\r"), (9, "\r"), (10, "\r"), (12, "\r")],
        ),
        ("a: |-\n  one\n  two", "one\ntwo", &[]),
        ("a: |2\n    x\n   y\n", "  x\n y\n", &[]),
        ("a: |+\n  one\n\n", "one\n\n", &[]),
        (
            "a: |\n\n\n  one # no comment\n",
            "\n\none # no comment\n",
            &[],
        ),
        (
            "a: >\n  one\n  two\n\n  three\n",
            "one two\nthree\n",
            &[(3, "\n")],
        ),
        ("a: >\n  one\n   more\n  two\n", "one\n more\ntwo\n", &[]),
        ("a: >-\r\n  é one\r\n  two\r\n", "é one two", &[(5, "\r")]),
    ];
    for (text, expected, elsewhere) in cases {
        let aligned = aligned(text);
        let chars: String = aligned.iter().map(|(c, _)| c.as_str()).collect();
        assert_eq!(chars, *expected, "{text:?}");
        for (i, (c, at)) in aligned.iter().enumerate() {
            let expected = elsewhere
                .iter()
                .find(|(n, _)| *n == i)
                .map_or(c.as_str(), |(_, at)| at);
            let same = if c.trim().is_empty() {
                at.starts_with(expected)
            } else {
                at == expected
            };
            assert!(
                same,
                "character {i} of {text:?} stands at {at:?}, not {expected:?}"
            );
        }
    }
}

#[test]
fn block_scalar_in_a_nested_map() {
    let text = "a:\n  b:\n    c: |\n      x { y }\n      zé: w\nd: 1\n";
    let node = spec(text);
    let value = node
        .get("a")
        .and_then(|n| n.get("b"))
        .and_then(|n| n.get("c"))
        .unwrap();
    let scalar = value.as_scalar().unwrap();
    let at = scalar.text.find("w").unwrap();
    let place = scalar.place(value.place, at..at + 1);
    assert_eq!(&text[place.range()], "w");
    assert_eq!(place.start as usize, text.find('w').unwrap());
}
