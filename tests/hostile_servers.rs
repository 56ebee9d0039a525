//! Servers that misbehave: the client names the offence, and continues.

use std::time::{Duration, Instant};

use crate::support::caged::Caged;
use crate::support::program::Ended;
use crate::support::server::{Reply, Server};

fn load(server: &Server, arguments: &[&str]) -> Ended {
    Caged::new(&["run", &server.url(), "-c", "1", "-i", "4", "--summary-mode", "full"])
        .args(arguments)
        .exporting()
        .run()
        .expect_code(0)
}

/// Every second response is a good one, and has to arrive: the others spoil only themselves.
fn every_second(bad: impl Fn() -> Reply + Send + Sync + 'static) -> Server {
    Server::start(move |request| if request.number % 2 == 0 { bad() } else { Reply::ok("hello") })
}

#[track_caller]
fn expect_offence(ended: &Ended, name: &str) {
    assert!(ended.out.contains(&format!("{name} (flow \"request\"): 2")), "{}", ended.out);
    assert_eq!(ended.number("http_req_failed", "fails"), 2.0);
}

#[test]
fn a_head_without_an_end() {
    let server = every_second(|| Reply::raw(&format!("HTTP/1.1 200 OK\r\nx: {}", "a".repeat(1 << 20))).closing());
    expect_offence(&load(&server, &[]), "too large");
}

#[test]
fn lengths_that_contradict_each_other() {
    let server = every_second(|| {
        Reply::raw("HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 50\r\n\r\nhelloHTTP/1.1 200 OK\r\n\r\n")
            .closing()
    });
    expect_offence(&load(&server, &[]), "protocol");
}

#[test]
fn an_answer_that_never_ends() {
    let server = every_second(|| Reply::raw("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nhe"));
    let started = Instant::now();
    expect_offence(&load(&server, &["--timeout", "300ms"]), "timeout");
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn redirects_that_go_round_in_circles() {
    let server = Server::start(|_| Reply::raw("HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n"));
    let ended = load(&server, &["--max-redirects", "3"]);
    assert!(ended.out.contains("too many redirects (flow \"request\"): 4"), "{}", ended.out);
    assert_eq!(server.count(), 16);
}

#[test]
fn a_response_that_is_not_http() {
    let server = every_second(|| Reply::raw("\u{1}\u{2}SSH-2.0-OpenSSH_9.6\r\n\r\n").closing());
    expect_offence(&load(&server, &[]), "protocol");
}

#[test]
fn a_body_without_an_end() {
    let chunk = format!("10000\r\n{}\r\n", "a".repeat(0x10000));
    let server = every_second(move || {
        Reply::raw(&format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{}", chunk.repeat(40))).closing()
    });
    let component = crate::support::program::root().join("runtime/cli/assets/shop.wasm").display().to_string();
    let ended = Caged::new(&["run", &component, "--target", &server.url(), "-u", "1", "-i", "4", "-e", "THINK=0"])
        .args(&["--max-body-size", "1MiB"])
        .run();
    assert!(
        ended.out.contains("the body is larger than 1048576 bytes (limit, raise with --max-body-size)"),
        "{}",
        ended.out
    );
}

#[test]
fn a_little_that_unpacks_to_much() {
    // A gigabyte of zeros, as `head -c 1G /dev/zero | gzip` makes it, without its middle: each of the repeated pieces
    // stands for 258 bytes, so that the size is right.
    let bomb = bomb();
    let component = crate::support::program::root().join("runtime/cli/assets/shop.wasm").display().to_string();
    let length = bomb.len();
    let server = Server::start(move |_| {
        let mut reply =
            Reply::raw(&format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {length}\r\n\r\n"));
        reply.bytes.extend(&bomb);
        reply
    });
    let ended = Caged::new(&["run", &component, "--target", &server.url(), "-u", "1", "-i", "2", "-e", "THINK=0"])
        .args(&["--max-body-size", "1MiB"])
        .run();
    let offence = "the decoded body is larger than 1048576 bytes (limit, raise with --max-body-size)";
    assert!(ended.out.contains(offence), "{}", ended.out);
}

/// A gzip file of 64 KiB that unpacks to more than 50 MB: one zero, and then repeatedly "the last 258 bytes again".
fn bomb() -> Vec<u8> {
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let (mut bits, mut count) = (0_u64, 0);
    let mut put = |file: &mut Vec<u8>, code: u64, length: u32| {
        bits |= code << count;
        count += length;
        while count >= 8 {
            file.push(bits as u8);
            bits >>= 8;
            count -= 8;
        }
    };
    // The last block, with fixed codes; then the literal 0, whose code is 0011_0000, most significant bit first.
    put(&mut file, 0b011, 3);
    put(&mut file, 0b0000_1100, 8);
    for _ in 0..200_000 {
        // Length 258 is symbol 285, 1100_0101 from the most significant bit; distance 1 is symbol 0, five bits.
        put(&mut file, 0b1010_0011, 8);
        put(&mut file, 0, 5);
    }
    put(&mut file, 0, 7);
    put(&mut file, 0, 7);
    file
}

#[test]
fn a_head_of_a_gigabyte_is_not_waited_for() {
    // A thousand fields of a megabyte each, if they were read to the end; the server closes when the client has gone.
    let server = every_second(|| {
        let field = format!("x: {}\r\n", "a".repeat(1 << 20));
        Reply::raw(&format!("HTTP/1.1 200 OK\r\n{}", field.repeat(64))).closing()
    });
    expect_offence(&load(&server, &[]), "too large");
}
