//! The client's identifiers that a call carries: in its arguments, and in its body.

use std::collections::BTreeSet;

use super::super::identifier::{Names, is_named_id, named};
use super::{Found, Scene};
use crate::contract::{Kind, TypeId};
use crate::model::{Block, Call, Entry, Root, Step, Value};

impl Scene<'_> {
    /// Identifiers of the client's that a call carries.
    pub(super) fn identifiers(&self, call: &Call) -> Vec<Found> {
        let mut found = Vec::new();
        for argument in &call.arguments {
            let Some(parameter) = call.operation.parameters.get(argument.parameter) else {
                continue;
            };
            let types = &self.model.types;
            let how = named(
                types,
                &parameter.name,
                parameter.ty,
                Some(parameter.location),
            );
            // What is named by a key of its own kind is everybody's, unless it has an owner or is written.
            let shared = how == Names::ByKey && !call.write && self.owner(call).is_none();
            let identifies = how > Names::Nothing && !shared;
            self.identifying(&argument.value, identifies, None, &mut found);
        }
        // Without a caller only a thing that is written is told, and that stands in the arguments.
        if let Some(body) = &call.body
            && !self.endpoint.auth.is_empty()
        {
            self.in_block(&body.value, body.ty, None, &mut found);
        }
        found
    }

    fn in_block(&self, block: &Block, ty: TypeId, current: Option<&str>, found: &mut Vec<Found>) {
        match block {
            Block::Value(value) => self.whole_or(value, ty, current, found),
            Block::Fields(entries) => self.in_entries(entries, current, found),
        }
    }

    fn whole_or(&self, value: &Value, ty: TypeId, current: Option<&str>, found: &mut Vec<Found>) {
        match value {
            Value::Path {
                path, select: None, ..
            } if self.client(path).is_some() => {
                let names = self.ids_within(ty);
                let base = self.client(path).unwrap_or_default();
                found.extend(names.into_iter().map(|name| Found {
                    shown: format!("{base}{name}"),
                    place: path.place,
                }));
            }
            value => self.identifying(value, false, current, found),
        }
    }

    /// Names in a body that passes whole; each type is looked into once.
    fn ids_within(&self, ty: TypeId) -> Vec<String> {
        let types = &self.model.types;
        let mut names = Vec::new();
        let mut seen = BTreeSet::new();
        let mut open = vec![(ty, String::new())];
        while let Some((ty, path)) = open.pop() {
            if !seen.insert(ty) {
                continue;
            }
            match &types.get(ty).kind {
                Kind::List(inner) => open.push((*inner, path)),
                Kind::Object(object) => {
                    // The last is taken first.
                    for (name, field) in object.fields.iter().rev().filter(|(_, f)| !f.read_only) {
                        let inner = format!("{path}.{name}");
                        if named(types, name, field.ty, None) != Names::ById {
                            open.push((field.ty, inner));
                        }
                    }
                    let ids = object.fields.iter().filter(|(name, field)| {
                        !field.read_only && named(types, name, field.ty, None) == Names::ById
                    });
                    names.extend(ids.map(|(name, _)| format!("{path}.{name}")));
                }
                _ => {}
            }
        }
        names
    }

    fn in_entries(&self, entries: &[Entry], current: Option<&str>, found: &mut Vec<Found>) {
        for entry in entries {
            match entry {
                Entry::Field { name, value, .. } => {
                    self.identifying(value, is_named_id(name), current, found);
                }
                Entry::Variant { entries, .. } => self.in_entries(entries, current, found),
                Entry::Spread { path, entries } => {
                    let from = self.client(path);
                    self.in_entries(entries, from.as_deref().or(current), found);
                }
                Entry::Rest { .. } => {}
            }
        }
    }

    /// Notes a value if it is the client's, and its place or its own name says that it is an identifier.
    fn identifying(
        &self,
        value: &Value,
        identifies: bool,
        current: Option<&str>,
        found: &mut Vec<Found>,
    ) {
        match value {
            Value::Literal(_) => {}
            Value::List(values) => {
                for value in values {
                    self.identifying(value, identifies, current, found);
                }
            }
            Value::Block(Block::Value(value)) => {
                self.identifying(value, identifies, current, found)
            }
            Value::Block(Block::Fields(entries)) => self.in_entries(entries, current, found),
            Value::Path { path, select, .. } => {
                let shown = match (path.root, current) {
                    (Root::Current, Some(current)) => {
                        let names = path.steps.iter().filter_map(|step| match step {
                            Step::Field { name, .. } => Some(name.as_str()),
                            _ => None,
                        });
                        Some(names.fold(current.to_owned(), |path, name| format!("{path}.{name}")))
                    }
                    _ => self.client(path),
                };
                let Some(shown) = shown else { return };
                match select {
                    Some(Block::Fields(entries)) => self.in_entries(entries, Some(&shown), found),
                    Some(Block::Value(value)) => {
                        self.identifying(value, identifies, Some(&shown), found);
                    }
                    None => {
                        let last = shown.rsplit('.').next().unwrap_or_default();
                        let types = &self.model.types;
                        if identifies || named(types, last, path.ty, None) == Names::ById {
                            found.push(Found {
                                shown,
                                place: path.place,
                            });
                        }
                    }
                }
            }
        }
    }
}
