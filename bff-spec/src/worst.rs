//! The worst case of an endpoint: how many requests it makes, and how long its calls may take one after the other.

use std::time::Duration;

use crate::contract::{Kind, TypeId};
use crate::model::{Call, Endpoint, Fan, Model, Path, Pick, Root, Step, Value};

/// How many requests a call makes at most, attempts that follow a failed one apart.
#[must_use]
pub fn requests(model: &Model, endpoint: &Endpoint, call: &Call) -> u32 {
    let (argument, items, max) = match call.fan {
        Fan::One { .. } => return 1,
        Fan::Split {
            argument,
            items,
            max,
            ..
        } => (argument, items.max(1), max),
        Fan::Each { argument, max, .. } => (argument, 1, max),
    };
    let values = call
        .arguments
        .get(argument)
        .and_then(|argument| most(model, endpoint, &argument.value));
    match values {
        Some(values) => u32::try_from(values.div_ceil(items)).map_or(max, |n| n.min(max)),
        None => max,
    }
}

/// How many values something gives at most; none if nothing bounds it.
fn most(model: &Model, endpoint: &Endpoint, value: &Value) -> Option<u64> {
    match value {
        Value::Literal(_) => Some(1),
        Value::List(values) => values.iter().try_fold(0u64, |sum, value| {
            Some(sum.saturating_add(most(model, endpoint, value)?))
        }),
        Value::Path { path, .. } => of_path(model, endpoint, path),
        Value::Block(_) => None,
    }
}

fn of_path(model: &Model, endpoint: &Endpoint, path: &Path) -> Option<u64> {
    let mut current = match path.root {
        Root::Input(at) => endpoint.inputs.get(at).map(|input| input.ty),
        Root::Body => endpoint.body.as_ref().map(|body| body.ty),
        Root::Claims => Some(model.claims),
        Root::Call(at) => endpoint.work.calls().get(at).and_then(|call| call.answer),
        Root::Current => None,
    };
    let mut count = 1u64;
    for step in &path.steps {
        match step {
            Step::Each { pick, ty, map } => {
                let bound = if *map {
                    None
                } else {
                    current.and_then(|ty| max_items(model, ty))
                };
                let many = match pick {
                    Pick::All | Pick::Every(_) => bound,
                    Pick::Index(_) | Pick::First(_) => Some(1),
                    Pick::Slice(from, to) => sliced(*from, *to, bound),
                };
                count = count.saturating_mul(many?);
                current = Some(*ty);
            }
            Step::Field { ty, .. } | Step::Key { ty, .. } | Step::Is { ty, .. } => {
                current = Some(*ty);
            }
            Step::Header(_) => current = None,
        }
    }
    match model.types.get(path.ty).kind {
        Kind::List(_) => Some(count.saturating_mul(max_items(model, path.ty)?)),
        _ => Some(count),
    }
}

fn max_items(model: &Model, ty: TypeId) -> Option<u64> {
    let ty = model.types.get(ty);
    match ty.kind {
        Kind::List(_) => ty.bounds.max_items,
        _ => None,
    }
}

/// How many elements a slice takes at most.
fn sliced(from: Option<i32>, to: Option<i32>, bound: Option<u64>) -> Option<u64> {
    let from = i64::from(from.unwrap_or(0));
    let taken = match to.map(i64::from) {
        Some(to) if (from < 0) == (to < 0) => u64::try_from(to - from).ok(),
        // `[-3:]` takes three.
        None if from < 0 => u64::try_from(-from).ok(),
        _ => None,
    };
    match (taken, bound) {
        (Some(taken), Some(bound)) => Some(taken.min(bound)),
        (taken, bound) => taken.or(bound),
    }
}

/// The longest way through calls that wait for each other: how long it takes, and which calls are on it, in order.
///
/// Of two that take equally long, the one through the call declared first. Calls without time are on it only if
/// something on it waits for them.
pub fn longest(calls: &[Call], time: impl Fn(&Call) -> Duration) -> (Duration, Vec<usize>) {
    let mut known: Vec<Option<(Duration, Option<usize>)>> = vec![None; calls.len()];
    for start in 0..calls.len() {
        let mut open = vec![start];
        while let Some(&at) = open.last() {
            let Some(call) = calls.get(at) else { break };
            let waits = || call.needs.iter().chain(&call.after).copied();
            // The checker let no cycle through: at most every call is open once.
            let missing = waits().find(|w| matches!(known.get(*w), Some(None)));
            if let Some(next) = missing.filter(|_| open.len() <= calls.len()) {
                open.push(next);
                continue;
            }
            let before = waits()
                .filter_map(|w| Some((known.get(w)?.as_ref()?.0, w)))
                .max_by_key(|(time, w)| (*time, std::cmp::Reverse(*w)));
            let own = time(call);
            let all = before
                .map_or(Duration::ZERO, |(time, _)| time)
                .saturating_add(own);
            if let Some(slot) = known.get_mut(at) {
                *slot = Some((all, before.map(|(_, w)| w)));
            }
            open.pop();
        }
    }
    let last = known
        .iter()
        .enumerate()
        .filter_map(|(i, known)| Some((known.as_ref()?.0, i)))
        .max_by_key(|(time, i)| (*time, std::cmp::Reverse(*i)));
    let Some((time, last)) = last else {
        return (Duration::ZERO, Vec::new());
    };
    let mut path = Vec::new();
    let mut at = Some(last);
    while let Some(call) = at.filter(|_| path.len() < calls.len()) {
        path.push(call);
        at = known.get(call).and_then(|known| known.as_ref()?.1);
    }
    path.reverse();
    (time, path)
}
