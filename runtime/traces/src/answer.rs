//! The bodies of answers: the messages of OTLP, and a body with trailers, which gRPC needs.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::HeaderMap;
use hyper::body::{Body, Frame, SizeHint};
use serde_json::json;

use crate::collector::Format;

/// A body in one piece, and trailers.
pub(crate) struct AnswerBody {
    data: Bytes,
    trailers: Option<HeaderMap>,
}

impl AnswerBody {
    pub fn new(data: Bytes) -> AnswerBody {
        AnswerBody { data, trailers: None }
    }

    pub fn with_trailers(data: Bytes, trailers: HeaderMap) -> AnswerBody {
        AnswerBody { data, trailers: Some(trailers) }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = if self.data.is_empty() {
            self.trailers.take().map(Frame::trailers)
        } else {
            Some(Frame::data(std::mem::take(&mut self.data)))
        };
        Poll::Ready(frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_empty() && self.trailers.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.data.len() as u64)
    }
}

/// An `ExportTraceServiceResponse`; that of metrics and of logs is the same, if nothing was rejected.
pub(crate) fn encode_success(format: Format, rejected: u64) -> Bytes {
    const REASON: &str = "spans without a valid trace id and span id";
    match (format, rejected) {
        (Format::Protobuf, 0) => Bytes::new(),
        (Format::Json, 0) => Bytes::from_static(b"{}"),
        (Format::Json, _) => {
            let partial = json!({ "rejectedSpans": rejected.to_string(), "errorMessage": REASON });
            json!({ "partialSuccess": partial }).to_string().into()
        }
        (Format::Protobuf, _) => {
            let mut partial = Vec::new();
            write_number(&mut partial, 1, rejected);
            write_bytes(&mut partial, 2, REASON.as_bytes());
            let mut message = Vec::new();
            write_bytes(&mut message, 1, &partial);
            message.into()
        }
    }
}

/// A `google.rpc.Status`.
pub(crate) fn encode_status(format: Format, code: u8, message: &str) -> Bytes {
    match format {
        Format::Json => json!({ "code": code, "message": message }).to_string().into(),
        Format::Protobuf => {
            let mut status = Vec::new();
            write_number(&mut status, 1, code.into());
            write_bytes(&mut status, 2, message.as_bytes());
            status.into()
        }
    }
}

fn write_number(message: &mut Vec<u8>, field: u8, value: u64) {
    message.push(field << 3);
    write_varint(message, value);
}

fn write_bytes(message: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    message.push(field << 3 | 2);
    write_varint(message, bytes.len() as u64);
    message.extend_from_slice(bytes);
}

fn write_varint(message: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        message.push(value as u8 | 0x80);
        value >>= 7;
    }
    message.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_the_messages_of_otlp() {
        assert_eq!(encode_success(Format::Protobuf, 0), "");
        assert_eq!(encode_success(Format::Json, 0), "{}");
        let partial = encode_success(Format::Protobuf, 300);
        assert_eq!(&partial[..8], b"\x0a\x2f\x08\xac\x02\x12\x2aspans without"[..8].as_ref());
        let partial: serde_json::Value = serde_json::from_slice(&encode_success(Format::Json, 3)).unwrap();
        assert_eq!(partial["partialSuccess"]["rejectedSpans"], "3");
        assert_eq!(encode_status(Format::Protobuf, 3, "no"), "\x08\x03\x12\x02no");
        assert_eq!(encode_status(Format::Json, 3, "no"), r#"{"code":3,"message":"no"}"#);
    }
}
