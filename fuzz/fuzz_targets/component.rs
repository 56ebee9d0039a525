//! See `squall_guest::fuzz::component`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_guest::fuzz::component(bytes);
});
