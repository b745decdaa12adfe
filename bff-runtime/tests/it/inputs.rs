//! What the client sends: read once, checked at once, refused before any call is made.

use bff_runtime::json::{
    Condition, Elements, Entries, Fields, Frame, Hop, Key, Kinds, Node, Operand, Shape,
};
use bff_runtime::plan::*;
use serde_json::json;

use crate::client;
use crate::tables::*;
use crate::upstream::{Upstream as Scripted, ok};

const OPTIONAL: Input = Input {
    required: false,
    ..input(Place::Query, "", 0, Scalar::String)
};

const CHECKED: Inputs = Inputs {
    width: 8,
    items: &[
        Input {
            rules: Rules {
                format: Some(Format::Uuid),
                ..Rules::of(Scalar::String)
            },
            ..input(Place::Path, "id", 0, Scalar::String)
        },
        Input {
            name: "limit",
            slot: 1,
            rules: Rules {
                minimum: Some(Bound {
                    value: 1.0,
                    exclusive: false,
                }),
                maximum: Some(Bound {
                    value: 100.0,
                    exclusive: false,
                }),
                ..Rules::of(Scalar::Integer)
            },
            default: Some("20"),
            ..OPTIONAL
        },
        Input {
            name: "sort",
            slot: 2,
            rules: Rules {
                one_of: &["up", "down"],
                ..Rules::of(Scalar::String)
            },
            ..OPTIONAL
        },
        Input {
            name: "tag",
            slot: 3,
            list: Some(ListRules {
                min: None,
                max: Some(2),
            }),
            ..OPTIONAL
        },
        Input {
            name: "code",
            slot: 4,
            rules: Rules {
                pattern: Some(Pattern::new("^[A-Z]{2}$")),
                ..Rules::of(Scalar::String)
            },
            ..OPTIONAL
        },
        Input {
            place: Place::Header,
            name: "x-app",
            slot: 5,
            required: true,
            ..OPTIONAL
        },
        Input {
            place: Place::Header,
            name: "x-list",
            slot: 6,
            list: Some(ListRules {
                min: None,
                max: None,
            }),
            ..OPTIONAL
        },
        Input {
            place: Place::Cookie,
            name: "theme",
            slot: 7,
            ..OPTIONAL
        },
    ],
};

static ECHO: Operation = Operation {
    upstream: &ALPHA,
    id: "echo",
    method: "GET",
    path: &[PathPart::Literal("/echo/"), PathPart::Argument("id")],
};
const fn optional(place: Place, name: &'static str, path: bff_runtime::json::Path) -> Argument {
    Argument {
        required: false,
        ..argument(place, name, path)
    }
}
static PASS_ALL: Plan = Plan {
    calls: &[call(
        "echo",
        &ECHO,
        &[
            argument(Place::Path, "id", path(0, &[Hop::Value(0)])),
            optional(Place::Query, "limit", path(0, &[Hop::Value(1)])),
            optional(Place::Query, "sort", path(0, &[Hop::Value(2)])),
            Argument {
                style: Style::Pipe,
                ..optional(
                    Place::Query,
                    "tag",
                    path(
                        0,
                        &[Hop::Each(3, bff_runtime::json::Pick::All), Hop::Value(0)],
                    ),
                )
            },
            optional(Place::Header, "x-app", path(0, &[Hop::Value(5)])),
            Argument {
                style: Style::Comma,
                ..optional(
                    Place::Query,
                    "list",
                    path(
                        0,
                        &[Hop::Each(6, bff_runtime::json::Pick::All), Hop::Value(0)],
                    ),
                )
            },
            optional(Place::Cookie, "theme", path(0, &[Hop::Value(7)])),
        ],
    )],
    require: &[],
    answer: Answer {
        status: 204,
        headers: &[],
        body: None,
    },
};
pub(crate) static NOTHING: Plan = Plan {
    calls: &[],
    require: &[],
    answer: Answer {
        status: 204,
        headers: &[],
        body: None,
    },
};

static ITEM: Fields = Fields {
    keys: &[
        Key {
            name: "sku",
            required: true,
            node: Node::scalar("items[].sku", 0, Kinds::STRING),
        },
        Key {
            name: "qty",
            required: true,
            node: Node::scalar("items[].qty", 1, Kinds::INTEGER),
        },
    ],
    rest: None,
};
static ITEMS: Elements = Elements {
    slot: 0,
    first: Elements::ALL,
    frame: Frame {
        width: 2,
        node: Node::object("items[]", 0, 2, &ITEM),
    },
};
static ADDRESS: Fields = Fields {
    keys: &[Key {
        name: "city",
        required: true,
        node: Node::scalar("address.city", 2, Kinds::STRING),
    }],
    rest: None,
};
static LABELS: Fields = Fields {
    keys: &[],
    rest: Some(&Entries {
        slot: 5,
        frame: Frame {
            width: 3,
            node: Node::object("labels.*", 2, 3, &LABEL).own(1),
        },
    }),
};
static LABEL: Fields = Fields {
    keys: &[Key {
        name: "name",
        required: true,
        node: Node::scalar("labels.*.name", 2, Kinds::STRING),
    }],
    rest: None,
};
pub(crate) static ORDER: BodyInput = BodyInput {
    shape: &Shape {
        root: Frame {
            width: 6,
            node: Node::object(
                "",
                0,
                6,
                &Fields {
                    keys: &[
                        Key {
                            name: "items",
                            required: true,
                            node: Node::list("items", &ITEMS),
                        },
                        Key {
                            name: "address",
                            required: false,
                            node: Node::object("address", 1, 3, &ADDRESS).own(1),
                        },
                        Key {
                            name: "note",
                            required: false,
                            node: Node::scalar("note", 3, Kinds::STRING).or_null(),
                        },
                        Key {
                            name: "labels",
                            required: false,
                            node: Node::object("labels", 5, 6, &LABELS).own(4),
                        },
                    ],
                    rest: None,
                },
            ),
        },
    },
    required: true,
    root: BodyRule::Object {
        slot: None,
        fields: &[
            BodyField {
                name: "items",
                required: true,
                rule: BodyRule::List {
                    slot: 0,
                    rules: ListRules {
                        min: Some(1),
                        max: Some(2),
                    },
                    element: &BodyRule::Object {
                        slot: None,
                        fields: &[
                            BodyField {
                                name: "sku",
                                required: true,
                                rule: BodyRule::Scalar {
                                    slot: 0,
                                    rules: Rules::of(Scalar::String),
                                    nullable: false,
                                },
                            },
                            BodyField {
                                name: "qty",
                                required: true,
                                rule: BodyRule::Scalar {
                                    slot: 1,
                                    rules: Rules {
                                        minimum: Some(Bound {
                                            value: 0.0,
                                            exclusive: true,
                                        }),
                                        ..Rules::of(Scalar::Integer)
                                    },
                                    nullable: false,
                                },
                            },
                        ],
                        nullable: false,
                    },
                    nullable: false,
                },
            },
            BodyField {
                name: "address",
                required: false,
                rule: BodyRule::Object {
                    slot: Some(1),
                    fields: &[BodyField {
                        name: "city",
                        required: true,
                        rule: BodyRule::Scalar {
                            slot: 2,
                            rules: Rules::of(Scalar::String),
                            nullable: false,
                        },
                    }],
                    nullable: false,
                },
            },
            BodyField {
                name: "note",
                required: false,
                rule: BodyRule::Scalar {
                    slot: 3,
                    rules: Rules {
                        max_length: Some(3),
                        ..Rules::of(Scalar::String)
                    },
                    nullable: true,
                },
            },
            BodyField {
                name: "labels",
                required: false,
                rule: BodyRule::Map {
                    slot: Some(4),
                    fields: &[],
                    entries: Some(5),
                    element: &BodyRule::Object {
                        slot: Some(1),
                        fields: &[BodyField {
                            name: "name",
                            required: true,
                            rule: BodyRule::Scalar {
                                slot: 2,
                                rules: Rules::of(Scalar::String),
                                nullable: false,
                            },
                        }],
                        nullable: false,
                    },
                    nullable: false,
                },
            },
        ],
        nullable: false,
    },
};

const ID_PATH: &[Segment] = &[Segment::Literal("check"), Segment::Parameter("id")];
static ROUTES: [Route; 3] = [
    get("/check/{id}", ID_PATH, CHECKED, handler!(PASS_ALL)),
    Route {
        method: Some("POST"),
        body: Some(&ORDER),
        ..get(
            "/order",
            &[Segment::Literal("order")],
            NO_INPUTS,
            handler!(NOTHING),
        )
    },
    Route {
        policies: Policies {
            require: &[Clause {
                text: "query.key = \"open\"",
                condition: Condition::Equal(
                    Operand::Path(path(0, &[Hop::Value(0)])),
                    Operand::Literal("\"open\""),
                ),
                reads: 0,
            }],
            ..OPEN
        },
        ..get(
            "/kept",
            &[Segment::Literal("kept")],
            Inputs {
                width: 1,
                items: &[Input {
                    name: "key",
                    ..OPTIONAL
                }],
            },
            handler!(NOTHING),
        )
    },
];
static LOOSE: Bff = bff(&ROUTES);
static STRICT: Bff = Bff {
    server: Server {
        strict: true,
        body_limit: 1024,
        trusted_proxies: 0,
        ..Server::USUAL
    },
    ..bff(&ROUTES)
};

const UUID: &str = "123e4567-e89b-12d3-a456-426614174000";

#[tokio::test]
async fn values_arrive_decoded_once() {
    let alpha = Scripted::start(|_| ok("{}")).await;
    let gateway = start(&LOOSE, &alpha, &alpha).await;
    let target = format!("/check/{UUID}?limit=7&sort=up&tag=a%2520b&tag=c%7Cd&unknown=1");
    let headers = [
        ("x-app", "web"),
        ("x-list", "1, 2"),
        ("x-list", "3"),
        ("cookie", "a=b; theme=\"dark\"; c=d"),
    ];
    let got = client::send(gateway.addr, "GET", &target, &headers, "").await;
    assert_eq!(got.status, 204, "{}", got.text());
    let seen = &alpha.seen()[0];
    assert_eq!(
        seen.target,
        format!("/echo/{UUID}?limit=7&sort=up&tag=a%2520b%7Cc%7Cd&list=1,2,3")
    );
    assert_eq!(
        (seen.header("x-app"), seen.header("cookie")),
        (Some("web"), Some("theme=dark"))
    );
    // A default of the spec is sent.
    client::send(
        gateway.addr,
        "GET",
        &format!("/check/{UUID}"),
        &[("x-app", "1")],
        "",
    )
    .await;
    assert_eq!(alpha.seen()[1].target, format!("/echo/{UUID}?limit=20"));
    gateway.shutdown().await;
}

#[tokio::test]
async fn every_fault_at_once() {
    let alpha = Scripted::start(|_| ok("{}")).await;
    let gateway = start(&LOOSE, &alpha, &alpha).await;
    let target = "/check/7?limit=101&sort=sideways&tag=1&tag=2&tag=3&code=abc&%zz=1";
    let got = client::get(gateway.addr, target).await;
    assert_eq!(got.status, 400);
    let fault = |place: &str, name: &str, detail: &str| json!({ "in": place, "name": name, "detail": detail });
    assert_eq!(
        got.json()["errors"],
        json!([
            fault("query", "%zz", "is not properly encoded"),
            fault("path", "id", "must be a UUID"),
            fault("query", "limit", "must be at most 100"),
            fault("query", "sort", "must be one of up, down"),
            fault("query", "tag", "must have at most 2 values"),
            fault("query", "code", "must match ^[A-Z]{2}$"),
            fault("header", "x-app", "is required"),
        ])
    );
    for (query, detail) in [
        ("limit=1&limit=2", "is given more than once"),
        ("limit=", "must be an integer"),
        ("limit=1.0", "must be an integer"),
        ("limit=%31%30%31", "must be at most 100"),
        ("limit=%ff", "is not properly encoded"),
    ] {
        let got = client::send(
            gateway.addr,
            "GET",
            &format!("/check/{UUID}?{query}"),
            &[("x-app", "1")],
            "",
        )
        .await;
        assert_eq!(
            (got.status, &got.json()["errors"][0]["detail"]),
            (400, &json!(detail)),
            "{query}"
        );
    }
    assert!(alpha.seen().is_empty());
    gateway.shutdown().await;
}

/// A body, the status it leads to, and the faults told: name and words.
type Case = (&'static str, u16, &'static [(&'static str, &'static str)]);

#[tokio::test]
async fn bodies() {
    let alpha = Scripted::start(|_| ok("{}")).await;
    let gateway = start(&LOOSE, &alpha, &alpha).await;
    let cases: &[Case] = &[
        (r#"{"items":[{"sku":"a","qty":1}]}"#, 204, &[]),
        (
            r#"{"items":[{"sku":"a","qty":1}],"note":null,"address":{"city":"x"},"more":1}"#,
            204,
            &[],
        ),
        (
            r#"{"items":[]}"#,
            400,
            &[("items", "must have at least 1 values")],
        ),
        ("{}", 400, &[("items", "is required")]),
        ("[]", 400, &[("", "must be an object")]),
        ("null", 400, &[("", "must be an object")]),
        (
            r#"{"items":[{"sku":1,"qty":0},{"qty":1.5}],"note":"long","address":{}}"#,
            400,
            &[
                ("items[0].sku", "must be a string"),
                ("items[0].qty", "must be more than 0"),
                ("items[1].sku", "is required"),
                ("items[1].qty", "must be an integer"),
                ("address.city", "is required"),
                ("note", "must have at most 3 characters"),
            ],
        ),
        (r#"{"items":{"sku":"a"}}"#, 400, &[("items", "is required")]),
        (
            r#"{"items":[{"sku":"a","qty":1}],"address":[1]}"#,
            400,
            &[("address", "is of another kind")],
        ),
        (
            r#"{"items":[{"sku":"a","qty":1}],"address":7}"#,
            400,
            &[("address", "must be an object")],
        ),
        (
            r#"{"items":[null]}"#,
            400,
            &[("items[0]", "must be an object")],
        ),
        (
            r#"{"items":[{"sku":"a","qty":1}],"note":["x"]}"#,
            400,
            &[("note", "is of another kind")],
        ),
        (
            r#"{"items":[{"sku":"a","qty":1}],"labels":{"de":{"name":"x"}}}"#,
            204,
            &[],
        ),
        (
            r#"{"items":[{"sku":"a","qty":1}],"labels":{"de":{"name":1},"a\u0062":{},"fr":[],"it":null,"es":{"name":[]}}}"#,
            400,
            &[
                ("labels.de.name", "must be a string"),
                ("labels.ab.name", "is required"),
                ("labels.fr", "must be an object"),
                ("labels.it", "must not be null"),
                ("labels.es.name", "is required"),
            ],
        ),
        (
            r#"{"items":[{"sku":"a","qty":1}],"labels":7}"#,
            400,
            &[("labels", "must be an object")],
        ),
    ];
    for (body, status, faults) in cases {
        let got = client::send(gateway.addr, "POST", "/order", &[], body).await;
        assert_eq!(got.status, *status, "{body}: {}", got.text());
        if *status == 400 {
            let found: Vec<(String, String)> = got.json()["errors"]
                .as_array()
                .unwrap()
                .iter()
                .map(|fault| {
                    (
                        fault["name"].as_str().unwrap().to_owned(),
                        fault["detail"].as_str().unwrap().to_owned(),
                    )
                })
                .collect();
            let found: Vec<(&str, &str)> = found
                .iter()
                .map(|(name, detail)| (name.as_str(), detail.as_str()))
                .collect();
            assert_eq!(found, *faults, "{body}");
        }
    }
    for (body, headers, status) in [
        ("{\"items\":", &[][..], 400),
        (
            "{\"items\":[{\"sku\":\"a\",\"qty\":1}],\"skipped\":[01]}",
            &[],
            400,
        ),
        ("", &[], 400),
        (
            "a=b",
            &[("content-type", "application/x-www-form-urlencoded")],
            415,
        ),
        ("{}", &[("content-type", "text/json")], 415),
        (
            r#"{"items":[{"sku":"a","qty":1}]}"#,
            &[(
                "content-type",
                "application/merge-patch+json; charset=utf-8",
            )],
            204,
        ),
        (&format!("{{\"note\":\"{}\"}}", "x".repeat(2000)), &[], 413),
    ] {
        let got = client::send(gateway.addr, "POST", "/order", headers, body).await;
        assert_eq!(got.status, status, "{body}: {}", got.text());
    }
    let chunked = "POST /order HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let many = format!(
        "{chunked}{}0\r\n\r\n",
        format!("80\r\n{}\r\n", " ".repeat(128)).repeat(9)
    );
    assert_eq!(client::raw(gateway.addr, many.as_bytes()).await.status, 413);
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_strict_server_takes_nothing_unnamed() {
    let alpha = Scripted::start(|_| ok("{}")).await;
    let gateway = start(&STRICT, &alpha, &alpha).await;
    let got = client::send(
        gateway.addr,
        "GET",
        &format!("/check/{UUID}?sort=up&page=2"),
        &[("x-app", "1")],
        "",
    )
    .await;
    assert_eq!(
        (got.status, &got.json()["errors"][0]["name"]),
        (400, &json!("page"))
    );
    let body = r#"{"items":[{"sku":"a","qty":1,"price":2}],"admin":true}"#;
    let got = client::send(gateway.addr, "POST", "/order", &[], body).await;
    let names: Vec<serde_json::Value> = got.json()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["name"].clone())
        .collect();
    assert_eq!(
        (got.status, names),
        (400, vec![json!("admin"), json!("items[0].price")])
    );
    let got = client::send(
        gateway.addr,
        "GET",
        &format!("/check/{UUID}"),
        &[("x-app", "1")],
        "{}",
    )
    .await;
    assert_eq!(
        (got.status, &got.json()["errors"][0]["in"]),
        (400, &json!("body"))
    );
    gateway.shutdown().await;
}

#[tokio::test]
async fn what_must_hold_before_any_call() {
    let alpha = Scripted::start(|_| ok("{}")).await;
    let gateway = start(&LOOSE, &alpha, &alpha).await;
    assert_eq!(
        client::get(gateway.addr, "/kept?key=open").await.status,
        204
    );
    for target in ["/kept?key=shut", "/kept", "/kept?key=open&key=open"] {
        assert_eq!(
            client::get(gateway.addr, target).await.status,
            403,
            "{target}"
        );
    }
    gateway.shutdown().await;
}
