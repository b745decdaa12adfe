//! What inputs and names of the body are bound to (rule 8): a walk over every text of an endpoint that says nothing
//! itself. What it finds becomes their types, before anything is checked against them.

use super::block::path_name;
use super::heads;
use super::scope::Scene;
use crate::contract::{Location, TypeId};
use crate::diagnostic::Place;
use crate::spec::{CallDecl, ErrorActionDecl};
use crate::syntax::ast::{
    self, Block, Condition, Field, LiteralKind, Operand, Path, PathValue, Start, StepKind, Value,
};

/// An input or a name in the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Input(Location, String),
    /// `from`: how many of the names were gone before the path that reads it: the rest are passed through by it.
    Body {
        names: Vec<String>,
        from: usize,
    },
}

/// What one use asks of it.
#[derive(Debug, Clone)]
pub(crate) enum Need {
    /// It is bound to this.
    Type(Bind),
    /// Each of its elements is.
    Element(Bind),
    /// Fields of it are selected, for something of no particular type.
    Fields,
    /// A condition asks whether it holds.
    Holds,
    /// A condition compares it with this JSON text.
    Equals(LiteralKind, String),
    /// A condition compares it with a value of this type.
    Like(TypeId),
    /// It is only read.
    Read,
}

/// What something is bound to.
#[derive(Debug, Clone)]
pub(crate) struct Bind {
    pub(crate) ty: TypeId,
    pub(crate) required: bool,
    pub(crate) what: String,
    pub(crate) contract: Option<Place>,
    /// The value is taken whole, without a selection.
    pub(crate) whole: bool,
    pub(crate) description: Option<String>,
}

/// One use.
#[derive(Debug, Clone)]
pub(crate) struct Use {
    pub(crate) target: Target,
    pub(crate) need: Need,
    pub(crate) place: Place,
}

/// What `.` is.
#[derive(Debug, Clone)]
pub(crate) enum Current {
    Roots,
    Body(Vec<String>),
    Other,
}

impl<'a> Scene<'_, 'a> {
    /// Every use of an input or of the body.
    pub(crate) fn infer(&mut self) -> Vec<Use> {
        let mut uses = Vec::new();
        for (i, call) in self.call_decls().iter().enumerate() {
            self.infer_call(i, call, &mut uses);
        }
        let decl = self.decl;
        if let Some(block) = &decl.response {
            self.infer_block(block, &Current::Roots, None, &mut uses);
        }
        for header in self.all_headers() {
            if let Some(value) = &header.value {
                self.infer_value(value, &Current::Roots, None, &mut uses);
            }
        }
        for condition in self.clauses() {
            self.infer_condition(&condition, &mut uses);
        }
        uses
    }

    pub(crate) fn infer_call(&mut self, index: usize, call: &'a CallDecl, uses: &mut Vec<Use>) {
        if let Some(when) = &call.when {
            self.infer_condition(when, uses);
        }
        for action in self.error_rules(call) {
            if let ErrorActionDecl::Select(block, _) = action {
                self.infer_block(block, &Current::Other, None, uses);
            }
        }
        let Some(ast) = &call.call else { return };
        let operation = self
            .heads
            .get(index)
            .and_then(|h| h.target.as_ref())
            .map(|(_, o)| o.clone());
        let body = operation.as_ref().and_then(|o| self.body_bind(o, call));
        for argument in &ast.arguments {
            let is_body = argument.location.is_none() && argument.name.text == "body";
            let bind = match &operation {
                Some(operation) if is_body && operation.body.is_some() => body.clone(),
                Some(operation) => heads::parameter(operation, argument).map(|p| Bind {
                    ty: p.ty,
                    required: p.required,
                    what: format!("parameter `{}`", p.name),
                    contract: Some(p.place),
                    whole: true,
                    description: p.description.clone(),
                }),
                None => None,
            };
            if argument.each.is_some()
                && let Value::Path(value) = &argument.value
                && let Some(target) = self.target_of(&value.path, &Current::Roots)
            {
                let need = bind.map_or(Need::Read, Need::Element);
                uses.push(Use {
                    target,
                    need,
                    place: value.path.place,
                });
                continue;
            }
            self.infer_value(&argument.value, &Current::Roots, bind.as_ref(), uses);
        }
        if let Some((block, _)) = &call.body {
            self.infer_block(block, &Current::Roots, body.as_ref(), uses);
        }
    }

    pub(crate) fn infer_condition(&mut self, condition: &Condition, uses: &mut Vec<Use>) {
        let sides = [Some(&condition.left), condition.right.as_ref()];
        for (i, side) in sides.iter().enumerate() {
            let Some(Operand::Path(path)) = side else {
                continue;
            };
            self.infer_joins(path, &Current::Roots, uses);
            let Some(target) = self.target_of(path, &Current::Roots) else {
                continue;
            };
            let need = match sides.get(1 - i).copied().flatten() {
                None => Need::Holds,
                Some(Operand::Literal(literal)) => Need::Equals(literal.kind, literal.json.clone()),
                Some(Operand::Path(other)) => match self.silent_type(other) {
                    Some(ty) => Need::Like(ty),
                    None => Need::Read,
                },
            };
            uses.push(Use {
                target,
                need,
                place: path.place,
            });
        }
    }

    /// Inputs on the right side of joins.
    pub(crate) fn infer_joins(&mut self, path: &Path, current: &Current, uses: &mut Vec<Use>) {
        for step in &path.steps {
            let StepKind::Join { keys, .. } = &step.kind else {
                continue;
            };
            for key in keys {
                let Operand::Path(path) = &key.equals else {
                    continue;
                };
                self.infer_joins(path, current, uses);
                if let Some(target) = self.target_of(path, current) {
                    uses.push(Use {
                        target,
                        need: Need::Read,
                        place: path.place,
                    });
                }
            }
        }
    }

    pub(crate) fn infer_value(
        &mut self,
        value: &Value,
        current: &Current,
        bind: Option<&Bind>,
        uses: &mut Vec<Use>,
    ) {
        match value {
            Value::Literal(_) => {}
            Value::List(values, _) => {
                let inner = bind.and_then(|b| self.bind_element(b));
                for value in values {
                    self.infer_value(value, current, inner.as_ref(), uses);
                }
            }
            Value::Group(select) => self.infer_block(&select.block, current, bind, uses),
            Value::Path(value) => self.infer_path(value, current, bind, uses),
        }
    }

    pub(crate) fn infer_path(
        &mut self,
        value: &PathValue,
        current: &Current,
        bind: Option<&Bind>,
        uses: &mut Vec<Use>,
    ) {
        self.infer_joins(&value.path, current, uses);
        let target = self.target_of(&value.path, current);
        let bind = bind.map(|b| Bind {
            required: b.required && value.default.is_none(),
            whole: value.select.is_none(),
            ..b.clone()
        });
        let inner = match &target {
            Some(Target::Body { names, .. }) => Current::Body(names.clone()),
            _ => Current::Other,
        };
        if let Some(target) = target {
            let need = match (&bind, &value.select) {
                (Some(bind), _) => Need::Type(bind.clone()),
                (None, Some(_)) => Need::Fields,
                (None, None) => Need::Read,
            };
            if let Target::Body { names, .. } = &target
                && value.select.is_none()
            {
                self.infer_whole(&names.clone(), bind.as_ref(), value.path.place, uses);
            }
            uses.push(Use {
                target,
                need,
                place: value.path.place,
            });
        }
        if let Some(select) = &value.select {
            let elements = bind
                .as_ref()
                .map(|b| self.bind_element(b).unwrap_or_else(|| b.clone()));
            self.infer_block(&select.block, &inner, elements.as_ref(), uses);
        }
    }

    pub(crate) fn infer_block(
        &mut self,
        block: &Block,
        current: &Current,
        bind: Option<&Bind>,
        uses: &mut Vec<Use>,
    ) {
        let fields = match block {
            Block::Value(value) => return self.infer_value(value, current, bind, uses),
            Block::Fields(fields) => fields,
        };
        for field in fields {
            match field {
                Field::Named { name, value } => {
                    let bind = bind.and_then(|b| self.bind_property(b, &name.text));
                    self.infer_value(value, current, bind.as_ref(), uses);
                }
                Field::Path(value) => {
                    let bind = path_name(&value.path)
                        .and_then(|name| bind.and_then(|b| self.bind_property(b, &name.text)));
                    self.infer_path(value, current, bind.as_ref(), uses);
                }
                Field::On { select, .. } => {
                    self.infer_block(&select.block, &Current::Other, None, uses);
                }
                Field::Spread { path, select, .. } => {
                    self.infer_spread(path, select.as_ref(), current, bind, uses);
                }
                Field::All(place) => {
                    if let Current::Body(names) = current {
                        let names = names.clone();
                        self.infer_whole(&names, bind, *place, uses);
                    }
                }
                Field::Except(_) => {}
            }
        }
    }

    pub(crate) fn infer_spread(
        &mut self,
        path: &Path,
        select: Option<&ast::Selection>,
        current: &Current,
        bind: Option<&Bind>,
        uses: &mut Vec<Use>,
    ) {
        if let (Start::Plain(word), []) = (&path.start, path.steps.as_slice())
            && let Some((block, _, _)) = self.fragment(word)
        {
            self.spreads += 1;
            if !self.spreading.contains(&word.text) && self.spreads < super::uses::MAX_SPREADS {
                self.spreading.push(word.text.clone());
                self.infer_block(block, current, bind, uses);
                self.spreading.pop();
            }
            return;
        }
        self.infer_joins(path, current, uses);
        let target = self.target_of(path, current);
        let inner = match &target {
            Some(Target::Body { names, .. }) => Current::Body(names.clone()),
            _ => Current::Other,
        };
        uses.extend(target.map(|target| Use {
            target,
            need: Need::Fields,
            place: path.place,
        }));
        if let Some(select) = select {
            self.infer_block(&select.block, &inner, bind, uses);
        }
    }
}
