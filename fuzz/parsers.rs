//! Entry point of libFuzzer: whatever bytes come, no parser may panic or break its word.
#![no_main]

#[path = "parse.rs"]
mod parse;

libfuzzer_sys::fuzz_target!(|data: &[u8]| parse::parse(data));
