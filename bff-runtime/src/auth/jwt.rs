//! Bearer tokens that are JWTs (RFC 7519), held to RFC 8725 and answered for by RFC 6750.
//!
//! The algorithm must be one the settings accept and the key itself is good for, so a public key never serves as a
//! secret. The issuer is not needed to start: its keys are fetched when first asked for, and a request that comes
//! before they can be had is told 503, not 401.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bff_json::Shape;
use bytes::Bytes;
use http::HeaderValue;
use http::header::AUTHORIZATION;
use http::request::Parts;
use jsonwebtoken::Algorithm;

use super::claims::{ClaimRule, Expected};
use super::jwks::{Jwks, KeySet, Place};
use super::key::{ASYMMETRIC, Key};
use super::token::{Refused, Token};
use super::verified::Verified;
use super::{Authenticator, Claims, Principal, Rejection, Scheme, Verdict, unix_time};
use crate::plan::Text;
use crate::text::{Env, Resolved};

/// `jwt: { … }`
#[derive(Debug)]
pub struct Jwt {
    /// The scheme's name in the spec.
    pub name: &'static str,
    /// Where keys come from.
    pub source: KeySource,
    /// Any of these must be in `aud`; empty asks for none.
    pub audience: &'static [Text],
    /// Accepted algorithms; empty is RS, PS, ES256, ES384 and EdDSA. HS only if named, and only with [`KeySource::Key`].
    pub algorithms: &'static [Algorithm],
    /// How far clocks may differ.
    pub leeway: Duration,
    /// Claims that must be there beside those of `claims`.
    pub required: &'static [&'static str],
    /// What to capture of the claims.
    pub claims_shape: &'static Shape,
    /// The claims the spec declares. `sub` is required unless it is among them.
    pub claims: &'static [ClaimRule],
}

/// Where keys come from.
#[derive(Debug)]
pub enum KeySource {
    /// An issuer, whose discovery document names them. `iss` must be this.
    Issuer(Text),
    /// A key set's URL.
    Jwks(Text),
    /// One public key as PEM, or a shared secret.
    Key(Text),
}

impl Scheme for Jwt {
    fn name(&self) -> &'static str {
        self.name
    }

    fn start(&'static self, env: &mut Env) -> Option<Arc<dyn Authenticator>> {
        let what = |key: &str| format!("auth `{}`: `{key}`", self.name);
        let algorithms = if self.algorithms.is_empty() {
            ASYMMETRIC
        } else {
            self.algorithms
        };
        let audience = self
            .audience
            .iter()
            .map(|aud| env.resolve(aud, &what("audience")).get().to_string())
            .collect();
        let mut issuer = None;
        let keys = match &self.source {
            KeySource::Issuer(text) => {
                let value = env.resolve(text, &what("issuer")).get();
                issuer = Some(value.to_string());
                remote(
                    text,
                    Place::Issuer(value.to_string()),
                    &value,
                    &what("issuer"),
                    env,
                )?
            }
            KeySource::Jwks(text) => {
                let value = env.resolve(text, &what("jwks")).get();
                remote(
                    text,
                    Place::Url(value.to_string()),
                    &value,
                    &what("jwks"),
                    env,
                )?
            }
            KeySource::Key(text) => {
                let resolved = env.resolve(text, &what("key"));
                let value = resolved.get();
                match Key::from_text(&value, self.algorithms) {
                    Ok(keys) => {
                        let set = Arc::new(KeySet {
                            keys,
                            generation: 1,
                        });
                        Keys::Own {
                            text: resolved,
                            named: self.algorithms,
                            current: RwLock::new((value, set)),
                        }
                    }
                    Err(_) if env.is_missing(text) => return None,
                    Err(reason) => {
                        env.fault(format!("{}: {reason}", what("key")));
                        return None;
                    }
                }
            }
        };
        let expected = Expected {
            issuer,
            audience,
            leeway: self.leeway,
            required: self.required,
            rules: self.claims,
            expires: true,
        };
        let verified = Verified::default();
        Some(Arc::new(Bearer {
            algorithms,
            keys,
            expected,
            shape: self.claims_shape,
            verified,
        }))
    }
}

fn remote(text: &Text, place: Place, url: &str, what: &str, env: &mut Env) -> Option<Keys> {
    if env.is_missing(text) {
        return None;
    }
    let known = url
        .parse::<http::Uri>()
        .is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")));
    if !known {
        env.fault(format!("{what} must be an http:// or https:// URL"));
        return None;
    }
    match Jwks::new(place) {
        Ok(jwks) => Some(Keys::Remote(jwks)),
        Err(reason) => {
            env.fault(format!("{what}: {reason}"));
            None
        }
    }
}

/// The scheme while the gateway runs.
struct Bearer {
    algorithms: &'static [Algorithm],
    keys: Keys,
    expected: Expected,
    shape: &'static Shape,
    verified: Verified,
}

enum Keys {
    Remote(Arc<Jwks>),
    /// From the settings; read again when the text changes.
    Own {
        text: Resolved,
        named: &'static [Algorithm],
        current: RwLock<(Arc<str>, Arc<KeySet>)>,
    },
}

impl Keys {
    fn current(&self) -> Arc<KeySet> {
        match self {
            Keys::Remote(jwks) => jwks.current(),
            Keys::Own {
                text,
                named,
                current,
            } => {
                let now = text.get();
                {
                    let known = current.read().unwrap_or_else(PoisonError::into_inner);
                    if Arc::ptr_eq(&known.0, &now) {
                        return Arc::clone(&known.1);
                    }
                }
                let mut known = current.write().unwrap_or_else(PoisonError::into_inner);
                match Key::from_text(&now, named) {
                    Ok(keys) => {
                        known.1 = Arc::new(KeySet {
                            keys,
                            generation: known.1.generation + 1,
                        })
                    }
                    Err(reason) => tracing::warn!(
                        reason,
                        "the key that verifies tokens changed to one of no use"
                    ),
                }
                known.0 = now;
                Arc::clone(&known.1)
            }
        }
    }
}

impl Authenticator for Bearer {
    fn warm_up(self: Arc<Self>) {
        if let Keys::Remote(jwks) = &self.keys {
            jwks.refresh();
        }
    }

    fn authenticate<'a>(&'a self, head: &'a Parts) -> Verdict<'a> {
        let (header, token) = match credentials(head) {
            Ok(found) => found,
            Err(rejection) => return Verdict::Now(Err(rejection)),
        };
        let set = self.keys.current();
        let now = unix_time();
        if let Some(claims) = self.verified.get(token, set.generation, now) {
            return Verdict::Now(Ok(principal(claims, header)));
        }
        match (self.verify(token, &set, now), &self.keys) {
            (Ok(claims), _) => Verdict::Now(Ok(principal(claims, header))),
            (Err(Fault::Signature(Refused::UnknownKey)), Keys::Remote(jwks)) => {
                Verdict::Later(Box::pin(async move {
                    let set = jwks
                        .newer(set.generation)
                        .await
                        .map_err(|cause| Rejection::Unavailable { cause })?;
                    self.verify(token, &set, unix_time())
                        .map(|claims| principal(claims, header))
                        .map_err(invalid)
                }))
            }
            (Err(fault), _) => Verdict::Now(Err(invalid(fault))),
        }
    }
}

enum Fault {
    Signature(Refused),
    Claims(String),
}

impl Bearer {
    fn verify(&self, token: &str, set: &KeySet, now: u64) -> Result<Arc<Claims>, Fault> {
        let payload = Token::parse(token, self.algorithms)
            .and_then(|token| token.verify(&set.keys))
            .map_err(Fault::Signature)?;
        let read = self.expected.check(&payload, now).map_err(Fault::Claims)?;
        let tape = self
            .shape
            .capture(Bytes::from(payload), &bff_json::Options::default())
            .map_err(|error| Fault::Claims(error.to_string()))?;
        let claims = Arc::new(Claims {
            tape,
            scopes: read.scopes,
            roles: read.roles,
            key: None,
        });
        self.verified
            .put(token, set.generation, read.until, Arc::clone(&claims), now);
        Ok(claims)
    }
}

fn principal(claims: Arc<Claims>, header: &HeaderValue) -> Principal {
    let mut token = header.clone();
    token.set_sensitive(true);
    Principal {
        claims,
        token: Some(token),
        challenge: "Bearer",
    }
}

/// The one bearer token of a request (RFC 6750, 2.1): the header and the token in it.
fn credentials(head: &Parts) -> Result<(&HeaderValue, &str), Rejection> {
    let missing = || Rejection::Missing(HeaderValue::from_static("Bearer"));
    let malformed = |words: &str| Rejection::Invalid {
        challenge: challenge(words),
        cause: words.to_owned(),
    };
    let mut headers = head.headers.get_all(AUTHORIZATION).iter();
    let header = headers.next().ok_or_else(missing)?;
    if headers.next().is_some() {
        return Err(malformed("there is more than one authorization header"));
    }
    let text = header
        .to_str()
        .map_err(|_| malformed("the authorization header is malformed"))?;
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            Ok((header, token.trim_matches(' ')))
        }
        _ => Err(missing()),
    }
}

fn invalid(fault: Fault) -> Rejection {
    let words = match fault {
        Fault::Signature(refused) => refused.words().to_owned(),
        Fault::Claims(words) => words,
    };
    Rejection::Invalid {
        challenge: challenge(&words),
        cause: words,
    }
}

/// RFC 6750, 3.
fn challenge(words: &str) -> HeaderValue {
    let words = words.replace(['"', '\\'], "'");
    HeaderValue::from_str(&format!(
        "Bearer error=\"invalid_token\", error_description=\"{words}\""
    ))
    .unwrap_or_else(|_| HeaderValue::from_static("Bearer error=\"invalid_token\""))
}
