//! Which parameter an argument binds, and which must be bound.

use super::describe::names;
use super::heads::{candidates, location_name, shown};
use super::scope::Scene;
use crate::contract::{Operation, Parameter};
use crate::diagnostic::{Code, Place};
use crate::nearest::nearest;
use crate::syntax::ast;
use indexmap::IndexMap;

impl Scene<'_, '_> {
    pub(crate) fn which(
        &mut self,
        argument: &ast::Argument,
        operation: &Operation,
        call: &ast::Call,
    ) -> Option<usize> {
        let found: Vec<&Parameter> = candidates(operation, argument).collect();
        match found.as_slice() {
            [one] => operation
                .parameters
                .iter()
                .position(|p| std::ptr::eq(p, *one)),
            [] => {
                self.unknown_parameter(argument, operation, call);
                None
            }
            several => {
                let ways: Vec<String> = several
                    .iter()
                    .map(|p| format!("{}.{}", location_name(p.location), argument.name.text))
                    .collect();
                let place = several.first().map(|p| p.place);
                self.error(
                    Code::AmbiguousArgument,
                    argument.name.place,
                    format!(
                        "`{}` has several parameters named `{}`",
                        shown(operation),
                        argument.name.text
                    ),
                )
                .help(format!("say which: `{} = …`", ways.join(" = …` or `")))
                .maybe_related(place, "the first is here");
                None
            }
        }
    }

    pub(crate) fn unknown_parameter(
        &mut self,
        argument: &ast::Argument,
        operation: &Operation,
        call: &ast::Call,
    ) {
        let name = &argument.name.text;
        let id = shown(operation);
        if name == "body" && argument.location.is_none() {
            self.error(
                Code::RequestBody,
                argument.name.place,
                format!("`{id}` takes no body"),
            )
            .help("take it out")
            .related(operation.place, "the operation is here");
            return;
        }
        if let Some(location) = &argument.location {
            let known = ["path", "query", "header", "cookie"].contains(&location.text.as_str());
            if !known {
                self.error(
                    Code::UnknownParameter,
                    location.place,
                    format!("`{}` is no place of a parameter", location.text),
                )
                .help("`path`, `query`, `header` or `cookie`");
                return;
            }
        }
        let upstream = &call.upstream.text;
        let all = || operation.parameters.iter().map(|p| p.name.as_str());
        let bound = |n: &&str| call.arguments.iter().any(|a| a.name.text == **n);
        let near = nearest(name, all().filter(|n| !bound(n))).map(str::to_owned);
        let in_body = operation.body.as_ref().is_some_and(|body| {
            body.content
                .iter()
                .any(|m| self.field_names(m.ty).contains(name))
        });
        let help = match &near {
            Some(near) => format!("did you mean `{near}`?"),
            None if in_body => {
                format!("it is a property of the body: `body: |`, and below it `{name}: …`")
            }
            None if operation.parameters.is_empty() => "it has none".into(),
            None => format!("it has {}", names(all())),
        };
        let place = argument.name.place;
        let report = self
            .error(
                Code::UnknownParameter,
                place,
                format!("`{upstream}.{id}` has no parameter `{name}`"),
            )
            .help(help)
            .related(operation.place, "the operation is here");
        let near = near.map(|near| {
            if crate::spec::is_name(&near) {
                near
            } else {
                serde_json::Value::String(near).to_string()
            }
        });
        report.meant(place, name, near.as_deref());
    }

    pub(crate) fn all_required(
        &mut self,
        call: &ast::Call,
        operation: &Operation,
        bound: &IndexMap<usize, Place>,
    ) -> bool {
        let mut missing = Vec::new();
        let mut place = None;
        for (i, parameter) in operation.parameters.iter().enumerate() {
            let unknown_before = call
                .arguments
                .iter()
                .any(|a| a.name.text == parameter.name && !bound.contains_key(&i));
            if parameter.required && !bound.contains_key(&i) && !unknown_before {
                missing.push(parameter.name.as_str());
                place = place.or(Some(parameter.place));
            }
        }
        // A name that was misspelt is reported as that.
        let misspelt = call.arguments.iter().any(|a| {
            candidates(operation, a).next().is_none()
                && nearest(&a.name.text, missing.iter().copied()).is_some()
        });
        if missing.is_empty() || misspelt {
            return missing.is_empty();
        }
        let what = if missing.len() == 1 {
            "parameter"
        } else {
            "parameters"
        };
        let word = |name: &&str| {
            if crate::spec::is_name(name) {
                (*name).to_owned()
            } else {
                format!("\"{name}\"")
            }
        };
        let input = match missing.as_slice() {
            [name] if self.decl.route.parameters.contains_key(*name) => Some(*name),
            _ => None,
        };
        let help: Vec<String> = match input {
            Some(name) => vec![format!("{name} = path.{name}")],
            None => missing.iter().map(|n| format!("{} = …", word(n))).collect(),
        };
        let report = self
            .error(
                Code::MissingArgument,
                call.operation.place,
                format!(
                    "required {what} {} of `{}.{}` {} not bound",
                    names(missing.iter().copied()),
                    call.upstream.text,
                    shown(operation),
                    if missing.len() == 1 { "is" } else { "are" },
                ),
            )
            .help(format!("add `{}`", help.join(", ")))
            .maybe_related(place, "the contract asks for it here");
        if let (Some(_), [argument]) = (input, help.as_slice()) {
            let comma = if call.arguments.is_empty() { "" } else { ", " };
            report.suggest(call.close.before(), format!("{comma}{argument}"));
        }
        false
    }
}
