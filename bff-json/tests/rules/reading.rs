//! Conditions, and the values of arguments.

use bff_json::Hop::{Each, Value};
use bff_json::Pick::{All, Index, Slice};
use bff_json::{Condition, Operand, Path, Scope};

use crate::scene::{ABSENT, INPUTS, ORDERS, scene};
use crate::shapes::at;

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
