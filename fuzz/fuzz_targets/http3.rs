//! See `squall_http3::fuzz::http3`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_http3::fuzz::http3(bytes);
});
