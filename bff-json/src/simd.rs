//! Finding ends quickly: of strings, of objects and lists, of runs of plain text.
//!
//! Every routine takes the whole source and a place in it, and has a twin in [`portable`] that gives the same
//! answer for the same bytes; a test and a fuzz target hold them equal. SSE2 is part of every x86-64 target, AVX2
//! is found at run time. This is the crate's one file with `unsafe`: loads from arrays whose length the type fixes,
//! calls behind the check that the processor has the instructions, and copies into memory reserved beforehand.
#![allow(unsafe_code)]

pub(crate) mod portable;

use crate::error::ErrorKind;
use crate::options::Engine;

/// What is wrong with a skipped object or list, and where.
pub(crate) type Fault = (ErrorKind, usize);

/// Which routines to use; only [`Level::of`] makes `Avx2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Level(bool);

impl Level {
    /// What the processor allows. The answer is cached by the standard library.
    pub(crate) fn of(engine: Engine) -> Level {
        #[cfg(target_arch = "x86_64")]
        {
            Level(
                engine == Engine::Detect
                    && std::arch::is_x86_feature_detected!("avx2")
                    && std::arch::is_x86_feature_detected!("pclmulqdq"),
            )
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            let _ = engine;
            Level(false)
        }
    }
}

/// See [`portable::string_end`].
#[inline]
pub(crate) fn string_end(level: Level, src: &[u8], at: usize) -> Option<usize> {
    #[cfg(target_arch = "x86_64")]
    if level.0 {
        // SAFETY: a level is true only if AVX2 was detected.
        return unsafe { x86::string_end(src, at) };
    }
    let _ = level;
    portable::string_end(src, at)
}

/// See [`portable::container_end`]. `at` is the place of an opening bracket.
#[inline]
pub(crate) fn container_end(
    level: Level,
    src: &[u8],
    at: usize,
    nesting: usize,
) -> Result<usize, Fault> {
    #[cfg(target_arch = "x86_64")]
    if level.0 {
        if nesting > 0 {
            // SAFETY: a level is true only if AVX2 and PCLMULQDQ were detected.
            let flat = unsafe { x86::flat_end(src, at) };
            if let Some(end) = flat {
                return Ok(end);
            }
        }
        // SAFETY: as above.
        if let Some(end) = unsafe { x86::container_end(src, at, nesting, 0) } {
            return Ok(end);
        }
    }
    let _ = level;
    portable::container_end(src, at, nesting, 0)
}

/// The place after the bracket that closes a list which is open at `at`, outside strings.
#[inline]
pub(crate) fn list_end(
    level: Level,
    src: &[u8],
    at: usize,
    nesting: usize,
) -> Result<usize, Fault> {
    #[cfg(target_arch = "x86_64")]
    if level.0 {
        // SAFETY: a level is true only if AVX2 and PCLMULQDQ were detected.
        if let Some(end) = unsafe { x86::container_end(src, at, nesting, 1) } {
            return Ok(end);
        }
    }
    let _ = level;
    portable::container_end(src, at, nesting, 1)
}

/// Appends a key after a comma, if there is to be one, and its value.
///
/// Both are mostly short: up to 32 bytes are copied as their first and their last bytes, which overlap, without a call.
#[inline(always)]
pub(crate) fn append(out: &mut Vec<u8>, comma: bool, key: &[u8], value: &[u8]) {
    let comma = usize::from(comma);
    // No overflow: neither slice is longer than isize::MAX.
    out.reserve(1 + key.len() + value.len());
    // SAFETY: memory for a comma, the key and the value was reserved after the vector's length, none of them lies in it, and all
    // bytes up to the new length are written: the comma's place by the comma or by the key.
    unsafe {
        let start = out.as_mut_ptr().add(out.len());
        start.write(b',');
        copy(key, start.add(comma));
        copy(value, start.add(comma + key.len()));
        out.set_len(out.len() + comma + key.len() + value.len());
    }
}

/// Copies a slice.
///
/// # Safety
///
/// As many bytes can be written at `to`, and they are not the slice's.
#[inline(always)]
unsafe fn copy(from: &[u8], to: *mut u8) {
    let length = from.len();
    if length <= 32 {
        if let (Some(first), Some(last)) = (from.first_chunk::<16>(), from.last_chunk::<16>()) {
            // SAFETY: there are at least sixteen bytes, and arrays may be written where bytes may.
            unsafe {
                to.cast::<[u8; 16]>().write(*first);
                to.add(length - 16).cast::<[u8; 16]>().write(*last);
            }
            return;
        }
        if let (Some(first), Some(last)) = (from.first_chunk::<8>(), from.last_chunk::<8>()) {
            // SAFETY: there are at least eight.
            unsafe {
                to.cast::<[u8; 8]>().write(*first);
                to.add(length - 8).cast::<[u8; 8]>().write(*last);
            }
            return;
        }
        if let (Some(first), Some(last)) = (from.first_chunk::<4>(), from.last_chunk::<4>()) {
            // SAFETY: there are at least four.
            unsafe {
                to.cast::<[u8; 4]>().write(*first);
                to.add(length - 4).cast::<[u8; 4]>().write(*last);
            }
            return;
        }
    }
    // SAFETY: the caller's.
    unsafe { to.copy_from_nonoverlapping(from.as_ptr(), length) };
}

/// The first routine whose vector form gives another answer than its twin for these bytes from this place on: none. For tests.
#[doc(hidden)]
#[must_use]
pub fn twins_differ(src: &[u8], at: usize) -> Option<&'static str> {
    let level = Level::of(Engine::Detect);
    if plain(src, at) != portable::plain(src, at) {
        return Some("plain");
    }
    if text(src, at) != portable::text(src, at) {
        return Some("text");
    }
    if blank(src, at) != portable::blank(src, at) {
        return Some("blank");
    }
    if string_end(level, src, at) != portable::string_end(src, at) {
        return Some("string_end");
    }
    for other in [0, at / 2, at.saturating_add(7)] {
        if same(src, at, other) != portable::same(src, at, other) {
            return Some("same");
        }
    }
    if matches!(src.get(at), Some(b'{' | b'[')) {
        for nesting in [0, 1, 3, 64, 65, 256] {
            let twin = portable::container_end(src, at, nesting, 0);
            if container_end(level, src, at, nesting) != twin {
                return Some("container_end");
            }
        }
    }
    for nesting in [1, 3, 64, 65, 256] {
        if list_end(level, src, at, nesting) != portable::container_end(src, at, nesting, 1) {
            return Some("list_end");
        }
    }
    None
}

#[cfg(not(target_arch = "x86_64"))]
pub(crate) use portable::{blank, plain, same, text};
#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{blank, plain, same, text};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::portable;
    use std::arch::x86_64::*;

    /// The sixteen bytes from `at` on, if there are so many.
    #[inline(always)]
    fn sixteen(src: &[u8], at: usize) -> Option<__m128i> {
        let bytes = src.get(at..)?.first_chunk::<16>()?;
        // SAFETY: sixteen readable bytes, and the load asks for no alignment.
        Some(unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) })
    }

    #[inline(always)]
    fn mask(bytes: __m128i) -> u32 {
        // SAFETY: SSE2 is part of every x86-64 target.
        unsafe { _mm_movemask_epi8(bytes) }.cast_unsigned()
    }

    /// See [`portable::plain`].
    #[inline(always)]
    pub(crate) fn plain(src: &[u8], mut at: usize) -> usize {
        while let Some(bytes) = sixteen(src, at) {
            // SAFETY: SSE2 is part of every x86-64 target. Compared as signed, bytes above ASCII are below a space too.
            let stops = mask(unsafe {
                _mm_or_si128(
                    _mm_or_si128(
                        _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'"'.cast_signed())),
                        _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'\\'.cast_signed())),
                    ),
                    _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)),
                )
            });
            if stops != 0 {
                return at + stops.trailing_zeros() as usize;
            }
            at += 16;
        }
        portable::plain(src, at)
    }

    /// See [`portable::text`].
    #[inline]
    pub(crate) fn text(src: &[u8], mut at: usize) -> usize {
        while let Some(bytes) = sixteen(src, at) {
            // SAFETY: SSE2 is part of every x86-64 target.
            let stops = mask(unsafe {
                _mm_or_si128(
                    _mm_or_si128(
                        _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'"'.cast_signed())),
                        _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'\\'.cast_signed())),
                    ),
                    _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes),
                )
            });
            if stops != 0 {
                return at + stops.trailing_zeros() as usize;
            }
            at += 16;
        }
        portable::text(src, at)
    }

    /// See [`portable::blank`].
    #[inline]
    pub(crate) fn blank(src: &[u8], mut at: usize) -> usize {
        while let Some(bytes) = sixteen(src, at) {
            // SAFETY: SSE2 is part of every x86-64 target.
            let blanks = mask(unsafe {
                _mm_or_si128(
                    _mm_or_si128(
                        _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b' '.cast_signed())),
                        _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'\n'.cast_signed())),
                    ),
                    _mm_or_si128(
                        _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'\r'.cast_signed())),
                        _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'\t'.cast_signed())),
                    ),
                )
            });
            if blanks != 0xffff {
                return at + (!blanks).trailing_zeros() as usize;
            }
            at += 16;
        }
        portable::blank(src, at)
    }

    /// See [`portable::same`].
    #[inline(always)]
    pub(crate) fn same(src: &[u8], a: usize, b: usize) -> usize {
        // The earlier place has as many bytes after it as the later one.
        if src.len() < 32 || a.max(b) > src.len() - 32 {
            return 0;
        }
        let equal = |offset: usize| {
            // SAFETY: both places have thirty-two bytes after them, the offset is 0 or 16, and the loads ask for no alignment;
            // SSE2 is part of every x86-64 target.
            mask(unsafe {
                _mm_cmpeq_epi8(
                    _mm_loadu_si128(src.as_ptr().add(a + offset).cast()),
                    _mm_loadu_si128(src.as_ptr().add(b + offset).cast()),
                )
            })
        };
        let equal = u64::from(equal(0)) | u64::from(equal(16)) << 16;
        (!equal).trailing_zeros() as usize
    }

    /// Sixty-four bytes of the source; after its end, spaces.
    struct Block {
        low: __m256i,
        high: __m256i,
    }

    impl Block {
        #[inline]
        #[target_feature(enable = "avx2")]
        fn at(src: &[u8], at: usize) -> Block {
            let rest = src.get(at..).unwrap_or_default();
            if let Some(bytes) = rest.first_chunk::<64>() {
                return Block::load(bytes);
            }
            let mut padded = [b' '; 64];
            for (to, from) in padded.iter_mut().zip(rest) {
                *to = *from;
            }
            Block::load(&padded)
        }

        #[inline]
        #[target_feature(enable = "avx2")]
        fn load(bytes: &[u8; 64]) -> Block {
            let (low, high) = bytes.split_at(32);
            // SAFETY: both halves of sixty-four bytes are thirty-two readable bytes; the loads ask for no alignment.
            unsafe {
                Block {
                    low: _mm256_loadu_si256(low.as_ptr().cast()),
                    high: _mm256_loadu_si256(high.as_ptr().cast()),
                }
            }
        }

        /// A bit for each byte that is `byte`.
        #[inline]
        #[target_feature(enable = "avx2")]
        fn is(&self, byte: u8) -> u64 {
            let byte = _mm256_set1_epi8(byte.cast_signed());
            bits(
                _mm256_cmpeq_epi8(self.low, byte),
                _mm256_cmpeq_epi8(self.high, byte),
            )
        }

        /// The block with the bit that tells upper from lower case set: square brackets become curly ones.
        #[inline]
        #[target_feature(enable = "avx2")]
        fn lowered(&self) -> Block {
            let case = _mm256_set1_epi8(0x20);
            Block {
                low: _mm256_or_si256(self.low, case),
                high: _mm256_or_si256(self.high, case),
            }
        }

        /// A bit for each byte with that bit set: among brackets, the curly ones.
        #[inline]
        #[target_feature(enable = "avx2")]
        fn curly(&self) -> u64 {
            bits(
                _mm256_slli_epi16::<2>(self.low),
                _mm256_slli_epi16::<2>(self.high),
            )
        }
    }

    /// The top bit of each byte.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn bits(low: __m256i, high: __m256i) -> u64 {
        let low = _mm256_movemask_epi8(low).cast_unsigned();
        let high = _mm256_movemask_epi8(high).cast_unsigned();
        u64::from(low) | u64::from(high) << 32
    }

    /// See [`portable::string_end`].
    #[target_feature(enable = "avx2")]
    pub(super) fn string_end(src: &[u8], mut at: usize) -> Option<usize> {
        while at < src.len() {
            let block = Block::at(src, at);
            let quotes = block.is(b'"');
            let slashes = block.is(b'\\');
            let stops = quotes | slashes;
            if stops == 0 {
                at += 64;
                continue;
            }
            let stop = stops.trailing_zeros() as usize;
            at += stop;
            if quotes >> stop & 1 == 1 {
                return Some(at);
            }
            at += 2;
        }
        None
    }

    /// As [`container_end`], only for what is mostly skipped: nothing nested, no backslash, all within one block.
    #[inline]
    #[target_feature(enable = "avx2,pclmulqdq")]
    pub(super) fn flat_end(src: &[u8], at: usize) -> Option<usize> {
        if at >= src.len().saturating_sub(63) {
            return None;
        }
        let block = Block::at(src, at);
        let strings = prefix_xor(block.is(b'"'));
        let lowered = block.lowered();
        let opening = lowered.is(b'{') & !strings;
        let closing = lowered.is(b'}') & !strings;
        let before = closing ^ closing.wrapping_sub(1);
        if block.is(b'\\') & before != 0 || opening & before != 1 || closing == 0 {
            return None;
        }
        let end = at + closing.trailing_zeros() as usize;
        // Curly brackets are two apart in ASCII, and so are square ones.
        (src.get(end)?.wrapping_sub(*src.get(at)?) == 2).then_some(end + 1)
    }

    /// See [`portable::container_end`]; `None` for whatever it has no answer to: faults, and nesting beyond 64.
    #[target_feature(enable = "avx2,pclmulqdq")]
    pub(super) fn container_end(
        src: &[u8],
        mut at: usize,
        nesting: usize,
        lists: usize,
    ) -> Option<usize> {
        let nesting = nesting.min(64);
        // The kinds of the open brackets, the innermost in the lowest bit; a list's is 0.
        let mut kinds = 0u64;
        let mut depth = lists;
        let mut wrong = 0u64;
        // All ones if the block starts within a string; one if its first byte is escaped.
        let mut within = 0u64;
        let mut escape = 0u64;
        while at < src.len() {
            let block = Block::at(src, at);
            let mut quotes = block.is(b'"');
            let slashes = block.is(b'\\');
            if slashes | escape != 0 {
                quotes &= !escaped(slashes, &mut escape);
            }
            let strings = prefix_xor(quotes) ^ within;
            // Outside strings a backslash escapes nothing, and is no JSON: let the other routine go through it.
            if slashes & !strings != 0 {
                return None;
            }
            within = (strings.cast_signed() >> 63).cast_unsigned();
            let lowered = block.lowered();
            let opening = lowered.is(b'{') & !strings;
            let mut brackets = opening | lowered.is(b'}') & !strings;
            if brackets != 0 {
                let curly = block.curly();
                while brackets != 0 {
                    let place = brackets.trailing_zeros();
                    let kind = curly >> place & 1;
                    if opening >> place & 1 == 1 {
                        kinds = kinds << 1 | kind;
                        depth += 1;
                        if depth > nesting {
                            return None;
                        }
                    } else {
                        wrong |= (kinds ^ kind) & 1;
                        kinds >>= 1;
                        depth -= 1;
                        if depth == 0 {
                            return (wrong == 0).then_some(at + place as usize + 1);
                        }
                    }
                    brackets &= brackets - 1;
                }
            }
            at += 64;
        }
        None
    }

    /// The bytes that a backslash before them escapes; `carry` says it of the first, and then of the next block's first.
    #[inline(always)]
    fn escaped(slashes: u64, carry: &mut u64) -> u64 {
        let mut escaped = *carry;
        let mut rest = slashes & !escaped;
        *carry = 0;
        while rest != 0 {
            let slash = rest & rest.wrapping_neg();
            let next = slash << 1;
            *carry = slash >> 63;
            escaped |= next;
            rest &= !(slash | next);
        }
        escaped
    }

    /// Each bit becomes the parity of the bits up to and with it.
    #[inline]
    #[target_feature(enable = "pclmulqdq")]
    fn prefix_xor(bits: u64) -> u64 {
        let bits = _mm_set_epi64x(0, bits.cast_signed());
        let product = _mm_clmulepi64_si128::<0>(bits, _mm_set1_epi8(-1));
        _mm_cvtsi128_si64(product).cast_unsigned()
    }
}

#[cfg(test)]
mod tests;
