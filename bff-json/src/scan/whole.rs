//! One value checked in full, without recursion: what is open is a stack of bits.

use super::Scanner;
use crate::error::{Error, ErrorKind};
use crate::options::MAX_DEPTH;

/// The kinds of the open objects and lists.
struct Open {
    bits: [u64; MAX_DEPTH as usize / 64],
    depth: usize,
}

impl Open {
    fn push(&mut self, object: bool) -> Option<()> {
        let word = self.bits.get_mut(self.depth / 64)?;
        let bit = 1 << (self.depth % 64);
        *word = if object { *word | bit } else { *word & !bit };
        self.depth += 1;
        Some(())
    }

    /// Whether the innermost one is an object; `None` when nothing is open.
    fn innermost(&self) -> Option<bool> {
        let top = self.depth.checked_sub(1)?;
        Some(self.bits.get(top / 64)? >> (top % 64) & 1 == 1)
    }
}

impl Scanner<'_> {
    /// The value at `at`, checked in full; `depth` objects and lists are open around it. Gives the place after it.
    ///
    /// # Errors
    ///
    /// It is no JSON value, or nested too deeply.
    pub fn whole(&self, at: usize, depth: usize) -> Result<usize, Error> {
        match self.byte(at) {
            b'{' | b'[' => self.whole_container(at, depth),
            _ => self.scalar(at),
        }
    }

    /// The string, number or literal at `at`.
    #[inline]
    fn scalar(&self, at: usize) -> Result<usize, Error> {
        match self.byte(at) {
            b'"' => self.string(at),
            b'-' | b'0'..=b'9' => self.number(at).map(|(end, _)| end),
            _ => self.literal(at),
        }
    }

    fn whole_container(&self, mut at: usize, depth: usize) -> Result<usize, Error> {
        let mut open = Open {
            bits: [0; MAX_DEPTH as usize / 64],
            depth: 0,
        };
        loop {
            // A value starts at `at`.
            let byte = self.byte(at);
            if byte == b'{' || byte == b'[' {
                self.enter(at, depth + open.depth)?;
                open.push(byte == b'{')
                    .ok_or(Error::new(ErrorKind::TooDeep, at))?;
                at = self.blank(at + 1);
                if byte == b'{' && self.byte(at) != b'}' {
                    at = self.name(at)?;
                    continue;
                }
                if byte == b'[' && self.byte(at) != b']' {
                    continue;
                }
            } else {
                at = self.blank(self.scalar(at)?);
            }
            // A value ended, or an empty object or list is about to.
            loop {
                let Some(object) = open.innermost() else {
                    return Ok(at);
                };
                match self.byte(at) {
                    b',' if object => {
                        at = self.name(self.blank(at + 1))?;
                        break;
                    }
                    b',' => {
                        at = self.blank(at + 1);
                        break;
                    }
                    b'}' | b']' if object != (self.byte(at) == b'}') => {
                        return Err(Error::new(ErrorKind::MismatchedBracket, at));
                    }
                    b'}' | b']' => {
                        open.depth -= 1;
                        if open.depth == 0 {
                            return Ok(at + 1);
                        }
                        at = self.blank(at + 1);
                    }
                    _ => return Err(self.unexpected(at)),
                }
            }
        }
    }

    /// The key at `at` and its colon; gives the place of the value.
    fn name(&self, at: usize) -> Result<usize, Error> {
        if self.byte(at) != b'"' {
            return Err(self.unexpected(at));
        }
        self.colon(self.string(at)?)
    }

    /// The colon after a key that ends at `at`; gives the place of the value.
    ///
    /// # Errors
    ///
    /// Something else is there.
    #[inline(always)]
    pub fn colon(&self, at: usize) -> Result<usize, Error> {
        let at = self.blank(at);
        if self.byte(at) != b':' {
            return Err(self.unexpected(at));
        }
        Ok(self.blank(at + 1))
    }
}
