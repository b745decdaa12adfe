//! A spec and the files it uses, read into tables whose keys, kinds and texts are checked. No name is resolved here.
//!
//! What comes in is YAML trees; what goes out is [`Spec`] and diagnostics. What couldn't be understood is left out and
//! marked, so that later steps stay silent about it.

mod auth;
mod bites;
mod call;
mod defaults;
pub(crate) mod deprecated;
mod endpoint;
mod file;
mod headers;
pub(crate) mod hook;
pub(crate) mod keys;
pub(crate) mod limit;
pub(crate) mod lints;
mod listener;
mod params;
pub(crate) mod proxy;
mod reader;
mod route;
mod top;
mod upstream;
mod values;

pub(crate) use file::{FILE, Loaded, OWN, is_spec, load};
pub(crate) use reader::list;
pub(crate) use route::{METHODS, is_name};
pub(crate) use values::is_header_name;

use std::time::Duration;

use indexmap::IndexMap;

use crate::diagnostic::Place;
use crate::model::{Choice, ScalarKind, Scheme, Segment, Server, Text};
use crate::syntax::ast;

/// A spec with what it uses.
#[derive(Debug)]
pub(crate) struct Spec {
    /// `bff`
    pub(crate) name: String,
    /// The file's path.
    pub(crate) path: String,
    /// `base`, without a slash at the end; empty without.
    pub(crate) base: String,
    pub(crate) upstreams: IndexMap<String, UpstreamDecl>,
    pub(crate) schemes: IndexMap<String, SchemeDecl>,
    pub(crate) limits: IndexMap<String, limit::LimitDecl>,
    pub(crate) fragments: IndexMap<String, FragmentDecl>,
    pub(crate) defaults: Defaults,
    pub(crate) endpoints: Vec<EndpointDecl>,
    pub(crate) server: Server,
    /// `lints`
    pub(crate) lints: Vec<lints::LintDecl>,
    /// The files it uses, directly or not, in the order they were read.
    pub(crate) uses: Vec<String>,
}

/// `upstreams.X`
#[derive(Debug)]
pub(crate) struct UpstreamDecl {
    pub(crate) place: Place,
    /// The contract's path in the workspace or its URL, and where it is named; none if that was broken.
    pub(crate) contract: Option<(String, Place)>,
    /// What changes the contract before it is read, in this order: the same.
    pub(crate) overlays: Vec<(String, Place)>,
    pub(crate) url: Text,
    pub(crate) timeout: Option<Duration>,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) retry: Option<u8>,
    /// In percent.
    pub(crate) retry_budget: Option<u8>,
    pub(crate) headers: Vec<(String, Text)>,
    /// `forward`, and where it says so.
    pub(crate) forward: Option<Place>,
    pub(crate) body_limit: Option<u64>,
    pub(crate) strict: bool,
}

/// `auth.X`
#[derive(Debug)]
pub(crate) struct SchemeDecl {
    pub(crate) place: Place,
    /// None if it was broken or isn't supported yet.
    pub(crate) scheme: Option<Scheme>,
    /// Where each declared claim stands.
    pub(crate) claims: IndexMap<String, Place>,
}

/// A fragment.
#[derive(Debug)]
pub(crate) struct FragmentDecl {
    pub(crate) place: Place,
    pub(crate) block: ast::Block,
    /// Something in it wasn't understood, and was said.
    pub(crate) broken: bool,
}

/// `defaults`
#[derive(Debug, Default)]
pub(crate) struct Defaults {
    pub(crate) auth: Option<AuthDecl>,
    pub(crate) require: Option<RequireDecl>,
    pub(crate) limit: Option<limit::LimitsDecl>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) headers: Vec<HeaderDecl>,
}

/// `auth` of an endpoint.
#[derive(Debug, Clone)]
pub(crate) enum AuthDecl {
    /// `none`
    None,
    /// Any of these.
    Schemes(Vec<ast::Word>),
}

/// `require`
#[derive(Debug, Clone, Default)]
pub(crate) struct RequireDecl {
    pub(crate) scopes: Vec<String>,
    pub(crate) roles: Vec<String>,
    /// Where `roles` or `scopes` stand: they need somebody who is known.
    pub(crate) of_claims: Option<Place>,
    pub(crate) clauses: Vec<ast::Condition>,
}

/// One of `headers` of an endpoint.
#[derive(Debug, Clone)]
pub(crate) struct HeaderDecl {
    /// In lower case.
    pub(crate) name: String,
    /// None: `none`, which unsets a default.
    pub(crate) value: Option<ast::Value>,
}

/// One endpoint.
#[derive(Debug)]
pub(crate) struct EndpointDecl {
    pub(crate) key: String,
    pub(crate) place: Place,
    pub(crate) route: Route,
    pub(crate) summary: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) deprecated: Option<deprecated::DeprecatedDecl>,
    pub(crate) params: Vec<ParamDecl>,
    pub(crate) body: Option<BodyDecl>,
    pub(crate) calls: Vec<CallDecl>,
    pub(crate) response: Option<ast::Block>,
    pub(crate) status: Option<(u16, Place)>,
    pub(crate) headers: HeadersDecl,
    pub(crate) body_limit: Option<u64>,
    pub(crate) proxy: Option<ProxyDecl>,
    pub(crate) auth: Option<AuthDecl>,
    pub(crate) require: Option<RequireDecl>,
    pub(crate) limit: Option<limit::LimitsDecl>,
    pub(crate) cost: Option<(u32, Place)>,
    pub(crate) timeout: Option<TimeoutDecl>,
    /// `errors`, by call.
    pub(crate) errors: Vec<(ast::Word, Vec<ErrorDecl>)>,
    /// `transform`: a function's name.
    pub(crate) transform: Option<ast::Word>,
    /// Something in it wasn't understood, and was said: nothing is said of what seems unused.
    pub(crate) broken: bool,
}

/// `headers` of an endpoint.
#[derive(Debug, Default)]
pub(crate) struct HeadersDecl {
    pub(crate) items: Vec<HeaderDecl>,
    /// `none`: the defaults don't apply.
    pub(crate) unset: bool,
}

/// `timeout` of an endpoint.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TimeoutDecl {
    /// `none`: the default doesn't apply.
    None,
    /// So long.
    Some(Duration),
}

/// What an endpoint's key says.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub(crate) method: Option<String>,
    /// As it is written, without the base.
    pub(crate) path: String,
    pub(crate) segments: Vec<Segment>,
    /// Where each parameter stands.
    pub(crate) parameters: IndexMap<String, Place>,
    pub(crate) choice: Option<Choice>,
}

/// One of `params`.
#[derive(Debug)]
pub(crate) struct ParamDecl {
    /// `query`, `header`, `cookie`, `path` or `body`.
    pub(crate) root: String,
    /// The names after it.
    pub(crate) names: Vec<String>,
    pub(crate) place: Place,
    pub(crate) ty: Option<ParamType>,
    /// JSON text of each.
    pub(crate) one_of: Vec<String>,
    pub(crate) min: Option<String>,
    pub(crate) max: Option<String>,
    pub(crate) default: Option<(String, Place)>,
    pub(crate) required: Option<bool>,
    pub(crate) description: Option<String>,
}

/// `type` of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParamType {
    Scalar(ScalarKind),
    List,
    Object,
}

/// `body` of an endpoint: names, and names in them.
#[derive(Debug)]
pub(crate) struct BodyDecl {
    pub(crate) names: Vec<BodyName>,
}

/// A name in a body.
#[derive(Debug)]
pub(crate) struct BodyName {
    pub(crate) word: ast::Word,
    pub(crate) names: Vec<BodyName>,
}

/// One call.
#[derive(Debug)]
pub(crate) struct CallDecl {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) optional: bool,
    /// None if it was broken.
    pub(crate) call: Option<ast::Call>,
    /// On one line.
    pub(crate) text: String,
    pub(crate) call_place: Place,
    pub(crate) body: Option<(ast::Block, Place)>,
    pub(crate) media: Option<(String, Place)>,
    pub(crate) timeout: Option<Duration>,
    /// Further attempts, and where that is said.
    pub(crate) retry: Option<(u8, Place)>,
    pub(crate) after: Vec<ast::Word>,
    pub(crate) when: Option<ast::Condition>,
    pub(crate) errors: Vec<ErrorDecl>,
    pub(crate) parallel: Option<(u16, Place)>,
    pub(crate) max: Option<(u32, Place)>,
}

/// What an error answer means.
#[derive(Debug, Clone)]
pub(crate) struct ErrorDecl {
    pub(crate) first: u16,
    pub(crate) last: u16,
    /// As it is written: `4xx`.
    pub(crate) status: String,
    pub(crate) place: Place,
    pub(crate) action: ErrorActionDecl,
}

/// See [`ErrorDecl`].
#[derive(Debug, Clone)]
pub(crate) enum ErrorActionDecl {
    Absent,
    Pass,
    Select(ast::Block, Place),
}

/// `proxy`
#[derive(Debug)]
pub(crate) struct ProxyDecl {
    pub(crate) upstream: ast::Word,
    /// Of one operation: the endpoint's only call.
    pub(crate) operation: bool,
    pub(crate) allow: Vec<String>,
    pub(crate) undocumented: bool,
}
