//! Bearer tokens over HTTP: made by the tests with fresh keys, refused for one reason each.

mod refused;
mod vectors;

use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bff_runtime::auth::{Algorithm, ClaimRule, Jwt, KeySource, Scheme};
use bff_runtime::json::{Block, Condition, Fields, Frame, Hop, Node, Operand, Shape, Template};
use bff_runtime::plan::*;
use serde_json::{Value as Json, json};

use crate::client::{self, Answer as Got};
use crate::tables::*;
use crate::upstream::{Seen, Step, Upstream as Scripted, answer, ok};

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A key of an issuer's.
enum Signer {
    P256(EcdsaKeyPair),
    Rsa(Box<RsaKeyPair>),
}

impl Signer {
    fn p256() -> Signer {
        Signer::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    fn alg(&self) -> &'static str {
        match self {
            Signer::P256(_) => "ES256",
            Signer::Rsa(_) => "RS256",
        }
    }

    fn sign(&self, message: &str) -> String {
        let random = SystemRandom::new();
        match self {
            Signer::P256(key) => b64(key.sign(&random, message.as_bytes()).unwrap()),
            Signer::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(
                    &RSA_PKCS1_SHA256,
                    &random,
                    message.as_bytes(),
                    &mut signature,
                )
                .unwrap();
                b64(signature)
            }
        }
    }

    fn jwk(&self, kid: &str) -> Json {
        match self {
            Signer::P256(key) => {
                let point = key.public_key().as_ref();
                json!({ "kty": "EC", "crv": "P-256", "kid": kid, "x": b64(&point[1..33]), "y": b64(&point[33..]) })
            }
            Signer::Rsa(key) => {
                let (n, e) = rsa_parts(key.public_key().as_ref());
                json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": b64(n), "e": b64(e) })
            }
        }
    }

    fn pem(&self) -> String {
        let der = match self {
            Signer::P256(key) => key.public_key().as_der().unwrap().as_ref().to_vec(),
            Signer::Rsa(key) => key.public_key().as_der().unwrap().as_ref().to_vec(),
        };
        format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----",
            STANDARD.encode(der)
        )
    }

    /// A token with this header and these claims.
    fn token(&self, header: &Json, claims: &Json) -> String {
        let message = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
        format!("{message}.{}", self.sign(&message))
    }
}

/// Modulus and exponent of an `RSAPublicKey` with a 2048-bit modulus.
fn rsa_parts(der: &[u8]) -> (&[u8], &[u8]) {
    // SEQUENCE (4 bytes), INTEGER (4 bytes), a zero, the modulus, INTEGER (2 bytes), the exponent.
    (&der[9..265], &der[267..])
}

static RSA: LazyLock<Signer> =
    LazyLock::new(|| Signer::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())));

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

/// What a good token claims.
fn claims(issuer: &str) -> Json {
    json!({ "iss": issuer, "aud": "shop-web", "sub": "u1", "tenant": "t1", "exp": now() + 600, "scope": "read write", "roles": ["staff"] })
}

fn with(mut claims: Json, changes: Json) -> Json {
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Json::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

static CLAIMS: Shape = Shape {
    root: Frame {
        width: 2,
        node: Node::object(
            "",
            0,
            2,
            &Fields {
                keys: &[text("sub", 0), text("tenant", 1)],
                rest: None,
            },
        ),
    },
};
const RULES: &[ClaimRule] = &[ClaimRule {
    name: "tenant",
    kind: Scalar::String,
    list: false,
    required: true,
}];
static USER_SCHEME: Jwt = Jwt {
    name: "user",
    source: KeySource::Issuer(Text(&[Part::Variable("ISSUER", None)])),
    audience: &[Text(&[Part::Literal("shop-web")])],
    algorithms: &[],
    leeway: Duration::from_secs(30),
    required: &[],
    claims_shape: &CLAIMS,
    claims: RULES,
};

static FORWARDED: Upstream = Upstream {
    identity: Identity::Forward,
    ..upstream("alpha", Text(&[Part::Variable("ALPHA_URL", None)]))
};
static WHO: Operation = Operation {
    upstream: &FORWARDED,
    id: "who",
    method: "GET",
    path: &[PathPart::Literal("/who")],
};
static ME: Plan = Plan {
    calls: &[call("who", &WHO, &[])],
    require: &[],
    answer: Answer {
        status: 200,
        headers: &[],
        body: Some(&SUBJECT),
    },
};
static SUBJECT: Template = Template::Block(&Block::Fields(&[
    field("\"sub\":", value(1, &[Hop::Value(0)])),
    field("\"tenant\":", value(1, &[Hop::Value(1)])),
]));

static SCHEMES: [&dyn Scheme; 1] = [&USER_SCHEME];
const USER_AUTH: &[&dyn Scheme] = &SCHEMES;
const AUTH: Policies = Policies {
    auth: USER_AUTH,
    ..OPEN
};
static UPSTREAM_LIST: [&Upstream; 1] = [&FORWARDED];
const UPSTREAMS: &[&Upstream] = &UPSTREAM_LIST;

const fn secured(routes: &'static [Route], schemes: &'static [&'static dyn Scheme]) -> Bff {
    Bff {
        variables: &[],
        upstreams: UPSTREAMS,
        schemes,
        ..bff(routes)
    }
}
const fn me(policies: Policies, path: &'static [Segment]) -> Route {
    Route {
        policies,
        ..get("/me", path, NO_INPUTS, handler!(ME))
    }
}
static SECURED: Bff = secured(
    &[
        me(AUTH, &[Segment::Literal("me")]),
        me(
            Policies {
                scopes: &["read", "write"],
                ..AUTH
            },
            &[Segment::Literal("scoped")],
        ),
        me(
            Policies {
                scopes: &["read", "admin"],
                ..AUTH
            },
            &[Segment::Literal("beyond")],
        ),
        me(
            Policies {
                roles: &["boss", "staff"],
                ..AUTH
            },
            &[Segment::Literal("staff")],
        ),
        me(
            Policies {
                roles: &["boss"],
                ..AUTH
            },
            &[Segment::Literal("boss")],
        ),
        me(
            Policies {
                require: &[Clause {
                    text: "claims.tenant = \"t1\"",
                    condition: Condition::Equal(
                        Operand::Path(path(1, &[Hop::Value(1)])),
                        Operand::Literal("\"t1\""),
                    ),
                    reads: 0,
                }],
                ..AUTH
            },
            &[Segment::Literal("tenant")],
        ),
    ],
    USER_AUTH,
);

/// What an issuer publishes; `None` makes it fail.
type Published = Arc<Mutex<Option<Vec<Json>>>>;

async fn issuer(keys: Vec<Json>) -> (Scripted, Published) {
    let published: Published = Arc::new(Mutex::new(Some(keys)));
    let keys = Arc::clone(&published);
    let script = move |seen: &Seen| -> Vec<Step> {
        let host = format!("http://{}", seen.header("host").unwrap());
        match (seen.path(), &*keys.lock().unwrap()) {
            (_, None) => answer(500, "{}"),
            ("/.well-known/openid-configuration", _) => {
                ok(&json!({ "issuer": host, "jwks_uri": format!("{host}/keys") }).to_string())
            }
            ("/keys", Some(keys)) => ok(&json!({ "keys": keys }).to_string()),
            _ => answer(404, "{}"),
        }
    };
    (Scripted::start(script).await, published)
}

async fn ask(gateway: &bff_runtime::Running, target: &str, token: &str) -> Got {
    client::send(
        gateway.addr,
        "GET",
        target,
        &[("authorization", &format!("Bearer {token}"))],
        "",
    )
    .await
}

#[tokio::test]
async fn who_asks() {
    let key = Signer::p256();
    let (issuer, _) = issuer(vec![key.jwk("k1"), RSA.jwk("k2")]).await;
    let alpha = Scripted::start(|_| ok("{}")).await;
    let gateway = start_with(
        &SECURED,
        &[("ISSUER", &issuer.url()), ("ALPHA_URL", &alpha.url())],
    )
    .await;
    let claims = claims(&issuer.url());
    let token = key.token(
        &json!({ "alg": "ES256", "kid": "k1", "typ": "JWT" }),
        &claims,
    );
    for _ in 0..2 {
        let got = ask(&gateway, "/me", &token).await;
        assert_eq!(
            (got.status, got.text()),
            (200, r#"{"sub":"u1","tenant":"t1"}"#)
        );
    }
    assert_eq!(
        alpha.seen()[1].header("authorization"),
        Some(format!("Bearer {token}").as_str())
    );
    let more = [
        (&*RSA, json!({ "alg": "RS256", "kid": "k2" }), json!({})),
        (&*RSA, json!({ "alg": "RS256" }), json!({})),
        (
            &key,
            json!({ "alg": "ES256", "kid": "k1", "typ": "at+jwt" }),
            json!({ "aud": ["other", "shop-web"] }),
        ),
        (
            &key,
            json!({ "alg": "ES256", "kid": "k1", "typ": "application/AT+JWT" }),
            json!({ "nbf": now() + 20, "exp": now() - 20 }),
        ),
        (
            &key,
            json!({ "alg": "ES256", "kid": "k1", "jwk": RSA.jwk("k1"), "jku": "http://127.0.0.1:1/" }),
            json!({}),
        ),
    ];
    for (signer, header, changes) in more {
        let token = signer.token(&header, &with(claims.clone(), changes));
        assert_eq!(ask(&gateway, "/me", &token).await.status, 200, "{header}");
    }
    // One document each, however many requests.
    assert_eq!(issuer.seen().len(), 2);
    for (target, status) in [
        ("/scoped", 200),
        ("/staff", 200),
        ("/tenant", 200),
        ("/boss", 403),
        ("/beyond", 403),
    ] {
        assert_eq!(
            ask(&gateway, target, &token).await.status,
            status,
            "{target}"
        );
    }
    let beyond = ask(&gateway, "/beyond", &token).await;
    assert_eq!(
        beyond.header("www-authenticate"),
        Some(r#"Bearer error="insufficient_scope", scope="read admin""#)
    );
    let other = key.token(
        &json!({ "alg": "ES256", "kid": "k1" }),
        &with(claims, json!({ "tenant": "t2" })),
    );
    assert_eq!(ask(&gateway, "/tenant", &other).await.status, 403);
    gateway.shutdown().await;
}

#[tokio::test]
async fn keys_come_and_go() {
    let (old, new) = (Signer::p256(), Signer::p256());
    let (issuer, published) = issuer(vec![old.jwk("old")]).await;
    let alpha = Scripted::start(|_| ok("{}")).await;
    let gateway = start_with(
        &SECURED,
        &[("ISSUER", &issuer.url()), ("ALPHA_URL", &alpha.url())],
    )
    .await;
    let claims = claims(&issuer.url());
    let of_old = old.token(&json!({ "alg": "ES256", "kid": "old" }), &claims);
    let of_new = new.token(&json!({ "alg": "ES256", "kid": "new" }), &claims);
    assert_eq!(ask(&gateway, "/me", &of_old).await.status, 200);
    // The issuer is down: what is known still holds, what isn't can't be told from what is wrong.
    *published.lock().unwrap() = None;
    assert_eq!(ask(&gateway, "/me", &of_old).await.status, 200);
    let unknown = ask(&gateway, "/me", &of_new).await;
    assert_eq!(
        (unknown.status, unknown.header("retry-after")),
        (503, Some("1"))
    );
    // The new key is taken when it is first seen; the old one is gone with it, though its token was verified before.
    *published.lock().unwrap() = Some(vec![new.jwk("new")]);
    assert_eq!(ask(&gateway, "/me", &of_new).await.status, 200);
    assert_eq!(ask(&gateway, "/me", &of_old).await.status, 401);
    gateway.shutdown().await;
}

#[tokio::test]
async fn an_issuer_that_is_not_there_yet() {
    let key = Signer::p256();
    let (issuer, published) = issuer(vec![key.jwk("k1")]).await;
    *published.lock().unwrap() = None;
    let alpha = Scripted::start(|_| ok("{}")).await;
    let gateway = start_with(
        &SECURED,
        &[("ISSUER", &issuer.url()), ("ALPHA_URL", &alpha.url())],
    )
    .await;
    let token = key.token(
        &json!({ "alg": "ES256", "kid": "k1" }),
        &claims(&issuer.url()),
    );
    assert_eq!(ask(&gateway, "/me", &token).await.status, 503);
    // Without credentials nothing needs to be asked.
    assert_eq!(client::get(gateway.addr, "/me").await.status, 401);
    *published.lock().unwrap() = Some(vec![key.jwk("k1")]);
    assert_eq!(ask(&gateway, "/me", &token).await.status, 200);
    gateway.shutdown().await;
}

#[tokio::test]
async fn one_key_of_the_settings() {
    static PEM: Jwt = Jwt {
        source: KeySource::Key(Text(&[Part::Variable("KEY", None)])),
        ..USER_JWT
    };
    static SECRET: Jwt = Jwt {
        algorithms: &[Algorithm::HS256],
        ..PEM_JWT
    };
    const USER_JWT: Jwt = Jwt {
        name: "user",
        source: KeySource::Key(Text(&[Part::Variable("KEY", None)])),
        audience: &[],
        algorithms: &[],
        leeway: Duration::ZERO,
        required: &["jti"],
        claims_shape: &CLAIMS,
        claims: &[],
    };
    const PEM_JWT: Jwt = USER_JWT;
    static WITH_PEM: [&dyn Scheme; 1] = [&PEM];
    static WITH_SECRET: [&dyn Scheme; 1] = [&SECRET];
    const PEM_LIST: &[&dyn Scheme] = &WITH_PEM;
    const SECRET_LIST: &[&dyn Scheme] = &WITH_SECRET;
    static BY_PEM: Bff = secured(
        &[me(
            Policies {
                auth: PEM_LIST,
                ..OPEN
            },
            &[Segment::Literal("me")],
        )],
        PEM_LIST,
    );
    static BY_SECRET: Bff = secured(
        &[me(
            Policies {
                auth: SECRET_LIST,
                ..OPEN
            },
            &[Segment::Literal("me")],
        )],
        SECRET_LIST,
    );
    let alpha = Scripted::start(|_| ok("{}")).await;
    let claims = with(claims("anyone"), json!({ "jti": "1" }));
    for signer in [&Signer::p256(), &*RSA] {
        let gateway = start_with(
            &BY_PEM,
            &[("KEY", &signer.pem()), ("ALPHA_URL", &alpha.url())],
        )
        .await;
        let header = json!({ "alg": signer.alg(), "kid": "whatever" });
        assert_eq!(
            ask(&gateway, "/me", &signer.token(&header, &claims))
                .await
                .status,
            200,
            "{header}"
        );
        let without = signer.token(&header, &with(claims.clone(), json!({ "jti": null })));
        assert_eq!(ask(&gateway, "/me", &without).await.status, 401);
        gateway.shutdown().await;
    }
    let secret = "0123456789abcdef0123456789abcdef";
    let gateway = start_with(&BY_SECRET, &[("KEY", secret), ("ALPHA_URL", &alpha.url())]).await;
    let message = format!("{}.{}", b64(r#"{"alg":"HS256"}"#), b64(claims.to_string()));
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
    let token = format!(
        "{message}.{}",
        b64(aws_lc_rs::hmac::sign(&key, message.as_bytes()))
    );
    assert_eq!(ask(&gateway, "/me", &token).await.status, 200);
    gateway.shutdown().await;
    for (bff, key) in [
        (&BY_PEM, "no key"),
        (&BY_SECRET, "too short"),
        (&BY_SECRET, RSA.pem().as_str()),
    ] {
        let variables = [
            ("KEY".to_owned(), key.to_owned()),
            ("ALPHA_URL".to_owned(), alpha.url()),
        ]
        .into();
        let error =
            bff_runtime::Server::check(bff, bff_runtime::Variables::Map(variables)).unwrap_err();
        assert!(
            error.to_string().starts_with("auth `user`: `key`: ")
                && !error.to_string().contains(key),
            "{error}"
        );
    }
}
