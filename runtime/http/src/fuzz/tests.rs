//! Seeds, and the damage that parsers of this crate get in every test run.

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use squall_fuzzing::{Counting, Memory, Target};

use super::HELD;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn responses() {
    let seeds = [
        "\x00HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A:  b \r\nConnection: close\r\n\r\nhello",
        "\x01HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n4;name=\"a\"\r\nWiki\r\nA \r\n0123456789\r\n0\r\nX: y\r\n\r\n",
        "\x07HTTP/1.1 200 OK\r\nX-A: one\r\n two: 2\r\n\tthree\r\nContent-Length:\r\n 3\r\nSet-Cookie: a=b\r\n\r\nabc",
        "\x03\r\nHTTP/1.1 103 Early\r\nLink: a\r\n\r\nHTTP/1.0 404 Not Found\r\nServer-Timing: db;dur=1\r\n\r\nuntil it closes",
        "\x10HTTP/1.1 304 Not Modified\nContent-Length: 3, 3\nContent-Encoding: gzip\n\n",
    ];
    let pieces = [
        "chunked",
        "Transfer-Encoding: ",
        "Content-Length: ",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "\r\n\r\n",
        "\n\n",
        "A: b\r\n",
        "0\r\n",
    ];
    Target::new("response", super::response).seeds(&seeds).pieces(&pieces).inputs(5_000).for_a_while();
}

/// Each with the byte that selects its encoding.
fn encoded_bodies() -> Vec<Vec<u8>> {
    let plain = b"hello, hello, hello! ".repeat(20);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&plain).unwrap();
    zlib.write_all(&plain).unwrap();
    deflate.write_all(&plain).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = compress_to_vec(&plain[..], CompressionLevel::Fastest);
    let of = |how: u8, body: &[u8]| [&[how], body].concat();
    vec![
        of(0, &gzip),
        of(0, &gzip.repeat(3)),
        of(1, &zlib.finish().unwrap()),
        of(1, &deflate.finish().unwrap()),
        of(2, b"\x0f\x02\x80hello\x03"),
        of(3, &zstd),
        of(3, &zstd.repeat(3)),
        of(4, &compress_to_vec(&gzip[..], CompressionLevel::Fastest)),
    ]
}

#[test]
fn encoded_body() {
    let seeds = encoded_bodies();
    let seeds: Vec<&Vec<u8>> = seeds.iter().collect();
    // A decoder has tables of its own besides the booked memory.
    let memory = Memory { base: HELD as usize + (4 << 20), per_byte: 2 };
    Target::new("encoded_body", super::encoded_body).seeds(&seeds).memory(memory).for_a_while();
}

#[test]
fn event_streams() {
    let seeds = [
        "\x01\u{feff}retry: 100\r\n: comment\r\nid: 7\r\nevent: add\r\ndata: {\"a\": [\"x\", {}], \"b\": {\"c\": \"\"}}\r\ndata\r\n\r\ndata:b\r\n\r\n",
        "\x07data: a\n\ndata: b\rdata: c\r\rid\ndata: [DONE]\n\n",
    ];
    let pieces =
        ["data:", "data: ", "\"a\":", "[", "{", "\\", "id: ", "event:", "\n\n", "\r\n", "\r", "\0", "\u{feff}", ":"];
    // The events themselves, of which the smallest has three bytes.
    let memory = Memory { base: 1 << 20, per_byte: 64 };
    Target::new("event_stream", super::event_stream).seeds(&seeds).pieces(&pieces).memory(memory).for_a_while();
}

#[test]
fn server_timing() {
    let seeds = ["miss, db;desc=\"a, \\\"b\";dur=53.2 ,app ; DUR = \"47\"", "total;dur=1e3;dur=2"];
    let pieces = ["dur=", ";", ",", "\"", "\\", "desc="];
    Target::new("server_timing", super::server_timing).seeds(&seeds).pieces(&pieces).for_a_while();
}

#[test]
fn cookies() {
    let seeds = [
        "id=7; Path=/a; HttpOnly\n\nb=\"x y\"; Domain=shop.example; Max-Age=60",
        "a=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT; Secure; SameSite=Lax\n\nc=d; path=\"/a/b\"",
    ];
    let pieces = ["Domain=", "Path=", "Max-Age=-1", "; ", "Expires=", "com", "\n\n", "\r\nX: y", "__Host-"];
    Target::new("cookies", super::cookies).seeds(&seeds).pieces(&pieces).for_a_while();
}

#[test]
fn urls() {
    let seeds = [
        "/a/b?c=d#e",
        "http://user:pass@host:81/a b?ü{}",
        "HTTPS://[::1]/",
        "http://bücher.example",
        "http://0x7f.1/?",
    ];
    let pieces = ["://", "@", "//", "..", "%2f", "#", "[::ffff:1.2.3.4]", "xn--", "file:", "javascript:"];
    Target::new("url", super::url).seeds(&seeds).pieces(&pieces).inputs(5_000).for_a_while();
}

#[test]
fn redirects() {
    let seeds =
        ["/next?x=y", "http://other.test/a", "//other.test:81/a#b", "../up", "?only=query", "https://a:b@[::1]/"];
    let pieces = ["://", "@", "//", "..", "\\", "http:", "data:", "%0d%0a"];
    Target::new("redirect", super::redirect).seeds(&seeds).pieces(&pieces).inputs(5_000).for_a_while();
}

#[test]
fn host_rules() {
    let seeds = ["shop.test:8080", "*.shop.test", "10.1.0.0/16", "[::1]:81", "*", "fd00::/8"];
    Target::new("host_rule", super::host_rule).seeds(&seeds).pieces(&["/", ":", "*", ".", "[", "]"]).for_a_while();
}

#[test]
fn connect_answers() {
    let seeds = ["HTTP/1.1 200 Connection established\r\nVia: a\r\n\r\n", "HTTP/1.0 204\r\n\r\n"];
    let pieces = ["HTTP/1.", " 407 ", " 502 ", "\u{1b}[2J", "\r\n", "::error::"];
    Target::new("connect_answer", super::connect_answer).seeds(&seeds).pieces(&pieces).for_a_while();
}

#[test]
fn ca_files() {
    let key = rcgen::generate_simple_self_signed(["shop.test".to_owned()]).unwrap();
    let seed = key.cert.pem();
    let pieces = ["-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n", "-----BEGIN ", "="];
    Target::new("ca_file", super::ca_file).seeds(&[&seed]).pieces(&pieces).for_a_while();
}
