//! A first spec, read from contracts: what can be read of each, as endpoints that show its fields, with what their
//! identifiers lead to.
//!
//! In: contracts. Out: endpoints as text, in several forms, the richest first, for whoever checks them to choose from
//! ([`Endpoint::forms`]). What a spec may say is decided elsewhere: nothing here is right until it was checked.

mod join;
pub(crate) mod names;
mod operation;
mod route;
mod selection;
mod text;

use std::collections::BTreeSet;

use bff_spec::contract::{Contract, Operation, Types};

pub(crate) use text::{Head, spec};

use self::operation::Reading;

/// A contract to propose endpoints from.
#[derive(Debug)]
pub(crate) struct Source {
    /// Its upstream's name.
    pub(crate) upstream: String,
    /// The contract.
    pub(crate) contract: Contract,
}

/// What to propose.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// How many endpoints at most.
    pub(crate) endpoints: usize,
    /// Whether to propose what writes as well.
    pub(crate) writes: bool,
}

/// A proposed endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// `GET /orders/{id}`
    pub(crate) key: String,
    /// What it is made of, for people: `orders: GET /orders/{id}`.
    pub(crate) from: String,
    /// Its text below the key, in several forms; the first that passes is taken.
    pub(crate) forms: Vec<String>,
}

/// What is proposed.
#[derive(Debug, Default)]
pub(crate) struct Proposal {
    /// In the contracts' order.
    pub(crate) endpoints: Vec<Endpoint>,
    /// How many more operations could have been proposed.
    pub(crate) further: usize,
}

/// Proposes endpoints.
pub(crate) fn propose(sources: &[Source], types: &Types, wanted: Wanted) -> Proposal {
    let readings: Vec<Vec<Reading<'_>>> = sources
        .iter()
        .map(|source| {
            let usable = source
                .contract
                .operations
                .iter()
                .filter(|operation| is_wanted(operation, wanted));
            usable
                .filter_map(|operation| operation::read(source, operation, types))
                .collect()
        })
        .collect();
    let everything: Vec<&Reading<'_>> = readings.iter().flatten().collect();
    let mut taken = BTreeSet::new();
    let mut chosen: Vec<Vec<(usize, Endpoint)>> = Vec::new();
    for readings in &readings {
        let mut own = Vec::new();
        for reading in readings {
            let Some(key) = route::free(reading, &mut taken) else {
                continue;
            };
            let joins = join::of(reading, &everything, types);
            let forms = text::forms(reading, &joins, types);
            let endpoint = Endpoint {
                key,
                from: format!("{}: {}", reading.upstream, reading.operation.route()),
                forms,
            };
            own.push((reading.rank(), endpoint));
        }
        chosen.push(own);
    }
    bounded(chosen, wanted.endpoints)
}

fn is_wanted(operation: &Operation, wanted: Wanted) -> bool {
    let fault = operation
        .faults
        .iter()
        .any(|fault| fault.severity == bff_spec::diagnostic::Severity::Error);
    let method = operation.method == "GET"
        || (wanted.writes
            && matches!(
                operation.method.as_str(),
                "POST" | "PUT" | "PATCH" | "DELETE"
            ));
    method && !fault && !operation.deprecated
}

/// As many as are wanted, the same share of each contract; those of a short path first.
fn bounded(chosen: Vec<Vec<(usize, Endpoint)>>, wanted: usize) -> Proposal {
    let all: usize = chosen.iter().map(Vec::len).sum();
    let mut shares = vec![0_usize; chosen.len()];
    let mut left = wanted.min(all);
    while left > 0 {
        for (share, own) in shares.iter_mut().zip(&chosen) {
            if left > 0 && *share < own.len() {
                *share += 1;
                left -= 1;
            }
        }
    }
    let mut proposal = Proposal::default();
    for (own, share) in chosen.into_iter().zip(shares) {
        let mut ranks: Vec<usize> = own.iter().map(|(rank, _)| *rank).collect();
        ranks.sort_unstable();
        let last = share.checked_sub(1).and_then(|at| ranks.get(at).copied());
        let below = |last: usize| ranks.iter().filter(|rank| **rank < last).count();
        let mut of_last = last.map_or(0, |last| share - below(last));
        for (rank, endpoint) in own {
            let good = match last {
                Some(last) if rank < last => true,
                Some(last) if rank == last && of_last > 0 => {
                    of_last -= 1;
                    true
                }
                _ => false,
            };
            if good {
                proposal.endpoints.push(endpoint);
            } else {
                proposal.further += 1;
            }
        }
    }
    proposal
}
