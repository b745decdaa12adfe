//! Bodies in a content coding, the smallest of which grow to anything: read, they are refused; passed on, never opened.

use std::io::{Read, Write};

use bff_runtime::json::{Block, Hop, Template};
use bff_runtime::plan::*;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::client;
use crate::inputs::{NOTHING, ORDER};
use crate::raw::Pair;
use crate::tables::*;

static REQUIRED: Plan = name_of(&[Call {
    shape: Some(&USER),
    ..call("user", &LIST_ORDERS, &[])
}]);
static OPTIONAL: Plan = name_of(&[Call {
    shape: Some(&USER),
    optional: true,
    ..call("user", &LIST_ORDERS, &[])
}]);
const fn name_of(calls: &'static [Call]) -> Plan {
    Plan {
        calls,
        require: &[],
        answer: Answer {
            status: 200,
            headers: &[],
            body: Some(&NAME),
        },
    }
}
static NAME: Template = Template::Block(&Block::Fields(&[field(
    "\"name\":",
    value(3, &[Hop::Value(1)]),
)]));
static EVERYTHING: Proxy = Proxy {
    upstream: &BETA,
    allow: &[],
    documented: None,
};
static READ_AND_PASSED: Bff = bff(&[
    Route {
        method: Some("POST"),
        body: Some(&ORDER),
        policies: Policies {
            body_limit: 1 << 20,
            ..OPEN
        },
        ..get(
            "/order",
            &[Segment::Literal("order")],
            NO_INPUTS,
            handler!(NOTHING),
        )
    },
    get(
        "/required",
        &[Segment::Literal("required")],
        NO_INPUTS,
        handler!(REQUIRED),
    ),
    get(
        "/optional",
        &[Segment::Literal("optional")],
        NO_INPUTS,
        handler!(OPTIONAL),
    ),
    Route {
        method: None,
        passes: true,
        policies: Policies {
            body_limit: 1 << 20,
            ..OPEN
        },
        ..get(
            "/raw/**",
            &[Segment::Literal("raw"), Segment::Rest],
            NO_INPUTS,
            |exchange| Box::pin(async move { exchange.proxy(&EVERYTHING).await }),
        )
    },
]);

/// JSON of 8 MB in 8 kB.
fn bomb() -> Vec<u8> {
    let mut coder = GzEncoder::new(Vec::new(), Compression::best());
    let spaces = vec![b' '; 1 << 20];
    coder.write_all(b"{\"name\":\"A\"").unwrap();
    (0..8).for_each(|_| coder.write_all(&spaces).unwrap());
    coder.write_all(b"}").unwrap();
    let bomb = coder.finish().unwrap();
    assert!(bomb.len() < 1 << 14);
    let mut grown = Vec::new();
    GzDecoder::new(&*bomb).read_to_end(&mut grown).unwrap();
    assert!(grown.len() > 8 << 20);
    bomb
}

fn with(head: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    [
        format!("{head}content-length: {length}\r\n\r\n").as_bytes(),
        body,
    ]
    .concat()
}

#[tokio::test]
async fn what_is_read_is_refused() {
    let pair = Pair::start(&READ_AND_PASSED).await;
    let (addr, bomb) = (pair.gateway.addr, bomb());
    let plain = br#"{"items":[]}"#;
    for (coding, body, refused) in [
        ("gzip", &bomb[..], true),
        ("GZIP, identity", &bomb, true),
        ("identity\r\ncontent-encoding: br", plain, true),
        ("Identity", plain, false),
        ("", plain, false),
    ] {
        let head = format!(
            "POST /order HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-encoding: {coding}\r\n"
        );
        let got = client::raw(addr, &with(&head, body)).await;
        assert_eq!(got.status == 415, refused, "{coding} {}", got.status);
        let accepted = got.header("accept-encoding");
        assert_eq!(accepted.is_some(), refused, "{coding} {accepted:?}");
    }
    let answer = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\n";
    for (target, status, text) in [
        ("/required", 502, None),
        ("/optional", 200, Some(r#"{"name":null}"#)),
    ] {
        let asking = tokio::spawn(async move { client::get(addr, target).await });
        let mut upstream = pair.upstream().await;
        let asked = upstream.head().await;
        assert!(asked.contains("accept-encoding: identity\r\n"), "{asked}");
        let answering = upstream.stream.write_all(&with(answer, &bomb)).await;
        drop((answering, upstream));
        let got = asking.await.unwrap();
        assert_eq!(got.status, status, "{target}");
        assert!(text.is_none_or(|text| got.text() == text), "{}", got.text());
    }
}

#[tokio::test]
async fn what_passes_is_not_opened() {
    let pair = Pair::start(&READ_AND_PASSED).await;
    let bomb = bomb();
    let asked =
        "POST /raw/x HTTP/1.1\r\nhost: a\r\naccept-encoding: gzip\r\ncontent-encoding: gzip\r\n";
    let mut client = pair.client("").await;
    client.stream.write_all(&with(asked, &bomb)).await.unwrap();
    let mut upstream = pair.upstream().await;
    let head = upstream.head().await;
    for there in ["accept-encoding: gzip\r\n", "content-encoding: gzip\r\n"] {
        assert!(head.contains(there), "{there} {head}");
    }
    let length = format!("content-length: {}\r\n", bomb.len());
    assert!(head.contains(&length), "{head}");
    upstream
        .stream
        .write_all(&with(
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-encoding: gzip\r\n",
            &bomb,
        ))
        .await
        .unwrap();
    let mut heard = Vec::new();
    while !heard.ends_with(&bomb) {
        assert!(client.stream.read_buf(&mut heard).await.unwrap() > 0);
    }
    let head = String::from_utf8_lossy(&heard[..heard.len() - bomb.len()]).into_owned();
    assert!(head.contains("content-encoding: gzip\r\n"), "{head}");
}
