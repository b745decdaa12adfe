//! What the frontend sees when an upstream doesn't do as it should, and what becomes of writes.

use std::time::Duration;

use bff_runtime::json::{Block, Condition, Fields, Frame, Hop, Node, Operand, Shape, Template};
use bff_runtime::plan::*;

use crate::client::{self, Answer as Got};
use crate::tables::*;
use crate::upstream::{Gate, Seen, Step, Upstream as Scripted, answer, ok, with_headers};

const ID: Inputs = Inputs {
    width: 2,
    items: &[
        input(Place::Path, "id", 0, Scalar::String),
        Input {
            required: false,
            ..input(Place::Query, "x", 1, Scalar::String)
        },
    ],
};
const BY_ID: &[Argument] = &[argument(Place::Path, "id", path(0, &[Hop::Value(0)]))];

static ONE: Plan = Plan {
    calls: &[Call {
        shape: Some(&USER),
        bodiless: &[(204, 204)],
        ..call("user", &GET_USER, BY_ID)
    }],
    require: &[],
    answer: Answer {
        status: 200,
        headers: &[],
        body: Some(&NAME),
    },
};
static NAME: Template = Template::Block(&Block::Fields(&[field(
    "\"name\":",
    value(3, &[Hop::Value(1)]),
)]));

/// The second call needs what the first one gives.
static CHAIN: Plan = Plan {
    calls: &[
        Call {
            shape: Some(&USER),
            ..call("user", &GET_USER, BY_ID)
        },
        Call {
            shape: Some(&STOCK),
            needs: 1,
            client_argument: false,
            client_input: false,
            ..call(
                "stock",
                &GET_STOCK,
                &[argument(Place::Path, "sku", path(3, &[Hop::Value(1)]))],
            )
        },
    ],
    require: &[],
    answer: Answer {
        status: 200,
        headers: &[],
        body: Some(&COUNT),
    },
};
static COUNT: Template = Template::Block(&Block::Fields(&[field(
    "\"count\":",
    value(4, &[Hop::Value(0)]),
)]));

/// Two calls that need nothing of each other.
static PAIR: Plan = Plan {
    calls: &[
        Call {
            shape: Some(&USER),
            ..call("user", &GET_USER, BY_ID)
        },
        Call {
            shape: Some(&STOCK),
            ..call(
                "stock",
                &GET_STOCK,
                &[argument(Place::Path, "sku", path(0, &[Hop::Value(0)]))],
            )
        },
    ],
    require: &[],
    answer: Answer {
        status: 200,
        headers: &[],
        body: Some(&COUNT),
    },
};

static CREATE: Operation = Operation {
    upstream: &ALPHA,
    id: "create",
    method: "POST",
    path: &[PathPart::Literal("/orders")],
};
static NEW_ORDER: Template = Template::Block(&Block::Fields(&[field(
    "\"note\":",
    value(2, &[Hop::Value(0)]),
)]));
static CONFLICTS: Shape = Shape {
    root: Frame {
        width: 1,
        node: Node::object(
            "",
            0,
            1,
            &Fields {
                keys: &[text("sku", 0)],
                rest: None,
            },
        ),
    },
};
static CONFLICT: Template = Template::Block(&Block::Fields(&[field(
    "\"sku\":",
    value(0, &[Hop::Value(0)]),
)]));

/// A check that must succeed, a clause that must hold, then the write, then a read of what it made.
static WRITE: Plan = Plan {
    calls: &[
        Call {
            shape: Some(&USER),
            ..call(
                "user",
                &GET_USER,
                &[argument(Place::Path, "id", path(0, &[Hop::Value(0)]))],
            )
        },
        Call {
            shape: Some(&CREATED),
            write: true,
            after: 0b1,
            body: Some(CallBody {
                media: "application/json",
                value: BodyValue::Json(&NEW_ORDER),
            }),
            headers: &[("location", 2)],
            errors: &[ErrorRule {
                first: 409,
                last: 409,
                then: ErrorAction::Select {
                    shape: &CONFLICTS,
                    template: &CONFLICT,
                },
            }],
            client_argument: false,
            ..call("created", &CREATE, &[])
        },
        Call {
            shape: Some(&STOCK),
            needs: 0b10,
            client_argument: false,
            ..call(
                "stock",
                &GET_STOCK,
                &[argument(Place::Path, "sku", path(4, &[Hop::Value(0)]))],
            )
        },
    ],
    require: &[Clause {
        text: "user.name = \"Ada\"",
        condition: Condition::Equal(
            Operand::Path(path(3, &[Hop::Value(1)])),
            Operand::Literal("\"Ada\""),
        ),
        reads: 1,
    }],
    answer: Answer {
        status: 201,
        headers: &[
            ("location", HeaderValue::Path(path(4, &[Hop::Value(2)]))),
            ("cache-control", HeaderValue::Literal("private")),
        ],
        body: Some(&MADE),
    },
};
static MADE: Template = Template::Block(&Block::Fields(&[
    field("\"id\":", value(4, &[Hop::Value(0)])),
    field("\"count\":", value(5, &[Hop::Value(0)])),
]));
static NOTE: BodyInput = BodyInput {
    shape: &Shape {
        root: Frame {
            width: 1,
            node: Node::object(
                "",
                0,
                1,
                &Fields {
                    keys: &[text("note", 0)],
                    rest: None,
                },
            ),
        },
    },
    required: true,
    root: BodyRule::Object {
        slot: None,
        fields: &[BodyField {
            name: "note",
            required: true,
            rule: BodyRule::Scalar {
                slot: 0,
                rules: Rules::of(Scalar::String),
                nullable: false,
            },
        }],
        nullable: false,
    },
};
/// As `USER`, with room for a header.
static CREATED: Shape = Shape {
    root: Frame {
        width: 3,
        node: Node::object(
            "",
            0,
            2,
            &Fields {
                keys: &[text("id", 0), text("name", 1)],
                rest: None,
            },
        ),
    },
};

const QUICK: Policies = Policies {
    timeout: Duration::from_millis(400),
    ..OPEN
};

macro_rules! segments {
    ($first:literal) => {
        &[Segment::Literal($first), Segment::Parameter("id")]
    };
}

static FAILING: Bff = bff(&[
    get("/one/{id}", segments!("one"), ID, handler!(ONE)),
    Route {
        policies: QUICK,
        ..get("/quick/{id}", segments!("quick"), ID, handler!(ONE))
    },
    get("/chain/{id}", segments!("chain"), ID, handler!(CHAIN)),
    get("/pair/{id}", segments!("pair"), ID, handler!(PAIR)),
    Route {
        method: Some("POST"),
        body: Some(&NOTE),
        ..get("/write/{id}", segments!("write"), ID, handler!(WRITE))
    },
    Route {
        method: Some("POST"),
        body: Some(&NOTE),
        policies: QUICK,
        ..get(
            "/quick-write/{id}",
            segments!("quick-write"),
            ID,
            handler!(WRITE),
        )
    },
]);

fn raw(text: &str) -> Step {
    Step::Send(text.as_bytes().to_vec())
}

#[tokio::test]
async fn one_call_fails() {
    let json = "content-type: application/json\r\n";
    let cases: Vec<(&str, Vec<Step>, u16)> = vec![
        ("fine", ok(r#"{"name":"Ada"}"#), 200),
        (
            "no type, fine",
            vec![raw(
                "HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n{\"name\":\"A\"}",
            )],
            200,
        ),
        (
            "chunked",
            vec![raw(&format!(
                "HTTP/1.1 200 OK\r\n{json}transfer-encoding: chunked\r\n\r\n5\r\n{{\"nam\r\n7\r\ne\":\"A\"}}\r\n0\r\n\r\n"
            ))],
            200,
        ),
        (
            "one byte at a time",
            vec![Step::Trickle(
                format!("HTTP/1.1 200 OK\r\n{json}content-length: 12\r\n\r\n{{\"name\":\"A\"}}")
                    .into_bytes(),
            )],
            200,
        ),
        (
            "until close",
            vec![
                raw(&format!(
                    "HTTP/1.1 200 OK\r\n{json}connection: close\r\n\r\n{{\"name\":\"A\"}}"
                )),
                Step::Close,
            ],
            200,
        ),
        ("no content", vec![raw("HTTP/1.1 204 No\r\n\r\n")], 200),
        (
            "no content where the contract has some",
            vec![raw("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")],
            502,
        ),
        (
            "a json type of its own",
            with_headers(
                200,
                &[("content-type", "application/hal+json; charset=utf-8")],
                "{}",
            ),
            200,
        ),
        ("404", answer(404, "{}"), 404),
        ("400", answer(400, "{}"), 400),
        ("409 of a read", answer(409, "{}"), 502),
        ("401", answer(401, "{}"), 502),
        ("429", with_headers(429, &[("retry-after", "7")], ""), 503),
        ("500", answer(500, r#"{"host":"secret.internal"}"#), 502),
        ("503", answer(503, "{}"), 502),
        (
            "redirect",
            with_headers(302, &[("location", "/users/other")], ""),
            502,
        ),
        (
            "wrong type",
            with_headers(200, &[("content-type", "text/html")], "<html>"),
            502,
        ),
        (
            "coded",
            with_headers(
                200,
                &[
                    ("content-type", "application/json"),
                    ("content-encoding", "gzip"),
                ],
                "x",
            ),
            502,
        ),
        ("no JSON", ok("{\"name\":"), 502),
        ("two values", ok("{}{}"), 502),
        ("closed at once", vec![Step::Close], 502),
        ("reset at once", vec![Step::Reset], 502),
        (
            "truncated",
            vec![
                raw(&format!(
                    "HTTP/1.1 200 OK\r\n{json}content-length: 99\r\n\r\n{{\"name\":\"A\"}}"
                )),
                Step::Close,
            ],
            502,
        ),
        (
            "reset mid-body",
            vec![
                raw(&format!(
                    "HTTP/1.1 200 OK\r\n{json}content-length: 99\r\n\r\n{{"
                )),
                Step::Reset,
            ],
            502,
        ),
        (
            "chunks broken off",
            vec![
                raw(&format!(
                    "HTTP/1.1 200 OK\r\n{json}transfer-encoding: chunked\r\n\r\n5\r\n{{\"nam\r\n"
                )),
                Step::Close,
            ],
            502,
        ),
        ("no HTTP", vec![raw("hello\r\n\r\n"), Step::Close], 502),
        (
            "announced too large",
            vec![
                raw(&format!(
                    "HTTP/1.1 200 OK\r\n{json}content-length: 2000000\r\n\r\n"
                )),
                Step::Hang,
            ],
            502,
        ),
        (
            "too large",
            vec![
                raw(&format!(
                    "HTTP/1.1 200 OK\r\n{json}connection: close\r\n\r\n"
                )),
                Step::Send(vec![b' '; 1_200_000]),
                Step::Close,
            ],
            502,
        ),
        (
            "1xx first",
            [
                vec![raw("HTTP/1.1 103 Hints\r\n\r\n")],
                ok(r#"{"name":"Ada"}"#),
            ]
            .concat(),
            200,
        ),
    ];
    let steps: Vec<Vec<Step>> = cases.iter().map(|(_, steps, _)| steps.clone()).collect();
    let alpha = Scripted::start(move |seen| {
        steps[seen.path()["/users/".len()..].parse::<usize>().unwrap()].clone()
    })
    .await;
    let gateway = start(&FAILING, &alpha, &alpha).await;
    for (at, (name, _, want)) in cases.iter().enumerate() {
        let got = client::get(gateway.addr, &format!("/one/{at}")).await;
        assert_eq!(got.status, *want, "{name}: {}", got.text());
        if *want >= 400 {
            is_problem(&got, name);
            assert_eq!(got.json().get("upstream").is_some(), *want >= 500, "{name}");
        }
        if *want == 503 {
            assert_eq!(got.header("retry-after"), Some("7"));
        }
    }
    gateway.shutdown().await;
}

fn is_problem(got: &Got, name: &str) {
    assert_eq!(
        got.header("content-type"),
        Some("application/problem+json"),
        "{name}"
    );
    let problem = got.json();
    assert_eq!(problem["status"], got.status, "{name}");
    for member in ["type", "title", "detail", "instance", "requestId"] {
        assert!(problem[member].is_string(), "{name}: {member}");
    }
    assert_eq!(
        problem["requestId"].as_str(),
        got.header("x-request-id"),
        "{name}"
    );
    assert!(
        !got.text().contains("127.0.0.1") && !got.text().contains("secret"),
        "{name}: {}",
        got.text()
    );
}

#[tokio::test]
async fn nobody_listens() {
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let gateway = start_with(&FAILING, &[("ALPHA_URL", &gone), ("BETA_URL", &gone)]).await;
    let got = client::get(gateway.addr, "/one/1").await;
    assert_eq!(
        (got.status, &got.json()["upstream"]),
        (502, &"alpha".into())
    );
    let metrics = client::get(gateway.admin_addr, "/metrics").await;
    assert!(
        metrics
            .text()
            .contains("bff_upstream_calls_total{upstream=\"alpha\",outcome=\"connect\"} 1"),
        "{}",
        metrics.text()
    );
    gateway.shutdown().await;
}

#[tokio::test]
async fn out_of_time() {
    let alpha = Scripted::start(|seen| match seen.path() {
        "/users/silent" => vec![Step::Hang],
        _ => vec![
            raw("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{"),
            Step::Hang,
        ],
    })
    .await;
    let gateway = start(&FAILING, &alpha, &alpha).await;
    for target in ["/quick/silent", "/quick/half"] {
        let got = client::get(gateway.addr, target).await;
        assert_eq!(
            (got.status, &got.json()["upstream"]),
            (504, &"alpha".into()),
            "{target}"
        );
    }
    gateway.shutdown().await;
}

#[tokio::test]
async fn what_a_call_needs_is_not_there() {
    let alpha = Scripted::start(|seen| match seen.path() {
        "/users/null" => ok(r#"{"name":null}"#),
        "/users/absent" => ok("{}"),
        "/users/empty" => ok(r#"{"name":""}"#),
        "/users/dots" => ok(r#"{"name":".."}"#),
        _ => ok(r#"{"name":"a/../b?c=d"}"#),
    })
    .await;
    let beta = Scripted::start(|_| ok(r#"{"count":1}"#)).await;
    let gateway = start(&FAILING, &alpha, &beta).await;
    for (target, at_fault) in [
        ("null", "alpha"),
        ("absent", "alpha"),
        ("empty", "beta"),
        ("dots", "beta"),
    ] {
        let got = client::get(gateway.addr, &format!("/chain/{target}")).await;
        assert_eq!(
            (got.status, got.json()["upstream"].as_str()),
            (502, Some(at_fault)),
            "{target}"
        );
    }
    let got = client::get(gateway.addr, "/chain/odd").await;
    assert_eq!(got.status, 200);
    assert_eq!(beta.targets(), ["GET /v1/stock/a%2F..%2Fb%3Fc%3Dd"]);
    gateway.shutdown().await;
}

#[tokio::test]
async fn the_first_failure_decides() {
    let gate = Gate::new();
    let held = gate.clone();
    let alpha =
        Scripted::start(move |_| [vec![Step::Wait(held.clone())], answer(500, "{}")].concat())
            .await;
    let beta = Scripted::start(|_| answer(404, "{}")).await;
    let gateway = start(&FAILING, &alpha, &beta).await;
    // The first call is still awaited when the second fails: then nobody waits for the first any more.
    let got = client::get(gateway.addr, "/pair/x").await;
    assert_eq!(got.status, 404);
    gate.open();
    gateway.shutdown().await;
}

fn shop(seen: &Seen) -> Vec<Step> {
    match (seen.method.as_str(), seen.path()) {
        ("GET", "/users/ada") => ok(r#"{"id":"ada","name":"Ada"}"#),
        ("GET", "/users/eve") => ok(r#"{"id":"eve","name":"Eve"}"#),
        ("POST", "/orders") => with_headers(
            201,
            &[
                ("content-type", "application/json"),
                ("location", "/orders/o1"),
                ("set-cookie", "a=b"),
            ],
            r#"{"id":"o1"}"#,
        ),
        ("GET", "/v1/stock/o1") => ok(r#"{"count":5}"#),
        _ => answer(404, "{}"),
    }
}

async fn write(gateway: &bff_runtime::Running, target: &str) -> Got {
    client::send(
        gateway.addr,
        "POST",
        target,
        &[],
        r#"{"note":"n \"quoted\""}"#,
    )
    .await
}

#[tokio::test]
async fn a_write_after_what_must_hold() {
    let (alpha, beta) = (Scripted::start(shop).await, Scripted::start(shop).await);
    let gateway = start(&FAILING, &alpha, &beta).await;
    let got = write(&gateway, "/write/ada").await;
    assert_eq!((got.status, got.text()), (201, r#"{"id":"o1","count":5}"#));
    assert_eq!(
        (got.header("location"), got.header("cache-control")),
        (Some("/orders/o1"), Some("private"))
    );
    assert_eq!((got.header("set-cookie"), got.header("etag")), (None, None));
    let seen = alpha.seen();
    assert_eq!(alpha.targets(), ["GET /users/ada", "POST /orders"]);
    assert_eq!(
        (seen[1].body.as_str(), seen[1].header("content-type")),
        (r#"{"note":"n \"quoted\""}"#, Some("application/json"))
    );
    // A clause that doesn't hold, a check that fails: nothing is written.
    assert_eq!(write(&gateway, "/write/eve").await.status, 404);
    assert_eq!(write(&gateway, "/write/nobody").await.status, 404);
    assert_eq!(
        alpha
            .targets()
            .iter()
            .filter(|target| target.starts_with("POST"))
            .count(),
        1
    );
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_write_is_refused() {
    for (status, body, want, members) in [
        (409, r#"{"sku":"a","host":"secret"}"#, 409, Some("a")),
        (409, "no json", 409, None),
        (412, "{}", 412, None),
        (422, "{}", 422, None),
        (400, "{}", 400, None),
        (404, "{}", 502, None),
        (403, "{}", 502, None),
    ] {
        let alpha = Scripted::start(move |seen| {
            if seen.method == "POST" {
                answer(status, body)
            } else {
                shop(seen)
            }
        })
        .await;
        let gateway = start(&FAILING, &alpha, &alpha).await;
        let got = write(&gateway, "/write/ada").await;
        assert_eq!(got.status, want, "{status}");
        is_problem(&got, body);
        assert_eq!(
            got.json().get("sku").and_then(|sku| sku.as_str()),
            members,
            "{status}: {}",
            got.text()
        );
        gateway.shutdown().await;
    }
}

#[tokio::test]
async fn a_write_that_was_sent_is_finished() {
    let gate = Gate::new();
    let held = gate.clone();
    let alpha = Scripted::start(move |seen| match seen.method.as_str() {
        "POST" => [vec![Step::Wait(held.clone())], shop(seen)].concat(),
        _ => shop(seen),
    })
    .await;
    let gateway = start(&FAILING, &alpha, &alpha).await;
    // Out of time: the client is told so, and the write goes on.
    let got = write(&gateway, "/quick-write/ada").await;
    assert_eq!(got.status, 504);
    let calls = |outcome: &str, count: u32| {
        format!("bff_upstream_calls_total{{upstream=\"alpha\",outcome=\"{outcome}\"}} {count}")
    };
    let before = client::get(gateway.admin_addr, "/metrics").await;
    assert!(
        before.text().contains(&calls("ok", 1)) && before.text().contains(&calls("timeout", 1)),
        "{}",
        before.text()
    );
    // The gateway doesn't stop before it is done.
    let admin = gateway.admin_addr;
    let stopping = tokio::spawn(gateway.shutdown());
    while client::get(admin, "/readyz").await.status != 503 {}
    assert!(!stopping.is_finished());
    gate.open();
    stopping.await.unwrap();
}

#[tokio::test]
async fn a_write_goes_on_when_the_client_leaves() {
    let gate = Gate::new();
    let held = gate.clone();
    let alpha = Scripted::start(move |seen| match seen.method.as_str() {
        "POST" => [vec![Step::Wait(held.clone())], shop(seen)].concat(),
        _ => shop(seen),
    })
    .await;
    let gateway = start(&FAILING, &alpha, &alpha).await;
    let addr = gateway.addr;
    let asking = tokio::spawn(async move {
        client::send(addr, "POST", "/write/ada", &[], r#"{"note":"n"}"#).await
    });
    while alpha.arrival().await.method != "POST" {}
    asking.abort();
    let _ = asking.await;
    gate.open();
    let done = "bff_upstream_calls_total{upstream=\"alpha\",outcome=\"ok\"} 2";
    while !client::get(gateway.admin_addr, "/metrics")
        .await
        .text()
        .contains(done)
    {}
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_breach_of_contract_is_counted() {
    let alpha = Scripted::start(|_| ok(r#"{"name":7}"#)).await;
    let gateway = start(&FAILING, &alpha, &alpha).await;
    let got = client::get(gateway.addr, "/one/1").await;
    assert_eq!((got.status, got.text()), (200, r#"{"name":7}"#));
    let metrics = client::get(gateway.admin_addr, "/metrics").await;
    assert!(
        metrics
            .text()
            .contains("bff_contract_breaches_total{upstream=\"alpha\",at=\"name\"} 1"),
        "{}",
        metrics.text()
    );
    gateway.shutdown().await;
}
