//! Clients that are slow, many or hostile: what they get, and what everybody else gets meanwhile.
//!
//! Time is paused where it must pass: it goes on by itself whenever everybody waits.

use std::time::Duration;

use bff_runtime::Running;
use bff_runtime::json::{Block, Template};
use bff_runtime::plan::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::client;
use crate::frames::{self, Two};
use crate::inputs::{NOTHING, ORDER};
use crate::raw::Pair;
use crate::tables::*;

const SECOND: Duration = Duration::from_secs(1);

static ALIVE: Plan = Plan {
    calls: &[],
    require: &[],
    answer: Answer {
        status: 200,
        headers: &[],
        body: Some(&YES),
    },
};
static YES: Template = Template::Block(&Block::Fields(&[field(
    "\"alive\":",
    bff_runtime::json::Template::Literal("true"),
)]));
static EVERYTHING: Proxy = Proxy {
    upstream: &BETA,
    allow: &[],
    documented: None,
};
const ROUTES: &[Route] = &[
    get(
        "/alive",
        &[Segment::Literal("alive")],
        NO_INPUTS,
        handler!(ALIVE),
    ),
    Route {
        method: Some("POST"),
        body: Some(&ORDER),
        policies: Policies {
            timeout: Duration::from_secs(600),
            ..OPEN
        },
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
            timeout: Duration::from_secs(600),
            ..OPEN
        },
        ..get(
            "/raw/**",
            &[Segment::Literal("raw"), Segment::Rest],
            NO_INPUTS,
            |exchange| Box::pin(async move { exchange.proxy(&EVERYTHING).await }),
        )
    },
];
static USUAL: Bff = bff(ROUTES);
static SMALL: Bff = Bff {
    server: Server {
        listener: Listener {
            head_size: 1024,
            head_count: 10,
            max: 3,
            per_address: 2,
            streams: 2,
            resets: 10,
            ..Listener::USUAL
        },
        ..Server::USUAL
    },
    ..bff(ROUTES)
};

async fn start(bff: &'static Bff) -> Running {
    let nowhere = "http://127.0.0.1:9";
    start_with(bff, &[("ALPHA_URL", nowhere), ("BETA_URL", nowhere)]).await
}

async fn is_alive(gateway: &Running) {
    let got = client::get(gateway.addr, "/alive").await;
    assert_eq!((got.status, got.text()), (200, r#"{"alive":true}"#));
}

/// The value of a counter.
async fn counted(gateway: &Running, series: &str) -> u64 {
    let metrics = client::get(gateway.admin_addr, "/metrics").await;
    let line = metrics
        .text()
        .lines()
        .find_map(|line| line.strip_prefix(series));
    line.unwrap_or_else(|| panic!("no {series}"))
        .trim()
        .parse()
        .unwrap()
}

/// What is said to a gateway, what it answers until it closes, and when it does.
async fn said(gateway: &Running, text: &str) -> (String, Duration) {
    let start = Instant::now();
    let mut stream = TcpStream::connect(gateway.addr).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    let _ = stream.read_to_end(&mut heard).await;
    (
        String::from_utf8_lossy(&heard).into_owned(),
        start.elapsed(),
    )
}

#[tokio::test(start_paused = true)]
async fn heads_have_their_time() {
    let gateway = start(&USUAL).await;
    let alive = "GET /alive HTTP/1.1\r\nhost: a\r\n\r\n";
    for (text, answers, closed_after) in [
        // Who says nothing hears nothing.
        (String::new(), vec![], 10),
        ("\r\n".to_owned(), vec!["408"], 10),
        ("PRI * HTTP/2.0\r\n".to_owned(), vec!["408"], 10),
        ("GET /alive HT".to_owned(), vec!["408"], 10),
        (
            "GET /alive HTTP/1.1\r\nhost: a\r\n".to_owned(),
            vec!["408"],
            10,
        ),
        // Between two requests there is more time than for one.
        (alive.to_owned(), vec!["200"], 75),
        (format!("{alive}GET"), vec!["200", "408"], 10),
    ] {
        let (heard, after) = said(&gateway, &text).await;
        let statuses: Vec<&str> = heard
            .split("HTTP/1.1 ")
            .skip(1)
            .filter_map(|answer| answer.get(..3))
            .collect();
        assert_eq!(statuses, answers, "{text:?}");
        assert_eq!(after.as_secs(), closed_after, "{text:?}");
    }
    assert_eq!(
        counted(&gateway, "bff_connections_cut_total{reason=\"header\"}").await,
        5
    );
    is_alive(&gateway).await;
    gateway.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_head_that_trickles_has_no_more() {
    let gateway = start(&USUAL).await;
    let start = Instant::now();
    let stream = TcpStream::connect(gateway.addr).await.unwrap();
    let (mut reads, mut writes) = stream.into_split();
    let trickle = tokio::spawn(async move {
        writes
            .write_all(b"GET /alive HTTP/1.1\r\nhost: a\r\nx: ")
            .await
            .unwrap();
        while writes.write_all(b"x").await.is_ok() {
            tokio::time::sleep(SECOND).await;
        }
    });
    let mut heard = String::new();
    reads.read_to_string(&mut heard).await.unwrap();
    assert!(heard.starts_with("HTTP/1.1 408"), "{heard}");
    assert_eq!(start.elapsed().as_secs(), 10);
    trickle.abort();
    gateway.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn bodies_come_or_are_given_up() {
    let pair = Pair::start(&USUAL).await;
    for route in ["/order", "/raw/x"] {
        for (pause, length) in [(SECOND * 40, 5), (SECOND, 600)] {
            let start = Instant::now();
            let head = format!(
                "POST {route} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
            );
            let stream = TcpStream::connect(pair.gateway.addr).await.unwrap();
            let (mut reads, mut writes) = stream.into_split();
            let trickle = tokio::spawn(async move {
                writes.write_all(head.as_bytes()).await.unwrap();
                loop {
                    tokio::time::sleep(pause).await;
                    if writes.write_all(b"1").await.is_err() {
                        return;
                    }
                }
            });
            let upstream = match route {
                "/order" => None,
                _ => Some(pair.upstream().await),
            };
            let mut heard = Vec::new();
            let _ = reads.read_to_end(&mut heard).await;
            let heard = String::from_utf8_lossy(&heard);
            assert!(
                heard.starts_with("HTTP/1.1 408"),
                "{route} {pause:?} {heard}"
            );
            let after = start.elapsed().as_secs();
            assert!((29..=31).contains(&after), "{route} {pause:?} {after}");
            // The upstream never gets to see a whole request.
            if let Some(mut upstream) = upstream {
                assert!(!upstream.rest().await.ends_with(&"1".repeat(length)));
            }
            trickle.abort();
        }
    }
    assert_eq!(
        counted(&pair.gateway, "bff_connections_cut_total{reason=\"body\"}").await,
        4
    );
    is_alive(&pair.gateway).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_given_up() {
    let pair = Pair::start(&USUAL).await;
    let _client = pair.client("GET /raw/x HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let mut upstream = pair.upstream().await;
    upstream.head().await;
    upstream
        .say("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        .await;
    let start = Instant::now();
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let mut written = 0_usize;
    // The gateway drops the upstream's connection with the client's.
    while upstream.stream.write_all(chunk.as_bytes()).await.is_ok() {
        written += chunk.len();
        assert!(written < 64 << 20, "somebody buffers all of it");
    }
    assert_eq!(start.elapsed().as_secs(), 60);
    assert_eq!(
        counted(&pair.gateway, "bff_connections_cut_total{reason=\"write\"}").await,
        1
    );
    is_alive(&pair.gateway).await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_without_a_window_is_given_up_alone() {
    let pair = Pair::start(&USUAL).await;
    let mut two = Two::connect(pair.gateway.addr).await;
    two.say(&frames::window_of_new_streams(0)).await;
    two.say(&frames::request(1, "/raw/x")).await;
    let mut upstream = pair.upstream().await;
    upstream.head().await;
    let start = Instant::now();
    upstream
        .say("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
        .await;
    let feeding = tokio::spawn(async move {
        let _ = upstream.stream.write_all(&[b'x'; 1_000_000]).await;
        upstream
    });
    two.say(&frames::request(3, "/alive")).await;
    two.until(frames::HEADERS, 3).await;
    let reset = two.until(frames::RST_STREAM, 1).await;
    assert_eq!(reset, 8_u32.to_be_bytes(), "cancelled");
    assert!((60..=61).contains(&start.elapsed().as_secs()));
    // What nobody takes is not held, and not asked for any longer.
    let mut upstream = feeding.await.unwrap();
    upstream.rest().await;
    two.say(&frames::request(5, "/alive")).await;
    two.until(frames::HEADERS, 5).await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_of_http_2_ends_in_order() {
    let gateway = start(&USUAL).await;
    let mut two = Two::connect(gateway.addr).await;
    two.say(&frames::request(1, "/alive")).await;
    two.until(frames::HEADERS, 1).await;
    let start = Instant::now();
    let pongs = tokio::spawn(async move {
        // A client that answers pings is idle all the same.
        two.until(frames::GOAWAY, 0).await;
        two
    });
    let mut two = pongs.await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 75);
    two.ended().await;
    is_alive(&gateway).await;
    gateway.shutdown().await;
}

#[tokio::test]
async fn floods_end_their_own_connection() {
    let gateway = start(&USUAL).await;
    let reset = |stream: u32| {
        let request = frames::request(stream, "/raw/x");
        [
            request,
            frames::frame(frames::RST_STREAM, 0, stream, &[0, 0, 0, 8]),
        ]
        .concat()
    };
    let resets: Vec<u8> = (0..400).flat_map(|at| reset(at * 2 + 1)).collect();
    let pings = frames::frame(6, 0, 0, b"12345678").repeat(1_500);
    let settings = frames::frame(4, 0, 0, &[]).repeat(1_500);
    let nothing = [
        frames::open_request(1, "/raw/x"),
        frames::frame(0, 0, 1, &[]).repeat(1_500),
    ]
    .concat();
    for (name, flood) in [
        ("resets", resets),
        ("pings", pings),
        ("settings", settings),
        ("empty data", nothing),
    ] {
        let mut quiet = Two::connect(gateway.addr).await;
        let mut two = Two::connect(gateway.addr).await;
        // Who is cut off may find that out while it still writes.
        let _ = two.try_say(&flood).await;
        // `ENHANCE_YOUR_CALM` (RFC 9113, 7).
        let reason = two.until(frames::GOAWAY, 0).await;
        assert_eq!(reason.get(4..8), Some(&[0, 0, 0, 11][..]), "{name}");
        two.ended().await;
        quiet.say(&frames::request(1, "/alive")).await;
        quiet.until(frames::HEADERS, 1).await;
        assert!(two.heard < 1 << 20, "{name}");
    }
    let cut = r#"bff_connections_cut_total{reason="flood"}"#;
    assert_eq!(counted(&gateway, cut).await, 4);
    is_alive(&gateway).await;
    gateway.shutdown().await;
}

#[tokio::test]
async fn heads_have_their_bounds() {
    let gateway = start(&SMALL).await;
    let h2 = reqwest::Client::builder()
        .http2_prior_knowledge()
        .no_proxy()
        .build()
        .unwrap();
    let large = vec![("x-a".to_owned(), "x".repeat(1100))];
    let many: Vec<_> = (0..12)
        .map(|at| (format!("x-{at}"), "1".to_owned()))
        .collect();
    let few: Vec<_> = many.iter().take(4).cloned().collect();
    for (headers, status) in [(few, 200), (large, 431), (many, 431)] {
        let lines: String = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let text = format!("GET /alive HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{lines}\r\n");
        assert_eq!(
            client::raw(gateway.addr, text.as_bytes()).await.status,
            status
        );
        let mut request = h2.get(format!("http://{}/alive", gateway.addr));
        for (name, value) in &headers {
            request = request.header(name, value);
        }
        let got = request.send().await.unwrap();
        assert_eq!(got.status().as_u16(), status);
    }
    let long = format!("http://{}/alive?{}", gateway.addr, "x".repeat(9000));
    let usual = start(&USUAL).await;
    let long = long.replace(&gateway.addr.to_string(), &usual.addr.to_string());
    assert_eq!(h2.get(long).send().await.unwrap().status().as_u16(), 414);
    usual.shutdown().await;
    drop(h2);
    gateway.shutdown().await;
}

#[tokio::test]
async fn no_more_connections_than_there_may_be() {
    let gateway = start(&SMALL).await;
    let mut first = TcpStream::connect(gateway.addr).await.unwrap();
    let ask = b"GET /alive HTTP/1.1\r\nhost: a\r\n\r\n";
    let mut heard = [0; 12];
    first.write_all(ask).await.unwrap();
    first.read_exact(&mut heard).await.unwrap();
    let mut second = TcpStream::connect(gateway.addr).await.unwrap();
    second.write_all(ask).await.unwrap();
    second.read_exact(&mut heard).await.unwrap();
    assert_eq!(counted(&gateway, "bff_connections ").await, 2);
    let mut third = TcpStream::connect(gateway.addr).await.unwrap();
    let refused = match third.write_all(ask).await {
        Ok(()) => third.read(&mut heard).await,
        Err(error) => Err(error),
    };
    assert!(matches!(refused, Err(_) | Ok(0)), "{refused:?}");
    let refusals = "bff_connections_refused_total{reason=\"per_address\"}";
    assert_eq!(counted(&gateway, refusals).await, 1);
    drop(first);
    // There is room again as soon as the gateway has seen that one left.
    while counted(&gateway, "bff_connections ").await == 2 {}
    is_alive(&gateway).await;
    drop((second, third));
    gateway.shutdown().await;
}

#[tokio::test]
async fn streams_of_http_2_finish_before_it_stops() {
    let pair = Pair::start(&USUAL).await;
    let mut two = Two::connect(pair.gateway.addr).await;
    two.say(&frames::request(1, "/raw/x")).await;
    let mut upstream = pair.upstream().await;
    upstream.head().await;
    let mut idle = Two::connect(pair.gateway.addr).await;
    idle.say(&frames::request(1, "/alive")).await;
    idle.until(frames::HEADERS, 1).await;
    let stopping = tokio::spawn(pair.gateway.shutdown());
    // Idle ones end at once, the others when they are done.
    idle.ended().await;
    two.until(frames::GOAWAY, 0).await;
    assert!(!stopping.is_finished());
    upstream
        .say("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nlate")
        .await;
    assert_eq!(two.until(frames::DATA, 1).await, b"late");
    two.ended().await;
    stopping.await.unwrap();
}
