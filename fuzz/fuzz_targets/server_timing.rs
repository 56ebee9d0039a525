//! See `squall_http::fuzz::server_timing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_http::fuzz::server_timing(bytes);
});
