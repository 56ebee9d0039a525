//! See `squall_database::fuzz::database_address`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_database::fuzz::database_address(bytes);
});
