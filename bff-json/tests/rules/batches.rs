//! Several bodies as one tape, and the bounds of what is written.

use bff_json::Hop::{Each, Value};
use bff_json::Pick::{All, Index};
use bff_json::{Block, Elements, Frame, Kinds, Node, Options, RenderError, Scope, Shape, Template};
use bytes::Bytes;

use crate::scene::{ORDERS, capture, scene};
use crate::shapes::{PRODUCTS_SHAPE, at, copy, field, here, select};

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
    static ID: Block = Block::Fields(&[field("\"id\":", copy(here(&[Value(0)])))]);
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
        first: Elements::ALL,
        frame: Frame {
            width: 1,
            node: Node::scalar("[][]", 0, Kinds::ANY),
        },
    };
    static OUTER: Elements = Elements {
        slot: 0,
        first: Elements::ALL,
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
