//! What is in a request's head: route, inputs, addresses, traces, what is passed on.

use std::borrow::Cow;
use std::sync::LazyLock;
use std::time::Duration;

use http::Request;

use crate::failure::Failure;
use crate::input::{self, Patterns, Reader};
use crate::plan::{
    Format, Input, Inputs, ListRules, Place, Policies, Route, Rules, Scalar, Segment,
};
use crate::router::{Found, Router};
use crate::text::{Env, Variables};
use crate::{answer, limit, percent, proxy, trace};

const fn input(place: Place, name: &'static str, slot: u16, rules: Rules) -> Input {
    Input::new(place, name, slot, rules)
}

const fn route(pattern: &'static str, segments: &'static [Segment], inputs: Inputs) -> Route {
    Route {
        method: Some("GET"),
        pattern,
        segments,
        when: None,
        policies: Policies::within(Duration::from_secs(1), 1024),
        inputs,
        body: None,
        passes: false,
        handler: |_| Box::pin(async { Err(Failure::not_found()) }),
    }
}

static ROUTES: &[Route] = &[
    route(
        "/a/{id}",
        &[Segment::Literal("a"), Segment::Parameter("id")],
        Inputs {
            width: 8,
            items: &[
                input(
                    Place::Path,
                    "id",
                    0,
                    Rules::of(Scalar::String).pattern("^[a-z]+$"),
                ),
                input(Place::Query, "n", 1, Rules::of(Scalar::Integer).min(0.0)),
                input(Place::Query, "l", 2, Rules::of(Scalar::String)).list(ListRules::ANY.max(3)),
                input(
                    Place::Query,
                    "d",
                    3,
                    Rules::of(Scalar::String).format(Format::DateTime),
                ),
                input(
                    Place::Header,
                    "x-id",
                    4,
                    Rules::of(Scalar::String).format(Format::Uuid),
                ),
                input(Place::Cookie, "theme", 5, Rules::of(Scalar::Boolean)),
                input(Place::Query, "f", 6, Rules::of(Scalar::Number)),
                input(
                    Place::Query,
                    "t",
                    7,
                    Rules::of(Scalar::String).format(Format::Date),
                ),
            ],
        },
    ),
    route(
        "/a/b/**",
        &[Segment::Literal("a"), Segment::Literal("b"), Segment::Rest],
        Inputs {
            width: 0,
            items: &[],
        },
    ),
];
static ROUTER: LazyLock<Router> = LazyLock::new(|| Router::new(ROUTES));
static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    let none = Variables::Map(Default::default());
    Patterns::compile(ROUTES, &mut Env::new(none))
});

/// A target, and a header in each further line.
pub fn request(bytes: &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let mut request = Request::get(lines.next().unwrap_or_default());
    for line in lines {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let (name, value) = (parts.next(), parts.next());
        request = request.header(
            name.unwrap_or_default(),
            value.unwrap_or_default().trim_ascii(),
        );
    }
    let Ok(request) = request.body(()) else {
        return;
    };
    let (head, ()) = request.into_parts();
    for trusted in 0..3 {
        let peer = ([127, 0, 0, 1], 1).into();
        let _ = limit::address(peer, &head.headers, trusted);
    }
    let id = trace::request_id(&head.headers);
    assert!(id.to_str().is_ok_and(|id| !id.is_empty()));
    trace::fuzz::goes_on(&head.headers);
    let _ = input::body::is_json(&head.headers);
    let _ = answer::is_known(&head.headers, &id);
    let path = head.uri.path();
    let found = ROUTER.find(&head.method, path, &head.headers, head.uri.query());
    let Found::Route(index, segments) = found else {
        return;
    };
    for segment in &segments {
        let mut encoded = String::new();
        percent::encode_into(&mut encoded, segment);
        assert!(percent::decode(&encoded).is_ok_and(|decoded| decoded == *segment));
        assert!(!matches!(&**segment, "." | ".."));
    }
    for strict in [false, true] {
        let reader = Reader {
            route: &ROUTES[index],
            head: &head,
            segments: &segments,
            patterns: &PATTERNS,
            strict: strict.then_some(&|_: &str| false),
        };
        let _ = reader.read();
    }
    let rest: Vec<String> = segments.into_iter().map(Cow::into_owned).collect();
    proxy::fuzz::passed(&head, &id, &rest);
}
