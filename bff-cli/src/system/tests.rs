use std::collections::BTreeMap;

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use super::*;
use crate::checking::check;
use crate::issuer::Issuer;
use crate::mock::{Latency, Share};

const CONTRACT: &str = r##"
openapi: 3.1.0
info: { title: Orders, version: "1" }
paths:
  /orders:
    get:
      operationId: list
      parameters:
        - { name: customerId, in: query, schema: { type: string } }
      responses:
        "200":
          description: Some
          content:
            application/json:
              schema:
                type: object
                required: [items]
                properties: { items: { type: array, items: { $ref: "#/components/schemas/Order" } } }
              example:
                items:
                  - { id: o-1, customerId: c-1, note: "it's" }
                  - { id: o-2, customerId: c-2 }
                  - { id: o-3, customerId: c-2 }
    post:
      operationId: create
      parameters:
        - { name: Idempotency-Key, in: header, required: true, schema: { type: string, minLength: 8 } }
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [customerId, lines]
              properties:
                customerId: { type: string }
                note: { type: string }
                lines:
                  type: array
                  items:
                    type: object
                    required: [sku]
                    properties: { sku: { type: string }, qty: { type: integer, minimum: 2 } }
            example: { customerId: c-9, note: "don't ring", lines: [{ sku: A }] }
      responses:
        "201":
          description: Made
          content: { application/json: { schema: { $ref: "#/components/schemas/Order" } } }
  /orders/{id}:
    get:
      operationId: get
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
      responses:
        "200":
          description: One
          content: { application/json: { schema: { $ref: "#/components/schemas/Order" } } }
components:
  schemas:
    Order:
      type: object
      required: [id, customerId]
      properties:
        id: { type: string }
        customerId: { type: string }
        note: { type: string }
"##;

const SPEC: &str = r##"
bff: web
base: /api
upstreams:
  orders: { contract: orders.yaml, url: "${ORDERS_AT}/v2", headers: { x-api-key: "${ORDERS_KEY}" } }
auth:
  user:
    jwt: { KEYS, audience: "${AUDIENCE:-web}" }
    claims: { tenant: string, level: integer, tags: [string], odd: string? }
defaults: { auth: user }
endpoints:
  GET /orders:
    require: { scopes: [read], roles: [buyer] }
    calls: { found: orders.list(customerId = claims.sub) }
    response: |
      orders: found.items { id note }
  GET /orders/{id}:
    require: { scopes: [read, other], where: claims.sub = order.customerId }
    calls: { order: orders.get(id = path.id) }
    response: |
      ...order { id }
  POST /orders:
    body: |
      lines { sku qty } note
    calls:
      made:
        call: orders.create("Idempotency-Key" = header.idempotency-key)
        body: |
          customerId: claims.sub
          lines: body.lines { sku qty }
          note: body.note
    status: 201
    response: |
      ...made { id }
  GET /free when query.kind = "a b":
    auth: none
    calls: { found: orders.list() }
    response: |
      ids: found.items.id
  ANY /raw/**: { proxy: orders, allow: [GET] }
"##;

/// A workspace with that spec, and what stands in for what it names.
struct Prepared {
    _folder: tempfile::TempDir,
    workspace: Workspace,
    model: Model,
    stand_ins: StandIns,
    tokens: Tokens,
    issuer: Issuer,
    _stage: Stage,
}

fn prepared(keys: &str) -> Prepared {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("specs")).unwrap();
    std::fs::write(folder.path().join("Cargo.toml"), "").unwrap();
    std::fs::write(folder.path().join("specs/orders.yaml"), CONTRACT).unwrap();
    std::fs::write(
        folder.path().join("specs/web.yaml"),
        SPEC.replace("KEYS", keys),
    )
    .unwrap();
    let workspace = Workspace::find(Some(folder.path())).unwrap();
    let mut checked = check(&workspace, &workspace.specs(&[]).unwrap(), true);
    let frontend = checked
        .frontends
        .pop()
        .unwrap_or_else(|| panic!("{:?}", checked.findings));
    let model = frontend.model;
    let mut stage = Stage::new(Latency::default(), Share::default());
    let stand_ins = StandIns::of(&workspace, &[&model], Real::Trusted, &mut stage).unwrap();
    let issuer = stand_ins.issuer.clone().unwrap();
    let tokens = Tokens::new(
        &model,
        &workspace,
        &stand_ins.mocks,
        Some(&issuer),
        &stand_ins.environment,
    )
    .unwrap();
    Prepared {
        _folder: folder,
        workspace,
        model,
        stand_ins,
        tokens,
        issuer,
        _stage: stage,
    }
}

#[test]
fn variables_that_are_not_set_get_development_values() {
    let prepared = prepared("issuer: \"${DEV_TEST_ISSUER}\"");
    let mut values: BTreeMap<String, String> = prepared.stand_ins.environment.clone();
    let placed = &prepared.stand_ins.upstreams[0];
    let root = values.remove("ORDERS_AT").unwrap();
    assert_eq!(placed.url, format!("{root}/v2"));
    assert_eq!(
        values.remove("DEV_TEST_ISSUER").as_deref(),
        Some(prepared.issuer.url())
    );
    assert_eq!(
        values,
        BTreeMap::from([("ORDERS_KEY".to_owned(), "dev-orders-key".to_owned())])
    );
}

#[test]
fn tokens_are_for_somebody_the_examples_know() {
    for (keys, algorithm) in [
        ("issuer: \"${DEV_TEST_ISSUER}\"", Algorithm::ES256),
        ("jwks: \"${DEV_TEST_JWKS}\"", Algorithm::ES256),
        (
            "key: \"${DEV_TEST_KEY}\", algorithms: [RS256]",
            Algorithm::RS256,
        ),
        (
            "key: \"${DEV_TEST_KEY}\", algorithms: [HS256]",
            Algorithm::HS256,
        ),
    ] {
        let prepared = prepared(keys);
        let token = prepared.tokens.one_of(&[0]).unwrap();
        let values = &prepared.stand_ins.environment;
        let key = match (values.get("DEV_TEST_KEY"), algorithm) {
            (Some(secret), Algorithm::HS256) => DecodingKey::from_secret(secret.as_bytes()),
            (Some(pem), _) => DecodingKey::from_rsa_pem(pem.as_bytes()).unwrap(),
            (None, _) => DecodingKey::from_ec_pem(prepared.issuer.public_pem().as_bytes()).unwrap(),
        };
        let mut rules = Validation::new(algorithm);
        rules.set_audience(&["web"]);
        let mut claims = jsonwebtoken::decode::<Value>(&token.text, &key, &rules)
            .unwrap()
            .claims;
        for name in ["iss", "iat", "exp"] {
            assert!(
                claims.as_object_mut().unwrap().remove(name).is_some(),
                "{keys}: no {name}"
            );
        }
        // Both places know both customers, so the first counts.
        let expected = json!({
            "sub": "c-1", "aud": "web", "tenant": "dev-tenant", "level": 1, "tags": ["dev-tags"],
            "scope": "read other", "roles": ["buyer"],
        });
        assert_eq!(claims, expected, "{keys}");
        prepared.tokens.write().unwrap();
        let header = std::fs::read_to_string(&token.path).unwrap();
        assert_eq!(header, format!("authorization: Bearer {}\n", token.text));
        assert!(token.path.starts_with(prepared.workspace.root()));
    }
}

#[test]
fn every_endpoint_has_a_request_that_works() {
    let prepared = prepared("issuer: \"${DEV_TEST_ISSUER}\"");
    let requests = requests::of(
        &prepared.model,
        &prepared.stand_ins.mocks,
        &prepared.tokens,
        "http://gw",
    );
    let token = prepared.tokens.one_of(&[0]).unwrap();
    let with = format!("-H @{}", token.path.display());
    let curls: Vec<String> = requests
        .iter()
        .map(|request| request.curl().replace(&with, "-H TOKEN"))
        .collect();
    assert_eq!(
        curls,
        [
            "curl -s -H TOKEN http://gw/api/orders",
            "curl -s -H TOKEN http://gw/api/orders/o-1",
            "curl -s -X POST -H TOKEN -H 'idempotency-key: idempotency-key-1' -H 'content-type: application/json' \
             -d '{\"lines\":[{\"qty\":2,\"sku\":\"A\"}],\"note\":\"don'\\''t ring\"}' http://gw/api/orders",
            "curl -s 'http://gw/api/free?kind=a%20b'",
            "curl -s -H TOKEN http://gw/api/raw/orders",
        ]
    );
}
