//! What a client shows of itself: a token, or a key.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bff_json::{Fields, Frame, Key, Kinds, Node, Shape};
use http::{HeaderValue, Request};
use serde_json::Value;

use crate::auth::{Algorithm, ApiKey, Authenticator, Jwt, KeySource, Scheme, Verdict};
use crate::plan::{Part, Text};
use crate::text::{Env, Variables};

const SECRET: &str = "a secret of more than thirty-two bytes";

static CLAIMS: Shape = Shape {
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
static TOKEN: Jwt = Jwt {
    name: "token",
    source: KeySource::Key(Text(&[Part::Literal(SECRET)])),
    audience: &[],
    algorithms: &[Algorithm::HS256],
    leeway: Duration::from_secs(30),
    required: &[],
    claims_shape: &CLAIMS,
    claims: &[],
};
static KEY: ApiKey = ApiKey {
    name: "key",
    header: "x-api-key",
    keys: Text(&[]),
    claims_shape: &CLAIMS,
    claims: &[],
};
static SCHEMES: LazyLock<Vec<Arc<dyn Authenticator>>> = LazyLock::new(|| {
    let schemes: [&'static dyn Scheme; 2] = [&TOKEN, &KEY];
    schemes
        .into_iter()
        .filter_map(|scheme| scheme.start(&mut Env::new(Variables::Map(Default::default()))))
        .collect()
});

/// As it stands, and as header and payload (a line each) that the issuer signed.
pub fn identity(bytes: &[u8]) {
    for (name, prefix) in [
        ("authorization", ""),
        ("authorization", "Bearer "),
        ("x-api-key", ""),
    ] {
        assert!(!takes(name, &[prefix.as_bytes(), bytes].concat()));
    }
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let (header, payload) = bytes.split_at(end.unwrap_or(bytes.len()));
    let payload = payload.get(1..).unwrap_or_default();
    if takes("authorization", signed([header, payload]).as_bytes()) {
        let [header, claims] = [header, payload].map(serde_json::from_slice::<Value>);
        let (header, claims) = (header.unwrap_or_default(), claims.unwrap_or_default());
        assert_eq!(header["alg"], "HS256");
        assert!(header.get("crit").is_none());
        assert!(claims["sub"].is_string());
        assert!(claims["exp"].as_f64() > Some(1.7e9));
    }
}

/// The header of a token with this header and payload.
fn signed(parts: [&[u8]; 2]) -> String {
    let message = parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, message.as_bytes()));
    format!("Bearer {message}.{signature}")
}

/// Whether any scheme takes a header's value for somebody's.
fn takes(name: &'static str, value: &[u8]) -> bool {
    let Ok(value) = HeaderValue::from_bytes(value) else {
        return false;
    };
    let mut request = Request::new(());
    request.headers_mut().insert(name, value);
    let (head, ()) = request.into_parts();
    SCHEMES
        .iter()
        .any(|scheme| matches!(scheme.authenticate(&head), Verdict::Now(Ok(_))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_issuer_signed_is_taken() {
        let parts = ["{\"alg\":\"HS256\"}", "{\"sub\":\"u\",\"exp\":4000000000}"];
        assert!(takes(
            "authorization",
            signed(parts.map(str::as_bytes)).as_bytes()
        ));
    }
}
