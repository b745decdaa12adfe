//! A development identity provider: tokens for anyone who asks, on loopback alone.
//!
//! In: the claims somebody wants. Out: an OpenID Connect discovery document, a key set with one key made at the start
//! (P-256, or RSA where a scheme takes nothing else), and tokens signed with it. The key is never written down and dies with the process.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RsaKeyPair};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, body::Bytes};
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use crate::failure::{Failure, Result};

/// Where its keys are.
pub(crate) const JWKS_PATH: &str = "/jwks";

/// Algorithms it can sign with, the preferred first.
const ALGORITHMS: [Algorithm; 7] = [
    Algorithm::ES256,
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];

/// The algorithm that all of these lists take; an empty one takes any.
pub(crate) fn algorithm<'a>(lists: impl Iterator<Item = &'a [String]>) -> Algorithm {
    let lists: Vec<&[String]> = lists.filter(|list| !list.is_empty()).collect();
    let taken = |algorithm: &Algorithm| {
        let name = format!("{algorithm:?}");
        lists.iter().all(|list| list.contains(&name))
    };
    ALGORITHMS
        .into_iter()
        .find(taken)
        .unwrap_or(Algorithm::ES256)
}

/// How long a token is good for: a working day.
const LIFETIME: u64 = 12 * 60 * 60;

/// A development identity provider.
#[derive(Clone)]
pub(crate) struct Issuer {
    url: Arc<str>,
    algorithm: Algorithm,
    signer: Arc<EncodingKey>,
    jwk: Arc<Jwk>,
    /// SubjectPublicKeyInfo (RFC 5280), in DER.
    public_key: Arc<[u8]>,
}

impl Issuer {
    /// One that calls itself by this URL, with a fresh key for this algorithm.
    pub(crate) fn new(url: &str, algorithm: Algorithm) -> Result<Issuer> {
        let no_key = || Failure::new("cannot make a key for the development identity provider");
        let (signer, public_key) = fresh_key(algorithm).ok_or_else(no_key)?;
        let mut jwk = Jwk::from_encoding_key(&signer, algorithm).map_err(|_| no_key())?;
        jwk.common.key_id = Some("development".to_owned());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Issuer {
            url: url.into(),
            algorithm,
            signer: Arc::new(signer),
            jwk: Arc::new(jwk),
            public_key: public_key.into(),
        })
    }

    /// What it calls itself: `iss` of its tokens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Its key set's address.
    pub(crate) fn jwks_url(&self) -> String {
        format!("{}{JWKS_PATH}", self.url)
    }

    /// Its public key as PEM.
    pub(crate) fn public_pem(&self) -> String {
        pem("PUBLIC KEY", &self.public_key)
    }

    /// A token with these claims, completed.
    pub(crate) fn token(&self, claims: Map<String, Value>) -> Result<String> {
        let header = Header {
            kid: self.jwk.common.key_id.clone(),
            ..Header::new(self.algorithm)
        };
        jsonwebtoken::encode(&header, &self.completed(claims), &self.signer)
            .map_err(|error| Failure::new(format!("cannot sign a development token: {error}")))
    }

    /// These claims with `iss`, `iat` and `exp` where they are missing.
    pub(crate) fn completed(&self, claims: Map<String, Value>) -> Map<String, Value> {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let mut all = Map::new();
        all.insert("iss".to_owned(), json!(*self.url));
        all.insert("iat".to_owned(), json!(now));
        all.insert("exp".to_owned(), json!(now + LIFETIME));
        all.extend(claims);
        all
    }

    /// Serves discovery, keys and tokens until the future is dropped.
    ///
    /// # Errors
    /// What accepting connections fails with.
    pub(crate) async fn serve(self, listener: TcpListener) -> std::io::Result<()> {
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route(JWKS_PATH, get(keys))
            .route("/token", post(token))
            .with_state(self);
        axum::serve(listener, router).await
    }
}

/// A private key and its SubjectPublicKeyInfo in DER.
fn fresh_key(algorithm: Algorithm) -> Option<(EncodingKey, Vec<u8>)> {
    if algorithm == Algorithm::ES256 {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).ok()?;
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().ok()?;
        return Some((
            EncodingKey::from_ec_der(pair.to_pkcs8v1().ok()?.as_ref()),
            public.as_ref().to_vec(),
        ));
    }
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).ok()?;
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().ok()?;
    let private: Pkcs8V1Der<'_> = pair.as_der().ok()?;
    let signer = EncodingKey::from_rsa_pem(pem("PRIVATE KEY", private.as_ref()).as_bytes()).ok()?;
    Some((signer, public.as_ref().to_vec()))
}

/// RFC 7468
fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    for line in text.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem + &format!("-----END {label}-----\n")
}

/// OpenID Connect Discovery 1.0, section 3, as far as it applies to a provider without a login page.
async fn discovery(State(issuer): State<Issuer>) -> Json<Value> {
    Json(json!({
        "issuer": *issuer.url,
        "jwks_uri": issuer.jwks_url(),
        "token_endpoint": format!("{}/token", issuer.url),
        "authorization_endpoint": format!("{}/authorize", issuer.url),
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": ["token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [format!("{:?}", issuer.algorithm)],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
    }))
}

async fn keys(State(issuer): State<Issuer>) -> Json<JwkSet> {
    Json(JwkSet {
        keys: vec![(*issuer.jwk).clone()],
    })
}

/// RFC 6749, section 4.4, for a client that is whoever it says: every field but the grant's own is a claim.
async fn token(
    State(issuer): State<Issuer>,
    headers: axum::http::HeaderMap,
    body: Bytes,
) -> Response {
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/json"));
    let fields = if is_json {
        match serde_json::from_slice::<Map<String, Value>>(&body) {
            Ok(fields) => fields,
            Err(error) => return refused(&format!("the body is no JSON object: {error}")),
        }
    } else {
        let mut lists: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(&body) {
            lists
                .entry(name.into_owned())
                .or_default()
                .push(value.into_owned());
        }
        let single = |mut values: Vec<String>| match values.len() {
            1 => json!(values.remove(0)),
            _ => json!(values),
        };
        lists
            .into_iter()
            .map(|(name, values)| (name, single(values)))
            .collect()
    };
    let mut claims = Map::new();
    for (name, value) in fields {
        match name.as_str() {
            "grant_type" | "client_id" | "client_secret" => {}
            "audience" | "resource" => {
                claims.insert("aud".to_owned(), value);
            }
            _ => {
                claims.insert(name, value);
            }
        }
    }
    if !claims.contains_key("sub") {
        claims.insert("sub".to_owned(), json!("developer"));
    }
    let scope = claims.get("scope").cloned();
    match issuer.token(claims) {
        Ok(token) => {
            let mut answer =
                json!({ "access_token": token, "token_type": "Bearer", "expires_in": LIFETIME });
            if let (Some(scope), Some(object)) = (scope, answer.as_object_mut()) {
                object.insert("scope".to_owned(), scope);
            }
            ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response()
        }
        Err(failure) => refused(&failure.what),
    }
}

fn refused(detail: &str) -> Response {
    let body = json!({ "error": "invalid_request", "error_description": detail });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

#[cfg(test)]
mod tests;
