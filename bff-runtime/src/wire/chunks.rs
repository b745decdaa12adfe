//! A body in chunks (RFC 9112, 7.1): where it ends.

/// The longest size, in digits: far beyond any body, far below what overflows.
const DIGITS: u8 = 15;
/// The longest line behind a size, and the longest trailers.
const LONGEST: u16 = 8 * 1024;

/// What was read of a body, byte by byte.
#[derive(Debug, Clone, Default)]
pub(super) struct Chunks {
    at: At,
    size: u64,
    digits: u8,
    /// How much was spent on what is no data.
    spent: u16,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum At {
    #[default]
    Size,
    Extension,
    SizeEnd,
    Data,
    DataReturn,
    DataEnd,
    TrailerStart,
    Trailer,
    TrailerEnd,
    End,
}

/// What some bytes are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// All of the body.
    More,
    /// Of the body up to here, where it ends.
    End(usize),
    /// Of the body up to here; then comes what can't be. With it bytes that hyper doesn't take there.
    Broken(usize, &'static [u8]),
}

impl Chunks {
    /// Reads on.
    pub(super) fn next(&mut self, bytes: &[u8]) -> Next {
        let mut at = 0;
        while let Some(byte) = bytes.get(at).copied() {
            if self.at == At::Data {
                let left = usize::try_from(self.size).unwrap_or(usize::MAX);
                let part = left.min(bytes.len() - at);
                self.size -= part as u64;
                at += part;
                if self.size == 0 {
                    self.at = At::DataReturn;
                }
                continue;
            }
            let before = self.at;
            let Some(next) = self.step(byte) else {
                let poison = match before {
                    At::SizeEnd | At::DataEnd | At::TrailerEnd | At::End => &b"\0"[..],
                    // hyper reads a trailer up to its carriage return, whatever is in it.
                    At::TrailerStart | At::Trailer => b"\r\0",
                    _ => b"\n",
                };
                return Next::Broken(at, poison);
            };
            at += 1;
            let done = before == At::End;
            self.at = next;
            if done {
                return Next::End(at);
            }
        }
        Next::More
    }

    /// Where a byte that is no data leads, if it may stand there.
    fn step(&mut self, byte: u8) -> Option<At> {
        self.spent = self.spent.checked_add(1).filter(|spent| *spent < LONGEST)?;
        Some(match (self.at, byte) {
            (At::Size, byte) if byte.is_ascii_hexdigit() => {
                self.digits += 1;
                if self.digits > DIGITS {
                    return None;
                }
                let digit = char::from(byte).to_digit(16)?;
                self.size = self.size << 4 | u64::from(digit);
                At::Size
            }
            (At::Size, b';') if self.digits > 0 => At::Extension,
            (At::Size, b'\r') if self.digits > 0 => At::SizeEnd,
            (At::Extension, b'\r') => At::SizeEnd,
            (At::Extension, byte) if is_text(byte) => At::Extension,
            (At::SizeEnd, b'\n') => {
                self.digits = 0;
                self.spent = 0;
                match self.size {
                    0 => At::TrailerStart,
                    _ => At::Data,
                }
            }
            (At::DataReturn, b'\r') => At::DataEnd,
            (At::DataEnd, b'\n') => {
                self.spent = 0;
                At::Size
            }
            (At::TrailerStart, b'\r') => At::End,
            // A line that goes on is a line that two readers split differently.
            (At::TrailerStart, byte) if is_text(byte) && !matches!(byte, b' ' | b'\t') => {
                At::Trailer
            }
            (At::Trailer, b'\r') => At::TrailerEnd,
            (At::Trailer, byte) if is_text(byte) => At::Trailer,
            (At::TrailerEnd, b'\n') => At::TrailerStart,
            (At::End, b'\n') => At::End,
            _ => return None,
        })
    }
}

fn is_text(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_bodies_end() {
        for (text, want) in [
            ("0\r\n\r\nGET", Next::End(5)),
            ("3\r\nabc\r\n0\r\n\r\n", Next::End(13)),
            ("3;a=b\r\nabc\r\n0;x\r\na: b\r\n\r\n!", Next::End(25)),
            ("A\r\n0123456789\r\n", Next::More),
            ("03\r\nab", Next::More),
            ("", Next::More),
            ("3 \r\nabc", Next::Broken(1, b"\n")),
            ("\r\n", Next::Broken(0, b"\n")),
            ("g", Next::Broken(0, b"\n")),
            ("-1\r\n", Next::Broken(0, b"\n")),
            ("0x3\r\n", Next::Broken(1, b"\n")),
            ("3\nabc", Next::Broken(1, b"\n")),
            ("3\rabc", Next::Broken(2, b"\0")),
            ("3;a\nabc", Next::Broken(3, b"\n")),
            ("3;\0", Next::Broken(2, b"\n")),
            ("3\r\nabcd", Next::Broken(6, b"\n")),
            ("3\r\nabc\n", Next::Broken(6, b"\n")),
            ("3\r\nabc\rX", Next::Broken(7, b"\0")),
            ("0\r\n a: b\r\n\r\n", Next::Broken(3, b"\r\0")),
            ("0\r\na: b\n\r\n", Next::Broken(7, b"\r\0")),
            ("0\r\n\rX", Next::Broken(4, b"\0")),
            ("0000000000000003\r\n", Next::Broken(15, b"\n")),
            ("fffffffffffffffff", Next::Broken(15, b"\n")),
        ] {
            let whole = Chunks::default().next(text.as_bytes());
            assert_eq!(whole, want, "{text:?}");
            let mut chunks = Chunks::default();
            let mut parts = Next::More;
            for (at, byte) in text.bytes().enumerate() {
                parts = match chunks.next(&[byte]) {
                    Next::More => continue,
                    Next::End(n) => Next::End(at + n),
                    Next::Broken(n, poison) => Next::Broken(at + n, poison),
                };
                break;
            }
            assert_eq!(parts, want, "{text:?} byte by byte");
        }
    }

    #[test]
    fn what_is_no_data_is_bounded() {
        let long = format!("1;{}", "x".repeat(9000));
        assert!(matches!(
            Chunks::default().next(long.as_bytes()),
            Next::Broken(..)
        ));
        let many = format!("0\r\n{}", "a: b\r\n".repeat(2000));
        assert!(matches!(
            Chunks::default().next(many.as_bytes()),
            Next::Broken(..)
        ));
    }
}
