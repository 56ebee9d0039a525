//! A receiver on free ports, OTLP messages, and exchanges with the receiver by plain sockets.
#![allow(dead_code, reason = "each test program uses its part")]
#![allow(clippy::unwrap_used, reason = "these are tests, as a module of its own")]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use squall_traces::{Receiver, ReceiverHandle, RunPrefix, Settings};

/// The traces of this run.
pub const RUN: RunPrefix = RunPrefix(0x5371_7561_6c6c_0001);
/// Longer than any exchange takes here, however busy the machine is.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub fn settings() -> Settings {
    Settings { addresses: vec![(Ipv4Addr::LOCALHOST, 0).into()], ..Settings::new(RUN) }
}

pub fn start(settings: Settings) -> (ReceiverHandle, SocketAddr) {
    let receiver = Receiver::bind(settings).unwrap();
    let address = receiver.addresses()[0];
    (receiver.begin().unwrap(), address)
}

/// A message of Protocol Buffers.
#[derive(Clone, Default)]
pub struct Message(pub Vec<u8>);

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    pub fn number(mut self, field: u64, value: u64) -> Message {
        self.varint(field << 3);
        self.varint(value);
        self
    }

    pub fn fixed(mut self, field: u64, value: u64) -> Message {
        self.varint(field << 3 | 1);
        self.0.extend(value.to_le_bytes());
        self
    }

    pub fn bytes(mut self, field: u64, bytes: impl AsRef<[u8]>) -> Message {
        self.varint(field << 3 | 2);
        self.varint(bytes.as_ref().len() as u64);
        self.0.extend(bytes.as_ref());
        self
    }

    pub fn message(self, field: u64, message: &Message) -> Message {
        self.bytes(field, &message.0)
    }
}

pub fn text_attribute(key: &str, value: &str) -> Message {
    Message::default().bytes(1, key).message(2, &Message::default().bytes(1, value))
}

/// A span of a server, without attributes.
pub fn span(prefix: RunPrefix, trace: u64, id: u64) -> Message {
    Message::default()
        .bytes(1, (u128::from(prefix.0) << 64 | u128::from(trace)).to_be_bytes())
        .bytes(2, id.to_be_bytes())
        .bytes(5, "GET /")
        .number(6, 2)
        .fixed(7, 1_700_000_000_000_000_000)
        .fixed(8, 1_700_000_000_001_000_000)
}

/// An `ExportTraceServiceRequest` of one service.
pub fn request(service: &str, spans: impl IntoIterator<Item = Message>) -> Vec<u8> {
    let resource = Message::default().message(1, &text_attribute("service.name", service));
    let scope = Message::default().message(1, &Message::default().bytes(1, "test"));
    let scope = spans.into_iter().fold(scope, |scope, span| scope.message(2, &span));
    Message::default().message(1, &Message::default().message(1, &resource).message(2, &scope)).0
}

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// The status, and the whole answer.
pub fn exchange(address: SocketAddr, head: &str, body: &[u8]) -> (u16, Vec<u8>) {
    let mut stream = connect(address);
    let head = format!("{head}\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    read_answer(&mut stream)
}

pub fn read_answer(stream: &mut TcpStream) -> (u16, Vec<u8>) {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let status = std::str::from_utf8(&answer[9..12]).unwrap().parse().unwrap();
    (status, answer)
}

pub fn post(address: SocketAddr, body: &[u8]) -> (u16, Vec<u8>) {
    exchange(address, "POST /v1/traces HTTP/1.1\r\nContent-Type: application/x-protobuf", body)
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Reports that a test is skipped, and why. `cargo xtask test` lists these at its end.
#[expect(clippy::print_stdout, reason = "those who run the tests should know what was not tried")]
pub fn skip(test: &str, reason: &str) {
    println!("skipped: {test}: {reason}");
    if let Ok(path) = std::env::var("SQUALL_SKIPPED_TESTS") {
        let mut list = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        writeln!(list, "{test}: {reason}").unwrap();
    }
}
