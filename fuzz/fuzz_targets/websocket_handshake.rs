//! See `squall_websocket::fuzz::websocket_handshake`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_websocket::fuzz::websocket_handshake(bytes);
});
