//! The vector routines and their twins, on the same bytes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use proptest::prelude::*;

use super::*;

fn check(src: &[u8], at: usize) {
    assert_eq!(twins_differ(src, at), None, "from {at} on of {src:?}");
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
    for depth in [1usize, 63, 64, 65, 127, 200, 256, 257] {
        let src = ["[".repeat(depth), "]".repeat(depth)].concat();
        check(src.as_bytes(), 0);
    }
}

#[test]
fn keys_and_values_of_every_length_arrive() {
    let text: Vec<u8> = (0..100).collect();
    for key in 0..text.len() {
        for value in 0..text.len() {
            for comma in [false, true] {
                let (key, value) = (&text[..key], &text[text.len() - value..]);
                let mut out = b"before".to_vec();
                append(&mut out, comma, key, value);
                let between: &[u8] = if comma { b"," } else { b"" };
                assert_eq!(out, [b"before", between, key, value].concat());
            }
        }
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
