//! Endpoints of one path and method, chosen by a header or query value, as the one operation that OpenAPI can hold.
//!
//! What any of them takes is a parameter, required if all of them require it; of each status any of their bodies may come.

use bff_spec::contract::Location;
use bff_spec::model::{Choice, Endpoint};
use openapiv3::{MediaType, Operation, Parameter, ReferenceOr, Response, Schema, SchemaKind};

use super::schema::plain;

/// Says when an endpoint is the one that answers.
pub(crate) fn tell(operation: &mut Operation, endpoint: &Endpoint, choice: &Choice) {
    let place = match choice.location {
        Location::Header => "header",
        _ => "query parameter",
    };
    let (name, equals) = (&choice.name, &choice.equals);
    let mut said = format!("Where the {place} `{name}` is `{equals}`");
    match &endpoint.summary {
        Some(summary) => said.push_str(&format!(": {}", summary.trim())),
        None => said.push_str(", another answer is given."),
    }
    if let Some(own) = operation.description.take() {
        said.push_str("\n\n");
        said.push_str(&own);
    }
    operation.description = Some(said);
    let known = operation.parameters.iter().any(|parameter| {
        matches!(parameter, ReferenceOr::Item(known) if known.parameter_data_ref().name == *name)
    });
    if !known {
        let input = super::chooser(choice);
        operation.parameters.push(ReferenceOr::Item(input));
    }
}

/// Adds what another of them takes and answers.
pub(crate) fn join(into: &mut Operation, other: Operation) {
    into.description = match (into.description.take(), other.description) {
        (Some(one), Some(two)) => Some(format!("{one}\n\n{two}")),
        (one, two) => one.or(two),
    };
    let mut left: Vec<Parameter> = other
        .parameters
        .into_iter()
        .filter_map(ReferenceOr::into_item)
        .collect();
    for known in &mut into.parameters {
        let ReferenceOr::Item(known) = known else {
            continue;
        };
        let required = match left.iter().position(|other| same(known, other)) {
            Some(at) => left.remove(at).parameter_data().required,
            None => false,
        };
        data(known).required &= required;
    }
    for mut parameter in left {
        data(&mut parameter).required = false;
        into.parameters.push(ReferenceOr::Item(parameter));
    }
    match (&mut into.request_body, other.request_body) {
        (Some(ReferenceOr::Item(known)), Some(ReferenceOr::Item(body))) => {
            known.required &= body.required;
            media(&mut known.content, body.content);
        }
        (Some(ReferenceOr::Item(known)), None) => known.required = false,
        (known @ None, Some(ReferenceOr::Item(mut body))) => {
            body.required = false;
            *known = Some(ReferenceOr::Item(body));
        }
        _ => {}
    }
    for (status, response) in other.responses.responses {
        match into.responses.responses.get_mut(&status) {
            Some(ReferenceOr::Item(known)) => {
                if let ReferenceOr::Item(response) = response {
                    self::response(known, response);
                }
            }
            Some(ReferenceOr::Reference { .. }) => {}
            None => {
                into.responses.responses.insert(status, response);
            }
        }
    }
}

fn same(one: &Parameter, other: &Parameter) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
        && one.parameter_data_ref().name == other.parameter_data_ref().name
}

fn data(parameter: &mut Parameter) -> &mut openapiv3::ParameterData {
    match parameter {
        Parameter::Query { parameter_data, .. }
        | Parameter::Header { parameter_data, .. }
        | Parameter::Path { parameter_data, .. }
        | Parameter::Cookie { parameter_data, .. } => parameter_data,
    }
}

fn response(into: &mut Response, other: Response) {
    for (name, header) in other.headers {
        into.headers.entry(name).or_insert(header);
    }
    media(&mut into.content, other.content);
}

fn media(
    into: &mut indexmap::IndexMap<String, MediaType>,
    other: indexmap::IndexMap<String, MediaType>,
) {
    for (name, media) in other {
        match into.get_mut(&name) {
            Some(known) => known.schema = either(known.schema.take(), media.schema),
            None => {
                into.insert(name, media);
            }
        }
    }
}

/// Any of two schemas.
fn either(
    one: Option<ReferenceOr<Schema>>,
    other: Option<ReferenceOr<Schema>>,
) -> Option<ReferenceOr<Schema>> {
    let (one, other) = match (one, other) {
        (Some(one), Some(other)) if one != other => (one, other),
        (one, other) => return one.or(other),
    };
    let mut any_of = match one {
        ReferenceOr::Item(Schema {
            schema_kind: SchemaKind::AnyOf { any_of },
            ..
        }) => any_of,
        one => vec![one],
    };
    any_of.push(other);
    Some(ReferenceOr::Item(plain(SchemaKind::AnyOf { any_of })))
}
