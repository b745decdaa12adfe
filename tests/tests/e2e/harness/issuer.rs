//! An issuer of tokens: real keys, discovery and a JWKS over HTTP.

use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value, json};

use super::log::Log;
use super::script::{Answer, Script};
use super::upstream::Upstream;

/// A signing key.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) id: &'static str,
    pub(crate) algorithm: Algorithm,
    signing: EncodingKey,
}

impl Key {
    fn es256(id: &'static str) -> Key {
        let key =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                .unwrap();
        Key {
            id,
            algorithm: Algorithm::ES256,
            signing: EncodingKey::from_ec_der(key.as_ref()),
        }
    }

    fn rs256(id: &'static str) -> Key {
        let key = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
        let der = key.as_der().unwrap();
        let pem = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            lines(der.as_ref())
        );
        Key {
            id,
            algorithm: Algorithm::RS256,
            signing: EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap(),
        }
    }

    fn public(&self) -> Jwk {
        let mut jwk = Jwk::from_encoding_key(&self.signing, self.algorithm).unwrap();
        jwk.common.key_id = Some(self.id.to_owned());
        jwk
    }
}

fn lines(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    text.as_bytes()
        .chunks(64)
        .map(|line| String::from_utf8_lossy(line))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Keys take a while to make: one set for the whole run.
pub(crate) static ES256: LazyLock<Key> = LazyLock::new(|| Key::es256("first"));
pub(crate) static RS256: LazyLock<Key> = LazyLock::new(|| Key::rs256("second"));
/// Never published at first: what a rotation brings, and what a forger has.
pub(crate) static OTHER: LazyLock<Key> = LazyLock::new(|| Key::es256("third"));

/// An issuer that serves discovery and keys.
#[derive(Debug)]
pub(crate) struct Issuer {
    server: Upstream,
    pub(crate) log: Log,
}

impl Issuer {
    /// One that publishes these keys.
    pub(crate) async fn up(keys: &[&Key]) -> Issuer {
        let log = Log::default();
        let server = Upstream::up("issuer", log.clone()).await;
        let issuer = Issuer { server, log };
        let discovery =
            json!({ "issuer": issuer.url(), "jwks_uri": format!("{}/keys", issuer.url()) });
        issuer.answer(
            "GET /.well-known/openid-configuration",
            Answer::json(200, discovery.to_string()),
        );
        issuer.publish(keys);
        issuer
    }

    /// Publishes these keys instead of those before.
    pub(crate) fn publish(&self, keys: &[&Key]) {
        let set = JwkSet {
            keys: keys.iter().map(|key| key.public()).collect(),
        };
        self.answer(
            "GET /keys",
            Answer::json(200, serde_json::to_vec(&set).unwrap()),
        );
    }

    /// Answers so from now on.
    pub(crate) fn answer(&self, route: &str, answer: Answer) {
        self.server.script(Script::new("issuer", route, answer));
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    /// The claims of a good token.
    pub(crate) fn claims(&self, subject: &str, audience: &str) -> Map<String, Value> {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let claims = json!({ "iss": self.url(), "sub": subject, "aud": audience, "iat": now, "exp": now + 600 });
        let Value::Object(claims) = claims else {
            unreachable!()
        };
        claims
    }
}

/// A signed token.
pub(crate) fn sign(claims: &Map<String, Value>, key: &Key) -> String {
    let mut header = Header::new(key.algorithm);
    header.kid = Some(key.id.to_owned());
    jsonwebtoken::encode(&header, claims, &key.signing).unwrap()
}

/// A token with any header and the signature of anything: what an attacker sends.
pub(crate) fn forge(header: &Value, claims: &Map<String, Value>, secret: Option<&[u8]>) -> String {
    let part = |value: &[u8]| URL_SAFE_NO_PAD.encode(value);
    let signed = format!(
        "{}.{}",
        part(header.to_string().as_bytes()),
        part(&serde_json::to_vec(claims).unwrap())
    );
    let signature = secret.map(|secret| {
        jsonwebtoken::crypto::sign(
            signed.as_bytes(),
            &EncodingKey::from_secret(secret),
            Algorithm::HS256,
        )
        .unwrap()
    });
    format!("{signed}.{}", signature.unwrap_or_default())
}

/// The public half of a key as the JSON of its JWK.
pub(crate) fn jwk(key: &Key) -> Value {
    serde_json::to_value(key.public()).unwrap()
}
