//! Object-level authorization: an identifier that the client chose reaches an upstream, and nothing in the spec relates
//! who asks to the thing it names (OWASP API1).
//!
//! Related it is where a condition of `require` reads both sides: who asks (a claim, or a call made with one) and the
//! identifier (itself, or a call made with it). And where the call carries a claim beside the identifier, as an argument
//! or in its body: then the upstream is asked for that person's thing. What an upstream makes of a forwarded token isn't
//! in the spec, so that doesn't count.
//!
//! With `auth: none` there is nobody to relate: only writes are told then.

mod carried;

use std::collections::BTreeSet;

use super::Finding;
use super::identifier::is_owner;
use crate::contract::{Kind, Location, TypeId};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::model::{
    Block, Call, Condition, Endpoint, Entry, JoinKey, Model, Operand, Path, Pick, Root, Step,
    Value, Work,
};

/// Claims that say nothing of who asks.
const OF_THE_TOKEN: &[&str] = &["iss", "aud", "exp", "nbf", "iat", "jti"];

/// What is read of a request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Read {
    /// Somebody's claim.
    Caller,
    /// An input, or a name in the body: as it is written.
    Client(String),
}

pub(super) fn check(model: &Model) -> Vec<Finding> {
    let endpoints = model.endpoints.iter();
    endpoints
        .flat_map(|endpoint| of_endpoint(model, endpoint))
        .collect()
}

fn of_endpoint(model: &Model, endpoint: &Endpoint) -> Vec<Finding> {
    let calls = endpoint.work.calls();
    let scene = Scene { model, endpoint };
    let related = scene.related(calls);
    let mut told: Vec<(String, Diagnostic)> = Vec::new();
    for call in calls {
        let own = scene.reads(call);
        if own.contains(&Read::Caller) || (endpoint.auth.is_empty() && !call.write) {
            continue;
        }
        for Found { shown, place } in scene.identifiers(call) {
            if related.contains(&shown) {
                continue;
            }
            if let Some((_, first)) = told.iter_mut().find(|(known, _)| *known == shown) {
                let also = format!("it reaches `{}` too", call.name);
                if first.place != place {
                    *first = first.clone().related(place, also);
                }
                continue;
            }
            told.push((shown.clone(), scene.finding(call, &shown, place)));
        }
    }
    told.into_iter()
        .map(|(_, diagnostic)| Finding {
            owner: endpoint.place,
            diagnostic,
        })
        .collect()
}

/// An identifier of the client's in a call.
struct Found {
    shown: String,
    place: Place,
}

struct Scene<'m> {
    model: &'m Model,
    endpoint: &'m Endpoint,
}

impl Scene<'_> {
    /// Inputs that a condition of `require` relates to who asks.
    fn related(&self, calls: &[Call]) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for clause in &self.endpoint.require.clauses {
            let mut reads = BTreeSet::new();
            let sides = match &clause.condition {
                Condition::Holds(one) => vec![one],
                Condition::Equal(one, other) => vec![one, other],
            };
            for side in sides {
                self.operand(side, &mut reads);
            }
            let mut open = clause.reads.clone();
            let mut seen = BTreeSet::new();
            while let Some(at) = open.pop() {
                let Some(call) = calls.get(at).filter(|_| seen.insert(at)) else {
                    continue;
                };
                reads.extend(self.reads(call));
                open.extend(&call.needs);
            }
            if reads.contains(&Read::Caller) {
                all.extend(reads.into_iter().filter_map(|read| match read {
                    Read::Client(shown) => Some(shown),
                    Read::Caller => None,
                }));
            }
        }
        all
    }

    /// What a call's arguments and body read of the request.
    fn reads(&self, call: &Call) -> BTreeSet<Read> {
        let mut reads = BTreeSet::new();
        for argument in &call.arguments {
            self.value(&argument.value, &mut reads);
        }
        if let Some(body) = &call.body {
            self.block(&body.value, &mut reads);
        }
        reads
    }

    fn operand(&self, operand: &Operand, reads: &mut BTreeSet<Read>) {
        if let Operand::Path(path) = operand {
            self.path(path, reads);
        }
    }

    fn value(&self, value: &Value, reads: &mut BTreeSet<Read>) {
        match value {
            Value::Literal(_) => {}
            Value::List(values) => values.iter().for_each(|value| self.value(value, reads)),
            Value::Block(block) => self.block(block, reads),
            Value::Path { path, select, .. } => {
                self.path(path, reads);
                if let Some(block) = select {
                    self.block(block, reads);
                }
            }
        }
    }

    fn block(&self, block: &Block, reads: &mut BTreeSet<Read>) {
        match block {
            Block::Value(value) => self.value(value, reads),
            Block::Fields(entries) => self.entries(entries, reads),
        }
    }

    fn entries(&self, entries: &[Entry], reads: &mut BTreeSet<Read>) {
        for entry in entries {
            match entry {
                Entry::Field { value, .. } => self.value(value, reads),
                Entry::Variant { entries, .. } => self.entries(entries, reads),
                Entry::Spread { path, entries } => {
                    self.path(path, reads);
                    self.entries(entries, reads);
                }
                Entry::Rest { .. } => {}
            }
        }
    }

    fn path(&self, path: &Path, reads: &mut BTreeSet<Read>) {
        if path.root == Root::Claims {
            let first = path.steps.first();
            let of_token = matches!(first, Some(Step::Field { name, .. }) if OF_THE_TOKEN.contains(&name.as_str()));
            if !of_token {
                reads.insert(Read::Caller);
            }
        }
        reads.extend(self.client(path).map(Read::Client));
        for step in &path.steps {
            let Step::Each { pick, .. } = step else {
                continue;
            };
            let (Pick::First(keys) | Pick::Every(keys)) = pick else {
                continue;
            };
            keys.iter()
                .for_each(|JoinKey { equals, .. }| self.operand(equals, reads));
        }
    }

    /// What a path reads of the client: `path.id`, `body.items.sku`.
    fn client(&self, path: &Path) -> Option<String> {
        let root = match path.root {
            Root::Body => "body".to_owned(),
            Root::Input(at) => {
                let input = self.endpoint.inputs.get(at)?;
                let location = match input.location {
                    Location::Path => "path",
                    Location::Query => "query",
                    Location::Header => "header",
                    Location::Cookie => "cookie",
                };
                format!("{location}.{}", input.name)
            }
            Root::Call(_) | Root::Claims | Root::Current => return None,
        };
        let names = path.steps.iter().filter_map(|step| match step {
            Step::Field { name, .. } | Step::Key { name, .. } => Some(name.as_str()),
            _ => None,
        });
        Some(names.fold(root, |path, name| format!("{path}.{name}")))
    }

    fn finding(&self, call: &Call, shown: &str, place: Place) -> Diagnostic {
        let upstream = self.model.upstreams.get(call.upstream);
        let upstream = upstream.map_or("", |upstream| upstream.name.as_str());
        let id = call.operation.id.clone();
        let target = format!(
            "{upstream}.{}",
            id.unwrap_or_else(|| call.operation.route())
        );
        if self.endpoint.auth.is_empty() {
            return Diagnostic::new(
                Code::UnrelatedCaller,
                place,
                format!("anybody may choose the `{shown}` that `{target}` writes to"),
            )
            .help(
                "name a scheme under the endpoint's `auth`, and say in `require` whose it must be",
            );
        }
        let name = &call.name;
        let help = match (&self.endpoint.work, self.owner(call)) {
            (Work::Stream(_), _) => format!(
                "`require: {shown} = claims.…` compares it with a claim; or give a claim to another parameter"
            ),
            (_, Some(field)) if !call.write => format!(
                "`require: claims.sub = {name}.{field}` says whose it must be; or give `{name}` a claim beside it"
            ),
            _ if call.write => format!(
                "read it first, with a call of its own, and say in `require` whose it must be; or give `{name}` a claim beside it"
            ),
            _ => format!(
                "say in `require` whose it must be, by a claim and what a call answers; or give `{name}` a claim beside it"
            ),
        };
        Diagnostic::new(
            Code::UnrelatedCaller,
            place,
            format!("`{shown}` reaches `{target}`, and nothing relates who asks to what it names"),
        )
        .help(help)
    }

    /// A field of a call's answer that could say whose it is.
    fn owner(&self, call: &Call) -> Option<String> {
        let types = &self.model.types;
        let Kind::Object(object) = &types.get(call.answer?).kind else {
            return None;
        };
        let text = |ty: TypeId| matches!(types.get(ty).kind, Kind::String);
        object
            .fields
            .iter()
            .find(|(name, field)| is_owner(name) && !field.write_only && text(field.ty))
            .map(|(name, _)| name.clone())
    }
}
