//! What the frontend sees, as OpenAPI.
use bff_spec::model::Model;

pub(crate) fn yaml(model: &Model) -> String {
    format!("openapi: 3.0.3\ninfo: {{ title: {}, version: '1' }}\npaths: {{}}", model.name)
}
