//! From an answer's selections to the fields they take.

use std::collections::HashSet;

use super::sensitive::{is_marked, marked};
use super::{MOST, Row, Sensitive, Source, Via};
use crate::contract::{Kind, TypeId, Types};
use crate::diagnostic::Place;
use crate::model::{
    Block, Calls, Endpoint, Entry, ErrorAction, HeaderValue, Model, Path, Root, Step, Value,
};

/// Objects within objects that are taken apart; what lies deeper is one row.
const DEEPEST: usize = 48;

/// The selections of one endpoint.
pub(super) struct Walk<'m> {
    model: &'m Model,
    at: usize,
    endpoint: &'m Endpoint,
    sensitive: &'m Sensitive,
    only_sensitive: bool,
    via: Via,
    seen: HashSet<(String, String, Via)>,
    pub(super) rows: Vec<Row>,
}

/// A value: what it is, and the way to it.
#[derive(Clone)]
struct From {
    source: Source,
    field: String,
    ty: TypeId,
    /// It, or something that holds it, is sensitive.
    marked: Option<Place>,
}

impl<'m> Walk<'m> {
    pub(super) fn new(
        model: &'m Model,
        at: usize,
        endpoint: &'m Endpoint,
        sensitive: &'m Sensitive,
        only_sensitive: bool,
    ) -> Walk<'m> {
        Walk {
            model,
            at,
            endpoint,
            sensitive,
            only_sensitive,
            via: Via::Response,
            seen: HashSet::new(),
            rows: Vec::new(),
        }
    }

    /// Everything an endpoint answers: body, headers, errors.
    pub(super) fn work(&mut self, work: &Calls) {
        if let Some(response) = &work.response {
            self.block(response, None, "");
        }
        self.via = Via::Header;
        for (name, value) in &work.headers {
            match value {
                HeaderValue::Literal(text) => {
                    let json = serde_json::Value::String(text.clone()).to_string();
                    self.literal(&json, name, self.endpoint.place);
                }
                HeaderValue::Path { path, .. } => {
                    if let Some(from) = self.resolve(path, None) {
                        self.row(&from, name, path.place, false);
                    }
                }
            }
        }
        for (at, call) in work.calls.iter().enumerate() {
            for rule in &call.errors {
                let ErrorAction::Select { ty, block } = &rule.action else {
                    continue;
                };
                self.via = Via::Error(rule.first, rule.last);
                let from = From {
                    source: Source::Call(at),
                    field: String::new(),
                    ty: *ty,
                    marked: None,
                };
                self.block(block, Some(&from), "");
            }
        }
    }

    fn types(&self) -> &'m Types {
        &self.model.types
    }

    fn block(&mut self, block: &Block, current: Option<&From>, output: &str) {
        match block {
            Block::Value(value) => self.value(value, current, output, self.endpoint.place),
            Block::Fields(entries) => self.entries(entries, current, output),
        }
    }

    fn entries(&mut self, entries: &[Entry], current: Option<&From>, output: &str) {
        for entry in entries {
            match entry {
                Entry::Field {
                    name, value, place, ..
                } => self.value(value, current, &step(output, name), *place),
                Entry::Variant { ty, entries, .. } => {
                    let variant = current.map(|from| self.inside(from, *ty, ""));
                    self.entries(entries, variant.as_ref(), output);
                }
                Entry::Spread { path, entries } => {
                    let from = self.resolve(path, current);
                    self.entries(entries, from.as_ref(), output);
                }
                Entry::Rest { ty } => {
                    if let Some(from) = current {
                        let from = self.inside(from, *ty, ".*");
                        let place = self.endpoint.place;
                        self.whole(&from, &step(output, "*"), place, &mut Vec::new());
                    }
                }
            }
        }
    }

    fn value(&mut self, value: &Value, current: Option<&From>, output: &str, place: Place) {
        match value {
            Value::Literal(json) => self.literal(json, output, place),
            Value::List(values) => {
                for (i, value) in values.iter().enumerate() {
                    self.value(value, current, &format!("{output}[{i}]"), place);
                }
            }
            Value::Block(block) => self.block(block, current, output),
            Value::Path { path, select, .. } => {
                let Some(from) = self.resolve(path, current) else {
                    return;
                };
                let many = if path.many { "[]" } else { "" };
                let output = format!("{output}{many}");
                match select {
                    Some(block) => {
                        let (from, output) = self.elements(from, output);
                        self.block(block, Some(&from), &output);
                    }
                    None => self.whole(&from, &output, path.place, &mut Vec::new()),
                }
            }
        }
    }

    /// What a selection is applied to: of a list, its elements; of a map that a path went through, its values.
    fn elements(&self, mut from: From, mut output: String) -> (From, String) {
        while let Kind::List(inner) = self.types().get(from.ty).kind {
            from = self.inside(&from, inner, "[]");
            output.push_str("[]");
        }
        (from, output)
    }

    /// Where a path leads, from the current value or a root; none for what isn't there.
    fn resolve(&self, path: &Path, current: Option<&From>) -> Option<From> {
        let start = |source: Source, ty: TypeId| From {
            source,
            field: String::new(),
            ty,
            marked: self.marked_type(ty),
        };
        let mut from = match path.root {
            Root::Current => current?.clone(),
            Root::Call(at) => {
                let call = self.endpoint.work.calls().get(at)?;
                start(Source::Call(at), call.answer.unwrap_or(TypeId(u32::MAX)))
            }
            Root::Claims => start(Source::Claims, self.model.claims),
            Root::Body => start(Source::Body, self.endpoint.body.as_ref()?.ty),
            Root::Input(at) => {
                let input = self.endpoint.inputs.get(at)?;
                start(Source::Input(input.location, input.name.clone()), input.ty)
            }
        };
        for (i, one) in path.steps.iter().enumerate() {
            from = match one {
                Step::Field { name, ty } => self.named(&from, name, *ty),
                Step::Key { name, ty } => self.inside(&from, *ty, &format!(".{}", word(name))),
                // The results of an `each` call are so many answers of it: the row says of each what it says of one.
                Step::Each { ty, map: true, .. } if i == 0 && self.is_each(path.root) => {
                    self.inside(&from, *ty, "")
                }
                Step::Each { ty, map: true, .. } => self.inside(&from, *ty, ".*"),
                Step::Each { ty, .. } => self.inside(&from, *ty, "[]"),
                Step::Is { ty, .. } => self.inside(&from, *ty, ""),
                Step::Header(name) => From {
                    field: format!("@{name}"),
                    ty: TypeId(u32::MAX),
                    marked: None,
                    ..from
                },
            };
        }
        Some(from)
    }

    fn is_each(&self, root: Root) -> bool {
        let Root::Call(at) = root else { return false };
        let call = self.endpoint.work.calls().get(at);
        call.is_some_and(|call| matches!(call.fan, crate::model::Fan::Each { .. }))
    }

    fn named(&self, from: &From, name: &str, ty: TypeId) -> From {
        From {
            source: from.source.clone(),
            field: step(&from.field, name),
            ty,
            marked: from.marked.or_else(|| marked(self.types(), from.ty, name)),
        }
    }

    fn inside(&self, from: &From, ty: TypeId, how: &str) -> From {
        let field = format!("{}{how}", from.field);
        From {
            source: from.source.clone(),
            field: field.strip_prefix('.').unwrap_or(&field).to_owned(),
            ty,
            marked: from.marked.or_else(|| self.marked_type(ty)),
        }
    }

    fn marked_type(&self, ty: TypeId) -> Option<Place> {
        let ty = self.types().get(ty);
        ty.place.filter(|_| ty.sensitive)
    }

    /// A value as it is documented.
    fn whole(&mut self, from: &From, output: &str, place: Place, within: &mut Vec<TypeId>) {
        let types = self.types();
        let holds = self.sensitive.holds(from.ty);
        if self.only_sensitive && from.marked.is_none() && !holds {
            return;
        }
        let taken_apart = matches!(
            types.get(from.ty).kind,
            Kind::Object(_) | Kind::Variants(_) | Kind::List(_)
        );
        let deep = within.contains(&from.ty) || within.len() > DEEPEST || self.rows.len() >= MOST;
        if taken_apart && deep {
            let all = From {
                field: step(&from.field, "**"),
                ..from.clone()
            };
            self.row(&all, &step(output, "**"), place, holds);
            return;
        }
        within.push(from.ty);
        match &types.get(from.ty).kind {
            Kind::Object(object) if object.fields.is_empty() && object.rest.is_none() => {
                self.row(from, output, place, false);
            }
            Kind::Object(object) => {
                for (name, field) in &object.fields {
                    if field.write_only || !self.has_schema(field.ty) {
                        continue;
                    }
                    let mut inner = self.named(from, name, field.ty);
                    if is_marked(types, field) {
                        inner.marked = inner.marked.or(field.place);
                    }
                    self.whole(&inner, &step(output, name), place, within);
                }
                if let Some(rest) = object.rest.filter(|rest| self.has_schema(*rest)) {
                    let inner = self.inside(from, rest, ".*");
                    self.whole(&inner, &step(output, "*"), place, within);
                }
            }
            Kind::Variants(variants) => {
                for member in &variants.members {
                    let member = self.inside(from, member.ty, "");
                    self.whole(&member, output, place, within);
                }
            }
            Kind::List(inner) => {
                let inner = self.inside(from, *inner, "[]");
                self.whole(&inner, &format!("{output}[]"), place, within);
            }
            _ => self.row(from, output, place, types.get(from.ty).sensitive),
        }
        within.pop();
    }

    /// `*` takes only what has a schema.
    fn has_schema(&self, ty: TypeId) -> bool {
        let mut ty = ty;
        for _ in 0..DEEPEST {
            match self.types().get(ty).kind {
                Kind::Any => return false,
                Kind::List(inner) => ty = inner,
                _ => return true,
            }
        }
        true
    }

    fn literal(&mut self, json: &str, output: &str, place: Place) {
        let from = From {
            source: Source::Literal(json.to_owned()),
            field: String::new(),
            ty: TypeId(u32::MAX),
            marked: None,
        };
        self.row(&from, output, place, false);
    }

    fn row(&mut self, from: &From, output: &str, place: Place, sensitive: bool) {
        // Variants share fields: one row for each.
        let key = (
            format!("{:?} {}", from.source, from.field),
            output.to_owned(),
            self.via,
        );
        if !self.seen.insert(key) {
            return;
        }
        let upstream = matches!(from.source, Source::Call(_));
        self.rows.push(Row {
            endpoint: self.at,
            source: from.source.clone(),
            field: from.field.clone(),
            output: output.to_owned(),
            via: self.via,
            sensitive: upstream && (sensitive || from.marked.is_some()),
            marked: from.marked,
            place,
        });
    }
}

/// A path with one more name.
fn step(path: &str, name: &str) -> String {
    match (path, name) {
        ("", "*" | "**") => name.to_owned(),
        ("", name) => word(name),
        (path, "*" | "**") => format!("{path}.{name}"),
        (path, name) => format!("{path}.{}", word(name)),
    }
}

/// A name as the language writes it: quoted unless it is plain.
fn word(name: &str) -> String {
    if crate::spec::is_name(name) {
        name.to_owned()
    } else {
        serde_json::Value::String(name.to_owned()).to_string()
    }
}
