//! An answer's body as it comes, for who passes it on.
//!
//! In: a connection behind an answer's head. Out: the body, piece by piece, under the reader's back-pressure; trailers,
//! if there are any. Read to an end that is beyond doubt, the connection goes back to its pool at once; dropped before,
//! it closes. What never happens here: more than a piece is read ahead.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};

use super::Fault;
use super::answer::ended;
use super::chunked::{Chunked, Next};
use super::connection::Connection;
use super::head::{self, Framing, Head};
use super::pool::Pool;

/// The most that is read at once, in bytes.
const PIECE: u64 = 64 * 1024;

/// A body that is read while it is passed on.
#[derive(Debug)]
pub(crate) struct Download {
    /// Until the end.
    connection: Option<Connection>,
    pool: Arc<Pool>,
    /// Whether the upstream keeps the connection open.
    persistent: bool,
    left: Left,
    /// What came along with the head; used up first.
    first: Bytes,
    buffer: BytesMut,
}

/// What is still to come.
#[derive(Debug)]
enum Left {
    /// So many bytes.
    Length(u64),
    /// Chunks; of this one so many bytes.
    Chunks(Chunked, u64),
    /// Whatever comes until the connection closes.
    UntilClose,
}

impl Download {
    /// The body behind a head, of which `first` came along with it.
    pub(super) fn new(
        connection: Connection,
        pool: &Arc<Pool>,
        head: &Head,
        first: Bytes,
    ) -> Download {
        Download {
            connection: Some(connection),
            pool: Arc::clone(pool),
            persistent: head.persistent,
            left: match head.framing {
                Framing::Length(length) => Left::Length(length),
                Framing::Chunked => Left::Chunks(Chunked::with_trailers(), 0),
                Framing::UntilClose => Left::UntilClose,
            },
            first,
            buffer: BytesMut::new(),
        }
    }

    /// What is there and not yet used up.
    fn there(&self) -> &[u8] {
        match self.first.is_empty() {
            true => &self.buffer,
            false => &self.first,
        }
    }

    /// Takes up to so many bytes of what is there.
    fn take(&mut self, most: u64) -> Bytes {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        match self.first.is_empty() {
            true => self.buffer.split_to(most.min(self.buffer.len())).freeze(),
            false => self.first.split_to(most.min(self.first.len())),
        }
    }

    fn skip(&mut self, count: usize) {
        match self.first.is_empty() {
            true => self.buffer.advance(count),
            false => self.first.advance(count),
        }
    }

    /// The end is there: the connection serves again if nothing came after it.
    fn end(&mut self) {
        let quiet = self.there().is_empty();
        if let Some(connection) = self.connection.take().filter(|_| quiet && self.persistent) {
            Pool::put(&self.pool, connection);
        }
    }

    /// Reads more; `None` where the connection ended.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<()>, Fault>> {
        // One byte more than is expected: a read that leaves it empty shows that nothing else is there.
        let room = match &self.left {
            Left::Length(left) => left.saturating_add(1).min(PIECE),
            Left::Chunks(..) | Left::UntilClose => PIECE,
        };
        let Some(connection) = &mut self.connection else {
            return Poll::Ready(Ok(None));
        };
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        let read = ready!(connection.poll_more(cx, &mut self.buffer, room)).map_err(Fault::Cut)?;
        Poll::Ready(Ok((read > 0).then_some(())))
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Frame<Bytes>>, Fault>> {
        loop {
            if self.connection.is_none() {
                return Poll::Ready(Ok(None));
            }
            let due = match &mut self.left {
                Left::Length(left) => *left,
                Left::UntilClose => u64::MAX,
                Left::Chunks(_, due) if *due > 0 => *due,
                Left::Chunks(..) => {
                    if let Some(end) = self.frame()? {
                        return Poll::Ready(Ok(end));
                    }
                    if self.there().is_empty() && ready!(self.poll_more(cx))?.is_none() {
                        return Poll::Ready(Err(Fault::Cut(ended())));
                    }
                    continue;
                }
            };
            let data = self.take(due);
            if !data.is_empty() {
                match &mut self.left {
                    Left::Length(left) | Left::Chunks(_, left) => *left -= data.len() as u64,
                    Left::UntilClose => {}
                }
                if matches!(self.left, Left::Length(0)) {
                    self.end();
                }
                return Poll::Ready(Ok(Some(Frame::data(data))));
            }
            if ready!(self.poll_more(cx))?.is_none() {
                return Poll::Ready(match self.left {
                    Left::UntilClose => {
                        self.connection = None;
                        Ok(None)
                    }
                    Left::Length(_) | Left::Chunks(..) => Err(Fault::Cut(ended())),
                });
            }
        }
    }

    /// Reads the framing that is there, up to data; where the body ends, gives its trailers.
    fn frame(&mut self) -> Result<Option<Option<Frame<Bytes>>>, Fault> {
        let there = match self.first.is_empty() {
            true => &self.buffer[..],
            false => &self.first[..],
        };
        let Left::Chunks(chunked, due) = &mut self.left else {
            return Ok(None);
        };
        let (used, next) = chunked.next(there).map_err(Fault::Malformed)?;
        let mut trailers = None;
        match next {
            Next::Data(size) => *due = size,
            Next::More => {}
            Next::End => trailers = Some(chunked.trailers()),
        }
        self.skip(used);
        Ok(trailers.map(|text| {
            self.end();
            text.map(|text| Frame::trailers(head::fields(&text.into())))
        }))
    }
}

impl Body for Download {
    type Data = Bytes;
    type Error = Fault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Fault>>> {
        let next = ready!(self.poll_next(cx));
        if next.is_err() {
            self.connection = None;
        }
        Poll::Ready(next.transpose())
    }

    fn is_end_stream(&self) -> bool {
        self.connection.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match self.left {
            Left::Length(left) => SizeHint::with_exact(left),
            Left::Chunks(..) | Left::UntilClose => SizeHint::default(),
        }
    }
}
