//! Numbers in base 16, as ids are written: lower case, with leading zeros.

/// The last `N` digits of a number.
pub(crate) fn digits<const N: usize>(mut number: u128) -> [u8; N] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [b'0'; N];
    for place in text.iter_mut().rev() {
        *place = DIGITS.get((number & 15) as usize).copied().unwrap_or(b'0');
        number >>= 4;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::digits;

    #[test]
    fn as_the_standard_library_writes_them() {
        for number in [
            0,
            1,
            0xff,
            u128::MAX,
            0x0123_4567_89ab_cdef_0011_2233_4455_6677,
        ] {
            assert_eq!(digits::<32>(number), format!("{number:032x}").as_bytes());
        }
        assert_eq!(&digits::<2>(0xabc), b"bc");
    }
}
