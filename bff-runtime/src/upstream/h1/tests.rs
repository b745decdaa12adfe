//! Answers as data: what an upstream does at the wire, what the call gets, and whether the connection serves again.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};

use http::{HeaderMap, Method};
use http_body_util::BodyExt;
use proptest::prelude::*;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::*;
use crate::body::BodyError;

/// What an upstream does once it has read a request.
#[derive(Clone, Copy, Debug)]
enum Do {
    Send(&'static str),
    Trickle(&'static str),
    Close,
    Reset,
}

use Do::{Close, Reset, Send, Trickle};

/// An upstream that does on its first connection, and on each further one, what it is told.
struct Scripted {
    client: Client,
    authority: String,
    connections: Arc<AtomicUsize>,
    /// Requests in order, heads and bodies.
    seen: mpsc::UnboundedReceiver<String>,
    /// Told when a connection was closed or reset by the upstream.
    gone: mpsc::UnboundedReceiver<()>,
}

const LIMIT: u64 = 100;

impl Scripted {
    /// For each connection, for each request on it, what to do.
    async fn start(script: Vec<Vec<Vec<Do>>>) -> Scripted {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let authority = listener.local_addr().unwrap().to_string();
        let connections = Arc::new(AtomicUsize::new(0));
        let (told, seen) = mpsc::unbounded_channel();
        let (left, gone) = mpsc::unbounded_channel();
        let count = Arc::clone(&connections);
        tokio::spawn(async move {
            for requests in script {
                let Ok((stream, _)) = listener.accept().await else {
                    return;
                };
                count.fetch_add(1, Relaxed);
                let (told, left) = (told.clone(), left.clone());
                tokio::spawn(async move {
                    let _ = serve(stream, requests, &told).await;
                    let _ = left.send(());
                });
            }
        });
        let instance = Instance::parse(&format!("http://{authority}")).unwrap();
        Scripted {
            client: Client::new(&[instance], Duration::from_secs(5)),
            authority,
            connections,
            seen,
            gone,
        }
    }

    async fn ask(&self, method: Method, body: &'static str) -> Result<Fetched, Broken> {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{}/x?y=1", self.authority))
            .header("x-a", "b");
        let request = request.body(Bytes::from_static(body.as_bytes())).unwrap();
        self.client.fetch(request, LIMIT).await
    }

    /// The answer's headers, its body and trailers, as they are passed on.
    async fn pass(&self, method: Method) -> Result<(HeaderMap, String, HeaderMap), BodyError> {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{}/", self.authority));
        let asked = self.client.ask(request.body(Bytes::new()).unwrap()).await;
        let (head, body) = asked.map_err(|broken| broken.to_string())?.into_parts();
        let body = body.collect().await?;
        let trailers = body.trailers().cloned().unwrap_or_default();
        let text = String::from_utf8(body.to_bytes().to_vec()).unwrap();
        Ok((head.headers, text, trailers))
    }

    fn kept(&self) -> usize {
        self.client.pools[0].1.len()
    }

    fn connections(&self) -> usize {
        self.connections.load(Relaxed)
    }
}

async fn serve(
    mut stream: TcpStream,
    requests: Vec<Vec<Do>>,
    told: &mpsc::UnboundedSender<String>,
) -> io::Result<()> {
    for steps in requests {
        let mut request = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&request);
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.split("content-length: ").nth(1);
                let length = length.map_or(0, |rest| {
                    rest.lines().next().unwrap().parse::<usize>().unwrap()
                });
                if body.len() >= length {
                    break;
                }
            }
            if stream.read_buf(&mut request).await? == 0 {
                return Ok(());
            }
        }
        let _ = told.send(String::from_utf8(request).unwrap());
        for step in steps {
            match step {
                Send(text) => stream.write_all(text.as_bytes()).await?,
                Trickle(text) => {
                    for byte in text.bytes() {
                        stream.write_all(&[byte]).await?;
                        tokio::task::yield_now().await;
                    }
                }
                Close => return Ok(()),
                Reset => return stream.set_zero_linger(),
            }
        }
    }
    // Nothing more is asked for, or the peer goes.
    while stream.read(&mut [0; 64]).await? > 0 {}
    Ok(())
}

/// A body that is there, or the kind of fault; and whether the connection was kept.
type Want = (Result<&'static str, BrokenKind>, bool);

const WIRE: Want = (Err(BrokenKind::Wire), false);
const LARGE: Want = (Err(BrokenKind::TooLarge), false);

const fn kept(body: &'static str) -> Want {
    (Ok(body), true)
}

const fn spent(body: &'static str) -> Want {
    (Ok(body), false)
}

#[tokio::test]
async fn answers() {
    let get: &[(&[Do], Want)] = &[
        (
            &[Send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nab")],
            kept("ab"),
        ),
        (
            &[Trickle("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nab")],
            kept("ab"),
        ),
        (
            &[Send("HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n")],
            kept(""),
        ),
        (
            &[Send("HTTP/1.1 200 OK\ncontent-length: 2\n\nab")],
            kept("ab"),
        ),
        (&[Send("HTTP/1.1 204 OK\r\n\r\n")], kept("")),
        (
            &[Send("HTTP/1.1 304 OK\r\ncontent-length: 5\r\n\r\n")],
            kept(""),
        ),
        (
            &[Send(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n2;x\r\nbc\r\n0\r\nt: v\r\n\r\n",
            )],
            kept("abc"),
        ),
        (
            &[Trickle(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n2;x\r\nbc\r\n0\r\nt: v\r\n\r\n",
            )],
            kept("abc"),
        ),
        (
            &[Send(
                "HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 103 Hint\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na",
            )],
            kept("a"),
        ),
        (
            &[
                Trickle("HTTP/1.1 102 Wait\r\n\r\n"),
                Send("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na"),
            ],
            kept("a"),
        ),
        // What could be the start of another answer is never taken for one.
        (
            &[Send("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nabc")],
            spent("a"),
        ),
        (
            &[Send(
                "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\naHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nb",
            )],
            spent("a"),
        ),
        (&[Send("HTTP/1.1 204 OK\r\n\r\nabc")], spent("")),
        (
            &[Send("HTTP/1.1 204 OK\r\ncontent-length: 3\r\n\r\n")],
            spent(""),
        ),
        (
            &[Send(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n0",
            )],
            spent(""),
        ),
        (
            &[Send(
                "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1\r\n\r\na",
            )],
            spent("a"),
        ),
        (
            &[Send("HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\na")],
            spent("a"),
        ),
        (&[Send("HTTP/1.1 200 OK\r\n\r\nabc"), Close], spent("abc")),
        (
            &[Trickle("HTTP/1.0 200 OK\r\n\r\nabc"), Close],
            spent("abc"),
        ),
        (&[Send("HTTP/1.1 200 OK\r\n\r\nabc"), Reset], WIRE),
        (&[Close], WIRE),
        (&[Reset], WIRE),
        (&[Send("HTTP/1.1 20"), Close], WIRE),
        (&[Send("HTTP/1.1 100 Go\r\n\r\n"), Close], WIRE),
        (
            &[
                Send("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab"),
                Close,
            ],
            WIRE,
        ),
        (
            &[
                Send("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab"),
                Reset,
            ],
            WIRE,
        ),
        (
            &[
                Send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nab"),
                Close,
            ],
            WIRE,
        ),
        (
            &[
                Send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n"),
                Close,
            ],
            WIRE,
        ),
        (
            &[Send(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nab",
            )],
            WIRE,
        ),
        (
            &[Send(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nab\r\n",
            )],
            WIRE,
        ),
        (
            &[Send(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n0\r\n\r\n",
            )],
            WIRE,
        ),
        (
            &[Send(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            )],
            WIRE,
        ),
        (
            &[Send("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n")],
            WIRE,
        ),
        (
            &[Send(
                "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n",
            )],
            WIRE,
        ),
        (
            &[Send(
                "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
            )],
            WIRE,
        ),
        (
            &[Send(
                "HTTP/1.1 200 OK\r\na: b\r\n c\r\ncontent-length: 0\r\n\r\n",
            )],
            WIRE,
        ),
        (
            &[Send(
                "HTTP/1.1 200 OK\r\na: \0\r\ncontent-length: 0\r\n\r\n",
            )],
            WIRE,
        ),
        (&[Send("HTTP/1.1 101 Switch\r\nupgrade: x\r\n\r\n")], WIRE),
        (&[Send("SSH-2.0-OpenSSH\r\n")], WIRE),
        (
            &[Send("HTTP/1.1 200 OK\r\ncontent-length: 101\r\n\r\n")],
            LARGE,
        ),
        (
            &[Send(
                "HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551615\r\n\r\n",
            )],
            LARGE,
        ),
        (
            &[Send(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\nffffffffffffffff\r\n",
            )],
            LARGE,
        ),
        (
            &[Send(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n60\r\n0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\n5\r\n",
            )],
            LARGE,
        ),
        (
            &[Send(
                "HTTP/1.1 200 OK\r\n\r\n0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdefabcde",
            )],
            LARGE,
        ),
    ];
    let head: &[(&[Do], Want)] = &[
        (
            &[Send("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n")],
            kept(""),
        ),
        (
            &[Send(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            )],
            kept(""),
        ),
        (&[Send("HTTP/1.1 200 OK\r\n\r\n")], kept("")),
        (
            &[Send("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc")],
            spent(""),
        ),
    ];
    for (method, cases) in [(Method::GET, get), (Method::HEAD, head)] {
        for (steps, want) in cases {
            let upstream = Scripted::start(vec![vec![steps.to_vec()]]).await;
            let got = upstream.ask(method.clone(), "").await;
            let got = got
                .map(|fetched| fetched.body)
                .map_err(|broken| broken.kind);
            let body = got.as_ref().map(|body| std::str::from_utf8(body).unwrap());
            let body = body.map_err(|kind| *kind);
            assert_eq!((body, upstream.kept() == 1), *want, "{method} {steps:?}");
            if *want == LARGE {
                continue;
            }
            let upstream = Scripted::start(vec![vec![steps.to_vec()]]).await;
            let got = upstream.pass(method.clone()).await;
            let body = got.as_ref().map(|(_, body, _)| &body[..]);
            let body = body.map_err(|_| BrokenKind::Wire);
            let kept = upstream.kept() == 1;
            assert_eq!((body, kept), *want, "{method} {steps:?}, passed on");
        }
    }
}

#[tokio::test]
async fn what_is_passed_on() {
    let chunked = "HTTP/1.1 200 OK\r\nx-a: 1\r\ntransfer-encoding: chunked\r\nX-A:2 \r\n\r\n";
    let trailers = "2;x\r\nab\r\n1\r\nc\r\n0\r\nx-sum: 1\r\nX-Sum: 2\r\n\r\n";
    let (both, values) = ([chunked, trailers].concat(), vec!["1", "2"]);
    let whole = Trickle(both.leak());
    for steps in [
        vec![Send(chunked), Send(trailers)],
        vec![Send(chunked), Trickle(trailers)],
        vec![whole],
    ] {
        let upstream = Scripted::start(vec![vec![steps.clone()]]).await;
        let (headers, body, trailers) = upstream.pass(Method::GET).await.unwrap();
        assert_eq!(body, "abc", "{steps:?}");
        for (map, name) in [(&headers, "x-a"), (&trailers, "x-sum")] {
            let got: Vec<_> = map.get_all(name).iter().collect();
            assert_eq!(got, values, "{name} {steps:?}");
        }
        assert_eq!(upstream.kept(), 1, "{steps:?}");
    }
}

#[tokio::test]
async fn a_body_nobody_reads_on_closes_its_connection() {
    let begun = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc";
    let mut upstream = Scripted::start(vec![vec![vec![Send(begun)]]]).await;
    let request = Request::get(format!("http://{}/", upstream.authority));
    let asked = upstream.client.ask(request.body(Bytes::new()).unwrap());
    let mut response = asked.await.unwrap();
    let first = response.body_mut().frame().await.unwrap().unwrap();
    assert_eq!(first.into_data().unwrap(), "abc");
    assert_eq!(response.body().len(), Some(97));
    drop(response);
    upstream.gone.recv().await.unwrap();
    assert_eq!(upstream.kept(), 0);
}

#[tokio::test]
async fn long_bodies_are_passed_on_in_pieces() {
    let text: &'static str = "0123456789".repeat(300_000).leak();
    let sized = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{text}",
        text.len()
    );
    let chunks: String = text
        .as_bytes()
        .chunks(70_000)
        .fold(String::new(), |all, chunk| {
            format!(
                "{all}{:x}\r\n{}\r\n",
                chunk.len(),
                std::str::from_utf8(chunk).unwrap()
            )
        });
    let chunked = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunks}0\r\n\r\n");
    for answer in [sized, chunked] {
        let answer = vec![Send(answer.leak())];
        let upstream = Scripted::start(vec![vec![answer.clone(), answer]]).await;
        for _ in 0..2 {
            let (_, body, _) = upstream.pass(Method::GET).await.unwrap();
            assert!(body == text, "{} bytes", body.len());
            assert_eq!((upstream.connections(), upstream.kept()), (1, 1));
        }
    }
}

const OK: &[Do] = &[Send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")];

#[tokio::test]
async fn a_request_on_the_wire() {
    let mut upstream = Scripted::start(vec![vec![OK.to_vec(); 4]]).await;
    let host = upstream.authority.clone();
    for (method, body, tail) in [
        (Method::GET, "", "\r\n"),
        (Method::POST, "", "content-length: 0\r\n\r\n"),
        (Method::DELETE, "", "\r\n"),
        (Method::PUT, "{}", "content-length: 2\r\n\r\n{}"),
    ] {
        upstream.ask(method.clone(), body).await.unwrap();
        let want = format!("{method} /x?y=1 HTTP/1.1\r\nhost: {host}\r\nx-a: b\r\n{tail}");
        assert_eq!(upstream.seen.recv().await.unwrap(), want);
    }
    assert_eq!((upstream.connections(), upstream.kept()), (1, 1));
}

#[tokio::test]
async fn a_kept_connection_that_closed_costs_nobody_an_answer() {
    for (method, end) in [
        (Method::GET, Close),
        (Method::GET, Reset),
        (Method::POST, Close),
        (Method::POST, Reset),
    ] {
        let first = [OK, &[end]].concat();
        let mut upstream = Scripted::start(vec![vec![first], vec![OK.to_vec()]]).await;
        upstream.ask(Method::GET, "").await.unwrap();
        assert_eq!(upstream.kept(), 1);
        upstream.gone.recv().await.unwrap();
        upstream.ask(method.clone(), "").await.unwrap();
        assert_eq!(upstream.connections(), 2, "{method} {end:?}");
    }
}

#[tokio::test]
async fn an_answer_nobody_asked_for_is_not_taken() {
    let unasked = [
        OK,
        &[
            Send("HTTP/1.1 408 Late\r\ncontent-length: 0\r\n\r\n"),
            Close,
        ],
    ]
    .concat();
    for method in [Method::GET, Method::POST] {
        let script = vec![vec![unasked.clone()], vec![OK.to_vec()]];
        let mut upstream = Scripted::start(script).await;
        upstream.ask(Method::GET, "").await.unwrap();
        upstream.gone.recv().await.unwrap();
        let got = upstream.ask(method, "").await.unwrap();
        assert_eq!((got.status.as_u16(), &got.body[..]), (200, &b"ok"[..]));
    }
}

#[tokio::test]
async fn what_a_kept_connection_swallowed_is_sent_again_only_if_safe() {
    // The request arrives, and the connection ends without a byte: nobody knows whether it was acted upon.
    for (method, end, again) in [
        (Method::GET, Close, true),
        (Method::HEAD, Reset, true),
        (Method::POST, Close, false),
        (Method::DELETE, Reset, false),
    ] {
        let script = vec![vec![OK.to_vec(), vec![end]], vec![OK.to_vec()]];
        let upstream = Scripted::start(script).await;
        upstream.ask(Method::GET, "").await.unwrap();
        let got = upstream.ask(method.clone(), "").await;
        assert_eq!(got.is_ok(), again, "{method}");
        assert_eq!(upstream.connections(), 1 + usize::from(again), "{method}");
    }
    // Not twice, and not once a byte came.
    for second in [vec![Close], vec![Send("H"), Close]] {
        let script = vec![
            vec![OK.to_vec(), second.clone()],
            vec![vec![Close]],
            vec![OK.to_vec()],
        ];
        let upstream = Scripted::start(script).await;
        upstream.ask(Method::GET, "").await.unwrap();
        let got = upstream.ask(Method::GET, "").await.map_err(|b| b.kind);
        assert_eq!(got.unwrap_err(), BrokenKind::Wire, "{second:?}");
        let want = if second.len() == 1 { 2 } else { 1 };
        assert_eq!(upstream.connections(), want, "{second:?}");
    }
}

#[tokio::test]
async fn a_dropped_call_closes_its_connection() {
    let mut upstream = Scripted::start(vec![vec![vec![Send("HTTP/1.1 200 OK\r\n")]]]).await;
    {
        let mut asking = std::pin::pin!(upstream.ask(Method::GET, ""));
        let mut polls = 0;
        poll_until(&mut asking, || {
            polls += 1;
            polls > 1 && upstream.seen.len() == 1
        })
        .await;
    }
    upstream.gone.recv().await.unwrap();
    assert_eq!(upstream.kept(), 0);
}

/// Polls a future that doesn't finish until something holds.
async fn poll_until<F: Future>(future: &mut Pin<&mut F>, mut holds: impl FnMut() -> bool) {
    while !holds() {
        std::future::poll_fn(|cx| {
            assert!(future.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_long_body_may_be_refused_before_its_end() {
    let body: &'static str = "x".repeat(8 << 20).leak();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    let instance = Instance::parse(&format!("http://{authority}")).unwrap();
    let client = Client::new(&[instance], Duration::from_secs(5));
    let server = tokio::spawn(async move {
        let mut refused = Vec::new();
        // The first stays open and reads nothing more, the second reads it all, after a hint.
        for read_all in [false, true] {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"x") {
                head.clear();
                stream.read_buf(&mut head).await.unwrap();
            }
            if read_all {
                let hint = b"HTTP/1.1 103 Hint\r\n\r\n";
                stream.write_all(hint).await.unwrap();
                let mut left = (8 << 20) - head.iter().filter(|byte| **byte == b'x').count();
                let mut some = vec![0; 64 << 10];
                while left > 0 {
                    left -= stream.read(&mut some).await.unwrap().min(left);
                }
            }
            let answer = b"HTTP/1.1 413 Large\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(answer).await.unwrap();
            refused.push(stream);
        }
        refused
    });
    for kept in [0, 1] {
        let request = Request::put(format!("http://{authority}/"));
        let request = request.body(Bytes::from_static(body.as_bytes())).unwrap();
        let got = client.fetch(request, LIMIT).await.unwrap();
        assert_eq!(got.status.as_u16(), 413);
        assert_eq!(client.pools[0].1.len(), kept);
    }
    server.await.unwrap();
}

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    drop(listener);
    let instance = Instance::parse(&format!("http://{authority}")).unwrap();
    let client = Client::new(&[instance], Duration::from_secs(5));
    for target in [&authority, "elsewhere:1"] {
        let request = Request::get(format!("http://{target}/"));
        let got = client.fetch(request.body(Bytes::new()).unwrap(), LIMIT);
        let got = got.await.map_err(|broken| broken.kind);
        assert_eq!(got.unwrap_err(), BrokenKind::Connect);
    }
}

#[tokio::test]
async fn idle_connections_are_few_and_grow_old() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = listener.local_addr().unwrap();
    let pool = Arc::new(Pool::default());
    let mut peers = Vec::new();
    for _ in 0..300 {
        let stream = TcpStream::connect(authority).await.unwrap();
        peers.push(listener.accept().await.unwrap().0);
        Pool::put(&pool, Connection::new(stream));
    }
    assert_eq!(pool.len(), 256);
    // Those that were given up were the oldest.
    assert_eq!(peers[0].read(&mut [0]).await.unwrap(), 0);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(24)).await;
    tokio::task::yield_now().await;
    assert_eq!(pool.len(), 256);
    tokio::time::advance(Duration::from_secs(2)).await;
    while pool.len() > 0 {
        tokio::task::yield_now().await;
    }
}

/// Bytes that come in pieces, then the end.
struct Pieces<'a>(VecDeque<&'a [u8]>);

impl AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(piece) = self.0.pop_front() {
            let (now, later) = piece.split_at(piece.len().min(buffer.remaining()));
            buffer.put_slice(now);
            if !later.is_empty() {
                self.0.push_front(later);
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// What reading such pieces comes to.
fn read(pieces: Vec<&[u8]>, method: &Method, limit: u64) -> Result<(u16, Bytes, bool), BrokenKind> {
    let mut pieces = Pieces(pieces.into());
    let mut buffer = Vec::new();
    let mut reading = std::pin::pin!(answer::read(&mut pieces, &mut buffer, method, limit));
    match reading
        .as_mut()
        .poll(&mut Context::from_waker(std::task::Waker::noop()))
    {
        Poll::Ready(Ok(answer)) => Ok((answer.status.as_u16(), answer.body, answer.reusable)),
        Poll::Ready(Err(fault)) => Err(Broken::from(fault).kind),
        Poll::Pending => panic!("what never waits was waited for"),
    }
}

#[test]
fn long_bodies() {
    let text: String = (0..40_000_u32)
        .map(|at| char::from(b'a' + (at % 23) as u8))
        .collect();
    let (first, second) = text.split_at(25_000);
    let chunks = format!("61a8\r\n{first}\r\n3a98\r\n{second}\r\n0\r\n\r\n");
    let sized = "HTTP/1.1 200 OK\r\ncontent-length: 40000\r\n\r\n".to_owned() + &text;
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_owned() + &chunks;
    let closed = "HTTP/1.0 200 OK\r\n\r\n".to_owned() + &text;
    for (answer, persistent) in [(&sized, true), (&chunked, true), (&closed, false)] {
        for size in [100, 1_000, 8_191, 8_192, 8_193, 24_000, 50_000] {
            let got = read(
                answer.as_bytes().chunks(size).collect(),
                &Method::GET,
                40_000,
            );
            let (status, body, reusable) = got.unwrap();
            assert!(
                status == 200 && body == text,
                "{size}: {} bytes",
                body.len()
            );
            assert_eq!(reusable, persistent, "{size}");
            let less = read(
                answer.as_bytes().chunks(size).collect(),
                &Method::GET,
                39_999,
            );
            assert_eq!(less.unwrap_err(), BrokenKind::TooLarge, "{size}");
            let cut = &answer.as_bytes()[..answer.len() - 1];
            let cut = read(cut.chunks(size).collect(), &Method::GET, 40_000);
            assert_eq!(cut.is_err(), persistent, "{size}");
        }
        // More than was announced comes along with the last piece.
        let more = answer.to_owned() + "HTTP/1.1 200 OK\r\n";
        let got = read(vec![more.as_bytes()], &Method::GET, 50_000).unwrap();
        assert!(!got.2 && (got.1 == text || !persistent));
    }
}

fn part() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 100 Go\r\n\r\n",
        "HTTP/1.0 204\r\n",
        "content-length: 3\r\n",
        "content-length: 60\r\n",
        "content-length: 900\r\n",
        "transfer-encoding: chunked\r\n",
        "connection: close\r\n",
        "\r\n",
        "\n",
        "\r",
        " ",
        ":",
        "0\r\n\r\n",
        "3\r\nabc\r\n",
        "3;x\r\n",
        "abc",
        "\0",
        "0123456789012345678901234567890123456789",
    ])
}

proptest! {
    #[test]
    fn whatever_comes_in_whatever_pieces(
        parts in prop::collection::vec(part(), 0..14),
        started in any::<bool>(),
        size in 1..50_usize,
        head in any::<bool>(),
    ) {
        let method = if head { Method::HEAD } else { Method::GET };
        let start = if started { "HTTP/1.1 200 OK\r\n" } else { "" };
        let bytes = start.to_owned() + &parts.concat();
        let whole = read(vec![bytes.as_bytes()], &method, LIMIT);
        let split = read(bytes.as_bytes().chunks(size).collect(), &method, LIMIT);
        match (whole, split) {
            // What comes after the end may not have been seen yet: then it is found before the next request.
            (Ok((status, body, false)), Ok((same, equal, _))) => {
                prop_assert_eq!((status, body), (same, equal));
            }
            (whole, split) => prop_assert_eq!(whole, split),
        }
    }

    #[test]
    fn arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200), size in 1..50_usize) {
        let whole = read(vec![&bytes], &Method::GET, LIMIT).map(|(status, body, _)| (status, body));
        let split = read(bytes.chunks(size).collect(), &Method::GET, LIMIT);
        prop_assert_eq!(whole, split.map(|(status, body, _)| (status, body)));
    }
}
