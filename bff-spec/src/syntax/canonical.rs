//! A block as one text, the same for all that differ in blanks, commas and comments alone.

use super::ast::{
    Block, Field, Key, Operand, Path, PathValue, Selection, Start, StepKind, Value, Word,
};

/// A selection's text, and how many fields it names, those of selections inside it as well.
pub(crate) fn selection(selection: &Selection) -> (String, usize) {
    let mut writer = Writer::default();
    writer.selection(selection);
    (writer.out, writer.fields)
}

/// The same of a fragment's block.
pub(crate) fn fragment(block: &Block) -> (String, usize) {
    let mut writer = Writer::default();
    writer.braces(block);
    (writer.out, writer.fields)
}

#[derive(Default)]
struct Writer {
    out: String,
    fields: usize,
}

impl Writer {
    fn selection(&mut self, selection: &Selection) {
        self.braces(&selection.block);
    }

    fn braces(&mut self, block: &Block) {
        self.out.push_str("{ ");
        match block {
            Block::Value(value) => {
                self.out.push_str("= ");
                self.value(value);
            }
            Block::Fields(fields) => {
                for (i, field) in fields.iter().enumerate() {
                    if i > 0 {
                        self.out.push(' ');
                    }
                    self.field(field);
                }
            }
        }
        self.out.push_str(" }");
    }

    fn field(&mut self, field: &Field) {
        match field {
            Field::Named { name, value } => {
                self.fields += 1;
                self.word(name);
                self.out.push_str(": ");
                self.value(value);
            }
            Field::Path(value) => {
                self.fields += 1;
                self.path_value(value);
            }
            Field::On { variant, select } => {
                self.out.push_str("...on ");
                self.word(variant);
                self.out.push(' ');
                self.selection(select);
            }
            Field::Spread { path, select, .. } => {
                self.fields += 1;
                self.out.push_str("...");
                self.path(path);
                if let Some(select) = select {
                    self.out.push(' ');
                    self.selection(select);
                }
            }
            Field::All(_) => {
                self.fields += 1;
                self.out.push('*');
            }
            Field::Except(word) => {
                self.out.push('-');
                self.word(word);
            }
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Literal(literal) => self.out.push_str(&literal.json),
            Value::List(values, _) => {
                self.out.push('[');
                for (i, value) in values.iter().enumerate() {
                    if i > 0 {
                        self.out.push_str(", ");
                    }
                    self.value(value);
                }
                self.out.push(']');
            }
            Value::Group(select) => self.selection(select),
            Value::Path(value) => self.path_value(value),
        }
    }

    fn path_value(&mut self, value: &PathValue) {
        self.path(&value.path);
        if let Some(select) = &value.select {
            self.out.push(' ');
            self.selection(select);
        }
        if let Some(default) = &value.default {
            self.out.push_str(" ?? ");
            self.out.push_str(&default.json);
        }
    }

    fn path(&mut self, path: &Path) {
        match &path.start {
            Start::Plain(word) => self.word(word),
            Start::Root(word) => {
                self.out.push('$');
                self.word(word);
            }
            Start::Field(word) => {
                self.out.push('.');
                self.word(word);
            }
            Start::Current => self.out.push('.'),
        }
        for step in &path.steps {
            self.step(&step.kind);
        }
    }

    fn step(&mut self, step: &StepKind) {
        match step {
            StepKind::Field(word) => {
                self.out.push('.');
                self.word(word);
            }
            StepKind::Values => self.out.push_str(".*"),
            StepKind::Promise => self.out.push('!'),
            StepKind::Header(word) => {
                self.out.push('@');
                self.word(word);
            }
            StepKind::Index(at) => self.out.push_str(&format!("[{at}]")),
            StepKind::Slice(from, to) => {
                let shown = |n: &Option<i32>| n.map(|n| n.to_string()).unwrap_or_default();
                self.out
                    .push_str(&format!("[{}:{}]", shown(from), shown(to)));
            }
            StepKind::On(word) => {
                self.out.push_str("[on ");
                self.word(word);
                self.out.push(']');
            }
            StepKind::Join { keys, every } => {
                self.out.push('[');
                for (i, Key { field, equals, .. }) in keys.iter().enumerate() {
                    if i > 0 {
                        self.out.push_str(", ");
                    }
                    for (j, word) in field.iter().enumerate() {
                        if j > 0 {
                            self.out.push('.');
                        }
                        self.word(word);
                    }
                    self.out.push_str(" = ");
                    match equals {
                        Operand::Path(path) => self.path(path),
                        Operand::Literal(literal) => self.out.push_str(&literal.json),
                    }
                }
                self.out.push_str(if *every { "][]" } else { "]" });
            }
        }
    }

    /// Quoted unless it is a plain name.
    fn word(&mut self, word: &Word) {
        if crate::spec::is_name(&word.text) {
            self.out.push_str(&word.text);
        } else {
            let quoted = serde_json::Value::String(word.text.clone()).to_string();
            self.out.push_str(&quoted);
        }
    }
}
