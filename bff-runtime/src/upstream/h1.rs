//! HTTP/1.1 on plain connections of our own: one request with its whole body out, one answer in, whole or as it comes.
//!
//! The task that asks writes and reads by itself: no task for each connection, no channel between, and an answer's body
//! is read straight into the memory it stays in. What is dropped half-way closes its connection.
//!
//! A connection is kept only if the answer on it was read exactly to its end and left no doubt where that is
//! (RFC 9112, 6.3). What never happens here: an answer in doubt is taken, a write is sent twice.

mod answer;
mod chunked;
mod connection;
mod download;
mod head;
mod pool;

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzz;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::uri::Authority;
use http::{Method, Request, Response};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout_at};

use self::connection::{Begun, Connection};
pub(crate) use self::download::Download;
use self::head::Framing;
use self::pool::Pool;
use super::headers::Headers;
use super::transport::{Broken, BrokenKind};
use super::{Fetched, Instance};
use crate::body::Body;

/// The port of `http` (RFC 9110, 4.2.1).
const PORT: u16 = 80;

/// Asks an upstream's instances.
pub(super) struct Client {
    pools: Vec<(Authority, Arc<Pool>)>,
    connect_timeout: Duration,
}

/// How an exchange went wrong.
#[derive(Debug)]
pub(crate) enum Fault {
    /// Nothing of an answer came.
    Unheard(io::Error),
    /// The connection broke before the answer was whole.
    Cut(io::Error),
    /// What came is no HTTP/1.1, or leaves in doubt where it ends.
    Malformed(&'static str),
    /// The body is larger than allowed.
    TooLarge,
}

impl Client {
    /// Knows all instances, connects to none.
    pub(super) fn new(instances: &[Instance], connect_timeout: Duration) -> Client {
        let pool = |instance: &Instance| (instance.authority.clone(), Arc::default());
        Client {
            pools: instances.iter().map(pool).collect(),
            connect_timeout,
        }
    }

    /// Sends one request and reads its answer, whose body may have `limit` bytes.
    pub(super) async fn fetch(
        &self,
        request: Request<Bytes>,
        limit: u64,
    ) -> Result<Fetched, Broken> {
        self.exchange(Fetch { request, limit }).await
    }

    /// Sends one request and gives its answer's head, and its body as it comes.
    pub(super) async fn ask(&self, request: Request<Bytes>) -> Result<Response<Body>, Broken> {
        self.exchange(Ask { request }).await
    }

    /// Makes an exchange over a kept connection, or a new one.
    ///
    /// A kept connection that turns out closed before any byte of an answer came says nothing of the request: a safe
    /// one is sent once more, on a new connection (RFC 9110, 9.2.2).
    async fn exchange<E: Exchange>(&self, exchange: E) -> Result<E::Answer, Broken> {
        let request = exchange.request();
        let authority = request.uri().authority();
        let pool = self
            .pools
            .iter()
            .find(|(known, _)| Some(known) == authority);
        let (authority, pool) = pool.ok_or_else(|| {
            let error = io::Error::other("the request goes to no instance of this upstream");
            Broken::new(BrokenKind::Connect, &error)
        })?;
        let safe = request.method().is_safe();
        if let Some(connection) = pool.take(!safe) {
            match exchange.over(connection, pool).await {
                Err(Fault::Unheard(_)) if safe => {}
                other => return other.map_err(Broken::from),
            }
        }
        let stream = connect(authority, self.connect_timeout)
            .await
            .map_err(|error| Broken::new(BrokenKind::Connect, &error))?;
        exchange
            .over(Connection::new(stream), pool)
            .await
            .map_err(Broken::from)
    }
}

/// A request, and what is made of its answer.
trait Exchange {
    /// What is made of it.
    type Answer;

    fn request(&self) -> &Request<Bytes>;

    /// Over this connection, which goes to the pool if it can serve again.
    fn over(
        &self,
        connection: Connection,
        pool: &Arc<Pool>,
    ) -> impl Future<Output = Result<Self::Answer, Fault>> + Send;
}

/// The answer is read whole.
struct Fetch {
    request: Request<Bytes>,
    limit: u64,
}

impl Exchange for Fetch {
    type Answer = Fetched;

    fn request(&self) -> &Request<Bytes> {
        &self.request
    }

    async fn over(&self, mut connection: Connection, pool: &Arc<Pool>) -> Result<Fetched, Fault> {
        let answer = connection.exchange(&self.request, self.limit).await?;
        if answer.reusable {
            Pool::put(pool, connection);
        }
        Ok(Fetched {
            status: answer.status,
            headers: Headers::Raw(answer.head),
            body: answer.body,
        })
    }
}

/// The answer's body is left to whoever passes it on.
struct Ask {
    request: Request<Bytes>,
}

impl Exchange for Ask {
    type Answer = Response<Body>;

    fn request(&self) -> &Request<Bytes> {
        &self.request
    }

    async fn over(
        &self,
        mut connection: Connection,
        pool: &Arc<Pool>,
    ) -> Result<Response<Body>, Fault> {
        let begun = connection.begin(&self.request).await?;
        let mut response = Response::new(Body::Empty);
        *response.status_mut() = begun.head.status;
        *response.headers_mut() = head::headers(&begun.raw);
        *response.body_mut() = body(begun, self.request.method(), connection, pool);
        Ok(response)
    }
}

/// The body of an answer that has begun. What came whole along with the head is whole, and its connection is free.
fn body(begun: Begun, method: &Method, connection: Connection, pool: &Arc<Pool>) -> Body {
    let Begun { head, mut body, .. } = begun;
    let (whole, certain) = match head.framing {
        _ if answer::is_bodiless(method, head.status) => (0, answer::ends_with_head(&head)),
        Framing::Length(length) => match usize::try_from(length) {
            Ok(length) if length <= body.len() => (length, true),
            _ => return Body::download(Download::new(connection, pool, &head, body)),
        },
        Framing::Chunked | Framing::UntilClose => {
            return Body::download(Download::new(connection, pool, &head, body));
        }
    };
    let whole = body.split_to(whole);
    if certain && head.persistent && body.is_empty() {
        Pool::put(pool, connection);
    }
    Body::full(whole)
}

/// Connects to the first address that answers; each gets an equal share of the time that is left.
async fn connect(authority: &Authority, within: Duration) -> io::Result<TcpStream> {
    let deadline = Instant::now() + within;
    let late = || io::Error::new(io::ErrorKind::TimedOut, "no connection in time");
    let host = authority.host();
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let place = (bare.unwrap_or(host), authority.port_u16().unwrap_or(PORT));
    let found = timeout_at(deadline, lookup_host(place)).await;
    let addresses: Vec<_> = found.unwrap_or_else(|_| Err(late()))?.collect();
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for (tried, address) in addresses.iter().enumerate() {
        let now = Instant::now();
        let left = u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        let share = now + deadline.saturating_duration_since(now) / left;
        match timeout_at(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Ok(Err(error)) => failed = error,
            Err(_) => failed = late(),
        }
    }
    Err(failed)
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Unheard(_) => f.write_str("the connection ended without an answer"),
            Fault::Cut(_) => f.write_str("the connection ended within the answer"),
            Fault::Malformed(what) => f.write_str(what),
            Fault::TooLarge => crate::body::TooLarge.fmt(f),
        }
    }
}

impl std::error::Error for Fault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Fault::Unheard(error) | Fault::Cut(error) => Some(error),
            Fault::Malformed(_) | Fault::TooLarge => None,
        }
    }
}

impl From<Fault> for Broken {
    fn from(fault: Fault) -> Broken {
        let kind = match fault {
            Fault::Unheard(_) | Fault::Cut(_) | Fault::Malformed(_) => BrokenKind::Wire,
            Fault::TooLarge => BrokenKind::TooLarge,
        };
        Broken::new(kind, &fault)
    }
}
