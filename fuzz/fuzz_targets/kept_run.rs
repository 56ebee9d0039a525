//! See `squall_history::fuzz::kept_run`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_history::fuzz::kept_run(bytes);
});
