//! A query's text, read by the grammar of RFC 9535.

use super::{Comparison, Operand, Query, Segment, Selector, Test, Wrong};

/// How deep filters and parentheses may nest.
const MAX_DEPTH: usize = 32;

/// The largest index (RFC 9535, section 2.1: what I-JSON can hold).
const MAX_INDEX: i64 = (1 << 53) - 1;

pub(super) fn query(text: &str) -> Result<Query, Wrong> {
    let mut parser = Parser {
        text,
        at: 0,
        depth: 0,
    };
    if !parser.eat("$") {
        return Err(parser.wrong("a query starts with `$`"));
    }
    let segments = parser.segments()?;
    match parser.rest() {
        "" => Ok(Query {
            absolute: true,
            segments,
        }),
        _ => {
            parser.blank();
            Err(parser.wrong("`.name`, `[…]` or the end belongs here"))
        }
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn eat(&mut self, token: &str) -> bool {
        let there = self.rest().starts_with(token);
        if there {
            self.at += token.len();
        }
        there
    }

    fn blank(&mut self) {
        let rest = self.rest();
        let trimmed = rest.trim_start_matches([' ', '\t', '\n', '\r']);
        self.at += rest.len() - trimmed.len();
    }

    fn expect(&mut self, token: &str) -> Result<(), Wrong> {
        self.blank();
        match self.eat(token) {
            true => Ok(()),
            false => Err(self.wrong(&format!("`{token}` belongs here"))),
        }
    }

    fn wrong(&self, message: &str) -> Wrong {
        Wrong {
            message: message.to_owned(),
            at: self.at,
        }
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Wrong>) -> Result<T, Wrong> {
        if self.depth >= MAX_DEPTH {
            return Err(self.wrong("this nests too deep"));
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn segments(&mut self) -> Result<Vec<Segment>, Wrong> {
        let mut segments = Vec::new();
        loop {
            let before = self.at;
            self.blank();
            let descend = self.eat("..");
            let selectors = if self.eat("[") {
                self.selectors()?
            } else if descend || self.eat(".") {
                vec![self.shorthand()?]
            } else {
                self.at = before;
                return Ok(segments);
            };
            segments.push(Segment { descend, selectors });
        }
    }

    /// `name` or `*` behind a dot.
    fn shorthand(&mut self) -> Result<Selector, Wrong> {
        if self.eat("*") {
            return Ok(Selector::Wildcard);
        }
        let rest = self.rest();
        let first = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii();
        let next = |c: char| first(c) || c.is_ascii_digit();
        let end = rest.find(|c| !next(c)).unwrap_or(rest.len());
        match rest.get(..end) {
            Some(name) if name.starts_with(first) => {
                let name = name.to_owned();
                self.at += end;
                Ok(Selector::Name(name))
            }
            _ => Err(self.wrong("a name or `*` belongs here; others are written `['…']`")),
        }
    }

    fn selectors(&mut self) -> Result<Vec<Selector>, Wrong> {
        let mut selectors = Vec::new();
        loop {
            self.blank();
            selectors.push(self.selector()?);
            self.blank();
            if self.eat("]") {
                return Ok(selectors);
            }
            if !self.eat(",") {
                return Err(self.wrong("`,` or `]` belongs here"));
            }
        }
    }

    fn selector(&mut self) -> Result<Selector, Wrong> {
        match self.peek() {
            Some('"' | '\'') => Ok(Selector::Name(self.string()?)),
            Some('*') => {
                self.at += 1;
                Ok(Selector::Wildcard)
            }
            Some('?') => {
                self.at += 1;
                self.blank();
                Ok(Selector::Filter(self.deeper(Self::any)?))
            }
            Some('-' | '0'..='9' | ':') => self.index_or_slice(),
            _ => Err(self.wrong("a name in quotes, `*`, an index or `?` belongs here")),
        }
    }

    fn index_or_slice(&mut self) -> Result<Selector, Wrong> {
        let start = self.integer()?;
        self.blank();
        if !self.eat(":") {
            return match start {
                Some(index) => Ok(Selector::Index(index)),
                None => Err(self.wrong("an index belongs here")),
            };
        }
        self.blank();
        let end = self.integer()?;
        self.blank();
        let mut step = None;
        if self.eat(":") {
            self.blank();
            step = self.integer()?;
        }
        Ok(Selector::Slice {
            start,
            end,
            step: step.unwrap_or(1),
        })
    }

    fn integer(&mut self) -> Result<Option<i64>, Wrong> {
        let rest = self.rest();
        let sign = usize::from(rest.starts_with('-'));
        let digits = rest.get(sign..).unwrap_or_default();
        let count = digits.len()
            - digits
                .trim_start_matches(|c: char| c.is_ascii_digit())
                .len();
        if count == 0 {
            return match sign {
                0 => Ok(None),
                _ => Err(self.wrong("digits belong behind `-`")),
            };
        }
        let text = rest.get(..sign + count).unwrap_or_default();
        let zeros = digits.starts_with('0') && count > 1 || text == "-0";
        let number = text.parse::<i64>().ok();
        match number.filter(|n| !zeros && (-MAX_INDEX..=MAX_INDEX).contains(n)) {
            Some(number) => {
                self.at += sign + count;
                Ok(Some(number))
            }
            None => Err(self.wrong("this is no index")),
        }
    }

    /// A text in single or double quotes.
    fn string(&mut self) -> Result<String, Wrong> {
        let Some(quote) = self.peek() else {
            return Err(self.wrong("a text in quotes belongs here"));
        };
        self.at += 1;
        let mut text = String::new();
        loop {
            let Some(c) = self.peek() else {
                return Err(self.wrong("the quote isn't closed"));
            };
            if c < ' ' {
                return Err(self.wrong("a control character is written as an escape"));
            }
            self.at += c.len_utf8();
            match c {
                c if c == quote => return Ok(text),
                '\\' => text.push(self.escape(quote)?),
                c => text.push(c),
            }
        }
    }

    fn escape(&mut self, quote: char) -> Result<char, Wrong> {
        let kind = self.peek();
        let c = match kind {
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some(c @ ('/' | '\\')) => c,
            Some(c) if c == quote => c,
            Some('u') => {
                self.at += 1;
                return self.code_point();
            }
            _ => return Err(self.wrong("there is no such escape")),
        };
        self.at += 1;
        Ok(c)
    }

    /// What stands behind `\u`, perhaps two halves of one character.
    fn code_point(&mut self) -> Result<char, Wrong> {
        let first = self.hex()?;
        let code = match first {
            0xD800..=0xDBFF => {
                if !self.eat("\\u") {
                    return Err(self.wrong("this is half a character"));
                }
                let second = self.hex()?;
                if !(0xDC00..=0xDFFF).contains(&second) {
                    return Err(self.wrong("this is half a character"));
                }
                0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)
            }
            code => code,
        };
        char::from_u32(code).ok_or_else(|| self.wrong("this is half a character"))
    }

    fn hex(&mut self) -> Result<u32, Wrong> {
        let digits = self.rest().get(..4).unwrap_or_default();
        let good = digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        let code = u32::from_str_radix(digits, 16).ok().filter(|_| good);
        let code = code.ok_or_else(|| self.wrong("four hexadecimal digits belong here"))?;
        self.at += 4;
        Ok(code)
    }

    fn any(&mut self) -> Result<Test, Wrong> {
        let mut tests = vec![self.all()?];
        loop {
            self.blank();
            if !self.eat("||") {
                break;
            }
            self.blank();
            tests.push(self.all()?);
        }
        Ok(one_or(tests, Test::Any))
    }

    fn all(&mut self) -> Result<Test, Wrong> {
        let mut tests = vec![self.basic()?];
        loop {
            self.blank();
            if !self.eat("&&") {
                break;
            }
            self.blank();
            tests.push(self.basic()?);
        }
        Ok(one_or(tests, Test::All))
    }

    fn basic(&mut self) -> Result<Test, Wrong> {
        if self.eat("!") {
            self.blank();
            if !self.rest().starts_with(['(', '@', '$']) && self.function().is_none() {
                return Err(self.wrong("`(…)`, a query or a function belongs behind `!`"));
            }
            let before = self.at;
            let test = self.deeper(Self::basic)?;
            if matches!(test, Test::Compare(..))
                && !self.text.get(before..).is_some_and(|t| t.starts_with('('))
            {
                return Err(self.wrong("a comparison behind `!` stands in parentheses"));
            }
            return Ok(Test::Not(Box::new(test)));
        }
        if self.eat("(") {
            self.blank();
            let test = self.deeper(Self::any)?;
            self.expect(")")?;
            return Ok(test);
        }
        if let Some(name @ ("match" | "search")) = self.function() {
            let whole = name == "match";
            self.at += name.len() + 1;
            self.blank();
            let text = self.operand()?;
            self.expect(",")?;
            self.blank();
            let at = self.at;
            let pattern = self.operand()?;
            if let Operand::Text(pattern) = &pattern
                && super::select::regex(pattern, whole).is_none()
            {
                let message = format!("`{pattern}` is no regular expression of RFC 9485");
                return Err(Wrong { message, at });
            }
            self.expect(")")?;
            return Ok(Test::Matches {
                whole,
                text,
                pattern,
            });
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Test, Wrong> {
        let at = self.at;
        let left = self.operand_or_query()?;
        self.blank();
        const COMPARISONS: [(&str, Comparison); 6] = [
            ("==", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ];
        let found = COMPARISONS
            .iter()
            .find(|(token, _)| self.rest().starts_with(token));
        let Some((token, comparison)) = found else {
            return match left {
                Operand::Query(query) => Ok(Test::Exists(query)),
                _ => Err(self.wrong("a comparison belongs here")),
            };
        };
        if let Operand::Query(query) = &left
            && !query.is_singular()
            && !self
                .text
                .get(at..)
                .is_some_and(|text| text.starts_with("value("))
        {
            let message = "what is compared is one value: names and indexes alone".to_owned();
            return Err(Wrong { message, at });
        }
        self.at += token.len();
        self.blank();
        let right = self.operand()?;
        Ok(Test::Compare(left, *comparison, right))
    }

    /// A literal, a function, or a query that selects one value at most.
    fn operand(&mut self) -> Result<Operand, Wrong> {
        let at = self.at;
        let operand = self.operand_or_query()?;
        match &operand {
            Operand::Query(query)
                if !query.is_singular()
                    && !self
                        .text
                        .get(at..)
                        .is_some_and(|text| text.starts_with("value(")) =>
            {
                let message = "this is one value: names and indexes alone".to_owned();
                Err(Wrong { message, at })
            }
            _ => Ok(operand),
        }
    }

    fn operand_or_query(&mut self) -> Result<Operand, Wrong> {
        match self.peek() {
            Some('"' | '\'') => return Ok(Operand::Text(self.string()?)),
            Some('@' | '$') => return Ok(Operand::Query(self.query()?)),
            Some('-' | '0'..='9') => return self.number(),
            _ => {}
        }
        if let Some(name) = self.function() {
            self.at += name.len() + 1;
            self.blank();
            let operand = match name {
                "length" => Operand::Length(Box::new(self.deeper(Self::operand)?)),
                "count" => Operand::Count(self.query()?),
                "value" => Operand::Query(self.query()?),
                _ => return Err(self.wrong("this function gives no value to compare")),
            };
            self.expect(")")?;
            return Ok(operand);
        }
        for (word, operand) in [
            ("true", Operand::Boolean(true)),
            ("false", Operand::Boolean(false)),
            ("null", Operand::Null),
        ] {
            if self.eat(word) {
                return Ok(operand);
            }
        }
        Err(self.wrong("a query, a literal or a function belongs here"))
    }

    /// `@…` or `$…`
    fn query(&mut self) -> Result<Query, Wrong> {
        let absolute = self.eat("$");
        if !absolute && !self.eat("@") {
            return Err(self.wrong("a query starts with `@` or `$`"));
        }
        let segments = self.deeper(Self::segments)?;
        Ok(Query { absolute, segments })
    }

    /// The function whose name and parenthesis stand here.
    fn function(&self) -> Option<&'static str> {
        const FUNCTIONS: [&str; 5] = ["length", "count", "match", "search", "value"];
        let called = |name: &str| {
            let rest = self.rest().strip_prefix(name);
            rest.is_some_and(|rest| rest.starts_with('('))
        };
        FUNCTIONS.into_iter().find(|name| called(name))
    }

    fn number(&mut self) -> Result<Operand, Wrong> {
        let rest = self.rest();
        let numeric = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
        let end = rest.find(|c| !numeric(c)).unwrap_or(rest.len());
        let text = rest.get(..end).unwrap_or_default();
        let number: Option<serde_json::Number> = serde_json::from_str(text).ok();
        match number.and_then(|number| number.as_f64()) {
            Some(number) => {
                self.at += end;
                Ok(Operand::Number(number))
            }
            None => Err(self.wrong("this is no number")),
        }
    }
}

impl Query {
    /// Whether it selects one value at most, as its form shows.
    fn is_singular(&self) -> bool {
        self.segments.iter().all(|segment| {
            !segment.descend
                && matches!(
                    segment.selectors.as_slice(),
                    [Selector::Name(_) | Selector::Index(_)]
                )
        })
    }
}

fn one_or(mut tests: Vec<Test>, several: fn(Vec<Test>) -> Test) -> Test {
    match tests.pop() {
        Some(only) if tests.is_empty() => only,
        last => {
            tests.extend(last);
            several(tests)
        }
    }
}
