//! See `squall_registry::fuzz::manifest`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_registry::fuzz::manifest(bytes);
});
