//! What comes over a public connection, before HTTP is made of it.
//!
//! In: bytes as they come. Out: the same bytes, for hyper to read, as long as they are beyond doubt: each head is held to
//! RFC 9112 as a whole before any of it is given on, and it alone says where the next one starts. Two readers that
//! disagree about that are how requests are smuggled; so whatever could be read in two ways is read in none. A request
//! that is refused becomes one that says so, which the policy stack answers in its turn; nothing behind it is read.
//!
//! HTTP/2 frames its messages itself: of a connection that starts with its preface the frames are counted and given on,
//! one that switched to another protocol is left alone.
//!
//! Time is watched here as well: how long a head takes, how long a connection lies idle, how long a client lets an answer
//! wait. One timer serves a connection's reading: it is moved when it must end sooner, and looks again when it ends.

mod chunks;
mod frames;
mod head;
mod line;
mod linger;
mod out;

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzz;

use std::io;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use crate::listener::counts::Cut;
use crate::patience::Patience;
use crate::plan::Listener;
use chunks::{Chunks, Next};
use frames::{Frames, Goodbye};
use head::{Framing, Read};
pub(crate) use line::{AtWork, Line};
use linger::Linger;

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

impl Bounds {
    fn of(bounds: &Listener) -> Bounds {
        let whole = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        Bounds {
            bytes: whole(bounds.head_size),
            headers: whole(bounds.head_count),
        }
    }
}

/// Why a request is not read, and what that is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) words: &'static str,
}

/// A connection, read with care.
#[derive(Debug)]
pub(crate) struct Wire<S> {
    stream: S,
    line: Line,
    bounds: &'static Listener,
    state: State,
    /// What was read and not yet given on.
    buffer: BytesMut,
    /// How much at its start may be.
    good: usize,
    /// When the head that is read now began.
    head_since: Option<Instant>,
    /// When it was said that the connection leaves.
    left: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
    /// With a client that lets an answer wait.
    patience: Patience,
    /// Once the end was said to a client that still sends.
    linger: Option<Box<Linger>>,
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
    /// HTTP/2.
    Frames(Box<Frames>),
    /// Whatever comes.
    Open,
    /// Nothing more.
    Deaf,
    /// It is cut, after this.
    Flooded(Option<Goodbye>),
}

/// Who took too long.
enum Late {
    /// A head is not whole.
    Head,
    /// Nobody wants anything.
    Idle,
}

impl<S> Wire<S> {
    pub(crate) fn new(stream: S, line: Line, bounds: &'static Listener) -> Wire<S> {
        Wire {
            stream,
            head_since: Some(line.0.start),
            line,
            bounds,
            state: State::First,
            buffer: BytesMut::new(),
            good: 0,
            left: None,
            timer: None,
            patience: Patience::new(bounds.write, bounds.min_rate),
            linger: None,
        }
    }

    /// Gives up on a request: one that says so stands for it, and nothing comes after it.
    fn refuse(&mut self, refusal: Refusal) {
        let _ = self.line.0.refusal.set(refusal);
        self.buffer.clear();
        self.buffer.extend_from_slice(STAND_IN);
        self.good = self.buffer.len();
        self.state = State::Deaf;
    }

    /// Until when the client is waited for; none where others watch, or nobody needs to.
    fn until(&mut self) -> Option<Instant> {
        let idle = match self.state {
            State::First => false,
            State::Head(_) => self.buffer.is_empty() && self.head_since.is_none(),
            State::Frames(_) => true,
            State::Body(_) | State::Chunks(_) | State::Open | State::Deaf | State::Flooded(_) => {
                return None;
            }
        };
        if let Some(left) = self.left {
            return Some(left + self.bounds.header);
        }
        if idle {
            // Looked at again later while there is work.
            let since = self.line.idle_since().unwrap_or_else(Instant::now);
            return Some(since + self.bounds.idle);
        }
        let since = *self.head_since.get_or_insert_with(Instant::now);
        Some(since + self.bounds.header)
    }

    /// There is nothing to read; ready when that was so for too long.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<Late> {
        loop {
            let Some(until) = self.until() else {
                return Poll::Pending;
            };
            let timer = self
                .timer
                .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
            if timer.deadline() > until {
                timer.as_mut().reset(until);
            }
            ready!(timer.as_mut().poll(cx));
            if timer.deadline() < until {
                timer.as_mut().reset(until);
                continue;
            }
            return Poll::Ready(match self.buffer.is_empty() {
                true => Late::Idle,
                false => Late::Head,
            });
        }
    }

    /// Whether it is told to end before anything was said on it.
    fn is_dismissed(&self) -> bool {
        self.buffer.is_empty()
            && !self.line.has_begun()
            && self.line.0.last_call.load(Ordering::Relaxed)
    }

    /// Gives on what is good of the buffer.
    fn give(&mut self, out: &mut ReadBuf<'_>) {
        let length = self.good.min(out.remaining());
        out.put_slice(self.buffer.get(..length).unwrap_or_default());
        self.line.0.begun.store(true, Ordering::Relaxed);
        self.buffer.advance(length.min(self.buffer.len()));
        self.good -= length;
    }

    /// Looks at the buffer; true if there is something to give on, false if more must be read.
    fn look(&mut self) -> bool {
        let bounds = Bounds::of(self.bounds);
        loop {
            match &mut self.state {
                State::First => {
                    let start = self.buffer.len().min(PREFACE.len());
                    if self.buffer.get(..start) != PREFACE.get(..start) {
                        self.state = State::Head(head::Scan::default());
                    } else if start < PREFACE.len() {
                        return false;
                    } else {
                        self.state = State::Frames(Box::new(Frames::new(self.bounds.resets)));
                    }
                }
                State::Head(scan) => match scan.read(&self.buffer, bounds) {
                    Read::More => return false,
                    Read::Head(length, framing) => {
                        self.good = length;
                        self.head_since = None;
                        // What came along, hyper reads even if nobody wants it; of chunks only a part.
                        let there = self.buffer.len().saturating_sub(length) as u64;
                        if framing == Framing::Chunks
                            || matches!(framing, Framing::Length(length) if length > there)
                        {
                            self.line.0.owes.store(true, Ordering::Relaxed);
                        }
                        self.state = match framing {
                            Framing::Length(0) => State::Head(head::Scan::default()),
                            Framing::Length(length) => State::Body(length),
                            Framing::Chunks => State::Chunks(Chunks::default()),
                        };
                        return true;
                    }
                    Read::Refused(refusal) => {
                        self.refuse(refusal);
                        return true;
                    }
                },
                State::Frames(frames) => {
                    if !frames.read(&self.buffer, Instant::now()) {
                        self.flooded();
                        return false;
                    }
                    self.good = self.buffer.len();
                    return true;
                }
                State::Body(_) | State::Chunks(_) | State::Open => {
                    self.good = self.body_part(0);
                    return self.good > 0;
                }
                State::Deaf | State::Flooded(_) => return false,
            }
        }
    }

    fn flooded(&mut self) {
        self.line.0.counts.cut(Cut::Flood);
        let goodbye = match &self.state {
            State::Frames(frames) => frames.goodbye(),
            _ => None,
        };
        self.state = State::Flooded(goodbye);
    }

    /// A body ended: a head is next.
    fn body_ended(&mut self) {
        self.state = State::Head(head::Scan::default());
        self.line.0.owes.store(false, Ordering::Relaxed);
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
                    self.body_ended();
                }
                part
            }
            State::Chunks(chunks) => match chunks.next(there) {
                Next::More => there.len(),
                Next::End(part) => {
                    self.body_ended();
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

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Wire<S> {
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
            if let State::Flooded(goodbye) = &mut this.state {
                // Whoever doesn't read isn't waited for.
                if let Some(goodbye) = goodbye.take() {
                    let _told = Pin::new(&mut this.stream).poll_write(cx, &goodbye);
                    let _told = Pin::new(&mut this.stream).poll_flush(cx);
                }
                return Poll::Ready(Err(io::Error::other("too many frames without a purpose")));
            }
            let before = out.filled().len();
            match Pin::new(&mut this.stream).poll_read(cx, out) {
                Poll::Ready(read) => read?,
                Poll::Pending if this.is_dismissed() => return Poll::Ready(Ok(())),
                Poll::Pending => match ready!(this.poll_late(cx)) {
                    Late::Head => {
                        this.line.0.counts.cut(Cut::Header);
                        this.refuse(head::TOO_SLOW);
                        continue;
                    }
                    Late::Idle if this.left.is_none() => {
                        this.left = Some(Instant::now());
                        this.line.0.leaves.store(true, Ordering::Relaxed);
                        continue;
                    }
                    Late::Idle => return Poll::Ready(Ok(())),
                },
            }
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
                State::Open | State::Flooded(_) => return Poll::Ready(Ok(())),
                State::Frames(frames) => {
                    let part = out.filled().get(before..).unwrap_or_default();
                    if !frames.read(part, Instant::now()) {
                        out.set_filled(before);
                        this.flooded();
                        continue;
                    }
                    return Poll::Ready(Ok(()));
                }
                State::Body(left) if read as u64 <= *left => {
                    *left -= read as u64;
                    if *left == 0 {
                        this.body_ended();
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
