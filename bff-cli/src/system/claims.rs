//! Who a development token is for: claims with which the endpoints find something.
//!
//! A claim that reaches an operation's parameter, or is compared with what a call gives, gets the value that the most
//! of those places know from their contracts' examples; any other declared claim a value that says what it is.

use bff_spec::model::{
    Call, Condition, Endpoint, Model, Operand, Path, Root, ScalarKind, Step, Value,
};
use serde_json::{Map, json};

use super::Mocks;

/// The claims for a scheme of a model, `sub` and the declared ones that must be there, with every scope and role that
/// an endpoint asks for.
pub(super) fn claims(
    model: &Model,
    scheme: usize,
    mocks: &Mocks,
) -> Map<String, serde_json::Value> {
    let mut claims = Map::new();
    claims.insert(
        "sub".to_owned(),
        json!(voted(model, "sub", mocks).unwrap_or_else(|| "developer".to_owned())),
    );
    let Some(declaring) = model.schemes.get(scheme) else {
        return claims;
    };
    for claim in declaring.claims.iter().filter(|claim| claim.required) {
        let text =
            voted(model, &claim.name, mocks).unwrap_or_else(|| format!("dev-{}", claim.name));
        let value = match claim.kind {
            ScalarKind::String => json!(text),
            ScalarKind::Boolean => json!(true),
            ScalarKind::Integer | ScalarKind::Number => serde_json::from_str(&text)
                .ok()
                .filter(serde_json::Value::is_number)
                .unwrap_or_else(|| json!(1)),
        };
        claims.insert(
            claim.name.clone(),
            if claim.list { json!([value]) } else { value },
        );
    }
    let mine = || {
        model
            .endpoints
            .iter()
            .filter(|endpoint| endpoint.auth.contains(&scheme))
    };
    let scopes = distinct(mine().flat_map(|endpoint| &endpoint.require.scopes));
    if !scopes.is_empty() {
        claims.insert("scope".to_owned(), json!(scopes.join(" ")));
    }
    let roles = distinct(mine().flat_map(|endpoint| &endpoint.require.roles));
    if !roles.is_empty() {
        claims.insert("roles".to_owned(), json!(roles));
    }
    claims
}

fn distinct<'a>(all: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for one in all {
        if !kept.contains(one) {
            kept.push(one.clone());
        }
    }
    kept
}

/// The value that the most places know, the first of equals.
fn voted(model: &Model, claim: &str, mocks: &Mocks) -> Option<String> {
    let places: Vec<Vec<String>> = model
        .endpoints
        .iter()
        .flat_map(|endpoint| places(model, endpoint, claim, mocks))
        .collect();
    let votes = |value: &String| places.iter().filter(|place| place.contains(value)).count();
    let mut best: Option<(usize, &String)> = None;
    for value in places.iter().flatten() {
        let votes = votes(value);
        if best.is_none_or(|(most, _)| votes > most) {
            best = Some((votes, value));
        }
    }
    best.map(|(_, value)| value.clone())
}

/// The values each place knows that the claim reaches in an endpoint.
fn places(model: &Model, endpoint: &Endpoint, claim: &str, mocks: &Mocks) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for call in endpoint.work.calls() {
        for argument in &call.arguments {
            let parameter = call.operation.parameters.get(argument.parameter);
            if let (Value::Path { path, .. }, Some(parameter)) = (&argument.value, parameter)
                && is_claim(path, claim)
                && let Some(mock) = mocks.get(model, call.upstream)
            {
                let shown = mock.shown(
                    &call.operation.method,
                    &call.operation.path,
                    &parameter.name,
                );
                found.push(shown.into_iter().map(|(value, _)| value).collect());
            }
        }
    }
    for clause in &endpoint.require.clauses {
        if let Condition::Equal(Operand::Path(a), Operand::Path(b)) = &clause.condition {
            for (mine, other) in [(a, b), (b, a)] {
                if is_claim(mine, claim)
                    && let Some((call, fields)) = of_call(other, endpoint.work.calls())
                    && let Some(mock) = mocks.get(model, call.upstream)
                {
                    found.push(mock.shown_below(
                        &call.operation.method,
                        &call.operation.path,
                        &fields,
                    ));
                }
            }
        }
    }
    found
}

fn is_claim(path: &Path, claim: &str) -> bool {
    path.root == Root::Claims
        && matches!(path.steps.as_slice(), [Step::Field { name, .. }] if name == claim)
}

/// A path from a call through fields alone.
fn of_call<'a>(path: &'a Path, calls: &'a [Call]) -> Option<(&'a Call, Vec<&'a str>)> {
    let Root::Call(call) = path.root else {
        return None;
    };
    let mut fields = Vec::new();
    for step in &path.steps {
        match step {
            Step::Field { name, .. } | Step::Key { name, .. } => fields.push(name.as_str()),
            Step::Each { .. } => {}
            Step::Is { .. } | Step::Header(_) => return None,
        }
    }
    Some((calls.get(call)?, fields))
}
