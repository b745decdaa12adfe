//! A connection: one exchange at a time, each a request written and its answer read.

use std::future::poll_fn;
use std::io::{self, IoSlice, Read};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{Method, Request};
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;

use super::Fault;
use super::answer::{self, Answer, ROOM};
use super::head::{self, Framing, Head};
use crate::proxy::Hears;

/// Bodies up to this many bytes are written with the head, in one piece.
const SMALL: usize = 4 * 1024;
/// Room for an answer: at least this much, and no more on the word of the last one.
const LEAST: usize = 1024;
const MOST: usize = 256 * 1024;
/// Room for writing that is kept from one request to the next.
const KEPT: usize = 16 * 1024;
/// Where the status stands in an answer: behind `HTTP/1.1 `.
const STATUS: usize = 9;

/// An open connection.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    /// What is written: head, and a small body.
    out: Vec<u8>,
    /// What was read ahead; empty between exchanges.
    buffer: Vec<u8>,
    /// Room for an answer as long as the last one, so that it comes in one piece.
    room: usize,
}

impl Connection {
    /// Nothing was sent on it yet.
    pub(super) fn new(stream: TcpStream) -> Connection {
        Connection {
            stream,
            out: Vec::with_capacity(1024),
            buffer: Vec::new(),
            room: ROOM,
        }
    }

    /// Whether nothing came since the last answer, not even the end. The runtime's word costs nothing but may be a
    /// moment old; to be `sure` the system is asked.
    pub(super) fn is_quiet(&self, sure: bool) -> bool {
        let mut byte = [0_u8; 1];
        let read = match sure {
            true => (&*SockRef::from(&self.stream)).read(&mut byte),
            false => self.stream.try_read(&mut byte),
        };
        read.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Sends a request and reads the answer.
    pub(super) async fn exchange(
        &mut self,
        request: &Request<Bytes>,
        limit: u64,
    ) -> Result<Answer, Fault> {
        let sent = self.send(request).await?;
        // Who refuses a request may answer before it has read all of it, and close: the answer still counts.
        let answer = answer::read(&mut self.stream, &mut self.buffer, request.method(), limit);
        let mut answer = sent.heard(answer.await)?;
        answer.reusable &= sent.reusable;
        self.rest(answer.head.len() + answer.body.len());
        Ok(answer)
    }

    /// Sends a request and reads the answer's head.
    pub(super) async fn begin(&mut self, request: &Request<Bytes>) -> Result<Begun, Fault> {
        let sent = self.send(request).await?;
        let hears = Hears::on(request).map(Arc::as_ref);
        let read = answer::read_head(&mut self.stream, &mut self.buffer, hears).await;
        let (mut head, start) = sent.heard(read)?;
        head.persistent &= sent.reusable;
        let mut there = std::mem::take(&mut self.buffer);
        // Interim answers stand before it.
        there.drain(..start);
        let there = Bytes::from(there);
        let length = match head.framing {
            Framing::Length(length) => usize::try_from(length).unwrap_or(MOST),
            Framing::Chunked | Framing::UntilClose => there.len() - head.length,
        };
        self.rest(head.length.saturating_add(length));
        let (raw, body) = (there.slice(..head.length), there.slice(head.length..));
        Ok(Begun { head, raw, body })
    }

    /// Reads more of a body behind what is in `buffer`, at most about `room` bytes at once; 0 at the end. No room is
    /// taken while nothing is there.
    pub(super) fn poll_more(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut BytesMut,
        room: usize,
    ) -> Poll<io::Result<usize>> {
        ready!(self.stream.poll_read_ready(cx))?;
        buffer.reserve(room);
        pin!(self.stream.read_buf(buffer)).poll(cx)
    }

    /// Leaves the connection as it waits for its next request; its last answer had so many bytes.
    fn rest(&mut self, length: usize) {
        self.out.shrink_to(KEPT);
        self.buffer = Vec::new();
        self.room = length.saturating_add(length / 8).clamp(LEAST, MOST);
    }

    /// Sends a request, waits for the first bytes of an answer and makes room for it.
    async fn send(&mut self, request: &Request<Bytes>) -> Result<Sent, Fault> {
        self.out.clear();
        let closes = write_head(request, &mut self.out);
        let body: &[u8] = match request.body() {
            body if body.len() <= SMALL => {
                self.out.extend_from_slice(body);
                &[]
            }
            body => body,
        };
        let mut sent = 0;
        let written = poll_fn(|cx| self.poll_write(cx, body, &mut sent)).await;
        // No room is taken while nothing is there.
        let heard = match self.buffer.is_empty() && written.is_ok() {
            true => self.stream.readable().await,
            false => Ok(()),
        };
        heard.map_err(Fault::Unheard)?;
        self.buffer.reserve(self.room);
        Ok(Sent {
            reusable: !closes && sent == self.out.len() + body.len(),
            written,
        })
    }

    /// Writes the rest of the request, until all is sent or an answer comes in.
    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        body: &[u8],
        sent: &mut usize,
    ) -> Poll<io::Result<()>> {
        loop {
            let head = self.out.get(*sent..).unwrap_or_default();
            let body = body.get(sent.saturating_sub(self.out.len())..);
            let body = body.unwrap_or_default();
            let stream = Pin::new(&mut self.stream);
            let written = match (head, body) {
                ([], []) => return Poll::Ready(Ok(())),
                (head, []) => stream.poll_write(cx, head),
                ([], body) => stream.poll_write(cx, body),
                (head, body) => {
                    stream.poll_write_vectored(cx, &[IoSlice::new(head), IoSlice::new(body)])
                }
            };
            match written? {
                Poll::Ready(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(written) => *sent += written,
                Poll::Pending => match self.poll_early(cx)? {
                    Poll::Ready(()) => return Poll::Ready(Ok(())),
                    Poll::Pending => return Poll::Pending,
                },
            }
        }
    }

    /// Ready when there is no use in writing on: an answer is there that isn't an interim one, or the end.
    fn poll_early(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.stream.poll_read_ready(cx))?;
            match self.stream.try_read_buf(&mut self.buffer) {
                Ok(0) => return Poll::Ready(Ok(())),
                Ok(_) => {
                    let status = self.buffer.get(STATUS);
                    if status.is_some_and(|first| *first != b'1')
                        || self.buffer.len() >= head::LARGEST
                    {
                        return Poll::Ready(Ok(()));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

/// How a request was sent.
struct Sent {
    /// Whether all of it was, and it lets the connection go on.
    reusable: bool,
    written: io::Result<()>,
}

impl Sent {
    /// What was heard. If that is nothing, it is because of how the request was sent, where that went wrong.
    fn heard<T>(&self, read: Result<T, Fault>) -> Result<T, Fault> {
        match (read, &self.written) {
            (Err(Fault::Unheard(_)), Err(error)) => Err(Fault::Unheard(error.kind().into())),
            (read, _) => read,
        }
    }
}

/// An answer of which the head is there.
pub(super) struct Begun {
    pub(super) head: Head,
    /// The head as it was sent.
    pub(super) raw: Bytes,
    /// What came along of the body, framed as it is.
    pub(super) body: Bytes,
}

/// Writes a request's head; gives whether it says `connection: close`.
///
/// What a method, a target or a header may hold was checked when each was made. How the body is framed is said here
/// alone.
fn write_head(request: &Request<Bytes>, out: &mut Vec<u8>) -> bool {
    let (headers, uri) = (request.headers(), request.uri());
    let mut put = |parts: &[&[u8]]| parts.iter().for_each(|part| out.extend_from_slice(part));
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let method = request.method();
    put(&[
        method.as_str().as_bytes(),
        b" ",
        target.as_bytes(),
        b" HTTP/1.1\r\n",
    ]);
    if !headers.contains_key(HOST) {
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        put(&[b"host: ", authority.as_bytes(), b"\r\n"]);
    }
    let mut closes = false;
    for (name, value) in headers {
        if *name == CONTENT_LENGTH || *name == TRANSFER_ENCODING {
            continue;
        }
        if *name == CONNECTION {
            let mut options = value.as_bytes().split(|byte| *byte == b',');
            closes |= options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"));
        }
        put(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"]);
    }
    let length = request.body().len();
    // A method that is about its content says so even if there is none (RFC 9110, 8.6).
    if length > 0 || [Method::POST, Method::PUT, Method::PATCH].contains(method) {
        let digits = length.to_string();
        put(&[b"content-length: ", digits.as_bytes(), b"\r\n"]);
    }
    put(&[b"\r\n"]);
    closes
}
