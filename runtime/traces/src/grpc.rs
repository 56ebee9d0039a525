//! OTLP over gRPC (<https://opentelemetry.io/docs/specs/otlp/#otlpgrpc>): one message in, one out, with its status in
//! the trailers (<https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>).

use bytes::{Bytes, BytesMut};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{HeaderMap, Request, Response};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::answer::{AnswerBody, encode_success};
use crate::body::read_body;
use crate::collector::{Collector, Export, Format, Signal};
use crate::http::is_gzip;
use crate::refusal::{Refusal, RefusalKind};

const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const ACCEPTED: HeaderName = HeaderName::from_static("grpc-accept-encoding");
const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
/// A message's prefix: whether it is compressed, and its length.
const PREFIX: usize = 5;
/// Characters of a message that are encoded, besides those that are not ASCII.
const ENCODED: &AsciiSet = &CONTROLS.add(b'%');

/// Whether a request is one of gRPC.
pub(crate) fn is_grpc(request: &Request<Incoming>) -> bool {
    let kind = request.headers().get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    kind.starts_with(b"application/grpc")
}

/// Answers a request.
pub(crate) async fn answer(request: Request<Incoming>, collector: &Collector) -> Response<AnswerBody> {
    match take(request, collector).await {
        Ok(rejected) => {
            let message = encode_success(Format::Protobuf, rejected);
            respond(frame(&message), 0, "")
        }
        Err(refusal) => {
            collector.note(&refusal);
            respond(Bytes::new(), refusal.kind.grpc_code(), &refusal.message)
        }
    }
}

async fn take(request: Request<Incoming>, collector: &Collector) -> Result<u64, Refusal> {
    let signal = signal_of(request.uri().path())?;
    let may_be_gzip = is_gzip(request.headers(), &ENCODING)?;
    let body = read_body(request.into_body(), &collector.room).await?;
    let (is_gzip, body) = unframe(&body)?;
    if is_gzip && !may_be_gzip {
        return Err(RefusalKind::Unreadable.because("a message is compressed without saying how"));
    }
    collector.take(&Export { signal, format: Format::Protobuf, is_gzip, body })
}

fn signal_of(path: &str) -> Result<Signal, Refusal> {
    match path {
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export" => Ok(Signal::Traces),
        "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export" => Ok(Signal::Metrics),
        "/opentelemetry.proto.collector.logs.v1.LogsService/Export" => Ok(Signal::Logs),
        other => Err(RefusalKind::UnknownPath.of_path(other)),
    }
}

/// The one message of a body, and whether it is compressed.
pub(crate) fn unframe(body: &Bytes) -> Result<(bool, Bytes), Refusal> {
    let unreadable = || RefusalKind::Unreadable.because("not one message of gRPC");
    let (prefix, message) = body.split_first_chunk::<PREFIX>().ok_or_else(unreadable)?;
    let [flag, length @ ..] = *prefix;
    let is_whole = u32::from_be_bytes(length) as usize == message.len();
    if !is_whole || flag > 1 {
        return Err(unreadable());
    }
    Ok((flag == 1, body.slice(PREFIX..)))
}

fn frame(message: &Bytes) -> Bytes {
    let mut framed = BytesMut::with_capacity(PREFIX + message.len());
    framed.extend([0]);
    framed.extend((message.len() as u32).to_be_bytes());
    framed.extend_from_slice(message);
    framed.freeze()
}

fn respond(body: Bytes, code: u8, message: &str) -> Response<AnswerBody> {
    let mut trailers = HeaderMap::from_iter([(STATUS, HeaderValue::from(u16::from(code)))]);
    let message = utf8_percent_encode(message, ENCODED).to_string();
    if let Ok(message) = HeaderValue::from_str(&message)
        && !message.is_empty()
    {
        trailers.insert(MESSAGE, message);
    }
    let mut response = Response::new(AnswerBody::with_trailers(body, trailers));
    let headers = [(CONTENT_TYPE, "application/grpc"), (ACCEPTED, "identity,gzip")];
    response.headers_mut().extend(headers.map(|(name, value)| (name, HeaderValue::from_static(value))));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_one_message() {
        let framed = frame(&Bytes::from_static(b"message"));
        assert_eq!(framed, &b"\0\0\0\0\x07message"[..]);
        assert_eq!(unframe(&framed), Ok((false, Bytes::from_static(b"message"))));
        assert_eq!(unframe(&Bytes::from_static(b"\x01\0\0\0\0")), Ok((true, Bytes::new())));
        for body in [&b""[..], b"\0\0\0\0", b"\0\0\0\0\x01", b"\0\0\0\0\x01ab", b"\x02\0\0\0\0", b"\0\xff\xff\xff\xffa"]
        {
            assert!(unframe(&Bytes::from_static(body)).is_err(), "{body:?}");
        }
    }
}
