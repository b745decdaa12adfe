//! One operation, as far as an endpoint can be made of it.

use bff_spec::contract::{Kind, Location, Operation, Parameter, TypeId, Types};

use super::selection::{self, Shape};
use super::{Source, names};

/// Optional parameters that a screen usually has a use for.
const USUAL: &[&str] = &[
    "limit", "offset", "page", "pagesize", "perpage", "cursor", "marker", "after", "before", "q",
    "query", "search", "sort", "order", "status", "ids",
];

/// So many optional parameters are all passed on.
const FEW: usize = 5;

/// An operation that an endpoint can be made of.
#[derive(Debug)]
pub(super) struct Reading<'c> {
    pub(super) upstream: &'c str,
    pub(super) operation: &'c Operation,
    /// How a call names it: its id, or its route in quotes.
    pub(super) name: String,
    /// The literal segments that say what it is about, the last first: `orders`, `customers`.
    pub(super) subjects: Vec<String>,
    /// The type of its JSON answer.
    pub(super) answer: Answer,
    /// Whether there is a JSON or form body to pass on.
    pub(super) body: bool,
}

/// What an operation answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// Nothing with a body.
    Nothing,
    /// Something that isn't JSON: it can only pass through.
    Bytes,
    /// JSON of this type.
    Json(TypeId, Shape),
}

/// None if no endpoint can be made of it.
pub(super) fn read<'c>(
    source: &'c Source,
    operation: &'c Operation,
    types: &Types,
) -> Option<Reading<'c>> {
    let answer = answer(operation, types);
    let body = operation.body.as_ref();
    let can_pass =
        |media: &str| media.ends_with("json") || media == "application/x-www-form-urlencoded";
    let has_body = body.is_some_and(|body| body.content.iter().any(|m| can_pass(&m.name)));
    if operation.method == "GET" && (answer == Answer::Nothing || body.is_some_and(|b| b.required))
    {
        return None;
    }
    if operation.method != "GET" && answer == Answer::Bytes {
        return None;
    }
    if body.is_some_and(|body| body.required) && !has_body {
        return None;
    }
    let id = operation.id.as_deref().filter(|id| {
        let same = |other: &&Operation| other.id.as_deref() == Some(*id);
        source.contract.operations.iter().filter(same).count() == 1
    });
    Some(Reading {
        upstream: &source.upstream,
        operation,
        name: match id {
            Some(id) => names::word(id),
            None => names::word(&operation.route()),
        },
        subjects: subjects(&operation.path),
        answer,
        body: has_body,
    })
}

/// As the checker takes it: the lowest 2xx with JSON, else `default`.
fn answer(operation: &Operation, types: &Types) -> Answer {
    let mut good: Vec<_> = operation
        .responses
        .iter()
        .filter(|response| (200..300).contains(&response.first))
        .collect();
    good.sort_by_key(|response| response.first);
    if good.is_empty() {
        good.extend(
            operation
                .responses
                .iter()
                .filter(|response| response.first == 0),
        );
    }
    let is_json = |name: &str| {
        let name = name.split(';').next().unwrap_or_default().trim();
        name == "application/json" || name.ends_with("+json") || name == "*/*"
    };
    let json = good
        .iter()
        .flat_map(|response| &response.content)
        .find(|media| is_json(&media.name));
    match json {
        Some(media) => Answer::Json(media.ty, selection::shape(types, media.ty)),
        None if good.iter().any(|response| !response.content.is_empty()) => Answer::Bytes,
        None => Answer::Nothing,
    }
}

fn subjects(path: &str) -> Vec<String> {
    let segments = path.split('/').rev();
    segments
        .map(|segment| segment.strip_suffix(".json").unwrap_or(segment))
        .filter(|segment| !segment.is_empty() && !segment.contains('{'))
        .map(str::to_owned)
        .collect()
}

impl Reading<'_> {
    /// What comes first when not all can come: what needs little, and is near the root.
    pub(super) fn rank(&self) -> usize {
        let segments = self.operation.path.split('/').filter(|s| !s.is_empty());
        let plain = match self.answer {
            Answer::Json(_, Shape::Object | Shape::Objects(_)) => 0,
            _ => 4,
        };
        segments.count() + self.required().count() + plain
    }

    /// Whether its path ends in a parameter: it is about one thing.
    pub(super) fn is_item(&self) -> bool {
        self.operation
            .path
            .rsplit('/')
            .next()
            .is_some_and(|segment| segment.contains('{'))
    }

    /// What an answer of it is called: `order`, `orders`.
    pub(super) fn call(&self) -> String {
        let word = self.subjects.first().map_or("", String::as_str);
        let many = matches!(self.answer, Answer::Json(_, Shape::Objects(_)));
        let one = self.is_item() || self.operation.method == "POST";
        let word = match one && !many {
            true => names::singular(word),
            false => word.to_owned(),
        };
        names::call(&word)
    }

    /// The parameters that must be given.
    pub(super) fn required(&self) -> impl Iterator<Item = &Parameter> {
        self.operation.parameters.iter().filter(|p| p.required)
    }

    /// The optional ones that a screen has a use for.
    pub(super) fn usual(&self, types: &Types) -> Vec<&Parameter> {
        let optional = |p: &&Parameter| {
            !p.required
                && p.location == Location::Query
                && binds(types, p)
                && !names::sounds_secret(&p.name)
        };
        let optional = self.operation.parameters.iter().filter(optional);
        let few = optional.clone().count() <= FEW;
        optional
            .filter(|p| few || USUAL.contains(&names::folded(&p.name).as_str()))
            .collect()
    }

    /// The optional ones that are left out.
    pub(super) fn unusual(&self, types: &Types) -> Vec<&Parameter> {
        let usual = self.usual(types);
        let optional = self
            .operation
            .parameters
            .iter()
            .filter(|p| !p.required && !usual.iter().any(|u| std::ptr::eq(*u, *p)));
        optional.collect()
    }

    /// `id = path.id, limit = query.limit`
    pub(super) fn arguments(&self, types: &Types) -> Vec<String> {
        let bound = self.required().chain(self.usual(types));
        bound.map(|p| self.argument(p, &input(p))).collect()
    }

    /// `id = VALUE`, with the parameter's place where two share its name.
    pub(super) fn argument(&self, parameter: &Parameter, value: &str) -> String {
        let same = |other: &&Parameter| other.name.eq_ignore_ascii_case(&parameter.name);
        let several = self.operation.parameters.iter().filter(same).count() > 1;
        let place = match several {
            true => format!("{}.", root(parameter.location)),
            false => String::new(),
        };
        format!("{place}{} = {value}", names::word(&parameter.name))
    }
}

/// Whether an input of the client's can be bound to it.
fn binds(types: &Types, parameter: &Parameter) -> bool {
    match &types.get(parameter.ty).kind {
        Kind::List(inner) => types.get(*inner).kind.is_scalar(),
        kind => kind.is_scalar(),
    }
}

/// `path.id`: where the client says what is bound to a parameter.
fn input(parameter: &Parameter) -> String {
    let name = match parameter.location {
        Location::Path => names::parameter(&parameter.name),
        Location::Header => names::word(&parameter.name.to_ascii_lowercase()),
        Location::Query | Location::Cookie => names::word(&parameter.name),
    };
    format!("{}.{name}", root(parameter.location))
}

fn root(location: Location) -> &'static str {
    match location {
        Location::Path => "path",
        Location::Query => "query",
        Location::Header => "header",
        Location::Cookie => "cookie",
    }
}
