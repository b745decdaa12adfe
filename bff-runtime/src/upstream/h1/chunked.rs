//! The chunked transfer coding (RFC 9112, 7.1): where data lies between the framing.
//!
//! In: bytes as they come, in any pieces. Out: how much data follows, and the end. Data itself isn't looked at: whoever
//! reads takes exactly so many bytes and comes back. Lines end with CR LF alone, and everything but data is bounded.
//! Trailers are kept for who wants them, as they were sent.

/// The longest chunk size: 16 digits are all that fit 64 bits.
const MOST_DIGITS: u8 = 16;
/// Bytes of extensions and trailers in one body.
const MOST_EXTRA: u16 = 16 * 1024;

/// Reads a chunked body's framing.
#[derive(Debug)]
pub(super) struct Chunked {
    state: State,
    size: u64,
    digits: u8,
    extra: u16,
    /// The trailer section so far, if it is wanted.
    trailers: Option<Vec<u8>>,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// So many bytes of data, at least one.
    Data(u64),
    /// More framing: the input is used up.
    More,
    /// Nothing: the body is whole.
    End,
}

/// What is expected next.
#[derive(Debug, Clone, Copy)]
enum State {
    Size,
    AfterSize,
    Extension,
    SizeLf,
    DataCr,
    DataLf,
    LineStart,
    TrailerName,
    TrailerValue,
    TrailerLf,
    LastLf,
    End,
}

impl Chunked {
    /// Before the first chunk.
    pub(super) fn new() -> Chunked {
        Chunked {
            state: State::Size,
            size: 0,
            digits: 0,
            extra: 0,
            trailers: None,
        }
    }

    /// Before the first chunk; the trailers are kept.
    pub(super) fn with_trailers() -> Chunked {
        Chunked {
            trailers: Some(Vec::new()),
            ..Chunked::new()
        }
    }

    /// The trailer section as it was sent, with the empty line behind it; nothing if it has no fields.
    pub(super) fn trailers(&mut self) -> Option<Vec<u8>> {
        const EMPTY: usize = "\r\n".len();
        self.trailers.take().filter(|text| text.len() > EMPTY)
    }

    /// Reads framing from the start of `input`: how many bytes of it, and what comes after them. After
    /// [`Next::Data`] the next input starts behind that data.
    ///
    /// # Errors
    /// What is wrong with the framing.
    pub(super) fn next(&mut self, input: &[u8]) -> Result<(usize, Next), &'static str> {
        if matches!(self.state, State::End) {
            return Ok((0, Next::End));
        }
        for (at, byte) in input.iter().enumerate() {
            let trailing = matches!(
                self.state,
                State::LineStart
                    | State::TrailerName
                    | State::TrailerValue
                    | State::TrailerLf
                    | State::LastLf
            );
            self.state = self.step(*byte)?;
            if let (true, Some(trailers)) = (trailing, &mut self.trailers) {
                trailers.push(*byte);
            }
            match self.state {
                State::DataCr if self.size > 0 => {
                    let size = std::mem::take(&mut self.size);
                    return Ok((at + 1, Next::Data(size)));
                }
                State::End => return Ok((at + 1, Next::End)),
                _ => {}
            }
        }
        Ok((input.len(), Next::More))
    }

    fn step(&mut self, byte: u8) -> Result<State, &'static str> {
        Ok(match (self.state, byte) {
            (State::Size, byte) if byte.is_ascii_hexdigit() => self.digit(byte)?,
            (State::Size | State::AfterSize, b' ' | b'\t') if self.digits > 0 => {
                self.extra(State::AfterSize)?
            }
            (State::Size | State::AfterSize, b';') if self.digits > 0 => {
                self.extra(State::Extension)?
            }
            (State::Size | State::AfterSize, b'\r') if self.digits > 0 => State::SizeLf,
            (State::Size | State::AfterSize, _) => return Err("a chunk has no size"),
            (State::Extension, b'\r') => State::SizeLf,
            (State::Extension, byte) if is_text(byte) => self.extra(State::Extension)?,
            (State::SizeLf, b'\n') => {
                self.digits = 0;
                if self.size == 0 {
                    State::LineStart
                } else {
                    State::DataCr
                }
            }
            (State::DataCr, b'\r') => State::DataLf,
            (State::DataLf, b'\n') => State::Size,
            (State::DataCr | State::DataLf, _) => return Err("a chunk is longer than its size"),
            (State::LineStart, b'\r') => State::LastLf,
            (State::LineStart | State::TrailerName, byte) if is_token(byte) => {
                self.extra(State::TrailerName)?
            }
            (State::TrailerName, b':') => self.extra(State::TrailerValue)?,
            (State::TrailerValue, b'\r') => State::TrailerLf,
            (State::TrailerValue, byte) if is_text(byte) => self.extra(State::TrailerValue)?,
            (State::TrailerLf, b'\n') => State::LineStart,
            (State::LastLf, b'\n') => State::End,
            _ => return Err("the framing of chunks is broken"),
        })
    }

    fn digit(&mut self, byte: u8) -> Result<State, &'static str> {
        let digit = char::from(byte).to_digit(16).unwrap_or_default();
        self.digits += 1;
        if self.digits > MOST_DIGITS {
            return Err("a chunk's size has too many digits");
        }
        self.size = self.size << 4 | u64::from(digit);
        Ok(State::Size)
    }

    fn extra(&mut self, next: State) -> Result<State, &'static str> {
        self.extra += 1;
        if self.extra > MOST_EXTRA {
            return Err("there is more around the chunks than is read");
        }
        Ok(next)
    }
}

/// What a line may hold besides its end (RFC 9110, 5.5).
fn is_text(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}

/// What a name is made of (RFC 9110, 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Data, and what follows it.
    type Whole = (Vec<u8>, Vec<u8>);

    /// The data of a chunked body that comes in pieces, and what follows it; `None` if it isn't whole.
    fn decode<'a>(
        pieces: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Option<Whole>, &'static str> {
        let (mut chunked, mut data, mut due, mut rest) = (Chunked::new(), Vec::new(), 0_u64, None);
        for mut piece in pieces {
            while !piece.is_empty() {
                if let Some(rest) = &mut rest {
                    Vec::extend_from_slice(rest, piece);
                    break;
                }
                let taken = usize::try_from(due).map_or(piece.len(), |due| due.min(piece.len()));
                data.extend_from_slice(&piece[..taken]);
                due -= taken as u64;
                piece = &piece[taken..];
                if due == 0 {
                    let (used, next) = chunked.next(piece)?;
                    piece = &piece[used..];
                    match next {
                        Next::Data(size) => due = size,
                        Next::More => {}
                        Next::End => rest = Some(Vec::new()),
                    }
                }
            }
        }
        Ok(rest.map(|rest| (data, rest)))
    }

    #[test]
    fn framing() {
        let whole = |data: &str, rest: &str| Ok(Some((data.into(), rest.into())));
        let extension = "x".repeat(usize::from(MOST_EXTRA));
        let cases: &[(&str, Result<Option<Whole>, ()>)] = &[
            ("0\r\n\r\n", whole("", "")),
            ("3\r\nabc\r\n0\r\n\r\n", whole("abc", "")),
            (
                "3\r\nabc\r\nA\r\n0123456789\r\n000\r\n\r\nrest",
                whole("abc0123456789", "rest"),
            ),
            ("1;a=b;c=\"d\" \t\r\nx\r\n0;e\r\n\r\n", whole("x", "")),
            ("1 \t;a\r\nx\r\n0 \r\n\r\n", whole("x", "")),
            ("0000000000000001\r\nx\r\n0\r\n\r\n", whole("x", "")),
            ("1\r\nx\r\n0\r\nx-sum: a b\r\ny:\r\n\r\n", whole("x", "")),
            ("1\r\n\r\r\n0\r\n\r\n", whole("\r", "")),
            ("", Ok(None)),
            ("3\r\nab", Ok(None)),
            ("3\r\nabc\r\n", Ok(None)),
            ("3\r\nabc\r\n0\r\n", Ok(None)),
            ("3\r\nabc\r\n0\r\n\r", Ok(None)),
            ("ffffffffffffffff\r\nabc", Ok(None)),
            ("00000000000000001\r\nx\r\n0\r\n\r\n", Err(())),
            ("10000000000000000\r\nx", Err(())),
            ("\r\n", Err(())),
            (" 1\r\nx", Err(())),
            ("-1\r\nx", Err(())),
            ("+1\r\nx", Err(())),
            ("0x1\r\nx", Err(())),
            (";a\r\n", Err(())),
            ("1\nx\n0\n\n", Err(())),
            ("1\r\nx\n0\r\n\r\n", Err(())),
            ("1\rx", Err(())),
            ("1;a\nx", Err(())),
            ("1;a\0\r\nx", Err(())),
            ("1\r\nxy\r\n0\r\n\r\n", Err(())),
            ("2\r\nx\r\n0\r\n\r\n", Err(())),
            ("0\r\n folded: x\r\n\r\n", Err(())),
            ("0\r\nnameless\r\n\r\n", Err(())),
            ("0\r\n: x\r\n\r\n", Err(())),
            ("0\r\na b: x\r\n\r\n", Err(())),
            ("0\r\na: x\n\r\n", Err(())),
            ("0\r\n\rx", Err(())),
            (&format!("1;{extension}\r\nx"), Err(())),
            (&format!("0\r\na:{extension}\r\n\r\n"), Err(())),
        ];
        for (bytes, want) in cases {
            let whole = decode([bytes.as_bytes()]).map_err(|_| ());
            assert_eq!(whole, *want, "{bytes:?}");
            let trickled = decode(bytes.as_bytes().chunks(1)).map_err(|_| ());
            assert_eq!(trickled, *want, "{bytes:?}, byte by byte");
        }
    }

    proptest! {
        #[test]
        fn what_is_framed_comes_back(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..8),
            rest in prop::collection::vec(any::<u8>(), 0..8),
            size in 1..20_usize,
        ) {
            let mut bytes = Vec::new();
            for chunk in &chunks {
                bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                bytes.extend_from_slice(chunk);
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(b"0\r\n\r\n");
            bytes.extend_from_slice(&rest);
            prop_assert_eq!(decode(bytes.chunks(size)), Ok(Some((chunks.concat(), rest))));
        }

        #[test]
        fn pieces_make_no_difference(
            bytes in prop::collection::vec(prop::sample::select(b"01a;: x\r\n\n\t\0".to_vec()), 0..60),
            size in 1..20_usize,
        ) {
            prop_assert_eq!(decode(bytes.chunks(size)), decode([&bytes[..]]));
        }
    }
}
