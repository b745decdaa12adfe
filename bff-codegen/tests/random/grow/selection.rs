//! What an endpoint answers: random selections over the types of its calls' answers.

use bff_spec::contract::{Kind, TypeId, Types};

use super::{Endpoint, word};
use crate::contracts::Read;

/// How far selections go in.
const DEEP: usize = 4;

/// The response, in lines of a block scalar; empty for none.
pub(super) fn response(endpoint: &mut Endpoint<'_, '_>) -> String {
    let mut lines = Vec::new();
    for at in 0..endpoint.calls.len() {
        let Some(ty) = endpoint.calls[at].answer else {
            let call = &endpoint.calls[at];
            if matches!(call.operation.method.as_str(), "GET" | "HEAD" | "OPTIONS") {
                lines.push(format!("      h{at}: {}@ETag\n", call.name));
            }
            continue;
        };
        let (name, read, each) = {
            let call = &endpoint.calls[at];
            (call.name.clone(), call.read, call.each.clone())
        };
        if let Some(values) = each.filter(|_| !endpoint.dice.one_in(20)) {
            let Some((list, key)) = values.rsplit_once('.') else {
                continue;
            };
            let inner = if is_object(&read.types, ty) {
                format!(" {}", selection(endpoint, read, ty, 1))
            } else {
                String::new()
            };
            lines.push(format!(
                "      e{at}: {list} {{ found: ${name}[each = .{key}]{inner} }}\n"
            ));
            continue;
        }
        let shown = format!("r{at}: {name}");
        let line = match &read.types.get(ty).kind {
            Kind::Object(_) if endpoint.dice.one_in(6) && at == 0 => {
                format!("...{name} {}", selection(endpoint, read, ty, 0))
            }
            Kind::Object(_) | Kind::Variants(_) => {
                format!("{shown} {}", selection(endpoint, read, ty, 0))
            }
            Kind::List(inner) if is_object(&read.types, *inner) => {
                let step = step(endpoint);
                format!("{shown}{step} {}", selection(endpoint, read, *inner, 0))
            }
            _ => shown,
        };
        lines.push(format!("      {line}\n"));
        if endpoint.dice.one_in(10) {
            let header = endpoint.calls[at]
                .operation
                .responses
                .first()
                .and_then(|r| r.headers.first())
                .map_or("ETag".to_owned(), |h| word(&h.name));
            lines.push(format!("      h{at}: {name}@{header}\n"));
        }
    }
    if lines.is_empty() || endpoint.dice.one_in(8) {
        lines.push(
            "      fixed: { list: [1, \"a\", null, true, []] asked: query.asked ?? \"no\" }\n"
                .to_owned(),
        );
    }
    if lines.len() == 1 && endpoint.dice.one_in(6) {
        let (_, value) = lines[0].trim().split_once(": ").unwrap_or(("", "null"));
        return format!("      = {value}\n");
    }
    lines.concat()
}

fn step(endpoint: &mut Endpoint<'_, '_>) -> &'static str {
    ["", "", "", "[0]", "[-1]", "[:2]", "[1:]", "[-2:]"][endpoint.dice.below(8)]
}

fn is_object(types: &Types, ty: TypeId) -> bool {
    matches!(types.get(ty).kind, Kind::Object(_) | Kind::Variants(_))
}

/// A selection in braces.
fn selection(endpoint: &mut Endpoint<'_, '_>, read: &Read, ty: TypeId, depth: usize) -> String {
    let types = &read.types;
    let mut parts: Vec<String> = Vec::new();
    match &types.get(ty).kind {
        Kind::Object(object) => {
            let names: Vec<&String> = object.fields.keys().collect();
            let star = depth >= DEEP || names.is_empty() || endpoint.dice.one_in(8);
            if star {
                parts.push("*".to_owned());
                if let Some(name) = endpoint.dice.pick(&names).filter(|_| depth < DEEP) {
                    let name = endpoint.slip(&word(name));
                    parts.push(format!("-{name}"));
                }
            }
            for (i, (name, field)) in object.fields.iter().enumerate() {
                if field.write_only
                    || star && !endpoint.dice.one_in(12)
                    || endpoint.dice.one_in(2) && parts.len() > 1
                    || parts.len() > 7
                {
                    continue;
                }
                let written = endpoint.slip(&word(name));
                let renamed = endpoint.dice.one_in(6) && !star;
                let head = if renamed {
                    format!("n{i}: {written}")
                } else {
                    written
                };
                parts.push(field_of(
                    endpoint,
                    read,
                    field.ty,
                    field.required,
                    head,
                    depth,
                    i,
                ));
            }
        }
        Kind::Variants(variants) => {
            let shared = endpoint.dice.one_in(3);
            if shared {
                parts.push("*".to_owned());
            } else {
                for (i, member) in variants.members.iter().enumerate() {
                    let Some(name) = endpoint.dice.pick(&member.names) else {
                        continue;
                    };
                    if is_object(types, member.ty) && !(i > 0 && endpoint.dice.one_in(3)) {
                        let inner = selection(endpoint, read, member.ty, depth + 1);
                        parts.push(format!("...on {} {inner}", word(name)));
                    }
                }
            }
        }
        _ => {}
    }
    if parts.is_empty() {
        parts.push("*".to_owned());
    }
    if endpoint.dice.one_in(10) && depth > 0 {
        parts.extend(join(endpoint, read, ty));
    }
    format!("{{ {} }}", parts.join(" "))
}

fn field_of(
    endpoint: &mut Endpoint<'_, '_>,
    read: &Read,
    ty: TypeId,
    required: bool,
    head: String,
    depth: usize,
    i: usize,
) -> String {
    let types = &read.types;
    let found = types.get(ty);
    let nullable = !required || found.nullable;
    match &found.kind {
        Kind::Object(object) if object.fields.is_empty() && object.rest.is_some() => {
            let rest = object.rest.unwrap();
            let (name, path) = head.split_once(": ").unwrap_or((&head, &head));
            let inner = if is_object(types, rest) {
                format!(" {}", selection(endpoint, read, rest, depth + 1))
            } else {
                String::new()
            };
            match endpoint.dice.below(3) {
                0 => format!("{name}: {path}.*{inner}"),
                1 => format!("{name}: {path}[key = \"en\"]{inner}"),
                _ => format!("{name}: {path} {{ * }}"),
            }
        }
        Kind::Object(_) | Kind::Variants(_) => {
            let inner = selection(endpoint, read, ty, depth + 1);
            if endpoint.dice.one_in(12) {
                format!("g{i}: {{ {head} {inner} }}")
            } else {
                format!("{head} {inner}")
            }
        }
        Kind::List(inner) if is_object(types, *inner) => {
            let inner = selection(endpoint, read, *inner, depth + 1);
            let step = step(endpoint);
            if step.is_empty() || head.contains(": ") {
                format!("{head}{step} {inner}")
            } else {
                format!("s{i}: {head}{step} {inner}")
            }
        }
        Kind::String if nullable && endpoint.dice.one_in(4) => format!("{head} ?? \"none\""),
        Kind::Integer if nullable && endpoint.dice.one_in(4) => format!("{head} ?? 0"),
        Kind::List(_) if nullable && endpoint.dice.one_in(4) => format!("{head} ?? []"),
        _ if nullable && endpoint.dice.one_in(20) => format!("{head}!"),
        _ => head,
    }
}

/// A join of another call's list on a scalar of this object.
fn join(endpoint: &mut Endpoint<'_, '_>, read: &Read, ty: TypeId) -> Option<String> {
    let scalars = |types: &Types, ty: TypeId| -> Vec<String> {
        match &types.get(ty).kind {
            Kind::Object(object) => object
                .fields
                .iter()
                .filter(|(_, f)| types.get(f.ty).kind.is_scalar())
                .map(|(name, _)| name.clone())
                .collect(),
            _ => Vec::new(),
        }
    };
    let own = scalars(&read.types, ty);
    let own = endpoint.dice.pick(&own)?.clone();
    let at = endpoint.dice.below(endpoint.calls.len());
    let call = endpoint.calls.get(at)?;
    let (name, other, each) = (call.name.clone(), call.read, call.each.is_some());
    if each {
        return Some(format!("j: ${name}[each = .{}] {{ * }}", word(&own)));
    }
    let Kind::List(inner) = other.types.get(call.answer?).kind else {
        return None;
    };
    let keys = scalars(&other.types, inner);
    let key = endpoint.dice.pick(&keys)?.clone();
    let every = if endpoint.dice.one_in(2) { "[]" } else { "" };
    let inner = selection(endpoint, other, inner, 3);
    Some(format!(
        "j: ${name}[{} = .{}]{every} {inner}",
        word(&key),
        word(&own)
    ))
}

/// A path from a call to a scalar, and whether it goes through a list.
pub(super) fn scalar(endpoint: &mut Endpoint<'_, '_>) -> Option<(String, bool)> {
    walk(endpoint, None)
}

/// A path from a call to a scalar of the same kind.
pub(super) fn fitting(
    endpoint: &mut Endpoint<'_, '_>,
    types: &Types,
    ty: TypeId,
) -> Option<(String, bool)> {
    let kind = types.get(ty).kind.clone();
    let named = types.get(ty).one_of.is_empty();
    if !named {
        return None;
    }
    walk(endpoint, Some(kind))
}

fn walk(endpoint: &mut Endpoint<'_, '_>, wanted: Option<Kind>) -> Option<(String, bool)> {
    for _ in 0..6 {
        let at = endpoint.dice.below(endpoint.calls.len());
        let call = endpoint.calls.get(at)?;
        if call.each.is_some() || call.optional && endpoint.dice.one_in(2) {
            continue;
        }
        let call = &endpoint.calls[at];
        let read = call.read;
        let mut path = call.name.clone();
        let Some(mut ty) = call.answer else {
            continue;
        };
        let mut many = false;
        for _ in 0..6 {
            match &read.types.get(ty).kind {
                Kind::List(inner) => {
                    many = true;
                    ty = *inner;
                }
                Kind::Object(object) => {
                    let fields: Vec<_> = object
                        .fields
                        .iter()
                        .filter(|(_, f)| !f.write_only)
                        .collect();
                    let Some((name, field)) = endpoint.dice.pick(&fields) else {
                        break;
                    };
                    path = format!("{path}.{}", word(name));
                    ty = field.ty;
                }
                kind => {
                    let fits = match &wanted {
                        None => kind.is_scalar(),
                        Some(Kind::String) => kind.is_scalar(),
                        Some(wanted) => wanted == kind,
                    };
                    if fits {
                        return Some((path, many));
                    }
                    break;
                }
            }
        }
    }
    None
}
