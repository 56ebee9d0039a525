//! See `squall_grpc::fuzz::grpc_descriptors`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_grpc::fuzz::grpc_descriptors(bytes);
});
