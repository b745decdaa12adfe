//! What a contract marks as sensitive (`x-sensitive`, `format: password`) and reaches the frontend all the same.
//!
//! Written out or under `*`, in a header, in what an error brings, or by pass-through. `writeOnly` fields never do: the
//! checker refuses them.

use super::Finding;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::exposure::{Row, Via, sensitive_rows};
use crate::model::{Endpoint, Model};

/// Names that a message shows.
const SHOWN: usize = 5;

pub(super) fn check(model: &Model) -> Vec<Finding> {
    let mut groups: Vec<(Place, Vec<Row>)> = Vec::new();
    for row in sensitive_rows(model) {
        let same = |(place, rows): &&mut (Place, Vec<Row>)| {
            *place == row.place && rows.iter().all(|first| first.endpoint == row.endpoint)
        };
        match groups.iter_mut().rev().find(same) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((row.place, vec![row])),
        }
    }
    groups
        .into_iter()
        .filter_map(|(place, rows)| {
            let endpoint = model.endpoints.get(rows.first()?.endpoint)?;
            Some(Finding {
                owner: endpoint.place,
                diagnostic: finding(endpoint, place, &rows),
            })
        })
        .collect()
}

fn finding(endpoint: &Endpoint, place: Place, rows: &[Row]) -> Diagnostic {
    let passed = rows.iter().any(|row| row.via == Via::PassThrough);
    let mut names: Vec<String> = Vec::new();
    for row in rows {
        let name = match (&row.source, passed) {
            (source, true) => source.operation(endpoint).unwrap_or_default(),
            _ => row.field.clone(),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let more = names.len().saturating_sub(SHOWN);
    let mut shown: Vec<String> = names.iter().take(SHOWN).map(|n| format!("`{n}`")).collect();
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    let list = shown.join(", ");
    let (message, help) = if passed {
        (
            format!(
                "what the contract marks as sensitive passes through: it is in answers of {list}"
            ),
            "pass through what the frontend may see whole, and write calls for the rest",
        )
    } else {
        let (is, reach) = if names.len() == 1 {
            ("is", "reaches")
        } else {
            ("are", "reach")
        };
        let by = match rows.first().map(|row| row.via) {
            Some(Via::Error(..)) => " with an error",
            Some(Via::Header) => " in a header",
            _ => "",
        };
        let help = match names.as_slice() {
            [_] => {
                "take it out: where `*` brings it, `-NAME` does, or a selection of what the frontend needs"
            }
            _ => "take them out, or select what the frontend needs instead of all",
        };
        (
            format!("{list} {is} sensitive by contract, and {reach} the frontend{by}"),
            help,
        )
    };
    let mut diagnostic = Diagnostic::new(Code::SensitiveField, place, message).help(help);
    if place != endpoint.place {
        diagnostic = diagnostic.related(endpoint.place, "by this endpoint");
    }
    let mut seen = Vec::new();
    for marked in rows.iter().filter_map(|row| row.marked) {
        if !seen.contains(&marked) && seen.len() < SHOWN {
            seen.push(marked);
            diagnostic = diagnostic.related(marked, "the contract marks it here");
        }
    }
    diagnostic
}
