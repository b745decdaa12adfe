//! The normal form as text: an operation's lines, then every type it touches, once.
//!
//! `name!` is required, `?` after a type is nullable.

use std::collections::HashMap;
use std::fmt::Write;

use bff_spec::contract::{Field, Kind, Limit, Media, Operation, Type, TypeId, Types, VariantTest};
use bff_spec::diagnostic::Diagnostic;

use crate::Loaded;

pub(crate) fn print(loaded: &Loaded) -> String {
    let mut printer = Printer {
        loaded,
        types: &loaded.types,
        names: HashMap::new(),
        taken: HashMap::new(),
        queue: Vec::new(),
    };
    let mut out = String::new();
    for diagnostic in &loaded.diagnostics {
        printer.diagnostic(diagnostic, "", &mut out);
    }
    if let Some(contract) = &loaded.contract {
        for operation in &contract.operations {
            printer.operation(operation, &mut out);
        }
    }
    let mut at = 0;
    while let Some(&id) = printer.queue.get(at) {
        at += 1;
        printer.definition(id, &mut out);
    }
    out
}

struct Printer<'a> {
    loaded: &'a Loaded,
    types: &'a Types,
    names: HashMap<TypeId, String>,
    taken: HashMap<String, usize>,
    queue: Vec<TypeId>,
}

impl Printer<'_> {
    fn operation(&mut self, operation: &Operation, out: &mut String) {
        write!(out, "{} {}", operation.method, operation.path).unwrap();
        if let Some(id) = &operation.id {
            write!(out, " = {id}").unwrap();
        }
        if operation.deprecated {
            out.push_str(" deprecated");
        }
        out.push('\n');
        for parameter in &operation.parameters {
            let location = format!("{:?}", parameter.location).to_lowercase();
            let mark = if parameter.required { "!" } else { "" };
            let ty = self.ty(parameter.ty);
            let explode = if parameter.explode { " explode" } else { "" };
            let (name, style) = (&parameter.name, &parameter.style);
            writeln!(out, "  {location} {name}{mark}: {ty} {style}{explode}").unwrap();
        }
        if let Some(body) = &operation.body {
            let mark = if body.required { "!" } else { "" };
            writeln!(out, "  body{mark}").unwrap();
            self.content(&body.content, out);
        }
        for response in &operation.responses {
            let status = match (response.first, response.last) {
                (0, 0) => "default".to_owned(),
                (first, last) if first == last => first.to_string(),
                (first, last) => format!("{first}-{last}"),
            };
            let headers: Vec<String> = response
                .headers
                .iter()
                .map(|header| format!("{}: {}", header.name, self.ty(header.ty)))
                .collect();
            let headers = headers.join(", ");
            writeln!(out, "{}", format!("  {status} {headers}").trim_end()).unwrap();
            self.content(&response.content, out);
        }
        for fault in &operation.faults {
            self.diagnostic(fault, "  ", out);
        }
    }

    fn content(&mut self, content: &[Media], out: &mut String) {
        for media in content {
            let ty = self.ty(media.ty);
            writeln!(out, "    {}: {ty}", media.name).unwrap();
            for example in &media.examples {
                writeln!(out, "      example {example}").unwrap();
            }
            for (name, encoding) in &media.encoding {
                let explode = if encoding.explode { " explode" } else { "" };
                writeln!(out, "      {name}: {}{explode}", encoding.style).unwrap();
            }
        }
    }

    fn diagnostic(&self, diagnostic: &Diagnostic, indent: &str, out: &mut String) {
        let (start, _) = self.loaded.sources.lines(diagnostic.place);
        let code = diagnostic.code.as_str();
        let (line, column) = (start.line, start.column);
        let text: String = self
            .loaded
            .sources
            .text(diagnostic.place)
            .chars()
            .take(30)
            .collect();
        let text = text.lines().next().unwrap_or_default().to_owned();
        writeln!(
            out,
            "{indent}{code} {line}:{column} `{text}` {}",
            diagnostic.message
        )
        .unwrap();
        if let Some(help) = &diagnostic.help {
            writeln!(out, "{indent}  help: {help}").unwrap();
        }
        for related in &diagnostic.related {
            let (start, _) = self.loaded.sources.lines(related.place);
            writeln!(
                out,
                "{indent}  {}:{} {}",
                start.line, start.column, related.message
            )
            .unwrap();
        }
    }

    /// A type where it is used: its name if it has fields or alternatives.
    fn ty(&mut self, id: TypeId) -> String {
        let ty = self.types.get(id);
        let mut text = match &ty.kind {
            Kind::List(element) => {
                let element = self.ty(*element);
                format!("[{element}]")
            }
            Kind::Object(object)
                if object.fields.is_empty() && object.rest.is_some() && ty.name.is_none() =>
            {
                let rest = self.ty(object.rest.unwrap());
                format!("map of {rest}")
            }
            Kind::Object(_) | Kind::Variants(_) => self.name(id),
            kind => scalar(kind),
        };
        if ty.nullable {
            text.push('?');
        }
        text.push_str(&attributes(ty));
        text
    }

    fn name(&mut self, id: TypeId) -> String {
        if let Some(name) = self.names.get(&id) {
            return name.clone();
        }
        let base = self
            .types
            .get(id)
            .name
            .clone()
            .unwrap_or_else(|| "_".to_owned());
        let count = self.taken.entry(base.clone()).or_default();
        *count += 1;
        let name = match *count {
            1 => base,
            n => format!("{base}~{n}"),
        };
        self.names.insert(id, name.clone());
        self.queue.push(id);
        name
    }

    fn definition(&mut self, id: TypeId, out: &mut String) {
        let name = self.name(id);
        let ty = self.types.get(id).clone();
        match &ty.kind {
            Kind::Object(object) => {
                writeln!(out, "{name} {{").unwrap();
                for (name, field) in &object.fields {
                    self.field(name, field, out);
                }
                if let Some(rest) = object.rest {
                    let rest = self.ty(rest);
                    writeln!(out, "  *: {rest}").unwrap();
                }
                out.push_str("}\n");
            }
            Kind::Variants(variants) => {
                writeln!(out, "{name} one of").unwrap();
                for member in &variants.members {
                    let names = member.names.join(" ");
                    let ty = self.ty(member.ty);
                    let test = match &member.test {
                        None => "undecidable".to_owned(),
                        Some(VariantTest::Kind) => "by kind".to_owned(),
                        Some(VariantTest::Own(field)) => format!("has {field}"),
                        Some(VariantTest::Property(field, values)) => {
                            format!("{field} = {}", values.join(" | "))
                        }
                    };
                    writeln!(out, "  ({names}) {ty}: {test}").unwrap();
                }
            }
            _ => {}
        }
    }

    fn field(&mut self, name: &str, field: &Field, out: &mut String) {
        let mark = if field.required { "!" } else { "" };
        let ty = self.ty(field.ty);
        let mut line = format!("  {name}{mark}: {ty}");
        for (flag, word) in [
            (field.read_only, "read-only"),
            (field.write_only, "write-only"),
            (field.sensitive, "sensitive-field"),
        ] {
            if flag {
                write!(line, " {word}").unwrap();
            }
        }
        if let Some(description) = &field.description {
            write!(line, " # {description}").unwrap();
        }
        writeln!(out, "{line}").unwrap();
    }
}

fn scalar(kind: &Kind) -> String {
    match kind {
        Kind::Any => "any".to_owned(),
        Kind::Null => "null".to_owned(),
        Kind::Boolean => "boolean".to_owned(),
        Kind::Integer => "integer".to_owned(),
        Kind::Number => "number".to_owned(),
        Kind::String => "string".to_owned(),
        Kind::Scalars(kinds) => kinds.iter().map(scalar).collect::<Vec<_>>().join("|"),
        Kind::List(_) | Kind::Object(_) | Kind::Variants(_) => unreachable!("not scalar"),
    }
}

fn attributes(ty: &Type) -> String {
    let mut out = String::new();
    let bound = |limit: &Option<Limit>, inclusive: &str, exclusive: &str| {
        limit.as_ref().map(|limit| {
            let sign = if limit.exclusive {
                exclusive
            } else {
                inclusive
            };
            format!(" {sign}{}", limit.value)
        })
    };
    let count = |value: Option<u64>, word: &str| value.map(|value| format!(" {word} {value}"));
    let bounds = &ty.bounds;
    let words = [
        ty.format.as_ref().map(|format| format!(" ({format})")),
        (!ty.one_of.is_empty()).then(|| format!(" in {}", ty.one_of.join(","))),
        bound(&bounds.minimum, ">=", ">"),
        bound(&bounds.maximum, "<=", "<"),
        count(bounds.min_length, "min-length"),
        count(bounds.max_length, "max-length"),
        bounds
            .pattern
            .as_ref()
            .map(|pattern| format!(" /{pattern}/")),
        count(bounds.min_items, "min-items"),
        count(bounds.max_items, "max-items"),
        ty.default.as_ref().map(|value| format!(" default {value}")),
        ty.example.as_ref().map(|value| format!(" example {value}")),
        ty.sensitive.then(|| " sensitive".to_owned()),
    ];
    for word in words.into_iter().flatten() {
        out.push_str(&word);
    }
    out
}
