//! Blocks: fields, groups, lists and selections.

use super::super::ast::{Block, Field, PathValue, Selection, Value};
use super::super::lexer::{Kind, SPREAD};
use super::Parser;
use crate::diagnostic::{Code, Diagnostic, Edit, Place};

impl Parser<'_> {
    /// What stands between braces, or is the whole text; stops before `close`. `opened` is where its brace stands.
    pub(super) fn block(&mut self, close: Kind, opened: Place) -> Block {
        if self.take_sign('=') {
            let value = self.value();
            if self.kind() != &close {
                if value.is_some() {
                    let found = self.found();
                    self.fault(format!("after `= value` stands {found}")).help =
                        Some("a block is either `= value` alone, or fields".into());
                }
                while self.kind() != &close && self.kind() != &Kind::End {
                    self.recover();
                    if matches!(self.kind(), Kind::Sign('}' | ']' | ')')) && self.kind() != &close {
                        self.advance();
                    }
                }
            }
            return match value {
                Some(value) => Block::Value(Box::new(value)),
                None => Block::Fields(Vec::new()),
            };
        }
        let mut fields = Vec::new();
        while self.kind() != &close {
            if self.kind() == &Kind::End {
                let end = self.here().after();
                let fault = self.fault_at(opened, "`{` is never closed");
                fault.help = Some("close it with `}`".into());
                // With two open, one place isn't the place of both.
                fault.fix = Some(Edit::likely(end, " }"));
                break;
            }
            if let Kind::Sign(sign @ ('}' | ']' | ')')) = *self.kind() {
                let help = match sign {
                    '}' => "take it out, or open one with `{`",
                    ']' => "take it out, or open one with `[`",
                    _ => "take it out: a selection has no parentheses",
                };
                self.fault(format!("`{sign}` closes nothing")).help = Some(help.into());
                self.advance();
                continue;
            }
            match self.field() {
                Some(field) => {
                    fields.push(field);
                    self.take_sign(',');
                }
                None => self.recover(),
            }
        }
        Block::Fields(fields)
    }

    /// At the top of a response or body nothing has fields that `*` could take: after a path, braces are missing.
    pub(super) fn stars_of_the_top(&mut self) {
        let mut depth = 0usize;
        for at in 1..self.tokens.len() {
            let Some([before, star]) = self.tokens.get(at - 1..=at) else {
                return;
            };
            match star.kind {
                Kind::Sign('{' | '[' | '(') => depth += 1,
                Kind::Sign('}' | ']' | ')') => depth = depth.saturating_sub(1),
                Kind::Sign('*') if depth == 0 && !star.fresh_line && before.end < star.start => {}
                _ => continue,
            }
            if star.kind != Kind::Sign('*') || !matches!(before.kind, Kind::Name(_)) {
                continue;
            }
            let place = self.text.place(star.start, star.end);
            let mut said = Diagnostic::new(Code::Syntax, place, "`*` stands in braces");
            said.help = Some("`{ * }` is every documented field of what stands before it".into());
            said.fix = Some(Edit::sure(place, "{ * }"));
            self.sink.push(said);
            self.tokens.truncate(0);
            return;
        }
    }

    /// `{ block }`
    pub(super) fn selection(&mut self) -> Option<Selection> {
        let start = self.start();
        let opened = self.here();
        if !self.enter() {
            return None;
        }
        self.advance();
        let block = self.block(Kind::Sign('}'), opened);
        self.take_sign('}');
        self.leave();
        Some(Selection {
            block,
            place: self.place_from(start),
        })
    }

    fn field(&mut self) -> Option<Field> {
        let start = self.start();
        match self.kind() {
            Kind::Sign('*') => {
                let place = self.here();
                self.advance();
                Some(Field::All(place))
            }
            Kind::Sign('-') => {
                self.advance();
                match self.take_word() {
                    Some(word) => Some(Field::Except(word)),
                    None => {
                        self.expected("the name of a field to leave out");
                        None
                    }
                }
            }
            Kind::Sign(SPREAD) => {
                self.advance();
                self.spread(start)
            }
            Kind::Name(_) | Kind::String(_) if self.kind_after(1) == &Kind::Sign(':') => {
                let name = self.take_word()?;
                self.advance();
                let value = self.value()?;
                Some(Field::Named { name, value })
            }
            Kind::String(_) => {
                let word = self.take_word()?;
                let json = serde_json::Value::String(word.text.clone());
                self.path_rest(super::super::ast::Start::Plain(word), start)
                    .and_then(|path| self.path_value(path))
                    .map(Field::Path)
                    .or_else(|| {
                        self.expected(&format!("a field (`{json}` is one, `name: {json}` a text)"));
                        None
                    })
            }
            Kind::Name(_) | Kind::Sign('$' | '.') => {
                let path = self.path("a field")?;
                Some(Field::Path(self.path_value(path)?))
            }
            Kind::Sign('[') => {
                let touching_help =
                    "a step stands right after what it steps from: `items[0]`, not `items [0]`";
                let gap = self.gap();
                let fault = self.fault("here stands `[`, where a field is expected");
                fault.help = Some(touching_help.into());
                fault.fix = gap
                    .filter(|gap| gap.start < gap.end)
                    .map(|gap| Edit::sure(gap, ""));
                None
            }
            Kind::Sign('{') => {
                self.fault("here stands `{`, where a field is expected").help = Some(
                    "a selection stands after the path it selects from, a group after a name: `price: { … }`"
                        .into(),
                );
                None
            }
            Kind::Sign('=') => {
                let named = self
                    .after_name()
                    .then(|| self.gap().map(|gap| gap.to(self.here())));
                let fault = self.fault("here stands `=`, where a field is expected");
                fault.help = Some(
                    "a field is named with `:`; `=` makes a value of a whole block, and stands first in it".into(),
                );
                fault.fix = named.flatten().map(|place| Edit::sure(place, ":"));
                None
            }
            Kind::Sign('(') => {
                self.fault("here stands `(`, where a field is expected")
                    .help = Some(
                    "arguments stand with the call, under `calls`; this is what of its answer is taken".into(),
                );
                None
            }
            Kind::Sign(':') => {
                self.fault("here stands `:`, where a field is expected")
                    .help = Some(
                    "one name stands before `:`, quoted if it is no plain one: `\"a.b\": value`"
                        .into(),
                );
                None
            }
            Kind::Number(text) => {
                let text = text.clone();
                self.fault(format!("here stands `{text}`, where a field is expected"))
                    .help = Some(format!("a literal needs a name: `name: {text}`"));
                None
            }
            _ => {
                self.expected("a field");
                None
            }
        }
    }

    fn spread(&mut self, start: usize) -> Option<Field> {
        let variant_next = matches!(self.kind_after(1), Kind::Name(_) | Kind::String(_));
        if self.at_name("on") && variant_next && !self.touches(1) {
            self.advance();
            let variant = self.take_word()?;
            if !self.at_sign('{') {
                self.expected(&format!(
                    "the selection of the variant's fields (`...on {} {{ … }}`)",
                    variant.text
                ));
                return None;
            }
            let select = self.selection()?;
            return Some(Field::On { variant, select });
        }
        let path = self.path("a fragment's name or a path to an object")?;
        let select = if self.at_sign('{') {
            Some(self.selection()?)
        } else {
            None
        };
        Some(Field::Spread {
            path,
            select,
            place: self.place_from(start),
        })
    }

    /// The selection and default after a path.
    fn path_value(&mut self, path: super::super::ast::Path) -> Option<PathValue> {
        let select = if self.at_sign('{') {
            Some(self.selection()?)
        } else {
            None
        };
        let default = self.default();
        Some(PathValue {
            path,
            select,
            default,
        })
    }

    /// A value.
    pub(super) fn value(&mut self) -> Option<Value> {
        let start = self.start();
        if let Some(literal) = self.literal() {
            return Some(Value::Literal(literal));
        }
        match self.kind() {
            Kind::Sign('{') => self.selection().map(Value::Group),
            Kind::Sign('[') => self.list(start),
            Kind::Name(_) | Kind::Sign('$' | '.') => {
                let path = self.path("a value")?;
                self.path_value(path).map(Value::Path)
            }
            Kind::Sign(SPREAD) => {
                self.fault("here stands `...`, where a value is expected")
                    .help = Some("a spread stands among fields: `name: { ...path }`".into());
                None
            }
            _ => {
                self.expected("a value");
                None
            }
        }
    }

    fn list(&mut self, start: usize) -> Option<Value> {
        if !self.enter() {
            return None;
        }
        let opened = self.here();
        self.advance();
        let mut values = Vec::new();
        loop {
            match self.value() {
                Some(value) => values.push(value),
                None => {
                    self.recover();
                    if !self.at_sign(']') {
                        self.leave();
                        return None;
                    }
                }
            }
            if self.take_sign(']') {
                break;
            }
            if self.kind() == &Kind::End {
                self.fault_at(opened, "`[` is never closed").help =
                    Some("close it with `]`".into());
                self.leave();
                return None;
            }
            self.take_sign(',');
            if self.take_sign(']') {
                break;
            }
        }
        self.leave();
        Some(Value::List(values, self.place_from(start)))
    }
}
