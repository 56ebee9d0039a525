//! See `squall_traces::fuzz::otlp_json`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_traces::fuzz::otlp_json(bytes);
});
