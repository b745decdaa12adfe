//! What every request meets before an endpoint: methods, ids, conditions, limits, protocols, the operators' port.

use bff_runtime::json::{Block, Hop, Template};
use bff_runtime::plan::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client;
use crate::tables::*;
use crate::upstream::{Gate, Step, Upstream as Scripted, ok};

static HELLO: Plan = Plan {
    calls: &[Call {
        shape: Some(&USER),
        ..call(
            "user",
            &GET_USER,
            &[argument(Place::Path, "id", path(0, &[Hop::Value(0)]))],
        )
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
static NOTHING: Plan = Plan {
    calls: &[],
    require: &[],
    answer: Answer {
        status: 204,
        headers: &[],
        body: None,
    },
};

const ID: Inputs = Inputs {
    width: 1,
    items: &[input(Place::Path, "id", 0, Scalar::String)],
};
const USER_PATH: &[Segment] = &[Segment::Literal("user"), Segment::Parameter("id")];

static SURFACE: Bff = bff(&[
    get("/user/{id}", USER_PATH, ID, handler!(HELLO)),
    Route {
        method: Some("DELETE"),
        ..get("/user/{id}", USER_PATH, ID, handler!(NOTHING))
    },
]);

async fn gateway() -> (bff_runtime::Running, Scripted) {
    let alpha = Scripted::start(|seen| ok(&format!(r#"{{"name":"{}"}}"#, seen.target))).await;
    (start(&SURFACE, &alpha, &alpha).await, alpha)
}

#[tokio::test]
async fn methods() {
    let (gateway, alpha) = gateway().await;
    let head = client::send(gateway.addr, "HEAD", "/user/1", &[], "").await;
    assert_eq!(
        (head.status, head.text(), head.header("content-length")),
        (200, "", Some("19"))
    );
    let options = client::send(gateway.addr, "OPTIONS", "/user/1", &[], "").await;
    assert_eq!(
        (options.status, options.header("allow")),
        (204, Some("GET, HEAD, DELETE, OPTIONS"))
    );
    let post = client::send(gateway.addr, "POST", "/user/1", &[], "").await;
    assert_eq!(
        (post.status, post.header("allow")),
        (405, Some("GET, HEAD, DELETE, OPTIONS"))
    );
    let delete = client::send(gateway.addr, "DELETE", "/user/1", &[], "").await;
    assert_eq!(
        (delete.status, delete.text(), delete.header("etag")),
        (204, "", None)
    );
    for (target, status) in [
        ("/user", 404),
        ("/user/", 404),
        ("/user/1/", 404),
        ("/user/..", 400),
        ("/user/%2e%2e", 400),
        ("/user/%ff", 400),
        ("/user/a%2F..%2Fb", 200),
    ] {
        assert_eq!(
            client::get(gateway.addr, target).await.status,
            status,
            "{target}"
        );
    }
    assert_eq!(alpha.targets(), ["GET /users/1", "GET /users/a%2F..%2Fb"]);
    gateway.shutdown().await;
}

#[tokio::test]
async fn what_the_client_has_already() {
    let (gateway, _alpha) = gateway().await;
    let first = client::get(gateway.addr, "/user/1").await;
    let tag = first.header("etag").unwrap().to_owned();
    for (given, status) in [
        (tag.as_str(), 304),
        ("\"x\", *", 304),
        ("*", 304),
        (&tag["W/".len()..], 304),
        (&format!("\"x\", {tag}"), 304),
        ("\"x\"", 200),
    ] {
        let again = client::send(
            gateway.addr,
            "GET",
            "/user/1",
            &[("if-none-match", given)],
            "",
        )
        .await;
        assert_eq!(
            (again.status, again.header("etag")),
            (status, Some(tag.as_str())),
            "{given}"
        );
        assert_eq!(again.body.is_empty(), status == 304);
    }
    assert_ne!(
        client::get(gateway.addr, "/user/2").await.header("etag"),
        Some(tag.as_str())
    );
    gateway.shutdown().await;
}

#[tokio::test]
async fn ids_and_traces() {
    let (gateway, alpha) = gateway().await;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let headers = [
        ("x-request-id", "abc-1"),
        ("traceparent", trace),
        ("authorization", "Bearer x"),
        ("cookie", "a=b"),
    ];
    let got = client::send(gateway.addr, "GET", "/user/1", &headers, "").await;
    assert_eq!(got.header("x-request-id"), Some("abc-1"));
    let seen = &alpha.seen()[0];
    assert_eq!(
        (seen.header("x-request-id"), seen.header("traceparent")),
        (Some("abc-1"), Some(trace))
    );
    assert_eq!(
        (seen.header("authorization"), seen.header("cookie")),
        (None, None)
    );
    let got = client::send(
        gateway.addr,
        "GET",
        "/nowhere",
        &[("x-request-id", "a b")],
        "",
    )
    .await;
    assert_eq!(got.header("x-request-id").map(str::len), Some(32));
    assert_eq!(got.json()["instance"], "/nowhere");
    gateway.shutdown().await;
}

#[tokio::test]
async fn heads_that_are_too_much() {
    let (gateway, alpha) = gateway().await;
    let many: String = (0..200).map(|i| format!("x-{i}: 1\r\n")).collect();
    for headers in [many, format!("x: {}\r\n", "x".repeat(100_000))] {
        let request = format!("GET /user/1 HTTP/1.1\r\nhost: a\r\n{headers}\r\n");
        // Whoever goes on sending may find the connection reset before it reads the answer.
        let got = client::try_raw(gateway.addr, request.as_bytes()).await;
        assert!(got.is_none_or(|got| got.status == 431));
    }
    let got = client::try_raw(gateway.addr, b"nonsense\r\n\r\n").await;
    assert!(got.is_none_or(|got| got.status == 400));
    assert!(alpha.seen().is_empty());
    gateway.shutdown().await;
}

#[tokio::test]
async fn http_2_with_prior_knowledge() {
    let (gateway, _alpha) = gateway().await;
    let client = reqwest::Client::builder()
        .http2_prior_knowledge()
        .no_proxy()
        .build()
        .unwrap();
    for name in ["1", "2"] {
        let got = client
            .get(format!("http://{}/user/{name}", gateway.addr))
            .send()
            .await
            .unwrap();
        assert_eq!(got.version(), reqwest::Version::HTTP_2);
        assert_eq!(
            got.text().await.unwrap(),
            format!(r#"{{"name":"/users/{name}"}}"#)
        );
    }
    gateway.shutdown().await;
}

#[tokio::test]
async fn requests_in_a_row_on_one_connection() {
    let (gateway, _alpha) = gateway().await;
    let mut stream = TcpStream::connect(gateway.addr).await.unwrap();
    let one = "GET /user/1 HTTP/1.1\r\nhost: a\r\n\r\n";
    let last = "GET /user/2 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    stream
        .write_all(format!("{one}{one}{last}").as_bytes())
        .await
        .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 3);
    assert!(text.ends_with(r#"{"name":"/users/2"}"#), "{text}");
    gateway.shutdown().await;
}

#[tokio::test]
async fn the_operators_port() {
    let (gateway, _alpha) = gateway().await;
    client::get(gateway.addr, "/user/1").await;
    for (target, status, body) in [
        ("/healthz", 200, "ok\n"),
        ("/readyz", 200, "ready\n"),
        ("/openapi.yaml", 200, "openapi: 3.1.0\n"),
    ] {
        let got = client::get(gateway.admin_addr, target).await;
        assert_eq!((got.status, got.text()), (status, body));
        assert_eq!(client::get(gateway.addr, target).await.status, 404);
    }
    let metrics = client::get(gateway.admin_addr, "/metrics").await;
    for line in [
        "bff_requests_total{method=\"GET\",route=\"/user/{id}\",status=\"200\"} 1",
        "bff_requests_total{method=\"\",route=\"\",status=\"404\"} 3",
        "bff_upstream_calls_total{upstream=\"alpha\",outcome=\"ok\"} 1",
        "bff_request_duration_seconds_count{method=\"GET\",route=\"/user/{id}\"} 1",
    ] {
        assert!(metrics.text().contains(line), "{line}\n{}", metrics.text());
    }
    gateway.shutdown().await;
}

#[tokio::test]
async fn stopping_lets_requests_finish() {
    let gate = Gate::new();
    let held = gate.clone();
    let alpha = Scripted::start(move |_| {
        [vec![Step::Wait(held.clone())], ok(r#"{"name":"late"}"#)].concat()
    })
    .await;
    let gateway = start(&SURFACE, &alpha, &alpha).await;
    let (addr, admin) = (gateway.addr, gateway.admin_addr);
    let asking = tokio::spawn(async move { client::get(addr, "/user/1").await });
    alpha.arrival().await;
    let stopping = tokio::spawn(gateway.shutdown());
    while client::get(admin, "/readyz").await.status != 503 {}
    assert!(!stopping.is_finished());
    gate.open();
    assert_eq!(asking.await.unwrap().text(), r#"{"name":"late"}"#);
    stopping.await.unwrap();
    assert!(TcpStream::connect(addr).await.is_err());
}

/// Time is paused: it goes on by itself whenever everybody waits.
#[tokio::test(start_paused = true)]
async fn whoever_says_nothing_is_dropped() {
    let alpha = Scripted::start(|_| ok("{}")).await;
    let gateway = start(&SURFACE, &alpha, &alpha).await;
    for said in [
        "",
        "P",
        "GET /user/1 HT",
        "GET /user/1 HTTP/1.1\r\nhost: a\r\n",
    ] {
        let mut stream = TcpStream::connect(gateway.addr).await.unwrap();
        stream.write_all(said.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
        assert!(
            rest.is_empty() || rest.starts_with(b"HTTP/1.1 408"),
            "{said}"
        );
    }
    assert!(alpha.seen().is_empty());
    gateway.shutdown().await;
}
