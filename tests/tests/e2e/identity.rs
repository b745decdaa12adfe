//! Keys that rotate, issuers that are away, and tokens nobody signed.

use serde_json::{Map, Value, json};

use crate::harness::World;
use crate::harness::client::{Ask, Got};
use crate::harness::issuer::{self, ES256, Key, OTHER, RS256};
use crate::harness::script::{Answer, Script};

/// A world whose `GET /api/orders` answers whoever is let in.
async fn world() -> World {
    let world = World::start("web", &[]).await;
    world.script(Script::new(
        "orders",
        "GET /orders",
        Answer::json(200, r#"{"items":[],"page":1,"total":0}"#),
    ));
    world
}

fn claims(world: &World) -> Map<String, Value> {
    world.issuer.claims("u-1001", "shop-web")
}

async fn ask(world: &World, token: &str) -> Got {
    world.ask(&Ask::get("/api/orders").bearer(token)).await
}

async fn ask_with(world: &World, key: &Key) -> Got {
    ask(world, &issuer::sign(&claims(world), key)).await
}

#[tokio::test]
async fn a_rotated_key_is_picked_up() {
    let world = world().await;
    assert_eq!(ask_with(&world, &ES256).await.status, 200);
    assert_eq!(ask_with(&world, &OTHER).await.status, 401);
    world.issuer.publish(&[&OTHER]);
    assert_eq!(ask_with(&world, &OTHER).await.status, 200);
    let old = ask_with(&world, &ES256).await;
    assert_eq!(old.status, 401, "a withdrawn key still serves: {old:?}");
}

#[tokio::test]
async fn known_keys_outlive_their_issuer() {
    let world = world().await;
    assert_eq!(ask_with(&world, &ES256).await.status, 200);
    world.issuer.answer(
        "GET /.well-known/openid-configuration",
        Answer::json(500, ""),
    );
    world.issuer.answer("GET /keys", Answer::json(500, ""));
    let unknown = ask_with(&world, &OTHER).await;
    assert_eq!(
        unknown.status, 503,
        "nobody can say whether this key is the issuer's: {unknown:?}"
    );
    assert_eq!(ask_with(&world, &ES256).await.status, 200);
    assert_eq!(ask_with(&world, &RS256).await.status, 200);
}

#[tokio::test]
async fn without_keys_nobody_is_told_401() {
    let world = world().await;
    world.issuer.answer("GET /keys", Answer::json(500, ""));
    let got = ask_with(&world, &ES256).await;
    assert_eq!(got.status, 503, "{got:?}");
    assert!(got.header("retry-after").is_some(), "{got:?}");
    world.issuer.publish(&[&ES256]);
    assert_eq!(ask_with(&world, &ES256).await.status, 200);
}

#[tokio::test]
async fn keys_are_fetched_once_however_many_ask() {
    let world = world().await;
    let token = issuer::sign(&claims(&world), &ES256);
    let addr = world.gateway.addr;
    let asking: Vec<_> = (0..20)
        .map(|_| {
            let ask = Ask::get("/api/orders").bearer(&token);
            tokio::spawn(async move { ask.send(addr).await.status })
        })
        .collect();
    for status in asking {
        assert_eq!(status.await.unwrap(), 200);
    }
    let fetches = world
        .issuer
        .log
        .since(0)
        .iter()
        .filter(|seen| seen.target == "/keys")
        .count();
    assert_eq!(fetches, 1);
    for _ in 0..50 {
        assert_eq!(ask_with(&world, &OTHER).await.status, 401);
    }
    let fetches = world
        .issuer
        .log
        .since(0)
        .iter()
        .filter(|seen| seen.target == "/keys")
        .count();
    assert!(
        fetches <= 10,
        "50 tokens of an unknown key make {fetches} fetches"
    );
}

/// Tokens that look right to a verifier that trusts what they say of themselves.
#[tokio::test]
async fn forged_tokens_are_refused() {
    let world = world().await;
    let claims = claims(&world);
    let good = issuer::sign(&claims, &ES256);
    assert_eq!(ask(&world, &good).await.status, 200);
    let public = issuer::jwk(&ES256).to_string();
    let rsa = issuer::jwk(&RS256).to_string();
    let forge = |header: Value, secret: Option<&[u8]>| issuer::forge(&header, &claims, secret);
    let mut parts = good.split('.');
    let (header, payload, signature) = (
        parts.next().unwrap(),
        parts.next().unwrap(),
        parts.next().unwrap(),
    );
    let mut richer = claims.clone();
    richer.insert("sub".to_owned(), "u-1002".into());
    let other_payload = issuer::sign(&richer, &ES256);
    let other_payload = other_payload.split('.').nth(1).unwrap();
    let foreign = issuer::sign(&claims, &OTHER);
    let foreign_signature = foreign.split('.').nth(2).unwrap();
    let cases = [
        (
            "no algorithm",
            forge(json!({ "alg": "none", "typ": "JWT", "kid": "first" }), None),
        ),
        (
            "no algorithm, in capitals",
            forge(json!({ "alg": "NONE" }), None),
        ),
        (
            "a public EC key as a secret",
            forge(
                json!({ "alg": "HS256", "kid": "first" }),
                Some(public.as_bytes()),
            ),
        ),
        (
            "a public RSA key as a secret",
            forge(
                json!({ "alg": "HS256", "kid": "second" }),
                Some(rsa.as_bytes()),
            ),
        ),
        (
            "an empty secret",
            forge(json!({ "alg": "HS256", "kid": "first" }), Some(b"")),
        ),
        (
            "a key of its own",
            forge(
                json!({ "alg": "HS256", "jwk": { "kty": "oct", "k": "c2VjcmV0" } }),
                Some(b"secret"),
            ),
        ),
        (
            "a key by URL",
            forge(
                json!({ "alg": "ES256", "jku": format!("{}/keys", world.issuer.url()) }),
                Some(b"x"),
            ),
        ),
        (
            "a critical extension",
            forge(
                json!({ "alg": "ES256", "kid": "first", "crit": ["b64"], "b64": false }),
                Some(b"x"),
            ),
        ),
        (
            "a key's id that is a path",
            forge(
                json!({ "alg": "HS256", "kid": "../../dev/null" }),
                Some(b""),
            ),
        ),
        (
            "another payload",
            format!("{header}.{other_payload}.{signature}"),
        ),
        (
            "another key's signature",
            format!("{header}.{payload}.{foreign_signature}"),
        ),
        (
            "another header",
            format!(
                "{}.{payload}.{signature}",
                foreign.split('.').next().unwrap()
            ),
        ),
        ("no signature", format!("{header}.{payload}.")),
        ("two parts", format!("{header}.{payload}")),
        ("four parts", format!("{good}.{signature}")),
        ("padding", format!("{good}==")),
        ("white space", format!("{header}.{payload}. {signature}")),
        ("nothing", String::new()),
        ("dots", "..".to_owned()),
        ("a great deal", "a".repeat(20_000)),
    ];
    for (name, token) in cases {
        let got = ask(&world, &token).await;
        assert_eq!(got.status, 401, "{name}: {got:?}");
        assert!(
            got.header("www-authenticate")
                .is_some_and(|value| value.starts_with("Bearer")),
            "{name}: {got:?}"
        );
    }
    let twice = Ask::get("/api/orders").bearer(&good).bearer(&good);
    assert_eq!(world.ask(&twice).await.status, 401, "two tokens");
    assert_eq!(
        world.log.len(),
        1,
        "only the good token reached an upstream"
    );
}

/// The token that goes along is the one that was verified, as it came.
#[tokio::test]
async fn the_verified_token_is_forwarded() {
    let world = world().await;
    let token = issuer::sign(&claims(&world), &RS256);
    assert_eq!(ask(&world, &token).await.status, 200);
    let seen = world.log.since(0);
    assert_eq!(
        seen[0].header("authorization"),
        Some(format!("Bearer {token}").as_str())
    );
}
