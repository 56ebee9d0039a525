//! See `squall_grpc::fuzz::grpc_messages`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_grpc::fuzz::grpc_messages(bytes);
});
