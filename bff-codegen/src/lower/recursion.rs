//! Which recursive types need frames of their own: those that a value taken whole leads back to.

use std::collections::BTreeSet;

use bff_spec::contract::{Kind, TypeId, Types};
use bff_spec::model::{Block, Calls, Endpoint, Entry, ErrorAction, Value, Work};

/// The types an endpoint's whole values lead back to.
pub(crate) fn framed(types: &Types, endpoint: &Endpoint) -> BTreeSet<TypeId> {
    let mut search = Search {
        types,
        stack: Vec::new(),
        done: BTreeSet::new(),
        framed: BTreeSet::new(),
    };
    if let Some(body) = &endpoint.body {
        search.visit(body.ty);
    }
    if let Work::Calls(calls) = &endpoint.work {
        search.calls(calls);
    }
    search.framed
}

/// The types a type leads back to.
pub(crate) fn framed_within(types: &Types, ty: TypeId) -> BTreeSet<TypeId> {
    let mut search = Search {
        types,
        stack: Vec::new(),
        done: BTreeSet::new(),
        framed: BTreeSet::new(),
    };
    search.visit(ty);
    search.framed
}

struct Search<'m> {
    types: &'m Types,
    stack: Vec<TypeId>,
    done: BTreeSet<TypeId>,
    framed: BTreeSet<TypeId>,
}

impl Search<'_> {
    fn calls(&mut self, calls: &Calls) {
        for call in &calls.calls {
            if let Some(body) = &call.body {
                self.block(&body.value);
            }
            for rule in &call.errors {
                if let ErrorAction::Select { block, .. } = &rule.action {
                    self.block(block);
                }
            }
        }
        if let Some(response) = &calls.response {
            self.block(response);
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Value(value) => self.value(value),
            Block::Fields(entries) => self.entries(entries),
        }
    }

    fn entries(&mut self, entries: &[Entry]) {
        for entry in entries {
            match entry {
                Entry::Field { value, .. } => self.value(value),
                Entry::Variant { entries, .. } | Entry::Spread { entries, .. } => {
                    self.entries(entries)
                }
                Entry::Rest { ty } => self.visit(*ty),
            }
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Literal(_) => {}
            Value::List(values) => values.iter().for_each(|value| self.value(value)),
            Value::Path {
                path, select: None, ..
            } => self.visit(path.ty),
            Value::Path {
                select: Some(block),
                ..
            }
            | Value::Block(block) => self.block(block),
        }
    }

    fn visit(&mut self, ty: TypeId) {
        if self.stack.contains(&ty) {
            self.framed.insert(ty);
            return;
        }
        let children: Vec<TypeId> = match &self.types.get(ty).kind {
            // Only what can be an object, or a choice with one, gets a frame: a list is passed through.
            Kind::List(_) if self.lists(ty) => return,
            Kind::List(element) => return self.visit(*element),
            Kind::Object(object) => object
                .fields
                .values()
                .map(|field| field.ty)
                .chain(object.rest)
                .collect(),
            Kind::Variants(variants) => variants.members.iter().map(|member| member.ty).collect(),
            _ => return,
        };
        if !self.done.insert(ty) {
            return;
        }
        self.stack.push(ty);
        for child in children {
            self.visit(child);
        }
        self.stack.pop();
    }

    /// Whether a list holds nothing but lists of itself: there is nothing in it to find.
    fn lists(&self, list: TypeId) -> bool {
        let mut at = list;
        let mut seen = BTreeSet::new();
        while let Kind::List(element) = self.types.get(at).kind {
            if !seen.insert(at) {
                return true;
            }
            at = element;
        }
        false
    }
}
