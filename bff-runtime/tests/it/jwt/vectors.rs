//! Tokens and keys that others published, over HTTP: each refused, for what makes it invalid.
//!
//! They are read from `../shared/fixtures`, beside the workspace.

use serde_json::Value as Json;

use super::refused::{ALGORITHM, CRITICAL, MALFORMED, NO_CLAIMS, SIGNATURE, TYPE, UNKNOWN};
use super::{SECURED, ask, issuer};
use crate::tables::start_with;
use crate::upstream::{Upstream as Scripted, ok};

/// A file of the fixtures; none if they aren't there.
fn fixture(name: &str) -> Option<Json> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/fixtures/jwt")
        .join(name);
    let Ok(file) = std::fs::read(&path) else {
        assert!(
            std::env::var_os("BFF_REQUIRE_FIXTURES").is_none(),
            "the fixtures are required and not there"
        );
        eprintln!("skipped: {} is not there", path.display());
        return None;
    };
    Some(serde_json::from_slice(&file).unwrap())
}

/// What is said of a token by a gateway whose issuer publishes these keys: always 401.
async fn refusal(gateway: &bff_runtime::Running, token: &str) -> String {
    let got = ask(gateway, "/me", token).await;
    assert_eq!(got.status, 401, "{token}");
    let challenge = got.header("www-authenticate").unwrap_or_default();
    // Nothing at all is no wrong token (RFC 6750, 3.1).
    if token.is_empty() {
        assert_eq!(challenge, "Bearer");
        return MALFORMED.to_owned();
    }
    let words = challenge
        .strip_prefix("Bearer error=\"invalid_token\", error_description=\"")
        .and_then(|rest| rest.strip_suffix('"'));
    words
        .unwrap_or_else(|| panic!("{token}: {challenge}"))
        .to_owned()
}

/// Valid vectors that are refused for their signature all the same: the key says PS256 and the token PS384 (346, 350),
/// P-521 is not supported (347, 351), and a question mark is no base64url (372, 373).
const BEYOND: [u64; 6] = [346, 350, 347, 351, 372, 373];
/// "Invalid" vectors that are byte for byte the valid 357.
const MISLABELLED: [u64; 2] = [367, 370];

/// Every vector of Project Wycheproof is 401: the invalid ones for what makes them invalid, the valid ones because their
/// payloads hold no claims. A lone secret is never taken from a set of keys, so that all it signed is refused.
#[tokio::test]
async fn vectors() {
    let mut seen = Vec::new();
    for name in ["json_web_signature_test.json", "json_web_key_test.json"] {
        let Some(file) = fixture(name) else { return };
        let alpha = Scripted::start(|_| ok("{}")).await;
        let signatures = name.contains("signature");
        let mut count = 0;
        for group in file["testGroups"].as_array().unwrap() {
            let key = group.get("public").unwrap_or(&group["private"]);
            let keys = match key.get("keys") {
                Some(keys) => keys.as_array().unwrap().clone(),
                None => vec![key.clone()],
            };
            let secret = keys.iter().all(|key| key["kty"] == "oct");
            let (issuer, _) = issuer(keys).await;
            let variables = [("ISSUER", &*issuer.url()), ("ALPHA_URL", &*alpha.url())];
            let gateway = start_with(&SECURED, &variables).await;
            for test in group["tests"].as_array().unwrap() {
                let id = test["tcId"].as_u64().unwrap();
                let jws = test["jws"]
                    .as_str()
                    .map_or_else(|| test["jws"].to_string(), str::to_owned);
                let words = refusal(&gateway, &jws).await;
                let good = match (test["result"] == "valid", signatures) {
                    (true, true) => !BEYOND.contains(&id),
                    (false, true) => MISLABELLED.contains(&id),
                    (valid, false) => valid,
                };
                let expected = if good && !secret {
                    &[NO_CLAIMS][..]
                } else {
                    &[MALFORMED, ALGORITHM, TYPE, CRITICAL, UNKNOWN, SIGNATURE]
                };
                assert!(expected.contains(&words.as_str()), "{name} {id}: {words}");
                count += 1;
            }
            gateway.shutdown().await;
        }
        assert!(alpha.seen().is_empty());
        seen.push(count);
    }
    assert_eq!(seen, [401, 26]);
}

/// The examples of RFC 7520 that are one signature in compact form: those by keys of their own are found good, and then
/// refused because what they sign is no claims; the one by a secret is refused as such.
#[tokio::test]
async fn published_examples() {
    let alpha = Scripted::start(|_| ok("{}")).await;
    for (name, expected) in [
        ("4_1.rsa_v15_signature", NO_CLAIMS),
        ("4_2.rsa-pss_signature", NO_CLAIMS),
        // P-521 is not supported.
        ("4_3.ecdsa_signature", ALGORITHM),
        ("4_4.hmac-sha2_integrity_protection", ALGORITHM),
        // Nothing is signed where the payload is taken out.
        ("4_5.signature_with_detached_content", ALGORITHM),
    ] {
        let Some(file) = fixture(&format!("rfc7520/jws/{name}.json")) else {
            return;
        };
        let mut key = file["input"]["key"].clone();
        if let Some(key) = key.as_object_mut() {
            ["d", "p", "q", "dp", "dq", "qi"]
                .iter()
                .for_each(|part| drop(key.remove(*part)));
        }
        let (issuer, _) = issuer(vec![key]).await;
        let variables = [("ISSUER", &*issuer.url()), ("ALPHA_URL", &*alpha.url())];
        let gateway = start_with(&SECURED, &variables).await;
        let token = file["output"]["compact"].as_str().unwrap();
        assert_eq!(refusal(&gateway, token).await, expected, "{name}");
        gateway.shutdown().await;
    }
}
