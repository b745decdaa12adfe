//! Where each value of an answer comes from: which field of which upstream reaches the frontend, and by which endpoint.
//!
//! A checked model in, rows out, in the order of the spec. What only decides something (arguments, `require`, the keys of
//! joins) reaches nobody and has no row.

mod pass;
mod sensitive;
mod walk;

use crate::contract::Location;
use crate::diagnostic::Place;
use crate::model::{Endpoint, Model, Work};

pub(crate) use sensitive::Sensitive;

/// One value that reaches a frontend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// By place in [`Model::endpoints`].
    pub endpoint: usize,
    /// Where it comes from.
    pub source: Source,
    /// The field in its source: `items[].total.amount`, `translations.*.name`, `@Location`, `tree.**` for all below.
    /// Empty: the source's whole value.
    pub field: String,
    /// Where the frontend finds it: a path in the answer, a header's name. Empty: the answer is this value.
    pub output: String,
    /// What carries it.
    pub via: Via,
    /// Whether the contract marks it as sensitive, or something it holds.
    pub sensitive: bool,
    /// Where the contract does so.
    pub marked: Option<Place>,
    /// Where the spec says that it reaches the frontend.
    pub place: Place,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The answer of a call, by place in [`Work::calls`].
    Call(usize),
    /// An operation that requests pass through to.
    Passed {
        /// Of [`Model::upstreams`].
        upstream: usize,
        /// Its route; none: those that the contract doesn't document.
        route: Option<String>,
    },
    /// The claims.
    Claims,
    /// An input of the client's.
    Input(Location, String),
    /// The client's body.
    Body,
    /// The spec itself: JSON text.
    Literal(String),
}

/// What carries a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Via {
    /// The answer's body.
    Response,
    /// A header of the answer.
    Header,
    /// The problem that an upstream's error becomes: for these statuses.
    Error(u16, u16),
    /// Pass-through: body and headers as they come.
    PassThrough,
}

/// Rows of one endpoint at most: beyond, what an object holds is one row, `**`.
const MOST: usize = 10_000;

/// Every value that reaches the frontend, in the spec's order.
#[must_use]
pub fn rows(model: &Model) -> Vec<Row> {
    collect(model, false)
}

/// Values that come from an upstream and are sensitive.
pub(crate) fn sensitive_rows(model: &Model) -> Vec<Row> {
    let mut rows = collect(model, true);
    rows.retain(|row| row.sensitive);
    rows
}

fn collect(model: &Model, only_sensitive: bool) -> Vec<Row> {
    let sensitive = Sensitive::of(&model.types);
    let endpoints = model.endpoints.iter().enumerate();
    endpoints
        .flat_map(|(at, endpoint)| of_endpoint(model, at, endpoint, &sensitive, only_sensitive))
        .collect()
}

fn of_endpoint(
    model: &Model,
    at: usize,
    endpoint: &Endpoint,
    sensitive: &Sensitive,
    only_sensitive: bool,
) -> Vec<Row> {
    match &endpoint.work {
        Work::Calls(work) => {
            let mut walk = walk::Walk::new(model, at, endpoint, sensitive, only_sensitive);
            walk.work(work);
            walk.rows
        }
        Work::Proxy(proxy) => pass::upstream(model, at, endpoint, proxy),
        Work::Stream(call) => pass::operation(at, endpoint, call, sensitive),
    }
}

impl Source {
    /// The upstream it comes from, if it comes from one: of [`Model::upstreams`].
    #[must_use]
    pub fn upstream(&self, endpoint: &Endpoint) -> Option<usize> {
        match self {
            Source::Call(call) => Some(endpoint.work.calls().get(*call)?.upstream),
            Source::Passed { upstream, .. } => Some(*upstream),
            Source::Claims | Source::Input(..) | Source::Body | Source::Literal(_) => None,
        }
    }

    /// The operation it comes from: its id, or its route.
    #[must_use]
    pub fn operation(&self, endpoint: &Endpoint) -> Option<String> {
        match self {
            Source::Call(call) => {
                let operation = &endpoint.work.calls().get(*call)?.operation;
                Some(operation.id.clone().unwrap_or_else(|| operation.route()))
            }
            Source::Passed { route, .. } => {
                Some(route.clone().unwrap_or_else(|| "undocumented".to_owned()))
            }
            Source::Claims | Source::Input(..) | Source::Body | Source::Literal(_) => None,
        }
    }
}
