//! See `squall_http2::fuzz::http2_connection`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_http2::fuzz::http2_connection(bytes);
});
