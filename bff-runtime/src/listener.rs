//! The public port: connections in, requests to the [stack](crate::stack).
//!
//! HTTP/1.1 and HTTP/2 with prior knowledge, under bounds on time, number and size of what a client sends before it
//! is known. When the gateway stops, no new connection is taken and those there finish what they are at.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{Request, Version};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::cores::Cores;
use crate::proxy::{Interims, WithInterims};
use crate::server::App;
use crate::stack;
use crate::wire::{Bounds, Line, Wire};

/// From a connection's start to the end of its first request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// From an answer to the end of the next request's head: longer than the load balancers in front keep a connection they
/// don't use, so that it is they who close it.
const NEXT_TIMEOUT: Duration = Duration::from_secs(75);
/// One request's head.
const BOUNDS: Bounds = Bounds {
    bytes: 32 * 1024,
    headers: 100,
};
/// Requests at once on one HTTP/2 connection.
const STREAMS: u32 = 200;
/// How often an idle HTTP/2 connection is asked whether it lives.
const PING: Duration = Duration::from_secs(30);
/// How long to wait when the system has no more sockets.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(50);

/// Accepts connections for all cores until told to stop, then waits for those there.
pub(crate) async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    cores: Arc<Cores>,
    mut stop: watch::Receiver<bool>,
) {
    let builder = builder();
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let connection = Connection {
                    app: Arc::clone(&app),
                    peer,
                    watcher: graceful.watcher(),
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
    graceful.shutdown().await;
}

/// Answers to pipelined requests are not gathered before they are written: hyper then takes any number of bytes of an
/// answer into memory, however slowly its client reads.
fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(NEXT_TIMEOUT)
        .max_headers(BOUNDS.headers)
        .max_buf_size(BOUNDS.bytes);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(BOUNDS.bytes).unwrap_or(u32::MAX))
        .keep_alive_interval(PING);
    builder
}

struct Connection {
    app: Arc<App>,
    peer: std::net::SocketAddr,
    watcher: Watcher,
}

impl Connection {
    async fn serve(self, stream: TcpStream, builder: auto::Builder<TokioExecutor>) {
        let _ = stream.set_nodelay(true);
        let Connection { app, peer, watcher } = self;
        let spoken = Arc::new(AtomicBool::new(false));
        let heard = Arc::clone(&spoken);
        let line = Line::default();
        let interims = Interims::default();
        let wire = Wire::new(stream, line.clone(), BOUNDS);
        let wire = WithInterims::new(wire, interims.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            heard.store(true, Ordering::Relaxed);
            line.attach(&mut request);
            if request.version() == Version::HTTP_11 {
                request.extensions_mut().insert(interims.clone());
            }
            let app = Arc::clone(&app);
            async move { Ok::<_, Infallible>(stack::answer(app, peer, request).await) }
        });
        let connection = builder
            .serve_connection_with_upgrades(TokioIo::new(wire), service)
            .into_owned();
        let mut connection = std::pin::pin!(watcher.watch(connection));
        // hyper's timer doesn't watch over the choice of the protocol, and is too patient for a first request.
        tokio::select! {
            ended = &mut connection => return ended_with(ended),
            () = tokio::time::sleep(HEAD_TIMEOUT) => {}
        }
        if spoken.load(Ordering::Relaxed) {
            ended_with(connection.await);
        }
    }
}

/// Connections end in many ways that are nobody's concern but a debugger's.
fn ended_with(ended: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}
