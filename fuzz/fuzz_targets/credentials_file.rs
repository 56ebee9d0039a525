//! See `squall_registry::fuzz::credentials_file`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_registry::fuzz::credentials_file(bytes);
});
