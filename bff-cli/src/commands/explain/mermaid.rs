//! Calls as a flowchart that Markdown viewers draw.

use super::{Called, Explained, is_fan};

/// One chart an endpoint.
pub(super) fn render(all: &[Explained]) -> String {
    let charts: Vec<String> = all.iter().map(chart).collect();
    charts.join("\n")
}

fn chart(one: &Explained) -> String {
    let mut out = format!(
        "flowchart LR\n  request([\"{}\"])\n  answer([\"answer, at most {}\"])\n",
        text(&one.route),
        one.timeout
    );
    for (at, call) in one.calls.iter().enumerate() {
        out += &node(at, call);
    }
    let place = |name: &String| one.calls.iter().position(|call| call.name == *name);
    for (at, call) in one.calls.iter().enumerate() {
        let line = if call.optional { "-.->" } else { "-->" };
        if call.waits_for.is_empty() {
            out += &format!("  request {line} c{at}\n");
        }
        for before in call.waits_for.iter().filter_map(place) {
            out += &format!("  c{before} {line} c{at}\n");
        }
        let waited_for = one
            .calls
            .iter()
            .any(|other| other.waits_for.contains(&call.name));
        if !waited_for {
            out += &format!("  c{at} {line} answer\n");
        }
    }
    if one.calls.is_empty() {
        out += "  request --> answer\n";
    }
    out
}

fn node(at: usize, call: &Called) -> String {
    let target = call.call.split('(').next().unwrap_or_default();
    let many = if is_fan(call) {
        format!(", up to {} requests", call.requests)
    } else {
        String::new()
    };
    let label = format!(
        "{}<br>{}<br>{}{many}",
        text(&call.name),
        text(target),
        call.timeout
    );
    match call.write {
        true => format!("  c{at}[[\"{label}\"]]\n"),
        false => format!("  c{at}[\"{label}\"]\n"),
    }
}

/// A text inside quotes of a chart.
fn text(text: &str) -> String {
    text.replace('#', "#35;")
        .replace('"', "#quot;")
        .replace('<', "#lt;")
        .replace('>', "#gt;")
}
