//! Answers that come while a request is still on its way (RFC 9112, 9.5).
//!
//! An upstream that refuses an upload may answer and close at once. Writing on then fails, before hyper has read what was
//! said; and it takes an error in writing for the end of all. So these connections never tell of one: what is written to
//! who doesn't take it any more is dropped, and what was said is read to its end, where the error shows. Who answered and
//! then neither reads nor closes is given up after a while. What never happens here: such an end is taken for a proper one.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tower_service::Service;

use crate::patience::Patience;

/// How long an upstream may take no byte of what is sent to it; until it answers, the route's own time is shorter.
const STALL: Duration = Duration::from_secs(300);

/// Connects to where nothing heard is lost.
#[derive(Debug, Clone)]
pub(super) struct Connector(pub(super) HttpConnector);

/// A connection that is read to its end even if it can't be written to.
#[derive(Debug)]
pub(super) struct Heard<S> {
    stream: S,
    /// Why it can't be written to any more.
    broken: Option<io::ErrorKind>,
    patience: Patience,
}

impl<S> Heard<S> {
    fn new(stream: S) -> Heard<S> {
        Heard {
            stream,
            broken: None,
            patience: Patience::new(STALL, 0),
        }
    }

    /// Writes, or does as if.
    fn write<T>(
        &mut self,
        cx: &mut Context<'_>,
        all: T,
        write: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>>
    where
        S: Unpin,
    {
        if self.broken.is_some() {
            return Poll::Ready(Ok(all));
        }
        match write(Pin::new(&mut self.stream), cx) {
            Poll::Ready(Ok(written)) => {
                self.patience.moved(1);
                Poll::Ready(Ok(written))
            }
            Poll::Ready(Err(error)) => {
                self.broken = Some(error.kind());
                Poll::Ready(Ok(all))
            }
            Poll::Pending => {
                ready!(self.patience.poll_waiting(cx));
                let stalled = "the upstream does not take what is sent to it";
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, stalled)))
            }
        }
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Heard<TcpStream>>;
    type Error = <HttpConnector as Service<Uri>>::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.0.call(uri);
        Box::pin(async move {
            let stream = connecting.await?.into_inner();
            Ok(TokioIo::new(Heard::new(stream)))
        })
    }
}

impl<S: Connection> Connection for Heard<S> {
    fn connected(&self) -> Connected {
        self.stream.connected()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Heard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let room = out.remaining();
        ready!(Pin::new(&mut self.stream).poll_read(cx, out))?;
        match self.broken {
            Some(error) if out.remaining() == room => Poll::Ready(Err(error.into())),
            _ => Poll::Ready(Ok(())),
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Heard<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.write(cx, bytes.len(), |stream, cx| stream.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let all = parts.iter().map(|part| part.len()).sum();
        self.write(cx, all, |stream, cx| stream.poll_write_vectored(cx, parts))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write(cx, (), |stream, cx| stream.poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write(cx, (), |stream, cx| stream.poll_shutdown(cx))
    }
}
