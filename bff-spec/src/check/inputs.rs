//! Inputs of an endpoint: their types from what they are bound to and what `params` says.

use super::infer::{Bind, Need, Target, Use};
use super::merge;
use super::scope::Scene;
use crate::contract::{Kind, Limit, Location, Type, TypeId};
use crate::diagnostic::{Code, Place};
use crate::model::{Input, ScalarKind};
use crate::spec::{ParamDecl, ParamType};
use crate::syntax::ast::LiteralKind;

/// What is known of one input or name.
pub(crate) struct Settled {
    pub(crate) ty: TypeId,
    pub(crate) required: bool,
    pub(crate) description: Option<String>,
}

impl<'a> Scene<'_, 'a> {
    fn param(&self, location: Location, name: &str) -> Option<&'a ParamDecl> {
        self.decl.params.iter().find(|p| {
            p.root == super::heads::location_name(location)
                && p.names.first().is_some_and(|n| n == name)
        })
    }

    /// Gives every input its type; path parameters come first.
    pub(crate) fn settle_inputs(&mut self, uses: &[Use]) {
        let mut order: Vec<(Location, String)> = self
            .decl
            .route
            .parameters
            .keys()
            .map(|name| (Location::Path, name.clone()))
            .collect();
        for used in uses {
            if let Target::Input(location, name) = &used.target
                && *location != Location::Path
                && !order.iter().any(|(l, n)| l == location && n == name)
            {
                order.push((*location, name.clone()));
            }
        }
        for (location, name) in order {
            let mine: Vec<&Use> = uses
                .iter()
                .filter(
                    |u| matches!(&u.target, Target::Input(l, n) if *l == location && *n == name),
                )
                .collect();
            let param = self.param(location, &name);
            let settled = self.settle(
                &mine,
                param,
                &format!("{}.{name}", super::heads::location_name(location)),
            );
            let default = param.and_then(|p| p.default.as_ref());
            if let Some((json, place)) = default {
                self.check_default(json, *place, settled.ty);
            }
            let required = match param.and_then(|p| p.required) {
                Some(required) => required,
                None => settled.required && default.is_none(),
            };
            self.inputs.push(Input {
                location,
                name,
                ty: settled.ty,
                required: location == Location::Path || required,
                default: default.map(|(json, _)| json.clone()),
                description: param
                    .and_then(|p| p.description.clone())
                    .or(settled.description),
            });
        }
        self.unread_params(uses);
    }

    /// One type for all that something is bound to.
    pub(crate) fn settle(
        &mut self,
        uses: &[&Use],
        param: Option<&ParamDecl>,
        name: &str,
    ) -> Settled {
        let mut ty: Option<(TypeId, Place, Option<Place>, String)> = None;
        let mut required = false;
        let mut description = None;
        let declared = param.and_then(|p| self.declared(p));
        for used in uses {
            let (bind, bound) = match &used.need {
                Need::Type(bind) => (bind, bind.ty),
                Need::Element(bind) => {
                    let list = self.checker.types.add(Type::of(Kind::List(bind.ty)));
                    (bind, list)
                }
                _ => continue,
            };
            required |= bind.required;
            description = description.or_else(|| {
                bind.description
                    .clone()
                    .or_else(|| self.ty(bind.ty).description.clone())
            });
            let bound = match declared {
                Some(declared) => match self.declared_fits(declared, bound, bind, used.place, name)
                {
                    Some(bound) => bound,
                    // It was said; what depends on it goes by the contract.
                    None => bound,
                },
                None => bound,
            };
            ty = Some(match ty.take() {
                None => (bound, used.place, bind.contract, bind.what.clone()),
                Some((so_far, place, contract, what)) => {
                    match merge::merge(&mut self.checker.types, so_far, bound) {
                        Ok(merged) => (merged, place, contract, what),
                        Err(reason) => {
                            self.conflict(name, &reason, used.place, place, bind, contract);
                            (so_far, place, contract, what)
                        }
                    }
                }
            });
        }
        let ty = match (ty, declared) {
            (Some((ty, ..)), _) => ty,
            (None, Some(declared)) => declared,
            (None, None) => self.compared(uses),
        };
        let ty = self.narrowed(ty, param, name);
        Settled {
            ty,
            required,
            description,
        }
    }

    fn conflict(
        &mut self,
        name: &str,
        reason: &str,
        place: Place,
        first: Place,
        bind: &Bind,
        contract: Option<Place>,
    ) {
        self.error(
            Code::InputConflict,
            place,
            format!("`{name}` can't be both {reason}"),
        )
        .help("use two inputs, or say under `params` what it is")
        .related(first, "it is bound to something else here")
        .maybe_related(contract, "the contract says so here")
        .maybe_related(bind.contract, format!("{} is here", bind.what));
    }

    /// What `params` says it is.
    fn declared(&mut self, param: &ParamDecl) -> Option<TypeId> {
        match param.ty? {
            ParamType::Scalar(kind) => {
                let kind = match kind {
                    ScalarKind::Boolean => Kind::Boolean,
                    ScalarKind::Integer => Kind::Integer,
                    ScalarKind::Number => Kind::Number,
                    ScalarKind::String => Kind::String,
                };
                Some(self.checker.types.add(Type::of(kind)))
            }
            // What it is a list of, its bindings say.
            ParamType::List | ParamType::Object => None,
        }
    }

    /// What a declared input is bound to, as its own kind; none if that doesn't fit, which was said.
    fn declared_fits(
        &mut self,
        declared: TypeId,
        bound: TypeId,
        bind: &Bind,
        place: Place,
        name: &str,
    ) -> Option<TypeId> {
        if self.kind(declared) == self.kind(bound) {
            return Some(bound);
        }
        let wide = Type {
            one_of: Vec::new(),
            ..self.ty(bound).clone()
        };
        let wide = self.checker.types.add(wide);
        match super::assign::assignable(&self.checker.types, declared, wide, true) {
            Ok(()) => Some(declared),
            Err(reason) => {
                self.error(
                    Code::InputConflict,
                    place,
                    format!("`{name}` doesn't fit {}: {reason}", bind.what),
                )
                .maybe_related(bind.contract, format!("{} is here", bind.what));
                None
            }
        }
    }

    /// What it is if only conditions read it: the values it is compared with, or a boolean; else text.
    fn compared(&mut self, uses: &[&Use]) -> TypeId {
        let mut literals: Vec<(LiteralKind, String)> = Vec::new();
        let mut like = None;
        let mut holds = false;
        let mut other = false;
        for used in uses {
            match &used.need {
                Need::Equals(kind, json) => {
                    if !literals.iter().any(|(_, j)| j == json) {
                        literals.push((*kind, json.clone()));
                    }
                }
                Need::Like(ty) => like = Some(*ty),
                Need::Holds => holds = true,
                Need::Read => other = true,
                Need::Fields | Need::Type(_) | Need::Element(_) => {}
            }
        }
        let ty = if let Some(ty) = like {
            let like = self.ty(ty);
            match &like.kind {
                kind if kind.is_scalar() => Type {
                    one_of: like.one_of.clone(),
                    format: like.format.clone(),
                    ..Type::of(kind.clone())
                },
                _ => Type::of(Kind::String),
            }
        } else if let Some((kind, _)) = literals.first() {
            let one = literals.iter().all(|(k, _)| k == kind);
            let kind = match kind {
                LiteralKind::Boolean if one => Kind::Boolean,
                LiteralKind::Integer if one => Kind::Integer,
                LiteralKind::Number if one => Kind::Number,
                _ => Kind::String,
            };
            let values = if matches!(kind, Kind::Boolean) {
                Vec::new()
            } else {
                literals.into_iter().map(|(_, json)| json).collect()
            };
            Type {
                one_of: values,
                ..Type::of(kind)
            }
        } else if holds && !other {
            Type::of(Kind::Boolean)
        } else {
            Type::of(Kind::String)
        };
        self.checker.types.add(ty)
    }

    /// With the bounds and values that `params` adds.
    fn narrowed(&mut self, ty: TypeId, param: Option<&ParamDecl>, name: &str) -> TypeId {
        let Some(param) = param else { return ty };
        if param.one_of.is_empty() && param.min.is_none() && param.max.is_none() {
            return ty;
        }
        let mut narrow = self.ty(ty).clone();
        narrow.name = None;
        let limit = |value: &Option<String>| {
            value.clone().map(|value| Limit {
                value,
                exclusive: false,
            })
        };
        let whole = |value: &Option<String>| value.as_ref().and_then(|v| v.parse::<u64>().ok());
        let mut extra = Type {
            nullable: narrow.nullable,
            ..Type::of(narrow.kind.clone())
        };
        extra.one_of = param.one_of.clone();
        match narrow.kind {
            Kind::Integer | Kind::Number | Kind::Scalars(_) => {
                extra.bounds.minimum = limit(&param.min);
                extra.bounds.maximum = limit(&param.max);
            }
            Kind::String => {
                extra.bounds.min_length = whole(&param.min);
                extra.bounds.max_length = whole(&param.max);
            }
            Kind::List(_) => {
                extra.bounds.min_items = whole(&param.min);
                extra.bounds.max_items = whole(&param.max);
            }
            _ => {}
        }
        let extra = self.checker.types.add(extra);
        match merge::merge(&mut self.checker.types, ty, extra) {
            Ok(ty) => ty,
            Err(reason) => {
                self.error(
                    Code::InputConflict,
                    param.place,
                    format!("`{name}` can't be both {reason}"),
                )
                .help("what `params` says narrows what the contract allows");
                ty
            }
        }
    }

    pub(crate) fn check_default(&mut self, json: &str, place: Place, ty: TypeId) {
        let kind = match serde_json::from_str::<serde_json::Value>(json) {
            Ok(serde_json::Value::String(_)) => LiteralKind::String,
            Ok(serde_json::Value::Bool(_)) => LiteralKind::Boolean,
            Ok(serde_json::Value::Number(n)) if n.is_f64() => LiteralKind::Number,
            Ok(serde_json::Value::Number(_)) => LiteralKind::Integer,
            Ok(serde_json::Value::Array(items)) => {
                if let Kind::List(inner) = self.kind(ty) {
                    let inner = *inner;
                    for item in items {
                        self.check_default(&item.to_string(), place, inner);
                    }
                    return;
                }
                LiteralKind::EmptyList
            }
            _ => LiteralKind::Null,
        };
        let literal = crate::syntax::ast::Literal {
            kind,
            json: json.to_owned(),
            place,
        };
        if let Err(reason) = super::assign::literal_fits(&self.checker.types, &literal, ty, false) {
            self.error(
                Code::Mismatch,
                place,
                format!("this default doesn't fit: {reason}"),
            );
        }
    }

    /// `params` of what nothing reads.
    fn unread_params(&mut self, uses: &[Use]) {
        for param in &self.decl.params {
            let read = uses.iter().any(|u| match &u.target {
                Target::Input(location, name) => {
                    super::heads::location_name(*location) == param.root
                        && param.names.first() == Some(name)
                }
                Target::Body { names, .. } => {
                    param.root == "body" && names.starts_with(&param.names)
                }
            });
            let declared_name = param.root == "body" && self.is_body_name(&param.names);
            if read || declared_name || self.decl.broken {
                continue;
            }
            let name = format!("{}.{}", param.root, param.names.join("."));
            if param.root == "body" {
                self.error(
                    Code::UndeclaredBody,
                    param.place,
                    format!("the body has no `{name}`"),
                )
                .help("names in the body are declared under `body`");
            } else {
                self.error(
                    Code::UnusedInput,
                    param.place,
                    format!("nothing reads `{name}`"),
                )
                .help("bind it to an argument, or take it out");
            }
        }
    }
}
