//! `bff explain`: what one request becomes, as data; how that is shown is below.

mod mermaid;
mod text;

use std::time::Duration;

use bff_spec::exposure::{self, Source, Via};
use bff_spec::model::{Call, Condition, Endpoint, Model, Per, SchemeKind, Work};
use bff_spec::nearest::nearest;
use bff_spec::worst;
use serde::Serialize;

use crate::arguments::{Explain, ExplainFormat};
use crate::checking;
use crate::commands::Outcome;
use crate::console::Console;
use crate::failure::{Failure, Result};
use crate::workspace::Workspace;

/// An endpoint, explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Explained {
    frontend: String,
    /// Its key in the spec.
    endpoint: String,
    /// What clients ask for: `GET /api/home`.
    route: String,
    summary: Option<String>,
    /// As a spec writes it: `2s`.
    timeout: String,
    /// In the order in which they decide.
    policies: Vec<Policy>,
    /// In order of declaration.
    calls: Vec<Called>,
    worst: Worst,
    /// In the answer's order.
    answer: Vec<Origin>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Policy {
    policy: &'static str,
    says: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Called {
    name: String,
    /// As the spec writes it.
    call: String,
    /// Those of one step run at once; the first is 1.
    step: usize,
    waits_for: Vec<String>,
    optional: bool,
    conditional: bool,
    write: bool,
    /// At most.
    requests: u32,
    timeout: String,
    /// When it starts and ends at the latest, if all that it waits for takes as long as it may.
    starts: String,
    ends: String,
    /// The same in milliseconds.
    #[serde(skip)]
    span: (u128, u128),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Worst {
    requests: u32,
    /// Of calls that wait for each other.
    time: String,
    /// Whether the endpoint's own timeout ends them before.
    ended: bool,
    /// Those calls.
    path: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Origin {
    #[serde(rename = "as")]
    output: String,
    /// `users.getUser: profile.imageUrl`, `claims: sub`, `query.page`, `"text"`
    from: String,
    via: String,
    sensitive: bool,
}

pub(super) fn run(workspace: &Workspace, command: &Explain, console: Console) -> Result<Outcome> {
    let names = std::slice::from_ref(&command.name);
    let Some(frontends) = checking::frontends(workspace, names, console)? else {
        return Ok(Outcome::Found);
    };
    let mut all = Vec::new();
    for frontend in &frontends {
        let model = &frontend.model;
        let rows = exposure::rows(model);
        for at in chosen(model, command.endpoint.as_deref())? {
            if let Some(endpoint) = model.endpoints.get(at) {
                let own = rows.iter().filter(|row| row.endpoint == at);
                all.push(explained(model, endpoint, own));
            }
        }
    }
    console.result(&match command.format {
        ExplainFormat::Human => text::render(&all, console),
        ExplainFormat::Json => {
            // Strings, numbers and booleans always serialize.
            serde_json::to_string_pretty(&all).unwrap_or_else(|_| "[]".to_owned())
        }
        ExplainFormat::Mermaid => mermaid::render(&all),
    });
    Ok(Outcome::Good)
}

/// The endpoints that are meant: by key, or by what clients ask for.
fn chosen(model: &Model, wanted: Option<&str>) -> Result<Vec<usize>> {
    let Some(wanted) = wanted else {
        return Ok((0..model.endpoints.len()).collect());
    };
    let wanted = wanted.split_whitespace().collect::<Vec<_>>().join(" ");
    let is = |endpoint: &&Endpoint| endpoint.key == wanted || route(endpoint) == wanted;
    let found: Vec<usize> = (0..model.endpoints.len())
        .filter(|at| model.endpoints.get(*at).as_ref().is_some_and(is))
        .collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let keys = || model.endpoints.iter().map(|endpoint| endpoint.key.as_str());
    let remedy = match nearest(&wanted, keys()) {
        Some(near) => format!("did you mean '{near}'?"),
        None => format!("there are: {}", keys().collect::<Vec<_>>().join(", ")),
    };
    Err(Failure::new(format!("{} has no endpoint `{wanted}`", model.name)).remedy(remedy))
}

/// `GET /api/home when header.x-app = "1"`
fn route(endpoint: &Endpoint) -> String {
    let method = endpoint.method.as_deref().unwrap_or("ANY");
    let when = endpoint
        .key
        .split_once(" when ")
        .map(|(_, when)| format!(" when {when}"))
        .unwrap_or_default();
    format!("{method} {}{when}", endpoint.path)
}

fn explained<'r>(
    model: &Model,
    endpoint: &Endpoint,
    rows: impl Iterator<Item = &'r exposure::Row>,
) -> Explained {
    let calls = endpoint.work.calls();
    let time = |call: &Call| {
        let upstream = model.upstreams.get(call.upstream);
        let own = upstream.map_or(Duration::ZERO, |upstream| upstream.timeout);
        call.timeout.unwrap_or(own)
    };
    let requests: Vec<u32> = calls
        .iter()
        .map(|call| worst::requests(model, endpoint, call))
        .collect();
    let (longest, path) = worst::longest(calls, time);
    let steps = steps(calls);
    let spans = spans(calls, time);
    let name = |at: &usize| calls.get(*at).map(|call| call.name.clone());
    let called = |(((call, step), requests), span): (((&Call, usize), &u32), &Span)| {
        let mut waits: Vec<usize> = call.needs.iter().chain(&call.after).copied().collect();
        waits.sort_unstable();
        Called {
            name: call.name.clone(),
            call: call.text.clone(),
            step,
            waits_for: waits.iter().filter_map(name).collect(),
            optional: call.optional,
            conditional: call.when.is_some(),
            write: call.write,
            requests: *requests,
            timeout: duration(time(call)),
            starts: duration(span.0),
            ends: duration(span.1),
            span: (span.0.as_millis(), span.1.as_millis()),
        }
    };
    Explained {
        frontend: model.name.clone(),
        endpoint: endpoint.key.clone(),
        route: route(endpoint),
        summary: endpoint.summary.clone(),
        timeout: duration(endpoint.timeout),
        policies: policies(model, endpoint),
        calls: calls
            .iter()
            .zip(steps)
            .zip(&requests)
            .zip(&spans)
            .map(called)
            .collect(),
        worst: Worst {
            requests: requests.iter().fold(0, |sum, n| sum.saturating_add(*n)),
            time: duration(longest),
            ended: longest > endpoint.timeout,
            path: path.iter().filter_map(name).collect(),
        },
        answer: rows.map(|row| origin(model, endpoint, row)).collect(),
    }
}

/// The step of each call: one after the last of those it waits for.
fn steps(calls: &[Call]) -> Vec<usize> {
    let mut steps = vec![1; calls.len()];
    // There are no cycles: after as many rounds as there are calls nothing changes.
    for _ in calls {
        for (at, call) in calls.iter().enumerate() {
            let waits = call.needs.iter().chain(&call.after);
            let last = waits.filter_map(|w| steps.get(*w)).max().copied();
            if let (Some(last), Some(step)) = (last, steps.get_mut(at)) {
                *step = (last + 1).min(calls.len());
            }
        }
    }
    steps
}

/// From when to when.
type Span = (Duration, Duration);

/// When each call starts and ends at the latest.
fn spans(calls: &[Call], time: impl Fn(&Call) -> Duration) -> Vec<Span> {
    let mut spans: Vec<Span> = calls
        .iter()
        .map(|call| (Duration::ZERO, time(call)))
        .collect();
    // There are no cycles: after as many rounds as there are calls nothing changes.
    for _ in calls {
        for (at, call) in calls.iter().enumerate() {
            let waits = call.needs.iter().chain(&call.after);
            let ends = waits.filter_map(|w| spans.get(*w)).map(|(_, end)| *end);
            let start = ends.max().unwrap_or(Duration::ZERO);
            if let Some(span) = spans.get_mut(at) {
                *span = (start, start.saturating_add(time(call)));
            }
        }
    }
    spans
}

/// In the order of the runtime's stack: who asks, how often, what they may, what they send.
fn policies(model: &Model, endpoint: &Endpoint) -> Vec<Policy> {
    let mut all = Vec::new();
    all.extend(limits(model, endpoint, true));
    let schemes: Vec<String> = endpoint
        .auth
        .iter()
        .filter_map(|at| model.schemes.get(*at))
        .map(|scheme| match scheme.kind {
            SchemeKind::Jwt(_) => format!("{} (jwt)", scheme.name),
            SchemeKind::ApiKey(_) => format!("{} (api_key)", scheme.name),
        })
        .collect();
    all.push(Policy {
        policy: "auth",
        says: if schemes.is_empty() {
            "none: anybody".to_owned()
        } else {
            schemes.join(" or ")
        },
    });
    all.extend(limits(model, endpoint, false));
    let mut add = |policy, says| all.push(Policy { policy, says });
    let require = &endpoint.require;
    if !require.scopes.is_empty() {
        add("scopes", format!("all of {}", require.scopes.join(", ")));
    }
    if !require.roles.is_empty() {
        add("roles", format!("any of {}", require.roles.join(", ")));
    }
    for clause in &require.clauses {
        let calls = endpoint.work.calls();
        let reads: Vec<&str> = clause
            .reads
            .iter()
            .filter_map(|at| calls.get(*at))
            .map(|call| call.name.as_str())
            .collect();
        let (when, else_) = if reads.is_empty() {
            (String::new(), 403)
        } else {
            (format!(", once {} is there", reads.join(" and ")), 404)
        };
        let holds = match clause.condition {
            Condition::Holds(_) => " is there and not false",
            Condition::Equal(..) => "",
        };
        add(
            "require",
            format!("{}{holds}{when}; else {else_}", clause.text),
        );
    }
    if let Work::Calls(work) = &endpoint.work
        && let Some(hook) = &work.transform
    {
        add("transform", format!("{} makes the answer", hook.name));
    }
    all
}

/// The limits that are taken before it is looked at who asks, or those after.
fn limits(model: &Model, endpoint: &Endpoint, before: bool) -> Vec<Policy> {
    let mut all = Vec::new();
    for charge in &endpoint.limits {
        let Some(limit) = model.limits.get(charge.limit) else {
            continue;
        };
        let of_who = matches!(limit.per, Per::Subject | Per::Key | Per::Claim(_));
        if of_who == before {
            continue;
        }
        let cost = match charge.cost {
            1 => String::new(),
            cost => format!(", costs {cost}"),
        };
        let per = match &limit.per {
            Per::Subject => "subject".to_owned(),
            Per::Key => "key".to_owned(),
            Per::Ip => "ip".to_owned(),
            Per::Route => "route".to_owned(),
            Per::Everyone => "everyone".to_owned(),
            Per::Claim(name) => format!("claim({name})"),
            Per::Header(name) => format!("header({name})"),
        };
        all.push(Policy {
            policy: "limit",
            says: format!("{} per {per}{cost}; else 429", limit.name),
        });
    }
    all
}

fn origin(model: &Model, endpoint: &Endpoint, row: &exposure::Row) -> Origin {
    let from = match (&row.source, row.source.operation(endpoint)) {
        (source, Some(operation)) => {
            let upstream = source.upstream(endpoint);
            let upstream = upstream.and_then(|at| model.upstreams.get(at));
            let upstream = upstream.map_or("", |upstream| upstream.name.as_str());
            match row.field.as_str() {
                "" => format!("{upstream}.{operation}"),
                field => format!("{upstream}.{operation}: {field}"),
            }
        }
        (Source::Claims, _) => format!("claims: {}", row.field),
        (Source::Input(location, name), _) => {
            let location = format!("{location:?}").to_lowercase();
            format!("{location}.{name}")
        }
        (Source::Literal(json), _) => json.clone(),
        (Source::Body | Source::Call(_) | Source::Passed { .. }, _) => {
            format!("body: {}", row.field)
        }
    };
    Origin {
        output: row.output.clone(),
        from,
        via: match row.via {
            Via::Response => "response".into(),
            Via::Header => "header".into(),
            Via::Error(first, last) if first == last => format!("error {first}"),
            Via::Error(first, _) => format!("error {}xx", first / 100),
            Via::PassThrough => "pass-through".into(),
        },
        sensitive: row.sensitive,
    }
}

/// Whether a call may become several requests.
fn is_fan(call: &Called) -> bool {
    call.requests > 1
}

/// `2s`, `800ms`: as a spec writes it.
fn duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    if millis > 0 && millis.is_multiple_of(1_000) {
        format!("{}s", millis / 1_000)
    } else {
        format!("{millis}ms")
    }
}
