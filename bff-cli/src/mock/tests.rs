use bff_spec::contract;
use bff_spec::diagnostic::{FileId, Place};
use bff_spec::source::{SourceLoader, Sources};

mod judge;
mod others;

use super::*;
use serde_json::json;

struct Text(&'static str);

impl SourceLoader for Text {
    fn read(&self, _: &str) -> Result<String, String> {
        Ok(self.0.to_owned())
    }
}

fn mock(contract: &'static str) -> Mock {
    let from = Place {
        file: FileId(0),
        start: 0,
        end: 0,
    };
    let mut types = Types::default();
    let (read, found) = contract::load(
        &mut Sources::default(),
        &Text(contract),
        "c.yaml",
        &[],
        from,
        &mut types,
    );
    Mock::new(&read.unwrap_or_else(|| panic!("{found:?}")), &types)
}

/// `GET /path?query` with headers, and a body.
fn ask(mock: &Mock, line: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let (method, target) = line.split_once(' ').unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    mock.answer(&Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect(),
        headers: headers
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect(),
        body: body.as_bytes().to_vec(),
    })
}

fn value(answer: &Answer) -> Value {
    answer.body.as_ref().map_or(Value::Null, |(_, bytes)| {
        serde_json::from_slice(bytes).unwrap()
    })
}

/// Asks each in turn, and holds status and value against what is expected.
fn check(mock: &Mock, cases: &[(&str, &str, u16, Value)]) {
    for (line, body, status, expected) in cases {
        let answer = ask(mock, line, &[], body);
        assert_eq!(
            (answer.status, &value(&answer)),
            (*status, expected),
            "{line} {body}"
        );
    }
}

const SHOP: &str = r##"
openapi: 3.1.0
info: { title: Shop, version: "1" }
paths:
  /orders:
    get:
      operationId: list
      parameters:
        - { name: customer_id, in: query, schema: { type: string } }
        - { name: status, in: query, schema: { type: array, items: { type: string } } }
        - { name: ids, in: query, style: form, explode: false, schema: { type: array, items: { type: string } } }
        - { name: sort, in: query, schema: { type: string } }
        - { name: page, in: query, schema: { type: integer, default: 1 } }
        - { name: limit, in: query, schema: { type: integer, default: 20 } }
      responses:
        "200":
          description: Some
          content:
            application/json:
              schema:
                type: object
                required: [items, total]
                properties:
                  total: { type: integer }
                  nextPage: { type: [integer, "null"] }
                  items: { type: array, items: { $ref: "#/components/schemas/Order" } }
              example:
                total: 3
                nextPage: null
                items:
                  - { id: o-1, customerId: c-1, status: paid, lines: [{ sku: A, qty: 1 }] }
                  - { id: o-2, customerId: c-1, status: sent, lines: [] }
                  - { id: o-3, customerId: c-2, status: paid, lines: [] }
    post:
      operationId: create
      requestBody:
        required: true
        content: { application/json: { schema: { $ref: "#/components/schemas/NewOrder" } } }
      responses:
        "201":
          description: Made
          headers: { Location: { schema: { type: string } } }
          content:
            application/json:
              schema: { $ref: "#/components/schemas/Order" }
              example: { id: o-4, customerId: c-1, status: new, lines: [{ sku: Z, qty: 9 }] }
  /orders/{orderId}:
    parameters:
      - { name: orderId, in: path, required: true, schema: { type: string } }
    get:
      operationId: get
      responses:
        "200":
          description: One
          content: { application/json: { schema: { $ref: "#/components/schemas/Order" } } }
        "404":
          description: None
          content:
            application/problem+json: { schema: { type: object }, example: { title: Nothing, status: 404 } }
    patch:
      operationId: change
      requestBody:
        content: { application/json: { schema: { type: object } } }
      responses:
        "200":
          description: Changed
          content: { application/json: { schema: { $ref: "#/components/schemas/Order" } } }
        "404": { description: None }
    delete:
      operationId: remove
      responses: { "204": { description: Gone } }
  /orders/{orderId}/refunds:
    post:
      operationId: refund
      parameters:
        - { name: orderId, in: path, required: true, schema: { type: string } }
        - { name: X-Reason, in: header, required: true, schema: { type: string } }
      responses:
        "202":
          description: Soon
          content:
            application/json:
              schema: { type: object, properties: { orderId: { type: string }, state: { type: string } } }
              example: { orderId: o-1, state: soon }
  /orders/latest:
    get:
      operationId: latest
      responses:
        "200":
          description: One
          content: { text/plain: { schema: { type: string }, example: "o-3" } }
components:
  schemas:
    NewOrder:
      type: object
      properties: { customerId: { type: string }, lines: { type: array, items: { type: object } } }
    Order:
      type: object
      required: [id, status]
      properties:
        id: { type: string, readOnly: true }
        customerId: { type: string }
        status: { type: string }
        note: { type: string }
        lines:
          type: array
          items:
            type: object
            properties: { sku: { type: string }, qty: { type: integer } }
"##;

fn order(number: u32) -> Value {
    let (customer, status, lines) = match number {
        1 => ("c-1", "paid", json!([{ "sku": "A", "qty": 1 }])),
        2 => ("c-1", "sent", json!([])),
        _ => ("c-2", "paid", json!([])),
    };
    json!({ "id": format!("o-{number}"), "customerId": customer, "status": status, "lines": lines })
}

#[test]
fn lists_are_filtered_and_cut_by_name() {
    let list = |total: u32, next: Value, numbers: &[u32]| json!({ "total": total, "nextPage": next, "items": numbers.iter().map(|n| order(*n)).collect::<Vec<_>>() });
    let null = || Value::Null;
    check(
        &mock(SHOP),
        &[
            ("GET /orders", "", 200, list(3, null(), &[1, 2, 3])),
            ("HEAD /orders", "", 200, list(3, null(), &[1, 2, 3])),
            (
                "GET /orders?customer_id=c-1",
                "",
                200,
                list(2, null(), &[1, 2]),
            ),
            (
                "GET /orders?status=sent&status=paid&customer_id=c-2",
                "",
                200,
                list(1, null(), &[3]),
            ),
            ("GET /orders?ids=o-3,o-1", "", 200, list(2, null(), &[1, 3])),
            ("GET /orders?ids=o-9", "", 200, list(0, null(), &[])),
            (
                "GET /orders?sort=latest",
                "",
                200,
                list(3, null(), &[1, 2, 3]),
            ),
            ("GET /orders?limit=2", "", 200, list(3, json!(2), &[1, 2])),
            ("GET /orders?limit=2&page=2", "", 200, list(3, null(), &[3])),
        ],
    );
}

#[test]
fn one_thing_is_found_by_its_path() {
    check(
        &mock(SHOP),
        &[
            // No example of its own: the list's elements are orders too.
            ("GET /orders/o-2", "", 200, order(2)),
            (
                "GET /orders/o-9",
                "",
                404,
                json!({ "title": "Nothing", "status": 404 }),
            ),
        ],
    );
    let text = ask(&mock(SHOP), "GET /orders/latest", &[], "");
    assert_eq!(text.body, Some(("text/plain".to_owned(), b"o-3".to_vec())));
}

#[test]
fn what_was_written_is_found_again() {
    let shop = mock(SHOP);
    let posted = ask(
        &shop,
        "POST /orders",
        &[],
        r#"{"customerId":"c-7","lines":[{"sku":"B","qty":2}],"id":"x","odd":1}"#,
    );
    let made = json!({ "id": "o-4", "customerId": "c-7", "status": "new", "lines": [{ "sku": "B", "qty": 2 }] });
    assert_eq!((posted.status, value(&posted)), (201, made.clone()));
    assert_eq!(
        posted.headers,
        [("location".to_owned(), "/orders/o-4".to_owned())]
    );
    let again = ask(&shop, "POST /orders", &[], r#"{"customerId":"c-8"}"#);
    assert_eq!(value(&again)["id"], "o-5", "a second one is another");

    let patched = json!({ "id": "o-4", "customerId": "c-7", "status": "kept", "lines": [{ "sku": "B", "qty": 2 }], "note": "n" });
    check(
        &shop,
        &[
            ("GET /orders/o-4", "", 200, made),
            (
                "PATCH /orders/o-4",
                r#"{"status":"kept","note":"n"}"#,
                200,
                patched.clone(),
            ),
            ("GET /orders/o-4", "", 200, patched.clone()),
            (
                "GET /orders?customer_id=c-7",
                "",
                200,
                json!({ "total": 1, "nextPage": null, "items": [patched] }),
            ),
            ("DELETE /orders/o-4", "", 204, Value::Null),
            (
                "GET /orders/o-4",
                "",
                404,
                json!({ "title": "Nothing", "status": 404 }),
            ),
            (
                "GET /orders?customer_id=c-7",
                "",
                200,
                json!({ "total": 0, "nextPage": null, "items": [] }),
            ),
            ("DELETE /orders/o-1", "", 204, Value::Null),
            (
                "GET /orders?customer_id=c-1",
                "",
                200,
                json!({ "total": 1, "nextPage": null, "items": [order(2)] }),
            ),
        ],
    );
    let none = ask(&shop, "PATCH /orders/o-99", &[], "{}");
    assert_eq!(none.status, 404);
}

const HEADERS: &str = r##"
openapi: 3.0.3
info: { title: Headers, version: "1" }
paths:
  /things/{id}:
    parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
    get:
      operationId: get
      responses:
        "200":
          description: One
          headers:
            ETag: { schema: { type: string } }
            X-Shown: { schema: { type: string }, example: "as shown" }
            X-Left: { schema: { type: integer, minimum: 5 } }
            X-Tags: { schema: { type: array, minItems: 2, items: { type: string, enum: [a] } } }
            X-Plain: { description: no schema }
            X-Object: { schema: { type: object, properties: { a: { type: string } } } }
            Content-Length: { schema: { type: integer } }
            Set-Cookie: { schema: { type: string } }
          content:
            application/json: { schema: { type: object, properties: { id: { type: string }, name: { type: string } } } }
    put:
      operationId: put
      requestBody: { content: { application/json: { schema: { type: object, properties: { name: { type: string } } } } } }
      responses: { "204": { description: Put, headers: { ETag: { schema: { type: string }, example: '"v1"' } } } }
"##;

#[test]
fn documented_headers_are_sent() {
    let things = mock(HEADERS);
    let headers = |line, body| {
        let answer = ask(&things, line, &[], body);
        let headers = answer.headers.into_iter();
        headers.collect::<std::collections::BTreeMap<String, String>>()
    };
    let tag = |headers: std::collections::BTreeMap<String, String>| headers.get("etag").cloned();
    let first = headers("GET /things/a", "");
    for (name, expected) in [
        ("x-shown", Some("as shown")),
        ("x-left", Some("5")),
        ("x-tags", Some("a,a")),
        ("x-plain", Some("x-plain-1")),
        ("x-object", None),
        ("content-length", None),
        ("set-cookie", None),
    ] {
        assert_eq!(first.get(name).map(String::as_str), expected, "{name}");
    }
    assert_eq!(headers("GET /things/a", ""), first, "the same again");
    let before = tag(first).unwrap();
    assert!(
        before.len() == 18 && before.starts_with('"') && before.ends_with('"'),
        "{before}"
    );
    let put = tag(headers("PUT /things/a", r#"{"name":"new"}"#));
    assert_eq!(put.as_deref(), Some("\"v1\""));
    let after = tag(headers("GET /things/a", "")).unwrap();
    assert_ne!(after, before, "another body, another tag");
}

#[test]
fn examples_are_held_to_their_schemas() {
    let prices = mock(
        r##"
openapi: 3.0.3
info: { title: Prices, version: "1" }
paths:
  /prices:
    get:
      operationId: prices
      responses:
        "200":
          description: All
          content:
            application/json:
              schema: { type: array, items: { $ref: "#/components/schemas/Price" } }
              example: [{ id: p-1, amount: "0.05" }, { id: 2, amount: 1, unit: USD, seen: never }]
  /prices/{id}:
    get:
      operationId: price
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
      responses:
        "200": { description: One, content: { application/json: { schema: { $ref: "#/components/schemas/Price" } } } }
components:
  schemas:
    Price:
      type: object
      required: [id, amount, unit]
      properties:
        id: { type: string }
        amount: { type: number }
        unit: { type: string, enum: [EUR, USD] }
"##,
    );
    let first = || json!({ "id": "p-1", "amount": 0.05, "unit": "EUR" });
    let second = json!({ "id": "2", "amount": 1, "unit": "USD", "seen": "never" });
    check(
        &prices,
        &[
            ("GET /prices", "", 200, json!([first(), second])),
            ("GET /prices/p-1", "", 200, first()),
        ],
    );
}

#[test]
fn the_same_key_gets_the_same_answer() {
    let shop = mock(SHOP);
    let post = |key| {
        value(&ask(
            &shop,
            "POST /orders",
            &[("idempotency-key", key)],
            "{}",
        ))["id"]
            .clone()
    };
    assert_eq!(
        [post("a"), post("a"), post("b"), post("a")],
        ["o-4", "o-4", "o-5", "o-4"]
    );
}

#[test]
fn an_action_answers_for_the_thing_it_names() {
    let answer = ask(
        &mock(SHOP),
        "POST /orders/o-2/refunds",
        &[("x-reason", "late")],
        "",
    );
    assert_eq!(
        (answer.status, value(&answer)),
        (202, json!({ "orderId": "o-2", "state": "soon" }))
    );
}

#[test]
fn what_the_contract_does_not_have_is_refused() {
    for (line, body, status, detail) in [
        ("GET /nothing", "", 404, "The contract has no GET /nothing."),
        ("PUT /orders", "", 404, "The contract has no PUT /orders."),
        ("POST /orders", "", 400, "A body is required."),
        (
            "POST /orders",
            "{",
            400,
            "The body is not JSON: EOF while parsing an object at line 1 column 1.",
        ),
        (
            "POST /orders/o-1/refunds",
            "",
            400,
            "Required, and not given: X-Reason (header).",
        ),
    ] {
        let answer = ask(&mock(SHOP), line, &[], body);
        assert_eq!(answer.status, status, "{line}");
        assert_eq!(answer.body.as_ref().unwrap().0, "application/problem+json");
        assert_eq!(value(&answer)["detail"], detail, "{line}");
    }
}

const BARE: &str = r##"
openapi: 3.0.3
info: { title: Bare, version: "1" }
paths:
  /things:
    get:
      operationId: things
      parameters:
        - { name: ids, in: query, schema: { type: array, items: { type: string } } }
      responses:
        "200":
          description: Some
          content:
            application/json:
              schema: { type: array, items: { $ref: "#/components/schemas/Thing" } }
    post:
      operationId: make
      responses: { "201": { description: Made } }
  /things/{id}:
    get:
      operationId: thing
      parameters:
        - { name: id, in: path, required: true, schema: { type: string } }
      responses:
        "200":
          description: One
          content: { application/json: { schema: { $ref: "#/components/schemas/Thing" } } }
        "404": { description: None }
components:
  schemas:
    Thing:
      type: object
      required: [id]
      properties:
        id: { type: string }
        size: { type: integer, minimum: 3 }
        kind: { type: string, enum: [round, square] }
        seen: { type: string, format: date-time }
        parent: { $ref: "#/components/schemas/Thing" }
        secret: { type: string, writeOnly: true }
"##;

#[test]
fn without_examples_anything_asked_for_exists() {
    let thing = |id: &str, number: u32| json!({ "id": id, "size": 3, "kind": "round", "seen": format!("2026-01-0{number}T12:00:00Z") });
    check(
        &mock(BARE),
        &[
            ("GET /things/t-7", "", 200, thing("t-7", 1)),
            (
                "GET /things",
                "",
                200,
                json!([thing("id-1", 1), thing("id-2", 2)]),
            ),
            (
                "GET /things?ids=a&ids=b&ids=c",
                "",
                200,
                json!([thing("a", 1), thing("b", 2), thing("c", 3)]),
            ),
        ],
    );
}

#[test]
fn a_post_without_an_answer_says_where_the_thing_is() {
    let bare = mock(BARE);
    let posted = ask(&bare, "POST /things", &[], "");
    assert_eq!((posted.status, &posted.body), (201, &None));
    assert_eq!(
        posted.headers,
        [("location".to_owned(), "/things/id-2".to_owned())]
    );
    assert_eq!(
        value(&ask(&bare, "GET /things/id-2", &[], ""))["id"],
        "id-2"
    );
}
