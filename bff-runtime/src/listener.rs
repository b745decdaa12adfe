//! The public port: connections in, requests to the [stack](crate::stack).
//!
//! HTTP/1.1, HTTP/2 by ALPN or with prior knowledge, with or without TLS, under bounds on time, number and size of what
//! a client sends before it is known. When the gateway stops, no new connection is taken and those there finish what
//! they are at.

pub(crate) mod admission;
pub(crate) mod counts;
mod turn;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::header::CONNECTION;
use http::{HeaderValue, Request, Version};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::cores::Cores;
use crate::plan::{Listener, Server};
use crate::proxy::{Interims, WithInterims};
use crate::server::App;
use crate::stack;
use crate::text::Env;
use crate::tls::{self, Duplex, Secure};
use crate::wire::{Line, Wire};
use admission::{Admission, Place};
use counts::{Counts, Cut};
use turn::{Answered, Streams};

/// How often an HTTP/2 connection is asked whether it lives, and how long the answer may take.
const PING: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(20));
/// What an HTTP/2 client may send before it is read: of one request, and of all requests of a connection.
const WINDOWS: (u32, u32) = (256 * 1024, 1024 * 1024);
/// What is held of an HTTP/2 request's answer until its client takes it.
const SEND_BUFFER: usize = 64 * 1024;
/// How many bytes of an answer the system takes that it can't send yet.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNSENT: u32 = 256 * 1024;
/// How many resets of an HTTP/2 client may wait to be looked at, and how many of its faults we answer with one.
const RESETS: (usize, usize) = (20, 128);
/// How many headers hyper reads unless it is told otherwise.
const HEADERS: usize = 100;
/// The least that hyper reads a head into.
const LEAST_BUFFER: usize = 8 * 1024;
/// How long to wait when the system has no more sockets.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(50);

/// What all connections of the public port share.
pub(crate) struct Port {
    bounds: &'static Listener,
    tls: Option<Arc<dyn Secure>>,
    admission: Arc<Admission>,
    counts: Arc<Counts>,
}

/// Marks a request that came through TLS.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Secured;

impl Port {
    /// As the spec says; what is wrong with certificates is among the faults.
    pub(crate) fn new(server: &'static Server, env: &mut Env) -> Port {
        Port {
            bounds: &server.listener,
            tls: server.tls.and_then(|tls| tls.start(env)),
            admission: Arc::new(Admission::new(&server.listener, admission::files())),
            counts: Arc::default(),
        }
    }

    /// A request was given up because its body came too slowly.
    pub(crate) fn slow_body(&self) {
        self.counts.cut(Cut::Body);
    }

    /// The text of its counters.
    pub(crate) fn metrics(&self) -> String {
        self.counts.text(self.admission.open())
    }
}

/// Accepts connections for all cores until told to stop, then waits for those there.
pub(crate) async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    cores: Arc<Cores>,
    mut stop: watch::Receiver<bool>,
) {
    let builder = builder(&app.port);
    let (leave, leaving) = watch::channel(false);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let place = match app.port.admission.enter(peer.ip()) {
                    Ok(place) => place,
                    Err(why) => {
                        app.port.counts.refused(why);
                        refuse(stream);
                        continue;
                    }
                };
                app.port.counts.taken();
                let connection = Connection {
                    app: Arc::clone(&app),
                    peer,
                    leaving: leaving.clone(),
                    _place: place,
                };
                let builder = builder.clone();
                let served = cores.serve(stream, |stream| connection.serve(stream, builder));
                if let Err(error) = served {
                    tracing::warn!(%error, "a connection could not be handed over");
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(OUT_OF_SOCKETS).await;
            }
        }
    }
    drop(listener);
    drop(leaving);
    let _ = leave.send(true);
    leave.closed().await;
}

/// Closes a connection with a reset: nothing is kept of it, not even by the system.
fn refuse(stream: TcpStream) {
    let _ = stream.set_zero_linger();
}

/// Answers to pipelined requests are not gathered before they are written: hyper then takes any number of bytes of an
/// answer into memory, however slowly its client reads. Heads are timed, and held to their size, by [`crate::wire`].
fn builder(port: &Port) -> auto::Builder<Streams> {
    let bounds = port.bounds;
    let size = usize::try_from(bounds.head_size).unwrap_or(usize::MAX);
    let mut builder = auto::Builder::new(Streams {
        bounds,
        counts: Arc::clone(&port.counts),
    });
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_buf_size(size.max(LEAST_BUFFER));
    let count = usize::try_from(bounds.head_count).unwrap_or(usize::MAX);
    if count > HEADERS {
        // Room for a number of headers that isn't hyper's own is cleared for each request.
        builder.http1().max_headers(count);
    }
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(bounds.streams)
        .max_header_list_size(bounds.head_size)
        .max_pending_accept_reset_streams(RESETS.0)
        .max_local_error_reset_streams(RESETS.1)
        .initial_stream_window_size(WINDOWS.0)
        .initial_connection_window_size(WINDOWS.1)
        .max_send_buf_size(SEND_BUFFER)
        .keep_alive_interval(PING.0)
        .keep_alive_timeout(PING.1);
    builder
}

/// Waits until what came along with a request of HTTP/2 has been read: hyper, which asks after each wait whether the request
/// was taken back, then drops it before any upstream hears of it. The first turn lets the connection read, the second has
/// hyper ask.
async fn not_taken_back() {
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
}

/// Whether h2 ended a connection because its client did nothing but make work.
fn is_calmed(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source())
        .filter_map(|error| error.downcast_ref::<h2::Error>())
        .any(|error| error.is_library() && error.reason() == Some(h2::Reason::ENHANCE_YOUR_CALM))
}

/// Has the system take no more of an answer than it can send soon: for a client that doesn't read it would set aside
/// megabytes, and we would have read them from the upstream.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn hold_little(stream: &TcpStream) {
    // Where it isn't known, all goes on as it is.
    let _ = socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT);
}

/// There is no such bound.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn hold_little(_: &TcpStream) {}

struct Connection {
    app: Arc<App>,
    peer: SocketAddr,
    leaving: watch::Receiver<bool>,
    _place: Place,
}

impl Connection {
    async fn serve(mut self, stream: TcpStream, builder: auto::Builder<Streams>) {
        let _ = stream.set_nodelay(true);
        hold_little(&stream);
        let Some(stream) = self.open(stream).await else {
            return;
        };
        let Connection {
            app,
            peer,
            mut leaving,
            _place,
        } = self;
        let secured = matches!(stream, Stream::Secured(_));
        let line = Line::new(Arc::clone(&app.port.counts));
        let interims = Interims::default();
        let wire = Wire::new(stream, line.clone(), app.port.bounds);
        let wire = WithInterims::new(wire, interims.clone());
        let known = line.clone();
        let counts = Arc::clone(&app.port.counts);
        let service = service_fn(move |mut request: Request<Incoming>| {
            app.pulse.mine().on();
            let at_work = known.at_work();
            known.attach(&mut request, app.port.bounds);
            if secured {
                request.extensions_mut().insert(Secured);
            }
            let of_2 = request.version() == Version::HTTP_2;
            if request.version() == Version::HTTP_11 {
                request.extensions_mut().insert(interims.clone());
            }
            let app = Arc::clone(&app);
            async move {
                if of_2 {
                    not_taken_back().await;
                }
                let mut response = stack::answer(app, peer, request).await;
                if !of_2 && at_work.owes() && !response.body().is_stream() {
                    // Nobody reads the rest of the request any more: hyper closes, and the client should know.
                    let close = HeaderValue::from_static("close");
                    response.headers_mut().insert(CONNECTION, close);
                }
                Ok::<_, Infallible>(response.map(|body| Answered::new(body, at_work)))
            }
        });
        let connection = builder
            .serve_connection_with_upgrades(TokioIo::new(wire), service)
            .into_owned();
        let mut connection = std::pin::pin!(connection);
        let mut told = std::pin::pin!(leaving.wait_for(|leave| *leave));
        let (mut told_to, mut leaves) = (false, false);
        let ended = std::future::poll_fn(|cx| {
            told_to = told_to || told.as_mut().poll(cx).is_ready();
            if !told_to {
                let polled = connection.as_mut().poll(cx);
                if polled.is_ready() || !line.leaves() {
                    return polled;
                }
            }
            // Before anything was given on, hyper would drop the connection, and with it what TLS has to say at the end.
            if !line.has_begun() {
                line.last_call();
                let polled = connection.as_mut().poll(cx);
                if polled.is_ready() || !line.has_begun() {
                    return polled;
                }
            }
            if !leaves {
                leaves = true;
                connection.as_mut().graceful_shutdown();
            }
            connection.as_mut().poll(cx)
        });
        // Connections end in many ways that are nobody's concern but a debugger's.
        if let Err(error) = ended.await {
            if is_calmed(&*error) {
                counts.cut(Cut::Flood);
            }
            tracing::debug!(%error, "a connection ended");
        }
    }

    /// The connection, and its handshake where there is one.
    async fn open(&mut self, stream: TcpStream) -> Option<Stream> {
        let port = &self.app.port;
        let Some(tls) = &port.tls else {
            return Some(Stream::Plain(stream));
        };
        let accepting = tokio::time::timeout(port.bounds.handshake, tls.accept(stream));
        let accepted = tokio::select! {
            accepted = accepting => accepted,
            _ = self.leaving.wait_for(|leave| *leave) => return None,
        };
        match accepted {
            Ok(Ok(stream)) => return Some(Stream::Secured(stream)),
            Ok(Err(error)) => {
                let reason = tls::reason(&error);
                tracing::debug!(%error, reason, "there was no handshake");
            }
            Err(_) => tracing::debug!("a handshake took too long"),
        }
        port.counts.cut(Cut::Handshake);
        None
    }
}

/// A connection, with TLS or without.
enum Stream {
    Plain(TcpStream),
    Secured(Box<dyn Duplex>),
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, out),
            Stream::Secured(stream) => Pin::new(stream).poll_read(cx, out),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Secured(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, parts),
            Stream::Secured(stream) => Pin::new(stream).poll_write_vectored(cx, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Secured(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Secured(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Secured(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
