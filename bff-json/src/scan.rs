//! Reads JSON by place: each method takes where something starts and gives where it ends.
//!
//! In comes a body whole; out come places, or an [`Error`] with the offset. Nothing is decoded, nothing allocated; strings
//! and numbers are checked where they are read ([`Scanner::string`], [`Scanner::number`], [`Scanner::whole`]) and, depending on the
//! [`Mode`], only delimited where they are skipped ([`Scanner::skip`]). What is open at once is bounded by [`Options::depth`]
//! without recursion.

mod whole;

use crate::error::{Error, ErrorKind};
use crate::options::{MAX_BYTES, MAX_DEPTH, Mode, Options};
use crate::simd::{self, Level};

/// A body and how to read it.
#[derive(Debug, Clone, Copy)]
pub struct Scanner<'s> {
    src: &'s [u8],
    mode: Mode,
    level: Level,
    depth: usize,
}

impl<'s> Scanner<'s> {
    /// # Errors
    ///
    /// [`ErrorKind::TooLong`] for 2^30 bytes or more.
    pub fn new(src: &'s [u8], options: &Options) -> Result<Scanner<'s>, Error> {
        if src.len() > MAX_BYTES {
            return Err(Error::new(ErrorKind::TooLong, MAX_BYTES));
        }
        Ok(Scanner {
            src,
            mode: options.mode,
            level: Level::of(options.engine),
            depth: usize::from(options.depth.min(MAX_DEPTH)),
        })
    }

    /// The body.
    #[inline]
    #[must_use]
    pub fn source(&self) -> &'s [u8] {
        self.src
    }

    /// The byte at a place; 0, which no JSON holds outside strings, at the end.
    #[inline(always)]
    #[must_use]
    pub fn byte(&self, at: usize) -> u8 {
        self.src.get(at).copied().unwrap_or(0)
    }

    /// The first place from `at` on that is no whitespace.
    #[inline(always)]
    #[must_use]
    pub fn blank(&self, at: usize) -> usize {
        if self.byte(at) > b' ' {
            at
        } else {
            simd::blank(self.src, at)
        }
    }

    /// That nothing but whitespace follows.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TrailingBytes`]
    pub fn finish(&self, at: usize) -> Result<(), Error> {
        match self.blank(at) {
            end if end >= self.src.len() => Ok(()),
            more => Err(Error::new(ErrorKind::TrailingBytes, more)),
        }
    }

    /// That one more object or list may be open, where `depth` are.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooDeep`]
    #[inline]
    pub fn enter(&self, at: usize, depth: usize) -> Result<usize, Error> {
        if depth >= self.depth {
            return Err(Error::new(ErrorKind::TooDeep, at));
        }
        Ok(depth + 1)
    }

    /// The error of a byte that can't stand at a place, or of the end there.
    #[cold]
    #[must_use]
    pub fn unexpected(&self, at: usize) -> Error {
        let kind = if at >= self.src.len() {
            ErrorKind::UnexpectedEnd
        } else {
            ErrorKind::UnexpectedByte
        };
        Error::new(kind, at.min(self.src.len()))
    }

    /// The string whose opening quote is at `at`, checked in full; gives the place after its closing quote.
    ///
    /// # Errors
    ///
    /// The string doesn't end, or holds what RFC 8259 or UTF-8 doesn't allow. Escaped lone surrogates are allowed.
    #[inline]
    pub fn string(&self, at: usize) -> Result<usize, Error> {
        let stop = simd::plain(self.src, at + 1);
        if self.byte(stop) == b'"' {
            return Ok(stop + 1);
        }
        self.rich_string(at, stop)
    }

    /// The rest of a string from its first byte that isn't plain.
    fn rich_string(&self, at: usize, mut stop: usize) -> Result<usize, Error> {
        let mut ascii = true;
        loop {
            match self.byte(stop) {
                b'"' => break,
                b'\\' if ascii => stop = simd::plain(self.src, self.escape(stop)?),
                b'\\' => stop = simd::text(self.src, self.escape(stop)?),
                0x80.. => {
                    ascii = false;
                    stop = simd::text(self.src, stop + 1);
                }
                _ if stop >= self.src.len() => return Err(self.unexpected(stop)),
                _ => return Err(Error::new(ErrorKind::ControlCharacter, stop)),
            }
        }
        if !ascii {
            let text = self.src.get(at + 1..stop).unwrap_or_default();
            if let Err(error) = std::str::from_utf8(text) {
                let offset = at + 1 + error.valid_up_to();
                return Err(Error::new(ErrorKind::InvalidUtf8, offset));
            }
        }
        Ok(stop + 1)
    }

    /// The escape whose backslash is at `at`; gives the place after it.
    fn escape(&self, at: usize) -> Result<usize, Error> {
        match self.byte(at + 1) {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(at + 2),
            b'u' => match (2..6).find(|&digit| !self.byte(at + digit).is_ascii_hexdigit()) {
                None => Ok(at + 6),
                Some(digit) if at + digit >= self.src.len() => Err(self.unexpected(at + digit)),
                Some(_) => Err(Error::new(ErrorKind::InvalidEscape, at)),
            },
            _ if at + 1 >= self.src.len() => Err(self.unexpected(at + 1)),
            _ => Err(Error::new(ErrorKind::InvalidEscape, at)),
        }
    }

    /// The number at `at`, checked in full; gives the place after it, and whether it has neither fraction nor exponent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidNumber`]
    #[inline]
    pub fn number(&self, at: usize) -> Result<(usize, bool), Error> {
        let first = at + usize::from(self.byte(at) == b'-');
        let mut end = match self.byte(first) {
            b'0' => first + 1,
            b'1'..=b'9' => self.digits(first + 1),
            _ => return Err(self.broken_number(first)),
        };
        let mut integer = true;
        if self.byte(end) == b'.' {
            integer = false;
            let digits = end + 1;
            end = self.digits(digits);
            if end == digits {
                return Err(self.broken_number(end));
            }
        }
        if self.byte(end) | 0x20 == b'e' {
            integer = false;
            let sign = end + 1;
            let digits = sign + usize::from(matches!(self.byte(sign), b'+' | b'-'));
            end = self.digits(digits);
            if end == digits {
                return Err(self.broken_number(end));
            }
        }
        Ok((end, integer))
    }

    #[inline(always)]
    fn digits(&self, mut at: usize) -> usize {
        while self.byte(at).is_ascii_digit() {
            at += 1;
        }
        at
    }

    #[cold]
    fn broken_number(&self, at: usize) -> Error {
        match self.unexpected(at) {
            Error {
                kind: ErrorKind::UnexpectedByte,
                offset,
            } => Error::new(ErrorKind::InvalidNumber, offset),
            end => end,
        }
    }

    /// `true`, `false` or `null` at `at`; gives the place after it.
    ///
    /// # Errors
    ///
    /// Something else is there.
    #[inline]
    pub fn literal(&self, at: usize) -> Result<usize, Error> {
        let rest = self.src.get(at..).unwrap_or_default();
        let long = usize::from(self.byte(at) == b'f');
        let right = match rest.first_chunk::<4>() {
            Some(b"null" | b"true") => true,
            Some(b"fals") => self.byte(at + 4) == b'e',
            _ => false,
        };
        if right {
            Ok(at + 4 + long)
        } else {
            Err(self.broken_literal(at))
        }
    }

    #[cold]
    fn broken_literal(&self, at: usize) -> Error {
        let word = match self.byte(at) {
            b'n' => "null",
            b't' => "true",
            b'f' => "false",
            _ => return self.unexpected(at),
        };
        let right = (0..word.len())
            .take_while(|&i| self.src.get(at + i) == word.as_bytes().get(i))
            .count();
        self.unexpected(at + right)
    }

    /// The value at `at`, checked as far as the mode asks; `depth` objects and lists are open around it. Gives the
    /// place after it.
    ///
    /// # Errors
    ///
    /// Whatever is noticed.
    #[inline]
    pub fn skip(&self, at: usize, depth: usize) -> Result<usize, Error> {
        if self.mode == Mode::Strict {
            return self.whole(at, depth);
        }
        match self.byte(at) {
            b'"' => match simd::string_end(self.level, self.src, at + 1) {
                Some(quote) => Ok(quote + 1),
                None => Err(self.unexpected(self.src.len())),
            },
            b'{' | b'[' => {
                simd::container_end(self.level, self.src, at, self.depth.saturating_sub(depth))
                    .map_err(|(kind, offset)| Error::new(kind, offset))
            }
            b'-' | b'0'..=b'9' => self.number(at).map(|(end, _)| end),
            _ => self.literal(at),
        }
    }

    /// The closing bracket of an open list whose next elements, from the comma at `at` on, are skipped; `depth` objects and lists are
    /// open, the list among them.
    ///
    /// # Errors
    ///
    /// Whatever is noticed.
    pub(crate) fn list_end(&self, at: usize, depth: usize) -> Result<usize, Error> {
        if self.mode != Mode::Strict {
            let nesting = self.depth.saturating_sub(depth) + 1;
            return simd::list_end(self.level, self.src, at, nesting)
                .map(|end| end - 1)
                .map_err(|(kind, offset)| Error::new(kind, offset));
        }
        let mut at = at;
        loop {
            let end = self.whole(self.blank(at + 1), depth)?;
            at = self.blank(end);
            match self.byte(at) {
                b',' => {}
                b']' => return Ok(at),
                b'}' => return Err(Error::new(ErrorKind::MismatchedBracket, at)),
                _ => return Err(self.unexpected(at)),
            }
        }
    }

    /// How many of the first 32 bytes at two places agree; none if there are not so many.
    #[inline(always)]
    pub(crate) fn same(&self, a: usize, b: usize) -> usize {
        simd::same(self.src, a, b)
    }
}
