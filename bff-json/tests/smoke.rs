#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]
use bff_json::*;
static LINE: Fields = Fields { keys: &[Key { name: "sku", required: true, node: Node::scalar("items[].lines[].sku", 0, Kinds::STRING) }, Key { name: "qty", required: true, node: Node::scalar("items[].lines[].qty", 1, Kinds::INTEGER) }], rest: None };
static LINES: Elements = Elements { slot: 1, frame: Frame { width: 2, node: Node::object("items[].lines[]", 0, 2, &LINE) } };
static ITEM: Fields = Fields { keys: &[Key { name: "id", required: true, node: Node::scalar("items[].id", 0, Kinds::STRING) }, Key { name: "lines", required: true, node: Node::list("items[].lines", &LINES) }], rest: None };
static ITEMS: Elements = Elements { slot: 0, frame: Frame { width: 2, node: Node::object("items[]", 0, 2, &ITEM) } };
static ROOT: Fields = Fields { keys: &[Key { name: "items", required: true, node: Node::list("items", &ITEMS) }], rest: None };
static SHAPE: Shape = Shape { root: Frame { width: 1, node: Node::object("", 0, 1, &ROOT) } };
#[test]
fn smoke() {
    let body = br#"{"a":{"x":[1,"]"]},"items":[{"id":"o1","junk":null,"lines":[{"sku":"s1","qty":1},{"qty":2,"sku":"s2"}]},{"id":"o2","lines":[]},{"id":"o3","lines":[{"sku":"s3","qty":3}]}]}"#;
    let tape = SHAPE.capture(bytes::Bytes::from_static(body), &Options::default()).unwrap();
    assert!(tape.breaches().is_empty(), "{:?}", tape.breaches());
    let tapes = [tape];
    let scope = Scope::new(&tapes);
    static T: Template = Template::Block(&Block::Fields(&[
        Entry::Field { key: "\"orders\":", value: Template::Select { path: Path { root: Root::Tape(0), hops: &[Hop::Each(0, Pick::All)] }, default: None, block: &Block::Fields(&[
            Entry::Field { key: "\"id\":", value: Template::Copy { path: Path { root: Root::Current, hops: &[Hop::Value(0)] }, default: None }, absent: Absent::Null },
            Entry::Field { key: "\"skus\":", value: Template::Copy { path: Path { root: Root::Current, hops: &[Hop::Each(1, Pick::All), Hop::Value(0)] }, default: None }, absent: Absent::Null },
            Entry::Field { key: "\"first\":", value: Template::Copy { path: Path { root: Root::Current, hops: &[Hop::Each(1, Pick::Index(0)), Hop::Value(1)] }, default: None }, absent: Absent::Null },
        ]) }, absent: Absent::Null },
        Entry::Field { key: "\"all\":", value: Template::Copy { path: Path { root: Root::Tape(0), hops: &[Hop::Each(0, Pick::All), Hop::Each(1, Pick::All), Hop::Value(0)] }, default: None }, absent: Absent::Null },
        Entry::Field { key: "\"firsts\":", value: Template::Copy { path: Path { root: Root::Tape(0), hops: &[Hop::Each(0, Pick::All), Hop::Each(1, Pick::Index(-1)), Hop::Value(0)] }, default: None }, absent: Absent::Null },
    ]));
    let mut out = Vec::new();
    scope.render(&T, &mut out, 10000).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), r#"{"orders":[{"id":"o1","skus":["s1","s2"],"first":1},{"id":"o2","skus":[],"first":null},{"id":"o3","skus":["s3"],"first":3}],"all":["s1","s2","s3"],"firsts":["s2",null,"s3"]}"#);
}
