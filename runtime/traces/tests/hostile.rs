//! Senders that send too much, too slowly, or from too many places: each is bounded, named, and in no one else's way.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use squall_traces::Received;
use support::{RUN, connect, exchange, gzip, post, read_answer, request, settings, span, start};

const MIB: usize = 1 << 20;
const HEAD: &str = "POST /v1/traces HTTP/1.1\r\nContent-Type: application/x-protobuf";

fn assert_still_receives(address: SocketAddr) {
    assert_eq!(post(address, &request("shop", [span(RUN, 1, 1)])).0, 200);
}

fn assert_problem(received: &Received, text: &str) {
    assert!(received.problems.iter().any(|problem| problem.contains(text)), "{:?}", received.problems);
    assert_eq!(received.spans.len(), 1);
}

/// A request whose body has begun, and does not go on.
fn begin_body(address: SocketAddr, length: usize, sent: &[u8]) -> TcpStream {
    let mut stream = connect(address);
    let head = format!("{HEAD}\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(sent).unwrap();
    stream
}

#[test]
fn large_bodies_are_refused_and_the_sender_reads_why() {
    let (receiver, address) = start(settings());
    let large = vec![0; 10 * MIB];
    let (status, answer) = post(address, &large);
    assert!(status == 413 && String::from_utf8_lossy(&answer).contains("a body has more than 4 MiB"));
    // Without a length, the size shows late.
    let mut stream = connect(address);
    let head =
        format!("{HEAD}\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n", large.len());
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&large).unwrap();
    stream.write_all(b"\r\n0\r\n\r\n").unwrap();
    assert_eq!(read_answer(&mut stream).0, 413);
    assert_still_receives(address);
    assert_problem(&receiver.finish(), "2 requests to the receiver of traces were too large");
}

#[test]
fn gzip_bombs_are_inflated_no_further_than_the_limit() {
    let (receiver, address) = start(settings());
    let head = format!("{HEAD}\r\nContent-Encoding: gzip");
    let bomb = gzip(&vec![0; 33 * MIB]);
    assert!(bomb.len() < MIB);
    let (status, answer) = exchange(address, &head, &bomb);
    assert!(status == 413 && String::from_utf8_lossy(&answer).contains("32 MiB once it is inflated"));
    // One of many members, each small.
    let many = gzip(&vec![0; MIB]).repeat(40);
    assert_eq!(exchange(address, &head, &many).0, 413);
    assert_eq!(exchange(address, &head, b"\x1f\x8bgarbage").0, 400);
    assert_eq!(exchange(address, &head, &bomb[..1000]).0, 400);
    assert_still_receives(address);
    assert_problem(&receiver.finish(), "were too large");
}

#[test]
fn a_body_that_does_not_come_is_waited_for_a_bounded_time() {
    let (receiver, address) = start(settings());
    let mut stream = begin_body(address, 100, b"x");
    assert_eq!(read_answer(&mut stream).0, 408);
    assert_still_receives(address);
    assert_problem(&receiver.finish(), "1 request to the receiver of traces did not come in time");
}

#[test]
fn bodies_have_a_bound_all_together() {
    let (receiver, address) = start(settings());
    let part = vec![0; 4 * MIB - 1];
    let mut senders: Vec<TcpStream> = (0..10).map(|_| begin_body(address, 4 * MIB, &part)).collect();
    // 32 MiB have room: at least one sender hears at once that there is none for it.
    let refused = senders.iter_mut().any(|stream| {
        stream.set_read_timeout(Some(std::time::Duration::from_secs(1))).unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: 1\r\n")
    });
    assert!(refused);
    drop(senders);
    // The room is free again once the receiver has seen its senders leave.
    while post(address, &request("shop", [span(RUN, 1, 1)])).0 != 200 {}
    assert_problem(&receiver.finish(), "came while too many others did");
}

#[test]
fn idle_connections_make_room_for_those_that_send() {
    let (receiver, address) = start(settings());
    let mut idle: Vec<TcpStream> = (0..300).map(|_| connect(address)).collect();
    for _ in 0..5 {
        assert_still_receives(address);
    }
    // The oldest was closed.
    assert_eq!(idle[0].read(&mut [0]).unwrap_or(0), 0);
    assert_eq!(receiver.finish().spans.len(), 1);
}

#[test]
fn connections_in_use_are_not_closed_for_new_ones() {
    let (receiver, address) = start(settings());
    let body = request("shop", [span(RUN, 1, 1)]);
    let mut in_use: Vec<TcpStream> = (0..128).map(|_| begin_awaited_body(address, body.len())).collect();
    let mut one_more = connect(address);
    assert_eq!(one_more.read(&mut [0]).unwrap_or(0), 0, "it is closed");
    in_use[0].write_all(&body).unwrap();
    assert_eq!(read_answer(&mut in_use[0]).0, 200);
    assert_problem(&receiver.finish(), "more than 128 connections at once");
}

/// A request whose body the receiver waits for.
fn begin_awaited_body(address: SocketAddr, length: usize) -> TcpStream {
    let mut stream = connect(address);
    let headers = format!("Host: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: {length}");
    stream.write_all(format!("{HEAD}\r\n{headers}\r\n\r\n").as_bytes()).unwrap();
    let mut awaited = [0; 25];
    stream.read_exact(&mut awaited).unwrap();
    assert_eq!(&awaited, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

#[test]
fn garbage_on_the_wire_harms_nothing() {
    let (receiver, address) = start(settings());
    for garbage in [
        &b"\0\xff\x16\x03\x01"[..],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff",
        b"GET\r\n\r\n",
        b"\n",
    ] {
        let mut stream = connect(address);
        stream.write_all(garbage).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    }
    let mut stream = connect(address);
    stream.write_all(format!("{HEAD}\r\nX: {}\r\n\r\n", "x".repeat(100_000)).as_bytes()).unwrap_or_default();
    let _ = stream.read_to_end(&mut Vec::new());
    assert_still_receives(address);
    assert_problem(&receiver.finish(), "a connection did not speak HTTP: let the exporter use http://, not https://");
}
