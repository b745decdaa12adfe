//! The vector routines and their twins, on the same bytes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use proptest::prelude::*;

use super::*;

const FAST: Engine = Engine::Detect;

/// The answer that counts: the portable routine's.
fn check(src: &[u8], at: usize) {
    let level = Level::of(FAST);
    assert_eq!(plain(src, at), portable::plain(src, at), "plain");
    assert_eq!(text(src, at), portable::text(src, at), "text");
    assert_eq!(blank(src, at), portable::blank(src, at), "blank");
    assert_eq!(
        string_end(level, src, at),
        portable::string_end(src, at),
        "string_end"
    );
    assert_eq!(same(src, at, 0), portable::same(src, at, 0), "same");
    assert_eq!(
        same(src, at, at / 2),
        portable::same(src, at, at / 2),
        "same"
    );
    if matches!(src.get(at), Some(b'{' | b'[')) {
        for nesting in [0, 1, 3, 64, 65, 512] {
            assert_eq!(
                container_end(level, src, at, nesting),
                portable::container_end(src, at, nesting),
                "container_end, nesting {nesting}"
            );
        }
    }
}

#[test]
fn every_length_and_place_of_a_backslash_run() {
    for before in 0..70 {
        for run in 0..5 {
            let mut src = vec![b'['];
            src.push(b'"');
            src.extend(std::iter::repeat_n(b'a', before));
            src.extend(std::iter::repeat_n(b'\\', run));
            src.extend(b"\"]\" , {\"x\":[1,2]}]");
            check(&src, 0);
            check(&src, 2);
        }
    }
}

#[test]
fn nesting_beyond_one_word() {
    for depth in [1usize, 63, 64, 65, 127, 200, 512, 513] {
        let src = ["[".repeat(depth), "]".repeat(depth)].concat();
        check(src.as_bytes(), 0);
    }
}

/// Bytes that mean something, more often than others.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        4 => prop::sample::select(b"{}[]\"\\,: \n\t".to_vec()),
        2 => b'a'..=b'z',
        1 => any::<u8>(),
    ];
    prop::collection::vec(byte, 0..300)
}

proptest! {
    #[test]
    fn both_agree(src in bytes(), at in 0usize..320) {
        check(&src, at);
        for place in 0..src.len() {
            check(&src, place);
        }
    }
}
