//! Calls by data flow, lists, `each`, what is optional.

use crate::client;
use crate::tables::{SHOP, start};
use crate::upstream::{Gate, Seen, Step, Upstream, answer, ok};

const ORDERS: &str = r#"[{"id":"o1","lines":[{"sku":"a","qty":1},{"sku":"b","qty":2.50},{"sku":null}]},{"id":"o2","lines":[{"sku":"c","qty":3},{"sku":"a","qty":4}],"secret":1}]"#;

fn alpha(seen: &Seen) -> Vec<Step> {
    match seen.path() {
        "/users/u1" => ok(r#"{"id":"u1","name":"Ada","password":"x"}"#),
        "/orders" => ok(ORDERS),
        _ => answer(404, "{}"),
    }
}

fn beta(seen: &Seen) -> Vec<Step> {
    match seen.target.as_str() {
        "/v1/products?ids=a&ids=b" => ok(r#"[{"sku":"b","title":"B"},{"sku":"a","title":"A"}]"#),
        "/v1/products?ids=c" => ok(r#"[{"sku":"c","title":"C"}]"#),
        "/v1/picks?for=u1" => ok(r#"{"name":"try this"}"#),
        "/v1/stock/a" => ok(r#"{"count":1}"#),
        "/v1/stock/b" => ok(r#"{"count":2}"#),
        "/v1/stock/c" => ok(r#"{"count":3}"#),
        _ => answer(404, "{}"),
    }
}

const HOME: &str = r#"{"user":"Ada","orders":[{"id":"o1","lines":[{"qty":1,"title":"A"},{"qty":2.50,"title":"B"},{"qty":null,"title":null}]},{"id":"o2","lines":[{"qty":3,"title":"C"},{"qty":4,"title":"A"}]}],"pick":"try this"}"#;

#[tokio::test]
async fn a_screen_of_four_calls() {
    let (alpha, beta) = (Upstream::start(alpha).await, Upstream::start(beta).await);
    let gateway = start(&SHOP, &alpha, &beta).await;
    let answer = client::get(gateway.addr, "/api/home?user=u1").await;
    assert_eq!((answer.status, answer.text()), (200, HOME));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("bff-partial"), None);
    assert!(
        answer
            .header("etag")
            .is_some_and(|tag| tag.starts_with("W/\""))
    );
    let mut targets = beta.targets();
    targets.sort();
    assert_eq!(
        targets,
        [
            "GET /v1/picks?for=u1",
            "GET /v1/products?ids=a&ids=b",
            "GET /v1/products?ids=c"
        ]
    );
    let seen = beta.seen();
    assert!(
        seen.iter()
            .all(|seen| seen.header("x-api-key") == Some("key-1"))
    );
    assert!(
        seen.iter()
            .all(|seen| seen.header("x-request-id") == answer.header("x-request-id"))
    );
    assert!(
        seen.iter()
            .all(|seen| seen.header("accept-encoding") == Some("identity"))
    );
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_call_starts_when_its_own_values_are_there() {
    let (gate, opened) = (Gate::new(), Gate::new());
    let held = gate.clone();
    let alpha = Upstream::start(move |seen| match seen.path() {
        "/users/u1" => [vec![Step::Wait(held.clone())], alpha(seen)].concat(),
        _ => alpha(seen),
    })
    .await;
    let release = opened.clone();
    let beta = Upstream::start(move |seen| {
        release.open();
        beta(seen)
    })
    .await;
    let gateway = start(&SHOP, &alpha, &beta).await;
    let asking = tokio::spawn(async move {
        (
            client::get(gateway.addr, "/api/home?user=u1").await,
            gateway,
        )
    });
    // Picks and both batches of products are asked for while the user is still awaited.
    for _ in 0..3 {
        opened.pass().await;
    }
    gate.open();
    let (answer, gateway) = asking.await.unwrap();
    assert_eq!((answer.status, answer.text()), (200, HOME));
    gateway.shutdown().await;
}

#[tokio::test]
async fn what_is_optional_may_fail() {
    let alpha = Upstream::start(alpha).await;
    let beta = Upstream::start(|seen| {
        if seen.path() == "/v1/picks" {
            answer(500, "{}")
        } else {
            beta(seen)
        }
    })
    .await;
    let gateway = start(&SHOP, &alpha, &beta).await;
    let answer = client::get(gateway.addr, "/api/home?user=u1").await;
    assert_eq!(
        (answer.status, answer.text()),
        (200, HOME.replace("\"try this\"", "null").as_str())
    );
    assert_eq!(answer.header("bff-partial"), Some("picks"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("etag"), None);
    gateway.shutdown().await;
}

#[tokio::test]
async fn an_empty_list_asks_for_nothing() {
    let alpha = Upstream::start(|seen| {
        if seen.path() == "/orders" {
            ok("[]")
        } else {
            alpha(seen)
        }
    })
    .await;
    let beta = Upstream::start(beta).await;
    let gateway = start(&SHOP, &alpha, &beta).await;
    let answer = client::get(gateway.addr, "/api/home?user=u1").await;
    assert_eq!(
        (answer.status, answer.text()),
        (200, r#"{"user":"Ada","orders":[],"pick":"try this"}"#)
    );
    let stock = client::get(gateway.addr, "/api/stock?user=u1").await;
    assert_eq!((stock.status, stock.text()), (200, r#"{"counts":[]}"#));
    assert_eq!(beta.targets(), ["GET /v1/picks?for=u1"]);
    gateway.shutdown().await;
}

#[tokio::test]
async fn more_values_than_a_call_is_made_for() {
    let many: Vec<String> = (0..7)
        .map(|i| format!(r#"{{"id":"o","lines":[{{"sku":"s{i}"}}]}}"#))
        .collect();
    let many = format!("[{}]", many.join(","));
    let alpha = Upstream::start(move |seen| {
        if seen.path() == "/orders" {
            ok(&many)
        } else {
            alpha(seen)
        }
    })
    .await;
    let beta = Upstream::start(beta).await;
    let gateway = start(&SHOP, &alpha, &beta).await;
    for target in ["/api/home?user=u1", "/api/stock?user=u1"] {
        let answer = client::get(gateway.addr, target).await;
        assert_eq!(
            (answer.status, &answer.json()["upstream"]),
            (502, &"beta".into()),
            "{target}"
        );
    }
    assert!(
        beta.targets().iter().all(|target| target.contains("picks")),
        "{:?}",
        beta.targets()
    );
    gateway.shutdown().await;
}

#[tokio::test]
async fn each_value_once_in_order() {
    let (alpha, beta) = (Upstream::start(alpha).await, Upstream::start(beta).await);
    let gateway = start(&SHOP, &alpha, &beta).await;
    for target in ["/api/stock?user=u1", "/api/stock-perhaps?user=u1"] {
        let answer = client::get(gateway.addr, target).await;
        let want =
            r#"{"counts":[{"sku":"a","count":1},{"sku":"b","count":2},{"sku":"c","count":3}]}"#;
        assert_eq!((answer.status, answer.text()), (200, want));
    }
    assert_eq!(beta.seen().len(), 6);
    gateway.shutdown().await;
}

#[tokio::test]
async fn an_entry_of_each_fails() {
    let alpha = Upstream::start(alpha).await;
    let beta = Upstream::start(|seen| match seen.path() {
        "/v1/stock/b" => answer(500, "{}"),
        "/v1/stock/c" => vec![Step::Hang],
        _ => beta(seen),
    })
    .await;
    let gateway = start(&SHOP, &alpha, &beta).await;
    let answer = client::get(gateway.addr, "/api/stock?user=u1").await;
    assert_eq!(
        (answer.status, &answer.json()["upstream"]),
        (502, &"beta".into())
    );
    let answer = client::get(gateway.addr, "/api/stock-perhaps?user=u1").await;
    let want = r#"{"counts":[{"sku":"a","count":1},null,null]}"#;
    assert_eq!((answer.status, answer.text()), (200, want));
    assert_eq!(answer.header("bff-partial"), Some("stock"));
    gateway.shutdown().await;
}

#[tokio::test]
async fn what_is_not_yours_is_not_there() {
    let (alpha, beta) = (Upstream::start(alpha).await, Upstream::start(beta).await);
    let gateway = start(&SHOP, &alpha, &beta).await;
    let yours = client::get(gateway.addr, "/api/owned/u1?user=Ada").await;
    assert_eq!((yours.status, yours.text()), (200, r#"{"id":"u1"}"#));
    let mut problems = Vec::new();
    for target in [
        "/api/owned/u1?user=Eve",
        "/api/owned/u1",
        "/api/owned/missing?user=Ada",
    ] {
        let answer = client::get(gateway.addr, target).await;
        assert_eq!(answer.status, 404, "{target}");
        let mut problem = answer.json();
        for own in ["requestId", "instance"] {
            assert!(problem.as_object_mut().unwrap().remove(own).is_some());
        }
        problems.push(problem);
    }
    // Nobody can tell a thing that isn't theirs from one that isn't there.
    assert!(
        problems.iter().all(|problem| *problem == problems[0]),
        "{problems:?}"
    );
    gateway.shutdown().await;
}
