//! See `squall_metrics::fuzz::secrets`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_metrics::fuzz::secrets(bytes);
});
