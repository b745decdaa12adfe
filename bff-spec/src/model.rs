//! A checked spec: what generators read. Whoever holds a [`Model`] need not check anything again.
//!
//! Every name is resolved, every path typed, passages through lists are explicit steps, `*`, spreads and fragments are
//! expanded. Order is the spec's throughout.

use std::time::Duration;

use crate::contract::{Location, Operation, TypeId, Types, VariantTest};
use crate::diagnostic::Place;

/// One frontend.
#[derive(Debug, Clone)]
pub struct Model {
    /// `bff`: in kebab-case.
    pub name: String,
    /// The spec's path, relative to the workspace.
    pub file: String,
    /// Every file the model was read from, the spec first, contracts included.
    pub files: Vec<String>,
    /// Every type.
    pub types: Types,
    /// Upstreams that an endpoint uses, in order of declaration.
    pub upstreams: Vec<Upstream>,
    /// Schemes that an endpoint uses, in order of declaration.
    pub schemes: Vec<Scheme>,
    /// Limits that an endpoint is under, in order of declaration.
    pub limits: Vec<Limit>,
    /// The one shape of `claims`: an object.
    pub claims: TypeId,
    /// `server`
    pub server: Server,
    /// Every endpoint.
    pub endpoints: Vec<Endpoint>,
}

/// `server`
#[derive(Debug, Clone, Default)]
pub struct Server {
    /// `strict`
    pub strict: bool,
    /// `body_limit`, in bytes.
    pub body_limit: Option<u64>,
    /// `trusted_proxies`: how many proxies of the team's own stand in front.
    pub trusted_proxies: u8,
    /// What is said of the public port.
    pub listener: Listener,
}

/// What `server` says of the public port; what it leaves out is as the runtime has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listener {
    /// `tls`: certificates, the first for names that none is for. Without any there is no TLS.
    pub tls: Vec<Pair>,
    /// `header_limit`: a head's bytes.
    pub head_size: Option<u32>,
    /// `header_limit.count`: a head's headers.
    pub head_count: Option<u32>,
    /// `timeouts.handshake`
    pub handshake: Option<Duration>,
    /// `timeouts.header`
    pub header: Option<Duration>,
    /// `timeouts.body`
    pub body: Option<Duration>,
    /// `timeouts.write`
    pub write: Option<Duration>,
    /// `timeouts.idle`
    pub idle: Option<Duration>,
    /// `timeouts.min_rate`, in bytes a second; 0 is none.
    pub min_rate: Option<u32>,
    /// `connections.max`
    pub max: Option<u32>,
    /// `connections.per_address`; 0 is any number.
    pub per_address: Option<u32>,
    /// `connections.streams`
    pub streams: Option<u32>,
    /// `connections.resets`, a second.
    pub resets: Option<u32>,
}

/// A certificate and its key, each a path, PEM, or a variable that holds one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The certificate, and those it depends on.
    pub cert: Text,
    /// Its private key.
    pub key: Text,
}

/// A text with variables in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    /// Its parts.
    pub parts: Vec<TextPart>,
    /// Whether its value must not be shown.
    pub secret: bool,
}

/// A part of a [`Text`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextPart {
    /// As it stands.
    Literal(String),
    /// `${NAME}` or `${NAME:-default}`
    Variable {
        /// The name.
        name: String,
        /// What stands in for it.
        default: Option<String>,
    },
    /// `${file:PATH}`
    File(String),
}

/// An upstream.
#[derive(Debug, Clone)]
pub struct Upstream {
    /// Its name.
    pub name: String,
    /// Where it is declared.
    pub place: Place,
    /// Its contract's path, relative to the workspace, or its URL.
    pub contract: String,
    /// The paths of what changes it before it is read, in this order.
    pub overlays: Vec<String>,
    /// `url`
    pub url: Text,
    /// `timeout`; 5 s without.
    pub timeout: Duration,
    /// `connect_timeout`; 1 s without.
    pub connect_timeout: Duration,
    /// `retry_budget`: how many attempts may be repeated ones, in percent of the calls that may be; 20 without.
    pub retry_budget: u8,
    /// `headers`, names in lower case.
    pub headers: Vec<(String, Text)>,
    /// `identity`
    pub identity: Identity,
    /// `body_limit`, in bytes; 10 MiB without.
    pub body_limit: u64,
    /// `contract_mode: strict`
    pub strict: bool,
    /// The operations its contract documents: what a `proxy` passes.
    pub documented: Vec<(String, String)>,
    /// Those of [`Upstream::documented`], by place, whose answers may hold what the contract marks as sensitive.
    pub sensitive: Vec<usize>,
}

/// `identity`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// `none`
    None,
    /// `forward`
    Forward,
}

/// An authentication scheme.
#[derive(Debug, Clone)]
pub struct Scheme {
    /// Its name.
    pub name: String,
    /// Where it is declared.
    pub place: Place,
    /// What it is.
    pub kind: SchemeKind,
    /// `claims`: those it declares.
    pub claims: Vec<Claim>,
}

/// What a scheme is.
#[derive(Debug, Clone)]
pub enum SchemeKind {
    /// `jwt`
    Jwt(Jwt),
    /// `api_key`
    ApiKey(ApiKey),
}

impl SchemeKind {
    /// `jwt`, if it is one.
    #[must_use]
    pub fn jwt(&self) -> Option<&Jwt> {
        match self {
            SchemeKind::Jwt(jwt) => Some(jwt),
            SchemeKind::ApiKey(_) => None,
        }
    }
}

/// `api_key`
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// `header`, in lower case; `x-api-key` without.
    pub header: String,
    /// `keys`: a file of hashes.
    pub keys: Text,
}

/// `jwt`
#[derive(Debug, Clone)]
pub struct Jwt {
    /// Where its keys come from.
    pub keys: KeySource,
    /// `audience`: any of these.
    pub audience: Vec<Text>,
    /// `algorithms`; empty: what the keys allow, without HMAC.
    pub algorithms: Vec<String>,
    /// `leeway`; 30 s without.
    pub leeway: Duration,
    /// `required`: claims that must be there.
    pub required: Vec<String>,
}

/// Where keys come from.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// `issuer`: by discovery.
    Issuer(Text),
    /// `jwks`: a URL.
    Jwks(Text),
    /// `key`: a PEM, or a secret for HMAC.
    Key(Text),
}

/// A declared claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: ScalarKind,
    /// `[string]`
    pub list: bool,
    /// Without `?`.
    pub required: bool,
}

/// `limits.X`: where several bounds are set, all hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// Its name.
    pub name: String,
    /// Where it is declared.
    pub place: Place,
    /// `per`; `subject` without.
    pub per: Per,
    /// `rate` and `burst`
    pub rate: Option<Rate>,
    /// `quota`
    pub quota: Option<Quota>,
    /// `concurrency`
    pub concurrency: Option<u32>,
}

/// Who is counted; whoever lacks that identity is counted by address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Per {
    /// `subject`: by the claim `sub`.
    Subject,
    /// `key`: by the API key.
    Key,
    /// `ip`: by address.
    Ip,
    /// `claim(NAME)`
    Claim(String),
    /// `header(NAME)`: the name in lower case.
    Header(String),
    /// `route`: everybody together, each endpoint by itself.
    Route,
    /// `everyone`: everybody together.
    Everyone,
}

/// So many in a time, and so many of them at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// So many …
    pub count: u32,
    /// … in so long.
    pub period: Duration,
    /// `burst`; as many as `count` without.
    pub burst: u32,
}

/// So many in each window of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// So many …
    pub count: u32,
    /// … in so long.
    pub period: Duration,
}

/// A limit that an endpoint is under.
#[derive(Debug, Clone)]
pub struct Charge {
    /// Of [`Model::limits`].
    pub limit: usize,
    /// The claim that says who is counted, if one does.
    pub by: Option<Path>,
    /// `cost`; 1 without.
    pub cost: u32,
}

/// The kind of a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScalarKind {
    /// `true`, `false`
    Boolean,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// Text.
    String,
}

/// One endpoint.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Its key, as the spec writes it: `GET /orders/{id}`.
    pub key: String,
    /// Where its key stands.
    pub place: Place,
    /// In capitals; `None` is `ANY`.
    pub method: Option<String>,
    /// The path with the base: `/api/orders/{id}`.
    pub path: String,
    /// The path's segments.
    pub segments: Vec<Segment>,
    /// `when header.x-app = "2"`
    pub choice: Option<Choice>,
    /// `summary`
    pub summary: Option<String>,
    /// `description`
    pub description: Option<String>,
    /// `tags`
    pub tags: Vec<String>,
    /// `deprecated`
    pub deprecated: Option<Deprecation>,
    /// `auth`: any of these of [`Model::schemes`]; empty is `none`.
    pub auth: Vec<usize>,
    /// `require`
    pub require: Require,
    /// `limit`: all of these.
    pub limits: Vec<Charge>,
    /// `timeout`; 10 s without.
    pub timeout: Duration,
    /// `body_limit`, in bytes; the server's without.
    pub body_limit: Option<u64>,
    /// Path, query, header and cookie inputs.
    pub inputs: Vec<Input>,
    /// The request's JSON body.
    pub body: Option<BodyInput>,
    /// What it does.
    pub work: Work,
}

/// `deprecated`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deprecation {
    /// Whether answers say so.
    pub told: bool,
    /// `since`: midnight of that day (UTC), in seconds since 1970.
    pub since: Option<u64>,
    /// `sunset`: likewise.
    pub sunset: Option<u64>,
    /// `use`: the method, and the path with the base if it is one of this frontend's.
    pub successor: Option<(String, String)>,
}

/// A segment of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// These characters, decoded.
    Literal(String),
    /// `{name}`
    Parameter(String),
    /// `**`
    Rest,
}

/// What chooses an endpoint among those of the same method and path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Header or query.
    pub location: Location,
    /// The name; a header's in lower case.
    pub name: String,
    /// The value it must have.
    pub equals: String,
}

/// `require`
#[derive(Debug, Clone, Default)]
pub struct Require {
    /// All of these.
    pub scopes: Vec<String>,
    /// Any of these.
    pub roles: Vec<String>,
    /// All of these.
    pub clauses: Vec<Clause>,
}

/// One condition of `require`.
#[derive(Debug, Clone)]
pub struct Clause {
    /// As the spec writes it.
    pub text: String,
    /// Where.
    pub place: Place,
    /// What must hold.
    pub condition: Condition,
    /// The calls it reads, by order of declaration.
    pub reads: Vec<usize>,
}

/// `when` and `require`
#[derive(Debug, Clone)]
pub enum Condition {
    /// Present, not null, not false.
    Holds(Operand),
    /// Equal, or among.
    Equal(Operand, Operand),
}

/// A side of a condition or the right side of a join key.
#[derive(Debug, Clone)]
pub enum Operand {
    /// A path.
    Path(Path),
    /// JSON text of a scalar.
    Literal(String),
}

/// An input of an endpoint.
#[derive(Debug, Clone)]
pub struct Input {
    /// Where it stands.
    pub location: Location,
    /// Its name; a header's in lower case.
    pub name: String,
    /// A scalar or a list of scalars, with the bounds and formats that are checked.
    pub ty: TypeId,
    /// Whether it must be there.
    pub required: bool,
    /// JSON text that stands in for it (of `params` alone).
    pub default: Option<String>,
    /// What the contract says of it.
    pub description: Option<String>,
}

/// The request's JSON body.
#[derive(Debug, Clone)]
pub struct BodyInput {
    /// Its type, made from the names written under `body` and what they are bound to; the operation's own for `body = body`.
    pub ty: TypeId,
    /// Whether there must be one.
    pub required: bool,
}

/// What an endpoint does.
#[derive(Debug, Clone)]
pub enum Work {
    /// It makes calls and answers from them.
    Calls(Calls),
    /// It passes requests through.
    Proxy(Proxy),
    /// It passes requests through to one operation: a call with arguments, whose body and answer pass as they come.
    Stream(Box<Call>),
}

impl Work {
    /// The operations it asks for by name, in order of declaration.
    #[must_use]
    pub fn calls(&self) -> &[Call] {
        match self {
            Work::Calls(calls) => &calls.calls,
            Work::Proxy(_) => &[],
            Work::Stream(call) => std::slice::from_ref(call),
        }
    }
}

/// Calls and the answer made from them.
#[derive(Debug, Clone)]
pub struct Calls {
    /// In order of declaration.
    pub calls: Vec<Call>,
    /// `status`; without: 200, or 204 without a response.
    pub status: u16,
    /// `headers`, names in lower case.
    pub headers: Vec<(String, HeaderValue)>,
    /// `response`
    pub response: Option<Block>,
    /// `transform`: only where there is a response.
    pub transform: Option<Hook>,
}

/// A function the team owns, from and to the type of an endpoint's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// Its name: in snake_case, no keyword, no other endpoint's.
    pub name: String,
    /// Where the spec names it.
    pub place: Place,
}

/// The value of a header of the answer.
#[derive(Debug, Clone)]
pub enum HeaderValue {
    /// As it stands.
    Literal(String),
    /// A path to a scalar.
    Path {
        /// The path.
        path: Path,
        /// `?? literal`: what stands in for null.
        default: Option<String>,
    },
}

/// Pass-through of an upstream.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// Of [`Model::upstreams`].
    pub upstream: usize,
    /// Methods that pass; empty: all.
    pub allow: Vec<String>,
    /// `undocumented: true`
    pub undocumented: bool,
}

/// One call.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its name.
    pub name: String,
    /// Where its name stands.
    pub place: Place,
    /// As the spec writes it, in one line: `users.getUser(id = claims.sub)`.
    pub text: String,
    /// Of [`Model::upstreams`].
    pub upstream: usize,
    /// What it calls.
    pub operation: Operation,
    /// `name?`
    pub optional: bool,
    /// Calls whose values it reads.
    pub needs: Vec<usize>,
    /// Calls it waits for besides: `after`, and, for a write, every required call that doesn't depend on it.
    pub after: Vec<usize>,
    /// Its method isn't safe.
    pub write: bool,
    /// In the spec's order.
    pub arguments: Vec<Argument>,
    /// Its body.
    pub body: Option<CallBody>,
    /// How many requests it makes.
    pub fan: Fan,
    /// `when`
    pub when: Option<Condition>,
    /// `timeout`
    pub timeout: Option<Duration>,
    /// `retry`, its own or its upstream's: attempts that may follow the first. Always 0 for a write without a bound
    /// idempotency key.
    pub retry: u8,
    /// `errors`
    pub errors: Vec<ErrorRule>,
    /// The type of its answer as the endpoint sees it (with `each`: of one of them); none without a JSON body.
    pub answer: Option<TypeId>,
    /// Whether its value may be null: optional, conditional, an error made absent, a documented 2xx without a body.
    pub nullable: bool,
    /// Whether `path`, `query` or `body` reaches an argument.
    pub client_argument: bool,
    /// Whether any input of the client's (also a header, a cookie) reaches the request.
    pub client_input: bool,
}

impl Call {
    /// The statuses of 2xx that the contract documents without a body, as first and last: then the call's value is null.
    #[must_use]
    pub fn bodiless(&self) -> Vec<(u16, u16)> {
        let documented = self.operation.responses.iter();
        documented
            .filter(|response| response.content.is_empty())
            .filter(|response| response.first >= 200 && response.last <= 299)
            .map(|response| (response.first, response.last))
            .collect()
    }
}

/// How many requests a call makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fan {
    /// One. `list_argument`: the argument that is a list read from calls, with which empty there is none.
    One {
        /// By place in [`Call::arguments`].
        list_argument: Option<usize>,
    },
    /// Split by `maxItems`.
    Split {
        /// By place in [`Call::arguments`].
        argument: usize,
        /// `maxItems`
        items: u64,
        /// `parallel`; 8 without.
        parallel: u16,
        /// `max`; 100 without.
        max: u32,
    },
    /// `each`
    Each {
        /// By place in [`Call::arguments`].
        argument: usize,
        /// `parallel`; 8 without.
        parallel: u16,
        /// `max`; 100 without.
        max: u32,
    },
}

/// An argument.
#[derive(Debug, Clone)]
pub struct Argument {
    /// By place in [`Operation::parameters`].
    pub parameter: usize,
    /// Its value: a literal, a list of literals and paths, or a path.
    pub value: Value,
    /// Where it stands.
    pub place: Place,
}

/// The body of a call.
#[derive(Debug, Clone)]
pub struct CallBody {
    /// Its media type.
    pub media: String,
    /// The type the operation asks for.
    pub ty: TypeId,
    /// Its value. For the client's whole body: a path to [`Root::Body`] without steps.
    pub value: Block,
}

/// What an error answer of a call means.
#[derive(Debug, Clone)]
pub struct ErrorRule {
    /// `404..=404`, `400..=499`
    pub first: u16,
    /// See `first`.
    pub last: u16,
    /// What it means.
    pub action: ErrorAction,
}

/// What an error answer means.
#[derive(Debug, Clone)]
pub enum ErrorAction {
    /// `absent`
    Absent,
    /// `pass`
    Pass,
    /// A selection over the error's schema; its paths start at [`Root::Current`].
    Select {
        /// The type of the error's body.
        ty: TypeId,
        /// The selection.
        block: Block,
    },
}

/// A value.
#[derive(Debug, Clone)]
pub enum Value {
    /// JSON text.
    Literal(String),
    /// A list.
    List(Vec<Value>),
    /// What a path gives.
    Path {
        /// The path. With no selection and a type that is no scalar, the documented value whole.
        path: Path,
        /// The selection applied to it.
        select: Option<Block>,
        /// `?? literal`: JSON text.
        default: Option<String>,
    },
    /// A group, in the current scope.
    Block(Block),
}

/// A selection.
#[derive(Debug, Clone)]
pub enum Block {
    /// `= value`
    Value(Box<Value>),
    /// Fields, in order.
    Fields(Vec<Entry>),
}

/// An entry of a selection.
#[derive(Debug, Clone)]
pub enum Entry {
    /// A field.
    Field {
        /// Its name in the output.
        name: String,
        /// Its value.
        value: Value,
        /// From `*`: written only if it is there.
        copied: bool,
        /// Where it was written.
        place: Place,
    },
    /// `... on X { … }`: fields written if the current value is of this variant.
    Variant {
        /// The test, over properties of the current value.
        test: VariantTest,
        /// Its type.
        ty: TypeId,
        /// The fields.
        entries: Vec<Entry>,
    },
    /// `...path { … }`: fields of an object, here. Their paths start at [`Root::Current`], the object.
    Spread {
        /// To the object.
        path: Path,
        /// The fields.
        entries: Vec<Entry>,
    },
    /// What `*` takes of a map: entries under their own keys, each value whole.
    Rest {
        /// The type of the values.
        ty: TypeId,
    },
}

/// A typed path.
#[derive(Debug, Clone)]
pub struct Path {
    /// Where it starts.
    pub root: Root,
    /// The way from there.
    pub steps: Vec<Step>,
    /// Where it stands.
    pub place: Place,
    /// As the spec writes it.
    pub text: String,
    /// The type of each value it gives. May itself be a list, copied or bound as it stands, if `many` is false.
    pub ty: TypeId,
    /// Whether such a value (or, with `many`, the list) may be null.
    pub nullable: bool,
    /// Whether it gives a list, by a step through one.
    pub many: bool,
    /// With `many`, whether an element of the list may be null.
    pub item_nullable: bool,
    /// Whether it ends in `!`.
    pub promised: bool,
}

/// Where a path starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    /// The value of a call, by order of declaration.
    Call(usize),
    /// The claims.
    Claims,
    /// One of [`Endpoint::inputs`], by place.
    Input(usize),
    /// The request's body.
    Body,
    /// The value the enclosing selection is applied to.
    Current,
}

/// A step of a path.
#[derive(Debug, Clone)]
pub enum Step {
    /// To a documented field of an object.
    Field {
        /// Its name.
        name: String,
        /// Its type.
        ty: TypeId,
    },
    /// To an entry of a map by its key.
    Key {
        /// The key.
        name: String,
        /// The type of its value.
        ty: TypeId,
    },
    /// To elements of a list or entries of a map (or of an `each` call's results).
    Each {
        /// Which.
        pick: Pick,
        /// The type of each.
        ty: TypeId,
        /// Of a map or an `each` call rather than a list.
        map: bool,
    },
    /// `[on X]`: null if the value is not of the variant.
    Is {
        /// The test, over properties of the value.
        test: VariantTest,
        /// The variant's type.
        ty: TypeId,
    },
    /// `@Header`: a response header of the call at the root, as text. The last step.
    Header(String),
}

/// Which elements.
#[derive(Debug, Clone)]
pub enum Pick {
    /// All.
    All,
    /// One; negative counts from the end.
    Index(i32),
    /// Some.
    Slice(Option<i32>, Option<i32>),
    /// The first that matches.
    First(Vec<JoinKey>),
    /// All that match.
    Every(Vec<JoinKey>),
}

/// One key of a join.
#[derive(Debug, Clone)]
pub struct JoinKey {
    /// Field names from the element to a scalar. Empty: the key of a map or the value of `each`.
    pub field: Vec<String>,
    /// The type of that scalar.
    pub ty: TypeId,
    /// What it must equal; a [`Root::Current`] path starts at the value the enclosing selection is applied to.
    pub equals: Operand,
}
