//! Why bytes were refused, and where.

use std::fmt;

/// A body that is no JSON document, or goes beyond a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Error {
    /// What is wrong.
    pub kind: ErrorKind,
    /// The byte it was noticed at, counted from 0.
    pub offset: usize,
}

/// What is wrong with a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The body ends within a value.
    UnexpectedEnd,
    /// A byte that can't stand here.
    UnexpectedByte,
    /// Something after the document's one value.
    TrailingBytes,
    /// A number that RFC 8259 doesn't allow.
    InvalidNumber,
    /// A backslash with something after it that RFC 8259 doesn't allow.
    InvalidEscape,
    /// An unescaped control character in a string.
    ControlCharacter,
    /// Bytes in a string that are no UTF-8.
    InvalidUtf8,
    /// A closing bracket of the other kind.
    MismatchedBracket,
    /// More nesting than [`crate::Options::depth`] allows.
    TooDeep,
    /// A body of 2^30 bytes or more.
    TooLong,
    /// More captured values than [`crate::Options::max_arena`] allows.
    TooManyValues,
}

impl Error {
    pub(crate) const fn new(kind: ErrorKind, offset: usize) -> Error {
        Error { kind, offset }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.kind, self.offset)
    }
}

impl std::error::Error for Error {}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ErrorKind::UnexpectedEnd => "the JSON ends within a value",
            ErrorKind::UnexpectedByte => "unexpected byte in JSON",
            ErrorKind::TrailingBytes => "bytes after the JSON value",
            ErrorKind::InvalidNumber => "invalid number",
            ErrorKind::InvalidEscape => "invalid escape in a string",
            ErrorKind::ControlCharacter => "unescaped control character in a string",
            ErrorKind::InvalidUtf8 => "invalid UTF-8 in a string",
            ErrorKind::MismatchedBracket => "closing bracket of the wrong kind",
            ErrorKind::TooDeep => "JSON nested too deeply",
            ErrorKind::TooLong => "JSON of a gibibyte or more",
            ErrorKind::TooManyValues => "more values than allowed",
        })
    }
}
