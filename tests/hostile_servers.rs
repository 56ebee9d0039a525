//! Servers that misbehave: the client names what they did, and goes on.

use std::time::{Duration, Instant};

use crate::support::program::{Ended, Squall};
use crate::support::server::{Reply, Server};

fn load(server: &Server, arguments: &[&str]) -> Ended {
    Squall::new(&["run", &server.url(), "-c", "1", "-i", "4"]).args(arguments).exporting().run().expect_code(0)
}

/// Every second answer is a good one, and it has to arrive: the others spoil nothing but themselves.
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
fn what_is_not_http() {
    let server = every_second(|| Reply::raw("\u{1}\u{2}SSH-2.0-OpenSSH_9.6\r\n\r\n").closing());
    expect_offence(&load(&server, &[]), "protocol");
}
