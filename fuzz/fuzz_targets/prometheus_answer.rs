//! See `squall_monitor::fuzz::prometheus_answer`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_monitor::fuzz::prometheus_answer(bytes);
});
