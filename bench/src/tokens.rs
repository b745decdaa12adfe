//! Who the users are: a key made at the start, a set of keys that holds it, and a token for each user.
//!
//! The key is never written down and dies with the process that made it.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::RsaKeyPair;
use base64::Engine;
use bytes::Bytes;
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;

use crate::data::{USERS, user_id};

/// How long a token is good for, in seconds.
const LIFETIME: u64 = 6 * 60 * 60;
/// The key's name.
const KID: &str = "bench";

/// The set of keys as JSON, and a token for each user.
pub(crate) fn make() -> anyhow::Result<(Bytes, Vec<String>)> {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).context("no key could be made")?;
    let private: Pkcs8V1Der<'_> = pair.as_der().context("no key could be made")?;
    let body = base64::engine::general_purpose::STANDARD.encode(private.as_ref());
    // RFC 7468 asks for lines of 64.
    let lines: Vec<_> = body
        .as_bytes()
        .chunks(64)
        .map(String::from_utf8_lossy)
        .collect();
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        lines.join("\n")
    );
    let signer = EncodingKey::from_rsa_pem(pem.as_bytes())?;
    let mut jwk = Jwk::from_encoding_key(&signer, Algorithm::RS256)?;
    jwk.common.key_id = Some(KID.to_owned());
    jwk.common.public_key_use = Some(PublicKeyUse::Signature);
    let header = Header {
        kid: Some(KID.to_owned()),
        ..Header::new(Algorithm::RS256)
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let token = |number| {
        let claims = json!({
            "sub": user_id(number), "aud": "bench", "iss": "https://issuer.example", "iat": now, "exp": now + LIFETIME,
            "scope": "openid profile orders", "name": format!("user {number}"),
        });
        jsonwebtoken::encode(&header, &claims, &signer)
    };
    let tokens = (0..USERS).map(token).collect::<Result<_, _>>()?;
    let keys = serde_json::to_vec(&JwkSet { keys: vec![jwk] })?;
    Ok((keys.into(), tokens))
}
