//! A map's keys, once each.

use std::collections::{HashMap, HashSet};

use super::{Dialect, Key, Node};
use crate::diagnostic::{Code, Diagnostic};

/// Up to this many keys are compared with each other, more are hashed.
const FEW: usize = 12;

/// The entries with unique keys: a spec has no duplicates, of a contract's the last counts.
pub(super) fn unique(
    entries: Vec<(Key, Node)>,
    dialect: Dialect,
    out: &mut Vec<Diagnostic>,
) -> Vec<(Key, Node)> {
    if are_unique(&entries) {
        return entries;
    }
    let mut kept: Vec<(Key, Node)> = Vec::with_capacity(entries.len());
    let mut seen: HashMap<String, usize> = HashMap::with_capacity(entries.len());
    for (key, value) in entries {
        let at = *seen.entry(key.text.clone()).or_insert(kept.len());
        let Some(first) = kept.get_mut(at) else {
            kept.push((key, value));
            continue;
        };
        let place = first.0.place;
        let (code, message) = match dialect {
            Dialect::Spec => (Code::Yaml, format!("`{}` is here twice", key.text)),
            Dialect::Contract => (
                Code::ContractDuplicateKey,
                format!("`{}` is here twice; the last one counts", key.text),
            ),
        };
        out.push(
            Diagnostic::new(code, key.place, message)
                .help("take one of the two out")
                .related(place, "the first is here"),
        );
        if dialect == Dialect::Contract {
            *first = (key, value);
        }
    }
    kept
}

fn are_unique(entries: &[(Key, Node)]) -> bool {
    if entries.len() > FEW {
        let mut seen = HashSet::with_capacity(entries.len());
        return entries
            .iter()
            .all(|(key, _)| seen.insert(key.text.as_str()));
    }
    entries.iter().enumerate().all(|(i, (key, _))| {
        entries
            .iter()
            .take(i)
            .all(|(before, _)| before.text != key.text)
    })
}
