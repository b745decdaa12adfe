//! A development identity provider: tokens for anyone who asks, on loopback alone.
//!
//! In: the claims somebody wants. Out: an OpenID Connect discovery document, a key set with one key made at the start
//! (P-256, ES256), and tokens signed with it. The key is never written down and dies with the process.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, body::Bytes};
use jsonwebtoken::jwk::{Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use crate::failure::{Failure, Result};

/// How long a token is good for: a working day.
const LIFETIME: u64 = 12 * 60 * 60;

/// A development identity provider.
#[derive(Clone)]
pub(crate) struct Issuer {
    url: Arc<str>,
    signer: Arc<EncodingKey>,
    jwk: Arc<Jwk>,
    /// SubjectPublicKeyInfo (RFC 5280), in DER.
    public_key: Arc<[u8]>,
}

impl Issuer {
    /// One that calls itself by this URL, with a fresh key.
    pub(crate) fn new(url: &str) -> Result<Issuer> {
        let broken = |_| Failure::new("cannot make a key for the development identity provider");
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(broken)?;
        let private = pair.to_pkcs8v1().map_err(broken)?;
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(broken)?;
        let signer = EncodingKey::from_ec_der(private.as_ref());
        let mut jwk = Jwk::from_encoding_key(&signer, Algorithm::ES256)
            .map_err(|error| Failure::new(format!("cannot make a key for the development identity provider: {error}")))?;
        jwk.common.key_id = Some("development".to_owned());
        jwk.common.key_algorithm = Some(KeyAlgorithm::ES256);
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Issuer {
            url: url.into(),
            signer: Arc::new(signer),
            jwk: Arc::new(jwk),
            public_key: public.as_ref().into(),
        })
    }

    /// What it calls itself: `iss` of its tokens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Its key set's address.
    pub(crate) fn jwks_url(&self) -> String {
        format!("{}/jwks", self.url)
    }

    /// Its public key as PEM.
    pub(crate) fn public_pem(&self) -> String {
        use base64::Engine;
        let text = base64::engine::general_purpose::STANDARD.encode(&self.public_key);
        format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n")
    }

    /// A token with these claims; `iss`, `iat` and `exp` are added where they are missing.
    pub(crate) fn token(&self, claims: Map<String, Value>) -> Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let mut all = Map::new();
        all.insert("iss".to_owned(), json!(*self.url));
        all.insert("iat".to_owned(), json!(now));
        all.insert("exp".to_owned(), json!(now + LIFETIME));
        all.extend(claims);
        let header = Header {
            kid: self.jwk.common.key_id.clone(),
            ..Header::new(Algorithm::ES256)
        };
        jsonwebtoken::encode(&header, &all, &self.signer)
            .map_err(|error| Failure::new(format!("cannot sign a development token: {error}")))
    }

    /// Serves discovery, keys and tokens until the future is dropped.
    ///
    /// # Errors
    /// What accepting connections fails with.
    pub(crate) async fn serve(self, listener: TcpListener) -> std::io::Result<()> {
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks", get(keys))
            .route("/token", post(token))
            .with_state(self);
        axum::serve(listener, router).await
    }
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
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
    }))
}

async fn keys(State(issuer): State<Issuer>) -> Json<JwkSet> {
    Json(JwkSet {
        keys: vec![(*issuer.jwk).clone()],
    })
}

/// RFC 6749, section 4.4, for a client that is whoever it says: every field but the grant's own is a claim.
async fn token(State(issuer): State<Issuer>, headers: axum::http::HeaderMap, body: Bytes) -> Response {
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
            lists.entry(name.into_owned()).or_default().push(value.into_owned());
        }
        let single = |mut values: Vec<String>| match values.len() {
            1 => json!(values.remove(0)),
            _ => json!(values),
        };
        lists.into_iter().map(|(name, values)| (name, single(values))).collect()
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
            let mut answer = json!({ "access_token": token, "token_type": "Bearer", "expires_in": LIFETIME });
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
