//! The one body type of the data path: what the gateway answers with and what it sends upstream.
//!
//! A whole body is one piece of memory; a streamed one is passed on frame by frame, under the receiver's
//! back-pressure, and never gathered.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;

use crate::patience::Patience;
use crate::plan::Listener;
use crate::proxy::{Gate, Wanted};
use crate::upstream::Download;

/// Any error of a body.
pub(crate) type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// A body that goes beyond its limit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TooLarge;

impl std::fmt::Display for TooLarge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the body is larger than allowed")
    }
}

impl std::error::Error for TooLarge {}

/// A client's body that broke off, or that isn't framed as it says.
#[derive(Debug)]
pub(crate) struct Unreadable(hyper::Error);

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the client's body can't be read")
    }
}

impl std::error::Error for Unreadable {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// A client's body that comes too slowly.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TooSlow;

impl std::fmt::Display for TooSlow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the client's body comes too slowly")
    }
}

impl std::error::Error for TooSlow {}

/// A body that nobody wants any more.
#[derive(Debug, Clone, Copy)]
struct Unwanted;

impl std::fmt::Display for Unwanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the answer came without the body")
    }
}

impl std::error::Error for Unwanted {}

/// A body.
#[derive(Debug, Default)]
pub(crate) enum Body {
    /// Nothing.
    #[default]
    Empty,
    /// All of it; `None` once sent.
    Full(Option<Bytes>),
    /// As it comes.
    Stream(Box<Stream>),
}

/// A body that is passed on.
pub(crate) struct Stream {
    source: Source,
    /// How long a client is waited for, where it is a client's.
    upload: Option<Patience>,
    /// What must end before it is read.
    gate: Option<Gate>,
    /// Tells the request's body that its answer is still wanted.
    wanted: Option<Wanted>,
    left: u64,
    passed: u64,
    record: Option<crate::log::Pending>,
    holds: Vec<crate::limit::Hold>,
}

/// Where a body that is passed on comes from.
enum Source {
    /// From a client, or from an upstream over hyper's client.
    Hyper(Incoming),
    /// From an upstream over a connection of our own.
    Own(Download),
}

impl Source {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match self {
            Source::Hyper(incoming) => Pin::new(incoming).poll_frame(cx).map_err(Broken::Hyper),
            Source::Own(download) => Pin::new(download)
                .poll_frame(cx)
                .map_err(|fault| Broken::Own(Box::new(fault))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Source::Hyper(incoming) => incoming.is_end_stream(),
            Source::Own(download) => download.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Source::Hyper(incoming) => incoming.size_hint(),
            Source::Own(download) => download.size_hint(),
        }
    }
}

/// How a body that is passed on broke.
enum Broken {
    Hyper(hyper::Error),
    Own(BodyError),
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream")
            .field("passed", &self.passed)
            .finish_non_exhaustive()
    }
}

impl Body {
    /// All of it.
    pub(crate) fn full(bytes: Bytes) -> Body {
        if bytes.is_empty() {
            Body::Empty
        } else {
            Body::Full(Some(bytes))
        }
    }

    /// As it comes, but no more than `limit` bytes: then it breaks off with an error.
    pub(crate) fn stream(incoming: Incoming, limit: u64) -> Body {
        Body::of(Source::Hyper(incoming), limit)
    }

    /// An upstream's over a connection of our own, as it comes.
    pub(crate) fn download(download: Download) -> Body {
        Body::of(Source::Own(download), u64::MAX)
    }

    fn of(source: Source, limit: u64) -> Body {
        Body::Stream(Box::new(Stream {
            source,
            upload: None,
            gate: None,
            wanted: None,
            left: limit,
            passed: 0,
            record: None,
            holds: Vec::new(),
        }))
    }

    /// A client's, as it comes, as long as it does.
    pub(crate) fn upload(incoming: Incoming, limit: u64, bounds: &Listener) -> Body {
        let mut body = Body::stream(incoming, limit);
        if let Body::Stream(stream) = &mut body {
            stream.upload = Some(Patience::new(bounds.body, bounds.min_rate));
        }
        body
    }

    /// Leaves a streamed body unread until the gate ends.
    pub(crate) fn hold_back(&mut self, gate: Gate) {
        if let Body::Stream(stream) = self {
            stream.gate = Some(gate);
        }
    }

    /// Keeps the request's body wanted until a streamed answer ends.
    pub(crate) fn wants(&mut self, wanted: Wanted) {
        if let Body::Stream(stream) = self {
            stream.wanted = Some(wanted);
        }
    }

    /// Writes the access record when a streamed body ends, however it ends; for others gives it back at once.
    pub(crate) fn record(&mut self, pending: crate::log::Pending) -> Option<crate::log::Pending> {
        match self {
            Body::Stream(stream) => {
                stream.record = Some(pending);
                None
            }
            Body::Empty | Body::Full(_) => Some(pending),
        }
    }

    /// Keeps places among those at work until a streamed body ends; those of others are free at once.
    pub(crate) fn hold(&mut self, holds: Vec<crate::limit::Hold>) {
        if let Body::Stream(stream) = self {
            stream.holds = holds;
        }
    }

    /// Whether it is passed on as it comes.
    pub(crate) fn is_stream(&self) -> bool {
        matches!(self, Body::Stream(_))
    }

    /// Its length, where known.
    pub(crate) fn len(&self) -> Option<u64> {
        http_body::Body::size_hint(self).exact()
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut *self {
            Body::Empty => Poll::Ready(None),
            Body::Full(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Body::Stream(stream) => stream.poll(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Body::Empty | Body::Full(None) => true,
            Body::Full(Some(_)) => false,
            Body::Stream(stream) => stream.source.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Body::Empty | Body::Full(None) => SizeHint::with_exact(0),
            Body::Full(Some(bytes)) => SizeHint::with_exact(bytes.len() as u64),
            Body::Stream(stream) => stream.source.size_hint(),
        }
    }
}

impl Stream {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(gate) = &mut self.gate {
            if !std::task::ready!(gate.as_mut().poll(cx)) {
                return Poll::Ready(Some(Err(Box::new(Unwanted))));
            }
            self.gate = None;
        }
        let frame = match (self.source.poll_frame(cx), &mut self.upload) {
            (Poll::Ready(frame), patience) => {
                if let (Some(Ok(frame)), Some(patience)) = (&frame, patience) {
                    patience.moved(frame.data_ref().map_or(0, Bytes::len));
                }
                frame
            }
            (Poll::Pending, None) => return Poll::Pending,
            (Poll::Pending, Some(patience)) => {
                std::task::ready!(patience.poll_waiting(cx));
                return Poll::Ready(Some(Err(Box::new(TooSlow))));
            }
        };
        Poll::Ready(match frame {
            Some(Ok(mut frame)) => {
                if let Some(fields) = frame.trailers_mut() {
                    crate::proxy::trailers(fields);
                }
                let length = frame.data_ref().map_or(0, |data| data.len() as u64);
                match self.left.checked_sub(length) {
                    Some(left) => {
                        self.left = left;
                        self.passed += length;
                        Some(Ok(frame))
                    }
                    None => Some(Err(Box::new(TooLarge))),
                }
            }
            Some(Err(Broken::Hyper(error))) if self.upload.is_some() => {
                Some(Err(Box::new(Unreadable(error))))
            }
            Some(Err(Broken::Hyper(error))) => Some(Err(error.into())),
            Some(Err(Broken::Own(error))) => Some(Err(error)),
            None => None,
        })
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(record) = self.record.take() {
            record.write(Some(self.passed));
        }
    }
}
