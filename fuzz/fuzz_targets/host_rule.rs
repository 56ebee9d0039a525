//! See `squall_http::fuzz::host_rule`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_http::fuzz::host_rule(bytes);
});
