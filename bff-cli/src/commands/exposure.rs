//! `bff exposure`: which field of which upstream reaches which frontend, as rows.

mod table;

use bff_spec::exposure::{self, Via};
use bff_spec::model::Model;
use bff_spec::nearest::nearest;
use serde::Serialize;

use crate::arguments::{Denied, Exposure, RowsFormat};
use crate::checking;
use crate::commands::Outcome;
use crate::console::{Console, Tone, count};
use crate::failure::{Failure, Result};
use crate::workspace::Workspace;

/// One row, as it is written in every format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Row {
    frontend: String,
    /// The endpoint's key.
    endpoint: String,
    upstream: String,
    operation: String,
    field: String,
    #[serde(rename = "as")]
    output: String,
    sensitive: bool,
    via: &'static str,
    /// Of an error: `409`, `4xx`.
    status: Option<String>,
}

pub(super) fn run(workspace: &Workspace, command: &Exposure, console: Console) -> Result<Outcome> {
    let Some(frontends) = checking::frontends(workspace, &command.name, console)? else {
        return Ok(Outcome::Found);
    };
    let models: Vec<&Model> = frontends.iter().map(|frontend| &frontend.model).collect();
    if let Some(upstream) = &command.upstream {
        is_used(&models, upstream)?;
    }
    let mut rows: Vec<Row> = models.into_iter().flat_map(rows).collect();
    rows.retain(|row| wanted(command, row));
    match command.format {
        RowsFormat::Human if rows.is_empty() => console.say("nothing is exposed"),
        RowsFormat::Human => console.result(&table::render(&rows, console)),
        RowsFormat::Json => console.result(&json(&rows)),
        RowsFormat::Csv => console.result(&csv(&rows)?),
    }
    Ok(match command.deny {
        Some(Denied::Sensitive) => deny_sensitive(&rows, console),
        None => Outcome::Good,
    })
}

/// Every value that comes from an upstream.
fn rows(model: &Model) -> Vec<Row> {
    let row = |row: exposure::Row| {
        let endpoint = model.endpoints.get(row.endpoint)?;
        let upstream = model.upstreams.get(row.source.upstream(endpoint)?)?;
        let (via, status) = match row.via {
            Via::Response => ("response", None),
            Via::Header => ("header", None),
            Via::Error(first, last) => ("error", Some(status(first, last))),
            Via::PassThrough => ("pass-through", None),
        };
        Some(Row {
            frontend: model.name.clone(),
            endpoint: endpoint.key.clone(),
            upstream: upstream.name.clone(),
            operation: row.source.operation(endpoint)?,
            field: row.field,
            output: row.output,
            sensitive: row.sensitive,
            via,
            status,
        })
    };
    exposure::rows(model).into_iter().filter_map(row).collect()
}

/// `409`, `4xx`
fn status(first: u16, last: u16) -> String {
    if first == last {
        first.to_string()
    } else {
        format!("{}xx", first / 100)
    }
}

fn wanted(command: &Exposure, row: &Row) -> bool {
    let upstream = command.upstream.as_ref();
    let field = command.field.as_ref().map(|text| text.to_lowercase());
    upstream.is_none_or(|name| *name == row.upstream)
        && field.is_none_or(|text| row.field.to_lowercase().contains(&text))
}

fn is_used(models: &[&Model], upstream: &str) -> Result<()> {
    let all = || {
        models
            .iter()
            .flat_map(|model| &model.upstreams)
            .map(|upstream| upstream.name.as_str())
    };
    if all().any(|name| name == upstream) {
        return Ok(());
    }
    let mut known: Vec<&str> = all().collect();
    known.sort_unstable();
    known.dedup();
    let meant = nearest(upstream, known.iter().copied())
        .map(|near| format!("did you mean `{near}`? "))
        .unwrap_or_default();
    Err(
        Failure::new(format!("no frontend uses an upstream `{upstream}`"))
            .remedy(format!("{meant}there are: {}", known.join(", "))),
    )
}

fn json(rows: &[Row]) -> String {
    // Strings and booleans always serialize.
    let mut text = serde_json::to_string_pretty(rows).unwrap_or_else(|_| "[]".to_owned());
    text.push('\n');
    text
}

/// RFC 4180: lines end in CRLF, texts are quoted where they must be.
fn csv(rows: &[Row]) -> Result<String> {
    let failed = |_| Failure::new("cannot write the rows as CSV");
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    writer
        .write_record([
            "frontend",
            "endpoint",
            "upstream",
            "operation",
            "field",
            "as",
            "sensitive",
            "via",
            "status",
        ])
        .map_err(failed)?;
    for row in rows {
        writer
            .write_record([
                row.frontend.as_str(),
                &row.endpoint,
                &row.upstream,
                &row.operation,
                &row.field,
                &row.output,
                if row.sensitive { "yes" } else { "no" },
                row.via,
                row.status.as_deref().unwrap_or_default(),
            ])
            .map_err(failed)?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|_| Failure::new("cannot write the rows as CSV"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn deny_sensitive(rows: &[Row], console: Console) -> Outcome {
    let sensitive: Vec<&Row> = rows.iter().filter(|row| row.sensitive).collect();
    if sensitive.is_empty() {
        return Outcome::Good;
    }
    console.show(&format!(
        "{}: {} reach{} a frontend",
        console.paint(Tone::Bad, "error"),
        count(sensitive.len(), "sensitive field"),
        if sensitive.len() == 1 { "es" } else { "" },
    ));
    for row in sensitive {
        console.show(&format!(
            "  {}, {}: {} of {}.{} by {}{}",
            row.frontend,
            row.endpoint,
            row.field,
            row.upstream,
            row.operation,
            row.via,
            row.status
                .as_ref()
                .map(|status| format!(" {status}"))
                .unwrap_or_default(),
        ));
    }
    Outcome::Found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(field: &str) -> Row {
        Row {
            frontend: "web".into(),
            endpoint: "GET /x when query.v = \"2\"".into(),
            upstream: "users".into(),
            operation: "getUser".into(),
            field: field.into(),
            output: "a,b".into(),
            sensitive: true,
            via: "error",
            status: Some(status(400, 499)),
        }
    }

    #[test]
    fn csv_quotes_what_it_must() {
        assert_eq!(
            csv(&[row("name")]).unwrap(),
            "frontend,endpoint,upstream,operation,field,as,sensitive,via,status\r\n\
             web,\"GET /x when query.v = \"\"2\"\"\",users,getUser,name,\"a,b\",yes,error,4xx\r\n"
        );
    }

    #[test]
    fn filters_are_about_upstream_and_field() {
        for (upstream, field, is) in [
            (None, None, true),
            (Some("users"), None, true),
            (Some("orders"), None, false),
            (None, Some("IBAN"), true),
            (None, Some("payment.iban"), true),
            (None, Some("name"), false),
        ] {
            let command = Exposure {
                name: Vec::new(),
                format: RowsFormat::Human,
                upstream: upstream.map(str::to_owned),
                field: field.map(str::to_owned),
                deny: None,
            };
            assert_eq!(
                wanted(&command, &row("payment.iban")),
                is,
                "{upstream:?} {field:?}"
            );
        }
    }
}
