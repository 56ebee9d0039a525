//! See `squall_http::fuzz::ca_file`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_http::fuzz::ca_file(bytes);
});
