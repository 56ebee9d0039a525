//! See `squall_monitor::fuzz::exporter_page`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_monitor::fuzz::exporter_page(bytes);
});
