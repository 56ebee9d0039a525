//! See `squall_plan::fuzz::credentials`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_plan::fuzz::credentials(bytes);
});
