use super::*;
use jsonwebtoken::{DecodingKey, Validation};

async fn started(algorithm: Algorithm) -> (Issuer, reqwest::Client) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = Issuer::new(
        &format!("http://{}", listener.local_addr().unwrap()),
        algorithm,
    )
    .unwrap();
    tokio::spawn(issuer.clone().serve(listener));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    (issuer, client)
}

#[tokio::test]
async fn tokens_verify_by_discovery() {
    for algorithm in [Algorithm::ES256, Algorithm::RS256] {
        verify(algorithm).await;
    }
}

async fn verify(algorithm: Algorithm) {
    let (issuer, client) = started(algorithm).await;
    let discovery: Value = client
        .get(format!("{}/.well-known/openid-configuration", issuer.url()))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(discovery["issuer"], issuer.url());
    let keys: JwkSet = client
        .get(discovery["jwks_uri"].as_str().unwrap())
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert!(
        !serde_json::to_string(&keys).unwrap().contains("\"d\""),
        "no private part"
    );

    let form = "grant_type=client_credentials&client_secret=x&sub=u-1&scope=a+b&audience=shop&roles=x&roles=y";
    let json_body = r#"{"sub":"u-1","scope":"a b","aud":"shop","roles":["x","y"]}"#;
    for (media, body) in [
        ("application/x-www-form-urlencoded", form),
        ("application/json", json_body),
    ] {
        let answer = client
            .post(discovery["token_endpoint"].as_str().unwrap())
            .header("content-type", media)
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(
            (&answer["token_type"], &answer["scope"]),
            (&json!("Bearer"), &json!("a b"))
        );
        let token = answer["access_token"].as_str().unwrap();
        let header = jsonwebtoken::decode_header(token).unwrap();
        let key = DecodingKey::from_jwk(keys.find(&header.kid.unwrap()).unwrap()).unwrap();
        let mut rules = Validation::new(algorithm);
        rules.set_audience(&["shop"]);
        rules.set_issuer(&[issuer.url()]);
        let claims = jsonwebtoken::decode::<Value>(token, &key, &rules)
            .unwrap()
            .claims;
        assert_eq!(
            (&claims["sub"], &claims["roles"]),
            (&json!("u-1"), &json!(["x", "y"]))
        );
        assert_eq!(claims.get("client_secret"), None);
    }
}

#[tokio::test]
async fn the_pem_is_the_same_key() {
    let issuer = Issuer::new("http://127.0.0.1:1", Algorithm::ES256).unwrap();
    let token = issuer
        .token(Map::from_iter([("sub".to_owned(), json!("u"))]))
        .unwrap();
    let key = DecodingKey::from_ec_pem(issuer.public_pem().as_bytes()).unwrap();
    assert!(
        jsonwebtoken::decode::<Value>(&token, &key, &Validation::new(Algorithm::ES256)).is_ok()
    );
    let other = Issuer::new("http://127.0.0.1:1", Algorithm::ES256).unwrap();
    let key = DecodingKey::from_ec_pem(other.public_pem().as_bytes()).unwrap();
    assert!(
        jsonwebtoken::decode::<Value>(&token, &key, &Validation::new(Algorithm::ES256)).is_err()
    );
}

#[tokio::test]
async fn a_broken_request_is_refused_in_words() {
    let (issuer, client) = started(Algorithm::ES256).await;
    let answer = client
        .post(format!("{}/token", issuer.url()))
        .header("content-type", "application/json")
        .body("[]")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 400);
    assert_eq!(
        answer.json::<Value>().await.unwrap()["error"],
        "invalid_request"
    );
}

#[test]
fn the_algorithm_is_one_that_all_take() {
    for (lists, expected) in [
        (vec![], Algorithm::ES256),
        (vec![vec![]], Algorithm::ES256),
        (vec![vec!["RS256", "ES256"]], Algorithm::ES256),
        (
            vec![vec!["RS256", "ES256"], vec!["PS256", "RS256"], vec![]],
            Algorithm::RS256,
        ),
        (vec![vec!["PS512"]], Algorithm::PS512),
        (vec![vec!["HS256"]], Algorithm::ES256),
    ] {
        let lists: Vec<Vec<String>> = lists
            .into_iter()
            .map(|list| list.into_iter().map(str::to_owned).collect())
            .collect();
        assert_eq!(
            super::algorithm(lists.iter().map(Vec::as_slice)),
            expected,
            "{lists:?}"
        );
    }
}
