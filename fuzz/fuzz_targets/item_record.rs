//! See `squall_work_items::fuzz::item_record`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_work_items::fuzz::item_record(bytes);
});
