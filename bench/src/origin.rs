//! The upstream behind what is passed through: bodies as long as one likes, events, and small answers.
//!
//! Long bodies repeat one piece of noise, so that whoever reads them can tell whether a byte is in its place.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context as Turn, Poll, ready};
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Either, Full};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::spawn_local;
use tokio::time::{Interval, interval, sleep};

/// Bytes of the piece that long bodies repeat.
pub(crate) const PIECE: usize = 64 * 1024;

/// The piece.
pub(crate) fn piece() -> Bytes {
    // Anything without a pattern of a short period will do.
    let mut state = 0x9e37_79b9_u32;
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[0]
    };
    (0..PIECE).map(|_| noise()).collect()
}

/// Whether these bytes are what a long body has from there on.
pub(crate) fn is_in_place(bytes: &[u8], from: u64, piece: &[u8]) -> bool {
    let mut at = usize::try_from(from % PIECE as u64).unwrap_or(0);
    let mut rest = bytes;
    while !rest.is_empty() {
        let length = rest.len().min(PIECE - at);
        if rest.get(..length) != piece.get(at..at + length) {
            return false;
        }
        rest = rest.get(length..).unwrap_or_default();
        at = 0;
    }
    true
}

/// Starts it on a free port, within the current set of tasks.
pub(crate) async fn start() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let piece = piece();
    spawn_local(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let piece = piece.clone();
            let service = service_fn(move |request| {
                let piece = piece.clone();
                async move { Ok::<_, Infallible>(answer(request, piece).await) }
            });
            let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            spawn_local(async move { drop(serving.await) });
        }
    });
    Ok(address)
}

type Answer = Response<Either<Full<Bytes>, Long>>;

async fn answer(request: Request<Incoming>, piece: Bytes) -> Answer {
    let path = request.uri().path().to_owned();
    let mut words = path.trim_start_matches('/').split('/');
    let kind = words.next().unwrap_or_default();
    let number = words.next().and_then(|word| word.parse::<u64>().ok());
    match (kind, number) {
        ("items", Some(number)) => json(format!("{{\"text\":\"item {number}\"}}")),
        ("slow", Some(millis)) => {
            sleep(Duration::from_millis(millis)).await;
            json("{\"text\":\"slow\"}".to_owned())
        }
        ("upload", None) => match count(request.into_body(), &piece).await {
            Ok(length) => json(length.to_string()),
            Err(error) => {
                let mut answer = json(format!("{error:#}"));
                *answer.status_mut() = StatusCode::BAD_REQUEST;
                answer
            }
        },
        ("download", Some(length)) => Response::new(Either::Right(Long::Bytes {
            piece,
            left: length,
        })),
        ("events", Some(events)) => {
            let tick = interval(Duration::from_millis(1));
            let mut answer = Response::new(Either::Right(Long::Events {
                tick,
                next: 0,
                events,
            }));
            let media = http::HeaderValue::from_static("text/event-stream");
            answer.headers_mut().insert("content-type", media);
            answer
        }
        _ => {
            let mut answer = json("{}".to_owned());
            *answer.status_mut() = StatusCode::NOT_FOUND;
            answer
        }
    }
}

fn json(text: String) -> Answer {
    let mut answer = Response::new(Either::Left(Full::new(text.into())));
    let media = http::HeaderValue::from_static("application/json");
    answer.headers_mut().insert("content-type", media);
    answer
}

/// How long a body is, if each byte of it is in its place.
async fn count(mut body: Incoming, piece: &[u8]) -> anyhow::Result<u64> {
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.context("the upload broke off")?;
        let data = frame.data_ref().map(AsRef::as_ref).unwrap_or_default();
        anyhow::ensure!(
            is_in_place(data, length, piece),
            "the upload is another than was sent, after {length} bytes"
        );
        length += data.len() as u64;
    }
    Ok(length)
}

/// A body that is made while it is sent.
enum Long {
    Bytes {
        piece: Bytes,
        left: u64,
    },
    /// One each tick.
    Events {
        tick: Interval,
        next: u64,
        events: u64,
    },
}

/// An event of the stream.
pub(crate) fn event(number: u64) -> String {
    format!("id: {number}\ndata: {{\"second\":{number}}}\n\n")
}

impl Body for Long {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        turn: &mut Turn<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(match self.get_mut() {
            Long::Bytes { left: 0, .. } => None,
            Long::Bytes { piece, left } => {
                let length = (*left).min(PIECE as u64);
                *left -= length;
                let length = usize::try_from(length).unwrap_or(PIECE);
                Some(Ok(Frame::data(piece.slice(..length))))
            }
            Long::Events { next, events, .. } if next == events => None,
            Long::Events { tick, next, .. } => {
                ready!(tick.poll_tick(turn));
                *next += 1;
                Some(Ok(Frame::data(event(*next - 1).into())))
            }
        })
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Long::Bytes { left, .. } => SizeHint::with_exact(*left),
            Long::Events { .. } => SizeHint::default(),
        }
    }
}
