//! Who waits for whom, what falls with what, and what a call may be instead of made.

use bff_runtime::json::{
    Block, Condition, Fields, Frame, Hop, Node, Operand, Path, Shape, Template,
};
use bff_runtime::plan::*;

use crate::client;
use crate::tables::*;
use crate::upstream::{Seen, Step, Upstream as Scripted, answer, ok};

const INPUT: Inputs = Inputs {
    width: 2,
    items: &[
        input(Place::Query, "id", 0, Scalar::String),
        Input {
            required: false,
            ..input(Place::Query, "more", 1, Scalar::Boolean)
        },
    ],
};
const OF_INPUT: &[Argument] = &[argument(Place::Path, "id", path(0, &[Hop::Value(0)]))];
const fn of_call(tape: u8) -> Path {
    match tape {
        3 => path(3, &[Hop::Value(1)]),
        4 => path(4, &[Hop::Value(1)]),
        _ => path(5, &[Hop::Value(1)]),
    }
}
static BY_FIRST: [Argument; 1] = [argument(Place::Path, "id", of_call(3))];
static BY_SECOND: [Argument; 1] = [argument(Place::Path, "id", of_call(4))];

const fn user(name: &'static str, arguments: &'static [Argument]) -> Call {
    Call {
        shape: Some(&USER),
        ..call(name, &GET_USER, arguments)
    }
}

static THREE: Template = Template::Block(&Block::Fields(&[
    field("\"a\":", value(3, &[Hop::Value(1)])),
    field("\"b\":", value(4, &[Hop::Value(1)])),
    field("\"c\":", value(5, &[Hop::Value(1)])),
]));
const ANSWER: Answer = Answer {
    status: 200,
    headers: &[],
    body: Some(&THREE),
};

/// a? → b? → c?
static CHAIN: Plan = Plan {
    calls: &[
        Call {
            optional: true,
            ..user("a", OF_INPUT)
        },
        Call {
            optional: true,
            needs: 0b1,
            ..user("b", &BY_FIRST)
        },
        Call {
            optional: true,
            needs: 0b10,
            ..user("c", &BY_SECOND)
        },
    ],
    require: &[],
    answer: ANSWER,
};
/// a; b when query.more; c? after b
static WHEN: Plan = Plan {
    calls: &[
        Call {
            errors: &[ErrorRule {
                first: 404,
                last: 404,
                then: ErrorAction::Absent,
            }],
            ..user("a", OF_INPUT)
        },
        Call {
            when: Some(Condition::Holds(Operand::Path(path(0, &[Hop::Value(1)])))),
            ..user("b", OF_INPUT)
        },
        Call {
            optional: true,
            needs: 0b10,
            after: 0b1,
            ..user("c", &BY_SECOND)
        },
    ],
    require: &[],
    answer: ANSWER,
};

static STRICT: Upstream = Upstream {
    strict: true,
    ..upstream("strict", Text(&[Part::Variable("ALPHA_URL", None)]))
};
static GET_STRICT: Operation = Operation {
    upstream: &STRICT,
    id: "getStrict",
    method: "GET",
    path: &[PathPart::Literal("/users/"), PathPart::Argument("id")],
};
static BREACH: Plan = Plan {
    calls: &[Call {
        shape: Some(&USER),
        ..call("a", &GET_STRICT, OF_INPUT)
    }],
    require: &[],
    answer: ANSWER,
};

static SUBMIT: Operation = Operation {
    upstream: &ALPHA,
    id: "submit",
    method: "POST",
    path: &[PathPart::Literal("/form")],
};
static FORM: Plan = Plan {
    calls: &[Call {
        write: true,
        body: Some(CallBody {
            media: "application/x-www-form-urlencoded",
            value: BodyValue::Form(&Block::Fields(&[
                field("\"To\":", value(0, &[Hop::Value(0)])),
                field("\"None\":", value(0, &[Hop::Value(1)])),
                field(
                    "\"Tags\":",
                    Template::List(&[Template::Literal("1"), Template::Literal("\"x y\"")]),
                ),
            ])),
        }),
        ..call("sent", &SUBMIT, &[])
    }],
    require: &[],
    answer: Answer {
        status: 204,
        headers: &[],
        body: None,
    },
};

static UPSTREAM_LIST: [&Upstream; 3] = [&ALPHA, &BETA, &STRICT];
const UPSTREAMS: &[&Upstream] = &UPSTREAM_LIST;
static GRAPH: Bff = Bff {
    upstreams: UPSTREAMS,
    ..bff(&[
        get(
            "/chain",
            &[Segment::Literal("chain")],
            INPUT,
            handler!(CHAIN),
        ),
        get("/when", &[Segment::Literal("when")], INPUT, handler!(WHEN)),
        get(
            "/strict",
            &[Segment::Literal("strict")],
            INPUT,
            handler!(BREACH),
        ),
        Route {
            method: Some("POST"),
            ..get("/form", &[Segment::Literal("form")], INPUT, handler!(FORM))
        },
    ])
};

/// Each user's name is the next one's id: 1 → 2 → 3 …
fn next(seen: &Seen) -> Vec<Step> {
    match seen.path().strip_prefix("/users/") {
        Some("none") | None => answer(404, "{}"),
        Some("broken") => answer(500, "{}"),
        Some("null") => ok(r#"{"name":null}"#),
        Some("leads-to-broken") => ok(r#"{"name":"broken"}"#),
        Some("number") => ok(r#"{"name":7}"#),
        Some(id) => ok(&format!(r#"{{"name":"{id}x"}}"#)),
    }
}

#[tokio::test]
async fn what_falls_with_what() {
    let alpha = Scripted::start(next).await;
    let gateway = start(&GRAPH, &alpha, &alpha).await;
    let cases = [
        ("/chain?id=1", r#"{"a":"1x","b":"1xx","c":"1xxx"}"#, None, 3),
        (
            "/chain?id=broken",
            r#"{"a":null,"b":null,"c":null}"#,
            Some("a, b, c"),
            1,
        ),
        (
            "/chain?id=leads-to-broken",
            r#"{"a":"broken","b":null,"c":null}"#,
            Some("b, c"),
            2,
        ),
        // What b would need is null: it isn't made, and nobody failed.
        ("/chain?id=null", r#"{"a":null,"b":null,"c":null}"#, None, 1),
        (
            "/when?id=1&more=true",
            r#"{"a":"1x","b":"1x","c":"1xx"}"#,
            None,
            3,
        ),
        (
            "/when?id=1&more=false",
            r#"{"a":"1x","b":null,"c":null}"#,
            None,
            1,
        ),
        ("/when?id=1", r#"{"a":"1x","b":null,"c":null}"#, None, 1),
        ("/when?id=none", r#"{"a":null,"b":null,"c":null}"#, None, 1),
    ];
    for (target, body, partial, calls) in cases {
        let before = alpha.seen().len();
        let got = client::get(gateway.addr, target).await;
        assert_eq!(
            (got.status, got.text(), got.header("bff-partial")),
            (200, body, partial),
            "{target}"
        );
        assert_eq!(alpha.seen().len() - before, calls, "{target}");
    }
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_strict_contract() {
    let alpha = Scripted::start(next).await;
    let gateway = start(&GRAPH, &alpha, &alpha).await;
    assert_eq!(client::get(gateway.addr, "/strict?id=1").await.status, 200);
    let got = client::get(gateway.addr, "/strict?id=number").await;
    assert_eq!(
        (got.status, &got.json()["upstream"]),
        (502, &"strict".into())
    );
    gateway.shutdown().await;
}

#[tokio::test]
async fn forms() {
    let alpha = Scripted::start(|_| answer(200, "{}")).await;
    let gateway = start(&GRAPH, &alpha, &alpha).await;
    assert_eq!(
        client::send(gateway.addr, "POST", "/form?id=%2B1+2", &[], "")
            .await
            .status,
        204
    );
    let seen = &alpha.seen()[0];
    assert_eq!(
        seen.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    assert_eq!(seen.body, "To=%2B1%202&Tags=1&Tags=x%20y");
    gateway.shutdown().await;
}

#[tokio::test]
async fn several_instances_take_turns() {
    let (one, two) = (Scripted::start(next).await, Scripted::start(next).await);
    let both = format!("{}, {}", one.url(), two.url());
    let gateway = start_with(&GRAPH, &[("ALPHA_URL", &both), ("BETA_URL", &one.url())]).await;
    for _ in 0..4 {
        assert_eq!(client::get(gateway.addr, "/when?id=1").await.status, 200);
    }
    assert_eq!((one.seen().len(), two.seen().len()), (2, 2));
    gateway.shutdown().await;
}

/// Nothing is wanted of the answer, and yet it must be one.
static NOTHING_WANTED: Shape = Shape {
    root: Frame {
        width: 0,
        node: Node::object(
            "",
            0,
            0,
            &Fields {
                keys: &[],
                rest: None,
            },
        ),
    },
};
static LOOKED_AT: Plan = Plan {
    calls: &[Call {
        shape: Some(&NOTHING_WANTED),
        ..call("a", &GET_USER, OF_INPUT)
    }],
    require: &[],
    answer: Answer {
        status: 204,
        headers: &[],
        body: None,
    },
};
static LOOKING: Bff = bff(&[get(
    "/look",
    &[Segment::Literal("look")],
    INPUT,
    handler!(LOOKED_AT),
)]);

#[tokio::test]
async fn an_answer_nobody_reads() {
    let alpha = Scripted::start(|seen| {
        if seen.path() == "/users/1" {
            ok("{}")
        } else {
            ok("{")
        }
    })
    .await;
    let gateway = start(&LOOKING, &alpha, &alpha).await;
    assert_eq!(client::get(gateway.addr, "/look?id=1").await.status, 204);
    assert_eq!(client::get(gateway.addr, "/look?id=2").await.status, 502);
    gateway.shutdown().await;
}
