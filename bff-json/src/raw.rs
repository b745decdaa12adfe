//! One captured value: its JSON text and what it means.

use std::borrow::Cow;

use crate::shape::Kinds;
use crate::text::unescape;

/// The JSON text of a captured value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raw<'a> {
    json: &'a [u8],
}

/// The kind of a JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean,
    /// A number without fraction and exponent.
    Integer,
    /// Another number.
    Number,
    /// A string.
    String,
    /// An object.
    Object,
    /// A list.
    List,
}

impl<'a> Raw<'a> {
    /// `json` is checked JSON text of one value, without whitespace around it.
    pub(crate) fn new(json: &'a [u8]) -> Raw<'a> {
        Raw { json }
    }

    /// What kind of value it is, by its first byte and, for numbers, what follows.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.json.first() {
            Some(b'"') => Kind::String,
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::List,
            Some(b't' | b'f') => Kind::Boolean,
            Some(b'-' | b'0'..=b'9')
                if self.json.iter().any(|b| matches!(b, b'.' | b'e' | b'E')) =>
            {
                Kind::Number
            }
            Some(b'-' | b'0'..=b'9') => Kind::Integer,
            _ => Kind::Null,
        }
    }

    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.json.first() == Some(&b'n')
    }

    /// The text as captured. Of an object or list that was visited, not captured, it is only the opening bracket.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.json
    }

    /// The text as captured, as UTF-8.
    #[must_use]
    pub fn json(&self) -> &'a str {
        // Captured text is checked UTF-8; the empty text never comes out of it.
        std::str::from_utf8(self.json).unwrap_or_default()
    }

    /// What a string says, unescaped; of any other value, its JSON text. Escaped lone surrogates become U+FFFD.
    #[must_use]
    pub fn text(&self) -> Cow<'a, str> {
        match self.plain() {
            Cow::Borrowed(text) => String::from_utf8_lossy(text),
            Cow::Owned(text) => Cow::Owned(String::from_utf8(text).unwrap_or_default()),
        }
    }

    /// The same as bytes.
    pub(crate) fn plain(&self) -> Cow<'a, [u8]> {
        match self.json {
            [b'"', inside @ .., b'"'] => unescape(inside),
            other => Cow::Borrowed(other),
        }
    }

    /// What two values are compared by: integers and strings as text, so `7` equals `"7"`. `None` for what equals nothing:
    /// null, objects and lists.
    pub(crate) fn comparable(&self) -> Option<(bool, Cow<'a, [u8]>)> {
        match self.json.first()? {
            b'n' | b'{' | b'[' => None,
            b't' | b'f' => Some((true, Cow::Borrowed(self.json))),
            _ => Some((false, self.plain())),
        }
    }

    /// The kind as a set to be looked up in what a contract promises.
    pub(crate) fn kinds(&self) -> Kinds {
        match self.kind() {
            Kind::Null => Kinds::NULL,
            Kind::Boolean => Kinds::BOOLEAN,
            Kind::Integer => Kinds::INTEGER,
            Kind::Number => Kinds::FRACTION,
            Kind::String => Kinds::STRING,
            Kind::Object => Kinds::OBJECT,
            Kind::List => Kinds::LIST,
        }
    }
}
