//! What `bff-bench counts` counts the instructions of: parts that every request passes, over and over.
//!
//! Run by hand they show that they work: `cargo test -p bff-runtime counted -- --ignored`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

use bff_json::{Fields, Frame, Key, Kinds, Node, Shape};
use http::{HeaderMap, Method, Request};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;

use crate::auth::{Jwt, KeySource, Scheme, Verdict, unix_time};
use crate::limit::{Allowance, InMemory, Limit, Per, Taking};
use crate::plan::{Part, Route, Text};
use crate::router::tests::route;
use crate::router::{Found, Router};
use crate::text::{Env, Variables};

/// How often: from the environment, as a program of tests has no arguments of its own.
fn times() -> usize {
    let said = std::env::var("BFF_COUNT").ok();
    said.and_then(|said| said.parse().ok()).unwrap_or(1)
}

fn find(routes: usize) {
    let table: Vec<Route> = (0..routes)
        .map(|number| {
            let pattern = format!("/api/r{number}/{{id}}/parts");
            route(Some("GET"), pattern.leak(), None)
        })
        .collect();
    let router = Router::new(table.leak());
    let paths: Vec<String> = (0..64)
        .map(|number| format!("/api/r{}/4711/parts", number * 7_919 % routes))
        .collect();
    let headers = HeaderMap::new();
    for path in paths.iter().cycle().take(times()) {
        let found = router.find(&Method::GET, black_box(path), &headers, None);
        assert!(matches!(black_box(found), Found::Route(..)));
    }
}

#[test]
#[ignore = "counted by bff-bench"]
fn routing_10() {
    find(10);
}

#[test]
#[ignore = "counted by bff-bench"]
fn routing_5000() {
    find(5000);
}

const SECRET: &str = "a secret of more than thirty-two bytes";

static SUBJECT: Shape = Shape {
    root: Frame {
        width: 1,
        node: Node::object(
            "",
            0,
            1,
            &Fields {
                keys: &[Key {
                    name: "sub",
                    required: true,
                    node: Node::scalar("sub", 0, Kinds::STRING),
                }],
                rest: None,
            },
        ),
    },
};

static JWT: Jwt = Jwt {
    name: "token",
    source: KeySource::Key(Text(&[Part::Literal(SECRET)])),
    audience: &[],
    algorithms: &[Algorithm::HS256],
    leeway: Duration::from_secs(30),
    required: &[],
    claims_shape: &SUBJECT,
    claims: &[],
};

/// Authenticates with so many tokens in turn.
fn authenticate(tokens: usize) {
    let mut env = Env::new(Variables::Map(BTreeMap::new()));
    let authenticator = JWT.start(&mut env).unwrap();
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let expires = unix_time() + 3600;
    let heads: Vec<_> = (0..tokens)
        .map(|number| {
            let claims = json!({ "sub": format!("u-{number}"), "exp": expires, "scope": "a b" });
            let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key);
            let request =
                Request::get("/").header("authorization", format!("Bearer {}", token.unwrap()));
            request.body(()).unwrap().into_parts().0
        })
        .collect();
    for head in heads.iter().cycle().take(times()) {
        let Verdict::Now(verdict) = authenticator.authenticate(black_box(head)) else {
            panic!("the key is at hand");
        };
        assert!(black_box(verdict).is_ok());
    }
}

#[test]
#[ignore = "counted by bff-bench"]
fn jwt_known() {
    authenticate(1);
}

/// More tokens than are counted: none comes twice.
#[test]
#[ignore = "counted by bff-bench"]
fn jwt_new() {
    authenticate(3000);
}

static LIMIT: InMemory = InMemory(Allowance::new("asking", Per::Claim).rate(
    1_000_000,
    Duration::from_secs(1),
    1_000_000,
));

/// Takes from a limit for so many subjects in turn.
fn take(subjects: u128) {
    let limiter = LIMIT.start();
    for subject in (0..subjects).cycle().take(times()) {
        // Keys are hashes: they lie anywhere.
        let key = black_box(subject.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835));
        let Taking::Now(taken) = limiter.take(key, 1) else {
            panic!("it is counted in memory");
        };
        assert!(black_box(taken).is_ok());
    }
}

#[test]
#[ignore = "counted by bff-bench"]
fn limit_known() {
    take(1);
}

#[test]
#[ignore = "counted by bff-bench"]
fn limit_new() {
    take(3000);
}
