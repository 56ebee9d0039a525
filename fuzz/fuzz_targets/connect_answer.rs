//! See `squall_http::fuzz::connect_answer`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_http::fuzz::connect_answer(bytes);
});
