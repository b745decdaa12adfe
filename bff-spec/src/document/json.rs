//! JSON (RFC 8259) straight into the tree: large contracts are JSON, and the YAML parser takes its time over them.

use super::{Data, Dialect, Key, MAX_DEPTH, MAX_NODES, Node, Scalar, Style, keys, map};
use crate::diagnostic::{Code, Diagnostic, FileId, Place};

/// Why a text gave no tree.
pub(super) enum Refused {
    /// It isn't JSON; it may yet be YAML.
    Syntax(Box<Diagnostic>),
    /// It is too deep or too large to be read at all.
    Limit(Box<Diagnostic>),
}

/// Whether a text is worth trying as JSON.
pub(super) fn looks_like_json(text: &str) -> bool {
    text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n'])
        .starts_with(['{', '['])
}

/// Reads a JSON text.
pub(super) fn parse(file: FileId, text: &str) -> Result<(Node, Vec<Diagnostic>), Refused> {
    let mut reader = Reader {
        file,
        text,
        at: if text.starts_with('\u{feff}') { 3 } else { 0 },
        nodes: 0,
        out: Vec::new(),
    };
    let node = reader.value(0)?;
    reader.blank();
    if reader.at < text.len() {
        return Err(reader.unexpected("nothing after the document"));
    }
    Ok((node, reader.out))
}

struct Reader<'a> {
    file: FileId,
    text: &'a str,
    at: usize,
    nodes: usize,
    out: Vec<Diagnostic>,
}

type Read<T> = Result<T, Refused>;

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Read<Node> {
        self.blank();
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let message = format!("more than {MAX_NODES} values");
            return Err(Refused::Limit(self.diagnostic(message)));
        }
        match self.peek() {
            Some(b'{' | b'[') if depth >= MAX_DEPTH => {
                let message = format!("nested deeper than {MAX_DEPTH} levels");
                Err(Refused::Limit(self.diagnostic(message)))
            }
            Some(b'{') => self.map(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => {
                let (text, place) = self.string()?;
                Ok(self.scalar(text, Style::Double, place))
            }
            _ => self.plain(),
        }
    }

    fn map(&mut self, depth: usize) -> Read<Node> {
        let start = self.at;
        self.at += 1;
        let mut entries = Vec::new();
        self.blank();
        if self.peek() != Some(b'}') {
            loop {
                self.blank();
                if self.peek() != Some(b'"') {
                    return Err(self.unexpected("a key in double quotes"));
                }
                let (text, place) = self.string()?;
                self.blank();
                if self.peek() != Some(b':') {
                    return Err(self.unexpected("`:`"));
                }
                self.at += 1;
                let value = self.value(depth + 1)?;
                entries.push((Key { text, place }, value));
                self.blank();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b'}') => break,
                    _ => return Err(self.unexpected("`,` or `}`")),
                }
            }
        }
        self.at += 1;
        let entries = keys::unique(entries, Dialect::Contract, &mut self.out);
        Ok(Node {
            data: Data::Map(entries),
            place: self.place(start, self.at),
        })
    }

    fn list(&mut self, depth: usize) -> Read<Node> {
        let start = self.at;
        self.at += 1;
        let mut items = Vec::new();
        self.blank();
        if self.peek() != Some(b']') {
            loop {
                items.push(self.value(depth + 1)?);
                self.blank();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b']') => break,
                    _ => return Err(self.unexpected("`,` or `]`")),
                }
            }
        }
        self.at += 1;
        Ok(Node {
            data: Data::List(items),
            place: self.place(start, self.at),
        })
    }

    /// A string's text and place, quotes included. Stands at the opening quote.
    fn string(&mut self) -> Read<(String, Place)> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let run = rest
                .bytes()
                .position(|b| b == b'"' || b == b'\\' || b < 0x20)
                .unwrap_or(rest.len());
            text.push_str(rest.get(..run).unwrap_or_default());
            self.at += run;
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => text.push(self.escape()?),
                _ => return Err(self.unexpected("`\"`")),
            }
        }
        self.at += 1;
        Ok((text, self.place(start, self.at)))
    }

    fn escape(&mut self) -> Read<char> {
        self.at += 1;
        let c = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return Err(self.unexpected("an escape")),
        };
        self.at += 1;
        Ok(c)
    }

    /// `\uXXXX`, or two for a character beyond them. Stands at the `u`.
    fn unicode(&mut self) -> Read<char> {
        let first = self.four_digits()?;
        if let Some(c) = char::from_u32(first) {
            return Ok(c);
        }
        let second = match self.text.get(self.at..self.at + 2) {
            Some("\\u") => {
                self.at += 1;
                self.four_digits()?
            }
            _ => 0,
        };
        if !(0xD800..0xDC00).contains(&first) || !(0xDC00..0xE000).contains(&second) {
            return Err(self.unexpected("the other half of a surrogate pair"));
        }
        let c = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        Ok(char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn four_digits(&mut self) -> Read<u32> {
        let digits = self.text.get(self.at + 1..self.at + 5);
        let value = digits
            .filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|d| u32::from_str_radix(d, 16).ok());
        match value {
            Some(value) => {
                self.at += 5;
                Ok(value)
            }
            None => Err(self.unexpected("four hexadecimal digits")),
        }
    }

    /// A number, `true`, `false` or `null`.
    fn plain(&mut self) -> Read<Node> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let width = rest
            .bytes()
            .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.')))
            .unwrap_or(rest.len());
        let word = rest.get(..width).unwrap_or_default();
        if !matches!(word, "true" | "false" | "null") && !is_number(word) {
            return Err(self.unexpected("a value"));
        }
        let place = self.place(self.at, self.at + width);
        self.at += width;
        Ok(self.scalar(word.to_owned(), Style::Plain, place))
    }

    fn scalar(&self, text: String, style: Style, place: Place) -> Node {
        let quotes = if style == Style::Double { 2 } else { 0 };
        let map = if text.len() + quotes == place.range().len() {
            vec![(0, place.start + u32::from(style == Style::Double))]
        } else {
            let raw = self.text.get(place.range()).unwrap_or_default();
            map::pairs(&text, raw, place.start, style)
        };
        Node {
            data: Data::Scalar(Scalar { text, style, map }),
            place,
        }
    }

    fn blank(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        self.at += rest
            .bytes()
            .position(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n'))
            .unwrap_or(rest.len());
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn unexpected(&self, wanted: &str) -> Refused {
        let found = match self.text.get(self.at..).and_then(|s| s.chars().next()) {
            Some(c) if c.is_control() => format!("U+{:04X}", u32::from(c)),
            Some(c) => format!("`{c}`"),
            None => "the end".to_owned(),
        };
        Refused::Syntax(self.diagnostic(format!(
            "this is not JSON: expected {wanted}, found {found}"
        )))
    }

    fn diagnostic(&self, message: String) -> Box<Diagnostic> {
        let width = self
            .text
            .get(self.at..)
            .and_then(|s| s.chars().next())
            .map_or(0, char::len_utf8);
        Box::new(Diagnostic::new(
            Code::Yaml,
            self.place(self.at, self.at + width),
            message,
        ))
    }

    fn place(&self, start: usize, end: usize) -> Place {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Place {
            file: self.file,
            start: offset(start),
            end: offset(end),
        }
    }
}

/// JSON's grammar of numbers.
fn is_number(word: &str) -> bool {
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exponent) = match word.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (word, None),
    };
    let mantissa = mantissa.strip_prefix('-').unwrap_or(mantissa);
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
}
