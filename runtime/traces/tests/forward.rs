//! Requests are passed on to the user's collector, here another receiver; a slow collector delays nothing.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "these are tests")]

mod support;

use std::net::TcpListener;
use std::time::{Duration, Instant};

use squall_traces::{Receiver, ReceiverError, Settings};
use support::{PATIENCE, RUN, exchange, gzip, post, request, settings, span, start};

fn forwarding_to(url: &str) -> Settings {
    Settings { forward: Some(url.parse().unwrap()), ..settings() }
}

#[test]
fn a_collector_gets_all_requests_as_they_came() {
    let (collector, to) = start(settings());
    let (receiver, address) = start(forwarding_to(&format!("http://ada:secret@{to}")));
    let body = request("shop", [span(RUN, 1, 1), span(squall_traces::RunPrefix(9), 1, 1)]);
    post(address, &body);
    let protobuf = "Content-Type: application/x-protobuf";
    exchange(address, &format!("POST /v1/traces HTTP/1.1\r\n{protobuf}\r\nContent-Encoding: gzip"), &gzip(&body));
    exchange(address, "POST /v1/traces HTTP/1.1\r\nContent-Type: application/json", b"{\"resourceSpans\": []}");
    exchange(address, &format!("POST /v1/metrics HTTP/1.1\r\n{protobuf}"), b"");
    let received = receiver.finish();
    assert_eq!((received.counts.forwarded, received.counts.not_forwarded), (4, 0));
    assert!(received.problems.is_empty(), "{:?}", received.problems);
    let forwarded = collector.finish();
    let counts = forwarded.counts;
    assert_eq!((counts.requests, counts.spans, counts.kept, counts.repeated, counts.other_signals), (3, 4, 1, 1, 1));
    assert_eq!((forwarded.spans, forwarded.problems.len()), (received.spans, 0));
}

#[test]
fn a_collector_without_answers_delays_none() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = silent.local_addr().unwrap();
    let (receiver, address) = start(forwarding_to(&format!("http://{to}")));
    let began = Instant::now();
    for id in 1..=20 {
        assert_eq!(post(address, &request("shop", [span(RUN, 1, id)])).0, 200);
    }
    // Each exchange with the collector would take five seconds.
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    let received = receiver.finish();
    assert!(began.elapsed() < PATIENCE);
    assert_eq!((received.counts.kept, received.counts.forwarded, received.counts.not_forwarded), (20, 0, 20));
    let problem = format!("20 of 20 requests were not passed on to the collector at {to}: no answer in");
    assert!(received.problems[0].starts_with(&problem), "{:?}", received.problems);
}

#[test]
fn a_collector_that_is_down_is_named() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (receiver, address) = start(forwarding_to(&format!("http://{free}")));
    post(address, &request("shop", [span(RUN, 1, 1)]));
    let problems = receiver.finish().problems;
    assert!(
        problems[0].contains("1 of 1 requests were not passed on") && problems[0].contains("cannot connect"),
        "{problems:?}"
    );
}

#[test]
fn what_is_not_a_collector_is_refused_at_once() {
    for (url, reason) in [("ftp://collector/", "http://"), ("unix:/run/collector", "http://")] {
        let error = Receiver::bind(forwarding_to(url)).unwrap_err();
        assert!(matches!(error, ReceiverError::Forward { .. }) && error.to_string().contains(reason), "{error}");
    }
    let own = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let to_itself = Settings { addresses: vec![own], ..forwarding_to(&format!("http://localhost:{}", own.port())) };
    let error = Receiver::bind(to_itself).unwrap_err().to_string();
    assert!(error.contains("it is the receiver itself"), "{error}");
}
