//! See `squall_control::fuzz::command`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_control::fuzz::command(bytes);
});
