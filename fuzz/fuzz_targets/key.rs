//! See `squall_registry::fuzz::key`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_registry::fuzz::key(bytes);
});
