//! Clients that still send when their answer is there: they get to read it, and nobody waits for them forever.
//!
//! Time is paused where it must pass: it goes on by itself whenever everybody waits.

use std::time::Duration;

use bff_runtime::Running;
use bff_runtime::plan::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::client;
use crate::inputs::{NOTHING, ORDER};
use crate::raw::Pair;
use crate::tables::*;

static EVERYTHING: Proxy = Proxy {
    upstream: &BETA,
    allow: &[],
    documented: None,
};
static REFUSING: Bff = bff(&[
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

/// A client that reads nothing before it has written all: a head, and so many pieces of 1 MB.
async fn writes_all(gateway: &Running, head: &str, pieces: usize) -> TcpStream {
    let mut client = TcpStream::connect(gateway.addr).await.unwrap();
    client.write_all(head.as_bytes()).await.unwrap();
    let piece = vec![b'x'; 1_000_000];
    for _ in 0..pieces {
        client.write_all(&piece).await.unwrap();
    }
    client
}

/// What it reads then, and nothing but the end behind it.
async fn hears(mut client: TcpStream, status: &str) {
    let mut heard = String::new();
    client.read_to_string(&mut heard).await.unwrap();
    assert!(heard.starts_with(status), "{status} {heard}");
    assert!(heard.contains("connection: close\r\n"), "{heard}");
    assert_eq!(heard.matches("HTTP/1.1 ").count(), 1, "{heard}");
}

#[tokio::test]
async fn who_writes_before_reading_is_answered() {
    let pair = Pair::start(&REFUSING).await;
    let length = "content-length: 10000000\r\n\r\n";
    let json = "content-type: application/json\r\n";
    for (head, status) in [
        (
            format!("POST /order HTTP/1.1\r\nhost: a\r\n{json}{length}"),
            "HTTP/1.1 413",
        ),
        (
            format!("POST /order HTTP/1.1\r\nhost: a\r\n{length}"),
            "HTTP/1.1 415",
        ),
        (
            format!("POST /none HTTP/1.1\r\nhost: a\r\n{length}"),
            "HTTP/1.1 404",
        ),
        (
            format!(
                "POST /order HTTP/1.1\r\nhost: a\r\n{json}transfer-encoding: chunked\r\n\r\n989680\r\n"
            ),
            "HTTP/1.1 413",
        ),
        // These are no requests, whatever follows.
        (format!("POST /order HTTP/1.1\r\n{length}"), "HTTP/1.1 400"),
        (
            format!(
                "POST /raw/x HTTP/1.1\r\nhost: a\r\n{json}transfer-encoding: chunked\r\n{length}"
            ),
            "HTTP/1.1 400",
        ),
    ] {
        let client = writes_all(&pair.gateway, &head, 10).await;
        hears(client, status).await;
    }
}

#[tokio::test]
async fn who_writes_before_reading_hears_an_upstream_that_closed() {
    let pair = Pair::start(&REFUSING).await;
    for answer in [
        "HTTP/1.1 413 Too much\r\ncontent-length: 2\r\n\r\nno",
        "HTTP/1.1 401 Who\r\nconnection: close\r\ncontent-length: 2\r\n\r\nno",
    ] {
        let head = "POST /raw/x HTTP/1.1\r\nhost: a\r\ncontent-length: 30000000\r\n\r\n";
        let writing = writes_all(&pair.gateway, head, 30);
        let answering = async {
            let mut upstream = pair.upstream().await;
            upstream.head().await;
            upstream.say(answer).await;
        };
        let (mut client, ()) = tokio::join!(writing, answering);
        let mut heard = [0; 12];
        client.read_exact(&mut heard).await.unwrap();
        assert_eq!(heard, answer.as_bytes()[..12]);
    }
}

/// Waits until there are no connections.
async fn all_gone(gateway: &Running) {
    let start = Instant::now();
    loop {
        let metrics = client::get(gateway.admin_addr, "/metrics").await;
        if metrics.text().contains("\nbff_connections 0\n") {
            return;
        }
        let waited = start.elapsed();
        assert!(waited < Duration::from_secs(600), "it goes on forever");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Seconds until a client is given up that was refused and sends on: so many bytes, each so long after the other.
async fn given_up(pause: Duration, bytes: usize) -> u64 {
    let pair = Pair::start(&REFUSING).await;
    let head = "POST /none HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000000\r\n\r\n";
    let mut client = pair.client(head).await;
    assert!(client.head().await.starts_with("HTTP/1.1 404"));
    let start = Instant::now();
    let sending = tokio::spawn(async move {
        let piece = vec![b'x'; bytes];
        while client.stream.write_all(&piece).await.is_ok() {
            tokio::time::sleep(pause).await;
        }
    });
    all_gone(&pair.gateway).await;
    sending.abort();
    start.elapsed().as_secs()
}

#[tokio::test(start_paused = true)]
async fn nobody_is_waited_for_forever() {
    let second = Duration::from_secs(1);
    for (pause, bytes, after) in [
        // Nothing more, a byte now and then, a steady stream, as much as may be at once.
        (second * 70, 1, 5),
        (second, 1, 5),
        (second, 1 << 20, 30),
        (Duration::ZERO, 1 << 20, 0),
    ] {
        let given_up = given_up(pause, bytes).await;
        assert!(given_up.abs_diff(after) < 2, "{pause:?} {bytes} {given_up}");
    }
}

#[tokio::test]
async fn what_was_read_whole_ends_at_once() {
    let pair = Pair::start(&REFUSING).await;
    let ask = "POST /none HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 1\r\n\r\nx";
    let mut client = pair.client(ask).await;
    assert!(client.rest().await.starts_with("HTTP/1.1 404"));
    // No time had to pass although the client keeps its side open.
    pair.gateway.shutdown().await;
}

/// What was said before the connection broke is an answer, and nobody waits for the rest of the body.
#[tokio::test]
async fn an_upstream_may_answer_and_close_within_the_body() {
    const LENGTH: usize = 64 << 20;
    let pair = Pair::start(&REFUSING).await;
    for (reset, answer) in [
        (
            false,
            "HTTP/1.1 413 Too much\r\ncontent-length: 2\r\n\r\nno",
        ),
        (true, "HTTP/1.1 401 Who\r\ncontent-length: 2\r\n\r\nno"),
        (
            false,
            "HTTP/1.1 413 Too much\r\nconnection: close\r\ncontent-length: 2\r\n\r\nno",
        ),
        (
            true,
            "HTTP/1.1 413 Too much\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n",
        ),
    ] {
        let head = format!("POST /raw/x HTTP/1.1\r\nhost: a\r\ncontent-length: {LENGTH}\r\n\r\n");
        let client = pair.client(&head).await;
        let mut upstream = pair.upstream().await;
        upstream.head().await;
        // As much as all buffers hold is on its way before the upstream says anything.
        let (mut reads, mut writes) = client.stream.into_split();
        let uploading = tokio::spawn(async move {
            let piece = vec![b'x'; 1 << 16];
            let mut sent = 0;
            while sent < LENGTH && writes.write_all(&piece).await.is_ok() {
                sent += piece.len();
            }
        });
        upstream.stream.readable().await.unwrap();
        upstream.say(answer).await;
        if reset {
            upstream.stream.set_zero_linger().unwrap();
        }
        drop(upstream);
        let mut heard = Vec::new();
        while !heard.ends_with(b"no") && !heard.ends_with(b"0\r\n\r\n") {
            let read = reads.read_buf(&mut heard).await.unwrap_or(0);
            assert!(read > 0, "{answer:?} {}", String::from_utf8_lossy(&heard));
        }
        let heard = String::from_utf8_lossy(&heard);
        assert_eq!(heard.get(..12), answer.get(..12), "{answer:?} {heard}");
        drop(reads);
        uploading.abort();
    }
    // Where nothing was said there is no answer.
    let mut client = pair
        .client("POST /raw/x HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nfirst")
        .await;
    let mut upstream = pair.upstream().await;
    upstream.until("first").await;
    upstream.stream.set_zero_linger().unwrap();
    drop(upstream);
    client.say("more").await;
    assert!(client.head().await.starts_with("HTTP/1.1 502"));
}

/// An upstream that answered, and neither reads on nor closes.
#[tokio::test(start_paused = true)]
async fn who_answered_and_reads_no_more_is_left() {
    let pair = Pair::start(&REFUSING).await;
    for leaves in [true, false] {
        let head = "POST /raw/x HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000000\r\n\r\n";
        let client = pair.client(head).await;
        let mut upstream = pair.upstream().await;
        upstream.head().await;
        let (mut reads, mut writes) = client.stream.into_split();
        let sending = tokio::spawn(async move {
            let piece = vec![b'x'; 1 << 20];
            while writes.write_all(&piece).await.is_ok() {}
        });
        upstream
            .say("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            .await;
        let mut heard = Vec::new();
        while !heard.ends_with(b"ok") {
            assert!(reads.read_buf(&mut heard).await.unwrap() > 0);
        }
        let start = Instant::now();
        if leaves {
            sending.abort();
            drop(reads);
        }
        all_gone(&pair.gateway).await;
        let most = if leaves { 1 } else { 332 };
        assert!(
            start.elapsed().as_secs() < most,
            "{leaves} {:?}",
            start.elapsed()
        );
        drop(upstream);
    }
}
