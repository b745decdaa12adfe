//! Specs that grow from contracts: endpoints over random operations, mostly right.

mod selection;

use std::fmt::Write;

use bff_spec::contract::{Kind, Operation, Parameter, TypeId};

use crate::contracts::{Contracts, Read};
use crate::dice::Dice;

/// A spec's text.
pub(crate) fn spec(contracts: &Contracts, seed: u64) -> String {
    let mut dice = Dice::new(seed);
    let mut text = String::from("bff: grown\n");
    let mut upstreams = Vec::new();
    for i in 0..=dice.below(2) {
        upstreams.push((format!("up{i}"), contracts.choose(&mut dice)));
    }
    let strict = ["", ", contract_mode: strict", ", timeout: 1s"];
    text.push_str("upstreams:\n");
    for (name, read) in &upstreams {
        let more = strict[dice.below(strict.len())];
        let _ = writeln!(
            text,
            "  {name}: {{ contract: {}, url: \"${{UPSTREAM}}\"{more} }}",
            read.path
        );
    }
    if dice.one_in(3) {
        text.push_str("auth:\n  user: { jwt: { issuer: \"${ISSUER}\", audience: a }, claims: { tenant: string, roles: [string], level: integer? } }\n");
    }
    let has_auth = text.contains("auth:");
    if dice.one_in(6) {
        text.push_str("server: { strict: true }\n");
    }
    text.push_str("endpoints:\n");
    for i in 0..=dice.below(3) {
        let mistakes = if dice.one_in(3) { 25 } else { 0 };
        let auth = has_auth && dice.one_in(4);
        let endpoint = Endpoint {
            upstreams: &upstreams,
            dice: &mut dice,
            mistakes,
            auth,
            calls: Vec::new(),
            path: String::new(),
            body: Vec::new(),
            inputs: 0,
        };
        text.push_str(&endpoint.grow(i));
    }
    if dice.one_in(12) {
        damage(&mut text, &mut dice);
    }
    text
}

/// Takes a character out, doubles one, or puts another one in its place.
fn damage(text: &mut String, dice: &mut Dice) {
    let at = dice.below(text.len());
    let at = text.floor_char_boundary(at);
    let Some(old) = text[at..].chars().next() else {
        return;
    };
    let signs = [
        '{', '}', ':', '"', '\t', '#', '.', '$', '[', ' ', '\n', 'x', '&', '*', '!',
    ];
    let new = match dice.below(3) {
        0 => String::new(),
        1 => format!("{old}{old}"),
        _ => signs[dice.below(signs.len())].to_string(),
    };
    text.replace_range(at..at + old.len_utf8(), &new);
}

/// A call of an endpoint.
struct Call<'a> {
    name: String,
    read: &'a Read,
    operation: &'a Operation,
    optional: bool,
    /// The type of its answer.
    answer: Option<TypeId>,
    /// Called once per value: the path that gives them.
    each: Option<String>,
}

struct Endpoint<'a, 'd> {
    upstreams: &'a [(String, &'a Read)],
    dice: &'d mut Dice,
    /// One word in so many is misspelt; none for 0.
    mistakes: usize,
    auth: bool,
    calls: Vec<Call<'a>>,
    path: String,
    /// Names under `body`.
    body: Vec<String>,
    inputs: usize,
}

/// A name as it is written in a selection or call.
fn word(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if plain { name.to_owned() } else { quoted(name) }
}

/// A text in double quotes.
fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

impl<'a> Endpoint<'a, '_> {
    fn grow(mut self, index: usize) -> String {
        self.path = format!("/e{index}");
        let mut calls = String::new();
        let mut writes = Vec::new();
        for _ in 0..=self.dice.below(4) {
            calls.push_str(&self.call(&mut writes));
        }
        let response = selection::response(&mut self);
        let method = if writes.is_empty() {
            ["GET", "GET", "POST", "ANY"][self.dice.below(4)]
        } else {
            ["POST", "PUT", "PATCH", "DELETE"][self.dice.below(4)]
        };
        let mut text = format!("  {method} {}:\n", self.path);
        text.push_str(if self.auth {
            "    auth: user\n"
        } else {
            "    auth: none\n"
        });
        if !self.body.is_empty() {
            let _ = writeln!(text, "    body: {}", quoted(&self.body.join(" ")));
        }
        if self.dice.one_in(8)
            && (writes.is_empty() || self.dice.one_in(4))
            && let Some((path, _)) = selection::scalar(&mut self)
        {
            let right = ["path.own", "query.own", "\"a\"", "query.flag"][self.dice.below(4)];
            let right = if right == "path.own" && !self.path.contains("{own}") {
                "query.own"
            } else {
                right
            };
            let _ = writeln!(
                text,
                "    require: {}",
                quoted(&format!("{right} = {path}"))
            );
        }
        if self.dice.one_in(8) {
            text.push_str("    timeout: 2s\n");
        }
        if self.dice.one_in(8)
            && let Some((path, false)) = selection::scalar(&mut self)
        {
            let _ = writeln!(text, "    headers: {{ x-grown: {} }}", quoted(&path));
        }
        if !calls.is_empty() {
            let _ = write!(text, "    calls:\n{calls}");
        }
        if !response.is_empty() {
            let _ = writeln!(text, "    response: |\n{response}");
        }
        text
    }

    fn call(&mut self, writes: &mut Vec<String>) -> String {
        let upstreams = self.upstreams;
        let (upstream, read) = self.dice.pick(upstreams).unwrap();
        let Some(operation) = self.dice.pick(&read.contract.operations) else {
            return String::new();
        };
        let write = !matches!(operation.method.as_str(), "GET" | "HEAD" | "OPTIONS");
        // More reads than writes.
        if write && !self.dice.one_in(3) {
            return String::new();
        }
        let name = format!("c{}", self.calls.len());
        let optional = self.dice.one_in(3);
        let mut each = None;
        let mut arguments = Vec::new();
        for parameter in &operation.parameters {
            let given = if parameter.required {
                !self.dice.one_in(40)
            } else {
                self.dice.one_in(4)
            };
            if !given {
                continue;
            }
            let argument = self.argument(read, parameter, !write && each.is_none());
            each = each.or(argument.strip_prefix("each ").map(str::to_owned));
            let place = if operation
                .parameters
                .iter()
                .filter(|p| p.name == parameter.name)
                .count()
                > 1
            {
                format!("{:?}.", parameter.location).to_lowercase()
            } else {
                String::new()
            };
            let named = self.slip(&word(&parameter.name));
            arguments.push(format!("{place}{named} = {argument}"));
        }
        let id = match &operation.id {
            Some(id) if !self.dice.one_in(10) => word(id),
            _ => quoted(&operation.route()),
        };
        let id = self.slip(&id);
        let mut text = format!("      {name}{}:\n", if optional { "?" } else { "" });
        let _ = writeln!(
            text,
            "        call: {}",
            quoted(&format!("{upstream}.{id}({})", arguments.join(", ")))
        );
        if let Some(body) = &operation.body
            && let Some(media) = body
                .content
                .iter()
                .find(|m| m.name.contains("json") || m.name.contains("form-urlencoded"))
        {
            let grown = self.body(read, media.ty, 0);
            if !grown.is_empty() {
                let _ = writeln!(text, "        body: {}", quoted(&grown));
            }
        }
        if let Some(last) = writes.last().filter(|_| write && !self.dice.one_in(20)) {
            let _ = writeln!(text, "        after: {last}");
        }
        if self.dice.one_in(8) {
            text.push_str("        timeout: 500ms\n");
        }
        if self.dice.one_in(6) {
            text.push_str(
                [
                    "        errors: { 404: absent }\n",
                    "        errors: { 4xx: pass }\n",
                    "        errors: { 404: absent, 5xx: absent }\n",
                ][self.dice.below(3)],
            );
        }
        if self.dice.one_in(8) {
            text.push_str("        when: query.flag\n");
        }
        if write {
            writes.push(name.clone());
        }
        let answer = operation
            .responses
            .iter()
            .filter(|r| (200..300).contains(&r.first))
            .flat_map(|r| &r.content)
            .find(|m| m.name.contains("json"))
            .map(|m| m.ty);
        self.calls.push(Call {
            name,
            read,
            operation,
            optional,
            answer,
            each,
        });
        text
    }

    /// What a parameter is bound to.
    fn argument(&mut self, read: &'a Read, parameter: &Parameter, may_fan: bool) -> String {
        let ty = read.types.get(parameter.ty);
        let list = match ty.kind {
            Kind::List(inner) => Some(inner),
            _ => None,
        };
        if self.dice.one_in(3)
            && let Some((path, many)) =
                selection::fitting(self, &read.types, list.unwrap_or(parameter.ty))
        {
            let promised = if self.dice.one_in(2) { "!" } else { "" };
            return match (list, many) {
                (Some(_), true) => path,
                (Some(_), false) => format!("[{path}{promised}]"),
                (None, true) if may_fan && self.dice.one_in(2) => format!("each {path}"),
                (None, true) => format!("{path}[0]{promised}"),
                (None, false) => format!("{path}{promised}"),
            };
        }
        if self.dice.one_in(4) {
            return self.literal(read, parameter.ty);
        }
        self.inputs += 1;
        let name = format!("{}{}", ["p", "q"][self.dice.below(2)], self.inputs);
        match self.dice.below(8) {
            0 if list.is_none() && matches!(ty.kind, Kind::String | Kind::Integer) => {
                let _ = write!(self.path, "/{{{name}}}");
                format!("path.{name}")
            }
            1 => format!("header.x-{name}"),
            2 => format!("cookie.{name}"),
            3 if self.auth => [
                "claims.sub",
                "claims.tenant",
                "claims.roles",
                "claims.level",
            ][self.dice.below(4)]
            .to_owned(),
            4 => {
                self.body.push(name.clone());
                format!("body.{name}")
            }
            5 => format!("query.{name} ?? {}", self.literal(read, parameter.ty)),
            _ => format!("query.{name}"),
        }
    }

    fn literal(&mut self, read: &Read, ty: TypeId) -> String {
        let found = read.types.get(ty);
        if let Some(value) = self.dice.pick(&found.one_of) {
            return value.clone();
        }
        match &found.kind {
            Kind::Boolean => "true".to_owned(),
            Kind::Integer | Kind::Number => (1 + self.dice.below(9)).to_string(),
            Kind::List(inner) => format!("[{}]", self.literal(read, *inner)),
            _ => match found.format.as_deref() {
                Some("date-time") => "\"2026-01-02T03:04:05Z\"",
                Some("date") => "\"2026-01-02\"",
                Some("uuid") => "\"00000000-0000-4000-8000-000000000000\"",
                _ => ["\"abcdef\"", "\"ü \\\"x\\\"\"", "\"10\""][self.dice.below(3)],
            }
            .to_owned(),
        }
    }

    /// A request body of this type.
    fn body(&mut self, read: &'a Read, ty: TypeId, depth: usize) -> String {
        let Kind::Object(object) = &read.types.get(ty).kind else {
            return format!("= {}", self.literal(read, ty));
        };
        let mut fields = Vec::new();
        let last = object
            .fields
            .iter()
            .rposition(|(_, field)| !field.read_only);
        for (i, (name, field)) in object.fields.iter().enumerate() {
            let only = fields.is_empty() && Some(i) == last;
            let wanted = field.required || only || self.dice.one_in(4);
            if field.read_only || !wanted || depth > 4 {
                continue;
            }
            let value = match &read.types.get(field.ty).kind {
                Kind::Object(_) => format!("{{ {} }}", self.body(read, field.ty, depth + 1)),
                Kind::List(inner) if matches!(read.types.get(*inner).kind, Kind::Object(_)) => {
                    format!("[{{ {} }}]", self.body(read, *inner, depth + 1))
                }
                _ if self.dice.one_in(2) => {
                    self.inputs += 1;
                    let name = format!("b{}", self.inputs);
                    if self.dice.one_in(2) {
                        self.body.push(name.clone());
                        format!("body.{name}")
                    } else {
                        format!("query.{name}")
                    }
                }
                _ => self.literal(read, field.ty),
            };
            let named = self.slip(&word(name));
            fields.push(format!("{named}: {value}"));
        }
        fields.join(" ")
    }

    /// The same word, or one like it.
    fn slip(&mut self, word: &str) -> String {
        if self.mistakes == 0 || !self.dice.one_in(self.mistakes) || word.len() < 3 {
            return word.to_owned();
        }
        let at = word.floor_char_boundary(1 + self.dice.below(word.len() - 2));
        let mut slipped = word.to_owned();
        let c = slipped.remove(at);
        match self.dice.below(3) {
            0 => {}
            1 => slipped.insert(at - at.min(1), c),
            _ => slipped.insert(at, 'x'),
        }
        slipped
    }
}
