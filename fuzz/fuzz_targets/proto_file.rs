//! See `squall_grpc::fuzz::proto_file`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    squall_grpc::fuzz::proto_file(bytes);
});
