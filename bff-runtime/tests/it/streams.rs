//! Pass-through of one operation, and what passes besides bodies: upgrades, trailers, wishes, early answers.

use std::time::Duration;

use bff_runtime::json::Hop;
use bff_runtime::plan::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::client;
use crate::raw::Pair;
use crate::tables::*;

static FILE: Operation = Operation {
    upstream: &BETA,
    id: "getFile",
    method: "PUT",
    path: &[PathPart::Literal("/files/"), PathPart::Argument("id")],
};
static PUT_FILE: Stream = Stream {
    call: Call {
        write: true,
        ..call(
            "proxy",
            &FILE,
            &[
                argument(Place::Path, "id", path(0, &[Hop::Value(0)])),
                argument(Place::Query, "as", path(0, &[Hop::Value(1)])),
                argument(Place::Header, "X-Tenant", path(0, &[Hop::Value(0)])),
            ],
        )
    },
    media: &["multipart/form-data", "image/*"],
    required: true,
};
static LIST: Operation = Operation {
    method: "GET",
    path: &[PathPart::Literal("/files")],
    ..FILE_OF
};
const FILE_OF: Operation = Operation {
    upstream: &BETA,
    id: "listFiles",
    method: "GET",
    path: &[],
};
static GET_FILES: Stream = Stream {
    call: call("proxy", &LIST, &[]),
    media: &[],
    required: false,
};
static EVERYTHING: Proxy = Proxy {
    upstream: &BETA,
    allow: &[],
    documented: None,
};
const ID_AND_FORM: Inputs = Inputs {
    width: 2,
    items: &[
        input(Place::Path, "id", 0, Scalar::String),
        Input {
            required: false,
            default: Some("\"inline\""),
            ..input(Place::Query, "form", 1, Scalar::String)
        },
    ],
};
static STREAMED: Bff = bff(&[
    Route {
        method: Some("PUT"),
        passes: true,
        ..get(
            "/file/{id}",
            &[Segment::Literal("file"), Segment::Parameter("id")],
            ID_AND_FORM,
            |exchange| Box::pin(async move { exchange.stream(&PUT_FILE).await }),
        )
    },
    Route {
        passes: true,
        ..get(
            "/files",
            &[Segment::Literal("files")],
            NO_INPUTS,
            |exchange| Box::pin(async move { exchange.stream(&GET_FILES).await }),
        )
    },
    Route {
        method: None,
        passes: true,
        policies: Policies {
            body_limit: 1 << 30,
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

#[tokio::test]
async fn one_operation_gets_what_the_spec_binds() {
    let pair = Pair::start(&STREAMED).await;
    let mut client = pair
        .client(
            "PUT /file/a%2Fb?form=full&as=stolen&x=1%20&%61s=2&as[]=3&y HTTP/1.1\r\nhost: a\r\nx-tenant: other\r\nx_tenant: other\r\n\
             authorization: Bearer t\r\ncookie: a=b\r\naccept: image/webp\r\ncontent-type: Multipart/Form-Data; boundary=b\r\n\
             transfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n",
        )
        .await;
    let mut upstream = pair.upstream().await;
    let head = upstream.head().await;
    // The body is on its way before it is all there.
    upstream.until("first").await;
    client.say("6\r\nsecond\r\n0\r\n\r\n").await;
    upstream.until("second").await;
    upstream
        .say("HTTP/1.1 409 No\r\ncontent-type: text/plain\r\nset-cookie: a=b\r\nlocation: /v1/files/9\r\nx-own: 1\r\ncontent-length: 4\r\n\r\nbusy")
        .await;
    let answer = client.until("busy").await;
    assert!(
        head.starts_with("PUT /v1/files/a%2Fb?as=full&x=1%20&as[]=3&y HTTP/1.1\r\n"),
        "{head}"
    );
    for there in [
        "x-tenant: a/b\r\n",
        "accept: image/webp\r\n",
        "x-api-key: key-1\r\n",
        "content-type: Multipart/Form-Data; boundary=b\r\n",
        "transfer-encoding: chunked\r\n",
    ] {
        assert!(head.contains(there), "{there} {head}");
    }
    for gone in ["authorization", "cookie", "other"] {
        assert!(!head.contains(gone), "{gone} {head}");
    }
    assert!(answer.starts_with("HTTP/1.1 409"), "{answer}");
    assert!(answer.contains("x-own: 1\r\n"), "{answer}");
    assert!(
        !answer.contains("set-cookie") && !answer.contains("location"),
        "{answer}"
    );
}

#[tokio::test]
async fn one_operation_takes_its_own_bodies_alone() {
    let pair = Pair::start(&STREAMED).await;
    let addr = pair.gateway.addr;
    for (target, headers, body, status) in [
        ("/file/1", &[("content-type", "text/plain")][..], "x", 415),
        ("/file/1", &[], "x", 415),
        ("/file/1", &[("content-type", "image/png")], "", 400),
        ("/file/1?%zz=1", &[("content-type", "image/png")], "x", 400),
        ("/file/..", &[("content-type", "image/png")], "x", 400),
        (
            "/file/1",
            &[("content-type", "image/png"), ("expect", "magic")],
            "x",
            417,
        ),
    ] {
        let got = client::send(addr, "PUT", target, headers, body).await;
        assert_eq!(got.status, status, "{target} {headers:?} {body}");
    }
    let big = "x".repeat(2000);
    let png = [("content-type", "image/png")];
    let got = client::send(addr, "PUT", "/file/1", &png, &big).await;
    assert_eq!(got.status, 413);
    // Where none is taken, none passes.
    let asking = tokio::spawn(async move {
        client::send(addr, "HEAD", "/files", &[("content-type", "a/b")], "x").await
    });
    let mut upstream = pair.upstream().await;
    let head = upstream.head().await;
    assert!(head.starts_with("HEAD /v1/files HTTP/1.1\r\n"), "{head}");
    assert!(!head.contains("content-"), "{head}");
    upstream
        .say("HTTP/1.1 200 OK\r\ncontent-length: 77\r\n\r\n")
        .await;
    let got = asking.await.unwrap();
    assert_eq!(
        (got.status, got.header("content-length")),
        (200, Some("77"))
    );
}

#[tokio::test]
async fn a_body_that_grows_beyond_its_limit() {
    let pair = Pair::start(&STREAMED).await;
    let mut client = pair
        .client("PUT /file/1 HTTP/1.1\r\nhost: a\r\ncontent-type: image/png\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n")
        .await;
    let mut upstream = pair.upstream().await;
    upstream.until("x\r\n").await;
    client
        .say(&format!("7d0\r\n{}\r\n0\r\n\r\n", "x".repeat(2000)))
        .await;
    assert!(client.head().await.starts_with("HTTP/1.1 413"));
    // Who was promised a body sees that it is not whole.
    assert!(!upstream.rest().await.ends_with("0\r\n\r\n"));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_the_clients_fault() {
    let pair = Pair::start(&STREAMED).await;
    let mut client = pair
        .client("POST /raw/x HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n")
        .await;
    let mut upstream = pair.upstream().await;
    upstream.until("x\r\n").await;
    client.say("zz\r\n").await;
    assert!(client.head().await.starts_with("HTTP/1.1 400"));
    assert!(!upstream.rest().await.ends_with("0\r\n\r\n"));
}

#[tokio::test]
async fn websockets_are_tunnelled() {
    let pair = Pair::start(&STREAMED).await;
    let ask = "GET /raw/chat HTTP/1.1\r\nhost: a\r\nconnection: keep-alive, Upgrade\r\nupgrade: websocket, h2c\r\nsec-websocket-key: k\r\n\r\n";
    let mut client = pair.client(ask).await;
    let mut upstream = pair.upstream().await;
    let head = upstream.head().await;
    assert!(head.contains("connection: upgrade\r\n"), "{head}");
    assert!(head.contains("upgrade: websocket\r\n"), "{head}");
    assert!(head.contains("sec-websocket-key: k\r\n"), "{head}");
    upstream
        .say("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: y\r\n\r\nhello")
        .await;
    let answer = client.head().await;
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    assert!(answer.contains("upgrade: websocket\r\n"), "{answer}");
    assert!(answer.contains("sec-websocket-accept: y\r\n"), "{answer}");
    client.until("hello").await;
    // No HTTP any more: what would be refused, passes.
    client.say("\0\n\r\rGET").await;
    upstream.until("\0\n\r\rGET").await;
    upstream.say("pong").await;
    client.until("pong").await;
    // A side that ends says so to the other, which may go on.
    drop(client);
    assert_eq!(upstream.rest().await, "");
}

#[tokio::test]
async fn who_does_not_switch_just_answers() {
    let pair = Pair::start(&STREAMED).await;
    for (upgrade, passes) in [("websocket", true), ("h2c", false), ("HTTP/2.0", false)] {
        let ask = format!(
            "GET /raw/chat HTTP/1.1\r\nhost: a\r\nconnection: upgrade, http2-settings\r\nhttp2-settings: x\r\nupgrade: {upgrade}\r\n\r\n"
        );
        let mut client = pair.client(&ask).await;
        let mut upstream = pair.upstream().await;
        let head = upstream.head().await;
        assert_eq!(head.contains("upgrade"), passes, "{head}");
        assert!(!head.contains("http2-settings"), "{head}");
        upstream
            .say("HTTP/1.1 400 No\r\nconnection: close\r\ncontent-length: 2\r\n\r\nno")
            .await;
        client.until("no").await;
    }
    // One that switches unasked is broken.
    let mut client = pair.client("GET /raw/x HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let mut upstream = pair.upstream().await;
    upstream.head().await;
    upstream
        .say(
            "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
        )
        .await;
    assert!(client.head().await.starts_with("HTTP/1.1 502"));
}

/// Time is paused: it goes on by itself whenever everybody waits.
#[tokio::test(start_paused = true)]
async fn tunnels_are_cut_when_time_is_up() {
    let pair = Pair::start(&STREAMED).await;
    let ask =
        "GET /raw/chat HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
    let mut client = pair.client(ask).await;
    let mut upstream = pair.upstream().await;
    upstream.head().await;
    upstream
        .say(
            "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
        )
        .await;
    client.head().await;
    pair.gateway.shutdown().await;
    assert_eq!(client.rest().await, "");
    assert_eq!(upstream.rest().await, "");
}

#[tokio::test]
async fn trailers_pass_both_ways() {
    let pair = Pair::start(&STREAMED).await;
    let mut client = pair
        .client(
            "POST /raw/x HTTP/1.1\r\nhost: a\r\nte: trailers\r\nconnection: te\r\ntrailer: x-sum, authorization\r\ntransfer-encoding: chunked\r\n\r\n\
             2\r\nhi\r\n0\r\nx-sum: 1\r\nauthorization: t\r\n\r\n",
        )
        .await;
    let mut upstream = pair.upstream().await;
    let asked = upstream.until("0\r\nx-sum: 1\r\n\r\n").await;
    assert!(asked.contains("te: trailers\r\n"), "{asked}");
    upstream
        .say("HTTP/1.1 200 OK\r\ntrailer: grpc-status, set-cookie\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\ngrpc-status: 0\r\nset-cookie: a=b\r\n\r\n")
        .await;
    client.until("0\r\ngrpc-status: 0\r\n\r\n").await;
}

#[tokio::test]
async fn bodies_wait_until_the_upstream_wants_them() {
    let pair = Pair::start(&STREAMED).await;
    let ask =
        "POST /raw/x HTTP/1.1\r\nhost: a\r\nexpect: 100-Continue\r\ncontent-length: 4\r\n\r\n";
    let mut client = pair.client(ask).await;
    let mut upstream = pair.upstream().await;
    let head = upstream.head().await;
    assert!(head.contains("expect: 100-continue\r\n"), "{head}");
    upstream.say("HTTP/1.1 100 Continue\r\n\r\n").await;
    assert!(client.head().await.starts_with("HTTP/1.1 100"));
    client.say("body").await;
    upstream.until("body").await;
    upstream
        .say("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok")
        .await;
    client.until("ok").await;
    // One that doesn't want it says so at once, and nobody asks for it.
    let mut client = pair.client(ask).await;
    let mut upstream = pair.upstream().await;
    upstream.head().await;
    upstream
        .say("HTTP/1.1 413 Too much\r\ncontent-length: 2\r\n\r\nno")
        .await;
    let answer = client.until("no").await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    // The connection still owes the body: it serves nobody else, though both ends would keep it.
    let rest = tokio::time::timeout(Duration::from_secs(20), upstream.rest()).await;
    assert_eq!(rest.unwrap(), "");
}

#[tokio::test]
async fn an_answer_may_come_before_the_body_ended() {
    let pair = Pair::start(&STREAMED).await;
    let mut client = pair
        .client("POST /raw/x HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\nfirst")
        .await;
    let mut upstream = pair.upstream().await;
    upstream.until("first").await;
    upstream
        .say("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nheard\r\n")
        .await;
    client.until("heard").await;
    client.say("second").await;
    upstream.until("second").await;
    upstream.say("4\r\ndone\r\n0\r\n\r\n").await;
    client.until("done").await;
}

#[tokio::test]
async fn who_reads_slowly_slows_down_who_writes() {
    let pair = Pair::start(&STREAMED).await;
    let mut client = pair
        .client("GET /raw/big HTTP/1.1\r\nhost: a\r\n\r\n")
        .await;
    let mut upstream = pair.upstream().await;
    upstream.head().await;
    upstream
        .say("HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n")
        .await;
    client.head().await;
    // The client reads nothing. While others come and go, the upstream can't get rid of what it has.
    let writing = tokio::spawn(async move {
        let piece = vec![b'x'; 1 << 20];
        for _ in 0..256 {
            upstream.stream.write_all(&piece).await.unwrap();
        }
    });
    for _ in 0..50 {
        let mut other = pair
            .client("GET /raw/x HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            .await;
        let mut upstream = pair.upstream().await;
        upstream.head().await;
        upstream
            .say("HTTP/1.1 204 No\r\nconnection: close\r\n\r\n")
            .await;
        other.rest().await;
    }
    assert!(!writing.is_finished());
    writing.abort();
}

#[tokio::test]
async fn an_answer_is_framed_once() {
    let pair = Pair::start(&STREAMED).await;
    for (answer, body) in [
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nwhole\r\n0\r\n\r\n",
            "5\r\nwhole\r\n0\r\n\r\n",
        ),
        (
            "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nuntil the end",
            "d\r\nuntil the end\r\n0\r\n\r\n",
        ),
    ] {
        let mut client = pair
            .client("GET /raw/x HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            .await;
        let mut upstream = pair.upstream().await;
        upstream.head().await;
        upstream.say(answer).await;
        drop(upstream);
        let head = client.head().await;
        assert!(!head.contains("content-length"), "{head}");
        assert_eq!(client.rest().await.to_lowercase(), body);
    }
    let authority = pair.authority();
    for answer in [
        // Two lengths may be two answers: who stands between may have read it otherwise (RFC 9112, 6.3).
        "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n5\r\nwhole\r\n0\r\n\r\n"
            .to_owned(),
        "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabc".to_owned(),
        "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\nabc".to_owned(),
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked, gzip\r\ncontent-length: 3\r\n\r\nabc"
            .to_owned(),
        "HTTP/1.1 200 OK\r\na b: c\r\n\r\n".to_owned(),
        "nonsense\r\n\r\n".to_owned(),
    ] {
        let mut client = pair
            .client("GET /raw/x HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            .await;
        let mut upstream = pair.upstream().await;
        upstream.head().await;
        upstream.say(&answer).await;
        drop(upstream);
        let got = client.rest().await;
        assert!(got.starts_with("HTTP/1.1 502"), "{answer:?} {got}");
        assert!(!got.contains(&authority), "{got}");
    }
}

#[tokio::test]
async fn interim_answers_come_before_the_answer() {
    let pair = Pair::start(&STREAMED).await;
    let mut client = pair.client("GET /raw/x HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let mut upstream = pair.upstream().await;
    upstream.head().await;
    upstream.say("HTTP/1.1 102 Processing\r\n\r\n").await;
    // It is there although no answer is.
    assert_eq!(client.head().await, "HTTP/1.1 102 Processing\r\n\r\n");
    upstream
        .say("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\nset-cookie: a=b\r\nconnection: x-own\r\nx-own: 1\r\n\r\n")
        .await;
    assert_eq!(
        client.head().await,
        "HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n"
    );
    upstream
        .say("HTTP/1.1 103 Early Hints\r\nlink: </b.css>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        .await;
    assert_eq!(
        client.head().await,
        "HTTP/1.1 103 Early Hints\r\nlink: </b.css>\r\n\r\n"
    );
    let answer = client.until("ok").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // The connection serves on; a client of HTTP/1.0 is told nothing but the answer.
    client.say("GET /raw/x HTTP/1.0\r\nhost: a\r\n\r\n").await;
    upstream.head().await;
    upstream
        .say("HTTP/1.1 103 Early Hints\r\nlink: </c.css>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno")
        .await;
    let answer = client.until("no").await;
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
}

/// Many of them, and the answer behind them: no more of them are held than a bound, and none is torn.
#[tokio::test]
async fn interim_answers_without_end() {
    let pair = Pair::start(&STREAMED).await;
    let mut client = pair.client("GET /raw/x HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let mut upstream = pair.upstream().await;
    upstream.head().await;
    let many = "HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n".repeat(900);
    upstream.say(&many).await;
    upstream
        .say("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        .await;
    let all = client.until("\r\n\r\nok").await;
    let (hints, answer) = all.split_at(all.find("HTTP/1.1 200").unwrap());
    assert!(
        hints
            .replace("HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n", "")
            .is_empty()
    );
    assert!(answer.ends_with("ok"));
}

/// A body far larger than all that may be held goes by, and so do more events than an hour has seconds.
#[tokio::test]
async fn long_streams_go_by() {
    const PIECE: usize = 1 << 20;
    const PIECES: usize = 24;
    let pair = Pair::start(&STREAMED).await;
    let length = PIECE * PIECES;
    let head = format!("POST /raw/big HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n");
    let mut client = pair.client(&head).await;
    let mut upstream = pair.upstream().await;
    upstream.head().await;
    let piece: Vec<u8> = (0..PIECE).map(|at| at as u8).collect();
    let check = |got: &[u8], from: usize| {
        got.iter()
            .zip(from..)
            .all(|(byte, at)| *byte == (at % PIECE) as u8)
    };
    let expected = piece.clone();
    let uploading = tokio::spawn(async move {
        for _ in 0..PIECES {
            client.stream.write_all(&expected).await.unwrap();
        }
        client
    });
    let mut seen = 0;
    let mut room = vec![0; 1 << 16];
    while seen < length {
        let read = upstream.stream.read(&mut room).await.unwrap();
        assert!(read > 0 && check(&room[..read], seen));
        seen += read;
    }
    upstream
        .say("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-type: text/event-stream\r\n\r\n")
        .await;
    let mut client = uploading.await.unwrap();
    client.head().await;
    for second in 0..3600 {
        let event = format!("data: {second}\n\n");
        upstream
            .say(&format!("{:x}\r\n{event}\r\n", event.len()))
            .await;
        // Each is there before the next is sent.
        client.until(&event).await;
    }
}
