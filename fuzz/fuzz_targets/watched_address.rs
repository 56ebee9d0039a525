//! See `squall_monitor::fuzz::watched_address`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_monitor::fuzz::watched_address(bytes);
});
