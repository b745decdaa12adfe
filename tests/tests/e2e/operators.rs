//! What operators see: the admin port, the environment a gateway asks for, the contract it serves.

use std::collections::BTreeMap;

use bff_runtime::{Server, Settings};

use crate::harness::client::Ask;
use crate::harness::script::{Answer, Script};
use crate::harness::{World, bff};

const FRONTENDS: [&str; 3] = ["web", "mobile", "partner"];

#[tokio::test]
async fn the_admin_port_and_it_alone() {
    for frontend in FRONTENDS {
        let world = World::start(frontend, &[]).await;
        for path in ["/healthz", "/readyz", "/metrics", "/openapi.yaml"] {
            assert_eq!(
                Ask::get(path).send(world.gateway.admin_addr).await.status,
                200,
                "{frontend} {path}"
            );
            assert_eq!(
                world.ask(&Ask::get(path)).await.status,
                404,
                "{frontend} {path}"
            );
        }
    }
}

/// The frontend's contract names every endpoint, and nothing of what is behind it.
#[tokio::test]
async fn the_contract_is_the_frontends() {
    for frontend in FRONTENDS {
        let world = World::start(frontend, &[]).await;
        let openapi = Ask::get("/openapi.yaml")
            .send(world.gateway.admin_addr)
            .await
            .body;
        for route in bff(frontend)
            .routes
            .iter()
            .filter(|route| route.method.is_some())
        {
            assert!(
                openapi.contains(route.pattern),
                "{frontend}: {} is missing",
                route.pattern
            );
        }
        let hidden = [
            "dateOfBirth",
            "taxId",
            "fraudScore",
            "fingerprint",
            "supplierOrder",
            "reserved",
            "doorCode",
            "handledBy",
            "shop.internal",
            "127.0.0.1",
            "CATALOG_KEY",
            "x-api-key",
        ];
        for name in hidden {
            assert!(
                !openapi.contains(name),
                "{frontend}: the contract tells of {name}"
            );
        }
    }
}

/// All that is missing is named at once, and no value is.
#[tokio::test]
async fn missing_variables_are_named_at_once() {
    let error = Server::start(bff("web"), Settings::local(BTreeMap::new()))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("CATALOG_KEY") && error.contains("ISSUER"),
        "{error}"
    );
    let variables = [
        ("ISSUER", "no url"),
        ("CATALOG_KEY", "se\ncret"),
        ("ORDERS_URL", "ftp://orders"),
    ];
    let variables = variables
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let error = Server::start(bff("web"), Settings::local(variables))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("ORDERS_URL") && error.contains("x-api-key"),
        "{error}"
    );
    assert!(!error.contains("cret"), "{error}");
}

/// A gateway after some requests of each kind, and what it says of them.
async fn metrics() -> String {
    let world = World::start("web", &[]).await;
    let token = world.token("web", "u-1001");
    world.script(Script::new(
        "orders",
        "GET /orders",
        Answer::json(
            200,
            r#"{"items":[{"lines":[{"sku":"A"}],"id":7}],"page":1,"total":0}"#,
        ),
    ));
    world.script(Script::new(
        "orders",
        "GET /orders/o-1001",
        Answer::json(500, "{}"),
    ));
    world.script(Script::new(
        "catalog",
        "GET /products",
        Answer::json(503, "{}"),
    ));
    world.script(Script::new(
        "catalog",
        "GET /products/A",
        Answer::json(200, "{}"),
    ));
    for (target, status) in [
        // Without products, which are optional.
        ("/api/orders", 200),
        ("/api/orders/o-1001", 502),
        ("/api/catalog/products/A", 200),
        ("/api/nowhere/\"quoted\"", 404),
        ("/api/orders?page=x", 400),
    ] {
        let got = world.ask(&Ask::get(target).bearer(&token)).await;
        assert_eq!(got.status, status, "{target} {got:?}");
    }
    let got = Ask::get("/metrics").send(world.gateway.admin_addr).await;
    assert_eq!(
        got.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    got.body
}

/// Which requests, calls and partial answers there were is told by names of the spec.
#[tokio::test]
async fn what_happened_is_counted() {
    let text = metrics().await;
    let lines: Vec<&str> = text.lines().collect();
    for line in [
        "bff_requests_in_flight 0",
        r#"bff_requests_total{method="GET",route="/api/orders",status="200"} 1"#,
        r#"bff_requests_total{method="GET",route="/api/orders",status="400"} 1"#,
        r#"bff_requests_total{method="GET",route="/api/orders/{id}",status="502"} 1"#,
        r#"bff_requests_total{method="ANY",route="/api/catalog/**",status="200"} 1"#,
        r#"bff_requests_total{method="",route="",status="404"} 1"#,
        r#"bff_request_duration_seconds_count{method="GET",route="/api/orders"} 2"#,
        r#"bff_request_duration_seconds_bucket{method="GET",route="/api/orders",le="+Inf"} 2"#,
        r#"bff_partial_total{method="GET",route="/api/orders"} 1"#,
        r#"bff_upstream_calls_total{upstream="catalog",outcome="status"} 1"#,
        r#"bff_upstream_calls_total{upstream="catalog",outcome="ok"} 1"#,
        r#"bff_upstream_call_duration_seconds_count{upstream="catalog"} 2"#,
        r#"bff_contract_breaches_total{upstream="orders",at="items[].id"} 1"#,
    ] {
        assert!(lines.contains(&line), "{line}\n{text}");
    }
    assert!(!text.contains("quoted"), "{text}");
}

/// Prometheus's own tool reads them and finds nothing to say, where it is installed.
#[tokio::test]
async fn promtool_agrees() {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    let text = metrics().await;
    let child = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        eprintln!("skipped: promtool is not installed");
        return;
    };
    let mut input = child.stdin.take().unwrap();
    input.write_all(text.as_bytes()).unwrap();
    drop(input);
    let said = child.wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success() && words.is_empty(), "{words}\n{text}");
}

/// Every metric is in the operators' page with every label it has, and the page names no other.
#[tokio::test]
async fn every_metric_is_explained() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operate.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (_, page) = page.split_once("## Metrics").unwrap();
    let (page, _) = page.split_once("## The log").unwrap();
    let rows: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    let text = metrics().await;
    let mut families = 0;
    for (at, line) in text.lines().enumerate() {
        let Some(name) = line.strip_prefix("# HELP ") else {
            continue;
        };
        families += 1;
        let (name, help) = name.split_once(' ').unwrap();
        assert!(help.ends_with('.'), "{name}: {help}");
        let row = rows.iter().find(|row| row.contains(&format!("`{name}`")));
        let row = row.unwrap_or_else(|| panic!("{name} is not explained"));
        let samples = text.lines().skip(at + 2);
        for sample in samples.take_while(|line| !line.starts_with('#')) {
            let labels = sample.split_once('{').map_or("", |(_, rest)| rest);
            let (labels, _) = labels.rsplit_once('}').unwrap_or_default();
            for label in labels.split("\",").filter(|label| !label.is_empty()) {
                let label = label.split('=').next().unwrap();
                assert!(
                    label == "le" || row.contains(&format!("`{label}`")),
                    "{row}: {label}"
                );
            }
        }
    }
    let named = rows
        .iter()
        .flat_map(|row| row.split('|').nth(1).unwrap().split(','));
    assert_eq!(named.count(), families);
}
