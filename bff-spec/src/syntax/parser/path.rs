//! Paths, their steps, and the keys of joins.

use super::super::ast::{Condition, Key, Operand, Path, Start, Step, StepKind};
use super::super::lexer::Kind;
use super::Parser;
use crate::diagnostic::{Edit, Place};

impl Parser<'_> {
    /// A path; says what was expected if none stands here.
    pub(super) fn path(&mut self, what: &str) -> Option<Path> {
        let start = self.start();
        let from = match self.kind() {
            Kind::Name(_) => Start::Plain(self.take_word()?),
            Kind::Sign('$') => {
                self.advance();
                if self.at_sign('.') && self.touches(0) {
                    let place = self.text.place(start, start).to(self.here());
                    let right = if self.depth == 0 { "" } else { "$" };
                    let fault = self.fault_at(place, "`$.` has no meaning here");
                    fault.help = Some(
                        "paths start at a call or an input: `name`, and `$name` inside a selection"
                            .into(),
                    );
                    fault.fix = Some(Edit::likely(place, right));
                    return None;
                }
                if !self.at_word() || !self.touches(0) {
                    self.expected("the name of a call or input right after `$`");
                    return None;
                }
                Start::Root(self.take_word()?)
            }
            Kind::Sign('.') if self.kind_after(1) == &Kind::Sign('.') && self.touches(1) => {
                let first = self.here();
                self.advance();
                let place = first.to(self.here());
                let fault = self.fault_at(place, "`..` has no meaning here");
                fault.help = Some("a spread is written `...name`".into());
                fault.fix = Some(Edit::sure(place, "..."));
                return None;
            }
            Kind::Sign('.') => {
                self.advance();
                if self.at_word() && self.touches(0) {
                    Start::Field(self.take_word()?)
                } else {
                    Start::Current
                }
            }
            _ => {
                self.expected(what);
                return None;
            }
        };
        self.path_rest(from, start)
    }

    /// The steps of a path.
    pub(super) fn path_rest(&mut self, from: Start, start: usize) -> Option<Path> {
        let mut steps = Vec::new();
        if matches!(from, Start::Current) && self.at_sign('*') && self.touches(0) {
            let place = self.here();
            self.advance();
            steps.push(Step {
                kind: StepKind::Values,
                place,
            });
        }
        while self.touches(0) {
            let at = self.start();
            let kind = match self.kind() {
                Kind::Sign('.') => {
                    // `.` of a step has its word right after it.
                    if !self.touches(1) {
                        self.advance();
                        self.expected("a field's name right after `.`");
                        return None;
                    }
                    self.advance();
                    if self.take_sign('*') {
                        StepKind::Values
                    } else if let Some(word) = self.take_word() {
                        StepKind::Field(word)
                    } else {
                        let index = match self.kind() {
                            Kind::Number(text) if text.parse::<u32>().is_ok() => Some(text.clone()),
                            _ => None,
                        };
                        let Some(index) = index else {
                            self.expected("a field's name");
                            if self.at_sign('.')
                                && let Some(said) = self.sink.last_mut()
                            {
                                said.help = Some("every step is named: `orders.items.id`".into());
                            }
                            return None;
                        };
                        let place = self.text.place(at, at).to(self.here());
                        let fault = self.fault_at(place, format!("`.{index}` is no field"));
                        fault.help = Some(format!("an element of a list is `[{index}]`"));
                        fault.fix = Some(Edit::sure(place, format!("[{index}]")));
                        return None;
                    }
                }
                Kind::Sign('!') => {
                    self.advance();
                    StepKind::Promise
                }
                Kind::Sign('@') => {
                    self.advance();
                    match self.take_word() {
                        Some(word) => StepKind::Header(word),
                        None => {
                            self.expected("a response header's name right after `@`");
                            return None;
                        }
                    }
                }
                Kind::Sign('[') => match self.bracket() {
                    Some(kind) => kind,
                    None => {
                        self.recover();
                        self.take_sign(']');
                        return None;
                    }
                },
                _ => break,
            };
            steps.push(Step {
                kind,
                place: self.place_from(at),
            });
        }
        Some(Path {
            start: from,
            steps,
            place: self.place_from(start),
            text: self
                .text
                .text
                .get(start..self.end())
                .unwrap_or_default()
                .to_owned(),
        })
    }

    /// `[0]`, `[1:3]`, `[on X]`, `[key = .path]`
    fn bracket(&mut self) -> Option<StepKind> {
        let opened = self.here();
        self.advance();
        let kind = match self.kind() {
            Kind::Number(_) | Kind::Sign(':') => self.index_or_slice()?,
            Kind::Sign(']') => {
                let place = opened.to(self.here());
                let fault = self.fault_at(place, "`[]` picks nothing here");
                fault.help = Some(
                    "a list needs no mark: take it out; `[]` stands after a join for every match: `list[key = .id][]`".into(),
                );
                fault.fix = Some(Edit::sure(place, ""));
                return None;
            }
            Kind::Sign('*') if self.kind_after(1) == &Kind::Sign(']') => {
                self.advance();
                let place = opened.to(self.here());
                let fault = self.fault_at(place, "`[*]` picks nothing here");
                fault.help = Some("a path goes through a list by itself: take it out".into());
                fault.fix = Some(Edit::sure(place, ""));
                return None;
            }
            Kind::Name(name)
                if name == "on" && !matches!(self.kind_after(1), Kind::Sign('=' | '.')) =>
            {
                self.advance();
                match self.take_word() {
                    Some(word) => StepKind::On(word),
                    None => {
                        self.expected("the name of a variant");
                        return None;
                    }
                }
            }
            Kind::Name(_) | Kind::String(_) if self.kind_after(1) == &Kind::Sign(']') => {
                let name = self.take_word()?.text;
                let place = opened.to(self.here());
                let right = format!(".{}", crate::syntax::written(&name));
                let fault = self.fault_at(place, "a field isn't named in brackets");
                fault.help = Some(format!("write `{right}`"));
                fault.fix = Some(Edit::likely(place, right));
                return None;
            }
            Kind::Name(_) | Kind::String(_) => self.join_keys()?,
            _ => {
                self.expected("a place (`0`, `-1`), a slice (`:8`), `on` and a variant, or a join's key (`id = .id`)");
                return None;
            }
        };
        if !self.take_sign(']') {
            if self.kind() == &Kind::End {
                self.fault_at(opened, "`[` is never closed").help =
                    Some("close it with `]`".into());
            } else {
                self.expected("`]`");
            }
            return None;
        }
        if let StepKind::Join { keys, .. } = kind {
            let every =
                self.at_sign('[') && self.touches(0) && self.kind_after(1) == &Kind::Sign(']');
            if every {
                self.advance();
                self.advance();
            }
            return Some(StepKind::Join { keys, every });
        }
        Some(kind)
    }

    fn index_or_slice(&mut self) -> Option<StepKind> {
        let first = self.integer()?;
        if !self.take_sign(':') {
            // `integer` gives nothing only before `:`.
            return Some(StepKind::Index(first.unwrap_or(0)));
        }
        let second = self.integer()?;
        Some(StepKind::Slice(first, second))
    }

    /// A whole number, if one stands here; the outer is none after a fault.
    #[allow(clippy::option_option)]
    fn integer(&mut self) -> Option<Option<i32>> {
        let Kind::Number(text) = self.kind() else {
            return Some(None);
        };
        if let Ok(number) = text.parse::<i32>() {
            self.advance();
            return Some(Some(number));
        }
        let text = text.clone();
        self.fault(format!("`{text}` is no place in a list")).help =
            Some("places are whole numbers from 0 up; negative ones count from the end".into());
        None
    }

    fn join_keys(&mut self) -> Option<StepKind> {
        if !self.enter() {
            return None;
        }
        let mut keys = Vec::new();
        let result = loop {
            let Some(key) = self.join_key() else {
                break None;
            };
            keys.push(key);
            if !self.take_sign(',') && self.at_sign(']') {
                break Some(StepKind::Join { keys, every: false });
            }
            if !self.at_word() {
                self.expected("`,` and a further key, or `]`");
                break None;
            }
        };
        self.leave();
        result
    }

    fn join_key(&mut self) -> Option<Key> {
        let start = self.start();
        let mut field = vec![self.take_word()?];
        while self.at_sign('.') && self.touches(0) {
            self.advance();
            match self.take_word() {
                Some(word) => field.push(word),
                None => {
                    self.expected("a field's name right after `.`");
                    return None;
                }
            }
        }
        if !self.take_sign('=') {
            let name = field.last().map(|w| w.text.clone()).unwrap_or_default();
            self.expected(&format!(
                "`=` and what `{name}` must equal (`{name} = .{name}`)"
            ));
            return None;
        }
        let equals = self.operand()?;
        Some(Key {
            field,
            equals,
            place: self.place_from(start),
        })
    }

    /// A path or literal.
    pub(super) fn operand(&mut self) -> Option<Operand> {
        if let Some(literal) = self.literal() {
            return Some(Operand::Literal(literal));
        }
        self.path("a path or a literal").map(Operand::Path)
    }

    /// `operand [= operand]`
    pub(super) fn condition(&mut self) -> Option<Condition> {
        let start = self.start();
        let left = self.operand()?;
        let right = if self.take_sign('=') {
            Some(self.operand()?)
        } else {
            None
        };
        let place: Place = self.place_from(start);
        Some(Condition {
            left,
            right,
            text: self
                .text
                .text
                .get(start..self.end())
                .unwrap_or_default()
                .to_owned(),
            place,
        })
    }
}
