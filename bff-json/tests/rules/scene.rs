//! The tapes: orders, products, a body of oddities, results of `each`, inputs, and one that isn't there.

use bff_json::{EachBuilder, Options, Shape, Tape, TapeBuilder};
use bytes::Bytes;

use crate::shapes::{ODD_SHAPE, ORDERS_SHAPE, PRODUCTS_SHAPE, STOCK_SHAPE};

pub const INPUTS: u8 = 0;
pub const ORDERS: u8 = 1;
pub const PRODUCTS: u8 = 2;
pub const ODD: u8 = 3;
pub const STOCK: u8 = 4;
pub const ABSENT: u8 = 5;

pub const ORDERS_BODY: &str = r#"{"items":[
    {"id":"o1","lines":[{"sku":"s1","qty":1},{"sku":7,"qty":2}],"tags":["a","b"],"note":"n\u00e9e","customer":{"name":"Ann"}},
    {"id":"o2","lines":[],"tags":null,"note":null,"customer":null},
    {"id":"o3","lines":null,"secret":[1,2]},
    null,
    {"id":"o5","lines":[{"sku":"s9"}],"tags":[],"customer":{}}
]}"#;
pub const PRODUCTS_BODY: &str = r#"[
    {"sku":"s1","name":"one","price":1.50},{"sku":"7","name":"seven","price":7},
    {"sku":"s\u0031","name":"one again"},{"sku":null,"name":"none"}
]"#;
pub const ODD_BODY: &str = r#"{
    "labels":{"x":"1","total":3,"y":"2","\u0078":"last","z":null},
    "shapes":[{"type":"circle","radius":2},{"type":"square","side":3},"point",{"radius":5}],
    "tree":{"value":1,"left":{"value":2,"right":{"value":3}},"right":null},
    "any":{"deep":[1,{"é":"\ud83d\ude00"}]}
}"#;

pub fn capture(shape: &Shape, body: &'static str) -> Tape {
    shape
        .capture(Bytes::from_static(body.as_bytes()), &Options::default())
        .unwrap()
}

pub fn scene() -> [Tape; 6] {
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
