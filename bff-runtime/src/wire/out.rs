//! What is written over a public connection: answers, watched for how long their client lets them wait, and the end.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite};

use super::linger::Linger;
use super::{State, Wire};
use crate::listener::counts::Cut;

impl<S> Wire<S> {
    /// What became of writing: an error, if the client lets it wait for too long.
    fn written<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
        bytes: impl FnOnce(&T) -> usize,
    ) -> Poll<io::Result<T>> {
        match written {
            Poll::Ready(written) => {
                self.patience.moved(written.as_ref().map_or(0, bytes));
                Poll::Ready(written)
            }
            Poll::Pending => {
                ready!(self.patience.poll_waiting(cx));
                self.line.0.counts.cut(Cut::Write);
                let slow = "the client does not take its answer";
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, slow)))
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if let (Poll::Ready(Ok(count)), State::Frames(frames)) = (&written, &mut self.state) {
            frames.wrote(bytes.get(..*count).unwrap_or(bytes));
        }
        self.written(cx, written, |bytes| *bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        if let (Poll::Ready(Ok(count)), State::Frames(frames)) = (&written, &mut self.state) {
            let mut left = *count;
            for part in parts {
                let part = part.get(..left).unwrap_or(part);
                frames.wrote(part);
                left -= part.len();
            }
        }
        self.written(cx, written, |bytes| *bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.written(cx, flushed, |()| 0)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.linger.is_none() {
            let shut = Pin::new(&mut this.stream).poll_shutdown(cx);
            ready!(this.written(cx, shut, |()| 0))?;
            // Of what is read whole, nothing more comes; what floods isn't waited for.
            if !matches!(this.state, State::Body(_) | State::Chunks(_) | State::Deaf) {
                return Poll::Ready(Ok(()));
            }
        }
        let linger = this.linger.get_or_insert_with(|| Box::new(Linger::new()));
        linger.poll(cx, &mut this.stream).map(Ok)
    }
}
