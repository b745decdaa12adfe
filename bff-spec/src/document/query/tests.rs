//! Queries by the examples of RFC 9535, and wrong ones.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::diagnostic::FileId;
use crate::document::query::{Query, at_mut};
use crate::document::{Dialect, parse};

/// RFC 9535's own document, and what else its examples need.
const DOCUMENT: &str = r#"{
    "store": {
        "book": [
            { "category": "reference", "author": "Rees", "title": "Sayings", "price": 8.95 },
            { "category": "fiction", "author": "Waugh", "title": "Sword", "price": 12.99 },
            { "category": "fiction", "author": "Melville", "title": "Moby", "isbn": "0-553", "price": 8.99 }
        ],
        "bicycle": { "color": "red", "price": 399 }
    },
    "o": { "j j": { "k.k": 3 }, "'": "quote", "☺": "smile" },
    "a": ["a", "b", "c", "d", "e", "f", "g"],
    "e": [3, 5, 1, 2, { "b": "j" }, { "b": "kilo" }, { "b": {} }, { "c": null }, true, "", []]
}"#;

#[test]
fn queries_select() {
    let (document, found) = parse(FileId(0), DOCUMENT, Dialect::Contract);
    assert_eq!(found, []);
    let mut document = document.unwrap();
    let mut wrong = Vec::new();
    for (query, expected) in [
        ("$.store.book[*].author", r#""Rees" "Waugh" "Melville""#),
        ("$..author", r#""Rees" "Waugh" "Melville""#),
        ("$.store..price", "8.95 12.99 8.99 399"),
        ("$..book[2].title", r#""Moby""#),
        ("$..book[-1].title", r#""Moby""#),
        ("$..book[0,1].title", r#""Sayings" "Sword""#),
        ("$..book[:2].title", r#""Sayings" "Sword""#),
        ("$..book[?@.isbn].title", r#""Moby""#),
        ("$..book[?@.price<10].title", r#""Sayings" "Moby""#),
        (
            "$..book[?@.price < 10 && @.category == 'fiction'].title",
            r#""Moby""#,
        ),
        (
            "$..book[?(@.price > 10 || @.isbn)].title",
            r#""Sword" "Moby""#,
        ),
        ("$..book[?!@.isbn].title", r#""Sayings" "Sword""#),
        ("$..book[?!(@.price > 10)].title", r#""Sayings" "Moby""#),
        (
            "$..book[?match(@.title, 'S.*')].title",
            r#""Sayings" "Sword""#,
        ),
        (
            "$..book[?search(@.author, 'e[el]')].title",
            r#""Sayings" "Moby""#,
        ),
        ("$..book[?match(@.author, 'e[el]')].title", ""),
        ("$.store[?@.color == 'red'].price", "399"),
        (
            "$.store.book[?@.price == $.store.book[0].price].title",
            r#""Sayings""#,
        ),
        ("$.store[?count(@.*) == 3].color", ""),
        ("$.store[?length(@) == 2].color", r#""red""#),
        ("$.store[?value(@..color) == 'red'].price", "399"),
        ("$.o['j j']['k.k']", "3"),
        (r#"$.o["'"]"#, r#""quote""#),
        (r"$.o['\'']", r#""quote""#),
        (r"$.o['☺']", r#""smile""#),
        ("$.o.☺", r#""smile""#),
        ("$.a[1:3]", r#""b" "c""#),
        ("$.a[5:]", r#""f" "g""#),
        ("$.a[1:5:2]", r#""b" "d""#),
        ("$.a[5:1:-2]", r#""d" "f""#),
        ("$.a[::-1]", r#""a" "b" "c" "d" "e" "f" "g""#),
        ("$.a[-2:]", r#""f" "g""#),
        ("$.a[0:2:0]", ""),
        ("$.a[9]", ""),
        ("$.a[0, 0, 'x']", r#""a""#),
        ("$.e[?@ > 2]", "3 5"),
        ("$.e[?@.b]", r#"{"b":"j"} {"b":"kilo"} {"b":{}}"#),
        ("$.e[?@.b == 'kilo']", r#"{"b":"kilo"}"#),
        ("$.e[?@.b < 'k']", r#"{"b":"j"}"#),
        ("$.e[?@.c == null]", r#"{"c":null}"#),
        ("$.e[?@ == true]", "true"),
        (
            "$.e[?@.x == @.y]",
            r#"3 5 1 2 {"b":"j"} {"b":"kilo"} {"b":{}} {"c":null} true "" []"#,
        ),
        ("$.e[?@.b == $.e[6].b]", r#"{"b":{}}"#),
        ("$ .o [ 'j j' ] .*", "3"),
        ("$.nothing.here", ""),
    ] {
        let read = match Query::parse(query) {
            Ok(read) => read,
            Err(wrong) => panic!("{query}: {wrong:?}"),
        };
        let found: Vec<String> = read
            .select(&document)
            .unwrap()
            .iter()
            .map(|location| at_mut(&mut document, location).unwrap().json_text())
            .collect();
        if found.join(" ") != expected {
            wrong.push(format!("{query}: {}", found.join(" ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn wrong_queries_say_where() {
    let mut wrong = Vec::new();
    for (query, at) in [
        ("", 0),
        ("paths", 0),
        ("$paths", 1),
        ("$.", 2),
        ("$..", 3),
        ("$.paths./users", 8),
        ("$.a b", 4),
        ("$[a]", 2),
        ("$['a'", 5),
        ("$['a", 4),
        (r"$['\x']", 4),
        (r"$['\ud800']", 9),
        ("$[01]", 2),
        ("$[-0]", 2),
        ("$[9007199254740992]", 2),
        ("$[?]", 3),
        ("$[?@.a ==]", 9),
        ("$[?@.* == 1]", 3),
        ("$[?1]", 4),
        ("$[?length(@.*)]", 10),
        ("$[?match(@.a, '[')]", 14),
        ("$[?count(1) == 1]", 9),
        ("$[?unknown(@)]", 3),
        ("$[?!@.a == 1]", 12),
    ] {
        match Query::parse(query) {
            Err(found) if found.at == at => {}
            other => wrong.push(format!("{query} at {at}: {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_query_that_looks_at_everything_again_and_again_ends() {
    let list = format!("[{}]", "[[],[]],".repeat(400) + "1");
    let (document, _) = parse(FileId(0), &list, Dialect::Contract);
    let query = Query::parse(&format!("$..[?{}]", "@..*&&".repeat(20) + "@")).unwrap();
    let deep = format!("$..[?{}", "@..[?".repeat(40));
    let _ = query.select(&document.unwrap());
    assert!(Query::parse(&deep).is_err());
}
