//! Who may ask, and how often: a token by a key from the issuer's set, and a rate for each subject.

use std::error::Error;
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::{RawPathParams, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

/// Requests a second for each subject.
const RATE: NonZeroU32 = NonZeroU32::new(1_000_000).unwrap();

/// The issuer's keys, and how often each subject has asked.
pub(crate) struct Guard {
    keys: Vec<(Option<String>, DecodingKey)>,
    validation: Validation,
    limiter: DefaultKeyedRateLimiter<String>,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
}

impl Guard {
    /// Fetches the keys.
    pub(crate) async fn of(client: &reqwest::Client, jwks: &str) -> Result<Guard, Box<dyn Error>> {
        let set: JwkSet = client.get(jwks).send().await?.json().await?;
        let mut keys = Vec::new();
        for jwk in &set.keys {
            keys.push((jwk.common.key_id.clone(), DecodingKey::from_jwk(jwk)?));
        }
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_audience(&["bench"]);
        Ok(Guard {
            keys,
            validation,
            limiter: RateLimiter::keyed(Quota::per_second(RATE)),
        })
    }

    /// Who asks.
    fn verify(&self, request: &Request) -> Option<Claims> {
        let token = request
            .headers()
            .get(header::AUTHORIZATION)?
            .to_str()
            .ok()?;
        let token = token.strip_prefix("Bearer ")?;
        let kid = jsonwebtoken::decode_header(token).ok()?.kid;
        let (_, key) = self.keys.iter().find(|(known, _)| *known == kid)?;
        let token = jsonwebtoken::decode(token, key, &self.validation).ok()?;
        Some(token.claims)
    }
}

/// Lets pass who asks for what is theirs, and not too often.
pub(crate) async fn guard(
    State(guard): State<Arc<Guard>>,
    path: RawPathParams,
    request: Request,
    next: Next,
) -> Result<Response, StatusCode> {
    let claims = guard.verify(&request).ok_or(StatusCode::UNAUTHORIZED)?;
    if path
        .iter()
        .any(|(name, id)| name == "id" && id != claims.sub)
    {
        return Err(StatusCode::FORBIDDEN);
    }
    let within = guard.limiter.check_key(&claims.sub);
    within.map_err(|_| StatusCode::TOO_MANY_REQUESTS)?;
    Ok(next.run(request).await)
}
