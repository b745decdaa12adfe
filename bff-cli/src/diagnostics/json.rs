//! One JSON array, for tools. Lines and columns are counted from 1, files are relative to the workspace.

use bff_spec::diagnostic::{Diagnostic, Place};
use bff_spec::source::Sources;
use serde::Serialize;

#[derive(Serialize)]
struct Finding<'a> {
    code: &'static str,
    severity: String,
    message: &'a str,
    #[serde(flatten)]
    at: At<'a>,
    help: Option<&'a str>,
    related: Vec<Related<'a>>,
    /// What mends it: none, or one.
    edits: Vec<Edit<'a>>,
}

/// A replacement of a stretch of a file.
#[derive(Serialize)]
struct Edit<'a> {
    #[serde(flatten)]
    at: At<'a>,
    text: &'a str,
    /// Whether it can only be what was meant.
    sure: bool,
}

#[derive(Serialize)]
struct Related<'a> {
    message: &'a str,
    #[serde(flatten)]
    at: At<'a>,
}

#[derive(Serialize)]
struct At<'a> {
    file: &'a str,
    start: Position,
    end: Position,
}

#[derive(Serialize)]
struct Position {
    line: u32,
    column: u32,
}

/// The array, over several lines, with a newline at the end.
pub(super) fn render<'a>(findings: impl Iterator<Item = (&'a Diagnostic, &'a Sources)>) -> String {
    let all: Vec<Finding<'_>> = findings
        .map(|(diagnostic, sources)| Finding {
            code: diagnostic.code.as_str(),
            severity: diagnostic.severity.to_string(),
            message: &diagnostic.message,
            at: at(sources, diagnostic.place),
            help: diagnostic.help.as_deref(),
            related: diagnostic
                .related
                .iter()
                .map(|related| Related {
                    message: &related.message,
                    at: at(sources, related.place),
                })
                .collect(),
            edits: diagnostic
                .fix
                .iter()
                .map(|edit| Edit {
                    at: at(sources, edit.place),
                    text: &edit.text,
                    sure: edit.sure,
                })
                .collect(),
        })
        .collect();
    // Strings and numbers always serialize.
    let mut text = serde_json::to_string_pretty(&all).unwrap_or_else(|_| "[]".to_owned());
    text.push('\n');
    text
}

fn at(sources: &Sources, place: Place) -> At<'_> {
    let (start, end) = sources.lines(place);
    At {
        file: super::path(sources, place),
        start: Position {
            line: start.line,
            column: start.column,
        },
        end: Position {
            line: end.line,
            column: end.column,
        },
    }
}
