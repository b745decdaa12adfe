//! Text into tokens. A fault gives a diagnostic and the best guess of what was meant; nothing stops.

use super::Text;
use crate::diagnostic::{Code, Diagnostic, Edit};

/// A token and where it stands in the text.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Whether a line ended before it.
    pub(crate) fresh_line: bool,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Name(String),
    /// Unescaped.
    String(String),
    /// JSON text.
    Number(String),
    /// One of `{}[](),:=.$*-!@`, or `…` for `...`, or `?` for `??`.
    Sign(char),
    /// What makes no token, and was reported.
    Fault,
    End,
}

/// The sign for `...`.
pub(crate) const SPREAD: char = '…';
/// The sign for `??`.
pub(crate) const DEFAULT: char = '?';

/// All tokens; the last is [`Kind::End`].
pub(crate) fn tokens(text: &Text<'_>, sink: &mut Vec<Diagnostic>) -> Vec<Token> {
    let mut lexer = Lexer {
        text,
        bytes: text.text.as_bytes(),
        at: 0,
        sink,
    };
    let mut tokens = Vec::new();
    loop {
        let fresh_line = lexer.skip_blank();
        let start = lexer.at;
        let kind = lexer.next();
        let last = kind == Kind::End;
        tokens.push(Token {
            kind,
            start,
            end: lexer.at,
            fresh_line,
        });
        if last {
            return tokens;
        }
    }
}

struct Lexer<'a> {
    text: &'a Text<'a>,
    bytes: &'a [u8],
    at: usize,
    sink: &'a mut Vec<Diagnostic>,
}

impl Lexer<'_> {
    fn byte(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn slice(&self, start: usize, end: usize) -> &str {
        self.text.text.get(start..end).unwrap_or_default()
    }

    fn report(&mut self, start: usize, end: usize, message: impl Into<String>) -> &mut Diagnostic {
        let at = self.sink.len();
        self.sink.push(Diagnostic::new(
            Code::Syntax,
            self.text.place(start, end),
            message,
        ));
        &mut self.sink[at]
    }

    /// Whether a line ended in what was skipped.
    fn skip_blank(&mut self) -> bool {
        let mut fresh = self.at == 0;
        while let Some(byte) = self.byte(0) {
            match byte {
                b'\n' => fresh = true,
                b' ' | b'\t' | b'\r' => {}
                b'#' => {
                    while self.byte(0).is_some_and(|b| b != b'\n') {
                        self.at += 1;
                    }
                    continue;
                }
                _ => break,
            }
            self.at += 1;
        }
        fresh
    }

    fn next(&mut self) -> Kind {
        let start = self.at;
        let Some(byte) = self.byte(0) else {
            return Kind::End;
        };
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'_' => self.name(start),
            b'0'..=b'9' => self.number(start),
            b'-' if self.byte(1).is_some_and(|b| b.is_ascii_digit()) => self.number(start),
            b'"' | b'\'' => self.string(start, byte),
            b'.' if self.byte(1) == Some(b'.') && self.byte(2) == Some(b'.') => {
                self.at += 3;
                Kind::Sign(SPREAD)
            }
            b'?' if self.byte(1) == Some(b'?') => {
                self.at += 2;
                Kind::Sign(DEFAULT)
            }
            b'{' | b'}' | b'[' | b']' | b'(' | b')' | b',' | b':' | b'=' | b'.' | b'$' | b'*'
            | b'-' | b'!' | b'@' => {
                self.at += 1;
                if byte == b'=' && self.byte(0) == Some(b'=') {
                    self.at += 1;
                    let place = self.text.place(start, start + 2);
                    let diagnostic = self.report(start, start + 2, "`==` is written `=`");
                    diagnostic.help = Some("one `=` asks whether two values are equal".into());
                    diagnostic.fix = Some(Edit::sure(place, "="));
                }
                Kind::Sign(char::from(byte))
            }
            _ => {
                let c = self.slice(start, self.bytes.len()).chars().next();
                self.at += c.map_or(1, char::len_utf8);
                // `&&` is one fault.
                while byte.is_ascii() && self.byte(0) == Some(byte) {
                    self.at += 1;
                }
                let end = self.at;
                let found = self.slice(start, end).to_owned();
                let place = self.text.place(start, end);
                let (help, right) = if byte.is_ascii() {
                    match found.as_str() {
                        ";" => ("fields are separated by a blank, or by `,`", Some(",")),
                        "||" => (
                            "what stands in for null is written `?? \"text\"`",
                            Some("??"),
                        ),
                        _ => (Self::meaning(byte), None),
                    }
                } else {
                    (
                        "names are of letters, digits, `_` and `-`; others are quoted: `\"…\"`",
                        None,
                    )
                };
                let after_value = byte == b'?' && self.is_default();
                let diagnostic = self.report(start, end, format!("`{found}` has no meaning here"));
                diagnostic.help = Some(help.into());
                diagnostic.fix = right.map(|right| Edit::likely(place, right));
                if after_value {
                    diagnostic.fix = Some(Edit::likely(place, "??"));
                }
                Kind::Fault
            }
        }
    }

    /// Whether what comes next can stand in for null.
    fn is_default(&self) -> bool {
        let rest = self.slice(self.at, self.bytes.len()).trim_start();
        rest.starts_with(|c: char| c.is_ascii_digit() || c == '"')
            || ["true", "false", "[]"]
                .iter()
                .any(|word| rest.starts_with(word))
    }

    /// What to write instead of a sign that has no meaning.
    fn meaning(sign: u8) -> &'static str {
        match sign {
            b'?' => {
                "`?` marks a call, at its name; a value that stands in for null is written `?? 0`"
            }
            b'&' | b'|' | b'<' | b'>' => {
                "a condition is a value, or an equality; several are a list under `where`"
            }
            b'+' | b'/' | b'%' => {
                "the language doesn't compute; that is for the upstream or the frontend"
            }
            _ => "quote it, if it is part of a name: `\"…\"`",
        }
    }

    fn name(&mut self, start: usize) -> Kind {
        while self
            .byte(0)
            .is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        {
            self.at += 1;
        }
        Kind::Name(self.slice(start, self.at).to_owned())
    }

    fn number(&mut self, start: usize) -> Kind {
        self.at += usize::from(self.byte(0) == Some(b'-'));
        self.digits();
        if self.byte(0) == Some(b'.') && self.byte(1).is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
            self.digits();
        }
        if matches!(self.byte(0), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(self.byte(1), Some(b'+' | b'-')));
            if self.byte(1 + sign).is_some_and(|b| b.is_ascii_digit()) {
                self.at += 1 + sign;
                self.digits();
            }
        }
        if self
            .byte(0)
            .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        {
            let Kind::Name(word) = self.name(start) else {
                return Kind::Fault;
            };
            self.report(start, self.at, format!("`{word}` starts with a digit"))
                .help = Some(format!("a name that does is quoted: `\"{word}\"`"));
            return Kind::Name(word);
        }
        let text = self.slice(start, self.at).to_owned();
        if serde_json::from_str::<serde_json::Number>(&text).is_err() {
            let end = self.at;
            self.report(
                start,
                end,
                format!("`{text}` is not a number as JSON writes it"),
            )
            .help = Some("no leading zeros; a text is quoted".into());
            return Kind::Number("0".into());
        }
        Kind::Number(text)
    }

    /// `"${…}"`: as other tools put a value into a text.
    fn variable(&mut self, start: usize, end: usize, text: &str) {
        let path = text
            .strip_prefix("${")
            .and_then(|t| t.strip_suffix('}'))
            .filter(|t| t.contains('.') && t.split('.').all(crate::spec::is_name))
            .map(str::to_owned);
        let place = self.text.place(start, end);
        let diagnostic = self.report(start, end, "`${…}` is not read in a text of the language");
        diagnostic.help = Some(match &path {
            Some(path) => format!("a path stands by itself: `{path}`"),
            None => "variables stand in settings, such as an upstream's `url` and `headers`; texts aren't put together".into(),
        });
        diagnostic.fix = path.map(|path| Edit::likely(place, path));
    }

    fn digits(&mut self) {
        while self.byte(0).is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
    }

    fn string(&mut self, start: usize, quote: u8) -> Kind {
        self.at += 1;
        loop {
            match self.byte(0) {
                None | Some(b'\n') => {
                    let end = self.at;
                    self.report(start, end, "a quoted text doesn't end").help =
                        Some(format!("close it with `{}`", char::from(quote)));
                    return Kind::String(self.slice(start + 1, end).trim_end().to_owned());
                }
                Some(b'\\') => self.at = (self.at + 2).min(self.bytes.len()),
                Some(b) if b == quote => break,
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        let end = self.at;
        let inner = self.slice(start + 1, end - 1).to_owned();
        if quote == b'\'' {
            let right = serde_json::Value::String(inner.replace("\\'", "'")).to_string();
            let place = self.text.place(start, end);
            let diagnostic = self.report(start, end, "texts are written in double quotes");
            diagnostic.help = Some(format!("write `{right}`"));
            diagnostic.fix = Some(Edit::sure(place, right));
            return Kind::String(inner);
        }
        if let Ok(text) = serde_json::from_str::<String>(self.slice(start, end)) {
            if text.contains("${") {
                self.variable(start, end, &text);
            }
            return Kind::String(text);
        }
        self.report(start, end, "a quoted text is not one as JSON writes it")
            .help = Some(
            "a backslash stands before `\"`, `\\`, `/`, `b`, `f`, `n`, `r`, `t` or `uXXXX` alone"
                .into(),
        );
        Kind::String(inner)
    }
}
