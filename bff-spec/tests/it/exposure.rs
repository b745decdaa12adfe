//! What reaches a frontend, as rows; and worst cases. Cases are files.

use std::fmt::Write;

use bff_spec::exposure::{Source, Via, rows};
use bff_spec::model::Model;
use bff_spec::source::SourceLoader;
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

/// A spec beside a contract, both texts.
struct Both<'t>(&'t str, &'t str);

impl SourceLoader for Both<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        match path {
            "spec.yaml" => Ok(self.0.to_owned()),
            _ => Ok(self.1.to_owned()),
        }
    }
}

#[test]
fn types_that_double_are_bounded() {
    let mut contract = String::from(
        "openapi: 3.1.0\ninfo: { title: T, version: \"1\" }\npaths:\n  /x:\n    get:\n      operationId: x\n      responses:\n        \
         \"200\": { description: \"\", content: { application/json: { schema: { $ref: \"#/components/schemas/T0\" } } } }\n\
         components:\n  schemas:\n",
    );
    for i in 0..40 {
        let next = i + 1;
        writeln!(
            contract,
            "    T{i}: {{ type: object, properties: {{ a: {{ $ref: \"#/components/schemas/T{next}\" }}, b: {{ $ref: \"#/components/schemas/T{next}\" }} }} }}"
        )
        .unwrap();
    }
    contract +=
        "    T40: { type: object, properties: { a: { type: string, x-sensitive: true } } }\n";
    let spec = "bff: web\nupstreams:\n  t: { contract: t.yaml, url: \"${T}\" }\nendpoints:\n  GET /x:\n    auth: none\n    \
                calls: { x: t.x() }\n    response: |\n      ...x { * }\n";
    let checked = bff_spec::check(&Both(spec, &contract), "spec.yaml");
    let codes: Vec<&str> = checked
        .diagnostics
        .iter()
        .map(|d| d.code.as_str())
        .collect();
    assert_eq!(codes, ["W0703"]);
    let rows = rows(&checked.model.unwrap());
    assert!((10_000..11_000).contains(&rows.len()), "{}", rows.len());
}
