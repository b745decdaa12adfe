//! The calls of an endpoint, before their arguments: upstream, operation, what it answers.

use super::describe::names;
use super::scope::{Head, Scene};
use crate::contract::{Found, Kind, Operation, Parameter, Response, TypeId};
use crate::diagnostic::{Code, Severity};
use crate::nearest::nearest;
use crate::spec::{CallDecl, EndpointDecl, ErrorActionDecl};
use crate::syntax::ast;

/// An operation for people: its id, or its route.
pub(crate) fn shown(operation: &Operation) -> String {
    operation.id.clone().unwrap_or_else(|| operation.route())
}

/// Whether a media type is JSON: `application/json`, `application/problem+json`.
pub(crate) fn is_json(media: &str) -> bool {
    let name = media
        .split(';')
        .next()
        .unwrap_or(media)
        .trim()
        .to_lowercase();
    name == "application/json"
        || name.ends_with("+json")
        || name == "text/json"
        || name == "*/*"
        || name == "application/*"
}

/// The type of an operation's answer, and whether another documented 2xx has no body.
fn answer(operation: &Operation) -> (Option<TypeId>, bool) {
    let success = |r: &&Response| (200..300).contains(&r.first);
    let mut all: Vec<&Response> = operation.responses.iter().filter(success).collect();
    if all.is_empty() {
        all = operation
            .responses
            .iter()
            .filter(|r| r.first == 0)
            .collect();
    }
    all.sort_by_key(|r| (r.first, r.last));
    let json = |r: &&&Response| r.content.iter().any(|m| is_json(&m.name));
    let ty = all
        .iter()
        .find(json)
        .and_then(|r| r.content.iter().find(|m| is_json(&m.name)))
        .map(|m| m.ty);
    let bodiless = all.iter().any(|r| r.content.is_empty());
    (ty, ty.is_some() && bodiless)
}

impl<'a> Scene<'_, 'a> {
    /// What is known of every call by itself.
    pub(crate) fn find_heads(&mut self) {
        for call in self.call_decls() {
            let target = call.call.as_ref().and_then(|ast| self.target(ast));
            let (answer, bodiless) = target
                .as_ref()
                .map_or((None, false), |(_, operation)| answer(operation));
            let absent = self
                .error_rules(call)
                .iter()
                .any(|action| matches!(action, ErrorActionDecl::Absent));
            let write = target
                .as_ref()
                .is_some_and(|(_, operation)| !operation.is_safe());
            let each = call.call.as_ref().and_then(|ast| {
                let (_, operation) = target.as_ref()?;
                let argument = ast.arguments.iter().find(|a| a.each.is_some())?;
                parameter(operation, argument)
                    .map(|p| p.ty)
                    .filter(|ty| !matches!(self.kind(*ty), Kind::List(_)))
            });
            self.heads.push(Head {
                name: call.name.clone(),
                place: call.place,
                target,
                answer,
                nullable: call.optional || call.when.is_some() || absent || bodiless,
                each,
                split: false,
                write,
            });
        }
    }

    /// What the call's and the endpoint's `errors` say of it.
    pub(crate) fn error_rules(&self, call: &'a CallDecl) -> Vec<&'a ErrorActionDecl> {
        let decl: &'a EndpointDecl = self.decl;
        let beside = decl
            .errors
            .iter()
            .filter(|(word, _)| word.text == call.name)
            .flat_map(|(_, errors)| errors);
        call.errors
            .iter()
            .chain(beside)
            .map(|e| &e.action)
            .collect()
    }

    fn target(&mut self, call: &ast::Call) -> Option<(String, Operation)> {
        let spec = self.checker.spec;
        if !spec.upstreams.contains_key(&call.upstream.text) {
            self.unknown_upstream(&call.upstream);
            return None;
        }
        let contract = self.checker.contracts.get(&call.upstream.text)?;
        let operation = match contract.find(&call.operation.text) {
            Found::One(operation) => operation.clone(),
            Found::Several(routes, first) => {
                self.error(
                    Code::UnknownOperation,
                    call.operation.place,
                    format!("`{}` is the id of several operations", call.operation.text),
                )
                .help(format!(
                    "write the route: {}",
                    routes
                        .iter()
                        .map(|r| format!("`{}.\"{r}\"(…)`", call.upstream.text))
                        .collect::<Vec<_>>()
                        .join(" or ")
                ))
                .maybe_related(first, "the first is here");
                return None;
            }
            Found::None(near) => {
                self.unknown_operation(call, near, contract.all().iter().map(shown).collect());
                return None;
            }
        };
        let faulty = operation
            .faults
            .iter()
            .any(|f| f.severity == Severity::Error);
        self.checker.sink.extend(operation.faults.iter().cloned());
        if operation.deprecated {
            self.error(
                Code::DeprecatedOperation,
                call.operation.place,
                format!("`{}` is deprecated", shown(&operation)),
            )
            .related(operation.place, "its contract says so here");
        }
        if faulty {
            return None;
        }
        Some((call.upstream.text.clone(), operation))
    }

    pub(crate) fn unknown_upstream(&mut self, word: &ast::Word) {
        if !self.checker.complete {
            return;
        }
        let spec = self.checker.spec;
        let all = || spec.upstreams.keys().map(String::as_str);
        let near = nearest(&word.text, all()).map(str::to_owned);
        let help = match &near {
            Some(near) => format!("did you mean `{near}`?"),
            None if spec.upstreams.is_empty() => {
                format!(
                    "declare it: `upstreams: {{ {}: {{ contract: …, url: … }} }}`, or `use` a file that does",
                    word.text
                )
            }
            None => format!("upstreams are {}", names(all())),
        };
        self.error(
            Code::UnknownUpstream,
            word.place,
            format!("there is no upstream `{}`", word.text),
        )
        .help(help)
        .meant(word.place, &word.text, near.as_deref());
    }

    fn unknown_operation(&mut self, call: &ast::Call, near: Option<String>, all: Vec<String>) {
        let upstream = &call.upstream.text;
        let written = |name: &str| {
            if crate::spec::is_name(name) {
                name.to_owned()
            } else {
                serde_json::Value::String(name.to_owned()).to_string()
            }
        };
        let help = match &near {
            Some(near) => format!("did you mean `{}`?", written(near)),
            None => format!("`{upstream}` has {}", names(all.iter().map(String::as_str))),
        };
        let place = call.operation.place;
        let report = self
            .error(
                Code::UnknownOperation,
                place,
                format!("`{upstream}` has no operation `{}`", call.operation.text),
            )
            .help(help);
        let near = near.map(|near| written(&near));
        report.meant(place, &call.operation.text, near.as_deref());
    }
}

/// The parameter an argument binds, if exactly one has its name.
pub(crate) fn parameter<'o>(
    operation: &'o Operation,
    argument: &ast::Argument,
) -> Option<&'o Parameter> {
    let mut found = candidates(operation, argument);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// Every parameter an argument may mean. A header's name is without case.
pub(crate) fn candidates<'o>(
    operation: &'o Operation,
    argument: &ast::Argument,
) -> impl Iterator<Item = &'o Parameter> {
    use crate::contract::Location;
    let name = argument.name.text.clone();
    let location = argument.location.as_ref().map(|w| w.text.clone());
    operation.parameters.iter().filter(move |p| {
        let same = p.name == name
            || (p.location == Location::Header && p.name.eq_ignore_ascii_case(&name));
        let there = match location.as_deref() {
            None => true,
            Some(word) => word == location_name(p.location),
        };
        same && there
    })
}

/// `path`, `query`, `header`, `cookie`
pub(crate) fn location_name(location: crate::contract::Location) -> &'static str {
    use crate::contract::Location;
    match location {
        Location::Path => "path",
        Location::Query => "query",
        Location::Header => "header",
        Location::Cookie => "cookie",
    }
}
