//! What Swagger 2.0 says in other places than OpenAPI 3: bodies and forms as parameters, a parameter's schema in the
//! parameter itself, media types once for all.
//!
//! Nothing is rewritten: the same reader takes things from where they stand, so places and references stay true.

use indexmap::IndexMap;

use super::merge::is_true;
use super::operation::Operations;
use super::reference::At;
use super::{Encoding, Field, Kind, Location, Media, Object, RequestBody, Type, TypeId};
use crate::diagnostic::{Code, Diagnostic};
use crate::document::Node;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";

/// How a list is written, by `collectionFormat`: the style and `explode` that mean the same in OpenAPI 3.
fn style_of(
    parameter: &Node,
    location: Option<Location>,
    faults: &mut Vec<Diagnostic>,
) -> (&'static str, bool) {
    let single = match location {
        Some(Location::Path | Location::Header) => "simple",
        Some(Location::Query | Location::Cookie) | None => "form",
    };
    if parameter.get("type").and_then(Node::as_str) != Some("array") {
        return (single, single == "form");
    }
    let Some(node) = parameter.get("collectionFormat") else {
        return (single, false);
    };
    match (node.as_str().unwrap_or_default(), single) {
        ("csv", _) => (single, false),
        ("multi", "form") => ("form", true),
        ("ssv", "form") => ("spaceDelimited", false),
        ("pipes", "form") => ("pipeDelimited", false),
        (other, _) => {
            let message = format!("a list can't be written as `{other}` here; `csv` is taken");
            faults.push(Diagnostic::new(Code::ContractUnknown, node.place, message));
            (single, false)
        }
    }
}

impl<'d> Operations<'d, '_, '_> {
    /// The type of a parameter that is no body, and how it is written.
    pub(super) fn swagger_parameter(
        &mut self,
        at: At<'d>,
        location: Location,
        faults: &mut Vec<Diagnostic>,
    ) -> (TypeId, &'static str, bool) {
        let (style, explode) = style_of(at.node, Some(location), faults);
        (self.schemas.of(at), style, explode)
    }

    /// The body that an operation's parameters say: one of them as it is, or a form of several.
    pub(super) fn swagger_body(
        &mut self,
        owners: [At<'d>; 2],
        faults: &mut Vec<Diagnostic>,
    ) -> Option<RequestBody> {
        let mut body = None;
        let mut form: IndexMap<&str, At<'d>> = IndexMap::new();
        for owner in owners {
            let list = owner.node.get("parameters").and_then(Node::as_list);
            for node in list.unwrap_or_default() {
                // One that leads nowhere was told where parameters were read.
                let Ok(target) = self.schemas.documents.follow(owner.with(node)) else {
                    continue;
                };
                let text = |key: &str| target.at.node.get(key).and_then(Node::as_str);
                match (text("in"), text("name")) {
                    (Some("body"), _) => body = Some(target.at),
                    (Some("formData"), Some(name)) => {
                        form.insert(name, target.at);
                    }
                    _ => {}
                }
            }
        }
        let [_, operation] = owners;
        let consumes = self.media_types(operation, "consumes");
        match body {
            Some(at) => Some(self.swagger_whole(at, &consumes)),
            None if form.is_empty() => None,
            None => self.swagger_form(&form, &consumes, faults),
        }
    }

    fn swagger_whole(&mut self, at: At<'d>, consumes: &[String]) -> RequestBody {
        let ty = match at.get("schema") {
            Some(schema) => self.schemas.of(schema),
            None => self.schemas.any(),
        };
        let media = |name: &String| Media {
            name: name.clone(),
            ty,
            examples: Vec::new(),
            encoding: IndexMap::new(),
        };
        RequestBody {
            required: is_true(at.node, "required"),
            content: consumes.iter().map(media).collect(),
            place: at.node.place,
        }
    }

    fn swagger_form(
        &mut self,
        form: &IndexMap<&str, At<'d>>,
        consumes: &[String],
        faults: &mut Vec<Diagnostic>,
    ) -> Option<RequestBody> {
        let mut fields = IndexMap::new();
        let mut encoding = IndexMap::new();
        for (name, at) in form {
            let ty = self.schemas.of(*at);
            let text = |key: &str| at.node.get(key).and_then(Node::as_str);
            let field = Field {
                ty,
                required: is_true(at.node, "required"),
                read_only: false,
                write_only: false,
                sensitive: is_true(at.node, "x-sensitive"),
                description: text("description").map(str::to_owned),
                place: Some(
                    at.node
                        .entry("name")
                        .map_or(at.node.place, |(_, n)| n.place),
                ),
            };
            fields.insert((*name).to_owned(), field);
            if text("type") == Some("array") {
                let (style, explode) = style_of(at.node, None, faults);
                let written = Encoding {
                    style: style.to_owned(),
                    explode,
                    content_type: None,
                };
                encoding.insert((*name).to_owned(), written);
            }
        }
        let file = |at: &At<'d>| at.node.get("type").and_then(Node::as_str) == Some("file");
        let with_file = form.values().any(file);
        let mut names: Vec<&str> = consumes.iter().map(String::as_str).collect();
        names.retain(|name| matches!(*name, FORM | MULTIPART) && !(with_file && *name == FORM));
        if names.is_empty() {
            names.push(if with_file { MULTIPART } else { FORM });
        }
        let required = fields.values().any(|field| field.required);
        let place = form.values().next()?.node.place;
        let ty = self.schemas.types.add(Type {
            place: Some(place),
            ..Type::of(Kind::Object(Object { fields, rest: None }))
        });
        let media = |name: &str| Media {
            name: name.to_owned(),
            ty,
            examples: Vec::new(),
            encoding: encoding.clone(),
        };
        Some(RequestBody {
            required,
            content: names.into_iter().map(media).collect(),
            place,
        })
    }

    /// What an answer holds: its schema, as each media type the operation produces.
    pub(super) fn swagger_content(&mut self, operation: At<'d>, at: At<'d>) -> Vec<Media> {
        let Some(schema) = at.get("schema") else {
            return Vec::new();
        };
        let ty = self.schemas.of(schema);
        let examples = at.node.get("examples");
        let produces = self.media_types(operation, "produces");
        let media = |name: String| Media {
            examples: examples
                .and_then(|examples| examples.get(&name))
                .map(Node::json_text)
                .into_iter()
                .collect(),
            name,
            ty,
            encoding: IndexMap::new(),
        };
        produces.into_iter().map(media).collect()
    }

    /// `consumes` or `produces`: the operation's, else the contract's, else JSON.
    fn media_types(&self, operation: At<'d>, key: &str) -> Vec<String> {
        let root = self.schemas.documents.root();
        let list = |node: &Node| node.get(key).and_then(Node::as_list).map(<[Node]>::to_vec);
        let nodes = list(operation.node).or_else(|| list(root?.node));
        let texts = nodes.unwrap_or_default();
        let mut names: Vec<String> = texts
            .iter()
            .filter_map(|node| node.as_str().map(str::to_owned))
            .collect();
        if names.is_empty() {
            names.push(JSON.to_owned());
        }
        names
    }
}
