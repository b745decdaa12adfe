//! One operation passed through: its request bodies and answers as its contract documents them.

use bff_spec::contract::{self, Kind};
use bff_spec::model::{Call, Model};
use indexmap::IndexMap;
use openapiv3::{
    MediaType, ReferenceOr, RequestBody, Response, Responses, Schema, StatusCode, StringFormat,
    StringType, Type, VariantOrUnknownOrEmpty,
};

use super::schema::{self, Schemas};
use crate::lower::Purpose;

/// The body the operation takes.
pub(super) fn body(
    model: &Model,
    call: &Call,
    schemas: &mut Schemas<'_>,
) -> Option<ReferenceOr<RequestBody>> {
    let body = call.operation.body.as_ref()?;
    Some(ReferenceOr::Item(RequestBody {
        content: content(model, &body.content, Purpose::Request, schemas),
        required: body.required,
        ..RequestBody::default()
    }))
}

/// Adds what the operation answers to what the gateway does: of one status, both.
pub(super) fn answers(
    model: &Model,
    call: &Call,
    schemas: &mut Schemas<'_>,
    responses: &mut Responses,
) {
    for documented in &call.operation.responses {
        let content = content(model, &documented.content, Purpose::Answer, schemas);
        let description = match documented.description.trim() {
            "" => "What the upstream answers.".to_owned(),
            text => text.to_owned(),
        };
        let mut response = Response {
            description,
            content,
            ..Response::default()
        };
        let status = match (documented.first, documented.last) {
            (0, 0) => {
                responses.default = Some(ReferenceOr::Item(response));
                continue;
            }
            (first, last) if first == last => StatusCode::Code(first),
            (first, _) => StatusCode::Range(first / 100),
        };
        if responses.responses.contains_key(&status) {
            response
                .content
                .entry("application/problem+json".to_owned())
                .or_insert_with(|| MediaType {
                    schema: Some(schema::reference("Problem")),
                    ..MediaType::default()
                });
        }
        responses
            .responses
            .insert(status, ReferenceOr::Item(response));
    }
}

fn content(
    model: &Model,
    media: &[contract::Media],
    purpose: Purpose,
    schemas: &mut Schemas<'_>,
) -> IndexMap<String, MediaType> {
    let described = media.iter().map(|media| {
        let json = media.name.contains("json");
        let schema = match model.types.get(media.ty).kind {
            Kind::Any if !json => binary(),
            _ => schemas.documented(media.ty, purpose),
        };
        let schema = MediaType {
            schema: Some(schema),
            ..MediaType::default()
        };
        (media.name.clone(), schema)
    });
    described.collect()
}

/// What OpenAPI 3.0 says of bytes that are no text.
fn binary() -> ReferenceOr<Schema> {
    let bytes = StringType {
        format: VariantOrUnknownOrEmpty::Item(StringFormat::Binary),
        ..StringType::default()
    };
    ReferenceOr::Item(schema::plain(openapiv3::SchemaKind::Type(Type::String(
        bytes,
    ))))
}
