//! See `squall_http::fuzz::event_stream`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_http::fuzz::event_stream(bytes);
});
