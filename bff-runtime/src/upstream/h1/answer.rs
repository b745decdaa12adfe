//! One answer, from the first byte of its head to the last of its body.
//!
//! In: whatever can be read from, and the bytes that were read ahead. Out: the answer, and whether the connection can
//! carry another. How its bytes are cut into reads makes no difference.

use std::io;

use bytes::{BufMut, Bytes};
use http::{Method, StatusCode};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::Fault;
use super::chunked::{Chunked, Next};
use super::head::{self, Framing, Head};
use crate::proxy::Hears;

/// The room for a head, and for what comes along with it.
pub(super) const ROOM: usize = 8 * 1024;
/// Interim answers (RFC 9110, 15.2) before the one that counts.
const MOST_INTERIM: usize = 8;
/// The same, where somebody hears of them: an answer that is long in coming may be told of often.
const MOST_HEARD: usize = 1000;
/// The most memory set aside at once on the word of a length.
const TRUSTED: u64 = 1 << 20;
/// Room behind a body: a read that leaves some of it empty shows that nothing else is there, without asking again.
const SPARE: usize = 1;

/// An answer, whole.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// As it was sent.
    pub(super) head: Bytes,
    pub(super) body: Bytes,
    /// Whether the connection can carry another: its end was beyond doubt, and nothing came after it.
    pub(super) reusable: bool,
}

/// Reads an answer to a request of this method. `buffer` holds what was read ahead, if anything, and has room for what is
/// expected; afterwards it is empty. Head and body lie in the one piece of memory they were read into, where that can be.
pub(super) async fn read<R: AsyncRead + Unpin>(
    io: &mut R,
    buffer: &mut Vec<u8>,
    method: &Method,
    limit: u64,
) -> Result<Answer, Fault> {
    let mut reader = Reader {
        io,
        buffer: &mut *buffer,
        at: 0,
        body: Vec::new(),
        limit,
        hears: None,
    };
    let head = reader.head().await?;
    let (raw, body, certain) = match head.framing {
        _ if is_bodiless(method, head.status) => {
            let certain = ends_with_head(&head);
            (reader.raw(head.length), Bytes::new(), certain)
        }
        Framing::Length(length) => {
            let (raw, body) = reader.whole(head.length, length).await?;
            (raw, body, true)
        }
        Framing::Chunked => (reader.raw(head.length), reader.chunks().await?, true),
        Framing::UntilClose => (reader.raw(head.length), reader.rest().await?, false),
    };
    let reusable = certain && head.persistent && reader.unread().is_empty();
    buffer.clear();
    Ok(Answer {
        status: head.status,
        head: raw,
        body,
        reusable,
    })
}

/// Reads the head of an answer, telling who `hears` of interim ones, and gives where it starts: behind it in the buffer is what came along of the body.
pub(super) async fn read_head<R: AsyncRead + Unpin>(
    io: &mut R,
    buffer: &mut Vec<u8>,
    hears: Option<&Hears>,
) -> Result<(Head, usize), Fault> {
    let mut reader = Reader {
        io,
        buffer,
        at: 0,
        body: Vec::new(),
        limit: 0,
        hears,
    };
    let head = reader.head().await?;
    Ok((head, reader.at))
}

/// Whether an answer to this method with this status has no body, whatever its headers say (RFC 9112, 6.3).
pub(super) fn is_bodiless(method: &Method, status: StatusCode) -> bool {
    *method == Method::HEAD || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

/// Whether it is beyond doubt that such an answer ends with its head. A length in front of nothing is no contradiction
/// where it tells of what isn't sent; a 204 has nothing to tell of.
pub(super) fn ends_with_head(head: &Head) -> bool {
    head.status != StatusCode::NO_CONTENT
        || matches!(head.framing, Framing::UntilClose | Framing::Length(0))
}

struct Reader<'a, R> {
    io: &'a mut R,
    buffer: &'a mut Vec<u8>,
    /// Up to where the buffer is used up.
    at: usize,
    body: Vec<u8>,
    limit: u64,
    /// Who hears of interim answers.
    hears: Option<&'a Hears>,
}

impl<R: AsyncRead + Unpin> Reader<'_, R> {
    fn unread(&self) -> &[u8] {
        self.buffer.get(self.at..).unwrap_or_default()
    }

    /// The head of the answer that counts; it is not yet used up.
    async fn head(&mut self) -> Result<Head, Fault> {
        let most = self.hears.map_or(MOST_INTERIM, |_| MOST_HEARD);
        for _ in 0..=most {
            let head = self.one_head().await?;
            if head.status == StatusCode::SWITCHING_PROTOCOLS {
                return Err(Fault::Malformed("the upstream switched protocols"));
            }
            if !head.status.is_informational() {
                return Ok(head);
            }
            if let Some(hears) = self.hears {
                let raw = self.unread().get(..head.length).unwrap_or_default();
                hears.hear(head.status, || head::headers(&Bytes::copy_from_slice(raw)));
                // A long wait for the answer must not keep what was told.
                self.buffer.drain(..self.at + head.length);
                self.at = 0;
            } else {
                self.at += head.length;
            }
        }
        Err(Fault::Malformed("there are too many interim answers"))
    }

    async fn one_head(&mut self) -> Result<Head, Fault> {
        let mut looked = 0;
        loop {
            // Most come in one piece. What doesn't is looked at again when an empty line is there, not at every byte.
            let unread = self.unread();
            let promising = (looked == 0 && !unread.is_empty())
                || unread.len() >= head::LARGEST
                || has_empty_line(unread, looked);
            if promising && let Some(head) = head::parse(unread).map_err(Fault::Malformed)? {
                return Ok(head);
            }
            looked = unread.len();
            if self.at > 0 {
                self.buffer.drain(..self.at);
                self.at = 0;
                // Interim answers were there: silence after them is no silence.
                if self.more().await.map_err(Fault::Cut)? == 0 {
                    return Err(Fault::Cut(ended()));
                }
                continue;
            }
            let heard = !self.buffer.is_empty();
            let fault = |error| match heard {
                true => Fault::Cut(error),
                false => Fault::Unheard(error),
            };
            if self.more().await.map_err(fault)? == 0 {
                return Err(fault(ended()));
            }
        }
    }

    /// Reads more behind what is in the buffer; 0 at the end.
    async fn more(&mut self) -> io::Result<usize> {
        if self.buffer.len() == self.buffer.capacity() {
            self.buffer.reserve(ROOM);
        }
        self.io.read_buf(self.buffer).await
    }

    /// Takes the head off the buffer.
    fn raw(&mut self, length: usize) -> Bytes {
        let raw = self.unread().get(..length).unwrap_or_default();
        let raw = Bytes::copy_from_slice(raw);
        self.at += length;
        raw
    }

    /// The head and a body of this length, in the memory that the buffer was; what comes behind them is the buffer now.
    async fn whole(&mut self, head: usize, length: u64) -> Result<(Bytes, Bytes), Fault> {
        if length > self.limit {
            return Err(Fault::TooLarge);
        }
        let start = self.at + head;
        let end = start.saturating_add(size(length));
        while self.buffer.len() < end {
            let missing = end - self.buffer.len();
            if self.buffer.capacity() - self.buffer.len() <= missing {
                self.buffer.reserve(missing.min(size(TRUSTED)) + SPARE);
            }
            if self.io.read_buf(self.buffer).await.map_err(Fault::Cut)? == 0 {
                return Err(Fault::Cut(ended()));
            }
        }
        let behind = self.buffer.split_off(end);
        let all = Bytes::from(std::mem::replace(self.buffer, behind));
        let raw = all.slice(self.at..start);
        self.at = 0;
        Ok((raw, all.slice(start..)))
    }

    /// Appends exactly so many bytes to the body.
    async fn take(&mut self, length: u64) -> Result<(), Fault> {
        if (self.body.len() as u64).saturating_add(length) > self.limit {
            return Err(Fault::TooLarge);
        }
        let mut missing = length;
        while missing > 0 {
            let there = self.buffer.get(self.at..).unwrap_or_default();
            let there = there.get(..size(missing)).unwrap_or(there);
            if !there.is_empty() {
                if self.body.capacity() == self.body.len() {
                    let spare = SPARE.min(size(missing) - there.len());
                    self.body.reserve(size(missing.min(TRUSTED)) + spare);
                }
                self.body.extend_from_slice(there);
                missing -= there.len() as u64;
                self.at += there.len();
                continue;
            }
            self.buffer.clear();
            self.at = 0;
            // A short rest comes along with what follows it; a long one goes straight to where it stays.
            let read = if size(missing) < ROOM {
                self.more().await
            } else {
                self.more_body(&mut missing).await
            };
            if read.map_err(Fault::Cut)? == 0 {
                return Err(Fault::Cut(ended()));
            }
        }
        Ok(())
    }

    /// Reads more of the body to where it stays, at most `missing` bytes; what comes along behind them goes to the buffer.
    async fn more_body(&mut self, missing: &mut u64) -> io::Result<usize> {
        if self.body.capacity() - self.body.len() <= SPARE {
            self.body.reserve(size((*missing).min(TRUSTED)) + SPARE);
        }
        let end = self.body.len().saturating_add(size(*missing));
        let mut room = (&mut self.body).limit(size(*missing).saturating_add(SPARE));
        let read = self.io.read_buf(&mut room).await?;
        let behind = self.body.get(end..).unwrap_or_default();
        self.buffer.extend_from_slice(behind);
        *missing -= (read - behind.len()) as u64;
        self.body.truncate(end);
        Ok(read)
    }

    async fn chunks(&mut self) -> Result<Bytes, Fault> {
        let mut chunked = Chunked::new();
        loop {
            let (used, next) = chunked.next(self.unread()).map_err(Fault::Malformed)?;
            self.at += used;
            match next {
                Next::Data(size) => self.take(size).await?,
                Next::End => return Ok(std::mem::take(&mut self.body).into()),
                Next::More => {
                    self.buffer.clear();
                    self.at = 0;
                    if self.more().await.map_err(Fault::Cut)? == 0 {
                        return Err(Fault::Cut(ended()));
                    }
                }
            }
        }
    }

    /// The body is all that comes until the connection closes.
    async fn rest(&mut self) -> Result<Bytes, Fault> {
        let there = self.buffer.get(self.at..).unwrap_or_default();
        self.body.extend_from_slice(there);
        self.buffer.clear();
        self.at = 0;
        loop {
            if self.body.len() as u64 > self.limit {
                return Err(Fault::TooLarge);
            }
            if self.body.capacity() - self.body.len() < ROOM {
                self.body.reserve(ROOM);
            }
            if self.io.read_buf(&mut self.body).await.map_err(Fault::Cut)? == 0 {
                return Ok(std::mem::take(&mut self.body).into());
            }
        }
    }
}

/// Whether an empty line ends at or behind `from`.
fn has_empty_line(bytes: &[u8], from: usize) -> bool {
    let tail = bytes.get(from.saturating_sub(2)..).unwrap_or_default();
    tail.windows(2).any(|pair| pair == b"\n\n") || tail.windows(3).any(|three| three == b"\n\r\n")
}

fn size(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

pub(super) fn ended() -> io::Error {
    io::ErrorKind::UnexpectedEof.into()
}
