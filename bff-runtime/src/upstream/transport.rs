//! The seam to the wire: a request in, an answer's head and its body as it comes out, or how it broke.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http::uri::Scheme;
use http::{Request, Response};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::early::Connector;
use super::gather::gather;
use super::headers::Headers;
use super::{Fetched, Instance, h1};
use crate::body::{Body, TooLarge, TooSlow, Unreadable};
use crate::cores::PerCore;
use crate::proxy::Hears;

/// How long an unused connection is kept.
const IDLE: Duration = Duration::from_secs(30);

/// An answer on its way.
pub(crate) type Sending<'a> =
    Pin<Box<dyn Future<Output = Result<Response<Body>, Broken>> + Send + 'a>>;

/// A whole answer on its way.
pub(crate) type Fetching<'a> = Pin<Box<dyn Future<Output = Result<Fetched, Broken>> + Send + 'a>>;

/// What carries requests to an upstream.
pub(crate) trait Transport: Send + Sync {
    /// Sends one request; the answer's body breaks off beyond `limit` bytes.
    fn send(&self, request: Request<Body>, limit: u64) -> Sending<'_>;

    /// Sends one request without a body; the answer's body comes however long it is.
    fn ask(&self, request: Request<()>) -> Sending<'_> {
        self.send(request.map(|()| Body::Empty), u64::MAX)
    }

    /// Sends one request that is all there, and gathers its answer, whose body may have `limit` bytes.
    fn fetch(&self, request: Request<Bytes>, limit: u64) -> Fetching<'_> {
        let sending = self.send(request.map(Body::full), limit);
        Box::pin(async move {
            let (head, body) = sending.await?.into_parts();
            Ok(Fetched {
                status: head.status,
                headers: Headers::Map(head.headers),
                body: gather(body, limit).await?,
            })
        })
    }
}

/// How an exchange with an upstream failed.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) kind: BrokenKind,
    /// For the log.
    pub(crate) cause: String,
}

/// Where an exchange with an upstream failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BrokenKind {
    /// No connection could be made: nothing was sent.
    Connect,
    /// The connection broke, or spoke no HTTP.
    Wire,
    /// The body is larger than allowed.
    TooLarge,
    /// The client's own body broke off while it was passed on.
    Client,
    /// The client's own body came too slowly.
    Slow,
}

impl Broken {
    pub(crate) fn new(kind: BrokenKind, cause: &dyn std::error::Error) -> Broken {
        Broken {
            kind,
            cause: chain(cause),
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)
    }
}

/// An error and what it came from, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        words.push_str(": ");
        words.push_str(&error.to_string());
        source = error.source();
    }
    words
}

/// hyper's client with a pool of its own on each core; with TLS if an instance needs it. Where none does, whatever
/// is sent without a client's body or an upgrade goes over connections of our own.
///
/// # Errors
/// If the system's certificates can't be read.
pub(crate) fn start(
    instances: &[Instance],
    connect_timeout: Duration,
    cores: usize,
) -> std::io::Result<Box<dyn Transport>> {
    let tls = instances
        .iter()
        .any(|instance| instance.scheme == Scheme::HTTPS);
    let mut http = HttpConnector::new();
    http.set_nodelay(true);
    http.set_connect_timeout(Some(connect_timeout));
    http.enforce_http(false);
    let http = Connector(http);
    let mut builder = Client::builder(TokioExecutor::new());
    builder
        .pool_timer(TokioTimer::new())
        .timer(TokioTimer::new())
        .pool_idle_timeout(IDLE);
    if !tls {
        return Ok(Box::new(Plain {
            streams: PerCore::new(cores, || builder.build(http.clone())),
            own: PerCore::new(cores, || h1::Client::new(instances, connect_timeout)),
        }));
    }
    let https = hyper_rustls::HttpsConnectorBuilder::new()
        .with_native_roots()?
        .https_or_http()
        .enable_http1()
        .wrap_connector(http);
    Ok(Box::new(Tls(PerCore::new(cores, || {
        builder.build(https.clone())
    }))))
}

struct Plain {
    /// What is sent comes from a client.
    streams: PerCore<Client<Connector, Body>>,
    /// What is sent has no body, or all of it is there.
    own: PerCore<h1::Client>,
}

struct Tls(PerCore<Client<HttpsConnector<Connector>, Body>>);

impl Transport for Plain {
    fn send(&self, mut request: Request<Body>, limit: u64) -> Sending<'_> {
        Hears::through_hyper(&mut request);
        let sending = self.streams.mine().request(request);
        Box::pin(async move { answer(sending.await, limit) })
    }

    fn ask(&self, request: Request<()>) -> Sending<'_> {
        let request = request.map(|()| Bytes::new());
        Box::pin(self.own.mine().ask(request))
    }

    fn fetch(&self, request: Request<Bytes>, limit: u64) -> Fetching<'_> {
        Box::pin(self.own.mine().fetch(request, limit))
    }
}

impl Transport for Tls {
    fn send(&self, mut request: Request<Body>, limit: u64) -> Sending<'_> {
        Hears::through_hyper(&mut request);
        let sending = self.0.mine().request(request);
        Box::pin(async move { answer(sending.await, limit) })
    }
}

fn answer(
    answer: Result<Response<hyper::body::Incoming>, Error>,
    limit: u64,
) -> Result<Response<Body>, Broken> {
    match answer {
        Ok(response) => Ok(response.map(|body| Body::stream(body, limit))),
        Err(error) => {
            let kind = if error.is_connect() {
                BrokenKind::Connect
            } else if comes_from::<TooLarge>(&error) {
                BrokenKind::TooLarge
            } else if comes_from::<TooSlow>(&error) {
                BrokenKind::Slow
            } else if comes_from::<Unreadable>(&error) {
                BrokenKind::Client
            } else {
                BrokenKind::Wire
            };
            Err(Broken::new(kind, &error))
        }
    }
}

/// Whether an error of this type is at the bottom of another.
fn comes_from<E: std::error::Error + 'static>(error: &dyn std::error::Error) -> bool {
    let mut source = error.source();
    while let Some(error) = source {
        if error.is::<E>() {
            return true;
        }
        source = error.source();
    }
    false
}
