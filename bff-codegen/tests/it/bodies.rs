//! Bodies in, answers out: each rule of the selection language, through the tables a generated gateway holds.

use bff_codegen::interpret::{interpret, plan_of};
use bff_json::{EachBuilder, Options, Scope, Tape};
use bff_runtime::plan::{Fan, Plan, Value};
use bytes::Bytes;

use crate::spec::Files;

/// A contract with `getA`, `getB` and `listC(ids)`, whose answers are the schemas `A`, `B` and `C`.
fn contract(schemas: &str) -> String {
    let mut paths = String::new();
    for name in ["A", "B", "C"] {
        if !schemas.contains(&format!("{name}:")) {
            continue;
        }
        paths.push_str(&format!(
            "  /{name}:\n    get:\n      operationId: get{name}\n      parameters:\n        - {{ name: ids, in: query, schema: {{ type: array, items: {{ type: string }} }} }}\n        - {{ name: id, in: query, schema: {{ type: string }} }}\n      responses:\n        '200': {{ description: ok, content: {{ application/json: {{ schema: {{ $ref: '#/components/schemas/{name}' }} }} }} }}\n",
        ));
    }
    let schemas = schemas
        .lines()
        .map(|line| format!("    {line}\n"))
        .collect::<String>();
    format!(
        "openapi: 3.0.3\ninfo: {{ title: up, version: '1' }}\npaths:\n{paths}components:\n  schemas:\n{schemas}"
    )
}

fn plan(schemas: &str, calls: &str, response: &str) -> &'static Plan {
    let indent = |text: &str| {
        text.trim()
            .lines()
            .map(|line| format!("      {line}\n"))
            .collect::<String>()
    };
    let spec = format!(
        "bff: t\nupstreams:\n  up: {{ contract: up.yaml, url: 'http://127.0.0.1:1' }}\nendpoints:\n  GET /x:\n    auth: none\n    calls:\n{}    response: |\n{}",
        indent(calls),
        indent(response)
    );
    let files = Files::of(&[
        ("specs/t.yaml", &spec),
        ("specs/up.yaml", &contract(schemas)),
    ]);
    let (model, _) = files.model("specs/t.yaml");
    plan_of(&interpret(&model).routes[0]).unwrap()
}

/// The tapes of a request whose calls answered with these bodies; the bodies of an `each` call are an object by key.
fn tapes(plan: &Plan, bodies: &[&str]) -> Vec<Tape> {
    let mut tapes = vec![Tape::absent(), Tape::absent(), Tape::absent()];
    for (call, body) in plan.calls.iter().zip(bodies) {
        let capture = |body: &str| match (call.shape, body) {
            (None, _) | (_, "") => Tape::absent(),
            (Some(shape), body) => shape
                .capture(Bytes::from(body.to_owned()), &Options::default())
                .unwrap(),
        };
        tapes.push(match call.fan {
            Fan::Each { .. } => {
                let answers: serde_json::Map<String, serde_json::Value> =
                    serde_json::from_str(body).unwrap();
                let mut builder = EachBuilder::new();
                for (key, answer) in &answers {
                    let tape = (!answer.is_null()).then(|| capture(&answer.to_string()));
                    builder.push(&serde_json::to_string(key).unwrap(), tape.as_ref());
                }
                builder.build()
            }
            Fan::One { .. } | Fan::Split { .. } => capture(body),
        });
    }
    tapes
}

pub(crate) fn answer(plan: &Plan, bodies: &[&str]) -> String {
    let tapes = tapes(plan, bodies);
    let mut out = Vec::new();
    match Scope::new(&tapes).render(plan.answer.body.unwrap(), &mut out, usize::MAX) {
        Ok(()) => String::from_utf8(out).unwrap(),
        Err(error) => error.to_string(),
    }
}

struct Case {
    name: &'static str,
    schemas: &'static str,
    calls: &'static str,
    response: &'static str,
    bodies: &'static [&'static str],
    want: &'static str,
}

fn check(cases: &[Case]) {
    for case in cases {
        let plan = plan(case.schemas, case.calls, case.response);
        assert_eq!(answer(plan, case.bodies), case.want, "{}", case.name);
    }
}

const ORDERS: &str = "\
A:
  type: object
  required: [items, total]
  properties:
    total: { type: integer }
    note: { type: string, nullable: true }
    items: { type: array, items: { $ref: '#/components/schemas/Order' } }
Order:
  type: object
  required: [id, lines]
  properties:
    id: { type: string }
    customer: { type: object, properties: { name: { type: string }, tags: { type: array, items: { type: string } } } }
    lines: { type: array, items: { type: object, required: [sku], properties: { sku: { type: string }, qty: { type: integer } } } }
B:
  type: array
  items: { type: object, required: [sku], properties: { sku: { type: string }, name: { type: string }, stock: { type: integer } } }
";

const ORDERS_BODY: &str = r#"{"extra":{"x":[1,{}]},"total":2.0,"items":[{"id":"o1","customer":{"name":"Ann","tags":["a","b"],"secret":1},"lines":[{"sku":"s1","qty":1},{"sku":"s2"}]},{"id":"o2","lines":[]},null]}"#;
const PRODUCTS: &str = r#"[{"sku":"s2","name":"Two","stock":1e2},{"sku":"s1","name":"One","stock":5},{"sku":"s1","name":"Again"}]"#;

#[test]
fn fields_lists_and_nulls() {
    check(&[
        Case {
            name: "named fields are always written, in the declared order",
            schemas: ORDERS,
            calls: "a: up.getA()",
            response: "a { total note items { customer { name } id } }",
            bodies: &[ORDERS_BODY],
            want: r#"{"a":{"total":2.0,"note":null,"items":[{"customer":{"name":"Ann"},"id":"o1"},{"customer":null,"id":"o2"},null]}}"#,
        },
        Case {
            name: "aliases, paths through objects, spreads",
            schemas: ORDERS,
            calls: "a: up.getA()",
            response: "...a { sum: total orders: items { id who: customer.name ...customer { tags } } }",
            bodies: &[ORDERS_BODY],
            want: r#"{"sum":2.0,"orders":[{"id":"o1","who":"Ann","tags":["a","b"]},{"id":"o2","who":null,"tags":null},null]}"#,
        },
        Case {
            name: "`=` is the value itself",
            schemas: ORDERS,
            calls: "a: up.getA()",
            response: "= a.items { id }",
            bodies: &[ORDERS_BODY],
            want: r#"[{"id":"o1"},{"id":"o2"},null]"#,
        },
        Case {
            name: "a path through lists is flattened",
            schemas: ORDERS,
            calls: "a: up.getA()",
            response: "skus: a.items.lines.sku tags: a.items.customer.tags firsts: a.items.lines[0] { sku }",
            bodies: &[ORDERS_BODY],
            want: r#"{"skus":["s1","s2"],"tags":["a","b"],"firsts":[{"sku":"s1"},null,null]}"#,
        },
        Case {
            name: "index, slice, literal, default",
            schemas: ORDERS,
            calls: "a: up.getA()",
            response: "one: a.items[0] { id } last: a.items[-2].id some: a.items[:1] { id } kind: \"web\" n: 1.50 none: a.note ?? \"-\" list: [a.total, 3]",
            bodies: &[ORDERS_BODY],
            want: r#"{"one":{"id":"o1"},"last":"o2","some":[{"id":"o1"}],"kind":"web","n":1.50,"none":"-","list":[2.0,3]}"#,
        },
        Case {
            name: "`*` is what is documented",
            schemas: ORDERS,
            calls: "a: up.getA()",
            response: "a { * -total }",
            bodies: &[ORDERS_BODY],
            want: r#"{"a":{"items":[{"id":"o1","customer":{"name":"Ann","tags":["a","b"]},"lines":[{"sku":"s1","qty":1},{"sku":"s2"}]},{"id":"o2","lines":[]},null]}}"#,
        },
        Case {
            name: "a list copied and passed through at once",
            schemas: ORDERS,
            calls: "a: up.getA()",
            response: "a { items { customer { tags first: tags[0] } } }",
            bodies: &[ORDERS_BODY],
            want: r#"{"a":{"items":[{"customer":{"tags":["a","b"],"first":"a"}},{"customer":null},null]}}"#,
        },
        Case {
            name: "a failed optional call is null",
            schemas: ORDERS,
            calls: "a?: up.getA()",
            response: "a { total } x: a.items { id } y: a.total",
            bodies: &[""],
            want: r#"{"a":null,"x":null,"y":null}"#,
        },
    ]);
}

#[test]
fn promised_values() {
    let case = |name, response, want| Case {
        name,
        schemas: ORDERS,
        calls: "a: up.getA()",
        response,
        bodies: &[
            r#"{"total":1,"note":null,"items":[{"id":"o1","customer":{"name":"Ann"},"lines":[]},{"id":"o2","lines":[]}]}"#,
        ],
        want,
    };
    check(&[
        case("one that is there", "total: a.total!", r#"{"total":1}"#),
        case(
            "one that is null",
            "note: a.note!",
            "a promised value is missing",
        ),
        case(
            "one of each element",
            "items: a.items { name: customer.name! }",
            "a promised value is missing",
        ),
        case(
            "one with a selection",
            "last: a.items[-1].customer! { name }",
            "a promised value is missing",
        ),
        case(
            "a default comes first",
            "note: a.note ?? \"none\"",
            r#"{"note":"none"}"#,
        ),
    ]);
}

#[test]
fn joins() {
    check(&[
        Case {
            name: "the first that matches, or null; all that match",
            schemas: ORDERS,
            calls: "a: up.getA()\nb: up.getB(ids = a.items.lines.sku)",
            response: "items: a.items { lines { qty product: $b[sku = .sku] { name stock } all: $b[sku = .sku][] { name } } }",
            bodies: &[ORDERS_BODY, PRODUCTS],
            want: r#"{"items":[{"lines":[{"qty":1,"product":{"name":"One","stock":5},"all":[{"name":"One"},{"name":"Again"}]},{"qty":null,"product":{"name":"Two","stock":1e2},"all":[{"name":"Two"}]}]},{"lines":[]},null]}"#,
        },
        Case {
            name: "a whole list is null where it is absent",
            schemas: ORDERS,
            calls: "a: up.getA()\nb?: up.getB(ids = a.items.lines.sku)",
            response: "lines: a.items[0].lines { one: $b[sku = .sku].name all: $b[sku = .sku][] { name } }",
            bodies: &[ORDERS_BODY, ""],
            want: r#"{"lines":[{"one":null,"all":null},{"one":null,"all":null}]}"#,
        },
        Case {
            name: "each",
            schemas: "A:\n  type: object\n  required: [ids]\n  properties: { ids: { type: array, items: { type: object, required: [id], properties: { id: { type: string } } } } }\nB:\n  type: object\n  properties: { left: { type: integer }, at: { type: object, properties: { place: { type: string } } } }",
            calls: "a: up.getA()\nb?: up.getB(id = each a.ids.id)",
            response: "stock: a.ids { b: $b[each = .id] { left at { place } } left: $b[each = .id].left }",
            bodies: &[
                r#"{"ids":[{"id":"x"},{"id":"y"},{"id":"z"}]}"#,
                r#"{"x":{"left":1,"at":{"place":"p"}},"y":null,"z":{"at":null}}"#,
            ],
            want: r#"{"stock":[{"b":{"left":1,"at":{"place":"p"}},"left":1},{"b":null,"left":null},{"b":{"left":null,"at":null},"left":null}]}"#,
        },
    ]);
}

#[test]
fn maps() {
    let schemas = "\
A:
  type: object
  required: [prices]
  properties:
    prices: { type: object, additionalProperties: { $ref: '#/components/schemas/Price' } }
    labels: { type: object, additionalProperties: { type: string } }
    mixed: { type: object, properties: { id: { type: string } }, additionalProperties: { type: integer } }
    list: { type: array, items: { type: object, properties: { code: { type: string } } } }
Price:
  type: object
  required: [amount]
  properties: { amount: { type: number }, currency: { type: string } }
";
    let body = r#"{"prices":{"EUR":{"amount":1.50,"x":1},"U\u0053D":{"amount":2}},"labels":{"a":"b"},"mixed":{"id":"i","n":1,"m":2},"list":[{"code":"EUR"},{"code":"XXX"}]}"#;
    let case = |name, response, want| Case {
        name,
        schemas,
        calls: "a: up.getA()",
        response,
        bodies: &[""],
        want,
    };
    let cases = [
        case(
            "every value under the same keys",
            "p: a.prices.* { amount }",
            r#"{"p":{"EUR":{"amount":1.50},"U\u0053D":{"amount":2}}}"#,
        ),
        case(
            "a step behind every value",
            "p: a.prices.*.amount",
            r#"{"p":{"EUR":1.50,"U\u0053D":2}}"#,
        ),
        case(
            "a key",
            "p: a.prices.EUR.amount q: a.prices.USD { amount } r: a.prices.XXX { amount }",
            r#"{"p":1.50,"q":{"amount":2},"r":null}"#,
        ),
        case(
            "a key beside every value",
            "p: a.prices.EUR.amount q: a.prices.*.amount",
            r#"{"p":1.50,"q":{"EUR":1.50,"U\u0053D":2}}"#,
        ),
        case(
            "looked up",
            "l: a.list { price: $a.prices[key = .code] { amount } }",
            r#"{"l":[{"price":{"amount":1.50}},{"price":null}]}"#,
        ),
        case(
            "whole, and of scalars",
            "a { * -list }",
            r#"{"a":{"prices":{"EUR":{"amount":1.50},"U\u0053D":{"amount":2}},"labels":{"a":"b"},"mixed":{"id":"i","n":1,"m":2}}}"#,
        ),
    ];
    for case in cases {
        let plan = plan(case.schemas, case.calls, case.response);
        assert_eq!(answer(plan, &[body]), case.want, "{}", case.name);
    }
}

#[test]
fn variants_and_recursion() {
    let shapes = "\
A:
  type: object
  required: [shapes]
  properties:
    shapes: { type: array, items: { oneOf: [ { $ref: '#/components/schemas/Circle' }, { $ref: '#/components/schemas/Square' }, { type: string } ] } }
Circle:
  type: object
  required: [kind, r]
  properties: { kind: { type: string, enum: [circle] }, r: { type: number }, name: { type: string } }
Square:
  type: object
  required: [kind, side]
  properties: { kind: { type: string, enum: [square] }, side: { type: number }, name: { type: string } }
";
    let tree = "\
A:
  type: object
  required: [root]
  properties: { root: { $ref: '#/components/schemas/Node' } }
Node:
  type: object
  required: [id]
  properties:
    id: { type: string }
    next: { $ref: '#/components/schemas/Node' }
    children: { type: array, items: { $ref: '#/components/schemas/Node' } }
    byName: { type: object, additionalProperties: { $ref: '#/components/schemas/Node' } }
";
    check(&[
        Case {
            name: "variants by discriminator",
            schemas: shapes,
            calls: "a: up.getA()",
            response: "s: a.shapes { ... on Circle { r name } ... on Square { side } } c: a.shapes[on Circle] { r }",
            bodies: &[
                r#"{"shapes":[{"kind":"circle","r":1,"name":"c","side":9},{"kind":"square","side":2,"name":"q"}]}"#,
            ],
            want: r#"{"s":[{"r":1,"name":"c"},{"side":2}],"c":[{"r":1},null]}"#,
        },
        Case {
            name: "variants whole, scalars among objects",
            schemas: shapes,
            calls: "a: up.getA()",
            response: "a { * }",
            bodies: &[
                r#"{"shapes":[{"kind":"circle","r":1,"x":{}},"text",null,{"kind":"square","side":2,"name":"q"}]}"#,
            ],
            want: r#"{"a":{"shapes":[{"kind":"circle","r":1},"text",null,{"kind":"square","name":"q","side":2}]}}"#,
        },
        Case {
            name: "recursion",
            schemas: tree,
            calls: "a: up.getA()",
            response: "a { * } names: a.root.children.id deep: a.root.next.next.id",
            bodies: &[
                r#"{"root":{"id":"1","x":0,"next":{"id":"2","next":{"id":"3"},"children":[]},"children":[{"id":"4","children":[{"id":"5","byName":{"k":{"id":"6","y":1}}}]},null]}}"#,
            ],
            want: r#"{"a":{"root":{"id":"1","next":{"id":"2","next":{"id":"3"},"children":[]},"children":[{"id":"4","children":[{"id":"5","byName":{"k":{"id":"6"}}}]},null]}},"names":["4",null],"deep":"3"}"#,
        },
    ]);
}

#[test]
fn arguments_read_the_same_tapes() {
    let plan = plan(
        ORDERS,
        "a: up.getA()\nb: up.getB(ids = a.items.lines.sku, id = a.items[0].id)",
        "b { name } a { total }",
    );
    let tapes = tapes(plan, &[ORDERS_BODY, PRODUCTS]);
    let scope = Scope::new(&tapes);
    let read: Vec<Vec<String>> = plan.calls[1]
        .arguments
        .iter()
        .map(|argument| {
            let Value::Path { path, .. } = &argument.value else {
                panic!()
            };
            let mut values = Vec::new();
            scope.values(path, |value| {
                values.push(value.map_or("null".to_owned(), |raw| raw.text().into_owned()))
            });
            values
        })
        .collect();
    assert_eq!(read, [vec!["s1", "s2"], vec!["o1"]]);
}
