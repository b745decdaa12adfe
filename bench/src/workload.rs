//! What is asked of the contenders, and what is right.

mod graphql;
mod passed;
mod screen;
mod small;
mod wishes;

use bytes::Bytes;
use http::HeaderValue;
use serde_json::Value;
use xxhash_rust::xxh3::Xxh3;

pub(crate) use graphql::{screen_of_tailcall, small_of_tailcall};
pub(crate) use screen::without_joins as screen_without_joins;

/// One kind of request.
pub(crate) struct Workload {
    /// Its name on the command line and of its results.
    pub(crate) name: &'static str,
    /// What it is, for the results.
    pub(crate) about: &'static str,
    /// The most CPU time ours may take, as a share of another contender's: what the project has set itself.
    pub(crate) targets: &'static [(&'static str, f64)],
    /// Upstream calls that one request takes.
    pub(crate) calls: u64,
    /// Whether it is asked with a token.
    pub(crate) guarded: bool,
    /// Requests a contender answers in a round, unless the command line says otherwise.
    pub(crate) requests: u64,
    /// Requests a contender answers before it is another's turn.
    pub(crate) slice: u64,
    /// Connections, unless the command line says otherwise.
    pub(crate) connections: u16,
    /// Everything that is asked, in turn.
    pub(crate) questions: fn() -> Vec<Question>,
}

/// One request, and the answer to it.
#[derive(Clone)]
pub(crate) struct Question {
    /// Its target: `/screen/u-004711`.
    pub(crate) path: String,
    /// Whose token goes with it, by the place of the user.
    pub(crate) user: usize,
    /// The value of `authorization`, once the upstreams run.
    pub(crate) authorization: Option<HeaderValue>,
    /// What is posted, as JSON; without it, it is a GET.
    pub(crate) posted: Option<Bytes>,
    /// What is right.
    pub(crate) right: Right,
    /// Bytes the upstreams send for it.
    pub(crate) bytes_in: usize,
}

/// The answer that is right.
#[derive(Clone)]
pub(crate) enum Right {
    /// This value, however it is written.
    Json(Value),
    /// Bytes of which only this is known: they are too many to be kept.
    Bytes {
        /// How many.
        length: usize,
        /// Their XXH3.
        hash: u64,
    },
}

impl Workload {
    /// Bytes the upstreams send for one request, on average.
    pub(crate) fn bytes_in(&self) -> usize {
        let questions = (self.questions)();
        let sizes = questions.iter().map(|question| question.bytes_in);
        sizes.sum::<usize>() / questions.len().max(1)
    }
}

impl Question {
    /// A GET whose answer is JSON.
    pub(crate) fn get(path: String, user: usize, right: Value, bytes_in: usize) -> Question {
        Question {
            path,
            user,
            authorization: None,
            posted: None,
            right: Right::Json(right),
            bytes_in,
        }
    }
}

/// Three calls at once, trimmed, with a join.
pub(crate) const SCREEN: Workload = Workload {
    name: "screen",
    about: "three upstream calls at once (a user of 2 kB, ten orders of 2 kB, forty recommended products of 1.3 kB), \
            trimmed to what a screen shows, each product joined to its seller",
    targets: &[("axum", 0.33), ("nginx-lua", 0.13)],
    calls: 3,
    guarded: false,
    requests: 3_000,
    slice: 300,
    connections: 32,
    questions: screen::questions,
};

/// The same, for whoever has a token, and not too often.
pub(crate) const SCREEN_JWT: Workload = Workload {
    name: "screen-jwt",
    about: "the screen for whoever has a token (RS256, by a key from a JWKS server) and asks for what is theirs, with a \
            limit for each subject. Sixteen users ask with one token each, again and again, as in a session",
    targets: &[("axum", 0.38)],
    guarded: true,
    ..SCREEN
};

/// Three small calls at once.
pub(crate) const SMALL: Workload = Workload {
    name: "small",
    about: "three upstream calls at once of 1 kB each, trimmed",
    targets: &[],
    requests: 6_000,
    slice: 500,
    questions: small::questions,
    ..SCREEN
};

/// A join of fifty and a call for each of twenty.
pub(crate) const JOIN: Workload = Workload {
    name: "join",
    about: "fifty wishes joined to fifty sellers from a second call, and one further call for each of twenty \
            highlighted products of 2 kB",
    targets: &[],
    calls: 22,
    requests: 1_000,
    slice: 100,
    questions: wishes::questions,
    ..SCREEN
};

/// One answer, passed through.
pub(crate) const PASS: Workload = Workload {
    name: "pass",
    about: "one upstream answer of 2 kB, passed through as it is",
    targets: &[("nginx", 1.3)],
    calls: 1,
    requests: 15_000,
    slice: 1_000,
    questions: passed::products,
    ..SCREEN
};

/// A larger one.
pub(crate) const PASS_100K: Workload = Workload {
    name: "pass-100k",
    about: "one upstream answer of 100 kB, passed through as it is",
    targets: &[],
    requests: 3_000,
    slice: 300,
    questions: passed::documents,
    ..PASS
};

/// A very large one.
pub(crate) const STREAM: Workload = Workload {
    name: "stream",
    about: "one upstream answer of 100 MB, passed through as it comes",
    targets: &[("nginx", 1.5)],
    requests: 8,
    slice: 2,
    connections: 1,
    questions: passed::exports,
    ..PASS
};

/// Every workload.
pub(crate) const ALL: [&Workload; 7] = [
    &SCREEN,
    &SCREEN_JWT,
    &SMALL,
    &JOIN,
    &PASS,
    &PASS_100K,
    &STREAM,
];

/// XXH3 of bytes in pieces.
pub(crate) fn hash(pieces: impl Iterator<Item = Bytes>) -> u64 {
    let mut hasher = Xxh3::new();
    pieces.for_each(|piece| hasher.update(&piece));
    hasher.digest()
}

/// Bytes of a record as the upstreams send it.
fn size(record: &impl serde::Serialize) -> usize {
    serde_json::to_vec(record).map_or(0, |text| text.len())
}
