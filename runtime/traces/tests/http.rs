//! OTLP over HTTP, with requests made by hand.

mod support;

use squall_traces::{Receiver, ReceiverError, RunPrefix};
use support::{RUN, exchange, gzip, post, request, settings, span, start};

#[test]
fn spans_of_this_run_are_kept_and_others_counted() {
    let (receiver, address) = start(settings());
    let foreign = RunPrefix(7);
    let spans = [span(RUN, 2, 1), span(RUN, 1, 2), span(foreign, 1, 3), span(RUN, 0, 0)];
    let (status, answer) = post(address, &request("shop", spans));
    let answer = String::from_utf8_lossy(&answer);
    assert_eq!(status, 200, "{answer}");
    assert!(answer.contains("content-type: application/x-protobuf\r\n"), "{answer}");
    assert!(answer.contains("spans without a valid trace id and span id"), "{answer}");
    assert_eq!(receiver.spans_so_far(), 2);
    let received = receiver.finish();
    let traces: Vec<u64> = received.spans.iter().map(|span| span.trace.0 as u64).collect();
    assert_eq!(traces, [1, 2]);
    assert_eq!((&*received.spans[0].service, &*received.spans[0].scope), ("shop", "test"));
    let counts = received.counts;
    assert_eq!((counts.spans, counts.kept, counts.foreign, counts.rejected), (4, 2, 1, 1));
    assert_eq!((counts.traces_kept, counts.traces(), counts.share_kept), (2, 2, 1.0));
    let service = received.services["shop"];
    assert_eq!((service.ours, service.foreign), (2, 1));
    assert_eq!(received.problems, ["1 of 4 spans had no valid id, and were left out"]);
}

#[test]
fn a_port_in_use_is_named_with_the_option_to_choose_another() {
    let receiver = Receiver::bind(settings()).unwrap();
    let address = receiver.addresses()[0];
    let mut settings = settings();
    settings.addresses = vec![address];
    let error = Receiver::bind(settings).unwrap_err();
    assert!(matches!(error, ReceiverError::InUse { .. }));
    assert_eq!(
        error.to_string(),
        format!("{address} is in use, so traces cannot be received there: choose another address with --otlp-listen")
    );
}

/// Some exporters understand `localhost` as `::1` only.
#[test]
fn loopback_has_both_families() {
    let (receiver, address) = start(settings());
    let loopback = std::net::SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, address.port()));
    if std::net::TcpListener::bind((loopback.ip(), 0)).is_err() {
        support::skip("http::loopback_has_both_families", "this machine has no IPv6");
        return;
    }
    assert_eq!(post(loopback, &request("shop", [span(RUN, 1, 1)])).0, 200);
    assert_eq!(receiver.finish().spans.len(), 1);
}

#[test]
fn metrics_and_logs_are_answered_and_left_out() {
    let (receiver, address) = start(settings());
    for signal in ["metrics", "logs"] {
        let head = format!("POST /v1/{signal} HTTP/1.1\r\nContent-Type: application/json");
        let (status, answer) = exchange(address, &head, b"{}");
        assert!(status == 200 && answer.ends_with(b"\r\n\r\n{}"), "{signal}: {status}");
    }
    let received = receiver.finish();
    assert_eq!((received.counts.other_signals, received.counts.requests), (2, 0));
    assert!(received.problems.is_empty());
}

#[test]
fn what_is_not_otlp_is_refused_with_a_reason_and_counted() {
    let (receiver, address) = start(settings());
    let post = |path: &str, kind: &str| format!("POST {path} HTTP/1.1\r\nContent-Type: {kind}");
    let protobuf = "application/x-protobuf";
    for (head, body, expected, reason) in [
        (post("/v1/traces", protobuf), "garbage", 400, "not traces: a field"),
        (post("/v1/traces", "text/plain"), "", 415, "the Content-Type was"),
        (post("/v1/traces", &format!("{protobuf}\r\nContent-Encoding: br")), "", 415, "the content-encoding was"),
        (post("/v2/traces", protobuf), "", 404, "the path was /v2/traces"),
        ("GET /v1/traces HTTP/1.1".to_owned(), "", 405, "the method was GET"),
    ] {
        let (status, answer) = exchange(address, &head, body.as_bytes());
        let answer = String::from_utf8_lossy(&answer);
        assert!(status == expected && answer.contains(reason), "{head}: {answer}");
    }
    let received = receiver.finish();
    assert_eq!(received.counts.refused, 5);
    let problem = "1 request to the receiver of traces could not be read; the first: not traces: a field";
    assert!(received.problems[0].starts_with(problem), "{:?}", received.problems);
}

#[test]
fn without_a_request_nothing_is_received() {
    let (receiver, _) = start(settings());
    let received = receiver.finish();
    assert_eq!((received.counts.share_kept, received.counts.traces()), (1.0, 0));
    assert!(received.spans.is_empty() && received.problems.is_empty() && received.services.is_empty());
    // One that is dropped ends, too.
    drop(start(settings()));
}

#[test]
fn json_is_answered_in_json_and_gzip_is_inflated() {
    let (receiver, address) = start(settings());
    let json = r#"{"resourceSpans": [{"scopeSpans": [{"spans": [
        {"traceId": "537175616c6c00010000000000000007", "spanId": "00000000000000a1"}, {"name": "no id"}]}]}]}"#;
    let kinds =
        ["Content-Type: application/json; charset=utf-8", "Content-Type: application/json\r\nContent-Encoding: GZIP"];
    for (kind, body) in kinds.into_iter().zip([json.as_bytes().to_vec(), gzip(json.as_bytes())]) {
        let (status, answer) = exchange(address, &format!("POST /v1/traces HTTP/1.1\r\n{kind}"), &body);
        let answer = String::from_utf8_lossy(&answer);
        assert!(status == 200 && answer.contains("content-type: application/json\r\n"), "{answer}");
        assert!(answer.contains(r#""rejectedSpans":"1""#), "{answer}");
    }
    let counts = receiver.finish().counts;
    assert_eq!((counts.requests, counts.spans, counts.kept, counts.repeated, counts.rejected), (2, 4, 1, 1, 2));
}
