//! Every production of the grammar, and where its parts stand.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use super::ast::{
    Block, Call, Field, Key, Operand, Path, PathValue, Selection, Start, StepKind, Value, Word,
};
use super::{Text, block, call, condition, fragment, header_value};
use crate::diagnostic::{Diagnostic, FileId};
use crate::document::{self, Dialect, Node};

/// A document whose `x` is the text, as a block scalar; parts are printed from the places they claim to have.
struct Case {
    file: String,
    node: Node,
}

impl Case {
    fn new(text: &str) -> Case {
        let lines: Vec<String> = text.lines().map(|l| format!("   {l}")).collect();
        let file = format!("é: 1\nx: |\n{}\n", lines.join("\n"));
        let (node, faults) = document::parse(FileId(0), &file, Dialect::Spec);
        assert!(faults.is_empty(), "{faults:?}");
        let node = node.unwrap().get("x").unwrap().clone();
        Case { file, node }
    }

    fn text(&self) -> Text<'_> {
        Text::new(self.node.as_scalar().unwrap(), self.node.place)
    }

    /// A word, which must stand where it says.
    fn word(&self, word: &Word) -> String {
        let at = &self.file[word.place.range()];
        let plain = at.trim_matches('"').replace("\\\"", "\"");
        assert_eq!(plain, word.text, "of {}", self.file);
        word.text.clone()
    }

    fn block(&self, block: &Block) -> String {
        match block {
            Block::Value(value) => format!("= {}", self.value(value)),
            Block::Fields(fields) => {
                let fields: Vec<String> = fields.iter().map(|f| self.field(f)).collect();
                fields.join(", ")
            }
        }
    }

    fn field(&self, field: &Field) -> String {
        match field {
            Field::Named { name, value } => format!("{}: {}", self.word(name), self.value(value)),
            Field::Path(value) => self.path_value(value),
            Field::On { variant, select } => {
                format!("...on {} {}", self.word(variant), self.selection(select))
            }
            Field::Spread { path, select, .. } => {
                let select = select.as_ref().map(|s| format!(" {}", self.selection(s)));
                format!("...{}{}", self.path(path), select.unwrap_or_default())
            }
            Field::All(place) => self.file[place.range()].to_owned(),
            Field::Except(word) => format!("-{}", self.word(word)),
        }
    }

    fn selection(&self, select: &Selection) -> String {
        let text = &self.file[select.place.range()];
        assert!(text.starts_with('{') && text.ends_with('}'), "{text}");
        format!("{{ {} }}", self.block(&select.block))
    }

    fn value(&self, value: &Value) -> String {
        match value {
            Value::Literal(literal) => format!("'{}'", literal.json),
            Value::List(values, place) => {
                let text = &self.file[place.range()];
                assert!(text.starts_with('[') && text.ends_with(']'), "{text}");
                let values: Vec<String> = values.iter().map(|v| self.value(v)).collect();
                format!("[{}]", values.join(", "))
            }
            Value::Group(select) => self.selection(select),
            Value::Path(value) => self.path_value(value),
        }
    }

    fn path_value(&self, value: &PathValue) -> String {
        let mut out = self.path(&value.path);
        if let Some(select) = &value.select {
            out += &format!(" {}", self.selection(select));
        }
        if let Some(default) = &value.default {
            out += &format!(" ?? {}", default.json);
        }
        out
    }

    fn path(&self, path: &Path) -> String {
        assert_eq!(&self.file[path.place.range()], path.text);
        let mut out = match &path.start {
            Start::Plain(word) => self.word(word),
            Start::Root(word) => format!("${}", self.word(word)),
            Start::Field(word) => format!("<.>{}", self.word(word)),
            Start::Current => "<.>".into(),
        };
        for step in &path.steps {
            out += &match &step.kind {
                StepKind::Field(word) => format!(".{}", self.word(word)),
                StepKind::Values => ".*".into(),
                StepKind::Promise => "!".into(),
                StepKind::Header(word) => format!("@{}", self.word(word)),
                StepKind::Index(i) => format!("[{i}]"),
                StepKind::Slice(a, b) => format!("[{a:?}:{b:?}]"),
                StepKind::On(word) => format!("[on {}]", self.word(word)),
                StepKind::Join { keys, every } => {
                    let keys: Vec<String> = keys.iter().map(|k| self.key(k)).collect();
                    format!("[{}]{}", keys.join(", "), if *every { "[]" } else { "" })
                }
            };
        }
        out
    }

    fn key(&self, key: &Key) -> String {
        let field: Vec<String> = key.field.iter().map(|w| self.word(w)).collect();
        format!("{} = {}", field.join("."), self.operand(&key.equals))
    }

    fn operand(&self, operand: &Operand) -> String {
        match operand {
            Operand::Path(path) => self.path(path),
            Operand::Literal(literal) => format!("'{}'", literal.json),
        }
    }

    fn call(&self, call: &Call) -> String {
        let arguments: Vec<String> = call
            .arguments
            .iter()
            .map(|a| {
                let location = a.location.as_ref().map(|w| format!("{}.", self.word(w)));
                let each = if a.each.is_some() { "each " } else { "" };
                format!(
                    "{}{} = {each}{}",
                    location.unwrap_or_default(),
                    self.word(&a.name),
                    self.value(&a.value)
                )
            })
            .collect();
        format!(
            "{}.{}({})",
            self.word(&call.upstream),
            self.word(&call.operation),
            arguments.join(", ")
        )
    }
}

fn messages(faults: &[Diagnostic]) -> String {
    let all: Vec<&str> = faults.iter().map(|f| f.message.as_str()).collect();
    all.join(" / ")
}

#[test]
fn blocks() {
    for (text, expected) in [
        ("id name", "id, name"),
        ("id, name,", "id, name"),
        ("# nothing\nid # one\nname", "id, name"),
        ("a: b", "a: b"),
        ("a: b.c { d e: .f }", "a: b.c { d, e: <.>f }"),
        ("a .b", "a, <.>b"),
        ("a: .", "a: <.>"),
        ("a: .[0]", "a: <.>[0]"),
        ("a: .*", "a: <.>.*"),
        ("a: .\"+1\" \"+1\" b: \"+1\"", "a: <.>+1, +1, b: '\"+1\"'"),
        ("\"a b\": 1 \"c d\".e { f }", "a b: '1', c d.e { f }"),
        (
            "$a.b[c = .d, e.f = $g.h][] { i }",
            "$a.b[c = <.>d, e.f = $g.h][] { i }",
        ),
        ("a[c = \"x\"].b", "a[c = '\"x\"'].b"),
        (
            "a[0].b[-1] c[:8] d[1:] e[:] f[-2:-1]",
            "a[0].b[-1], c[None:Some(8)], d[Some(1):None], e[None:None], f[Some(-2):Some(-1)]",
        ),
        ("a[on Card].b! c@X-D", "a[on Card].b!, c@X-D"),
        ("a[on = .x]", "a[on = <.>x]"),
        (
            "...A ...b.c { d } ...$e { * } ...on F { g }",
            "...A, ...b.c { d }, ...$e { * }, ...on F { g }",
        ),
        ("* -a -b-c", "*, -a, -b-c"),
        (
            "a ?? 1 b: c ?? \"x\" d: e { f } ?? null g ?? []",
            "a ?? 1, b: c ?? \"x\", d: e { f } ?? null, g ?? []",
        ),
        (
            "a: [1, b \"c\" { d: e }] f: []",
            "a: ['1', b, '\"c\"', { d: e }], f: '[]'",
        ),
        (
            "a: -1.5e3 b: true c: null d: .true",
            "a: '-1.5e3', b: 'true', c: 'null', d: <.>true",
        ),
        ("a: { b c: { d } }", "a: { b, c: { d } }"),
        ("= a { b }", "= a { b }"),
        ("= 5", "= '5'"),
        ("on each true", "on, each, true"),
        ("a: \"\\u00e9\\n\"", "a: '\"é\\n\"'"),
    ] {
        let case = Case::new(text);
        let mut faults = Vec::new();
        let parsed = block(&case.text(), &mut faults);
        assert_eq!(messages(&faults), "", "{text}");
        assert_eq!(case.block(&parsed), expected, "{text}");
    }
}

#[test]
fn fragments_may_have_braces() {
    for text in ["{ a b { c } }", "a b { c }"] {
        let case = Case::new(text);
        let mut faults = Vec::new();
        let parsed = fragment(&case.text(), &mut faults);
        assert_eq!(messages(&faults), "");
        assert_eq!(case.block(&parsed), "a, b { c }");
    }
}

#[test]
fn calls() {
    for (text, expected) in [
        ("a.b()", "a.b()"),
        ("a.\"GET /c/{d}\"(e = 1,)", "a.GET /c/{d}(e = '1')"),
        (
            "a.b(\"X-Y\" = c.d, path.e = f.g ?? 2)",
            "a.b(X-Y = c.d, path.e = f.g ?? 2)",
        ),
        (
            "a.b(c = each d.e[0].f, g = [h.i, 1])",
            "a.b(c = each d.e[0].f, g = [h.i, '1'])",
        ),
        ("a.b(c = each.d)", "a.b(c = each.d)"),
        ("a.b(\n  c = d\n)", "a.b(c = d)"),
    ] {
        let case = Case::new(text);
        let mut faults = Vec::new();
        let parsed = call(&case.text(), &mut faults);
        assert_eq!(messages(&faults), "", "{text}");
        assert_eq!(case.call(&parsed.unwrap()), expected, "{text}");
    }
}

#[test]
fn conditions_and_headers() {
    for (text, left, right) in [
        ("a.b", "a.b", ""),
        ("a.b = \"c\"", "a.b", "'\"c\"'"),
        ("claims.sub = $b.c!", "claims.sub", "$b.c!"),
    ] {
        let case = Case::new(text);
        let mut faults = Vec::new();
        let parsed = condition(&case.text(), &mut faults).unwrap();
        assert_eq!(messages(&faults), "", "{text}");
        assert_eq!(case.operand(&parsed.left), left);
        let other = parsed.right.map(|r| case.operand(&r)).unwrap_or_default();
        assert_eq!(other, right);
    }
    for (text, expected) in [("a@B", "a@B"), ("\"x\"", "'\"x\"'"), ("a.b", "a.b")] {
        let case = Case::new(text);
        let mut faults = Vec::new();
        let parsed = header_value(&case.text(), &mut faults).unwrap();
        assert_eq!(case.value(&parsed), expected);
    }
}

#[test]
fn what_is_not_in_the_grammar() {
    for (text, expected) in [
        ("a [0]", "here stands `[`, where a field is expected"),
        (
            "a: $ b",
            "here stands `b`, where the name of a call or input right after `$` is expected",
        ),
        (
            "a. b",
            "here stands `b`, where a field's name right after `.` is expected",
        ),
        ("a[]", "`[]` picks nothing here"),
        ("a[1.5]", "`1.5` is no place in a list"),
        ("a[x]", "a field isn't named in brackets"),
        (
            "a: b ?? c",
            "here stands `c`, where a literal (a text in double quotes, a number, `true`, `false`, `null`, `[]`) is expected",
        ),
        (
            "a: }",
            "here stands `}`, where a value is expected / `}` closes nothing",
        ),
        ("a: b,, c", "here stands `,`, where a field is expected"),
        (
            "...",
            "here stands the end, where a fragment's name or a path to an object is expected",
        ),
        (
            "...on X",
            "here stands the end, where the selection of the variant's fields (`...on X { … }`) is expected",
        ),
        ("a: €", "`€` has no meaning here"),
        ("1a: b", "`1a` starts with a digit"),
        (
            "a: b + c\nd: =",
            "`+` has no meaning here / here stands `=`, where a value is expected",
        ),
    ] {
        let case = Case::new(text);
        let mut faults = Vec::new();
        block(&case.text(), &mut faults);
        assert_eq!(messages(&faults), expected, "{text}");
    }
}
