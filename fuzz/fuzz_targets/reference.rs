//! See `squall_registry::fuzz::reference`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_registry::fuzz::reference(bytes);
});
