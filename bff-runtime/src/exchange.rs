//! One request on its way through an endpoint.
//!
//! Generated code gets an [`Exchange`] and gives back a [`Reply`] or a [`Failure`]; what lies in between are the calls
//! of its plan, or a pass-through. Everything here is the request's own: nothing is shared with another.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use bff_json::Tape;
use http::request::Parts;
use http::{HeaderValue, Response};
use hyper::body::Incoming;
use tokio::time::Instant;

use crate::answer::Answers;
use crate::auth::Principal;
use crate::body::Body;
use crate::failure::Failure;
use crate::plan::{Plan, Proxy, Route, Stream};
use crate::server::App;
use crate::trace::Trace;
use crate::{engine, proxy};

/// What a generated function returns.
pub type Answering = Pin<Box<dyn Future<Output = Result<Reply, Failure>> + Send>>;

/// A generated function, as the table of routes holds it.
pub type Handler = fn(Exchange) -> Answering;

/// One request on its way through an endpoint.
#[derive(Debug)]
pub struct Exchange(pub(crate) Box<Request>);

/// A request that passed the policy stack.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) app: Arc<App>,
    pub(crate) route: &'static Route,
    pub(crate) head: Parts,
    pub(crate) peer: SocketAddr,
    pub(crate) id: HeaderValue,
    pub(crate) trace: Trace,
    pub(crate) deadline: Instant,
    pub(crate) principal: Option<Principal>,
    /// The path's segments, decoded: kept only for pass-through.
    pub(crate) segments: Vec<String>,
    /// Inputs, claims, body.
    pub(crate) tapes: Vec<Tape>,
    /// The body, where it is passed through.
    pub(crate) incoming: Option<Incoming>,
}

impl Request {
    /// The principal's own token.
    pub(crate) fn token(&self) -> Option<&HeaderValue> {
        self.principal.as_ref()?.token.as_ref()
    }
}

/// What the frontend gets.
#[derive(Debug)]
pub struct Reply(pub(crate) Response<Body>);

impl Exchange {
    /// The endpoint's route, as the table has it.
    #[must_use]
    pub fn route(&self) -> &'static Route {
        self.0.route
    }

    /// Makes the calls of a plan, each as soon as what it needs is there.
    ///
    /// # Errors
    /// The first required call that failed, a `require` that doesn't hold, or the end of the endpoint's time.
    pub async fn run(self, plan: &'static Plan) -> Result<Answers, Failure> {
        engine::run(self.0, plan).await
    }

    /// Passes the request on, and the answer back, without gathering either.
    ///
    /// # Errors
    /// If the upstream has no such route or method, or can't be reached in time.
    pub async fn proxy(self, proxy: &'static Proxy) -> Result<Reply, Failure> {
        proxy::pass(self.0, proxy).await
    }

    /// Passes the request on to one operation, and the answer back, without gathering either.
    ///
    /// # Errors
    /// If the body isn't one the operation takes, or the upstream can't be reached in time.
    pub async fn stream(self, stream: &'static Stream) -> Result<Reply, Failure> {
        proxy::stream(self.0, stream).await
    }
}
