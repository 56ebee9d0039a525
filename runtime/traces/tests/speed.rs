//! The speed of the receiver, on one core: printed, not asserted, because machines differ. To run it:
//! `CARGO_PROFILE_DEV_OPT_LEVEL=3 cargo test -p squall-traces --test speed -- --ignored --nocapture`
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, reason = "this measures a test")]

mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use support::{Message, RUN, connect, gzip, settings, start, text_attribute};

const BATCHES: u64 = 2_000;
const SPANS: u64 = 512;

/// A span with the ten attributes of a query.
fn span(trace: u64, id: u64) -> Message {
    let attributes = [
        ("db.system.name", "postgresql"),
        ("db.namespace", "shop"),
        (
            "db.query.text",
            "SELECT p.id, p.name, p.price FROM products p JOIN stock s ON s.product = p.id WHERE p.id = $1",
        ),
        ("db.operation.name", "SELECT"),
        ("server.address", "postgres.internal"),
        ("network.peer.address", "10.0.0.7"),
        ("thread.name", "worker-7"),
        ("code.function.name", "shop.products.find"),
        ("db.user", "shop"),
    ];
    let span = support::span(RUN, trace, id).bytes(4, (id - 1).max(1).to_be_bytes()).bytes(5, "SELECT shop.products");
    let span = attributes.iter().fold(span, |span, (key, value)| span.message(9, &text_attribute(key, value)));
    let port = Message::default().bytes(1, "server.port").message(2, &Message::default().number(3, 5432));
    span.message(9, &port).message(15, &Message::default())
}

/// Requests with 16 spans a trace.
fn bodies() -> Vec<Vec<u8>> {
    let batch = |number: u64| support::request("shop", (1..=SPANS).map(|id| span(number * SPANS / 16 + id / 16, id)));
    (0..BATCHES).map(batch).collect()
}

/// The processor time of the receiver's thread.
fn processor_time() -> Duration {
    let tasks = fs::read_dir("/proc/self/task").unwrap().map(|task| task.unwrap().path());
    let is_receiver = |name: &String| name.trim() == "traces";
    let times = tasks.filter(|task| fs::read_to_string(task.join("comm")).is_ok_and(|name| is_receiver(&name)));
    let nanos = times.map(|task| fs::read_to_string(task.join("schedstat")).unwrap());
    Duration::from_nanos(nanos.map(|stat| stat.split(' ').next().unwrap().parse::<u64>().unwrap()).sum())
}

fn memory(key: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(key)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

fn send(address: SocketAddr, headers: &str, bodies: &[Vec<u8>]) {
    let mut stream = connect(address);
    for body in bodies {
        let head = format!("POST /v1/traces HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        read_head(&mut stream);
    }
}

fn read_head(stream: &mut TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 200"));
}

fn measure(name: &str, headers: &str, bodies: &[Vec<u8>]) {
    let (receiver, address) = start(settings());
    let before = memory("VmRSS");
    let began = Instant::now();
    send(address, headers, bodies);
    let (wall, processor) = (began.elapsed(), processor_time());
    let after = memory("VmRSS");
    let received = receiver.finish();
    let counts = received.counts;
    assert_eq!((counts.spans, counts.refused, counts.foreign), (BATCHES * SPANS, 0, 0));
    println!(
        "{name}: {:.0} spans/s by the clock, {:.0} spans per second of processor time; {} KiB a request; \
         {} of {} spans kept, share {}; memory {before} to {after} MiB",
        counts.spans as f64 / wall.as_secs_f64(),
        counts.spans as f64 / processor.as_secs_f64(),
        bodies[0].len() >> 10,
        counts.kept,
        counts.spans,
        counts.share_kept
    );
}

#[test]
#[ignore = "it measures"]
fn speed() {
    let plain = bodies();
    let protobuf = "Content-Type: application/x-protobuf\r\n";
    measure("protobuf", protobuf, &plain);
    let compressed: Vec<_> = plain.iter().map(|body| gzip(body)).collect();
    measure("protobuf, gzip", &format!("{protobuf}Content-Encoding: gzip\r\n"), &compressed);
}
