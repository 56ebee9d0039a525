//! See `squall_database::fuzz::mysql_plan`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_database::fuzz::mysql_plan(bytes);
});
