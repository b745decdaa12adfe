//! Fragments, upstreams, schemes and limits that nothing uses.
//!
//! A spec's own are its own matter; what a shared file declares is unused only if no spec that uses the file does
//! ([`super::together`]).

use std::collections::BTreeSet;

use super::Finding;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::spec::limit::LimitsDecl;
use crate::spec::{AuthDecl, Spec};
use crate::syntax::ast::Block;
use crate::syntax::visit::{self, Seen};

/// Something a file declares.
#[derive(Debug, Clone)]
pub(super) struct Name {
    /// `fragment`
    pub(super) what: &'static str,
    pub(super) name: String,
    pub(super) place: Place,
    /// Whether this spec uses it.
    pub(super) used: bool,
}

/// All that a spec and the files it uses declare.
pub(super) fn names(spec: &Spec) -> Vec<Name> {
    let mut upstreams: BTreeSet<&str> = BTreeSet::new();
    let mut schemes: BTreeSet<&str> = BTreeSet::new();
    let of = |auth: &'_ Option<AuthDecl>| match auth {
        Some(AuthDecl::Schemes(words)) => words.iter().map(|w| w.text.clone()).collect(),
        _ => Vec::new(),
    };
    let named: Vec<String> = spec
        .endpoints
        .iter()
        .map(|endpoint| &endpoint.auth)
        .chain([&spec.defaults.auth])
        .flat_map(of)
        .collect();
    schemes.extend(named.iter().map(String::as_str));
    upstreams.extend(crate::check::used_upstreams(spec));
    let limits: BTreeSet<&str> = spec
        .endpoints
        .iter()
        .map(|endpoint| &endpoint.limit)
        .chain([&spec.defaults.limit])
        .flat_map(|limit| match limit {
            Some(LimitsDecl::Names(words)) => words.as_slice(),
            _ => &[],
        })
        .map(|word| word.text.as_str())
        .collect();
    let fragments = fragments(spec);
    let name = |what, name: &String, place, used: &BTreeSet<&str>| Name {
        what,
        name: name.clone(),
        place,
        used: used.contains(name.as_str()),
    };
    let mut all = Vec::new();
    for (key, decl) in &spec.upstreams {
        all.push(name("upstream", key, decl.place, &upstreams));
    }
    for (key, decl) in &spec.schemes {
        all.push(name("scheme", key, decl.place, &schemes));
    }
    for (key, decl) in &spec.limits {
        all.push(name("limit", key, decl.place, &limits));
    }
    for (key, decl) in &spec.fragments {
        all.push(name("fragment", key, decl.place, &fragments));
    }
    all
}

/// Fragments that an endpoint spreads, directly or by another.
fn fragments(spec: &Spec) -> BTreeSet<&str> {
    let mut open: Vec<&Block> = blocks(spec);
    let mut used = BTreeSet::new();
    while let Some(block) = open.pop() {
        visit::block(block, &mut |seen| {
            if let Seen::Spread(word) = seen
                && let Some((name, decl)) = spec.fragments.get_key_value(&word.text)
                && used.insert(name.as_str())
            {
                open.push(&decl.block);
            }
        });
    }
    used
}

/// Every block of a spec's endpoints.
pub(super) fn blocks(spec: &Spec) -> Vec<&Block> {
    use crate::spec::{ErrorActionDecl, ErrorDecl};
    fn selected(errors: &[ErrorDecl]) -> impl Iterator<Item = &Block> {
        errors.iter().filter_map(|error| match &error.action {
            ErrorActionDecl::Select(block, _) => Some(block),
            _ => None,
        })
    }
    let mut all = Vec::new();
    for endpoint in &spec.endpoints {
        for call in &endpoint.calls {
            all.extend(call.body.as_ref().map(|(block, _)| block));
            all.extend(selected(&call.errors));
        }
        all.extend(&endpoint.response);
        all.extend(
            endpoint
                .errors
                .iter()
                .flat_map(|(_, errors)| selected(errors)),
        );
    }
    all
}

/// What is said of one that isn't used.
pub(super) fn finding(name: &Name) -> Finding {
    Finding {
        owner: name.place,
        diagnostic: Diagnostic::new(
            Code::UnusedName,
            name.place,
            format!("nothing uses the {} `{}`", name.what, name.name),
        )
        .help("take it out"),
    }
}
