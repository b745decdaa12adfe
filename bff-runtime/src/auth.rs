//! Who asks: schemes, and the principal they make of a request's credentials.
//!
//! In: a request's head. Out: a [`Principal`], or why there is none. A generated gateway names the schemes it uses,
//! so the linker drops the others. No scheme ever reads a body, and none says in an answer why exactly it refused a
//! signature.

pub mod api_key;
pub mod jwt;

mod claims;
mod jwks;
mod key;
mod token;
mod vectors;
mod verified;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bff_json::Tape;
use http::HeaderValue;
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::request::Parts;
use tokio::time::Instant;

pub use api_key::ApiKey;
pub use claims::ClaimRule;
pub use jsonwebtoken::Algorithm;
pub use jwt::{Jwt, KeySource};

use crate::failure::{Failure, Kind};
use crate::text::Env;

/// A scheme of the spec, as generated code declares it.
pub trait Scheme: Sync + fmt::Debug {
    /// Its name in the spec.
    fn name(&self) -> &'static str;
    /// Resolves its settings; `None` once a fault is noted in `env`. Nothing is asked over the network yet.
    fn start(&'static self, env: &mut Env) -> Option<Arc<dyn Authenticator>>;
}

/// A scheme while the gateway runs.
pub trait Authenticator: Send + Sync {
    /// Called once, on the runtime, before the first request: the moment to fetch ahead what will be needed.
    fn warm_up(self: Arc<Self>) {}
    /// Reads a request's credentials.
    fn authenticate<'a>(&'a self, head: &'a Parts) -> Verdict<'a>;
}

/// What a scheme makes of a request's credentials.
pub enum Verdict<'a> {
    /// Known at once.
    Now(Result<Principal, Rejection>),
    /// Known once something is fetched.
    Later(Pin<Box<dyn Future<Output = Result<Principal, Rejection>> + Send + 'a>>),
}

impl fmt::Debug for Verdict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::Now(_) => "Verdict::Now",
            Verdict::Later(_) => "Verdict::Later",
        })
    }
}

/// Why a request's credentials are not taken.
#[derive(Debug)]
pub enum Rejection {
    /// There are none of this scheme; the challenge says which would do.
    Missing(HeaderValue),
    /// They are not valid.
    Invalid {
        /// The challenge.
        challenge: HeaderValue,
        /// For the log.
        cause: String,
    },
    /// What is needed to check them can't be had just now.
    Unavailable {
        /// For the log.
        cause: String,
    },
}

/// Who asks.
#[derive(Debug, Clone)]
pub struct Principal {
    /// What is known of them.
    pub claims: Arc<Claims>,
    /// The `authorization` header as they sent it, verified.
    pub token: Option<HeaderValue>,
    /// How a refusal for lack of scopes is announced: `Bearer`.
    pub challenge: &'static str,
}

/// What is known of a principal.
#[derive(Debug, Default)]
pub struct Claims {
    /// The claims an endpoint reads.
    pub tape: Tape,
    /// What `scope` or `scp` grants.
    pub scopes: Vec<String>,
    /// `roles`
    pub roles: Vec<String>,
    /// Of an API key: which one, by a name that tells nothing of it.
    pub key: Option<String>,
}

/// Tries each scheme in turn: the first that takes the credentials decides. What one finds invalid is told rather than
/// what another finds missing.
pub(crate) async fn authenticate(
    schemes: &[Arc<dyn Authenticator>],
    head: &Parts,
    deadline: Instant,
) -> Result<Principal, Failure> {
    let mut worst: Option<Failure> = None;
    let mut challenges: Vec<HeaderValue> = Vec::new();
    for scheme in schemes {
        let result = match scheme.authenticate(head) {
            Verdict::Now(result) => result,
            Verdict::Later(result) => tokio::time::timeout_at(deadline, result)
                .await
                .unwrap_or_else(|_| {
                    Err(Rejection::Unavailable {
                        cause: "out of time for the keys".to_owned(),
                    })
                }),
        };
        match result {
            Ok(principal) => return Ok(principal),
            Err(Rejection::Missing(challenge)) => challenges.push(challenge),
            Err(Rejection::Invalid { challenge, cause }) => {
                worst.get_or_insert_with(|| {
                    refused("The credentials are not valid.", challenge).because(cause)
                });
            }
            Err(Rejection::Unavailable { cause }) => worst = Some(unavailable(cause)),
        }
    }
    Err(worst.unwrap_or_else(|| {
        // Schemes with the same challenge are one to whoever reads it.
        challenges.dedup();
        let all: Vec<&str> = challenges
            .iter()
            .filter_map(|challenge| challenge.to_str().ok())
            .collect();
        let challenge = HeaderValue::from_str(&all.join(", "))
            .unwrap_or_else(|_| HeaderValue::from_static("Bearer"));
        refused("Credentials are required.", challenge)
    }))
}

fn refused(detail: &'static str, challenge: HeaderValue) -> Failure {
    Failure::new(Kind::Unauthenticated, detail).with_header(WWW_AUTHENTICATE, challenge)
}

fn unavailable(cause: String) -> Failure {
    Failure::new(Kind::Unavailable, "Credentials can't be checked just now.")
        .because(cause)
        .with_header(RETRY_AFTER, HeaderValue::from_static("1"))
}

/// Whether a principal has every scope and any of the roles asked for.
pub(crate) fn authorize(
    principal: &Principal,
    scopes: &[&str],
    roles: &[&str],
) -> Result<(), Failure> {
    let claims = &principal.claims;
    if !scopes
        .iter()
        .all(|wanted| claims.scopes.iter().any(|scope| scope == wanted))
    {
        let challenge = format!(
            "{} error=\"insufficient_scope\", scope=\"{}\"",
            principal.challenge,
            scopes.join(" ")
        );
        let failure = Failure::new(Kind::Forbidden, "The credentials don't reach this far.");
        return Err(match HeaderValue::from_str(&challenge) {
            Ok(challenge) => failure.with_header(WWW_AUTHENTICATE, challenge),
            Err(_) => failure,
        });
    }
    if !roles.is_empty()
        && !roles
            .iter()
            .any(|wanted| claims.roles.iter().any(|role| role == wanted))
    {
        return Err(Failure::new(
            Kind::Forbidden,
            "The credentials don't reach this far.",
        ));
    }
    Ok(())
}

/// Seconds since 1970.
pub(crate) fn unix_time() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or(Duration::ZERO)
        .as_secs()
}
