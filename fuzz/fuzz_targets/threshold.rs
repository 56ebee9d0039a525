//! See `squall_plan::fuzz::threshold`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_plan::fuzz::threshold(bytes);
});
