//! Interim answers (1xx, RFC 9110, 15.2) on their way to a client: 102, 103 and whatever else an upstream sends before
//! its answer.
//!
//! hyper's server writes none but 100. So they are written beneath it, onto the connection, where a message ends: hyper
//! has the connection flush what it wrote before it waits for an answer, and serves one request after the other. Where
//! that can't be told (a client that pipelines and still reads the answer before), they are left out, as anybody on the
//! way may do with any of them. Clients of HTTP/1.0 get none, and those of HTTP/2 can't: their frames are hyper's own.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf, Bytes};
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Request, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::expect::Opener;

/// Who hears of the interim answers to a request of ours; it goes along with that.
#[derive(Debug)]
pub(crate) struct Hears {
    client: Option<Interims>,
    opener: Option<Opener>,
}

impl Hears {
    /// Has a request's interim answers told to the client, and to who holds its body back.
    pub(super) fn of<B>(
        request: &mut Request<B>,
        client: Option<Interims>,
        opener: Option<Opener>,
    ) {
        if client.is_some() || opener.is_some() {
            let hears = Arc::new(Hears { client, opener });
            request.extensions_mut().insert(hears);
        }
    }

    /// Who hears of those to this request.
    pub(crate) fn on<B>(request: &Request<B>) -> Option<&Arc<Hears>> {
        request.extensions().get()
    }

    /// The same, for hyper's client to tell them. It forgets them once the answer is there.
    pub(crate) fn through_hyper<B>(request: &mut Request<B>) {
        if let Some(hears) = request.extensions_mut().remove::<Arc<Hears>>() {
            hyper::ext::on_informational(request, move |answer| {
                hears.hear(answer.status(), || answer.headers().clone());
            });
        }
    }

    /// There is one.
    pub(crate) fn hear(&self, status: StatusCode, headers: impl FnOnce() -> HeaderMap) {
        if status == StatusCode::CONTINUE {
            self.opener.iter().for_each(Opener::open);
        } else if let Some(client) = &self.client {
            client.send(status, headers());
        }
    }
}

/// How many bytes of them wait at most; what comes beyond is left out.
const MOST: usize = 16 * 1024;

/// Takes the interim answers of a connection's request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interims(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    text: Vec<u8>,
    /// Of who serves the connection.
    waker: Option<Waker>,
}

impl Interims {
    /// Sends one, without what doesn't pass. 100 is the connection's own affair, and 101 no interim answer.
    pub(super) fn send(&self, status: StatusCode, mut headers: HeaderMap) {
        if matches!(
            status,
            StatusCode::CONTINUE | StatusCode::SWITCHING_PROTOCOLS
        ) {
            return;
        }
        super::headers::strip(&mut headers);
        headers.remove(CONTENT_LENGTH);
        let reason = status.canonical_reason().unwrap_or_default();
        let mut text = format!("HTTP/1.1 {} {reason}\r\n", status.as_u16()).into_bytes();
        for (name, value) in &headers {
            text.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        text.extend(b"\r\n");
        let mut waiting = self.lock();
        if waiting.text.len() + text.len() <= MOST {
            waiting.text.extend(text);
        }
        let waker = waiting.waker.take();
        drop(waiting);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn take(&self) -> Bytes {
        std::mem::take(&mut self.lock().text).into()
    }

    /// Wakes who serves the connection when there is something to write.
    fn watch(&self, cx: &Context<'_>) {
        let mut waiting = self.lock();
        match &mut waiting.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that interim answers are written onto.
#[derive(Debug)]
pub(crate) struct WithInterims<S> {
    stream: S,
    interims: Interims,
    /// What is being written.
    writing: Bytes,
    /// Whether anything was written that wasn't flushed: then there may be more of it to come.
    within: bool,
}

impl<S: AsyncWrite + Unpin> WithInterims<S> {
    pub(crate) fn new(stream: S, interims: Interims) -> WithInterims<S> {
        WithInterims {
            stream,
            interims,
            writing: Bytes::new(),
            within: false,
        }
    }

    /// Writes what waits, if no message is half written.
    fn poll_interims(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let waiting = self.interims.take();
        if !waiting.is_empty() && !self.within && self.writing.is_empty() {
            self.writing = waiting;
        }
        while !self.writing.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.writing))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.writing.advance(written);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WithInterims<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, out)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WithInterims<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_interims(cx))?;
        self.within = true;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_interims(cx))?;
        self.within = true;
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // hyper flushes once nothing is left to be written.
        self.within = false;
        self.interims.watch(cx);
        ready!(self.poll_interims(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use http::HeaderValue;

    const EARLY: StatusCode = StatusCode::EARLY_HINTS;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    fn hints(link: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("link", HeaderValue::from_static(link));
        for name in ["set-cookie", "connection", "x-hop", "content-length"] {
            headers.insert(name, HeaderValue::from_static("x-hop"));
        }
        headers
    }

    /// What comes out for what is written, flushed (`|`) and sent between (`!`).
    async fn out(steps: &str) -> String {
        let (mut client, server) = tokio::io::duplex(1 << 16);
        let interims = Interims::default();
        let mut server = WithInterims::new(server, interims.clone());
        for step in steps.chars() {
            match step {
                '|' => server.flush().await.unwrap(),
                '!' => interims.send(EARLY, hints("a")),
                text => server.write_all(text.to_string().as_bytes()).await.unwrap(),
            }
        }
        drop(server);
        let mut text = String::new();
        client.read_to_string(&mut text).await.unwrap();
        text.replace("HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n", "!")
    }

    #[tokio::test]
    async fn between_messages_and_never_within_one() {
        for (steps, expected) in [
            ("!|a|", "!a"),
            ("!a|", "!a"),
            ("a|!|b|", "a!b"),
            ("a|!b|", "a!b"),
            ("a|!!|b|", "a!!b"),
            // What was written may have more to come.
            ("a!b|", "ab"),
            ("a!b|!|c|", "ab!c"),
        ] {
            assert_eq!(out(steps).await, expected, "{steps}");
        }
    }

    #[tokio::test]
    async fn who_serves_is_woken() {
        let (_client, server) = tokio::io::duplex(1 << 16);
        let interims = Interims::default();
        let mut server = WithInterims::new(server, interims.clone());
        let mut flushed = 0;
        std::future::poll_fn(|cx| {
            flushed += 1;
            assert!(Pin::new(&mut server).poll_flush(cx).is_ready());
            if flushed == 1 {
                let interims = interims.clone();
                tokio::spawn(async move { interims.send(EARLY, hints("a")) });
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
    }

    #[test]
    fn they_wait_within_bounds() {
        let interims = Interims::default();
        for _ in 0..10_000 {
            interims.send(EARLY, hints("a"));
        }
        assert!(interims.take().len() <= MOST);
        interims.send(StatusCode::CONTINUE, hints("a"));
        assert!(interims.take().is_empty());
    }
}
