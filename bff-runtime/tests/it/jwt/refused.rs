//! Tokens made here, each good but for one thing: refused with 401, and a challenge that says which (RFC 6750, 3).

use super::*;

pub(super) const MALFORMED: &str = "the token is malformed";
pub(super) const ALGORITHM: &str = "the token's algorithm is not accepted";
pub(super) const TYPE: &str = "the token is of another type";
pub(super) const CRITICAL: &str = "the token asks for extensions that are not supported";
pub(super) const UNKNOWN: &str = "the token's key is not known";
pub(super) const SIGNATURE: &str = "the token's signature is not valid";
/// What is said of a token whose signature was found good, and whose payload holds no claims.
pub(super) const NO_CLAIMS: &str = "the payload is no JSON object";

#[tokio::test]
async fn tokens_that_are_refused() {
    let (key, foreign) = (Signer::p256(), Signer::p256());
    let weak = json!({ "kty": "RSA", "kid": "weak", "n": b64([0xff; 128]), "e": "AQAB" });
    let (issuer, _) = issuer(vec![key.jwk("k1"), RSA.jwk("k2"), weak]).await;
    let alpha = Scripted::start(|_| ok("{}")).await;
    let gateway = start_with(
        &SECURED,
        &[("ISSUER", &issuer.url()), ("ALPHA_URL", &alpha.url())],
    )
    .await;
    let good = claims(&issuer.url());
    let header = json!({ "alg": "ES256", "kid": "k1" });
    let changed = |changes: Json| key.token(&header, &with(good.clone(), changes));
    let headed = |header: Json| key.token(&header, &good);
    let whole = key.token(&header, &good);
    let (message, signature) = whole.rsplit_once('.').unwrap();
    let (head, payload) = message.split_once('.').unwrap();
    // A public key taken for a secret: signed with the text every client can read.
    let confused = {
        let message = format!(
            "{}.{}",
            b64(json!({ "alg": "HS256", "kid": "k2" }).to_string()),
            b64(good.to_string())
        );
        let secret = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, RSA.pem().as_bytes());
        format!(
            "{message}.{}",
            b64(aws_lc_rs::hmac::sign(&secret, message.as_bytes()))
        )
    };
    let cases: Vec<(&str, String)> = vec![
        (
            "the token is meant for another audience",
            changed(json!({ "aud": "other" })),
        ),
        (
            "the token is meant for another audience",
            changed(json!({ "aud": null })),
        ),
        (
            "the token is another issuer's",
            changed(json!({ "iss": format!("{}/", issuer.url()) })),
        ),
        (
            "the token is another issuer's",
            changed(json!({ "iss": null })),
        ),
        (
            "the token has expired",
            changed(json!({ "exp": now() - 31 })),
        ),
        ("`exp` is missing", changed(json!({ "exp": null }))),
        ("`exp` is no time", changed(json!({ "exp": "tomorrow" }))),
        (
            "the token is not valid yet",
            changed(json!({ "nbf": now() + 600 })),
        ),
        (
            "the token was issued in the future",
            changed(json!({ "iat": now() + 600 })),
        ),
        ("`sub` is missing", changed(json!({ "sub": null }))),
        ("`sub` is of another kind", changed(json!({ "sub": 7 }))),
        ("`tenant` is missing", changed(json!({ "tenant": null }))),
        (
            "`tenant` is of another kind",
            changed(json!({ "tenant": ["t1"] })),
        ),
        (
            "the payload is no JSON object",
            key.token(&header, &json!(["a"])),
        ),
        (
            "the token's key is not known",
            headed(json!({ "alg": "ES256", "kid": "k9" })),
        ),
        (
            "the token's key is not known",
            headed(json!({ "alg": "ES256", "kid": "k2" })),
        ),
        (
            "the token's key is not known",
            headed(json!({ "alg": "RS256", "kid": "weak" })),
        ),
        (
            "the token's key is not known",
            headed(json!({ "alg": "RS512", "kid": "k2" })),
        ),
        (
            "the token's signature is not valid",
            foreign.token(&header, &good),
        ),
        (
            "the token's signature is not valid",
            foreign.token(
                &json!({ "alg": "ES256", "kid": "k1", "jwk": foreign.jwk("k1") }),
                &good,
            ),
        ),
        (
            "the token's signature is not valid",
            format!(
                "{head}.{}.{signature}",
                b64(with(good.clone(), json!({ "sub": "u2" })).to_string())
            ),
        ),
        ("the token's algorithm is not accepted", confused),
        (
            "the token's algorithm is not accepted",
            format!("{}.{payload}.{signature}", b64(r#"{"alg":"none"}"#)),
        ),
        (
            "the token is malformed",
            format!("{}.{payload}.", b64(r#"{"alg":"none"}"#)),
        ),
        (
            "the token's algorithm is not accepted",
            headed(json!({ "alg": "es256", "kid": "k1" })),
        ),
        ("the token is malformed", headed(json!({ "kid": "k1" }))),
        (
            "the token asks for extensions that are not supported",
            headed(json!({ "alg": "ES256", "kid": "k1", "crit": ["b64"], "b64": false })),
        ),
        (
            "the token is of another type",
            headed(json!({ "alg": "ES256", "kid": "k1", "typ": "dpop+jwt" })),
        ),
        ("the token is malformed", format!("{whole}=")),
        ("the token is malformed", format!("{whole}.")),
        ("the token is malformed", message.to_owned()),
        ("the token is malformed", "x".repeat(20_000)),
        // Where a key might be had from, other than the issuer.
        (
            SIGNATURE,
            foreign.token(
                &json!({ "alg": "ES256", "kid": "k1", "jku": format!("{}/keys", issuer.url()) }),
                &good,
            ),
        ),
        (
            SIGNATURE,
            foreign.token(
                &json!({ "alg": "ES256", "kid": "k1", "x5u": format!("{}/chain", issuer.url()) }),
                &good,
            ),
        ),
        (
            SIGNATURE,
            foreign.token(
                &json!({ "alg": "ES256", "kid": "k1", "x5c": [STANDARD.encode("a certificate")] }),
                &good,
            ),
        ),
        (
            UNKNOWN,
            headed(json!({ "alg": "ES256", "kid": "../../k1" })),
        ),
        (UNKNOWN, headed(json!({ "alg": "ES256", "kid": "" }))),
        (UNKNOWN, headed(json!({ "alg": "RS256", "kid": "k1" }))),
        (UNKNOWN, headed(json!({ "alg": "PS256", "kid": "k2" }))),
        // Algorithms that are none, or not these.
        (ALGORITHM, headed(json!({ "alg": "none", "kid": "k1" }))),
        (ALGORITHM, headed(json!({ "alg": "nOnE", "kid": "k1" }))),
        (ALGORITHM, headed(json!({ "alg": "", "kid": "k1" }))),
        (ALGORITHM, headed(json!({ "alg": "ES256K", "kid": "k1" }))),
        (
            ALGORITHM,
            headed(json!({ "alg": "RSA-OAEP", "enc": "A256GCM", "kid": "k2" })),
        ),
        (MALFORMED, headed(json!({ "alg": 256, "kid": "k1" }))),
        (MALFORMED, headed(json!({ "alg": ["ES256"], "kid": "k1" }))),
        // Headers that are no header.
        (MALFORMED, headed(json!({ "alg": "ES256", "kid": 1 }))),
        (MALFORMED, headed(json!(["ES256"]))),
        (MALFORMED, headed(json!("ES256"))),
        (
            MALFORMED,
            format!("{}.{payload}.{signature}", b64("{\"alg\":\"ES256\"")),
        ),
        (
            MALFORMED,
            format!(
                "{}.{payload}.{signature}",
                b64(r#"{"alg":"ES256","alg":"ES256"}"#)
            ),
        ),
        (MALFORMED, format!(".{payload}.{signature}")),
        (
            TYPE,
            headed(json!({ "alg": "ES256", "kid": "k1", "typ": "secevent+jwt" })),
        ),
        (
            TYPE,
            headed(json!({ "alg": "ES256", "kid": "k1", "typ": "" })),
        ),
        (
            CRITICAL,
            headed(json!({ "alg": "ES256", "kid": "k1", "crit": [] })),
        ),
        (
            CRITICAL,
            headed(json!({ "alg": "ES256", "kid": "k1", "crit": null })),
        ),
        // Signatures that were once taken for some.
        (SIGNATURE, format!("{message}.{}", b64([0; 64]))),
        (SIGNATURE, format!("{message}.{}", b64([0xff; 64]))),
        (
            SIGNATURE,
            format!("{message}.{}", b64([0x30, 0x06, 2, 1, 1, 2, 1, 1])),
        ),
        (SIGNATURE, format!("{message}.{}", b64("x"))),
        (MALFORMED, format!("{message}.{signature}!")),
        (
            MALFORMED,
            format!("{message}.{}", signature.replace(['-', '_'], "+") + "+"),
        ),
        (MALFORMED, format!("{head}.{payload}==.{signature}")),
        (MALFORMED, format!("{head}.%7B%7D.{signature}")),
        (MALFORMED, format!("{whole}.{signature}")),
        (MALFORMED, "..".to_owned()),
        (MALFORMED, "not a token".to_owned()),
        // Claims of the wrong kind, and times beyond all others.
        (
            "the token is meant for another audience",
            changed(json!({ "aud": ["a", "b"] })),
        ),
        (
            "the token is meant for another audience",
            changed(json!({ "aud": [] })),
        ),
        (
            "the token is meant for another audience",
            changed(json!({ "aud": { "shop-web": true } })),
        ),
        (
            "the token is meant for another audience",
            changed(json!({ "aud": "shop-web " })),
        ),
        (
            "the token is meant for another audience",
            changed(json!({ "aud": "SHOP-WEB" })),
        ),
        (
            "the token is another issuer's",
            changed(json!({ "iss": [issuer.url()] })),
        ),
        (
            "the token is another issuer's",
            changed(json!({ "iss": issuer.url().to_uppercase() })),
        ),
        ("the token has expired", changed(json!({ "exp": 0 }))),
        ("the token has expired", changed(json!({ "exp": -1 }))),
        ("`exp` is no time", changed(json!({ "exp": [now() + 600] }))),
        ("`nbf` is no time", changed(json!({ "nbf": "now" }))),
        ("`iat` is no time", changed(json!({ "iat": true }))),
        (
            "`sub` is of another kind",
            changed(json!({ "sub": ["u1"] })),
        ),
        (
            "the payload is no JSON object",
            key.token(&header, &json!("claims")),
        ),
        (
            "the payload is no JSON object",
            key.token(&header, &json!(null)),
        ),
    ];
    assert!(cases.len() >= 40, "{}", cases.len());
    for (words, token) in cases {
        let got = ask(&gateway, "/me", &token).await;
        let challenge = format!("Bearer error=\"invalid_token\", error_description=\"{words}\"");
        assert_eq!(
            (got.status, got.header("www-authenticate")),
            (401, Some(challenge.as_str())),
            "{token}"
        );
    }
    for headers in [
        &[][..],
        &[("authorization", "Basic eDp5")],
        &[("authorization", "Bearer")],
    ] {
        let got = client::send(gateway.addr, "GET", "/me", headers, "").await;
        assert_eq!(
            (got.status, got.header("www-authenticate")),
            (401, Some("Bearer")),
            "{headers:?}"
        );
    }
    let twice = format!("Bearer {whole}");
    let got = client::send(
        gateway.addr,
        "GET",
        "/me",
        &[("authorization", &twice), ("authorization", &twice)],
        "",
    )
    .await;
    assert_eq!(got.status, 401);
    assert!(alpha.seen().is_empty());
    // However many keys nobody knows: a handful of look-ups.
    assert!(issuer.seen().len() <= 12, "{}", issuer.seen().len());
    gateway.shutdown().await;
}
