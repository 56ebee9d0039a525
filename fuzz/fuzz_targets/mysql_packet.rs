//! See `squall_database::fuzz::mysql_packet`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_database::fuzz::mysql_packet(bytes);
});
