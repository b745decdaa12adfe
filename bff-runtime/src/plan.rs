//! The tables a generated gateway is made of, and nothing that runs.
//!
//! Generated code fills them in as statics; the rest of this crate reads them. Tapes are numbered as
//! [`bff_json::template`] says: 0 inputs, 1 claims, 2 body, 3 and up the calls in order of declaration.

mod build;

use std::time::Duration;

use bff_json::{Block, Condition, Path, Shape, Slot, Template};

use crate::auth::Scheme;
use crate::exchange::Handler;
pub use crate::limit::Charge;
pub use crate::tls::Terminator;

/// The version of these tables. Generated code compares it in a const, so that a generator and a runtime that don't
/// fit fail to compile, in words.
pub const VERSION: u32 = 3;

/// The tape of path, query, header and cookie inputs.
pub const INPUTS: u8 = 0;
/// The tape of the principal's claims.
pub const CLAIMS: u8 = 1;
/// The tape of the client's body.
pub const BODY: u8 = 2;
/// The tape of the first call.
pub const CALLS: u8 = 3;

/// A whole gateway.
#[derive(Debug)]
pub struct Bff {
    /// The frontend's name: `web`.
    pub name: &'static str,
    /// The spec it was generated from, relative to its workspace: `specs/web.yaml`.
    pub spec: &'static str,
    /// Every variable the spec names.
    pub variables: &'static [Variable],
    /// Every upstream an endpoint uses.
    pub upstreams: &'static [&'static Upstream],
    /// Every scheme an endpoint uses.
    pub schemes: &'static [&'static dyn Scheme],
    /// Every endpoint, in the spec's order.
    pub routes: &'static [Route],
    /// The `server` settings.
    pub server: Server,
    /// The OpenAPI document of what the frontend sees, as YAML.
    pub openapi: &'static str,
}

/// The `server` settings.
#[derive(Debug)]
pub struct Server {
    /// Whether inputs that no endpoint names are refused.
    pub strict: bool,
    /// Bytes of a request's body, unless the endpoint says otherwise.
    pub body_limit: u64,
    /// How many proxies of our own stand in front, each of which appends to `x-forwarded-for`.
    pub trusted_proxies: u8,
    /// The bounds of the public port.
    pub listener: Listener,
    /// What ends TLS at the public port; without it HTTP is spoken in the clear.
    pub tls: Option<&'static dyn Terminator>,
}

/// How much, how long and how many at the public port. `ARCHITECTURE.md` says why the usual is what it is.
#[derive(Debug, Clone, Copy)]
pub struct Listener {
    /// Bytes of a request's head.
    pub head_size: u32,
    /// Headers of a request.
    pub head_count: u32,
    /// For a TLS handshake.
    pub handshake: Duration,
    /// From a connection's start, or the first byte of a further request, to the end of the request's head.
    pub header: Duration,
    /// How long is waited for more of a request's body.
    pub body: Duration,
    /// How long is waited for a client to take more of an answer.
    pub write: Duration,
    /// From an answer to the next request.
    pub idle: Duration,
    /// Bytes a second that a client must send or take in the long run; 0 is none.
    pub min_rate: u32,
    /// Connections.
    pub max: u32,
    /// Connections of one address; 0 is any number.
    pub per_address: u32,
    /// Requests at once on an HTTP/2 connection.
    pub streams: u32,
    /// Requests a second that an HTTP/2 connection may take back.
    pub resets: u32,
}

/// An environment variable, or a file.
#[derive(Debug)]
pub struct Variable {
    /// `ORDERS_URL`
    pub name: &'static str,
    /// What stands in for it when it is not set.
    pub default: Option<&'static str>,
    /// Whether its value must not be shown.
    pub secret: bool,
}

/// A text with variables in it, read when the binary starts.
#[derive(Debug)]
pub struct Text(pub &'static [Part]);

/// A part of a [`Text`].
#[derive(Debug)]
pub enum Part {
    /// As it stands.
    Literal(&'static str),
    /// `${NAME}` or `${NAME:-default}`
    Variable(&'static str, Option<&'static str>),
    /// `${file:PATH}`: the file's content, without a trailing newline; read again when it changes.
    File(&'static str),
}

/// A service behind the gateway.
#[derive(Debug)]
pub struct Upstream {
    /// Its name in the spec.
    pub name: &'static str,
    /// Its base URL; a comma-separated list is several instances.
    pub url: Text,
    /// For one call, from start to the body's last byte.
    pub timeout: Duration,
    /// For a connection to be made.
    pub connect_timeout: Duration,
    /// How many attempts may be repeated ones, in percent of the calls that may be repeated.
    pub retry_budget: u8,
    /// Headers sent with each call.
    pub headers: &'static [(&'static str, Text)],
    /// What tells the upstream who asks.
    pub identity: Identity,
    /// Bytes of an answer's body.
    pub body_limit: u64,
    /// Whether a breach of contract fails the call.
    pub strict: bool,
}

/// What tells an upstream who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// Nothing.
    None,
    /// The user's own verified token, as `authorization`.
    Forward,
}

/// One operation of an upstream.
#[derive(Debug)]
pub struct Operation {
    /// The upstream.
    pub upstream: &'static Upstream,
    /// Its id in the contract, or `METHOD /route`.
    pub id: &'static str,
    /// Its method, in capitals.
    pub method: &'static str,
    /// Its path below the upstream's URL, in parts: literals include their slashes.
    pub path: &'static [PathPart],
}

/// A part of an operation's path.
#[derive(Debug)]
pub enum PathPart {
    /// As it stands, already percent-encoded: `/users/`.
    Literal(&'static str),
    /// The path argument of this name.
    Argument(&'static str),
}

/// One endpoint: how a request gets there, what it must bring, what answers it.
#[derive(Debug)]
pub struct Route {
    /// The method in capitals; `None` is `ANY`.
    pub method: Option<&'static str>,
    /// The path, with the base, as the spec writes it: `/api/orders/{id}`. Its label in logs and metrics.
    pub pattern: &'static str,
    /// The path's segments.
    pub segments: &'static [Segment],
    /// A header or query value that chooses this endpoint among those of the same method and path.
    pub when: Option<Choice>,
    /// Who may ask, and within which bounds.
    pub policies: Policies,
    /// Path, query, header and cookie inputs.
    pub inputs: Inputs,
    /// The request's JSON body.
    pub body: Option<&'static BodyInput>,
    /// Whether it passes through: query, headers and body are the upstream's to judge.
    pub passes: bool,
    /// The generated function.
    pub handler: Handler,
}

/// A segment of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Segment {
    /// These bytes, decoded.
    Literal(&'static str),
    /// Any one segment, by this name.
    Parameter(&'static str),
    /// All that is left, perhaps nothing.
    Rest,
}

/// `when header.x-app = "2"`
#[derive(Debug)]
pub struct Choice {
    /// Where to look: only [`Place::Query`] and [`Place::Header`].
    pub place: Place,
    /// The name of the header or parameter.
    pub name: &'static str,
    /// The value it must have.
    pub equals: &'static str,
}

/// Who may ask, and within which bounds.
#[derive(Debug)]
pub struct Policies {
    /// Any of these; empty is `none`.
    pub auth: &'static [&'static dyn Scheme],
    /// All of these scopes (`scope` or `scp`).
    pub scopes: &'static [&'static str],
    /// Any of these roles (`roles`); empty asks for none.
    pub roles: &'static [&'static str],
    /// Clauses that read inputs and claims alone are decided before any call.
    pub require: &'static [Clause],
    /// How often; all of these.
    pub limits: &'static [Charge],
    /// Headers of every answer, whatever it is: names in lower case.
    pub headers: &'static [(&'static str, &'static str)],
    /// From the request's head to the answer's last byte (for pass-through: its head).
    pub timeout: Duration,
    /// Bytes of the request's body.
    pub body_limit: u64,
}

/// One condition of `require`.
#[derive(Debug)]
pub struct Clause {
    /// As the spec writes it, for the log.
    pub text: &'static str,
    /// What must hold.
    pub condition: Condition,
    /// The calls it reads, as bits by order of declaration. None: refused is 403, else 404.
    pub reads: u64,
}

/// Where an input or argument stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the path.
    Path,
    /// In the query.
    Query,
    /// A header.
    Header,
    /// A cookie.
    Cookie,
}

/// The inputs of an endpoint.
#[derive(Debug)]
pub struct Inputs {
    /// The width of their tape's frame.
    pub width: Slot,
    /// Each of them.
    pub items: &'static [Input],
}

/// One input.
#[derive(Debug)]
pub struct Input {
    /// Where it stands.
    pub place: Place,
    /// Its name, as the client writes it.
    pub name: &'static str,
    /// Its slot in the inputs' frame. A list's slot leads to frames of one slot.
    pub slot: Slot,
    /// What it must be.
    pub rules: Rules,
    /// Whether it is a list: repeated in a query, separated by commas elsewhere.
    pub list: Option<ListRules>,
    /// Whether it must be there.
    pub required: bool,
    /// JSON text that stands in for it.
    pub default: Option<&'static str>,
}

/// What a list must be.
#[derive(Debug, Clone, Copy)]
pub struct ListRules {
    /// At least so many.
    pub min: Option<u32>,
    /// At most so many.
    pub max: Option<u32>,
}

/// What a scalar must be.
#[derive(Debug)]
pub struct Rules {
    /// Its kind.
    pub kind: Scalar,
    /// One of these, as text.
    pub one_of: &'static [&'static str],
    /// At least this.
    pub minimum: Option<Bound>,
    /// At most this.
    pub maximum: Option<Bound>,
    /// At least so many characters.
    pub min_length: Option<u32>,
    /// At most so many characters.
    pub max_length: Option<u32>,
    /// A regular expression it must match.
    pub pattern: Option<Pattern>,
    /// A format it must have.
    pub format: Option<Format>,
}

impl Rules {
    /// Only a kind.
    #[must_use]
    pub const fn of(kind: Scalar) -> Rules {
        Rules {
            kind,
            one_of: &[],
            minimum: None,
            maximum: None,
            min_length: None,
            max_length: None,
            pattern: None,
            format: None,
        }
    }
}

/// The kind of a scalar input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalar {
    /// `true` or `false`
    Boolean,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// Text.
    String,
    /// Any scalar (only in bodies).
    Any,
}

/// A numeric bound.
#[derive(Debug, Clone, Copy)]
pub struct Bound {
    /// The value.
    pub value: f64,
    /// Whether the value itself is out of bounds.
    pub exclusive: bool,
}

/// A regular expression, and the function that compiles it: only a gateway that names one links the engine.
#[derive(Debug, Clone, Copy)]
pub struct Pattern {
    /// As the contract writes it.
    pub source: &'static str,
    /// Compiles it.
    pub compile: fn(&str) -> Option<crate::input::Matcher>,
}

/// A format an input is checked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RFC 9562
    Uuid,
    /// RFC 3339 `full-date`
    Date,
    /// RFC 3339 `date-time`
    DateTime,
    /// Fits 32 bits, signed.
    Int32,
    /// Fits 64 bits, signed.
    Int64,
}

/// The client's JSON body.
#[derive(Debug)]
pub struct BodyInput {
    /// What to capture of it.
    pub shape: &'static Shape,
    /// Whether there must be one.
    pub required: bool,
    /// What its root must be.
    pub root: BodyRule,
}

/// What a value in the body must be.
#[derive(Debug)]
pub enum BodyRule {
    /// Whatever it is.
    Any,
    /// A scalar.
    Scalar {
        /// Its slot.
        slot: Slot,
        /// The rules.
        rules: Rules,
        /// Whether `null` will do.
        nullable: bool,
    },
    /// An object with these fields.
    Object {
        /// The slot that says it is there; `None` at the root.
        slot: Option<Slot>,
        /// Its fields, in the same frame.
        fields: &'static [BodyField],
        /// Whether `null` will do.
        nullable: bool,
    },
    /// An object whose fields beside these have names of the client's choosing.
    Map {
        /// The slot that says it is there; `None` at the root.
        slot: Option<Slot>,
        /// The fields it names, in the same frame.
        fields: &'static [BodyField],
        /// The slot that leads to its entries; `None` where each may be whatever it is.
        entries: Option<Slot>,
        /// What the value of each entry must be, in a frame of its own.
        element: &'static BodyRule,
        /// Whether `null` will do.
        nullable: bool,
    },
    /// A list whose elements have frames of their own.
    List {
        /// The slot that leads to them.
        slot: Slot,
        /// How many there may be.
        rules: ListRules,
        /// What each must be.
        element: &'static BodyRule,
        /// Whether `null` will do.
        nullable: bool,
    },
}

/// A field of an object in the body.
#[derive(Debug)]
pub struct BodyField {
    /// Its name.
    pub name: &'static str,
    /// Whether it must be there.
    pub required: bool,
    /// What it must be.
    pub rule: BodyRule,
}

/// The calls of an endpoint.
#[derive(Debug)]
pub struct Plan {
    /// In order of declaration; at most 64.
    pub calls: &'static [Call],
    /// All of `require` that reads calls.
    pub require: &'static [Clause],
    /// What is answered when all went well.
    pub answer: Answer,
}

/// What is answered when all went well.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Headers.
    pub headers: &'static [(&'static str, HeaderValue)],
    /// The body; none is an empty answer.
    pub body: Option<&'static Template>,
}

/// The value of a header of the answer.
#[derive(Debug)]
pub enum HeaderValue {
    /// As it stands.
    Literal(&'static str),
    /// What a path gives; null leaves the header out.
    Path(Path),
    /// What a path gives, or else this text.
    Or(Path, &'static str),
    /// What a path gives; null breaks a promise.
    Promised(Path),
}

/// One call of an endpoint.
#[derive(Debug)]
pub struct Call {
    /// Its name in the spec.
    pub name: &'static str,
    /// What it calls.
    pub operation: &'static Operation,
    /// Whether the endpoint survives without it.
    pub optional: bool,
    /// The calls whose values it reads, as bits by order of declaration.
    pub needs: u64,
    /// Calls that must have succeeded before it starts (`after`, and for a write all required calls that don't depend on it).
    pub after: u64,
    /// Whether it changes something: then it waits for every clause that can be decided, is sent once and never cancelled.
    pub write: bool,
    /// Its arguments.
    pub arguments: &'static [Argument],
    /// Its body.
    pub body: Option<CallBody>,
    /// How many requests it makes.
    pub fan: Fan,
    /// It is made only if this holds; else it is absent.
    pub when: Option<Condition>,
    /// Its own bound, from its start to its answer's last byte; else the upstream's.
    pub timeout: Option<Duration>,
    /// How many attempts may follow the first, within its time. Of a write only if `idempotency-key` goes along.
    pub retry: u8,
    /// What to capture of its answer; `None` when nothing reads the body.
    pub shape: Option<&'static Shape>,
    /// Statuses of 2xx that the contract documents without a body: then its value is null. Of any other an empty body is a
    /// broken answer.
    pub bodiless: &'static [(u16, u16)],
    /// Response headers to capture as text, each into a slot of the root frame.
    pub headers: &'static [(&'static str, Slot)],
    /// What its error answers mean.
    pub errors: &'static [ErrorRule],
    /// Whether the client's input reaches it: then its 400 is the client's.
    pub client_input: bool,
    /// Whether an argument is the client's (`path`, `query` or `body`): then its 404 is the endpoint's.
    pub client_argument: bool,
}

/// How many requests a call makes.
#[derive(Debug, Clone, Copy)]
pub enum Fan {
    /// One. With `list_argument`: none, if that argument's list, read from calls, has nothing left in it.
    One {
        /// The argument.
        list_argument: Option<u8>,
        /// Whether the answer is a list, so that the value of a call not made is `[]`.
        list_answer: bool,
    },
    /// As many as it takes for no list to be longer than `items`; their answers are one list.
    Split {
        /// The argument whose list is split.
        argument: u8,
        /// The most values in one request.
        items: u32,
        /// How many at a time.
        parallel: u16,
        /// How many requests in all.
        max: u32,
        /// Whether the answers are lists. If not, a list too long fails the call unsent.
        list_answer: bool,
    },
    /// One per distinct value, in first-seen order: `each`.
    Each {
        /// The argument.
        argument: u8,
        /// How many at a time.
        parallel: u16,
        /// How many in all; more fails the call before the first.
        max: u32,
    },
}

/// An argument of a call.
#[derive(Debug)]
pub struct Argument {
    /// Where it goes.
    pub place: Place,
    /// The parameter's name.
    pub name: &'static str,
    /// What it is.
    pub value: Value,
    /// How a list is written.
    pub style: Style,
    /// Whether the parameter is required: then null means the call isn't made (optional call) or a broken contract.
    pub required: bool,
}

/// What an argument is.
#[derive(Debug)]
pub enum Value {
    /// JSON text of a scalar.
    Literal(&'static str),
    /// What a path gives; `default` (JSON text) stands in for null and absent.
    Path {
        /// The path.
        path: Path,
        /// JSON text.
        default: Option<&'static str>,
    },
    /// A list.
    List(&'static [Value]),
}

/// How a list is written (OpenAPI's `style` and `explode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// `a=1&a=2` (`form`, exploded); in a path or header, as [`Style::Comma`].
    Repeat,
    /// `a=1,2` (`form`, `simple`)
    Comma,
    /// `a=1%202` (`spaceDelimited`)
    Space,
    /// `a=1|2` (`pipeDelimited`)
    Pipe,
}

impl Style {
    /// What stands between two elements, encoded; none if each has the name before it.
    pub(crate) fn between(self) -> Option<&'static str> {
        match self {
            Style::Repeat => None,
            Style::Comma => Some(","),
            Style::Space => Some("%20"),
            Style::Pipe => Some("%7C"),
        }
    }
}

/// The body of a call.
#[derive(Debug)]
pub struct CallBody {
    /// Its media type.
    pub media: &'static str,
    /// How it is written.
    pub value: BodyValue,
}

/// How the body of a call is written.
#[derive(Debug)]
pub enum BodyValue {
    /// As JSON.
    Json(&'static Template),
    /// As a form (`application/x-www-form-urlencoded`): the fields of an object.
    Form(&'static Block),
    /// The same, where lists of these fields aren't repeated.
    FormWith(&'static Block, &'static [(&'static str, Style)]),
}

/// What an error answer of a call means.
#[derive(Debug)]
pub struct ErrorRule {
    /// The statuses: `404..=404`, `400..=499`.
    pub first: u16,
    /// See `first`.
    pub last: u16,
    /// What they mean.
    pub then: ErrorAction,
}

/// What an error answer means.
#[derive(Debug)]
pub enum ErrorAction {
    /// The call's value is null, and that is not partial.
    Absent,
    /// The endpoint fails with the same status.
    Pass,
    /// The same, and this much of the error's body joins the problem.
    Select {
        /// What to capture of it.
        shape: &'static Shape,
        /// What is written; evaluated with the error's tape as number 0. An object whose fields join the problem.
        template: &'static Template,
    },
}

/// Pass-through of one operation.
#[derive(Debug)]
pub struct Stream {
    /// What it calls: of this its operation and arguments count.
    pub call: Call,
    /// The media types the request's body may have; none: it has no body.
    pub media: &'static [&'static str],
    /// Whether there must be a body.
    pub required: bool,
}

/// A pass-through endpoint.
#[derive(Debug)]
pub struct Proxy {
    /// Where it goes.
    pub upstream: &'static Upstream,
    /// Methods that pass; empty is all.
    pub allow: &'static [&'static str],
    /// The routes the contract documents, below the upstream's URL; `None` passes undocumented ones too.
    pub documented: Option<&'static [(&'static str, &'static [Segment])]>,
}
