//! What the frontend sees, as an OpenAPI 3.0 document.
//!
//! Descriptions are the contracts' own. Answers are described as the endpoints write them, so clients can be generated.

mod choice;
mod problems;
mod schema;
mod stream;

use std::collections::BTreeSet;

use bff_spec::contract::Location;
use bff_spec::model::{BodyInput, Calls, Endpoint, Input, Model, SchemeKind, Segment, Work};
use indexmap::IndexMap;
use openapiv3::{
    CookieStyle, Header, HeaderStyle, Info, MediaType, OpenAPI, Operation, Parameter,
    ParameterData, ParameterSchemaOrContent, PathItem, PathStyle, QueryStyle, ReferenceOr,
    RequestBody, Response, Responses, Schema, SecurityScheme, StatusCode, StringType,
};

use crate::lower::Purpose;
use crate::view;
use schema::Schemas;

/// The methods that `ANY` stands for, as far as OpenAPI describes them.
const METHODS: [&str; 5] = ["GET", "PUT", "POST", "DELETE", "PATCH"];

/// The document as YAML.
pub(crate) fn yaml(model: &Model) -> String {
    // The document holds nothing that YAML can't: maps with text keys, texts, numbers.
    serde_saphyr::to_string(&document(model))
        .unwrap_or_default()
        .trim_end()
        .to_owned()
}

/// The document.
pub(crate) fn document(model: &Model) -> OpenAPI {
    let mut schemas = Schemas::new(&model.types);
    let mut document = OpenAPI {
        openapi: "3.0.3".to_owned(),
        info: Info {
            title: model.name.clone(),
            description: Some(format!("The gateway of the frontend `{}`.", model.name)),
            version: "1".to_owned(),
            ..Info::default()
        },
        ..OpenAPI::default()
    };
    let names = crate::emit::functions(model);
    for (endpoint, name) in model.endpoints.iter().zip(names) {
        let path = path(endpoint);
        let item = document
            .paths
            .paths
            .entry(path)
            .or_insert_with(|| ReferenceOr::Item(PathItem::default()));
        let ReferenceOr::Item(item) = item else {
            continue;
        };
        let methods = methods(endpoint);
        let many = methods.len() > 1;
        for method in methods {
            let id = if many {
                format!("{name}_{}", method.to_ascii_lowercase())
            } else {
                name.clone()
            };
            let Some(place) = place(item, method) else {
                continue;
            };
            let mut new = operation(model, endpoint, method, camel(&id), &mut schemas);
            if let Some(choice) = &endpoint.choice {
                choice::tell(&mut new, endpoint, choice);
            }
            // The endpoint that takes the rest gives the operation its name.
            *place = Some(match place.take() {
                Some(mut known) if endpoint.choice.is_some() => {
                    choice::join(&mut known, new);
                    known
                }
                Some(known) => {
                    choice::join(&mut new, known);
                    new
                }
                None => new,
            });
        }
    }
    let mut components = openapiv3::Components {
        schemas: schemas.components,
        ..Default::default()
    };
    problems::add(&mut components);
    for scheme in &model.schemes {
        let bearer = |format: Option<&str>| SecurityScheme::HTTP {
            scheme: "bearer".to_owned(),
            bearer_format: format.map(str::to_owned),
            description: None,
            extensions: IndexMap::new(),
        };
        let security = match &scheme.kind {
            SchemeKind::Jwt(_) => bearer(Some("JWT")),
            SchemeKind::ApiKey(keys) if keys.header == "authorization" => bearer(None),
            SchemeKind::ApiKey(keys) => SecurityScheme::APIKey {
                location: openapiv3::APIKeyLocation::Header,
                name: keys.header.clone(),
                description: None,
                extensions: IndexMap::new(),
            },
        };
        components
            .security_schemes
            .insert(scheme.name.clone(), ReferenceOr::Item(security));
    }
    document.components = Some(components);
    document
}

fn camel(words: &str) -> String {
    let name = crate::emit::camel(words);
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_ascii_lowercase())
        .into_iter()
        .chain(letters)
        .collect()
}

/// `/api/orders/{id}`; what `**` matches is one parameter.
fn path(endpoint: &Endpoint) -> String {
    let mut path = String::new();
    for segment in &endpoint.segments {
        path.push('/');
        match segment {
            Segment::Literal(literal) => path.push_str(literal),
            Segment::Parameter(name) => path.push_str(&format!("{{{name}}}")),
            Segment::Rest => path.push_str("{rest}"),
        }
    }
    if path.is_empty() {
        "/".to_owned()
    } else {
        path
    }
}

fn methods(endpoint: &Endpoint) -> Vec<&str> {
    match (&endpoint.method, &endpoint.work) {
        (Some(method), _) => vec![method],
        (None, Work::Proxy(proxy)) if !proxy.allow.is_empty() => {
            proxy.allow.iter().map(String::as_str).collect()
        }
        (None, _) => METHODS.to_vec(),
    }
}

fn place<'i>(item: &'i mut PathItem, method: &str) -> Option<&'i mut Option<Operation>> {
    Some(match method {
        "GET" => &mut item.get,
        "PUT" => &mut item.put,
        "POST" => &mut item.post,
        "DELETE" => &mut item.delete,
        "OPTIONS" => &mut item.options,
        "HEAD" => &mut item.head,
        "PATCH" => &mut item.patch,
        "TRACE" => &mut item.trace,
        _ => return None,
    })
}

fn operation(
    model: &Model,
    endpoint: &Endpoint,
    method: &str,
    id: String,
    schemas: &mut Schemas<'_>,
) -> Operation {
    let mut parameters: Vec<_> = endpoint
        .inputs
        .iter()
        .map(|input| parameter(model, input, schemas))
        .collect();
    if endpoint.segments.contains(&Segment::Rest) {
        let description = Some("What follows, slashes included.".to_owned());
        let schema = schema::plain(openapiv3::SchemaKind::Type(openapiv3::Type::String(
            StringType::default(),
        )));
        let data = data("rest", description, true, ReferenceOr::Item(schema));
        parameters.push(ReferenceOr::Item(Parameter::Path {
            parameter_data: data,
            style: PathStyle::Simple,
        }));
    }
    let mut responses = Responses::default();
    match &endpoint.work {
        Work::Calls(calls) => {
            responses.responses.insert(
                StatusCode::Code(calls.status),
                success(model, endpoint, calls, schemas),
            );
        }
        Work::Proxy(proxy) => {
            let upstream = model
                .upstreams
                .get(proxy.upstream)
                .map_or("", |upstream| upstream.name.as_str());
            let description = format!("What `{upstream}` answers.");
            responses.default = Some(ReferenceOr::Item(Response {
                description,
                ..Response::default()
            }));
        }
        Work::Stream(_) => {}
    }
    for (status, problem) in problems::of(model, endpoint, schemas) {
        responses
            .responses
            .insert(StatusCode::Code(status), problem);
    }
    if let (Work::Calls(calls), "GET") = (&endpoint.work, method)
        && calls.status == 200
        && calls.response.is_some()
    {
        let same = Response {
            description: "Not modified: what `if-none-match` names is still the answer.".to_owned(),
            ..Response::default()
        };
        let same = ReferenceOr::Item(same);
        responses.responses.insert(StatusCode::Code(304), same);
    }
    if let Work::Stream(call) = &endpoint.work {
        stream::answers(model, call, schemas, &mut responses);
    }
    let security = endpoint
        .auth
        .iter()
        .filter_map(|scheme| model.schemes.get(*scheme))
        .map(|scheme| {
            let scopes = endpoint.require.scopes.clone();
            IndexMap::from([(scheme.name.clone(), scopes)])
        });
    let security: Vec<_> = security.collect();
    Operation {
        tags: endpoint.tags.clone(),
        summary: endpoint.summary.clone(),
        description: description(endpoint),
        deprecated: endpoint.deprecated.is_some(),
        operation_id: Some(id),
        parameters,
        request_body: match &endpoint.work {
            Work::Stream(call) => stream::body(model, call, schemas),
            _ => endpoint
                .body
                .as_ref()
                .map(|body| ReferenceOr::Item(self::body(body, schemas))),
        },
        responses,
        security: (!security.is_empty()).then_some(security),
        ..Operation::default()
    }
}

/// What the spec says of an endpoint, and what follows from it that a client should know.
fn description(endpoint: &Endpoint) -> Option<String> {
    let own = endpoint.description.as_deref().map(str::trim);
    let mut parts: Vec<String> = own.into_iter().map(str::to_owned).collect();
    if let Some((method, path)) = endpoint
        .deprecated
        .as_ref()
        .and_then(|deprecated| deprecated.successor.as_ref())
    {
        parts.push(format!("`{method} {path}` takes its place."));
    }
    if let Work::Calls(calls) = &endpoint.work {
        parts.extend(writes(calls));
    }
    (!parts.is_empty()).then(|| parts.join("\n\n"))
}

/// Every call that must have ended before this one starts.
fn waits_for(calls: &Calls, call: usize) -> BTreeSet<usize> {
    let mut all = BTreeSet::new();
    let mut left = vec![call];
    while let Some(call) = left.pop().and_then(|at| calls.calls.get(at)) {
        for before in call.needs.iter().chain(&call.after) {
            if all.insert(*before) {
                left.push(*before);
            }
        }
    }
    all
}

/// What becomes of several writes when a later one fails.
fn writes(calls: &Calls) -> Option<String> {
    let mut writes: Vec<(usize, &str)> = Vec::new();
    for (at, call) in calls
        .calls
        .iter()
        .enumerate()
        .filter(|(_, call)| call.write)
    {
        writes.push((waits_for(calls, at).len(), call.name.as_str()));
    }
    if writes.len() < 2 {
        return None;
    }
    // Of two writes one always waits for the other, and then for all that the other waits for.
    writes.sort_by_key(|(waits, _)| *waits);
    let names: Vec<String> = writes.iter().map(|(_, name)| format!("`{name}`")).collect();
    Some(format!(
        "Changes are made one after the other: {}. Where one fails, those before it are done and stay, and those after it are not made.",
        names.join(", then ")
    ))
}

fn success(
    model: &Model,
    endpoint: &Endpoint,
    calls: &Calls,
    schemas: &mut Schemas<'_>,
) -> ReferenceOr<Response> {
    let mut response = Response {
        description: "Success.".to_owned(),
        ..Response::default()
    };
    for (name, _) in &calls.headers {
        response.headers.insert(name.clone(), header(None));
    }
    let partial: Vec<&str> = calls
        .calls
        .iter()
        .filter(|call| call.optional)
        .map(|call| call.name.as_str())
        .collect();
    if !partial.is_empty() {
        let said = format!(
            "What the answer does without: any of {}.",
            partial.join(", ")
        );
        response
            .headers
            .insert("bff-partial".to_owned(), header(Some(said)));
    }
    if let Some(view) = view::answer(model, endpoint, calls) {
        let schema = Some(schemas.view(&view));
        response.content.insert(
            "application/json".to_owned(),
            MediaType {
                schema,
                ..MediaType::default()
            },
        );
    } else {
        response.description = "Success, without a body.".to_owned();
    }
    ReferenceOr::Item(response)
}

fn header(description: Option<String>) -> ReferenceOr<Header> {
    let schema = schema::plain(openapiv3::SchemaKind::Type(openapiv3::Type::String(
        StringType::default(),
    )));
    ReferenceOr::Item(Header {
        description,
        style: HeaderStyle::Simple,
        required: false,
        deprecated: None,
        format: ParameterSchemaOrContent::Schema(ReferenceOr::Item(schema)),
        example: None,
        examples: IndexMap::new(),
        extensions: IndexMap::new(),
    })
}

fn body(body: &BodyInput, schemas: &mut Schemas<'_>) -> RequestBody {
    let schema = Some(schemas.documented(body.ty, Purpose::Request));
    RequestBody {
        content: [(
            "application/json".to_owned(),
            MediaType {
                schema,
                ..MediaType::default()
            },
        )]
        .into_iter()
        .collect(),
        required: body.required,
        ..RequestBody::default()
    }
}

fn parameter(model: &Model, input: &Input, schemas: &mut Schemas<'_>) -> ReferenceOr<Parameter> {
    let mut schema = schemas.documented(input.ty, Purpose::Request);
    if let (ReferenceOr::Item(item), Some(json)) = (&mut schema, &input.default) {
        item.schema_data.default = serde_json::from_str(json).ok();
    }
    let description = input
        .description
        .clone()
        .or_else(|| model.types.get(input.ty).description.clone());
    let parameter_data = data(&input.name, description, input.required, schema);
    ReferenceOr::Item(match input.location {
        Location::Path => Parameter::Path {
            parameter_data,
            style: PathStyle::Simple,
        },
        Location::Query => Parameter::Query {
            parameter_data,
            allow_reserved: false,
            style: QueryStyle::Form,
            allow_empty_value: None,
        },
        Location::Header => Parameter::Header {
            parameter_data,
            style: HeaderStyle::Simple,
        },
        Location::Cookie => Parameter::Cookie {
            parameter_data,
            style: CookieStyle::Form,
        },
    })
}

/// The header or query parameter that chooses.
fn chooser(choice: &bff_spec::model::Choice) -> Parameter {
    let schema = schema::plain(openapiv3::SchemaKind::Type(openapiv3::Type::String(
        StringType::default(),
    )));
    let description = Some("Chooses what is answered.".to_owned());
    let parameter_data = data(&choice.name, description, false, ReferenceOr::Item(schema));
    match choice.location {
        Location::Header => Parameter::Header {
            parameter_data,
            style: HeaderStyle::Simple,
        },
        _ => Parameter::Query {
            parameter_data,
            allow_reserved: false,
            style: QueryStyle::Form,
            allow_empty_value: None,
        },
    }
}

fn data(
    name: &str,
    description: Option<String>,
    required: bool,
    schema: ReferenceOr<Schema>,
) -> ParameterData {
    ParameterData {
        name: name.to_owned(),
        description: description.map(|text| text.trim().to_owned()),
        required,
        deprecated: None,
        format: ParameterSchemaOrContent::Schema(schema),
        example: None,
        examples: IndexMap::new(),
        explode: None,
        extensions: IndexMap::new(),
    }
}
