#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bff_runtime::fuzz::answer(bytes));
