//! The targets of `fuzz/` for this crate's parsers: traces from the network, and the texts in them.

use std::sync::Arc;

use squall_fuzzing::{Outcome, assert_brief};

use crate::intake::Intake;
use crate::receiver::RunPrefix;
use crate::{grpc, otlp_json, otlp_protobuf};

/// The run of the seeds.
const RUN: RunPrefix = RunPrefix(0x5371_7561_6c6c_0001);
/// Little enough that long inputs are thinned.
const ROOM: usize = 64 << 10;

/// Reads with `read`. Each span must be counted once, and the kept ones be in order.
fn check(read: impl FnOnce(&mut Intake) -> Result<(), String>) -> Outcome {
    let mut intake = Intake::new(RUN, ROOM, Arc::default());
    let read = read(&mut intake);
    if let Err(error) = &read {
        assert_brief(error);
    }
    let (counts, spans, services, _) = intake.finish();
    let parts = counts.kept + counts.thinned + counts.foreign + counts.rejected + counts.repeated;
    assert_eq!(parts, counts.spans, "{counts:?}");
    assert!(spans.is_sorted_by_key(|span| (span.trace, span.began)) && services.len() <= 100);
    assert!(spans.iter().all(|span| RUN.includes(span.trace) && span.began <= span.ended));
    Outcome::of(&read)
}

/// A request in Protocol Buffers, bare or in the frame of gRPC.
pub fn otlp_protobuf(bytes: &[u8]) -> Outcome {
    let _ = grpc::unframe(&bytes::Bytes::copy_from_slice(bytes));
    check(|intake| otlp_protobuf::read_traces(bytes, intake).map_err(|error| error.to_string()))
}

/// A request in JSON.
pub fn otlp_json(bytes: &[u8]) -> Outcome {
    check(|intake| otlp_json::read_traces(bytes, intake).map_err(|error| otlp_json::describe_error(&error)))
}

#[cfg(test)]
mod tests {
    use squall_fuzzing::{Counting, Target};

    use crate::known_answers::{JSON, PROTOBUF};

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;

    #[test]
    fn requests_in_protobuf() {
        let seeds: [&[u8]; 2] = [PROTOBUF, b""];
        let pieces: [&[u8]; 6] =
            [b"\x0a\x02", b"\x12\x80\x01", b"\x39", b"\xff\xff\xff\xff\x0f", b"%(", b"\x4a\x0e\x0a\x0cdb.statement"];
        Target::new("otlp_protobuf", super::otlp_protobuf).seeds(&seeds).pieces(&pieces).for_a_while();
    }

    #[test]
    fn requests_in_json() {
        let pieces = [
            "{",
            "}",
            "[",
            "]",
            "null",
            "\"\\u0000\"",
            "\"spans\":",
            "\"traceId\":",
            "\"attributes\":[",
            "-1e999",
            "%(",
        ];
        Target::new("otlp_json", super::otlp_json).seeds(&[JSON, "{}"]).pieces(&pieces).for_a_while();
    }
}
