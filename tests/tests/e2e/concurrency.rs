//! Requests that outlive their clients, and gateways that stop while some are under way.

use crate::harness::client::Ask;
use crate::harness::issuer::{self, ES256, Issuer};
use crate::harness::log::{Log, Seen};
use crate::harness::script::{Answer, Script};
use crate::harness::upstream::Upstream;
use crate::harness::{World, gateway, patiently};

const BODY: &str = r#"{"items":[{"sku":"KETTLE-01","qty":1}]}"#;

fn place_order(world: &World) -> Ask {
    let ask = Ask::default()
        .json("POST", BODY)
        .bearer(&world.token("web", "u-1001"));
    Ask {
        target: "/api/orders".to_owned(),
        ..ask.header("idempotency-key", "0b7a1f3c-1")
    }
}

/// Lets answers go that wait for `test GO`.
fn release(log: &Log) {
    log.add(Seen {
        upstream: "test",
        method: "GO".to_owned(),
        target: String::new(),
        headers: Vec::new(),
        body: Vec::new(),
        scripted: true,
    });
}

fn held(status: u16, body: &str) -> Answer {
    let mut answer = Answer::json(status, body);
    answer.after = Some("test GO".to_owned());
    answer
}

/// What the admin port says.
async fn admin(world: &World, path: &str) -> (u16, String) {
    let got = Ask::get(path).send(world.gateway.admin_addr).await;
    (got.status.as_u16(), got.body)
}

/// A write that was sent is finished, though nobody waits for it any more.
#[tokio::test]
async fn a_client_leaves_during_a_write() {
    let world = World::start("web", &[]).await;
    world.script(Script::new(
        "orders",
        "POST /orders",
        held(201, r#"{"id":"o-5001","status":"placed"}"#),
    ));
    world.script(Script::new(
        "orders",
        "GET /orders/o-5001",
        Answer::json(200, r#"{"id":"o-5001"}"#),
    ));
    let (ask, addr) = (place_order(&world), world.gateway.addr);
    let asking = tokio::spawn(async move { ask.send(addr).await });
    world.log.asked("orders POST /orders").await;
    asking.abort();
    assert!(asking.await.unwrap_err().is_cancelled());
    release(&world.log);
    let finished = r#"upstream="orders",outcome="ok"} 1"#;
    patiently("the write to be counted", async {
        while !admin(&world, "/metrics").await.1.contains(finished) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// A gateway that is told to stop takes no new connection and finishes what it is at.
#[tokio::test]
async fn a_gateway_stops_in_order() {
    let world = World::start("web", &[]).await;
    assert_eq!(admin(&world, "/readyz").await.0, 200);
    world.script(Script::new(
        "orders",
        "POST /orders",
        held(201, r#"{"id":"o-5001","status":"placed"}"#),
    ));
    world.script(Script::new(
        "orders",
        "GET /orders/o-5001",
        Answer::json(200, r#"{"id":"o-5001","status":"placed"}"#),
    ));
    let (ask, addr) = (place_order(&world), world.gateway.addr);
    let asking = tokio::spawn(async move { ask.send(addr).await });
    world.log.asked("orders POST /orders").await;
    let admin_addr = world.gateway.admin_addr;
    let (gateway, world) = world.split();
    let stopping = tokio::spawn(gateway.shutdown());
    patiently(
        "the gateway to be unready and its port to be closed",
        async {
            while Ask::get("/readyz").send(admin_addr).await.status != 503 {
                tokio::task::yield_now().await;
            }
            while tokio::net::TcpStream::connect(addr).await.is_ok() {
                tokio::task::yield_now().await;
            }
        },
    )
    .await;
    assert!(!stopping.is_finished(), "a request is still under way");
    release(&world.log);
    let got = asking.await.unwrap();
    assert_eq!(
        (got.status.as_u16(), got.body.as_str()),
        (201, r#"{"id":"o-5001","status":"placed","total":null}"#)
    );
    stopping.await.unwrap();
}

/// Requests share connections and never answers.
#[tokio::test]
async fn answers_go_to_who_asked() {
    let world = World::start("web", &[]).await;
    let asks = 40;
    for i in 0..asks {
        let body = format!(r#"{{"id":"u-{i}","name":"{}"}}"#, "x".repeat(i * 37));
        world.script(Script::new(
            "users",
            &format!("GET /users/u-{i}"),
            Answer::json(200, body),
        ));
        world.script(Script::new(
            "users",
            &format!("PATCH /users/u-{i}"),
            Answer::json(204, ""),
        ));
    }
    let asking: Vec<_> = (0..asks)
        .map(|i| {
            let ask = Ask::default()
                .json("PATCH", r#"{"name":"A"}"#)
                .bearer(&world.token("web", &format!("u-{i}")));
            let ask = Ask {
                target: "/api/profile".to_owned(),
                ..ask
            };
            let addr = world.gateway.addr;
            tokio::spawn(async move { ask.send(addr).await })
        })
        .collect();
    for (i, asking) in asking.into_iter().enumerate() {
        let expected = format!(
            r#"{{"user":{{"id":"u-{i}","name":"{}","phone":null}}}}"#,
            "x".repeat(i * 37)
        );
        assert_eq!(asking.await.unwrap().body, expected);
    }
}

/// `parallel: 4` is four at a time: the fifth is asked for once one of them is answered.
#[tokio::test]
async fn no_more_at_once_than_the_spec_says() {
    let world = World::start("mobile", &[]).await;
    let skus: Vec<String> = (1..=9).map(|i| format!("A-0{i}")).collect();
    let products: Vec<String> = skus
        .iter()
        .map(|sku| format!(r#"{{"sku":"{sku}","name":"n","price":{{"amount":1,"currency":"EUR"}},"images":[]}}"#))
        .collect();
    world.script(Script::new(
        "catalog",
        "GET /products",
        Answer::json(200, format!("[{}]", products.join(","))),
    ));
    for sku in &skus {
        world.script(Script::new(
            "catalog",
            &format!("GET /stock/{sku}"),
            held(200, r#"{"sku":"x","available":1}"#),
        ));
    }
    let (ask, addr) = (
        Ask::get(&format!("/m/basket?skus={}", skus.join("&skus="))),
        world.gateway.addr,
    );
    let asking = tokio::spawn(async move { ask.send(addr).await });
    world.log.asked("catalog GET /stock/A-04").await;
    // Whatever the gateway would do at once, it has done when it has answered somebody else.
    assert_eq!(world.ask(&Ask::get("/m/nowhere")).await.status, 404);
    let asked = world
        .log
        .since(0)
        .iter()
        .filter(|seen| seen.target.starts_with("/stock/"))
        .count();
    assert_eq!(asked, 4);
    release(&world.log);
    let got = asking.await.unwrap();
    assert_eq!(got.status, 200, "{got:?}");
    assert_eq!(got.body.matches(r#""left":1"#).count(), 9, "{got:?}");
}

/// Of several instances each has its turn, below the path its URL ends in.
#[tokio::test]
async fn instances_take_turns() {
    let issuer = Issuer::up(&[&ES256]).await;
    let logs = [Log::default(), Log::default()];
    let instances = [
        Upstream::up("orders", logs[0].clone()).await,
        Upstream::up("orders", logs[1].clone()).await,
    ];
    for instance in &instances {
        instance.script(Script::new(
            "orders",
            "GET /v3/orders",
            Answer::json(200, r#"{"items":[]}"#),
        ));
    }
    let url = format!("{}/v3, {}/v3/", instances[0].url(), instances[1].url());
    let gateway = gateway("web", &issuer, &[("orders", url)]).await;
    let token = issuer::sign(&issuer.claims("u-1001", "shop-web"), &ES256);
    for _ in 0..6 {
        let got = Ask::get("/api/orders")
            .bearer(&token)
            .send(gateway.addr)
            .await;
        assert_eq!(got.status, 200, "{got:?}");
    }
    assert_eq!([logs[0].len(), logs[1].len()], [3, 3]);
}

/// A body larger than the limit is refused before it is read to its end, and nobody is asked.
#[tokio::test]
async fn a_body_that_is_too_large() {
    let world = World::start("web", &[]).await;
    let body = format!(r#"{{"items":[],"note":"{}"}}"#, "x".repeat(11 << 20));
    let ask = Ask::default()
        .json("POST", &body)
        .bearer(&world.token("web", "u-1001"));
    let ask = Ask {
        target: "/api/orders".to_owned(),
        ..ask
    };
    assert_eq!(world.ask(&ask).await.status, 413);
    assert_eq!(world.log.len(), 0);
}
