//! Which types an operation touches: their faults are its own.

use std::collections::{HashMap, HashSet};

use super::{Kind, Operation, TypeId, Types};
use crate::diagnostic::Diagnostic;

/// Gives each operation the faults of the types it touches.
pub(super) fn attribute(
    types: &Types,
    operations: &mut [Operation],
    faults: &HashMap<TypeId, Vec<Diagnostic>>,
) {
    if faults.is_empty() {
        return;
    }
    for operation in operations {
        for id in touched(types, operation) {
            for fault in faults.get(&id).map(Vec::as_slice).unwrap_or_default() {
                if !operation.faults.contains(fault) {
                    operation.faults.push(fault.clone());
                }
            }
        }
    }
}

/// Every type an operation touches, nearest first.
fn touched(types: &Types, operation: &Operation) -> Vec<TypeId> {
    let body = operation.body.iter().flat_map(|body| &body.content);
    let answers = operation.responses.iter().flat_map(|r| &r.content);
    let mut seen = HashSet::new();
    let mut order: Vec<TypeId> = Vec::new();
    let mut add = |id: TypeId, order: &mut Vec<TypeId>| {
        if seen.insert(id) {
            order.push(id);
        }
    };
    for parameter in &operation.parameters {
        add(parameter.ty, &mut order);
    }
    for media in body.chain(answers) {
        add(media.ty, &mut order);
    }
    let mut at = 0;
    while let Some(&id) = order.get(at) {
        at += 1;
        match &types.get(id).kind {
            Kind::List(element) => add(*element, &mut order),
            Kind::Object(object) => {
                for field in object.fields.values() {
                    add(field.ty, &mut order);
                }
                if let Some(rest) = object.rest {
                    add(rest, &mut order);
                }
            }
            Kind::Variants(variants) => {
                for member in &variants.members {
                    add(member.ty, &mut order);
                }
            }
            _ => {}
        }
    }
    order
}
