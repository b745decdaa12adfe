//! What operators see: the admin port, the environment a gateway asks for, the contract it serves.

use std::collections::BTreeMap;

use bff_runtime::{Server, Settings};

use crate::harness::client::Ask;
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
