//! See `squall_outputs::fuzz::output`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_outputs::fuzz::output(bytes);
});
