//! See `squall_monitor::fuzz::system_file`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_monitor::fuzz::system_file(bytes);
});
