//! Tokens into the AST: the cursor, what it does after a fault, and the doors.

mod block;
mod call;
mod path;

use super::Text;
use super::ast::{Block, Call, Condition, Literal, LiteralKind, PathValue, Value, Word};
use super::lexer::{self, DEFAULT, Kind, SPREAD, Token};
use crate::diagnostic::{Code, Diagnostic, Place};

/// How deep selections, groups, lists and joins may nest.
const MAX_DEPTH: usize = 48;

/// A `block`: a response's or body's.
pub(crate) fn block(text: &Text<'_>, sink: &mut Vec<Diagnostic>) -> Block {
    Parser::run(text, sink, |p| {
        p.stars_of_the_top();
        p.block(Kind::End, text.place(0, 0))
    })
}

/// A `fragment`: a selection, or a block without braces.
pub(crate) fn fragment(text: &Text<'_>, sink: &mut Vec<Diagnostic>) -> Block {
    Parser::run(text, sink, |p| {
        if p.at_sign('{') {
            match p.selection() {
                Some(selection) => selection.block,
                None => Block::Fields(Vec::new()),
            }
        } else {
            p.block(Kind::End, text.place(0, 0))
        }
    })
}

/// A `call`.
pub(crate) fn call(text: &Text<'_>, sink: &mut Vec<Diagnostic>) -> Option<Call> {
    Parser::run(text, sink, Parser::call)
}

/// A `condition`.
pub(crate) fn condition(text: &Text<'_>, sink: &mut Vec<Diagnostic>) -> Option<Condition> {
    Parser::run(text, sink, Parser::condition)
}

/// The value of a response header: a path, with a default perhaps, or a literal.
pub(crate) fn header_value(text: &Text<'_>, sink: &mut Vec<Diagnostic>) -> Option<Value> {
    Parser::run(text, sink, |p| {
        if let Some(literal) = p.literal() {
            return Some(Value::Literal(literal));
        }
        let path = p.path("a path, or a text quoted twice: `'\"no-store\"'`")?;
        let default = p.default();
        Some(Value::Path(PathValue {
            path,
            select: None,
            default,
        }))
    })
}

struct Parser<'a> {
    text: &'a Text<'a>,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    sink: &'a mut Vec<Diagnostic>,
    /// Takes what is said where the lexer has said something already.
    muted: Diagnostic,
}

impl<'a> Parser<'a> {
    fn run<T>(
        text: &'a Text<'a>,
        sink: &'a mut Vec<Diagnostic>,
        parse: impl FnOnce(&mut Parser<'a>) -> T,
    ) -> T {
        let before = sink.len();
        let tokens = lexer::tokens(text, sink);
        let mut parser = Parser {
            text,
            tokens,
            at: 0,
            depth: 0,
            sink,
            muted: Diagnostic::new(Code::Syntax, text.place(0, 0), String::new()),
        };
        let result = parse(&mut parser);
        if parser.kind() != &Kind::End && parser.sink.len() == before {
            let found = parser.found();
            parser.fault(format!("{found} is one too many")).help =
                Some("nothing more is expected here".into());
        }
        result
    }

    fn token(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead).or(self.tokens.last())
    }

    fn kind(&self) -> &Kind {
        self.token(0).map_or(&Kind::End, |t| &t.kind)
    }

    fn kind_after(&self, ahead: usize) -> &Kind {
        self.token(ahead).map_or(&Kind::End, |t| &t.kind)
    }

    fn at_sign(&self, sign: char) -> bool {
        self.kind() == &Kind::Sign(sign)
    }

    /// Whether the token so far ahead stands right after the one before it.
    fn touches(&self, ahead: usize) -> bool {
        match (self.at + ahead).checked_sub(1) {
            Some(before) => match (self.tokens.get(before), self.tokens.get(before + 1)) {
                (Some(a), Some(b)) => a.end == b.start,
                _ => false,
            },
            None => false,
        }
    }

    /// What stands between the token before and this one, on one line.
    fn gap(&self) -> Option<Place> {
        let start = self.at.checked_sub(1).and_then(|i| self.tokens.get(i))?.end;
        let next = self.token(0).filter(|t| !t.fresh_line)?;
        Some(self.text.place(start, next.start.max(start)))
    }

    /// Whether the token before is a name that stands by itself.
    fn after_name(&self) -> bool {
        let before = |back: usize| self.at.checked_sub(back).and_then(|i| self.tokens.get(i));
        let name = before(1).is_some_and(|t| matches!(t.kind, Kind::Name(_)));
        let alone = before(2).is_none_or(|t| {
            before(1).is_some_and(|name| name.start > t.end || name.fresh_line)
                || matches!(t.kind, Kind::Sign('{' | ','))
        });
        name && alone
    }

    /// The text from one place to another, as it was written; what is quoted keeps its quotes.
    fn written(&self, from: Place, to: Place) -> String {
        let token = |place: Place| {
            self.tokens
                .iter()
                .find(|t| self.text.place(t.start, t.end) == place)
        };
        let range = token(from).zip(token(to)).map(|(a, b)| a.start..b.end);
        range
            .and_then(|range| self.text.text.get(range))
            .unwrap_or_default()
            .to_owned()
    }

    fn start(&self) -> usize {
        self.token(0).map_or(0, |t| t.start)
    }

    /// Where the last token that was taken ends.
    fn end(&self) -> usize {
        self.at
            .checked_sub(1)
            .and_then(|i| self.tokens.get(i))
            .map_or(0, |t| t.end)
    }

    fn place_from(&self, start: usize) -> Place {
        self.text.place(start, self.end().max(start))
    }

    fn here(&self) -> Place {
        let (start, end) = self.token(0).map_or((0, 0), |t| (t.start, t.end));
        if start == end && start > 0 {
            // At the end of the text, point at its last character.
            let trimmed = self.text.text.trim_end().len();
            let last = self
                .text
                .text
                .get(..trimmed)
                .and_then(|t| t.char_indices().next_back());
            return match last {
                Some((at, c)) => self.text.place(at, at + c.len_utf8()),
                None => self.text.place(start, end),
            };
        }
        self.text.place(start, end)
    }

    fn advance(&mut self) {
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
    }

    fn take_sign(&mut self, sign: char) -> bool {
        let is = self.at_sign(sign);
        if is {
            self.advance();
        }
        is
    }

    fn at_name(&self, name: &str) -> bool {
        matches!(self.kind(), Kind::Name(n) if n == name)
    }

    fn at_word(&self) -> bool {
        matches!(self.kind(), Kind::Name(_) | Kind::String(_))
    }

    fn take_word(&mut self) -> Option<Word> {
        let text = match self.kind() {
            Kind::Name(text) | Kind::String(text) => text.clone(),
            _ => return None,
        };
        let place = self.here();
        self.advance();
        Some(Word { text, place })
    }

    /// What the next token is, for people.
    fn found(&self) -> String {
        match self.kind() {
            Kind::End | Kind::Fault => "the end".into(),
            Kind::Sign(SPREAD) => "`...`".into(),
            Kind::Sign(DEFAULT) => "`??`".into(),
            Kind::Sign(sign) => format!("`{sign}`"),
            Kind::Name(name) => format!("`{name}`"),
            Kind::String(text) => format!("{}", serde_json::Value::String(text.clone())),
            Kind::Number(text) => format!("`{text}`"),
        }
    }

    fn fault(&mut self, message: impl Into<String>) -> &mut Diagnostic {
        let place = self.here();
        self.fault_at(place, message)
    }

    fn fault_at(&mut self, place: Place, message: impl Into<String>) -> &mut Diagnostic {
        if self.kind() == &Kind::Fault {
            return &mut self.muted;
        }
        let at = self.sink.len();
        self.sink
            .push(Diagnostic::new(Code::Syntax, place, message));
        &mut self.sink[at]
    }

    /// Reports what was expected.
    fn expected(&mut self, what: &str) {
        let found = self.found();
        self.fault(format!("here stands {found}, where {what} is expected"));
    }

    /// To where an entry may start: past a comma, to a fresh line, or to the bracket that closes.
    fn recover(&mut self) {
        let mut depth = 0usize;
        let first = self.at;
        loop {
            let fresh = self.token(0).is_some_and(|t| t.fresh_line) && self.at != first;
            match self.kind() {
                Kind::End => return,
                Kind::Sign(',') if depth == 0 => {
                    self.advance();
                    return;
                }
                Kind::Sign('{' | '[' | '(') => depth += 1,
                Kind::Sign('}' | ']' | ')') => {
                    if depth == 0 {
                        return;
                    }
                    depth -= 1;
                }
                _ if fresh && depth == 0 => return,
                _ => {}
            }
            self.advance();
        }
    }

    /// One level deeper, if the bound allows; else says so and skips the rest.
    fn enter(&mut self) -> bool {
        if self.depth < MAX_DEPTH {
            self.depth += 1;
            return true;
        }
        self.fault(format!("this is nested more than {MAX_DEPTH} deep"));
        self.at = self.tokens.len().saturating_sub(1);
        false
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }

    /// A literal, if one stands here; `[]` too.
    fn literal(&mut self) -> Option<Literal> {
        let start = self.start();
        let (kind, json) = match self.kind() {
            Kind::String(text) => (
                LiteralKind::String,
                serde_json::Value::String(text.clone()).to_string(),
            ),
            Kind::Number(text) => {
                let whole = !text.contains(['.', 'e', 'E']);
                let kind = if whole {
                    LiteralKind::Integer
                } else {
                    LiteralKind::Number
                };
                (kind, text.clone())
            }
            Kind::Name(name) if name == "true" || name == "false" => {
                (LiteralKind::Boolean, name.clone())
            }
            Kind::Name(name) if name == "null" => (LiteralKind::Null, name.clone()),
            Kind::Sign('[') if self.kind_after(1) == &Kind::Sign(']') => {
                self.advance();
                (LiteralKind::EmptyList, "[]".into())
            }
            _ => return None,
        };
        self.advance();
        Some(Literal {
            kind,
            json,
            place: self.place_from(start),
        })
    }

    /// `?? literal`, if it stands here.
    fn default(&mut self) -> Option<Literal> {
        if !self.take_sign(DEFAULT) {
            return None;
        }
        let literal = self.literal();
        if literal.is_none() {
            self.expected(
                "a literal (a text in double quotes, a number, `true`, `false`, `null`, `[]`)",
            );
        }
        literal
    }
}
