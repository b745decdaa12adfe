//! What reaches a frontend, as rows; and worst cases. Cases are files.

use std::fmt::Write;

use bff_spec::exposure::{Source, Via, rows};
use bff_spec::model::Model;
use bff_spec::worst;

use crate::{assert_all, cases, folder, matches};

fn model(case: &str) -> Model {
    let checked = bff_spec::check(&folder("exposure"), case);
    checked
        .model
        .unwrap_or_else(|| panic!("{case}: {:?}", checked.diagnostics))
}

#[test]
fn rows_are_as_expected() {
    let results = cases("exposure")
        .iter()
        .map(|case| matches("exposure", case, &text(&model(case))))
        .collect();
    assert_all(results);
}

fn text(model: &Model) -> String {
    let mut out = String::new();
    let mut last = None;
    for row in rows(model) {
        let endpoint = &model.endpoints[row.endpoint];
        if last != Some(row.endpoint) {
            let calls = endpoint.work.calls();
            let requests = calls.iter().map(|c| worst::requests(model, endpoint, c));
            let (time, path) = worst::longest(calls, |call| {
                call.timeout
                    .unwrap_or(model.upstreams[call.upstream].timeout)
            });
            let path: Vec<&str> = path.iter().map(|i| calls[*i].name.as_str()).collect();
            writeln!(
                out,
                "{}\n  {} requests, {time:?} by {path:?}",
                endpoint.key,
                requests.sum::<u32>()
            )
            .unwrap();
            last = Some(row.endpoint);
        }
        let source = match (&row.source, row.source.operation(endpoint)) {
            (_, Some(operation)) => {
                let upstream = row.source.upstream(endpoint).unwrap();
                format!("{}.{operation}", model.upstreams[upstream].name)
            }
            (Source::Claims, _) => "claims".into(),
            (Source::Input(location, name), _) => format!("{location:?} {name}"),
            (Source::Body, _) => "body".into(),
            (Source::Literal(json), _) => format!("literal {json}"),
            (Source::Call(_) | Source::Passed { .. }, None) => panic!("no operation"),
        };
        let via = match row.via {
            Via::Response => String::new(),
            via => format!(" {via:?}"),
        };
        let sensitive = if row.sensitive { " sensitive" } else { "" };
        writeln!(
            out,
            "  {source}: {:?} as {:?}{via}{sensitive}",
            row.field, row.output
        )
        .unwrap();
    }
    out
}
