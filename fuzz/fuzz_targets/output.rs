//! See `squall_stream::fuzz::output`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_stream::fuzz::output(bytes);
});
