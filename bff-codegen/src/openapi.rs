//! What the frontend sees, as an OpenAPI 3.0 document.
//!
//! Descriptions are the contracts' own. Answers are described as the endpoints write them, so clients can be generated.

mod problems;
mod schema;

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
            // Where a header or query value chooses, the endpoint that takes the rest is the one described.
            if place.is_none() || endpoint.choice.is_none() {
                *place = Some(operation(model, endpoint, camel(&id), &mut schemas));
            }
        }
    }
    let mut components = openapiv3::Components {
        schemas: schemas.components,
        ..Default::default()
    };
    problems::add(&mut components);
    for scheme in &model.schemes {
        let SchemeKind::Jwt(_) = scheme.kind;
        let bearer = SecurityScheme::HTTP {
            scheme: "bearer".to_owned(),
            bearer_format: Some("JWT".to_owned()),
            description: None,
            extensions: IndexMap::new(),
        };
        components
            .security_schemes
            .insert(scheme.name.clone(), ReferenceOr::Item(bearer));
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
    }
    for (status, problem) in problems::of(model, endpoint, schemas) {
        responses
            .responses
            .insert(StatusCode::Code(status), problem);
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
        description: endpoint.description.clone(),
        operation_id: Some(id),
        parameters,
        request_body: endpoint
            .body
            .as_ref()
            .map(|body| ReferenceOr::Item(self::body(body, schemas))),
        responses,
        security: (!security.is_empty()).then_some(security),
        ..Operation::default()
    }
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
