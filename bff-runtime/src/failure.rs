//! What can go wrong with a request, and the one table that turns it into HTTP.
//!
//! A [`Failure`] says what happened, whose fault it is and whether asking again is safe. [`Kind::status`] is the
//! "Failures" table. What a failure shows is chosen here and in [`crate::problem`]: of an upstream its name in the
//! spec and what `errors` selects, never a body, a host or a stack; those go to the log through [`Failure::cause`].

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use http::{HeaderValue, StatusCode};

use crate::plan::Place;

/// What records say where nobody is left to be answered; no RFC has a status for it.
static LEFT: LazyLock<StatusCode> =
    LazyLock::new(|| StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST));

/// Why a request is not answered as its endpoint promises.
#[derive(Debug)]
pub struct Failure(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    upstream: Option<&'static str>,
    detail: Cow<'static, str>,
    faults: Vec<InputFault>,
    members: Option<Vec<u8>>,
    header: Option<(http::HeaderName, HeaderValue)>,
    cause: Option<String>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request can't be read: its path, its framing.
    Malformed,
    /// A request whose head says what is not done here: too much, in another version, with another expectation.
    Refused(StatusCode),
    /// Inputs that are not what the endpoint asks for.
    Input,
    /// No, or no valid, credentials.
    Unauthenticated,
    /// Credentials that don't suffice.
    Forbidden,
    /// More than a limit allows.
    Limited,
    /// No such thing, or not this client's.
    NotFound,
    /// A method the path doesn't have.
    Method,
    /// The client closed its connection before it had an answer; the status is for the records alone.
    Left,
    /// The client was too slow with its body.
    SlowClient,
    /// A body larger than the endpoint takes.
    TooLarge,
    /// A body of another type.
    MediaType,
    /// An upstream's own answer, passed on: a write's conflict, or what `errors` lets through.
    Passed(StatusCode),
    /// An upstream that asks for less traffic.
    Throttled,
    /// An upstream that answered with an error, or not as its contract says, or not at all.
    Upstream,
    /// Time ran out while an upstream was asked.
    Timeout,
    /// Something needed to decide can't be had just now.
    Unavailable,
    /// The gateway's own.
    Gateway,
}

/// Whose fault a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Who asked.
    Client,
    /// Who was asked.
    Upstream,
    /// The gateway.
    Gateway,
}

impl Fault {
    /// As a label.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Fault::Client => "client",
            Fault::Upstream => "upstream",
            Fault::Gateway => "gateway",
        }
    }
}

impl Kind {
    /// The status the frontend sees.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Kind::Malformed | Kind::Input => StatusCode::BAD_REQUEST,
            Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
            Kind::Forbidden => StatusCode::FORBIDDEN,
            Kind::Limited => StatusCode::TOO_MANY_REQUESTS,
            Kind::NotFound => StatusCode::NOT_FOUND,
            Kind::Method => StatusCode::METHOD_NOT_ALLOWED,
            Kind::Left => *LEFT,
            Kind::SlowClient => StatusCode::REQUEST_TIMEOUT,
            Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Kind::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Kind::Passed(status) | Kind::Refused(status) => status,
            Kind::Throttled | Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Kind::Upstream => StatusCode::BAD_GATEWAY,
            Kind::Timeout => StatusCode::GATEWAY_TIMEOUT,
            Kind::Gateway => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Whose fault it is.
    #[must_use]
    pub fn fault(self) -> Fault {
        match self {
            Kind::Throttled | Kind::Upstream | Kind::Timeout => Fault::Upstream,
            Kind::Passed(status) if status.is_server_error() => Fault::Upstream,
            Kind::Unavailable | Kind::Gateway => Fault::Gateway,
            _ => Fault::Client,
        }
    }

    /// Whether the same request may be sent again with hope and without harm, whatever it does.
    #[must_use]
    pub fn retry_is_safe(self) -> bool {
        matches!(self, Kind::Limited | Kind::Throttled | Kind::Unavailable)
    }
}

/// One thing wrong with an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFault {
    /// `path`, `query`, `header`, `cookie` or `body`.
    pub place: &'static str,
    /// Its name; in a body the way to it: `items[2].qty`.
    pub name: String,
    /// What is wrong, in words.
    pub detail: String,
}

impl InputFault {
    /// A fault of an input outside the body.
    #[must_use]
    pub fn at(place: Place, name: &str, detail: impl Into<String>) -> InputFault {
        let place = match place {
            Place::Path => "path",
            Place::Query => "query",
            Place::Header => "header",
            Place::Cookie => "cookie",
        };
        InputFault {
            place,
            name: name.to_owned(),
            detail: detail.into(),
        }
    }
}

/// What a missing thing and one that isn't the client's have in common: nobody can tell them apart.
const NOT_FOUND: &str = "There is no such thing here.";

impl Failure {
    /// A failure of a kind, with words for the frontend.
    #[must_use]
    pub fn new(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Failure {
        Failure(Box::new(Inner {
            kind,
            upstream: None,
            detail: detail.into(),
            faults: Vec::new(),
            members: None,
            header: None,
            cause: None,
        }))
    }

    /// 404, in the same words whatever the reason.
    #[must_use]
    pub fn not_found() -> Failure {
        Failure::new(Kind::NotFound, NOT_FOUND)
    }

    /// 400 with every fault.
    #[must_use]
    pub fn input(faults: Vec<InputFault>) -> Failure {
        let mut failure = Failure::new(
            Kind::Input,
            "The request holds values this endpoint can't take.",
        );
        failure.0.faults = faults;
        failure
    }

    /// A failure of an upstream, by its name in the spec; `cause` is for the log alone.
    #[must_use]
    pub fn upstream(kind: Kind, upstream: &'static str, cause: impl Into<String>) -> Failure {
        let detail = match kind {
            Kind::Throttled => "A service behind this one asks for less traffic.",
            Kind::Timeout => "A service behind this one did not answer in time.",
            Kind::Passed(_) => "A service behind this one refused the request.",
            _ => "A service behind this one did not answer as it should.",
        };
        let mut failure = Failure::new(kind, detail).because(cause);
        failure.0.upstream = Some(upstream);
        match kind {
            Kind::Throttled => {
                failure.with_header(http::header::RETRY_AFTER, HeaderValue::from_static("1"))
            }
            _ => failure,
        }
    }

    /// With what the log should say beside it.
    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Failure {
        self.0.cause = Some(cause.into());
        self
    }

    /// With a header.
    #[must_use]
    pub fn with_header(mut self, name: http::HeaderName, value: HeaderValue) -> Failure {
        self.0.header = Some((name, value));
        self
    }

    /// With members of an upstream's error that `errors` selects: the JSON text of an object.
    #[must_use]
    pub fn with_members(mut self, members: Vec<u8>) -> Failure {
        self.0.members = Some(members);
        self
    }

    /// What happened.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The status the frontend sees.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.kind.status()
    }

    /// The upstream at fault, by its name in the spec.
    #[must_use]
    pub fn upstream_name(&self) -> Option<&'static str> {
        self.0.upstream
    }

    /// Words for the frontend.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// Each thing wrong with the inputs.
    #[must_use]
    pub fn faults(&self) -> &[InputFault] {
        &self.0.faults
    }

    /// The JSON object whose members join the problem.
    #[must_use]
    pub fn members(&self) -> Option<&[u8]> {
        self.0.members.as_deref()
    }

    /// A header the answer carries.
    #[must_use]
    pub fn header(&self) -> Option<&(http::HeaderName, HeaderValue)> {
        self.0.header.as_ref()
    }

    /// Words for the log alone.
    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}",
            self.status(),
            self.0.cause.as_deref().unwrap_or(&self.0.detail)
        )
    }
}

impl std::error::Error for Failure {}
