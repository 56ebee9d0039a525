//! OTLP over gRPC, with requests made by hand.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2;
use hyper::{HeaderMap, Request};
use hyper_util::rt::{TokioExecutor, TokioIo};
use squall_traces::RunPrefix;
use support::{RUN, gzip, request, settings, span, start};

const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

struct Answer {
    message: Bytes,
    status: String,
    reason: String,
}

/// Calls a function of gRPC, with further headers.
fn call(address: SocketAddr, path: &str, headers: &[(&'static str, &'static str)], body: Vec<u8>) -> Answer {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stream = TokioIo::new(tokio::net::TcpStream::connect(address).await.unwrap());
        let (mut sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
        tokio::spawn(connection);
        let uri = format!("http://{address}{path}");
        let mut request = Request::post(uri).header("content-type", "application/grpc").header("te", "trailers");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = sender.send_request(request.body(Full::new(Bytes::from(body))).unwrap()).await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["content-type"].as_bytes()),
            (200, &&b"application/grpc"[..])
        );
        let body = answer.into_body().collect().await.unwrap();
        let trailers = body.trailers().cloned().unwrap_or_default();
        let text =
            |trailers: &HeaderMap, name| trailers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        let (status, reason) = (text(&trailers, "grpc-status"), text(&trailers, "grpc-message"));
        Answer { message: body.to_bytes(), status, reason }
    })
}

fn frame(flag: u8, message: &[u8]) -> Vec<u8> {
    [&[flag], &(message.len() as u32).to_be_bytes()[..], message].concat()
}

#[test]
fn messages_are_taken_plain_and_compressed() {
    let (receiver, address) = start(settings());
    let message = request("shop", [span(RUN, 1, 1), span(RunPrefix(9), 1, 1)]);
    let plain = call(address, TRACES, &[], frame(0, &message));
    assert_eq!((&*plain.message, &*plain.status), (&[0; 5][..], "0"));
    let message = request("shop", [span(RUN, 1, 2), span(RUN, 0, 0)]);
    let compressed = call(address, TRACES, &[("grpc-encoding", "gzip")], frame(1, &gzip(&message)));
    assert_eq!(compressed.status, "0");
    assert!(compressed.message.windows(5).any(|window| window == b"valid"), "rejected spans are named");
    let counts = receiver.finish().counts;
    assert_eq!((counts.requests, counts.kept, counts.foreign, counts.rejected), (2, 2, 1, 1));
}

#[test]
fn metrics_and_logs_are_answered_and_left_out() {
    let (receiver, address) = start(settings());
    for service in ["metrics.v1.MetricsService", "logs.v1.LogsService"] {
        let answer = call(address, &format!("/opentelemetry.proto.collector.{service}/Export"), &[], frame(0, b""));
        assert_eq!((&*answer.message, &*answer.status), (&[0; 5][..], "0"));
    }
    assert_eq!(receiver.finish().counts.other_signals, 2);
}

#[test]
fn what_is_not_otlp_is_refused_with_a_code_and_a_reason() {
    let (receiver, address) = start(settings());
    let huge = vec![0; (4 << 20) + 1];
    for (path, encoding, body, code, reason) in [
        (TRACES, "identity", b"x".to_vec(), "3", "not one message of gRPC"),
        (TRACES, "identity", frame(0, b"garbage"), "3", "not traces: "),
        (TRACES, "identity", frame(1, b""), "3", "a message is compressed without saying how"),
        (TRACES, "gzip", frame(1, b"garbage"), "3", "a body is not gzip"),
        (TRACES, "snappy", frame(1, b""), "12", "the grpc-encoding was \"snappy\""),
        ("/opentelemetry.Other/Export", "identity", frame(0, b""), "12", "the path was /opentelemetry.Other/Export"),
        (TRACES, "identity", huge, "8", "a body has more than 4 MiB"),
    ] {
        let answer = call(address, path, &[("grpc-encoding", encoding)], body);
        assert!(answer.status == code && answer.reason.starts_with(reason), "{}: {}", answer.status, answer.reason);
    }
    assert_eq!(receiver.finish().counts.refused, 7);
}
