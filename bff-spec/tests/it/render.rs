//! A model as text: compact, one thing a line.

use std::fmt::Write;

use bff_spec::contract::{Kind, TypeId, Types, VariantTest};
use bff_spec::model::{
    Block, Call, Condition, Endpoint, Entry, ErrorAction, Fan, HeaderValue, Model, Operand, Path,
    Pick, Root, Step, Value, Work,
};

pub(crate) fn model(model: &Model) -> String {
    let mut out = format!("{} from {}\n", model.name, model.file);
    for u in &model.upstreams {
        writeln!(
            out,
            "upstream {} {} {:?} {:?} {:?}{}",
            u.name,
            u.contract,
            u.timeout,
            u.connect_timeout,
            u.identity,
            if u.strict { " strict" } else { "" }
        )
        .unwrap();
        for (name, text) in &u.headers {
            writeln!(
                out,
                "  {name}: {:?}{}",
                text.parts,
                if text.secret { " secret" } else { "" }
            )
            .unwrap();
        }
    }
    for s in &model.schemes {
        writeln!(
            out,
            "scheme {} {:?}",
            s.name,
            s.claims.iter().map(|c| &c.name).collect::<Vec<_>>()
        )
        .unwrap();
    }
    for e in &model.endpoints {
        out += &Printer { model, endpoint: e }.endpoint();
    }
    out
}

struct Printer<'m> {
    model: &'m Model,
    endpoint: &'m Endpoint,
}

impl Printer<'_> {
    fn types(&self) -> &Types {
        &self.model.types
    }

    fn endpoint(&self) -> String {
        let e = self.endpoint;
        let mut out = format!("\n{} -> {} {:?}", e.key, e.path, e.timeout);
        if let Some(choice) = &e.choice {
            write!(
                out,
                " when {:?} {} = {}",
                choice.location, choice.name, choice.equals
            )
            .unwrap();
        }
        let auth: Vec<&str> = e
            .auth
            .iter()
            .map(|i| self.model.schemes[*i].name.as_str())
            .collect();
        writeln!(out, " auth {auth:?}").unwrap();
        for i in &e.inputs {
            writeln!(
                out,
                "  {:?} {}: {}{}{}",
                i.location,
                i.name,
                self.ty(i.ty, 2),
                if i.required { " required" } else { "" },
                i.default
                    .as_ref()
                    .map_or(String::new(), |d| format!(" = {d}")),
            )
            .unwrap();
        }
        if let Some(body) = &e.body {
            writeln!(
                out,
                "  body: {}{}",
                self.ty(body.ty, 4),
                if body.required { " required" } else { "" }
            )
            .unwrap();
        }
        if let Some(deprecated) = &e.deprecated {
            writeln!(out, "  {deprecated:?}").unwrap();
        }
        let r = &e.require;
        if !r.scopes.is_empty() || !r.roles.is_empty() {
            writeln!(out, "  require scopes {:?} roles {:?}", r.scopes, r.roles).unwrap();
        }
        for c in &r.clauses {
            writeln!(
                out,
                "  require {} reads {:?}",
                self.condition(&c.condition),
                c.reads
            )
            .unwrap();
        }
        match &e.work {
            Work::Proxy(p) => writeln!(
                out,
                "  proxy {} {:?}{}",
                self.model.upstreams[p.upstream].name,
                p.allow,
                if p.undocumented { " undocumented" } else { "" }
            )
            .unwrap(),
            Work::Stream(call) => {
                out += &self.call(0, call);
                if let Some(body) = &call.operation.body {
                    let media: Vec<&str> = body.content.iter().map(|m| m.name.as_str()).collect();
                    writeln!(
                        out,
                        "  streams {media:?}{}",
                        if body.required { " required" } else { "" }
                    )
                    .unwrap();
                }
            }
            Work::Calls(work) => {
                for (i, call) in work.calls.iter().enumerate() {
                    out += &self.call(i, call);
                }
                write!(out, "  status {}", work.status).unwrap();
                for (name, value) in &work.headers {
                    match value {
                        HeaderValue::Literal(text) => write!(out, " {name}: {text:?}").unwrap(),
                        HeaderValue::Path { path, default } => {
                            write!(out, " {name}: {}", self.path(path)).unwrap();
                            if let Some(text) = default {
                                write!(out, " ?? {text:?}").unwrap();
                            }
                        }
                    }
                }
                out += "\n";
                if let Some(response) = &work.response {
                    out += &self.block(response, 1);
                }
            }
        }
        out
    }

    fn call(&self, index: usize, call: &Call) -> String {
        let mut out = format!(
            "  {index} {}{} {} needs {:?} after {:?}",
            call.name,
            if call.optional { "?" } else { "" },
            call.operation
                .id
                .clone()
                .unwrap_or_else(|| call.operation.route()),
            call.needs,
            call.after
        );
        for (flag, is) in [
            ("write", call.write),
            ("nullable", call.nullable),
            ("client-argument", call.client_argument),
            ("client-input", call.client_input),
            ("retry", call.retry > 0),
        ] {
            if is {
                write!(out, " {flag}").unwrap();
            }
        }
        match call.fan {
            Fan::One {
                list_argument: None,
            } => {}
            fan => write!(out, " {fan:?}").unwrap(),
        }
        match call.answer {
            Some(ty) => writeln!(out, " -> {}", self.ty(ty, 1)).unwrap(),
            None => out += " -> nothing\n",
        }
        for a in &call.arguments {
            let p = &call.operation.parameters[a.parameter];
            writeln!(
                out,
                "    {:?}.{} = {}",
                p.location,
                p.name,
                self.value(&a.value, 2).trim_end()
            )
            .unwrap();
        }
        if let Some(when) = &call.when {
            writeln!(out, "    when {}", self.condition(when)).unwrap();
        }
        if let Some(body) = &call.body {
            writeln!(out, "    body {}", body.media).unwrap();
            out += &self.block(&body.value, 3);
        }
        for rule in &call.errors {
            write!(out, "    {}..={} ", rule.first, rule.last).unwrap();
            match &rule.action {
                ErrorAction::Absent => out += "absent\n",
                ErrorAction::Pass => out += "pass\n",
                ErrorAction::Select { block, .. } => {
                    out += "select\n";
                    out += &self.block(block, 3);
                }
            }
        }
        out
    }

    fn block(&self, block: &Block, depth: usize) -> String {
        match block {
            Block::Value(value) => format!(
                "{}= {}\n",
                "  ".repeat(depth),
                self.value(value, depth).trim_end()
            ),
            Block::Fields(entries) => self.entries(entries, depth),
        }
    }

    fn entries(&self, entries: &[Entry], depth: usize) -> String {
        let pad = "  ".repeat(depth);
        let mut out = String::new();
        for entry in entries {
            match entry {
                Entry::Field {
                    name,
                    value,
                    copied,
                    ..
                } => {
                    let mark = if *copied { "*" } else { "" };
                    writeln!(
                        out,
                        "{pad}{mark}{name}: {}",
                        self.value(value, depth).trim_end()
                    )
                    .unwrap();
                }
                Entry::Variant { test, entries, .. } => {
                    writeln!(out, "{pad}on {}", test_text(test)).unwrap();
                    out += &self.entries(entries, depth + 1);
                }
                Entry::Spread { path, entries } => {
                    writeln!(out, "{pad}...{}", self.path(path)).unwrap();
                    out += &self.entries(entries, depth + 1);
                }
                Entry::Rest { ty } => writeln!(out, "{pad}rest {}", self.ty(*ty, 1)).unwrap(),
            }
        }
        out
    }

    fn value(&self, value: &Value, depth: usize) -> String {
        match value {
            Value::Literal(json) => json.clone(),
            Value::List(values) => {
                let values: Vec<String> = values
                    .iter()
                    .map(|v| self.value(v, depth).trim_end().to_owned())
                    .collect();
                format!("[{}]", values.join(", "))
            }
            Value::Block(block) => format!("{{\n{}", self.block(block, depth + 1)),
            Value::Path {
                path,
                select,
                default,
            } => {
                let mut out = self.path(path);
                if let Some(default) = default {
                    write!(out, " ?? {default}").unwrap();
                }
                if let Some(block) = select {
                    write!(out, "\n{}", self.block(block, depth + 1)).unwrap();
                }
                out
            }
        }
    }

    fn path(&self, path: &Path) -> String {
        let e = self.endpoint;
        let mut out = match path.root {
            Root::Call(i) => match &e.work {
                Work::Calls(work) => format!("${}", work.calls[i].name),
                Work::Proxy(_) | Work::Stream(_) => "?".into(),
            },
            Root::Claims => "claims".into(),
            Root::Input(i) => format!("{:?}/{}", e.inputs[i].location, e.inputs[i].name),
            Root::Body => "body".into(),
            Root::Current => "".into(),
        };
        for step in &path.steps {
            match step {
                Step::Field { name, .. } => write!(out, ".{name}").unwrap(),
                Step::Key { name, .. } => write!(out, ".<{name}>").unwrap(),
                Step::Each { pick, map, .. } => {
                    let map = if *map { "map " } else { "" };
                    write!(out, "[{map}{}]", self.pick(pick)).unwrap();
                }
                Step::Is { test, .. } => write!(out, "[{}]", test_text(test)).unwrap(),
                Step::Header(name) => write!(out, "@{name}").unwrap(),
            }
        }
        write!(
            out,
            " ({}{}{}{}{})",
            if path.many { "many " } else { "" },
            self.ty(path.ty, 0),
            if path.nullable { "?" } else { "" },
            if path.item_nullable { " of ?" } else { "" },
            if path.promised { "!" } else { "" },
        )
        .unwrap();
        out
    }

    fn pick(&self, pick: &Pick) -> String {
        match pick {
            Pick::All => "*".into(),
            Pick::Index(i) => i.to_string(),
            Pick::Slice(a, b) => format!("{a:?}:{b:?}")
                .replace("None", "")
                .replace("Some", ""),
            Pick::First(keys) | Pick::Every(keys) => {
                let keys: Vec<String> = keys
                    .iter()
                    .map(|k| format!("{} = {}", k.field.join("."), self.operand(&k.equals)))
                    .collect();
                let kind = if matches!(pick, Pick::First(_)) {
                    "first"
                } else {
                    "every"
                };
                format!("{kind} {}", keys.join(", "))
            }
        }
    }

    fn condition(&self, condition: &Condition) -> String {
        match condition {
            Condition::Holds(a) => self.operand(a),
            Condition::Equal(a, b) => format!("{} = {}", self.operand(a), self.operand(b)),
        }
    }

    fn operand(&self, operand: &Operand) -> String {
        match operand {
            Operand::Path(path) => self.path(path),
            Operand::Literal(json) => json.clone(),
        }
    }

    fn ty(&self, id: TypeId, depth: usize) -> String {
        let ty = self.types().get(id);
        let mut out = match &ty.kind {
            Kind::Any => "any".into(),
            Kind::Null => "null".into(),
            Kind::Boolean => "boolean".into(),
            Kind::Integer => "integer".into(),
            Kind::Number => "number".into(),
            Kind::String => "string".into(),
            Kind::Scalars(kinds) => format!("{kinds:?}"),
            Kind::List(of) => format!("[{}]", self.ty(*of, depth)),
            Kind::Variants(v) => format!("variants({})", v.members.len()),
            Kind::Object(o) if depth == 0 => format!(
                "object({})",
                ty.name.clone().unwrap_or(o.fields.len().to_string())
            ),
            Kind::Object(o) => {
                let mut fields: Vec<String> = o
                    .fields
                    .iter()
                    .map(|(n, f)| {
                        format!(
                            "{n}{}: {}",
                            if f.required { "" } else { "?" },
                            self.ty(f.ty, depth - 1)
                        )
                    })
                    .collect();
                fields.extend(o.rest.map(|r| format!("*: {}", self.ty(r, depth - 1))));
                format!("{{ {} }}", fields.join(", "))
            }
        };
        if !ty.one_of.is_empty() {
            write!(out, " of {}", ty.one_of.join("|")).unwrap();
        }
        let b = &ty.bounds;
        for (name, value) in [
            (">=", b.minimum.as_ref().map(|l| l.value.clone())),
            ("<=", b.maximum.as_ref().map(|l| l.value.clone())),
            ("length>=", b.min_length.map(|n| n.to_string())),
            ("length<=", b.max_length.map(|n| n.to_string())),
            ("items>=", b.min_items.map(|n| n.to_string())),
            ("items<=", b.max_items.map(|n| n.to_string())),
            ("~", b.pattern.clone()),
        ] {
            if let Some(value) = value {
                write!(out, " {name}{value}").unwrap();
            }
        }
        if ty.nullable {
            out += " or null";
        }
        out
    }
}

fn test_text(test: &VariantTest) -> String {
    match test {
        VariantTest::Property(name, values) => format!("{name} = {}", values.join("|")),
        VariantTest::Kind => "kind".into(),
        VariantTest::Own(name) => format!("has {name}"),
    }
}
