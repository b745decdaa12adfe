//! What comes over a public connection, before HTTP is made of it.
//!
//! In: bytes as they come. Out: the same bytes, for hyper to read, as long as they are beyond doubt: each head is held to
//! RFC 9112 as a whole before any of it is given on, and it alone says where the next one starts. Two readers that
//! disagree about that are how requests are smuggled; so whatever could be read in two ways is read in none. A request
//! that is refused becomes one that says so, which the policy stack answers in its turn; nothing behind it is read.
//!
//! HTTP/2 frames its messages itself: a connection that starts with its preface is left alone, as is one that switched
//! to another protocol.

mod chunks;
mod head;

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use http::header::UPGRADE;
use http::{Request, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use chunks::{Chunks, Next};
use head::{Framing, Read};

/// How an HTTP/2 connection starts (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\n";
/// The method of the request that stands for one that was refused.
const REFUSED: &str = "-";
/// That request.
const STAND_IN: &[u8] = b"- / HTTP/1.1\r\nhost: -\r\nconnection: close\r\n\r\n";

/// The bounds of a request's head.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Bytes in all.
    pub(crate) bytes: usize,
    /// Headers.
    pub(crate) headers: usize,
}

/// Why a request is not read, and what that is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) words: &'static str,
}

/// What a connection and its requests know of each other.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    refusal: OnceLock<Refusal>,
    switched: AtomicBool,
}

impl Line {
    /// Tells a request what it needs to know of its connection: that it stands for a refused one, or how to switch.
    pub(crate) fn attach<B>(&self, request: &mut Request<B>) {
        if request.method().as_str() == REFUSED
            && let Some(refusal) = self.0.refusal.get()
        {
            request.extensions_mut().insert(*refusal);
        } else if request.headers().contains_key(UPGRADE) {
            request.extensions_mut().insert(self.clone());
        }
    }

    /// What comes next on this connection is not HTTP.
    pub(crate) fn switch(&self) {
        self.0.switched.store(true, Ordering::Release);
    }
}

/// A connection, read with care.
#[derive(Debug)]
pub(crate) struct Wire<S> {
    stream: S,
    line: Line,
    bounds: Bounds,
    state: State,
    /// What was read and not yet given on.
    buffer: BytesMut,
    /// How much at its start may be.
    good: usize,
}

#[derive(Debug)]
enum State {
    /// Before the first request: it may be HTTP/2.
    First,
    /// A head is next.
    Head(head::Scan),
    /// So many bytes of a body.
    Body(u64),
    /// A body in chunks.
    Chunks(Chunks),
    /// Whatever comes.
    Open,
    /// Nothing more.
    Deaf,
}

impl<S> Wire<S> {
    pub(crate) fn new(stream: S, line: Line, bounds: Bounds) -> Wire<S> {
        Wire {
            stream,
            line,
            bounds,
            state: State::First,
            buffer: BytesMut::new(),
            good: 0,
        }
    }

    /// Gives on what is good of the buffer.
    fn give(&mut self, out: &mut ReadBuf<'_>) {
        let length = self.good.min(out.remaining());
        out.put_slice(self.buffer.get(..length).unwrap_or_default());
        self.buffer.advance(length.min(self.buffer.len()));
        self.good -= length;
    }

    /// Looks at the buffer; true if there is something to give on, false if more must be read.
    fn look(&mut self) -> bool {
        loop {
            match &mut self.state {
                State::First => {
                    let start = self.buffer.len().min(PREFACE.len());
                    if self.buffer.get(..start) != PREFACE.get(..start) {
                        self.state = State::Head(head::Scan::default());
                    } else if start < PREFACE.len() {
                        return false;
                    } else {
                        self.state = State::Open;
                    }
                }
                State::Head(scan) => match scan.read(&self.buffer, self.bounds) {
                    Read::More => return false,
                    Read::Head(length, framing) => {
                        self.good = length;
                        self.state = match framing {
                            Framing::Length(0) => State::Head(head::Scan::default()),
                            Framing::Length(length) => State::Body(length),
                            Framing::Chunks => State::Chunks(Chunks::default()),
                        };
                        return true;
                    }
                    Read::Refused(refusal) => {
                        // Only the first counts, and nothing comes after it.
                        let _ = self.line.0.refusal.set(refusal);
                        self.buffer.clear();
                        self.buffer.extend_from_slice(STAND_IN);
                        self.good = self.buffer.len();
                        self.state = State::Deaf;
                        return true;
                    }
                },
                State::Body(_) | State::Chunks(_) | State::Open => {
                    self.good = self.body_part(0);
                    return self.good > 0;
                }
                State::Deaf => return false,
            }
        }
    }

    /// How much of the buffer from `from` on belongs to the body that is being read; moves on where it ends.
    fn body_part(&mut self, from: usize) -> usize {
        let there = self.buffer.get(from..).unwrap_or_default();
        match &mut self.state {
            State::Body(left) => {
                let part = there
                    .len()
                    .min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= part as u64;
                if *left == 0 {
                    self.state = State::Head(head::Scan::default());
                }
                part
            }
            State::Chunks(chunks) => match chunks.next(there) {
                Next::More => there.len(),
                Next::End(part) => {
                    self.state = State::Head(head::Scan::default());
                    part
                }
                Next::Broken(part, poison) => {
                    // hyper comes to the same end at these bytes.
                    self.buffer.truncate(from + part);
                    self.buffer.extend_from_slice(poison);
                    self.state = State::Deaf;
                    part + poison.len()
                }
            },
            _ => there.len(),
        }
    }

    /// What was just read straight into `out` behind `before` is a part of a body: takes back what isn't.
    fn trim(&mut self, out: &mut ReadBuf<'_>, before: usize) {
        let read = out.filled().get(before..).unwrap_or_default();
        self.buffer.extend_from_slice(read);
        out.set_filled(before);
        self.good = self.body_part(0);
        self.give(out);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            if this.line.0.switched.load(Ordering::Acquire) {
                this.state = State::Open;
            }
            if this.good > 0 || (!this.buffer.is_empty() && this.look()) {
                this.give(out);
                return Poll::Ready(Ok(()));
            }
            let before = out.filled().len();
            ready!(Pin::new(&mut this.stream).poll_read(cx, out))?;
            let read = out.filled().len() - before;
            match &mut this.state {
                // Who was refused may go on; it isn't heard. Its end is not ours.
                State::Deaf => {
                    out.set_filled(before);
                    if read == 0 {
                        return Poll::Pending;
                    }
                }
                _ if read == 0 => return Poll::Ready(Ok(())),
                State::Open => return Poll::Ready(Ok(())),
                State::Body(left) if read as u64 <= *left => {
                    *left -= read as u64;
                    if *left == 0 {
                        this.state = State::Head(head::Scan::default());
                    }
                    return Poll::Ready(Ok(()));
                }
                State::Chunks(chunks) => {
                    let part = out.filled().get(before..).unwrap_or_default();
                    let mut ahead = chunks.clone();
                    match ahead.next(part) {
                        Next::More => *chunks = ahead,
                        Next::End(_) | Next::Broken(..) => this.trim(out, before),
                    }
                    return Poll::Ready(Ok(()));
                }
                State::Body(_) => {
                    this.trim(out, before);
                    return Poll::Ready(Ok(()));
                }
                State::First | State::Head(_) => {
                    let part = out.filled().get(before..).unwrap_or_default();
                    this.buffer.extend_from_slice(part);
                    out.set_filled(before);
                }
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
