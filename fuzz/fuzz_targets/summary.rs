//! See `squall_report::fuzz::summary`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_report::fuzz::summary(bytes);
});
