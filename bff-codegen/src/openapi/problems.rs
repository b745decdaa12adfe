//! The errors an endpoint may answer with, all `application/problem+json` (RFC 9457).

use std::collections::BTreeMap;

use bff_spec::model::{Calls, Endpoint, ErrorAction, Model, Work};
use indexmap::IndexMap;
use openapiv3::{
    Components, IntegerType, MediaType, ObjectType, ReferenceOr, Response, Schema, SchemaKind,
    StringType, Type,
};

use super::schema::{Schemas, plain, reference};
use crate::view;

/// A component's name, the status it stands for, and what it says.
const PROBLEMS: [(&str, u16, &str); 10] = [
    (
        "BadRequest",
        400,
        "The request holds values this endpoint can't take; `errors` lists each.",
    ),
    ("Unauthorized", 401, "No, or no valid, credentials."),
    ("Forbidden", 403, "Credentials that don't suffice."),
    ("NotFound", 404, "No such thing, or not this client's."),
    (
        "Refused",
        409,
        "A service behind this one refused the request.",
    ),
    (
        "TooLarge",
        413,
        "The body is larger than this endpoint takes.",
    ),
    ("MediaType", 415, "The body is of another type than JSON."),
    (
        "BadGateway",
        502,
        "A service behind this one did not answer as it should.",
    ),
    ("Unavailable", 503, "Not just now."),
    (
        "Timeout",
        504,
        "A service behind this one did not answer in time.",
    ),
];

/// Adds the components that [`of`] refers to.
pub(crate) fn add(components: &mut Components) {
    components
        .schemas
        .insert("Problem".to_owned(), ReferenceOr::Item(problem()));
    for (name, _, description) in PROBLEMS {
        components.responses.insert(
            name.to_owned(),
            ReferenceOr::Item(response(description, reference("Problem"))),
        );
    }
}

/// The statuses an endpoint may fail with.
pub(crate) fn of(
    model: &Model,
    endpoint: &Endpoint,
    schemas: &mut Schemas<'_>,
) -> BTreeMap<u16, ReferenceOr<Response>> {
    let mut problems = BTreeMap::new();
    let mut add = |status: u16| {
        let known = PROBLEMS.iter().find(|(_, known, _)| *known == status);
        let name = known.map_or("Refused", |(name, ..)| name);
        let reference = ReferenceOr::Reference {
            reference: format!("#/components/responses/{name}"),
        };
        problems.insert(status, reference);
    };
    if !endpoint.inputs.is_empty() || endpoint.body.is_some() {
        add(400);
    }
    if endpoint.body.is_some() {
        add(413);
        add(415);
    }
    let require = &endpoint.require;
    if !endpoint.auth.is_empty() {
        add(401);
        add(503);
    }
    if !require.scopes.is_empty()
        || !require.roles.is_empty()
        || require.clauses.iter().any(|c| c.reads.is_empty())
    {
        add(403);
    }
    if require
        .clauses
        .iter()
        .any(|clause| !clause.reads.is_empty())
    {
        add(404);
    }
    let calls = match &endpoint.work {
        Work::Calls(calls) => calls,
        Work::Proxy(_) => {
            [404, 502, 503, 504].into_iter().for_each(&mut add);
            return problems;
        }
        Work::Stream(call) => {
            [502, 503, 504].into_iter().for_each(&mut add);
            if call.operation.body.is_some() {
                add(400);
            }
            return problems;
        }
    };
    statuses(calls).into_iter().for_each(&mut add);
    for (status, description, members) in selected(model, endpoint, calls) {
        let members = schemas.view(&members);
        let all_of = vec![reference("Problem"), members];
        let schema = ReferenceOr::Item(plain(SchemaKind::AllOf { all_of }));
        problems.insert(status, ReferenceOr::Item(response(&description, schema)));
    }
    problems
}

/// What calls bring about, errors whose bodies are selected from aside.
fn statuses(calls: &Calls) -> Vec<u16> {
    let mut statuses = Vec::new();
    if !calls.calls.is_empty() {
        statuses.extend([502, 503, 504]);
    }
    for call in calls.calls.iter().filter(|call| !call.optional) {
        if call.client_argument {
            statuses.push(404);
        }
        if call.client_input {
            statuses.push(400);
        }
        let documents = |status: u16| {
            call.operation
                .responses
                .iter()
                .any(|r| r.first <= status && status <= r.last)
        };
        if call.write {
            statuses.extend(
                [409, 412, 422]
                    .into_iter()
                    .filter(|status| documents(*status)),
            );
        }
        let passed = call
            .errors
            .iter()
            .filter(|rule| matches!(rule.action, ErrorAction::Pass));
        statuses.extend(
            passed
                .filter(|rule| rule.first == rule.last)
                .map(|rule| rule.first),
        );
    }
    statuses
}

/// Errors of which a selection joins the problem: one status each.
fn selected(model: &Model, endpoint: &Endpoint, calls: &Calls) -> Vec<(u16, String, view::View)> {
    let mut selected = Vec::new();
    for call in &calls.calls {
        for rule in call.errors.iter().filter(|rule| rule.first == rule.last) {
            let ErrorAction::Select { ty, block } = &rule.action else {
                continue;
            };
            let said = call
                .operation
                .responses
                .iter()
                .find(|r| r.first <= rule.first && rule.first <= r.last);
            let said = said
                .map(|response| response.description.trim().to_owned())
                .filter(|text| !text.is_empty());
            let description =
                said.unwrap_or_else(|| "A service behind this one refused the request.".to_owned());
            selected.push((
                rule.first,
                description,
                view::members(model, endpoint, *ty, block),
            ));
        }
    }
    selected
}

fn response(description: &str, schema: ReferenceOr<Schema>) -> Response {
    let media = MediaType {
        schema: Some(schema),
        ..MediaType::default()
    };
    Response {
        description: description.to_owned(),
        content: [("application/problem+json".to_owned(), media)]
            .into_iter()
            .collect(),
        ..Response::default()
    }
}

fn problem() -> Schema {
    let text = || {
        ReferenceOr::Item(Box::new(plain(SchemaKind::Type(Type::String(
            StringType::default(),
        )))))
    };
    let status = plain(SchemaKind::Type(Type::Integer(IntegerType::default())));
    let fault = object(
        ["in", "name", "detail"].map(|name| (name, text())).into(),
        &["in", "name", "detail"],
    );
    let faults = openapiv3::ArrayType {
        items: Some(ReferenceOr::Item(Box::new(fault))),
        min_items: None,
        max_items: None,
        unique_items: false,
    };
    let faults = ReferenceOr::Item(Box::new(plain(SchemaKind::Type(Type::Array(faults)))));
    let properties = vec![
        ("type", text()),
        ("title", text()),
        ("status", ReferenceOr::Item(Box::new(status))),
        ("detail", text()),
        ("instance", text()),
        ("requestId", text()),
        ("upstream", text()),
        ("errors", faults),
    ];
    object(
        properties,
        &["type", "title", "status", "detail", "instance", "requestId"],
    )
}

fn object(properties: Vec<(&str, ReferenceOr<Box<Schema>>)>, required: &[&str]) -> Schema {
    let properties: IndexMap<_, _> = properties
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect();
    plain(SchemaKind::Type(Type::Object(ObjectType {
        properties,
        required: required.iter().map(|name| (*name).to_owned()).collect(),
        ..ObjectType::default()
    })))
}
