//! See `squall_metrics::fuzz::shown_text`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_metrics::fuzz::shown_text(bytes);
});
