//! Documents: what the tree holds, and where in the file each character of it stands.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use bff_spec::diagnostic::FileId;
use bff_spec::document::{Core, Dialect, MAX_DEPTH, Node, parse};

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

/// A text, a scalar's characters, and what some of them stand for.
type Case = (&'static str, &'static str, &'static [(usize, &'static str)]);

#[test]
fn every_character_of_a_scalar_has_its_place() {
    // Text, the scalar's characters, and where each stands; a character that stands for itself is left out.
    let cases: &[Case] = &[
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

/// What is wrong with a text: the text it is said of, the message, the help.
fn wrong(text: &str, dialect: Dialect) -> Vec<(String, String, String)> {
    let (_, diagnostics) = parse(FileId(0), text, dialect);
    diagnostics
        .into_iter()
        .map(|d| {
            let at = text[d.place.range()].to_owned();
            (at, d.message, d.help.unwrap_or_default())
        })
        .collect()
}

#[test]
fn slips_are_explained() {
    let cases = [
        (
            "a:\n\tb: 1\n",
            "\t",
            "a tab indents this line",
            "indent with spaces",
        ),
        (
            "a: x: y\n",
            ":",
            "a second `:` in one line: YAML takes it for a key",
            "put the value in quotes: 'x: y'",
        ),
        (
            "a: call(x = 'b': c)\n",
            ":",
            "a second `:` in one line: YAML takes it for a key",
            "put the value in quotes: \"call(x = 'b': c)\"",
        ),
        (
            "a:1\nb: 2\n",
            ":",
            "the line above is text, so no key can follow",
            "a space stands after the `:` of the line above: `a: 1`",
        ),
        (
            "a: 1\n b: 2\n",
            ":",
            "the line above has a value, so no key can stand below it",
            "keys of one map start in the same column",
        ),
        (
            "a: { url: ${Y:-http://x} }\n",
            "${Y:-http://x}",
            "braces of a variable between brackets",
            "between brackets it is quoted: \"${Y:-http://x}\"",
        ),
        (
            "a: @b\n",
            "@",
            "a value can't start with `@`",
            "put the value in quotes: '@b'",
        ),
        (
            "a: `b`\n",
            "`",
            "a value can't start with a backtick",
            "put the value in quotes: '`b`'",
        ),
        (
            "a: { id } name\n",
            "n",
            "text after the end of the value",
            "put the value in quotes: '{ id } name'",
        ),
        (
            "a: \"x\" y\n",
            "y",
            "text after the closing quote",
            "put the value in quotes: '\"x\" y'",
        ),
        ("a: 'x\n", "'", "this quote is never closed", ""),
        (
            "a: [x\n",
            "[",
            "this `[` is never closed",
            "close it with `]`",
        ),
        (
            "a: ]\n",
            "]",
            "this bracket closes nothing",
            "put the value in quotes: ']'",
        ),
        (
            "a:\n  b: 1\n c: 2\n",
            "c",
            "this line stands under no line above: its indentation differs",
            "",
        ),
        (
            "a: - b\n",
            "-",
            "a list can't start here",
            "a list starts on a line of its own, or is written `[…]`",
        ),
        ("a: \0b\n", "\0", "the character U+0000 can't be here", ""),
        (
            "a: |\n  x\nb\n",
            "b",
            "this line has no `:`",
            "a key ends in `:`; text over several lines is indented deeper than its key",
        ),
    ];
    for (text, at, message, help) in cases {
        let expected = vec![(at.to_owned(), message.to_owned(), help.to_owned())];
        assert_eq!(wrong(text, Dialect::Spec), expected, "{text:?}");
    }
}

#[test]
fn specs_use_a_part_of_yaml() {
    let cases = [
        ("a: &x 1\n", "&x", "specs have no YAML anchors"),
        ("a: *x\n", "*x", "specs have no YAML aliases"),
        ("a: !int 1\n", "!int", "specs have no YAML tags"),
        ("a: !!str 1\n", "!!str", "specs have no YAML tags"),
        ("<<: { a: 1 }\n", "<<", "specs have no YAML merge keys"),
        ("a: 1\nb: 2\na: 3\n", "a", "`a` is here twice"),
        ("{ [a]: 1 }\n", "[a]", "a key must be text, not a list"),
        (
            "? { a: 1 }\n: 2\n",
            "{ a: 1 }",
            "a key must be text, not a map",
        ),
        (": 1\n", "", "a key is missing before the `:`"),
    ];
    for (text, at, message) in cases {
        let wrong = wrong(text, Dialect::Spec);
        assert_eq!(wrong.len(), 1, "{text:?}: {wrong:?}");
        assert_eq!(
            (wrong[0].0.as_str(), wrong[0].1.as_str()),
            (at, message),
            "{text:?}"
        );
    }
    let second = wrong("a: 1\n---\nb: 2\n", Dialect::Spec);
    assert_eq!(
        second[0].1,
        "a second document starts here; a file holds one"
    );
}

#[test]
fn the_core_schema_is_that_of_yaml_1_2() {
    let cases = [
        ("", Core::Null, "null"),
        ("~", Core::Null, "null"),
        ("Null", Core::Null, "null"),
        ("nULL", Core::Str("nULL"), "\"nULL\""),
        ("true", Core::Bool(true), "true"),
        ("FALSE", Core::Bool(false), "false"),
        ("yes", Core::Str("yes"), "\"yes\""),
        ("NO", Core::Str("NO"), "\"NO\""),
        ("12", Core::Int("12"), "12"),
        ("+12", Core::Int("+12"), "12"),
        ("-0", Core::Int("-0"), "-0"),
        ("007", Core::Int("007"), "7"),
        ("-007", Core::Int("-007"), "-7"),
        ("0x1F", Core::Int("0x1F"), "31"),
        ("0o17", Core::Int("0o17"), "15"),
        (
            "123456789012345678901234567890",
            Core::Int("123456789012345678901234567890"),
            "123456789012345678901234567890",
        ),
        ("1.50", Core::Float("1.50"), "1.50"),
        (".5", Core::Float(".5"), "0.5"),
        ("1.", Core::Float("1."), "1"),
        ("+1e3", Core::Float("+1e3"), "1e3"),
        ("-.inf", Core::Float("-.inf"), "\"-.inf\""),
        (".NaN", Core::Float(".NaN"), "\".NaN\""),
        ("1_000", Core::Str("1_000"), "\"1_000\""),
        ("2027-06-30", Core::Str("2027-06-30"), "\"2027-06-30\""),
        ("1e", Core::Str("1e"), "\"1e\""),
        (".", Core::Str("."), "\".\""),
        ("0x", Core::Str("0x"), "\"0x\""),
        ("'12'", Core::Str("12"), "\"12\""),
        ("\"\"", Core::Str(""), "\"\""),
    ];
    for (text, core, json) in cases {
        let node = spec(&format!("a: {text}\n"));
        let value = node.get("a").unwrap();
        assert_eq!(value.core(), Some(core), "{text}");
        assert_eq!(value.json_text(), json, "{text}");
        if !json.contains("12345") {
            let same: serde_json::Value = serde_json::from_str(json).unwrap();
            assert_eq!(value.to_json(), same, "{text}");
        }
    }
}

#[test]
fn places_of_collections() {
    let text = "a: { b: [1, 2] }\nc:\n  - d\n  - e: f\ng:\n";
    let node = spec(text);
    let at = |node: &Node| text[node.place.range()].to_owned();
    assert_eq!(at(node.get("a").unwrap()), "{ b: [1, 2] }");
    assert_eq!(at(node.get("a").unwrap().get("b").unwrap()), "[1, 2]");
    assert_eq!(at(node.get("c").unwrap()), "- d\n  - e: f");
    assert_eq!(at(&node.get("c").unwrap().as_list().unwrap()[1]), "e: f");
    assert_eq!(at(node.get("g").unwrap()), "");
    let block = "a: |  # told\n  text\nb: 1\n";
    let node = spec(block);
    assert!(block[node.get("a").unwrap().place.range()].starts_with("|  # told\n  text"));
}

#[test]
fn json_and_yaml_read_alike() {
    let texts = [
        r#"{"a": [1, -2.5e3, true, null, "x\u00e9\n\ud83e\udd80/\/"], "b": {}, "": []}"#,
        "[]",
        "\u{feff}{\"a\":\"é\"}",
        " { } ",
    ];
    for text in texts {
        let (json, faults) = parse(FileId(0), text, Dialect::Contract);
        assert_eq!(faults, []);
        let (yaml, faults) = parse(FileId(0), text, Dialect::Spec);
        assert_eq!(faults, []);
        assert_eq!(json, yaml, "{text}");
    }
}

#[test]
fn braces_that_are_no_json_are_yaml() {
    for text in ["{ a: 1 }", "{ \"a\": 1, } # told", "[a, 'b']"] {
        let (node, faults) = parse(FileId(0), text, Dialect::Contract);
        assert_eq!(faults, [], "{text}");
        assert!(node.is_some(), "{text}");
    }
    let cases = [
        (
            "{\"a\" 1}",
            "1",
            "this is not JSON: expected `:`, found `1`",
        ),
        (
            "{\"a\": 1",
            "",
            "this is not JSON: expected `,` or `}`, found the end",
        ),
        (
            "{\"a\": \"x\n",
            "\n",
            "this is not JSON: expected `\"`, found U+000A",
        ),
        (
            "[1] 2",
            "2",
            "this is not JSON: expected nothing after the document, found `2`",
        ),
    ];
    for (text, at, message) in cases {
        let expected = vec![(at.to_owned(), message.to_owned(), String::new())];
        assert_eq!(wrong(text, Dialect::Contract), expected, "{text:?}");
    }
}

#[test]
fn nesting_ends_in_a_diagnostic() {
    let block: String = (0..5_000)
        .map(|i| format!("{}a:\n", " ".repeat(i)))
        .collect();
    let texts = [
        "[".repeat(100_000),
        "{\"a\":".repeat(100_000),
        "{a: ".repeat(100_000),
        "- ".repeat(100_000),
        "? ".repeat(100_000),
        block,
    ];
    for text in &texts {
        for dialect in [Dialect::Spec, Dialect::Contract] {
            let (node, faults) = parse(FileId(0), text, dialect);
            assert!(node.is_none());
            assert_eq!(faults.len(), 1);
        }
    }
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for dialect in [Dialect::Spec, Dialect::Contract] {
        assert!(parse(FileId(0), &nested(MAX_DEPTH), dialect).0.is_some());
        assert!(
            parse(FileId(0), &nested(MAX_DEPTH + 1), dialect)
                .0
                .is_none()
        );
    }
}

#[test]
fn aliases_are_written_out_within_a_budget() {
    let (node, faults) = parse(FileId(0), "a: &x { b: [1] }\nc: *x\n", Dialect::Contract);
    assert_eq!(faults, []);
    assert_eq!(
        node.unwrap().json_text(),
        r#"{"a":{"b":[1]},"c":{"b":[1]}}"#
    );

    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    let mut tower = "a0: &a0 [x]\n".to_owned();
    for i in 1..300 {
        let alias = format!("*a{}", i - 1);
        let nine = [alias.as_str(); 9].join(", ");
        bomb.push_str(&format!("a{i}: &a{i} [{nine}]\n"));
        tower.push_str(&format!("a{i}: &a{i} [{alias}]\n"));
    }
    for text in [bomb, tower] {
        let (node, faults) = parse(FileId(0), &text, Dialect::Contract);
        assert!(node.is_none());
        assert_eq!(faults.len(), 1, "{faults:?}");
    }
    let itself = wrong("a: &a [*a]\n", Dialect::Contract);
    assert_eq!(itself[0].1, "this alias stands inside the value it names");
}

#[test]
fn of_a_contracts_duplicate_keys_the_last_counts() {
    for text in ["a: 1\na: 2\n", "{\"a\": 1, \"a\": 2}"] {
        let (node, faults) = parse(FileId(0), text, Dialect::Contract);
        assert_eq!(node.unwrap().json_text(), r#"{"a":2}"#);
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].message, "`a` is here twice; the last one counts");
        assert_eq!(faults[0].related.len(), 1);
    }
    let many: String = (0..100).map(|i| format!("k{}: {i}\n", i % 99)).collect();
    let (node, faults) = parse(FileId(0), &many, Dialect::Contract);
    assert_eq!(node.unwrap().get("k0").unwrap().as_str(), Some("99"));
    assert_eq!(faults.len(), 1);
}

#[test]
fn merge_keys_are_written_out() {
    let text = "base: &b { x: 1, y: 2 }\na: { <<: *b, y: 3 }\nc: { <<: [*b, { z: 4, x: 9 }] }\nd: { <<: 1 }\n";
    let (node, faults) = parse(FileId(0), text, Dialect::Contract);
    let node = node.unwrap();
    assert_eq!(node.get("a").unwrap().json_text(), r#"{"y":3,"x":1}"#);
    assert_eq!(node.get("c").unwrap().json_text(), r#"{"x":1,"y":2,"z":4}"#);
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].message, "a merge key merges maps");
}

#[test]
fn nothing_is_null() {
    for text in ["", "\n", "# told\n", "---\n", "\u{feff}"] {
        let (node, faults) = parse(FileId(0), text, Dialect::Spec);
        assert_eq!(faults, []);
        assert!(node.unwrap().is_null(), "{text:?}");
    }
}
