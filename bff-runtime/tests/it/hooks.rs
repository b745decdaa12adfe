//! Functions a team owns, between an endpoint's template and its frontend.

use bff_runtime::hook::Number;
use bff_runtime::json::{Block, Hop, Template};
use bff_runtime::plan::*;
use bff_runtime::serde::{self, Deserialize, Serialize};
use bff_runtime::{Exchange, HookError};

use crate::client;
use crate::tables::*;
use crate::upstream::{Seen, Step, Upstream as Scripted, answer, ok};

const INPUT: Inputs = Inputs {
    width: 1,
    items: &[input(Place::Query, "id", 0, Scalar::String)],
};
const BY_ID: &[Argument] = &[argument(Place::Path, "id", path(0, &[Hop::Value(0)]))];

static NAME: Template = Template::Block(&Block::Fields(&[
    field("\"name\":", value(3, &[Hop::Value(1)])),
    field("\"length\":", Template::Literal("0")),
]));
static PLAN: Plan = Plan {
    calls: &[Call {
        optional: true,
        shape: Some(&USER),
        ..call("user", &GET_USER, BY_ID)
    }],
    require: &[],
    answer: Answer {
        status: 200,
        headers: &[],
        body: Some(&NAME),
    },
};

#[derive(Debug, Serialize, Deserialize)]
#[serde(crate = "self::serde")]
struct Greeting {
    name: Option<String>,
    length: Number,
}

fn measure(mut answer: Greeting) -> Result<Greeting, HookError> {
    match answer.name.as_deref() {
        Some("refuse") => return Err(HookError::new("not this one")),
        Some("panic") => panic!("oh no"),
        Some(name) => answer.length = name.len().into(),
        None => answer.name = Some("nobody".to_owned()),
    }
    Ok(answer)
}

static ROUTES: [Route; 2] = [
    get(
        "/as-it-is",
        &[Segment::Literal("as-it-is")],
        INPUT,
        handler!(PLAN),
    ),
    get(
        "/measured",
        &[Segment::Literal("measured")],
        INPUT,
        |exchange: Exchange| {
            Box::pin(async move { exchange.run(&PLAN).await?.transformed("measure", measure) })
        },
    ),
];
static HOOKED: Bff = bff(&ROUTES);

/// Answers with the id as the name.
fn names(seen: &Seen) -> Vec<Step> {
    match seen.path().trim_start_matches("/users/") {
        "away" => answer(500, "{}"),
        "surrogate" => ok(r#"{"id":"1","name":"\ud800"}"#),
        name => ok(&format!(r#"{{"id":"1","name":"{name}"}}"#)),
    }
}

#[tokio::test]
async fn an_answer_goes_through_its_function() {
    let alpha = Scripted::start(names).await;
    let gateway = start(&HOOKED, &alpha, &alpha).await;
    let get = async |target: &str| client::get(gateway.addr, target).await;

    let plain = get("/as-it-is?id=Ann").await;
    assert_eq!(plain.text(), r#"{"name":"Ann","length":0}"#);
    let measured = get("/measured?id=Ann").await;
    assert_eq!(measured.text(), r#"{"name":"Ann","length":3}"#);
    assert_eq!(measured.header("content-length"), Some("25"));

    // The tag is that of what is sent.
    let tag = measured.header("etag").unwrap().to_owned();
    assert_ne!(plain.header("etag"), Some(tag.as_str()));
    let headers = [("if-none-match", tag.as_str())];
    let again = client::send(gateway.addr, "GET", "/measured?id=Ann", &headers, "").await;
    assert_eq!((again.status, again.text()), (304, ""));

    let partial = get("/measured?id=away").await;
    assert_eq!(partial.text(), r#"{"name":"nobody","length":0}"#);
    assert_eq!(partial.header("bff-partial"), Some("user"));
    assert_eq!(partial.header("etag"), None);
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_function_that_fails_takes_nothing_with_it() {
    let alpha = Scripted::start(names).await;
    let gateway = start(&HOOKED, &alpha, &alpha).await;
    for (id, status) in [("refuse", 500), ("panic", 500), ("surrogate", 502)] {
        let got = client::get(gateway.addr, &format!("/measured?id={id}")).await;
        assert_eq!(got.status, status, "{id}");
        assert_eq!(
            got.header("content-type"),
            Some("application/problem+json"),
            "{id}"
        );
        for hidden in ["not this one", "oh no", "measure\"", "upstream", "alpha"] {
            assert!(!got.text().contains(hidden), "{id}: {}", got.text());
        }
        // The next one is answered as if nothing had been.
        let next = client::get(gateway.addr, "/measured?id=Bo").await;
        assert_eq!(next.text(), r#"{"name":"Bo","length":2}"#);
    }
    gateway.shutdown().await;
}
