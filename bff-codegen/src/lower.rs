//! The checked model in, the tables of a gateway out.
//!
//! Tapes are numbered as the runtime has them: 0 inputs, 1 claims, 2 body, 3 and up the calls. Lowering reads each endpoint
//! three times: twice to learn what any reader wants of each tape (what one reader wants can change how another gets at it),
//! and once, after the slots are given out, to write the tables. Claims have one shape for the whole gateway.

mod block;
pub(crate) mod deprecated;
mod input;
mod path;
mod recursion;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::{BTreeMap, BTreeSet};

use bff_spec::contract::{Kind, Operation, TypeId, Types};
use bff_spec::model::{self, Fan, Model, Work};

use crate::ir;
pub(crate) use block::Purpose;
pub(crate) use input::parameter;
use path::Current;
pub(crate) use recursion::framed_within;
use tree::{NodeId, ROOT, Shared, Tree};

/// The tape of path, query, header and cookie inputs.
pub(crate) const INPUTS: u8 = 0;
/// The tape of claims.
pub(crate) const CLAIMS: u8 = 1;
/// The tape of the client's body.
pub(crate) const BODY: u8 = 2;
/// The tape of the first call.
pub(crate) const CALLS: u8 = 3;

/// Lowers a model.
pub(crate) fn lower(model: &Model) -> ir::Gateway {
    let nothing = BTreeSet::new();
    let mut claims = Tree::new(&model.types, &nothing, Some(model.claims));
    let framed: Vec<_> = model
        .endpoints
        .iter()
        .map(|e| recursion::framed(&model.types, e))
        .collect();
    let mut readers: Vec<_> = model
        .endpoints
        .iter()
        .zip(&framed)
        .map(|(endpoint, framed)| Reader::of_endpoint(&model.types, framed, endpoint))
        .collect();
    for _ in 0..2 {
        for (reader, endpoint) in readers.iter_mut().zip(&model.endpoints) {
            reader.with_claims(&mut claims, |reader| reader.endpoint(endpoint));
        }
    }
    claims.number();
    let endpoints = readers
        .iter_mut()
        .zip(&model.endpoints)
        .map(|(reader, endpoint)| {
            reader.number();
            reader.with_claims(&mut claims, |reader| reader.endpoint(endpoint))
        })
        .collect();
    let mut pool = ir::Pool::default();
    ir::Gateway {
        claims: claims.shape(&mut Shared::new(&mut pool, usize::from(CLAIMS))),
        endpoints,
    }
}

/// Reads one endpoint's paths, selections and conditions against its tapes.
#[derive(Debug)]
pub(crate) struct Reader<'m> {
    types: &'m Types,
    framed: &'m BTreeSet<TypeId>,
    trees: Vec<Tree<'m>>,
    /// Which inputs are lists.
    list_inputs: Vec<bool>,
    pool: ir::Pool,
    blocks: BTreeMap<(usize, NodeId, Purpose), usize>,
    /// Those of error selections, by call and rule.
    errors: BTreeMap<(usize, usize), Reader<'m>>,
    /// What a path without a tape would want.
    stray: Tree<'m>,
}

impl<'m> Reader<'m> {
    fn new(types: &'m Types, framed: &'m BTreeSet<TypeId>, trees: Vec<Tree<'m>>) -> Reader<'m> {
        Reader {
            types,
            framed,
            trees,
            list_inputs: Vec::new(),
            pool: ir::Pool::default(),
            blocks: BTreeMap::new(),
            errors: BTreeMap::new(),
            stray: Tree::new(types, framed, None),
        }
    }

    fn of_endpoint(
        types: &'m Types,
        framed: &'m BTreeSet<TypeId>,
        endpoint: &model::Endpoint,
    ) -> Reader<'m> {
        let tree = |root| Tree::new(types, framed, root);
        let mut trees = vec![
            tree(None),
            tree(None),
            tree(endpoint.body.as_ref().map(|body| body.ty)),
        ];
        if let Work::Calls(calls) = &endpoint.work {
            trees.extend(calls.calls.iter().map(|call| match call.fan {
                Fan::Each { .. } => Tree::of_entries(types, framed, call.answer),
                Fan::One { .. } | Fan::Split { .. } => tree(call.answer),
            }));
        }
        let mut reader = Reader::new(types, framed, trees);
        reader.list_inputs = endpoint
            .inputs
            .iter()
            .map(|input| matches!(types.get(input.ty).kind, Kind::List(_)))
            .collect();
        reader
    }

    /// A reader of one body, as tape 0.
    pub(crate) fn of_body(
        types: &'m Types,
        framed: &'m BTreeSet<TypeId>,
        root: TypeId,
    ) -> Reader<'m> {
        Reader::new(types, framed, vec![Tree::new(types, framed, Some(root))])
    }

    fn with_claims<T>(
        &mut self,
        claims: &mut Tree<'m>,
        read: impl FnOnce(&mut Reader<'m>) -> T,
    ) -> T {
        let place = usize::from(CLAIMS);
        if let Some(tree) = self.trees.get_mut(place) {
            std::mem::swap(tree, claims);
        }
        let read = read(self);
        if let Some(tree) = self.trees.get_mut(place) {
            std::mem::swap(tree, claims);
        }
        read
    }

    fn number(&mut self) {
        self.trees.iter_mut().for_each(Tree::number);
        self.errors.values_mut().for_each(Reader::number);
    }

    fn tree(&mut self, tape: usize) -> &mut Tree<'m> {
        self.trees.get_mut(tape).unwrap_or(&mut self.stray)
    }

    fn endpoint(&mut self, endpoint: &model::Endpoint) -> ir::Endpoint {
        self.pool = ir::Pool::default();
        self.blocks.clear();
        let (before, after) = self.clauses(&endpoint.require);
        let by = |charge: &model::Charge| Some(self.value_path(charge.by.as_ref()?, None));
        let counted_by = endpoint.limits.iter().map(by).collect();
        let rule = endpoint.body.as_ref().map(|body| {
            let tape = usize::from(BODY);
            match self.body_rule(tape, ROOT, body.ty, &mut Vec::new()) {
                ir::BodyRule::Object {
                    fields, nullable, ..
                } => ir::BodyRule::Object {
                    slot: None,
                    fields,
                    nullable,
                },
                ir::BodyRule::Map {
                    fields,
                    entries,
                    element,
                    nullable,
                    ..
                } => ir::BodyRule::Map {
                    slot: None,
                    fields,
                    entries,
                    element,
                    nullable,
                },
                rule => rule,
            }
        });
        let plan = match &endpoint.work {
            Work::Calls(calls) => Some(self.calls(calls, after)),
            Work::Stream(call) => Some(ir::Plan {
                calls: vec![self.call(0, call)],
                require: Vec::new(),
                headers: Vec::new(),
                answer: None,
            }),
            Work::Proxy(_) => None,
        };
        let mut pool = std::mem::take(&mut self.pool);
        let mut shared = Shared::new(&mut pool, usize::from(BODY));
        let body = rule.map(|rule| ir::Body {
            shape: self.shape(&mut shared),
            rule,
        });
        let mut plan = plan;
        if let (Some(plan), Work::Calls(calls)) = (&mut plan, &endpoint.work) {
            for (index, (table, call)) in plan.calls.iter_mut().zip(&calls.calls).enumerate() {
                shared.tape = usize::from(CALLS) + index;
                self.answer(call, table, &mut shared);
            }
        }
        ir::Endpoint {
            require: before,
            counted_by,
            body,
            plan,
            pool,
        }
    }

    fn shape(&self, shared: &mut Shared<'_>) -> ir::Shape {
        match self.trees.get(shared.tape) {
            Some(tree) => tree.shape(shared),
            None => ir::Shape {
                root: ir::Frame {
                    width: 0,
                    node: ir::Node::reject(),
                },
            },
        }
    }

    /// Clauses that read no call, and those that do.
    fn clauses(&mut self, require: &model::Require) -> (Vec<ir::Clause>, Vec<ir::Clause>) {
        let clauses = require.clauses.iter().map(|clause| ir::Clause {
            text: clause.text.clone(),
            condition: self.condition(&clause.condition),
            reads: bits(&clause.reads),
        });
        clauses.partition(|clause| clause.reads == 0)
    }

    fn calls(&mut self, calls: &model::Calls, require: Vec<ir::Clause>) -> ir::Plan {
        let tables = calls
            .calls
            .iter()
            .enumerate()
            .map(|(index, call)| self.call(index, call))
            .collect();
        let headers = calls
            .headers
            .iter()
            .map(|(name, value)| {
                let value = match value {
                    model::HeaderValue::Literal(text) => ir::HeaderValue::Literal(text.clone()),
                    model::HeaderValue::Path { path, default } => {
                        let table = self.value_path(path, None);
                        match default {
                            Some(text) => ir::HeaderValue::Or(table, text.clone()),
                            None if path.promised => ir::HeaderValue::Promised(table),
                            None => ir::HeaderValue::Path(table),
                        }
                    }
                };
                (name.clone(), value)
            })
            .collect();
        let answer = calls
            .response
            .as_ref()
            .map(|block| self.template(block, None, Purpose::Answer));
        ir::Plan {
            calls: tables,
            require,
            headers,
            answer,
        }
    }

    fn call(&mut self, index: usize, call: &model::Call) -> ir::Call {
        let arguments = call
            .arguments
            .iter()
            .map(|argument| self.argument(&argument.value))
            .collect();
        let body = call.body.as_ref().map(|body| {
            if body.media == "application/x-www-form-urlencoded" {
                let block = self.block(&body.value, None, Purpose::Request);
                ir::BodyValue::Form(block, form_lists(&call.operation, &body.media))
            } else {
                ir::BodyValue::Json(self.template(&body.value, None, Purpose::Request))
            }
        });
        let when = call
            .when
            .as_ref()
            .map(|condition| self.condition(condition));
        let errors = call
            .errors
            .iter()
            .enumerate()
            .map(|(rule, error)| match &error.action {
                model::ErrorAction::Absent => ir::ErrorAction::Absent,
                model::ErrorAction::Pass => ir::ErrorAction::Pass,
                model::ErrorAction::Select { ty, block } => self.error((index, rule), *ty, block),
            });
        let errors = errors.collect();
        let list_answer = call
            .answer
            .is_some_and(|ty| matches!(self.types.get(ty).kind, Kind::List(_)));
        ir::Call {
            arguments,
            body,
            when,
            shape: None,
            headers: Vec::new(),
            errors,
            list_answer,
        }
    }

    /// What is captured of a call's answer, once all its readers are known.
    fn answer(&self, call: &model::Call, table: &mut ir::Call, shared: &mut Shared<'_>) {
        let Some(tree) = self.trees.get(shared.tape) else {
            return;
        };
        table.headers = tree.header_slots();
        if call.answer.is_some() && (tree.is_read() || matches!(call.fan, Fan::Split { .. })) {
            table.shape = Some(tree.shape(shared));
        }
    }

    fn argument(&mut self, value: &model::Value) -> ir::Value {
        match value {
            model::Value::Literal(json) => ir::Value::Literal(json.clone()),
            model::Value::List(values) => {
                ir::Value::List(values.iter().map(|value| self.argument(value)).collect())
            }
            model::Value::Path { path, default, .. } => ir::Value::Path {
                path: self.value_path(path, None),
                default: default.clone(),
            },
            // The checker lets no group be an argument.
            model::Value::Block(_) => ir::Value::Literal("null".to_owned()),
        }
    }

    fn error(
        &mut self,
        place: (usize, usize),
        ty: TypeId,
        block: &model::Block,
    ) -> ir::ErrorAction {
        let (types, framed) = (self.types, self.framed);
        let reader = self
            .errors
            .entry(place)
            .or_insert_with(|| Reader::of_body(types, framed, ty));
        ir::ErrorAction::Select(Box::new(reader.body(block, ir::Root::Tape(0))))
    }

    /// The shape and the template of a selection over the one body of this reader.
    fn body(&mut self, block: &model::Block, root: ir::Root) -> ir::Selection {
        self.pool = ir::Pool::default();
        self.blocks.clear();
        let current = Current {
            tape: 0,
            node: ROOT,
            root,
        };
        let template = self.template(block, Some(current), Purpose::Answer);
        let mut pool = std::mem::take(&mut self.pool);
        let shape = self.shape(&mut Shared::new(&mut pool, 0));
        ir::Selection {
            shape,
            template,
            pool,
        }
    }

    /// Whether a value is no object and no list.
    fn is_flat(&self, ty: TypeId) -> bool {
        tree::members(self.types, ty)
            .iter()
            .all(|ty| !matches!(ty.kind, Kind::Object(_) | Kind::List(_)))
    }

    /// Whether there is something documented in a value.
    fn has_schema(&self, ty: TypeId) -> bool {
        match &self.types.get(ty).kind {
            Kind::Any => false,
            Kind::List(element) => !matches!(self.types.get(*element).kind, Kind::Any),
            Kind::Object(object) if object.fields.is_empty() => object
                .rest
                .is_some_and(|ty| !matches!(self.types.get(ty).kind, Kind::Any)),
            _ => true,
        }
    }
}

/// A selection over one body alone: its shape, its template and the tables they share. Paths start at the current value.
#[cfg(feature = "interpret")]
pub(crate) fn selection(types: &Types, root: TypeId, block: &model::Block) -> ir::Selection {
    selection_within(
        types,
        &framed_within(types, root),
        root,
        block,
        ir::Root::Tape(0),
    )
}

/// The same, with frames for these types, and paths that start at `start`.
pub(crate) fn selection_within(
    types: &Types,
    framed: &BTreeSet<TypeId>,
    root: TypeId,
    block: &model::Block,
    start: ir::Root,
) -> ir::Selection {
    let mut reader = Reader::of_body(types, framed, root);
    for _ in 0..2 {
        reader.body(block, start);
    }
    reader.number();
    reader.body(block, start)
}

/// Calls as bits, by order of declaration.
pub(crate) fn bits(calls: &[usize]) -> u64 {
    calls
        .iter()
        .filter(|call| **call < 64)
        .fold(0, |bits, call| bits | 1 << call)
}

/// A text as JSON.
pub(crate) fn json_string(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

/// The fields of a form whose lists are written between separators.
fn form_lists(operation: &Operation, media: &str) -> Vec<(String, ir::ListStyle)> {
    let mut media = operation
        .body
        .iter()
        .flat_map(|body| &body.content)
        .filter(|known| known.name == media);
    let encoding = media.next().into_iter().flat_map(|media| &media.encoding);
    encoding
        .filter(|(_, encoding)| !encoding.explode)
        .map(|(name, encoding)| {
            let style = match encoding.style.as_str() {
                "spaceDelimited" => ir::ListStyle::Space,
                "pipeDelimited" => ir::ListStyle::Pipe,
                _ => ir::ListStyle::Comma,
            };
            (name.clone(), style)
        })
        .collect()
}
