//! See `squall_database::fuzz::explained_statement`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_database::fuzz::explained_statement(bytes);
});
