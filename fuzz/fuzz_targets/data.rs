//! See `squall_data::fuzz::data`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_data::fuzz::data(bytes);
});
