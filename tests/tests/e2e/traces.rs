//! Traces: what upstreams are told of them by calls and by pass-through, and what a collector gets to see.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::{Span, status::StatusCode};
use prost::Message as _;

use crate::harness::client::Ask;
use crate::harness::log::{Log, Seen};
use crate::harness::script::{Answer, Delivery, Script};
use crate::harness::upstream::Upstream;
use crate::harness::{World, bff};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const GIVEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// A gateway of the web frontend with these variables, whose orders and products answer.
async fn world(variables: &[(&str, &str)]) -> World {
    let variables: BTreeMap<_, _> = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let shop = ["users", "orders", "catalog"];
    let world = World::of(bff("web"), &shop, &[], variables).await.unwrap();
    for (upstream, route, body) in [
        (
            "orders",
            "GET /orders",
            r#"{"items":[{"lines":[{"sku":"A"}]}]}"#,
        ),
        ("catalog", "GET /products", "[]"),
        ("catalog", "GET /products/A-1", "{}"),
    ] {
        world.script(Script::new(upstream, route, Answer::json(200, body)));
    }
    world
}

/// Two requests, in this trace: one that makes two calls, one that is passed through.
async fn ask(world: &World, headers: &[(&str, &str)]) {
    let token = world.token("web", "u-1001");
    for ask in [
        Ask::get("/api/orders").bearer(&token),
        Ask::get("/api/catalog/products/A-1?secret=1"),
    ] {
        let ask = headers
            .iter()
            .fold(ask, |ask, (name, value)| ask.header(name, value));
        let got = world.ask(&ask).await;
        assert_eq!(got.status, 200, "{got:?}");
    }
}

/// What the upstreams were told: `traceparent` and `tracestate` of each request.
fn told(seen: &[Seen]) -> Vec<(&str, Option<&str>)> {
    seen.iter()
        .map(|seen| {
            (
                seen.header("traceparent").unwrap(),
                seen.header("tracestate"),
            )
        })
        .collect()
}

#[tokio::test]
async fn a_clients_trace_goes_on() {
    let world = world(&[]).await;
    let headers = [
        ("TraceParent", GIVEN),
        ("tracestate", "a=1"),
        ("TraceState", " b=2 "),
    ];
    ask(&world, &headers).await;
    assert_eq!(told(&world.log.since(0)), [(GIVEN, Some("a=1,b=2")); 3]);
}

#[tokio::test]
async fn without_a_valid_one_a_trace_begins() {
    let world = world(&[]).await;
    let cases: [&[(&str, &str)]; 4] = [
        &[("tracestate", "a=1")],
        &[
            ("traceparent", "00-nothing-like-it-01"),
            ("tracestate", "a=1"),
        ],
        &[("traceparent", GIVEN), ("traceparent", GIVEN)],
        &[],
    ];
    let mut traces = Vec::new();
    for headers in cases {
        let before = world.log.len();
        ask(&world, headers).await;
        let seen = world.log.since(before);
        let told = told(&seen);
        assert_eq!(told.len(), 3);
        // The calls of one request are of one trace.
        assert_eq!(told[0], told[1]);
        for (parent, state) in [told[0], told[2]] {
            assert_eq!((parent.len(), state), (55, None), "{headers:?}");
            assert!(
                parent.starts_with("00-") && parent.ends_with("-03"),
                "{parent}"
            );
            traces.push(parent[3..35].to_owned());
        }
    }
    traces.push(TRACE.to_owned());
    let count = traces.len();
    traces.sort();
    traces.dedup();
    assert_eq!(traces.len(), count);
}

#[tokio::test]
async fn what_begins_here_is_sampled_as_the_environment_says() {
    let world = world(&[("OTEL_TRACES_SAMPLER", "parentbased_always_off")]).await;
    ask(&world, &[]).await;
    ask(&world, &[("traceparent", GIVEN)]).await;
    let seen = world.log.since(0);
    let flags: Vec<_> = told(&seen)
        .iter()
        .map(|(parent, _)| &parent[53..])
        .collect();
    assert_eq!(flags, ["02", "02", "02", "01", "01", "01"]);
}

/// What takes spans.
async fn collector(status: u16) -> (Upstream, Log) {
    let log = Log::default();
    let collector = Upstream::up("collector", log.clone()).await;
    for path in ["/v1/traces", "/own"] {
        let answer = Answer::json(status, "");
        let route = format!("POST {path}");
        collector.script(Script::new("collector", &route, answer));
    }
    (collector, log)
}

/// Stops the gateway, which sends what is left; gives what the collector got.
async fn collected(world: World, log: &Log) -> Vec<ExportTraceServiceRequest> {
    world.split().0.shutdown().await;
    let requests = log.since(0);
    requests
        .iter()
        .map(|seen| ExportTraceServiceRequest::decode(&seen.body[..]).unwrap())
        .collect()
}

fn spans(requests: &[ExportTraceServiceRequest]) -> Vec<&Span> {
    let resources = requests.iter().flat_map(|request| &request.resource_spans);
    let scopes = resources.flat_map(|resource| &resource.scope_spans);
    scopes.flat_map(|scope| &scope.spans).collect()
}

fn attribute(attributes: &[KeyValue], name: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.clone()?.value? {
        Value::StringValue(text) => Some(text),
        Value::IntValue(number) => Some(number.to_string()),
        other => panic!("{name}: {other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_span_for_each_request_and_each_call() {
    let (collector, log) = collector(200).await;
    let world = world(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=a%20b"),
        ("OTEL_SERVICE_NAME", "shop"),
        (
            "OTEL_RESOURCE_ATTRIBUTES",
            "deployment.environment.name=test",
        ),
    ])
    .await;
    ask(&world, &[("traceparent", GIVEN), ("tracestate", "a=1")]).await;
    let seen = world.log.since(0);
    let hosts: Vec<String> = world.hosts().collect();
    let requests = collected(world, &log).await;
    assert_eq!(log.since(0)[0].header("x-key"), Some("a b"));
    assert_eq!(
        log.since(0)[0].header("content-type"),
        Some("application/x-protobuf")
    );
    let resource = requests[0].resource_spans[0].resource.as_ref().unwrap();
    let of_resource = |name| attribute(&resource.attributes, name);
    assert_eq!(of_resource("service.name").as_deref(), Some("shop"));
    assert_eq!(
        of_resource("deployment.environment.name").as_deref(),
        Some("test")
    );

    let spans = spans(&requests);
    assert_eq!(spans.len(), 5);
    let named = |name: &str| *spans.iter().find(|span| span.name == name).unwrap();
    for span in &spans {
        assert_eq!(hex(&span.trace_id), TRACE);
        assert_eq!(span.trace_state, "a=1");
        assert!(span.start_time_unix_nano <= span.end_time_unix_nano);
        for secret in ["secret", "catalog-key", "Bearer"] {
            assert!(!format!("{span:?}").contains(secret), "{span:?}");
        }
    }
    let home = named("GET /api/orders");
    let passed = named("GET /api/catalog/**");
    for (span, path) in [(home, "/api/orders"), (passed, "/api/catalog/products/A-1")] {
        assert_eq!(span.kind(), SpanKind::Server);
        assert_eq!(hex(&span.parent_span_id), "00f067aa0ba902b7");
        let (_, route) = span.name.split_once(' ').unwrap();
        for (name, value) in [
            ("http.request.method", "GET"),
            ("http.route", route),
            ("http.response.status_code", "200"),
            ("url.path", path),
            ("url.scheme", "http"),
            ("network.protocol.version", "1.1"),
            ("network.peer.address", "127.0.0.1"),
        ] {
            assert_eq!(attribute(&span.attributes, name).as_deref(), Some(value));
        }
    }
    for (span, above, host, upstream, path, call) in [
        (
            named("GET /orders"),
            home,
            &hosts[1],
            "orders",
            "/orders",
            Some("found"),
        ),
        (
            named("GET /products"),
            home,
            &hosts[2],
            "catalog",
            "/products",
            Some("products"),
        ),
        (
            named("GET"),
            passed,
            &hosts[2],
            "catalog",
            "/products/A-1",
            None,
        ),
    ] {
        assert_eq!(span.kind(), SpanKind::Client);
        assert_eq!(span.parent_span_id, above.span_id);
        let (address, port) = host.split_once(':').unwrap();
        let url = format!("http://{host}{path}");
        for (name, value) in [
            ("http.request.method", Some("GET")),
            ("http.response.status_code", Some("200")),
            ("server.address", Some(address)),
            ("server.port", Some(port)),
            ("url.full", Some(&url)),
            ("url.template", call.map(|_| path)),
            ("bff.upstream", Some(upstream)),
            ("bff.call", call),
        ] {
            assert_eq!(
                attribute(&span.attributes, name).as_deref(),
                value,
                "{name}"
            );
        }
        // The upstream was told that this span is above its own.
        let parent = format!("00-{TRACE}-{}-01", hex(&span.span_id));
        let said = seen
            .iter()
            .find(|seen| seen.header("traceparent") == Some(&parent));
        let said = said.unwrap_or_else(|| panic!("{parent} {seen:?}"));
        assert!(said.target.starts_with(path), "{said:?}");
        assert_eq!(said.header("tracestate"), Some("a=1"));
    }
}

#[tokio::test]
async fn what_fails_says_so() {
    let (collector, log) = collector(200).await;
    let url = format!("{}/own", collector.url());
    let world = world(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &url)]).await;
    world.script(Script::new(
        "orders",
        "GET /orders",
        Answer::json(503, "{}"),
    ));
    let mut closed = Answer::json(200, "");
    closed.delivery = Delivery::Closed;
    world.script(Script::new("catalog", "GET /products/A-1", closed));
    let token = world.token("web", "u-1001");
    for (target, status) in [
        ("/api/orders", 502),
        ("/api/catalog/products/A-1", 502),
        ("/api/nowhere", 404),
    ] {
        let got = world.ask(&Ask::get(target).bearer(&token)).await;
        assert_eq!(got.status, status, "{target}");
    }
    let requests = collected(world, &log).await;
    let mut got: Vec<_> = spans(&requests)
        .iter()
        .map(|span| {
            let failed = span
                .status
                .as_ref()
                .is_some_and(|status| status.code() == StatusCode::Error);
            let error = attribute(&span.attributes, "error.type");
            (span.name.clone(), failed, error)
        })
        .collect();
    got.sort();
    got.dedup();
    let failed = |name: &str, error: &str| (name.to_owned(), true, Some(error.to_owned()));
    assert_eq!(
        got,
        [
            // Nobody's route: no fault of the server's, which names nothing after what a client made up.
            ("GET".to_owned(), false, None),
            failed("GET", "broken"),
            failed("GET /api/catalog/**", "502"),
            failed("GET /api/orders", "502"),
            failed("GET /orders", "503"),
        ]
    );
}

#[tokio::test]
async fn nothing_is_sent_that_is_not_sampled_or_not_wanted() {
    let (collector, log) = collector(200).await;
    let url = collector.url();
    for variable in [
        ("OTEL_TRACES_SAMPLER", "always_off"),
        ("OTEL_TRACES_EXPORTER", "none"),
        ("OTEL_SDK_DISABLED", "true"),
    ] {
        let world = world(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &url), variable]).await;
        ask(&world, &[]).await;
        world.split().0.shutdown().await;
    }
    // A client that asks not to be recorded isn't, either.
    let world = world(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &url)]).await;
    let unsampled = GIVEN.replace("-01", "-00");
    ask(&world, &[("traceparent", &unsampled)]).await;
    let seen = world.log.since(0);
    for (parent, _) in told(&seen) {
        assert!(
            parent.starts_with(&unsampled[..36]) && parent.ends_with("-00"),
            "{parent}"
        );
    }
    world.split().0.shutdown().await;
    assert_eq!(log.len(), 0);
}

#[tokio::test]
async fn no_request_suffers_from_a_collector() {
    let (refusing, _) = collector(500).await;
    let down = Upstream::down("collector");
    for url in [refusing.url(), down.url()] {
        let world = world(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "2"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "100"),
        ])
        .await;
        for _ in 0..5 {
            ask(&world, &[]).await;
        }
        world.split().0.shutdown().await;
    }
}

#[tokio::test]
async fn an_endpoint_must_be_one() {
    for (name, value) in [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("OTEL_TRACES_SAMPLER", "now and then"),
    ] {
        let variables = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        let error = World::of(bff("web"), &[], &[], variables)
            .await
            .unwrap_err();
        let error = error.to_string();
        assert!(error.contains(name) && !error.contains(value), "{error}");
    }
}
