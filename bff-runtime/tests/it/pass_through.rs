//! Pass-through: what goes by, what stays, and that nothing is gathered on the way.

use std::time::Duration;

use bff_runtime::plan::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client;
use crate::tables::*;
use crate::upstream::{Gate, Step, Upstream as Scripted, answer, with_headers};

static DOCUMENTED: &[(&str, &[Segment])] = &[
    (
        "GET",
        &[Segment::Literal("products"), Segment::Parameter("id")],
    ),
    ("POST", &[Segment::Literal("products")]),
    ("GET", &[]),
];
static CATALOG: Proxy = Proxy {
    upstream: &BETA,
    allow: &["GET", "HEAD", "POST"],
    documented: Some(DOCUMENTED),
};
static EVERYTHING: Proxy = Proxy {
    upstream: &BETA,
    allow: &[],
    documented: None,
};

const fn all(
    pattern: &'static str,
    segments: &'static [Segment],
    handler: bff_runtime::Handler,
) -> Route {
    Route {
        method: None,
        passes: true,
        ..get(pattern, segments, NO_INPUTS, handler)
    }
}
static PROXIED: Bff = bff(&[
    all(
        "/catalog/**",
        &[Segment::Literal("catalog"), Segment::Rest],
        |exchange| Box::pin(async move { exchange.proxy(&CATALOG).await }),
    ),
    Route {
        policies: Policies {
            timeout: Duration::from_millis(300),
            ..OPEN
        },
        ..all(
            "/raw/**",
            &[Segment::Literal("raw"), Segment::Rest],
            |exchange| Box::pin(async move { exchange.proxy(&EVERYTHING).await }),
        )
    },
]);

#[tokio::test]
async fn requests_and_answers_go_by() {
    let beta = Scripted::start(|_| {
        let headers = [
            ("set-cookie", "a=b"),
            ("x-own", "1"),
            ("location", "/v1/products/9"),
            ("connection", "x-hop"),
            ("x-hop", "1"),
            ("etag", "\"e\""),
        ];
        with_headers(418, &headers, "not json")
    })
    .await;
    let gateway = start(&PROXIED, &beta, &beta).await;
    let headers = [
        ("authorization", "Bearer t"),
        ("cookie", "c=d"),
        ("x-forwarded-for", "6.6.6.6"),
        ("forwarded", "for=6.6.6.6"),
        ("x-api-key", "stolen"),
        ("accept", "text/plain"),
        ("te", "trailers"),
        ("if-none-match", "\"x\""),
    ];
    let got = client::send(
        gateway.addr,
        "GET",
        "/catalog/products/a%2Fb%20c?q=%2F&r=1+2",
        &headers,
        "",
    )
    .await;
    assert_eq!((got.status, got.text()), (418, "not json"));
    assert_eq!(
        (got.header("x-own"), got.header("etag")),
        (Some("1"), Some("\"e\""))
    );
    assert_eq!(
        (got.header("set-cookie"), got.header("x-hop")),
        (None, None)
    );
    assert_eq!(got.header("location"), Some("/catalog/products/9"));
    let seen = &beta.seen()[0];
    assert_eq!(seen.target, "/v1/products/a%2Fb%20c?q=%2F&r=1+2");
    assert_eq!(seen.header("host"), Some(beta.addr.to_string().as_str()));
    for gone in ["authorization", "cookie"] {
        assert_eq!(seen.header(gone), None, "{gone}");
    }
    assert_eq!(
        (seen.header("te"), seen.header("connection")),
        (Some("trailers"), Some("te"))
    );
    assert_eq!(
        (seen.header("x-api-key"), seen.header("accept")),
        (Some("key-1"), Some("text/plain"))
    );
    assert_eq!(seen.header("if-none-match"), Some("\"x\""));
    assert_eq!(seen.header("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(
        seen.header("forwarded"),
        Some("for=127.0.0.1;proto=http;host=\"gateway.test\"")
    );
    gateway.shutdown().await;
}

#[tokio::test]
async fn only_what_is_documented_and_allowed() {
    let beta = Scripted::start(|_| answer(200, "{}")).await;
    let gateway = start(&PROXIED, &beta, &beta).await;
    for (method, target, status, allow) in [
        ("GET", "/catalog/products/1", 200, None),
        ("HEAD", "/catalog/products/1", 200, None),
        ("GET", "/catalog", 200, None),
        ("POST", "/catalog/products", 200, None),
        ("POST", "/catalog/products/1", 405, Some("GET, HEAD")),
        (
            "DELETE",
            "/catalog/products/1",
            405,
            Some("GET, HEAD, POST, OPTIONS"),
        ),
        (
            "OPTIONS",
            "/catalog/products/1",
            204,
            Some("GET, HEAD, POST, OPTIONS"),
        ),
        ("GET", "/catalog/admin", 404, None),
        ("GET", "/catalog/products/1/", 404, None),
        ("GET", "/catalog/products//", 404, None),
        ("GET", "/catalog/products/%2e%2e", 400, None),
        ("GET", "/catalog/../admin", 400, None),
        ("DELETE", "/raw/any/thing/", 200, None),
    ] {
        let got = client::send(gateway.addr, method, target, &[], "").await;
        assert_eq!(
            (got.status, got.header("allow")),
            (status, allow),
            "{method} {target}"
        );
    }
    assert_eq!(
        beta.targets().last().map(String::as_str),
        Some("DELETE /v1/any/thing/")
    );
    gateway.shutdown().await;
}

#[tokio::test]
async fn both_ways_as_they_come() {
    let gate = Gate::new();
    let held = gate.clone();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n";
    let beta = Scripted::start(move |_| {
        vec![
            Step::Send(head.as_bytes().to_vec()),
            Step::Wait(held.clone()),
            Step::Send(b"6\r\nsecond\r\n0\r\n\r\n".to_vec()),
        ]
    })
    .await;
    let gateway = start(&PROXIED, &beta, &beta).await;
    let mut stream = TcpStream::connect(gateway.addr).await.unwrap();
    let request = "POST /raw/x HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut got = Vec::new();
    while !String::from_utf8_lossy(&got).contains("first") {
        assert!(stream.read_buf(&mut got).await.unwrap() > 0);
    }
    // The first part is here although the second isn't written yet; and the time is the head's alone.
    gate.open();
    stream.read_to_end(&mut got).await.unwrap();
    assert!(String::from_utf8_lossy(&got).contains("second"));
    assert!(beta.seen()[0].body.contains("hi"));
    gateway.shutdown().await;
}

#[tokio::test]
async fn an_upstream_that_fails() {
    let beta = Scripted::start(|seen| match seen.path() {
        "/v1/silent" => vec![Step::Hang],
        _ => vec![Step::Reset],
    })
    .await;
    let gateway = start(&PROXIED, &beta, &beta).await;
    for (target, status) in [("/raw/silent", 504), ("/raw/reset", 502)] {
        let got = client::get(gateway.addr, target).await;
        assert_eq!(
            (got.status, &got.json()["upstream"]),
            (status, &"beta".into()),
            "{target}"
        );
    }
    let big = "x".repeat(4000);
    assert_eq!(
        client::send(gateway.addr, "POST", "/raw/x", &[], &big)
            .await
            .status,
        413
    );
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_request_along() {
    let left = Gate::new();
    let noticed = left.clone();
    let beta = Scripted::start(move |_| vec![Step::Gone(noticed.clone())]).await;
    let gateway = start(&PROXIED, &beta, &beta).await;
    let addr = gateway.addr;
    let asking = tokio::spawn(async move { client::get(addr, "/catalog/products/1").await });
    beta.arrival().await;
    asking.abort();
    left.pass().await;
    gateway.shutdown().await;
}
