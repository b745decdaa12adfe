//! Whether an answer, or what the upstreams were asked, is what a case says: every difference in words.

use http::HeaderMap;
use serde_json::Value;

use super::format::{Asked, AskedOne, Expected};
use crate::harness::client::Got;
use crate::harness::log::Seen;

/// What upstreams put where no frontend may see it starts with this.
const SECRET: &str = "LEAK";

/// What is wrong with an answer.
pub(crate) fn answer(got: &Got, expected: &Expected, hosts: &[String]) -> Vec<String> {
    let mut wrong = Vec::new();
    if got.status.as_u16() != expected.status {
        wrong.push(format!(
            "status {} instead of {}",
            got.status.as_u16(),
            expected.status
        ));
    }
    for (name, value) in &expected.headers {
        header(name, value.as_deref(), got.header(name), &mut wrong);
    }
    let problem = got.header("content-type") == Some("application/problem+json");
    let said = expected
        .headers
        .iter()
        .any(|(name, _)| name == "content-type");
    if got.status.as_u16() >= 400 && !said && !problem && !got.body.is_empty() {
        wrong.push(format!(
            "the error is no problem+json but {:?}",
            got.header("content-type")
        ));
    }
    match &expected.body {
        body if problem && !said => wrong.extend(problem_body(got, body.as_deref())),
        Some(body) if body == "*" && !got.body.is_empty() => {}
        Some(body) if minify(body) == minify(&got.body) => {}
        Some(body) => wrong.push(format!(
            "body\n      {}\n    instead of\n      {}",
            got.body,
            minify(body)
        )),
        None if got.body.is_empty() => {}
        None => wrong.push(format!("a body where none belongs: {}", got.body)),
    }
    let everything = format!("{:?}\n{}", got.headers, got.body);
    for secret in hosts.iter().map(String::as_str).chain([SECRET]) {
        if everything.contains(secret) {
            wrong.push(format!("`{secret}` leaks"));
        }
    }
    hop_by_hop(&got.headers, &mut wrong);
    wrong
}

fn header(name: &str, expected: Option<&str>, got: Option<&str>, wrong: &mut Vec<String>) {
    match (expected, got) {
        (Some("*"), Some(_)) | (None, None) => {}
        (expected, got) if expected == got => {}
        (expected, got) => wrong.push(format!("header {name}: {got:?} instead of {expected:?}")),
    }
}

fn hop_by_hop(headers: &HeaderMap, wrong: &mut Vec<String>) {
    for name in [
        "keep-alive",
        "proxy-authenticate",
        "te",
        "trailer",
        "upgrade",
        "x-hop",
        "set-cookie",
        "server",
    ] {
        if headers.contains_key(name) {
            wrong.push(format!("header {name} leaks through"));
        }
    }
}

/// RFC 9457: the members every problem has, those the case names, and no others.
fn problem_body(got: &Got, expected: Option<&str>) -> Vec<String> {
    let mut wrong = Vec::new();
    let Ok(Value::Object(problem)) = serde_json::from_str(&got.body) else {
        // HEAD
        return if got.body.is_empty() {
            wrong
        } else {
            vec![format!("no problem: {}", got.body)]
        };
    };
    let own = ["type", "title", "status", "detail", "instance", "requestId"];
    for name in own.iter().filter(|name| !problem.contains_key(**name)) {
        wrong.push(format!("the problem has no `{name}`"));
    }
    if problem.get("status") != Some(&got.status.as_u16().into()) {
        wrong.push("the problem's status is not the answer's".to_owned());
    }
    if expected == Some("*") {
        return wrong;
    }
    let expected: Value = expected.map_or(Value::Object(Default::default()), |body| {
        serde_json::from_str(body).unwrap()
    });
    for name in problem
        .keys()
        .filter(|name| !own.contains(&name.as_str()) && expected.get(name).is_none())
    {
        wrong.push(format!(
            "the problem has a member `{name}`: {}",
            problem[name]
        ));
    }
    let (mut problem, mut expected) = (Value::Object(problem), expected);
    sort_faults(&mut problem);
    sort_faults(&mut expected);
    if !holds(&problem, &expected) {
        wrong.push(format!(
            "problem\n      {}\n    without\n      {expected}",
            got.body
        ));
    }
    wrong
}

/// The faults of an input are a set.
fn sort_faults(problem: &mut Value) {
    if let Some(faults) = problem.get_mut("errors").and_then(Value::as_array_mut) {
        faults.sort_by_key(|fault| [fault["in"].to_string(), fault["name"].to_string()]);
    }
}

/// Whether a value is, or where both are objects holds, what is expected.
fn holds(got: &Value, expected: &Value) -> bool {
    match (got, expected) {
        (Value::Object(got), Value::Object(expected)) => expected
            .iter()
            .all(|(name, value)| got.get(name).is_some_and(|got| holds(got, value))),
        (Value::Array(got), Value::Array(expected)) => {
            got.len() == expected.len()
                && got
                    .iter()
                    .zip(expected)
                    .all(|(got, expected)| holds(got, expected))
        }
        (got, expected) => got == expected,
    }
}

/// What is wrong with what the upstreams were asked.
pub(crate) fn asked(seen: &[Seen], expected: &Asked) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut left: Vec<&Seen> = seen.iter().collect();
    for (place, request) in expected.requests.iter().enumerate() {
        let found = if expected.in_order {
            (seen.get(place).is_some_and(|seen| fits(seen, request))).then_some(0)
        } else {
            left.iter().position(|seen| fits(seen, request))
        };
        match found {
            Some(place) => drop(left.remove(place)),
            None => wrong.push(format!("not asked: {request:?}")),
        }
    }
    if !wrong.is_empty() || !left.is_empty() {
        let all: Vec<String> = seen.iter().map(describe).collect();
        wrong.push(format!("asked instead:\n      {}", all.join("\n      ")));
    }
    wrong
}

fn describe(seen: &Seen) -> String {
    format!(
        "{} {:?} {}",
        seen.line(),
        seen.headers,
        String::from_utf8_lossy(&seen.body)
    )
}

fn fits(seen: &Seen, expected: &AskedOne) -> bool {
    let mut wrong = Vec::new();
    for (name, value) in &expected.headers {
        header(name, value.as_deref(), seen.header(name), &mut wrong);
    }
    let body = expected
        .body
        .as_ref()
        .is_none_or(|body| minify(body) == minify(&String::from_utf8_lossy(&seen.body)));
    seen.line() == expected.line && body && wrong.is_empty()
}

/// JSON without the white space between its tokens; text that isn't JSON stays as it is.
fn minify(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut quoted, mut escaped) = (false, false);
    for c in text.chars() {
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        if quoted || !c.is_whitespace() {
            out.push(c);
        }
    }
    if serde_json::from_str::<Value>(text).is_ok() {
        out
    } else {
        text.to_owned()
    }
}

/// What the cases rest on can fail.
#[test]
fn differences_are_told() {
    let got = |status: u16, headers: &[(&'static str, &'static str)], body: &str| Got {
        status: http::StatusCode::from_u16(status).unwrap(),
        headers: headers
            .iter()
            .map(|(name, value)| {
                (
                    http::HeaderName::from_static(name),
                    http::HeaderValue::from_static(value),
                )
            })
            .collect(),
        body: body.to_owned(),
    };
    let expected = |status, headers: &[(&str, Option<&str>)], body: Option<&str>| Expected {
        status,
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned)))
            .collect(),
        body: body.map(str::to_owned),
    };
    let problem = r#"{"type":"about:blank","title":"t","status":404,"detail":"d","instance":"/","requestId":"r"}"#;
    let richer = problem.replace('}', r#","stack":"s"}"#);
    let typed = [("content-type", "application/problem+json")];
    let cases = [
        (
            got(200, &[], "[1.0]"),
            expected(200, &[], Some("[ 1.0 ]")),
            0,
        ),
        (
            got(200, &[], "[1.0]"),
            expected(200, &[], Some("[1.00]")),
            1,
        ),
        (got(200, &[], "[1.0]"), expected(201, &[], Some("[1.0]")), 1),
        (got(200, &[], "[]"), expected(200, &[], None), 1),
        (
            got(200, &[], "[\"LEAK-x\"]"),
            expected(200, &[], Some("*")),
            1,
        ),
        (
            got(200, &[], "\"see 127.0.0.1:9\""),
            expected(200, &[], Some("*")),
            1,
        ),
        (
            got(200, &[("x-a", "LEAK")], ""),
            expected(200, &[], None),
            1,
        ),
        (
            got(200, &[("x-a", "1")], ""),
            expected(200, &[("x-a", None)], None),
            1,
        ),
        (
            got(200, &[("x-a", "1")], ""),
            expected(200, &[("x-a", Some("2"))], None),
            1,
        ),
        (
            got(200, &[], ""),
            expected(200, &[("x-a", Some("*"))], None),
            1,
        ),
        (
            got(200, &[("set-cookie", "a=b")], ""),
            expected(200, &[], None),
            1,
        ),
        (got(404, &[], "{}"), expected(404, &[], Some("{}")), 1),
        (got(404, &typed, problem), expected(404, &[], None), 0),
        (got(404, &typed, &richer), expected(404, &[], None), 1),
        (
            got(404, &typed, problem),
            expected(404, &[], Some(r#"{"upstream":"users"}"#)),
            1,
        ),
        (got(404, &typed, "{}"), expected(404, &[], None), 7),
    ];
    for (got, expected, faults) in cases {
        let told = answer(&got, &expected, &["127.0.0.1:9".to_owned()]);
        assert_eq!(told.len(), faults, "{got:?} {expected:?}: {told:?}");
    }
}
