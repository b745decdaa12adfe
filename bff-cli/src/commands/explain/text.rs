//! For people: policies from the top, calls by step with their time drawn, the worst case, and where each field comes from.

use super::{Called, Explained, is_fan};
use crate::console::{Console, Tone, count};

/// Several endpoints, a blank line between them.
pub(super) fn render(all: &[Explained], console: Console) -> String {
    let shown: Vec<String> = all.iter().map(|one| endpoint(one, console)).collect();
    shown.join("\n")
}

fn endpoint(one: &Explained, console: Console) -> String {
    let title = |text: &str| console.paint_result(Tone::Name, text);
    let mut out = format!(
        "{}  {}\n",
        console.paint_result(Tone::Good, &one.route),
        one.frontend
    );
    if let Some(summary) = &one.summary {
        out += &format!("  {summary}\n");
    }
    out += &format!("  {}\n", title("policies"));
    let mut rows: Vec<Vec<String>> = one
        .policies
        .iter()
        .map(|policy| vec![policy.policy.to_owned(), policy.says.clone()])
        .collect();
    rows.push(vec!["timeout".into(), one.timeout.clone()]);
    out += &columns(&rows);
    if !one.calls.is_empty() {
        out += &format!("  {}\n", title("calls"));
        let end = one.calls.iter().map(|call| call.span.1).max().unwrap_or(0);
        let steps = one.calls.iter().map(|call| call.step).max().unwrap_or(0);
        let rows: Vec<Vec<String>> = (1..=steps)
            .flat_map(|step| one.calls.iter().filter(move |call| call.step == step))
            .map(|one_call| call(one_call, end))
            .collect();
        out += &columns(&rows);
        out += &format!("  {}\n", title("worst case"));
        let path = if one.worst.path.len() > 1 {
            format!(" by {}", one.worst.path.join(" → "))
        } else {
            String::new()
        };
        let ended = if one.worst.ended {
            format!(", and the timeout ends them after {}", one.timeout)
        } else {
            String::new()
        };
        out += &columns(&[
            vec![
                "requests".into(),
                count(
                    usize::try_from(one.worst.requests).unwrap_or(usize::MAX),
                    "request",
                ),
            ],
            vec!["time".into(), format!("{}{path}{ended}", one.worst.time)],
        ]);
    }
    if !one.answer.is_empty() {
        out += &format!("  {}\n", title("answer"));
        let rows: Vec<Vec<String>> = one
            .answer
            .iter()
            .map(|origin| {
                let mut notes = Vec::new();
                if origin.via != "response" && origin.via != "pass-through" {
                    notes.push(origin.via.clone());
                }
                if origin.sensitive {
                    notes.push("sensitive".into());
                }
                let output = match origin.output.as_str() {
                    "" => "(the answer)",
                    output => output,
                };
                vec![
                    output.to_owned(),
                    format!("← {}", origin.from),
                    notes.join(", "),
                ]
            })
            .collect();
        out += &columns(&rows);
    }
    out
}

/// How wide the time of all calls is drawn.
const WIDTH: u128 = 16;

/// A call's time among that of all: from when it may start until it must have ended. Dashed where it is optional.
fn bar(call: &Called, end: u128) -> String {
    let end = end.max(1);
    let (from, to) = call.span;
    let start = from * WIDTH / end;
    let length = (to * WIDTH).div_ceil(end).saturating_sub(start).max(1);
    let line = if call.optional { "╌" } else { "━" };
    let wide = |n: u128| usize::try_from(n.min(WIDTH)).unwrap_or(0);
    let drawn = format!("{}{}", " ".repeat(wide(start)), line.repeat(wide(length)));
    format!("│{drawn:0$}│", wide(WIDTH))
}

fn call(call: &Called, end: u128) -> Vec<String> {
    let mut notes = vec![match call.waits_for.as_slice() {
        [] => "at once".to_owned(),
        waits => format!("after {}", waits.join(", ")),
    }];
    notes.push(format!("up to {}", call.timeout));
    if is_fan(call) {
        notes.push(format!("up to {} requests", call.requests));
    }
    if call.conditional {
        notes.push("under a condition".into());
    }
    if call.write {
        notes.push("writes".into());
    }
    let optional = if call.optional { "?" } else { "" };
    vec![
        format!("{}. {}{optional}", call.step, call.name),
        bar(call, end),
        call.call.clone(),
        notes.join(", "),
    ]
}

/// Columns as wide as their widest cell; the last is as wide as it is.
fn columns(rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let mut out = String::new();
    for row in rows {
        let mut line = "   ".to_owned();
        for (column, cell) in row.iter().enumerate() {
            let width = width(column);
            line += &format!(" {cell:width$} ");
        }
        out += line.trim_end();
        out.push('\n');
    }
    out
}
