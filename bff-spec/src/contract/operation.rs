//! Paths into operations: parameters, bodies and answers, with every `$ref` followed.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::load::Version;
use super::merge::is_true;
use super::reference::At;
use super::schema::Schemas;
use super::{
    Encoding, Header, Location, Media, Operation, Parameter, RequestBody, Response, TypeId,
};
use crate::diagnostic::{Code, Diagnostic, Place, Severity};
use crate::document::{Key, Node};

/// The methods a path item may have.
const METHODS: &[&str] = &[
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// Headers that OpenAPI says are no parameters ("Parameter Object").
const NO_PARAMETERS: &[&str] = &["accept", "authorization", "content-type"];

/// The operations of one contract, being read.
pub(super) struct Operations<'d, 't, 'o> {
    pub(super) schemas: Schemas<'d, 't>,
    version: Version,
    out: &'o mut Vec<Diagnostic>,
}

impl<'d, 't, 'o> Operations<'d, 't, 'o> {
    pub(super) fn new(
        schemas: Schemas<'d, 't>,
        version: Version,
        out: &'o mut Vec<Diagnostic>,
    ) -> Self {
        Operations {
            schemas,
            version,
            out,
        }
    }

    /// Every operation, and the faults of every type.
    pub(super) fn read(
        mut self,
        root: At<'d>,
    ) -> (Vec<Operation>, HashMap<TypeId, Vec<Diagnostic>>) {
        let mut operations = Vec::new();
        if let Some((key, paths)) = root.node.entry("paths") {
            match paths.as_map() {
                Some(entries) => {
                    for (key, item) in entries {
                        if key.text.starts_with('/') {
                            self.path(key, root.with(item), &mut operations);
                        } else if !key.text.starts_with("x-") {
                            let message =
                                format!("a path starts with `/`; `{}` is left out", key.text);
                            self.out.push(Diagnostic::new(
                                Code::ContractUnknown,
                                key.place,
                                message,
                            ));
                        }
                    }
                }
                None if paths.is_null() => {}
                None => {
                    let message = format!("`paths` must be a map, not {}", paths.describe());
                    self.out
                        .push(Diagnostic::new(Code::ContractShape, key.place, message));
                }
            }
        }
        self.schemas.finish();
        (operations, self.schemas.faults)
    }

    fn path(&mut self, path: &'d Key, item: At<'d>, operations: &mut Vec<Operation>) {
        let target = match self.schemas.documents.follow(item) {
            Ok(target) => target.at,
            Err(mut fault) => {
                // Nobody may need what stands there.
                fault.severity = Severity::Warning;
                self.out.push(*fault);
                return;
            }
        };
        if target.node.as_map().is_none() && !target.node.is_null() {
            let what = target.node.describe();
            let message = format!("a path item must be a map, not {what}; it is left out");
            self.out
                .push(Diagnostic::new(Code::ContractUnknown, path.place, message));
        }
        // Beside a `$ref` a path item may have methods of its own.
        let beside = (item.address() != target.address()).then_some(item);
        for at in std::iter::once(target).chain(beside) {
            for (key, node) in at.node.as_map().unwrap_or_default() {
                if METHODS.contains(&key.text.as_str()) && node.as_map().is_some() {
                    let operation = self.operation(path, key, at, at.with(node));
                    operations.push(operation);
                }
            }
        }
    }

    fn operation(&mut self, path: &Key, method: &Key, item: At<'d>, at: At<'d>) -> Operation {
        let mut faults = Vec::new();
        let text = |key: &str| at.node.get(key).and_then(Node::as_str).map(str::to_owned);
        let mut parameters: Vec<Parameter> = Vec::new();
        for owner in [item, at] {
            let list = owner.node.get("parameters").and_then(Node::as_list);
            let from = parameters.len();
            for node in list.unwrap_or_default() {
                if let Some(parameter) = self.parameter(owner.with(node), &mut faults) {
                    place_parameter(&mut parameters, parameter, from, &mut faults);
                }
            }
        }
        check_template(path, &parameters, &mut faults);
        let body = if self.version == Version::V20 {
            self.swagger_body([item, at], &mut faults)
        } else {
            let body = at.node.entry("requestBody");
            body.and_then(|(key, node)| self.body(key.place, at.with(node), &mut faults))
        };
        let responses = at
            .node
            .get("responses")
            .and_then(Node::as_map)
            .unwrap_or_default();
        let mut answers = Vec::new();
        for (key, node) in responses {
            if !key.text.starts_with("x-") {
                answers.extend(self.response(at, key, at.with(node), &mut faults));
            }
        }
        Operation {
            id: text("operationId").filter(|id| !id.is_empty()),
            method: method.text.to_ascii_uppercase(),
            path: path.text.clone(),
            summary: text("summary"),
            deprecated: is_true(at.node, "deprecated"),
            parameters,
            body,
            responses: answers,
            faults,
            place: method.place,
        }
    }

    fn parameter(&mut self, at: At<'d>, faults: &mut Vec<Diagnostic>) -> Option<Parameter> {
        let at = self.follow(at, faults)?;
        let text = |key: &str| at.node.get(key).and_then(Node::as_str);
        let Some((_, name)) = at
            .node
            .entry("name")
            .filter(|(_, name)| name.as_str().is_some())
        else {
            faults.push(Diagnostic::new(
                Code::ContractShape,
                at.node.place,
                "a parameter without a name",
            ));
            return None;
        };
        let location = match text("in") {
            Some("path") => Location::Path,
            Some("query") => Location::Query,
            Some("header") => Location::Header,
            Some("cookie") if self.version != Version::V20 => Location::Cookie,
            Some("body" | "formData") if self.version == Version::V20 => return None,
            other => {
                let places = match self.version {
                    Version::V20 => "path, query, header, body or formData",
                    _ => "path, query, header or cookie",
                };
                let other = other.unwrap_or_default();
                let message = format!("a parameter is `in` {places}, not `{other}`");
                let place = at.node.get("in").map_or(name.place, |node| node.place);
                faults.push(Diagnostic::new(Code::ContractShape, place, message));
                return None;
            }
        };
        let name_text = name.as_str().unwrap_or_default().to_owned();
        if location == Location::Header
            && NO_PARAMETERS.contains(&name_text.to_ascii_lowercase().as_str())
        {
            return None;
        }
        let (ty, style, explode) = if self.version == Version::V20 {
            let (ty, style, explode) = self.swagger_parameter(at, location, faults);
            (ty, style.to_owned(), explode)
        } else {
            let (ty, style) = self.parameter_type(at, location, faults);
            let explode = at.node.get("explode").and_then(Node::as_bool);
            let explode = explode.unwrap_or(style == "form");
            (ty, style, explode)
        };
        Some(Parameter {
            name: name_text,
            location,
            required: location == Location::Path || is_true(at.node, "required"),
            ty,
            style,
            explode,
            description: text("description").map(str::to_owned),
            place: name.place,
        })
    }

    fn parameter_type(
        &mut self,
        at: At<'d>,
        location: Location,
        faults: &mut Vec<Diagnostic>,
    ) -> (TypeId, String) {
        let content = at.get("content").and_then(|c| c.node.as_map()?.first());
        if let Some((media, node)) = content {
            let ty = match at.with(node).get("schema") {
                Some(schema) => self.schemas.of(schema),
                None => self.schemas.any(),
            };
            if !is_json(&media.text) {
                let message = format!(
                    "a parameter written as `{}` can't be bound; JSON can",
                    media.text
                );
                faults.push(Diagnostic::new(Code::ContractLeftOut, media.place, message));
            }
            return (ty, "json".to_owned());
        }
        let ty = match at.get("schema") {
            Some(schema) => self.schemas.of(schema),
            None => self.schemas.any(),
        };
        let (default, known): (&str, &[&str]) = match location {
            Location::Path => ("simple", &["simple", "label", "matrix"]),
            Location::Query => (
                "form",
                &["form", "spaceDelimited", "pipeDelimited", "deepObject"],
            ),
            Location::Header => ("simple", &["simple"]),
            Location::Cookie => ("form", &["form"]),
        };
        let Some(node) = at.node.get("style") else {
            return (ty, default.to_owned());
        };
        let style = node.as_str().unwrap_or_default();
        if known.contains(&style) {
            return (ty, style.to_owned());
        }
        let message = format!("there is no style `{style}` here; `{default}` is taken");
        faults.push(Diagnostic::new(Code::ContractUnknown, node.place, message));
        (ty, default.to_owned())
    }

    fn body(
        &mut self,
        place: Place,
        at: At<'d>,
        faults: &mut Vec<Diagnostic>,
    ) -> Option<RequestBody> {
        let at = self.follow(at, faults)?;
        Some(RequestBody {
            required: is_true(at.node, "required"),
            content: self.content(at, faults),
            place,
        })
    }

    fn response(
        &mut self,
        operation: At<'d>,
        key: &Key,
        at: At<'d>,
        faults: &mut Vec<Diagnostic>,
    ) -> Option<Response> {
        let Some((first, last)) = statuses(&key.text) else {
            let message = format!("`{}` is no status; the answer is left out", key.text);
            faults.push(Diagnostic::new(Code::ContractUnknown, key.place, message));
            return None;
        };
        let at = self.follow(at, faults)?;
        let headers = self.headers(at);
        let description = at.node.get("description").and_then(Node::as_str);
        Some(Response {
            first,
            last,
            description: description.unwrap_or_default().to_owned(),
            headers,
            content: match self.version {
                Version::V20 => self.swagger_content(operation, at),
                _ => self.content(at, faults),
            },
            place: key.place,
        })
    }

    /// What is wrong with a header's schema is nobody's fault: headers are read as text.
    fn headers(&mut self, answer: At<'d>) -> Vec<Header> {
        let entries = answer.node.get("headers").and_then(Node::as_map);
        let mut headers = Vec::new();
        for (name, node) in entries.unwrap_or_default() {
            let nobody = &mut Vec::new();
            let at = self.follow(answer.with(node), nobody);
            let schema = at.and_then(|at| match self.version {
                Version::V20 => Some(at),
                _ => at.get("schema"),
            });
            headers.push(Header {
                name: name.text.clone(),
                ty: match schema {
                    Some(schema) => self.schemas.of(schema),
                    None => self.schemas.any(),
                },
                example: at.and_then(|at| self.examples(at, nobody).into_iter().next()),
            });
        }
        headers
    }

    fn content(&mut self, at: At<'d>, faults: &mut Vec<Diagnostic>) -> Vec<Media> {
        let entries = at
            .node
            .get("content")
            .and_then(Node::as_map)
            .unwrap_or_default();
        let mut content = Vec::with_capacity(entries.len());
        for (name, node) in entries {
            let media = at.with(node);
            content.push(Media {
                name: name.text.clone(),
                ty: match media.get("schema") {
                    Some(schema) => self.schemas.of(schema),
                    None => self.schemas.any(),
                },
                examples: self.examples(media, faults),
                encoding: encoding(node),
            });
        }
        content
    }

    /// `example`, or the values of `examples`; those kept elsewhere are left out.
    fn examples(&mut self, media: At<'d>, faults: &mut Vec<Diagnostic>) -> Vec<String> {
        if let Some(example) = media.node.get("example") {
            return vec![example.json_text()];
        }
        let named = media.node.get("examples").and_then(Node::as_map);
        let mut examples = Vec::new();
        for (_, example) in named.unwrap_or_default() {
            let target = self.follow(media.with(example), faults);
            let value = target.and_then(|target| target.node.get("value"));
            examples.extend(value.map(Node::json_text));
        }
        examples
    }

    /// What a node that may be a `$ref` leads to; a fault if nowhere.
    fn follow(&self, at: At<'d>, faults: &mut Vec<Diagnostic>) -> Option<At<'d>> {
        match self.schemas.documents.follow(at) {
            Ok(target) => Some(target.at),
            Err(fault) => {
                faults.push(*fault);
                None
            }
        }
    }
}

/// Adds a parameter; one of the operation's own stands in for the path item's of its name. `from` is where the
/// owner's own start.
fn place_parameter(
    parameters: &mut Vec<Parameter>,
    parameter: Parameter,
    from: usize,
    faults: &mut Vec<Diagnostic>,
) {
    let same = |p: &Parameter| {
        p.location == parameter.location
            && if p.location == Location::Header {
                p.name.eq_ignore_ascii_case(&parameter.name)
            } else {
                p.name == parameter.name
            }
    };
    let Some(at) = parameters.iter().position(same) else {
        parameters.push(parameter);
        return;
    };
    if let Some(slot) = parameters.get_mut(at) {
        if at >= from {
            let message = format!(
                "the parameter `{}` is here twice; the last one counts",
                parameter.name
            );
            let fault = Diagnostic::new(Code::ContractDuplicateKey, parameter.place, message);
            faults.push(fault.related(slot.place, "the first is here"));
        }
        *slot = parameter;
    }
}

/// The path's `{names}` and the path parameters must be the same.
fn check_template(path: &Key, parameters: &[Parameter], faults: &mut Vec<Diagnostic>) {
    let names: Vec<&str> = path
        .text
        .split('{')
        .skip(1)
        .filter_map(|part| part.split_once('}').map(|(name, _)| name))
        .collect();
    let declared: Vec<&Parameter> = parameters
        .iter()
        .filter(|parameter| parameter.location == Location::Path)
        .collect();
    for name in &names {
        if declared.iter().all(|parameter| parameter.name != *name) {
            let message =
                format!("`{{{name}}}` stands in the path, but no path parameter is called so");
            let near = crate::nearest::nearest(name, declared.iter().map(|p| p.name.as_str()));
            let mut fault = Diagnostic::new(Code::ContractPath, path.place, message);
            fault.help = near.map(|near| format!("there is `{near}`"));
            faults.push(fault);
        }
    }
    for parameter in declared {
        if !names.contains(&parameter.name.as_str()) {
            let message = format!(
                "the path parameter `{}` does not stand in `{}`",
                parameter.name, path.text
            );
            faults.push(Diagnostic::new(
                Code::ContractPath,
                parameter.place,
                message,
            ));
        }
    }
}

/// The statuses a key of `responses` stands for.
fn statuses(key: &str) -> Option<(u16, u16)> {
    if key == "default" {
        return Some((0, 0));
    }
    if let Some(hundreds) = key.strip_suffix("XX").or_else(|| key.strip_suffix("xx")) {
        let first = hundreds
            .parse::<u16>()
            .ok()
            .filter(|n| (1..=5).contains(n))?
            * 100;
        return Some((first, first + 99));
    }
    let status = key
        .parse::<u16>()
        .ok()
        .filter(|n| (100..=599).contains(n))?;
    Some((status, status))
}

/// Whether a media type is JSON.
fn is_json(media: &str) -> bool {
    let essence = media.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
        || essence.to_ascii_lowercase().ends_with("+json")
}

/// `encoding` of a form's fields.
fn encoding(media: &Node) -> IndexMap<String, Encoding> {
    let entries = media
        .get("encoding")
        .and_then(Node::as_map)
        .unwrap_or_default();
    let read = |node: &Node| {
        let text = |key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
        let style = text("style").unwrap_or_else(|| "form".to_owned());
        let explode = node.get("explode").and_then(Node::as_bool);
        Encoding {
            explode: explode.unwrap_or(style == "form"),
            style,
            content_type: text("contentType"),
        }
    };
    entries
        .iter()
        .map(|(name, node)| (name.text.clone(), read(node)))
        .collect()
}
