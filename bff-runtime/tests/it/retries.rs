//! Further attempts of calls, over real connections.

use std::sync::Mutex;

use bff_runtime::json::{Block, Hop, Template};
use bff_runtime::plan::*;

use crate::client;
use crate::tables::*;
use crate::upstream::{Seen, Step, Upstream as Scripted, answer, ok};

const INPUTS: Inputs = Inputs {
    width: 2,
    items: &[
        input(Place::Path, "id", 0, Scalar::String),
        Input {
            required: false,
            ..input(Place::Header, "idempotency-key", 1, Scalar::String)
        },
    ],
};
static NAME: Template = Template::Block(&Block::Fields(&[field(
    "\"name\":",
    value(3, &[Hop::Value(1)]),
)]));
const NAMED: Answer = Answer {
    status: 200,
    headers: &[],
    body: Some(&NAME),
};

static READ: Plan = Plan {
    calls: &[Call {
        shape: Some(&USER),
        retry: 2,
        ..call(
            "user",
            &GET_USER,
            &[argument(Place::Path, "id", path(0, &[Hop::Value(0)]))],
        )
    }],
    require: &[],
    answer: NAMED,
};

static CREATE: Operation = Operation {
    upstream: &ALPHA,
    id: "create",
    method: "POST",
    path: &[PathPart::Literal("/users")],
};
static BODY: Template = Template::Block(&Block::Fields(&[field(
    "\"id\":",
    value(0, &[Hop::Value(0)]),
)]));
static WRITE: Plan = Plan {
    calls: &[Call {
        shape: Some(&USER),
        retry: 2,
        write: true,
        body: Some(CallBody {
            media: "application/json",
            value: BodyValue::Json(&BODY),
        }),
        ..call(
            "user",
            &CREATE,
            &[Argument {
                required: false,
                ..argument(Place::Header, "Idempotency-Key", path(0, &[Hop::Value(1)]))
            }],
        )
    }],
    require: &[],
    answer: NAMED,
};
static RETRYING: Bff = bff(&[
    get(
        "/read/{id}",
        &[Segment::Literal("read"), Segment::Parameter("id")],
        INPUTS,
        handler!(READ),
    ),
    Route {
        method: Some("POST"),
        ..get(
            "/write/{id}",
            &[Segment::Literal("write"), Segment::Parameter("id")],
            INPUTS,
            handler!(WRITE),
        )
    },
]);

/// An upstream that answers with these in order, the last again and again.
async fn in_turn(answers: Vec<Vec<Step>>) -> Scripted {
    let left = Mutex::new(answers);
    Scripted::start(move |_: &Seen| {
        let mut left = left.lock().unwrap();
        if left.len() > 1 {
            left.remove(0)
        } else {
            left[0].clone()
        }
    })
    .await
}

fn half() -> Vec<Step> {
    let half =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 14\r\n\r\n{\"name";
    vec![Step::Send(half.as_bytes().to_vec()), Step::Reset]
}

#[tokio::test]
async fn what_fails_in_passing() {
    let beta = Scripted::start(|_: &Seen| answer(404, "{}")).await;
    let fine = || ok(r#"{"name":"Ada"}"#);
    for (name, answers, status, attempts) in [
        ("reset within the answer", vec![half(), fine()], 200, 2),
        (
            "closed",
            vec![vec![Step::Close], vec![Step::Close], fine()],
            200,
            3,
        ),
        (
            "502, 503",
            vec![answer(502, "{}"), answer(503, "{}"), fine()],
            200,
            3,
        ),
        ("504 again and again", vec![answer(504, "{}")], 502, 3),
        ("500", vec![answer(500, "{}"), fine()], 502, 1),
        ("no JSON", vec![ok("{\"name\":"), fine()], 502, 1),
    ] {
        let alpha = in_turn(answers).await;
        let gateway = start(&RETRYING, &alpha, &beta).await;
        let got = client::get(gateway.addr, "/read/u1").await;
        assert_eq!(
            (got.status, alpha.seen().len()),
            (status, attempts),
            "{name}"
        );
        gateway.shutdown().await;
    }
}

#[tokio::test]
async fn a_write_is_repeated_with_its_key_alone() {
    let beta = Scripted::start(|_: &Seen| answer(404, "{}")).await;
    for (headers, status, attempts) in [(&[("idempotency-key", "k-1")][..], 200, 3), (&[], 502, 1)]
    {
        let answers = vec![vec![Step::Close], half(), ok(r#"{"name":"Ada"}"#)];
        let alpha = in_turn(answers).await;
        let gateway = start(&RETRYING, &alpha, &beta).await;
        let got = client::send(gateway.addr, "POST", "/write/u1", headers, "").await;
        let seen = alpha.seen();
        assert_eq!((got.status, seen.len()), (status, attempts));
        for again in &seen {
            assert_eq!(
                (again.method.as_str(), again.body.as_str()),
                ("POST", r#"{"id":"u1"}"#)
            );
            assert_eq!(
                (
                    again.header("idempotency-key"),
                    again.header("x-request-id")
                ),
                (
                    headers.first().map(|(_, key)| *key),
                    got.header("x-request-id")
                )
            );
        }
        gateway.shutdown().await;
    }
}

#[tokio::test]
async fn another_instance_is_asked() {
    let beta = Scripted::start(|_: &Seen| answer(404, "{}")).await;
    let alpha = in_turn(vec![ok(r#"{"name":"Ada"}"#)]).await;
    // A port that was free a moment ago: nothing listens there.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let down = free.local_addr().unwrap();
    drop(free);
    let urls = format!("http://{down}/x,{}/y", alpha.url());
    let gateway = start_with(
        &RETRYING,
        &[("ALPHA_URL", &urls), ("BETA_URL", &beta.url())],
    )
    .await;
    for _ in 0..4 {
        let got = client::get(gateway.addr, "/read/u1").await;
        assert_eq!((got.status, got.text()), (200, r#"{"name":"Ada"}"#));
    }
    assert_eq!(alpha.targets(), vec!["GET /y/users/u1"; 4]);
    let metrics = client::get(gateway.admin_addr, "/metrics").await;
    // Whoever's turn it was.
    let text = metrics.text();
    assert!(
        !text.contains("bff_upstream_retries_total{upstream=\"alpha\",outcome=\"made\"} 0"),
        "{text}"
    );
    gateway.shutdown().await;
}
