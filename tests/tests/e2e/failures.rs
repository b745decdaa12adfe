//! One fault after the other on one required and one optional call of each frontend: each gives the documented answer.
//!
//! Where an upstream doesn't answer, the clock is moved on past the call's bound once the request has arrived there.

use std::time::Duration;

use crate::harness::World;
use crate::harness::client::{Ask, Got};
use crate::harness::script::{Answer, Delivery, Script};

/// A fault, and the status of an endpoint that needs the call.
struct Fault {
    name: &'static str,
    answer: Answer,
    required: u16,
}

/// What upstreams do; the body is the one that would have been right.
fn faults(body: &str) -> Vec<Fault> {
    let right = || Answer::json(200, body);
    let fault = |name, answer, required| Fault {
        name,
        answer,
        required,
    };
    let delivered =
        |name, delivery: Delivery, required| fault(name, right().delivered(delivery), required);
    let typed = |media: &str, body: &str| {
        let mut answer = Answer::json(200, body);
        answer.headers = vec![("content-type".to_owned(), media.to_owned())];
        answer
    };
    let deep = format!(
        "{}1{}",
        r#"{"children":["#.repeat(5_000),
        "]}".repeat(5_000)
    );
    let large = format!(r#"{{"pad":"{}"}}"#, "x".repeat(11 << 20));
    vec![
        delivered("never answers", Delivery::Silent, 504),
        delivered("stops in the middle", Delivery::Stuck, 504),
        delivered("closes unasked", Delivery::Closed, 502),
        delivered("resets in the middle", Delivery::Reset, 502),
        delivered("ends in the middle", Delivery::Truncated, 502),
        delivered("announces too little", Delivery::Overlong, 502),
        delivered("speaks no HTTP", Delivery::Garbage, 502),
        fault("sends a page", typed("text/html", "<html>LEAK</html>"), 502),
        fault(
            "sends half a document",
            Answer::json(200, &body[..body.len() / 2]),
            502,
        ),
        fault(
            "sends two documents",
            Answer::json(200, format!("{body} {body}")),
            502,
        ),
        fault("nests without end", Answer::json(200, deep), 502),
        fault("sends too much", Answer::json(200, large), 502),
        fault("sends nothing", Answer::json(200, ""), 502),
        fault("fails", Answer::json(500, r#"{"stack":"LEAK"}"#), 502),
        fault("is overloaded", Answer::json(503, ""), 502),
        fault("redirects", Answer::json(301, ""), 502),
        fault("forbids", Answer::json(403, ""), 502),
        fault("asks for less", Answer::json(429, ""), 503),
    ]
}

/// A call of an endpoint.
struct Target {
    frontend: &'static str,
    endpoint: &'static str,
    scopes: &'static str,
    /// The call that fails.
    upstream: &'static str,
    route: &'static str,
    /// What it answers when all is well.
    body: &'static str,
    /// Longer than its bound, shorter than that of anything else at work.
    bound: Duration,
    /// What the endpoint asks besides, and gets.
    others: &'static [(&'static str, &'static str, &'static str)],
    /// What is answered without it, if it is optional.
    without: Option<&'static str>,
}

const ORDER: &str = r#"{"id":"o-5001","customerId":"u-1001","status":"paid","lines":[],"payment":{"method":"card"}}"#;
const SHIPMENT: &str = r#"{"orderId":"o-5001","carrier":"DHL"}"#;
const STOCK: &str = r#"{"sku":"KETTLE-01","available":1}"#;

const TARGETS: [Target; 6] = [
    Target {
        frontend: "web",
        endpoint: "/api/orders/o-5001",
        scopes: "",
        upstream: "orders",
        route: "GET /orders/o-5001",
        body: ORDER,
        bound: Duration::from_millis(900),
        others: &[],
        without: None,
    },
    Target {
        frontend: "web",
        endpoint: "/api/orders/o-5001",
        scopes: "",
        upstream: "orders",
        route: "GET /orders/o-5001/shipment",
        body: SHIPMENT,
        bound: Duration::from_millis(310),
        others: &[("orders", "GET /orders/o-5001", ORDER)],
        without: Some(
            r#"{"id":"o-5001","status":"paid","lines":[],"payment":{"method":"card","brand":null,"last4":null},"shipment":null}"#,
        ),
    },
    Target {
        frontend: "mobile",
        endpoint: "/m/basket?skus=KETTLE-01",
        scopes: "",
        upstream: "catalog",
        route: "GET /stock/KETTLE-01",
        body: STOCK,
        bound: Duration::from_millis(700),
        others: &[(
            "catalog",
            "GET /products",
            r#"[{"sku":"KETTLE-01","images":[]}]"#,
        )],
        without: None,
    },
    Target {
        frontend: "mobile",
        endpoint: "/m/orders/o-5001",
        scopes: "",
        upstream: "orders",
        route: "GET /orders/o-5001/shipment",
        body: SHIPMENT,
        bound: Duration::from_millis(260),
        others: &[("orders", "GET /orders/o-5001", ORDER)],
        without: Some(
            r#"{"id":"o-5001","status":"paid","total":null,"paidBy":"card","card":null,"city":null,"lines":[],"parcel":null}"#,
        ),
    },
    Target {
        frontend: "partner",
        endpoint: "/partner/v1/stock/KETTLE-01",
        scopes: "stock:read",
        upstream: "catalog",
        route: "GET /stock/KETTLE-01",
        body: STOCK,
        bound: Duration::from_millis(700),
        others: &[],
        without: None,
    },
    Target {
        frontend: "partner",
        endpoint: "/partner/v1/orders/o-5001",
        scopes: "orders:read",
        upstream: "orders",
        route: "GET /orders/o-5001/shipment",
        body: SHIPMENT,
        bound: Duration::from_millis(310),
        others: &[("orders", "GET /orders/o-5001", ORDER)],
        without: Some(
            r#"{"id":"o-5001","status":"paid","placedAt":null,"deliverBefore":null,"lines":[],"country":null,"shipment":null}"#,
        ),
    },
];

#[test]
fn each_fault_has_its_answer() {
    let mut wrong = Vec::new();
    for target in &TARGETS {
        for fault in faults(target.body) {
            // A clock of its own for each, so that moving it on tells on no other.
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let got = runtime.block_on(suffer(target, &fault));
            let title = format!(
                "{} {}: {} {}",
                target.frontend, target.endpoint, target.route, fault.name
            );
            if let Err(words) = check(target, &fault, &got) {
                wrong.push(format!("{title}: {words}\n    {got:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

async fn suffer(target: &Target, fault: &Fault) -> Got {
    let world = World::start(target.frontend, &[]).await;
    for (upstream, route, body) in target.others {
        world.script(Script::new(upstream, route, Answer::json(200, *body)));
    }
    world.script(Script::new(
        target.upstream,
        target.route,
        fault.answer.clone(),
    ));
    let mut claims = world
        .issuer
        .claims("u-1001", &crate::harness::audience(target.frontend));
    claims.insert("scope".to_owned(), target.scopes.into());
    let token = crate::harness::issuer::sign(&claims, &crate::harness::issuer::ES256);
    let addr = world.gateway.addr;
    let ask = Ask::get(target.endpoint).bearer(&token);
    let mut asking = tokio::spawn(async move { ask.send(addr).await });
    if matches!(fault.answer.delivery, Delivery::Silent | Delivery::Stuck) {
        let line = format!("{} {}", target.upstream, target.route);
        tokio::select! {
            () = world.log.asked(&line) => advance(target.bound).await,
            early = &mut asking => return early.unwrap(),
        }
    }
    asking.await.unwrap()
}

/// Moves the clock on.
async fn advance(by: Duration) {
    tokio::time::pause();
    tokio::time::advance(by).await;
    tokio::time::resume();
}

fn check(target: &Target, fault: &Fault, got: &Got) -> Result<(), String> {
    if got.body.contains("LEAK") {
        return Err("what the upstream said leaks".to_owned());
    }
    let Some(without) = target.without else {
        if got.status != fault.required {
            return Err(format!("{} instead of {}", got.status, fault.required));
        }
        let problem: serde_json::Value =
            serde_json::from_str(&got.body).map_err(|error| error.to_string())?;
        let named = problem["upstream"] == target.upstream && problem["status"] == fault.required;
        let retry = got.header("retry-after").is_some() == (fault.required == 503);
        return if named && retry {
            Ok(())
        } else {
            Err("the problem is not as documented".to_owned())
        };
    };
    let partial = (
        got.header("bff-partial"),
        got.header("cache-control"),
        got.header("etag"),
    );
    match (got.status.as_u16(), partial) {
        (200, (Some("shipment"), Some("no-store"), None)) if got.body == without => Ok(()),
        _ => Err(format!("not the partial answer {without}")),
    }
}

/// The most an optional call may cost is what hangs on it: here all of an upstream.
#[tokio::test]
async fn an_optional_upstream_refuses_connections() {
    let world = World::start("mobile", &["catalog"]).await;
    world.script(Script::new(
        "users",
        "GET /users/u-1001",
        Answer::json(200, r#"{"id":"u-1001","name":"Ada"}"#),
    ));
    let orders = format!(
        r#"{{"items":[{{"id":"o-1","lines":[{}]}}]}}"#,
        r#"{"sku":"KETTLE-01","qty":1}"#
    );
    world.script(Script::new(
        "orders",
        "GET /orders",
        Answer::json(200, orders),
    ));
    let got = world
        .ask(&Ask::get("/m/home").bearer(&world.token("mobile", "u-1001")))
        .await;
    assert_eq!(got.status, 200, "{got:?}");
    assert_eq!(got.header("bff-partial"), Some("stock, picks"));
    let body = r#"{"name":"Ada","orders":[{"id":"o-1","status":null,"total":null,"lines":[{"sku":"KETTLE-01","qty":1,"left":null}]}],"picks":null}"#;
    assert_eq!(got.body, body);
}

#[tokio::test]
async fn a_required_upstream_refuses_connections() {
    for (frontend, target) in [
        ("web", "/api/categories"),
        ("mobile", "/m/products/KETTLE-01"),
        ("web", "/api/search"),
    ] {
        let world = World::start(frontend, &["catalog"]).await;
        let got = world.ask(&Ask::get(target)).await;
        assert_eq!(got.status, 502, "{target}: {got:?}");
        assert!(
            got.body.contains(r#""upstream":"catalog""#),
            "{target}: {got:?}"
        );
    }
}

/// A failure ends the request; nobody waits for what can't help any more.
#[tokio::test]
async fn the_first_failure_decides() {
    let world = World::start("web", &[]).await;
    let never = || Answer::json(200, "{}").delivered(Delivery::Silent);
    world.script(Script::new("orders", "GET /orders", never()));
    world.script(Script::new("catalog", "GET /recommendations", never()));
    let mut fails = Answer::json(500, "{}");
    fails.after = Some("orders GET /orders".to_owned());
    world.script(Script::new("users", "GET /users/u-1001", fails));
    let got = world
        .ask(&Ask::get("/api/home").bearer(&world.token("web", "u-1001")))
        .await;
    assert_eq!(got.status, 502, "{got:?}");
    assert!(got.body.contains(r#""upstream":"users""#), "{got:?}");
}

/// The endpoint's deadline holds where a call's own bound is longer.
#[tokio::test]
async fn the_deadline_ends_a_call() {
    let world = World::start("web", &[]).await;
    world.script(Script::new(
        "users",
        "PATCH /users/u-1001",
        Answer::json(204, ""),
    ));
    world.script(Script::new(
        "users",
        "GET /users/u-1001",
        Answer::json(200, "{}").delivered(Delivery::Silent),
    ));
    let ask = Ask::default()
        .json("PATCH", r#"{"name":"A"}"#)
        .bearer(&world.token("web", "u-1001"));
    let ask = Ask {
        target: "/api/profile".to_owned(),
        ..ask
    };
    let addr = world.gateway.addr;
    let asking = tokio::spawn(async move { ask.send(addr).await });
    world.log.asked("users GET /users/u-1001").await;
    advance(Duration::from_millis(2_100)).await;
    let got = asking.await.unwrap();
    assert_eq!(got.status, 504, "{got:?}");
    assert!(got.body.contains(r#""upstream":"users""#), "{got:?}");
}

/// An upstream that failed is asked again by the next request.
#[tokio::test]
async fn after_a_fault_all_is_well_again() {
    let world = World::start("web", &[]).await;
    for delivery in [
        Delivery::Reset,
        Delivery::Closed,
        Delivery::Garbage,
        Delivery::Truncated,
    ] {
        world.script(Script::new(
            "catalog",
            "GET /categories",
            Answer::json(200, "[]").delivered(delivery),
        ));
        assert_eq!(
            world.ask(&Ask::get("/api/categories")).await.status,
            502,
            "{delivery:?}"
        );
        world.script(Script::new(
            "catalog",
            "GET /categories",
            Answer::json(200, "[]"),
        ));
        let got = world.ask(&Ask::get("/api/categories")).await;
        assert_eq!(
            (got.status.as_u16(), got.body.as_str()),
            (200, "[]"),
            "after {delivery:?}"
        );
    }
}

/// What is passed on is text; what isn't fails the call, and no half of it is answered.
#[tokio::test]
async fn a_name_that_is_no_text() {
    for name in [
        &b"\xff"[..],
        b"\xc3",
        b"\xed\xa0\x80",
        b"a\nb",
        b"\\x",
        b"\\ud800\\u0041x\\",
        b"\0",
    ] {
        let world = World::start("web", &[]).await;
        let body = [br#"[{"id":"c-1","name":""#, name, br#"","children":[]}]"#].concat();
        world.script(Script::new(
            "catalog",
            "GET /categories",
            Answer::json(200, body),
        ));
        let got = world.ask(&Ask::get("/api/categories")).await;
        assert_eq!(got.status, 502, "{name:?}: {got:?}");
    }
}
