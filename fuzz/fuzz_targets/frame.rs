//! See `squall_metrics::fuzz::frame`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_metrics::fuzz::frame(bytes);
});
