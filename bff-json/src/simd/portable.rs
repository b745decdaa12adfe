//! The twins of the vector routines, for every processor: the same answers, a byte or a few at a time.

use super::Fault;
use crate::error::ErrorKind;

/// The first place from `at` on of a quote, a backslash, a control character or a byte above ASCII.
pub(crate) fn plain(src: &[u8], at: usize) -> usize {
    run(src, at, |b| {
        b == b'"' || b == b'\\' || !(0x20..0x80).contains(&b)
    })
}

/// The first place from `at` on of a quote, a backslash or a control character.
pub(crate) fn text(src: &[u8], at: usize) -> usize {
    run(src, at, |b| b == b'"' || b == b'\\' || b < 0x20)
}

fn run(src: &[u8], at: usize, stop: impl Fn(u8) -> bool) -> usize {
    let rest = src.get(at..).unwrap_or_default();
    at + rest.iter().position(|&b| stop(b)).unwrap_or(rest.len())
}

/// The first place from `at` on that is no whitespace.
pub(crate) fn blank(src: &[u8], at: usize) -> usize {
    run(src, at, |b| !matches!(b, b' ' | b'\n' | b'\r' | b'\t'))
}

/// How many of the first 32 bytes at two places agree; none if there are not so many.
pub(crate) fn same(src: &[u8], a: usize, b: usize) -> usize {
    let bytes = |at: usize| src.get(at..)?.first_chunk::<32>();
    match (bytes(a), bytes(b)) {
        (Some(a), Some(b)) => a.iter().zip(b).take_while(|(a, b)| a == b).count(),
        _ => 0,
    }
}

/// The place of the quote that ends the string whose text starts at `at`.
pub(crate) fn string_end(src: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let rest = src.get(at..)?;
        let stop = at + memchr::memchr2(b'"', b'\\', rest)?;
        if src.get(stop) == Some(&b'"') {
            return Some(stop);
        }
        at = stop + 2;
    }
}

/// The place after the bracket that closes the object or list starting at `at`, with at most `nesting` open at once; or that
/// closes the outermost of so many `lists` which are open there.
pub(crate) fn container_end(
    src: &[u8],
    at: usize,
    nesting: usize,
    lists: usize,
) -> Result<usize, Fault> {
    // A list's bit is 0.
    let mut open = [0u64; crate::options::MAX_DEPTH as usize / 64];
    let mut depth = lists;
    let mut at = at;
    while let Some(&byte) = src.get(at) {
        match byte {
            b'"' => {
                at = string_end(src, at + 1).ok_or((ErrorKind::UnexpectedEnd, src.len()))?;
            }
            b'{' | b'[' => {
                let Some(word) = open.get_mut(depth / 64) else {
                    return Err((ErrorKind::TooDeep, at));
                };
                if depth >= nesting {
                    return Err((ErrorKind::TooDeep, at));
                }
                let bit = 1 << (depth % 64);
                *word = if byte == b'{' {
                    *word | bit
                } else {
                    *word & !bit
                };
                depth += 1;
            }
            b'}' | b']' => {
                depth -= 1;
                let word = open.get(depth / 64).copied().unwrap_or(0);
                let object = word >> (depth % 64) & 1 == 1;
                if object != (byte == b'}') {
                    return Err((ErrorKind::MismatchedBracket, at));
                }
                if depth == 0 {
                    return Ok(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
    Err((ErrorKind::UnexpectedEnd, src.len()))
}
