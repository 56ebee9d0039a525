//! See `squall_http::fuzz::encoded_body`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_http::fuzz::encoded_body(bytes);
});
