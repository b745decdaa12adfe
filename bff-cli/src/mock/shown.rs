//! What a contract's examples offer to somebody who looks for values to ask with.

use bff_spec::contract::{Location, Operation, Parameter};
use serde_json::Value;

use super::{Given, Mock, answer_type, json, made, matching, world};

impl Mock {
    /// The values that the examples show for a parameter, each with the thing that shows it, in order, without repeats.
    pub(crate) fn shown(&self, method: &str, path: &str, parameter: &str) -> Vec<(String, Value)> {
        let Some(operation) = self.operation(method, path) else {
            return Vec::new();
        };
        let Some(known) = operation
            .parameters
            .iter()
            .find(|known| known.name == parameter)
        else {
            return Vec::new();
        };
        let closing = format!("{{{parameter}}}");
        let given = Given {
            name: &known.name,
            location: known.location,
            identity: known.location == Location::Path && path.ends_with(&closing),
            values: Vec::new(),
        };
        let mut found: Vec<(String, Value)> = Vec::new();
        for (thing, identity) in self.things(operation) {
            let value = matching::field(&thing, &given, identity).and_then(matching::text);
            if let Some(value) = value
                && found.iter().all(|(known, _)| *known != value)
            {
                found.push((value, thing));
            }
        }
        found
    }

    /// The scalars that the operation's examples show below these fields, through lists.
    pub(crate) fn shown_below(&self, method: &str, path: &str, fields: &[&str]) -> Vec<String> {
        let mut found = Vec::new();
        for value in self
            .operation(method, path)
            .map(|operation| self.own(operation))
            .unwrap_or_default()
        {
            below(&value, fields, &mut found);
        }
        found
    }

    /// An example of an operation's JSON body.
    pub(crate) fn shown_body(&self, method: &str, path: &str) -> Option<Value> {
        let media = json(&self.operation(method, path)?.body.as_ref()?.content)?;
        world::examples(media).next()
    }

    /// A GET that needs the least: its path below the upstream's base, and a query.
    pub(crate) fn plainest_get(&self) -> Option<(String, Vec<(String, String)>)> {
        let required = |operation: &Operation| {
            operation
                .parameters
                .iter()
                .filter(|parameter| parameter.required)
                .count()
        };
        let gets = self
            .operations
            .iter()
            .map(|(_, operation)| operation)
            .filter(|operation| operation.method == "GET");
        let operation = gets.min_by_key(|operation| required(operation))?;
        let mut path = operation.path.clone();
        let mut query = Vec::new();
        for parameter in operation
            .parameters
            .iter()
            .filter(|parameter| parameter.required)
        {
            let value = self.value_for(operation, parameter);
            match parameter.location {
                Location::Path => {
                    path = path.replace(&format!("{{{}}}", parameter.name), &super::segment(&value))
                }
                Location::Query => query.push((parameter.name.clone(), value)),
                Location::Header | Location::Cookie => return None,
            }
        }
        Some((path, query))
    }

    fn value_for(&self, operation: &Operation, parameter: &Parameter) -> String {
        let shown = self
            .shown(&operation.method, &operation.path, &parameter.name)
            .into_iter()
            .next();
        shown
            .map(|(value, _)| value)
            .or_else(|| matching::text(&made(&self.types, parameter.ty)))
            .unwrap_or_default()
    }

    /// The things in an operation's answers, with the field that tells one from another.
    fn things(&self, operation: &Operation) -> Vec<(Value, Option<&str>)> {
        let Some(ty) = answer_type(operation) else {
            return Vec::new();
        };
        let known = |ty| {
            (
                self.world.things(&self.types, ty).iter().cloned(),
                self.world.identity(&self.types, ty),
            )
        };
        let mut all: Vec<(Value, Option<&str>)> = Vec::new();
        if let Some(listing) = self.listing(operation, ty) {
            let (_, items) = self.shown_list(operation, ty, &listing);
            let (_, identity) = known(listing.item);
            all.extend(items.into_iter().map(|item| (item, identity)));
        }
        let (others, identity) = known(ty);
        all.extend(
            self.own(operation)
                .into_iter()
                .chain(others)
                .map(|thing| (thing, identity)),
        );
        all
    }

    fn operation(&self, method: &str, path: &str) -> Option<&Operation> {
        let is = |operation: &&Operation| operation.method == method && operation.path == path;
        self.operations
            .iter()
            .map(|(_, operation)| operation)
            .find(is)
    }
}

fn below(value: &Value, fields: &[&str], found: &mut Vec<String>) {
    match (value, fields) {
        (Value::Array(items), _) => items.iter().for_each(|item| below(item, fields, found)),
        (value, []) => found.extend(matching::text(value)),
        (value, [first, rest @ ..]) => {
            if let Some(inner) = value.get(first) {
                below(inner, rest, found);
            }
        }
    }
}
