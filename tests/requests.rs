//! A scenario's requests on the wire, from the guest to the server and back.

use crate::support::program::{Squall, guest};
use crate::support::server::{Reply, Server};

fn run(url: &str, arguments: &[&str]) -> crate::support::program::Ended {
    Squall::new(&["run", url, "-c", "1", "--summary-mode", "full"]).args(arguments).exporting().run()
}

#[test]
fn a_connection_is_reused() {
    let server = Server::start(|_| Reply::ok("hello"));
    run(&server.url(), &["-i", "20"]).expect_code(0);
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_connection_is_not_reused_without_keep_alive() {
    let server = Server::start(|_| Reply::ok("hello"));
    run(&server.url(), &["-i", "20", "--no-connection-reuse"]).expect_code(0);
    assert_eq!(server.connections(), 20);
}

#[test]
fn a_connection_ends_with_the_iteration() {
    let server = Server::start(|request| match request.path.as_str() {
        "/" => Reply::raw("HTTP/1.1 302 Found\r\nlocation: /next\r\ncontent-length: 0\r\n\r\n"),
        _ => Reply::ok("here"),
    });
    let ended = run(&server.url(), &["-i", "10", "--no-vu-connection-reuse"]).expect_code(0);
    assert_eq!(ended.number("http_reqs", "count"), 20.0);
    assert_eq!(server.connections(), 10);
}

#[test]
fn a_connection_that_the_server_closed_is_opened_again_and_counted() {
    let server = Server::start(|_| Reply::ok("hello").closing());
    let ended = run(&server.url(), &["-i", "10"]).expect_code(0);
    assert_eq!(ended.number("http_req_failed", "passes"), 0.0);
    assert_eq!(ended.number("http_reqs", "count"), 10.0);
    assert_eq!(server.connections(), 10);
}

#[test]
fn redirects_are_followed_and_each_is_a_request() {
    let server = Server::start(|request| match request.path.as_str() {
        "/" => Reply::raw("HTTP/1.1 302 Found\r\nlocation: /next\r\ncontent-length: 0\r\n\r\n"),
        _ => Reply::ok("here"),
    });
    let ended = run(&server.url(), &["-i", "3"]).expect_code(0);
    assert_eq!(ended.number("http_reqs", "count"), 6.0);
    let ended = run(&server.url(), &["-i", "3", "--max-redirects", "0"]).expect_code(0);
    assert_eq!(ended.number("http_reqs", "count"), 3.0);
}

#[test]
fn chunks_make_a_body() {
    let server = Server::start(|_| {
        Reply::raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n")
    });
    let ended = run(&server.url(), &["-i", "5"]).expect_code(0);
    assert_eq!(ended.number("http_req_failed", "passes"), 0.0);
    assert_eq!(server.connections(), 1);
}

#[test]
fn garbage_is_an_error_with_a_class() {
    let server = Server::start(|_| Reply::raw("SSH-2.0-OpenSSH_9.2\r\n\r\n").closing());
    let ended = run(&server.url(), &["-i", "3"]).expect_code(97);
    assert_eq!(ended.number("http_req_failed", "passes"), 3.0);
    assert!(ended.out.contains("protocol (flow \"request\"): 3"), "{}", ended.out);
}

#[test]
fn an_answer_that_breaks_off_is_a_reset() {
    let server = Server::start(|_| Reply::raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf").closing());
    let ended = run(&server.url(), &["-i", "2"]).expect_code(97);
    assert!(ended.out.contains("reset (flow \"request\"): 2"), "{}", ended.out);
}

#[test]
fn cookies_come_back() {
    let server = Server::start(|request| match request.headers.get("cookie") {
        None => Reply::raw("HTTP/1.1 200 OK\r\nset-cookie: session=abc; Path=/\r\ncontent-length: 0\r\n\r\n"),
        Some(_) => Reply::ok(""),
    });
    run(&server.url(), &["-i", "3"]).expect_code(0);
    let cookies: Vec<_> = server.requests().into_iter().map(|request| request.headers.get("cookie").cloned()).collect();
    assert_eq!(cookies, [None, Some("session=abc".to_owned()), Some("session=abc".to_owned())]);
}

#[test]
fn a_status_that_is_not_expected_is_a_failed_request() {
    let server = Server::start(|request| if request.number < 5 { Reply::status(500, "no") } else { Reply::ok("yes") });
    let ended = run(&server.url(), &["-i", "10"]).expect_code(0);
    assert_eq!(ended.number("http_req_failed", "value"), 0.5);
    assert_eq!(ended.number("http_req_duration{expected_response:true}", "count"), 5.0);
}

#[test]
fn the_scenarios_log_is_shown_with_its_source() {
    let server = Server::start(|_| Reply::ok("{}"));
    let squall = Squall::new(&["run", &guest("features"), "--target", &server.url(), "-u", "1", "-i", "1", "-v"]);
    let ended = squall.run();
    assert!(ended.err.contains("[teardown] all gone"), "{}", ended.err);
}
