//! What an upstream's answer means: a tape, or a failure.

use bff_json::{Options, Scope, Tape, Template};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};

use crate::failure::{Failure, Kind};
use crate::metrics::Outcome;
use crate::plan::{Call, ErrorAction};
use crate::server::App;
use crate::upstream::{Broken, BrokenKind, Fetched, Headers, Live};

/// The longest part of an upstream's error that joins a problem.
const LONGEST_ERROR: usize = 64 * 1024;
/// The longest `retry-after` that is passed on, in seconds.
const LONGEST_WAIT: u32 = 3600;

/// Reads what came back of one request.
pub(super) fn read(
    call: &'static Call,
    live: &Live,
    fetched: Result<Fetched, Broken>,
) -> Result<Tape, Failure> {
    let (outcome, result) = match fetched {
        Ok(fetched) if fetched.status.is_success() => match capture(call, live, fetched) {
            Ok(tape) => (Outcome::Ok, Ok(tape)),
            Err(cause) => (
                Outcome::Invalid,
                Err(Failure::upstream(Kind::Upstream, live.plan.name, cause)),
            ),
        },
        Ok(fetched) => (Outcome::Status, error(call, fetched)),
        Err(broken) => (
            of_broken(broken.kind),
            Err(Failure::upstream(
                Kind::Upstream,
                live.plan.name,
                broken.cause,
            )),
        ),
    };
    live.count(outcome);
    result
}

/// How an attempt ended that another follows.
pub(super) fn passing(fetched: &Result<Fetched, Broken>) -> Outcome {
    match fetched {
        Ok(_) => Outcome::Status,
        Err(broken) => of_broken(broken.kind),
    }
}

fn of_broken(kind: BrokenKind) -> Outcome {
    match kind {
        BrokenKind::Connect => Outcome::Connect,
        BrokenKind::Wire => Outcome::Broken,
        BrokenKind::TooLarge | BrokenKind::Client | BrokenKind::Slow => Outcome::Invalid,
    }
}

/// What the spec says of a status.
pub(super) fn rule(call: &'static Call, code: u16) -> Option<&'static ErrorAction> {
    let mut rules = call.errors.iter();
    let rule = rules.find(|rule| (rule.first..=rule.last).contains(&code));
    rule.map(|rule| &rule.then)
}

/// Captures a success. No body is null where the contract says that there may be none, else a broken answer.
fn capture(call: &'static Call, live: &Live, fetched: Fetched) -> Result<Tape, String> {
    let Fetched {
        status,
        headers,
        body,
    } = fetched;
    let code = status.as_u16();
    let may_be_empty = || {
        let mut ranges = call.bodiless.iter();
        ranges.any(|(first, last)| (*first..=*last).contains(&code))
    };
    let mut tape = match call.shape {
        Some(_) if body.is_empty() && !may_be_empty() => {
            return Err(format!("{code} without a body"));
        }
        Some(shape) if !body.is_empty() => {
            is_plain_json(&headers)?;
            shape
                .capture(body, &Options::default())
                .map_err(|error| error.to_string())?
        }
        _ => Tape::absent(),
    };
    for (name, slot) in call.headers {
        if let Some(text) = headers
            .get(name)
            .and_then(|value| std::str::from_utf8(value).ok())
        {
            tape.set_text(*slot, text);
        }
    }
    if !tape.breaches().is_empty() {
        for breach in tape.breaches().iter() {
            live.metrics.breached(live.plan.name, breach.at);
        }
        if live.plan.strict {
            let at = tape.breaches().iter().next().map_or("", |breach| breach.at);
            return Err(format!("breach of contract at `{at}`"));
        }
    }
    Ok(tape)
}

/// A body in another coding or of another type is not looked at; one without a type is taken at its word.
fn is_plain_json(headers: &Headers) -> Result<(), String> {
    if let Some(coding) = headers.get(CONTENT_ENCODING.as_str())
        && coding != b"identity"
    {
        let coding = coding.escape_ascii();
        return Err(format!("the answer is in the coding `{coding}`"));
    }
    if let Some(media) = headers.get(CONTENT_TYPE.as_str())
        && !crate::input::body::is_json_type(media)
    {
        let media = media.escape_ascii();
        return Err(format!("the answer is of type `{media}`"));
    }
    Ok(())
}

/// What a status beyond 2xx means: the spec's own rules first, then the table of `docs/spec.md`.
fn error(call: &'static Call, fetched: Fetched) -> Result<Tape, Failure> {
    let upstream = call.operation.upstream.name;
    let status = fetched.status;
    let code = status.as_u16();
    let cause = format!("{} answered {code}", call.operation.id);
    let kind = match rule(call, code) {
        Some(ErrorAction::Absent) => return Ok(Tape::absent()),
        Some(ErrorAction::Pass) => Kind::Passed(status),
        Some(ErrorAction::Select { shape, template }) => {
            let failure = Failure::upstream(Kind::Passed(status), upstream, cause);
            let tape = shape.capture(fetched.body, &Options::default()).ok();
            let members = tape.and_then(|tape| select(tape, template));
            return Err(match members {
                Some(members) => failure.with_members(members),
                None => failure,
            });
        }
        None => by_table(call, status),
    };
    let failure = match kind {
        Kind::NotFound => Failure::not_found().because(cause),
        kind => Failure::upstream(kind, upstream, cause),
    };
    Err(match (kind, wait(&fetched.headers)) {
        (Kind::Throttled, Some(wait)) => failure.with_header(RETRY_AFTER, wait),
        _ => failure,
    })
}

/// What a required call's status means where the spec says nothing of it.
fn by_table(call: &Call, status: StatusCode) -> Kind {
    match status.as_u16() {
        404 if call.client_argument => Kind::NotFound,
        409 | 412 | 422 if call.write => Kind::Passed(status),
        400 if call.client_input => Kind::Passed(status),
        429 => Kind::Throttled,
        _ => Kind::Upstream,
    }
}

fn select(tape: Tape, template: &'static Template) -> Option<Vec<u8>> {
    let mut members = Vec::new();
    Scope::new(&[tape])
        .render(template, &mut members, LONGEST_ERROR)
        .ok()?;
    Some(members)
}

/// How long an upstream asks to wait, if it says so in seconds.
fn wait(headers: &Headers) -> Option<HeaderValue> {
    let text = std::str::from_utf8(headers.get(RETRY_AFTER.as_str())?).ok()?;
    let seconds: u32 = text.trim().parse().ok()?;
    Some(HeaderValue::from(seconds.min(LONGEST_WAIT)))
}

/// The call's time is up.
pub(super) fn out_of_time(call: &'static Call, app: &App) -> Failure {
    if let Some(live) = app.upstream(call.operation.upstream) {
        live.count(Outcome::Timeout);
    }
    Failure::upstream(
        Kind::Timeout,
        call.operation.upstream.name,
        format!("{} took too long", call.operation.id),
    )
}

/// More values than the call may be made for.
pub(super) fn too_many(call: &'static Call, count: usize) -> Failure {
    let cause = format!(
        "{} would have to be called for {count} values",
        call.operation.id
    );
    Failure::upstream(Kind::Upstream, call.operation.upstream.name, cause)
}

/// Answers to a split list that are no lists.
pub(super) fn no_list(call: &'static Call) -> Failure {
    let cause = format!(
        "{} answered a part of a list with no list",
        call.operation.id
    );
    Failure::upstream(Kind::Upstream, call.operation.upstream.name, cause)
}
