//! The proposal as text: endpoints in YAML, and the file around them.

use bff_spec::contract::Types;

use super::Endpoint;
use super::join::{self, Join, Takes};
use super::names::{unique, word};
use super::operation::{Answer, Reading};
use super::selection::{self, Shape, Shown};

/// How many requests a call for each of a list may become in a proposal.
const EACH: usize = 20;

/// What stands before the endpoints.
#[derive(Debug)]
pub(crate) struct Head {
    /// The first line, for editors.
    pub(crate) schema: String,
    pub(crate) name: String,
    /// The files it uses.
    pub(crate) uses: Vec<String>,
    /// Its own upstreams: name, contract relative to the spec, and where the contract says the service is.
    pub(crate) upstreams: Vec<(String, String, Option<String>)>,
    /// The scheme of a used file that is taken; none: it declares its own, `user`.
    pub(crate) scheme: Option<String>,
}

/// The spec's text. Endpoints come with what they are made of, and the form to take.
pub(crate) fn spec(head: &Head, endpoints: &[(&Endpoint, &str)], notes: &[String]) -> String {
    let mut text = format!(
        "{}\n\
         # A first draft, read from contracts. Keep what the frontend needs, and delete the rest:\n\
         # what isn't named here, nobody gets to see. `bff check {name}` says what to look at.\n\n\
         bff: {name}\n",
        head.schema,
        name = head.name
    );
    if !head.uses.is_empty() {
        text += &format!("use: [{}]\n", head.uses.join(", "));
    }
    text += "base: /api\n";
    if !head.upstreams.is_empty() {
        text += "\nupstreams:\n";
        for (name, contract, server) in &head.upstreams {
            let variable = variable(name);
            text += &format!("  {name}:\n    contract: {contract}\n");
            text += &format!("    url: \"${{{variable}}}\"");
            if let Some(server) = server {
                text += &format!("    # its contract says {server}");
            }
            text += "\n";
        }
    }
    let scheme = head.scheme.as_deref().unwrap_or("user");
    if head.scheme.is_none() {
        text += &format!(
            "\n# Who may ask: whoever brings a token of yours. `bff up` has an issuer for trying it out.\n\
             auth:\n  user: {{ jwt: {{ issuer: \"${{ISSUER}}\", audience: {} }} }}\n",
            head.name
        );
    }
    text += &format!("\ndefaults: {{ auth: {scheme} }}\n\nendpoints:\n");
    for (at, (endpoint, form)) in endpoints.iter().enumerate() {
        if at > 0 {
            text += "\n";
        }
        if !endpoint.from.ends_with(&format!(": {}", endpoint.key)) {
            text += &format!("  # {}\n", endpoint.from);
        }
        text += &format!("  {}:\n", endpoint.key);
        text.extend(form.lines().map(|line| format!("    {line}\n")));
    }
    if endpoints.is_empty() {
        text += "  GET /hello:\n    auth: none\n    response: |\n      hello: \"you\"\n";
    }
    if !notes.is_empty() {
        text += "\n";
        text.extend(notes.iter().map(|note| format!("# {note}\n")));
    }
    text
}

/// `ORDERS_URL`
fn variable(name: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_uppercase()
        } else {
            '_'
        }
    };
    format!("{}_URL", name.chars().map(plain).collect::<String>())
}

/// The text of an endpoint below its key, the richest form first.
pub(super) fn forms(reading: &Reading<'_>, joins: &[Join], types: &Types) -> Vec<String> {
    let mut forms = Vec::new();
    if reading.operation.method != "GET" {
        return writes(reading, types);
    }
    let proxy = format!("{}proxy: {}\n", summary(reading), operation(reading, types));
    let Answer::Json(_, shape) = reading.answer else {
        return vec![proxy];
    };
    let plain = |block: &str| {
        format!(
            "{}calls:\n  {}: {}\nresponse: |\n{}",
            heading(reading, types),
            reading.call(),
            operation(reading, types),
            indented(block)
        )
    };
    let call = reading.call();
    if !joins.is_empty() {
        forms.extend(full(reading, joins, types));
    }
    if matches!(shape, Shape::Object | Shape::Objects(_)) {
        forms.extend(full(reading, &[], types));
    }
    if shape != Shape::Plain {
        forms.push(plain(&format!("{call} {{ * }}")));
    }
    forms.push(plain(&call));
    forms.push(proxy);
    forms
}

/// Every field by name, and what identifiers lead to. None where no field can be shown.
fn full(reading: &Reading<'_>, joins: &[Join], types: &Types) -> Option<String> {
    let Answer::Json(ty, shape) = reading.answer else {
        return None;
    };
    let call = reading.call();
    let page = join::page(reading, types);
    let subject = join::subject(reading, types)?;
    let shown = selection::of(types, subject);
    if shown.is_empty() {
        return None;
    }
    let list = page.is_some() || shape != Shape::Object;
    let taken = |joins: &[(String, &Join)], name: &str| {
        name == call || joins.iter().any(|(known, _)| known == name)
    };
    let mut named: Vec<(String, &Join)> = Vec::new();
    for join in joins {
        let name = unique(join.name.clone(), |name| taken(&named, name));
        named.push((name, join));
    }
    let inside = match &page {
        Some((field, _)) => format!("{call}.{}", word(field)),
        None => call.clone(),
    };
    let mut calls = format!("  {call}: {}\n", operation(reading, types));
    for (name, join) in &named {
        calls += &joined_call(name, join, &inside, list);
    }
    let mut lines = selection::lines(&shown);
    for (name, join) in &named {
        if list {
            let key = match &join.takes {
                Takes::One => format!("each = .{}", join.field),
                Takes::Many(_, key) => format!("{key} = .{}", join.field),
            };
            let from = match &join.takes {
                Takes::Many(Some(field), _) => format!("${name}.{field}"),
                _ => format!("${name}"),
            };
            let head = format!("{name}: {from}[{key}]");
            lines.extend(selection::braced(&head, &selection::lines(&join.shown)));
        }
    }
    let mut block = match (&page, shape) {
        (Some((field, _)), _) => {
            let rest: Vec<Shown> = selection::of(types, ty)
                .into_iter()
                .filter(|shown| shown.text != word(field) && shown.inner.is_empty())
                .collect();
            let mut block = selection::braced(&format!("{}: {inside}", word(field)), &lines);
            if !rest.is_empty() {
                block.extend(selection::braced(
                    &format!("...{call}"),
                    &selection::lines(&rest),
                ));
            }
            block
        }
        (None, Shape::Object) => selection::braced(&format!("...{call}"), &lines),
        _ => selection::braced(&call, &lines),
    };
    if !list {
        for (name, join) in &named {
            block.extend(selection::braced(name, &selection::lines(&join.shown)));
        }
    }
    let hidden = selection::sensitive(types, subject);
    if !hidden.is_empty() {
        block.push(format!(
            "# left out, since it sounds like a secret: {}",
            hidden.join(" ")
        ));
    }
    Some(format!(
        "{}calls:\n{calls}response: |\n{}",
        heading(reading, types),
        indented(&block.join("\n"))
    ))
}

/// The call that an identifier leads to; the endpoint lives without it.
fn joined_call(name: &str, join: &Join, inside: &str, list: bool) -> String {
    let ids = format!("{inside}.{}", join.field);
    let Join {
        operation,
        argument,
        ..
    } = join;
    match (&join.takes, list) {
        (Takes::Many(..), _) => format!("  {name}?: {operation}({argument}{ids})\n"),
        (Takes::One, false) => {
            format!("  {name}?: {operation}({argument}{ids})    # delete it if nobody needs it\n")
        }
        (Takes::One, true) => format!(
            "  {name}?:    # one request for each, or none if there are more\n    \
             call: {operation}({argument}each {ids})\n    max: {EACH}\n"
        ),
    }
}

/// What writes: the client's body passes as the contract has it.
fn writes(reading: &Reading<'_>, types: &Types) -> Vec<String> {
    let call = reading.call();
    let head = format!(
        "{}calls:\n  {call}: {}\n",
        heading(reading, types),
        operation(reading, types)
    );
    let first = reading.operation.responses.iter().map(|r| r.first);
    let status = match first.filter(|s| (200..300).contains(s)).min() {
        Some(201) => "status: 201\n",
        Some(202) => "status: 202\n",
        _ => "",
    };
    let mut forms = Vec::new();
    if let Answer::Json(ty, shape) = reading.answer {
        let shown = selection::of(types, ty);
        if shape == Shape::Object && !shown.is_empty() {
            let block = selection::braced(&format!("...{call}"), &selection::lines(&shown));
            forms.push(format!(
                "{head}{status}response: |\n{}",
                indented(&block.join("\n"))
            ));
        }
        let star = indented(&format!("{call} {{ * }}"));
        forms.push(format!("{head}{status}response: |\n{star}"));
        forms.push(format!("{head}{status}response: |\n{}", indented(&call)));
    }
    forms.push(format!("{head}status: 204\n"));
    forms
}

/// `orders.getOrder(id = path.id)`
fn operation(reading: &Reading<'_>, types: &Types) -> String {
    let mut arguments = reading.arguments(types);
    if reading.operation.method != "GET" && reading.body {
        arguments.push("body = body".to_owned());
    }
    format!(
        "{}.{}({})",
        reading.upstream,
        reading.name,
        arguments.join(", ")
    )
}

/// The summary, and which parameters are left out.
fn heading(reading: &Reading<'_>, types: &Types) -> String {
    let left: Vec<&str> = reading
        .unusual(types)
        .into_iter()
        .map(|p| p.name.as_str())
        .collect();
    let mut head = summary(reading);
    if !left.is_empty() {
        let few: Vec<&str> = left.iter().take(6).copied().collect();
        let dots = if left.len() > few.len() { ", …" } else { "" };
        head += &format!("# not passed on: {}{dots}\n", few.join(", "));
    }
    head
}

fn summary(reading: &Reading<'_>) -> String {
    let text = reading.operation.summary.as_deref().unwrap_or_default();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.trim_end_matches('.');
    if text.is_empty() {
        return String::new();
    }
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !text.contains([':', '#', '"', '\\', '{', '[', '`'])
        && !["true", "false", "null", "yes", "no"].contains(&text.to_lowercase().as_str());
    match plain {
        true => format!("summary: {text}\n"),
        false => format!("summary: {}\n", serde_json::Value::from(text)),
    }
}

fn indented(block: &str) -> String {
    block.lines().map(|line| format!("  {line}\n")).collect()
}
