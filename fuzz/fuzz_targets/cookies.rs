//! See `squall_http::fuzz::cookies`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_http::fuzz::cookies(bytes);
});
