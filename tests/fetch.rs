//! Guests that make their requests by `wasi:http`, the standard interface, with clients that do not know Squall.

use std::time::Duration;

use crate::support::program::{Ended, Squall, guest, root};
use crate::support::server::{Reply, Server};

const LARGE: usize = 5 << 20;

fn server() -> Server {
    Server::start(|request| match request.path.as_str() {
        "/missing" => Reply::status(404, "no"),
        "/slow" => Reply::ok("late").after(Duration::from_millis(500)),
        "/large" => Reply::ok(&"x".repeat(LARGE)),
        "/upload" => Reply::ok(&request.body.len().to_string()),
        _ => Reply::ok("hello"),
    })
}

/// Three iterations of one flow of the example.
fn run(server: &Server, flow: &str, arguments: &[&str]) -> Ended {
    started(server, flow, arguments).expect_code_or_busy(0)
}

fn started(server: &Server, flow: &str, arguments: &[&str]) -> Ended {
    let squall =
        Squall::new(&["run", &guest("fetch"), "--target", &server.url(), "-u", "1", "-i", "3", "--flow", flow]);
    squall.args(arguments).exporting().run()
}

/// Checks that this many requests were recorded, this many of them failed, and every check passed.
#[track_caller]
fn expect(ended: &Ended, requests: f64, failed: f64) {
    let found = (ended.number("http_reqs", "count"), ended.number("http_req_failed", "passes"));
    assert_eq!(found, (requests, failed), "{}", ended.out);
    assert_eq!(ended.number("checks", "fails"), 0.0, "{}", ended.out);
}

#[test]
fn a_request_is_sent_measured_and_named_like_those_of_the_sdks() {
    let server = server();
    let ended = run(&server, "get", &["--threshold", "http_reqs{name:product}=count==3"]);
    expect(&ended, 3.0, 0.0);
    assert_eq!(server.connections(), 1, "the connection is kept");
    let request = &server.requests()[0];
    assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/products/7"));
    assert!(request.headers["user-agent"].starts_with("squall/"));
    let not_sent = ["squall-name", "content-length", "transfer-encoding"];
    assert!(not_sent.iter().all(|name| !request.headers.contains_key(*name)), "{:?}", request.headers);
    assert!(ended.number("http_req_waiting", "avg") > 0.0);
    assert!(ended.number("http_req_connecting", "max") > 0.0);
    assert!(ended.number("data_sent", "count") > 0.0);
}

#[test]
fn an_error_status_is_a_response() {
    let ended = run(&server(), "missing", &[]);
    expect(&ended, 3.0, 3.0);
}

#[test]
fn a_refused_connection_is_reported_to_the_guest_and_to_the_user() {
    let ended = started(&server(), "refused", &["--allow", "127.0.0.1:1"]).expect_code_or_busy(97);
    expect(&ended, 3.0, 3.0);
    assert!(ended.out.contains("connect to 127.0.0.1:1: connection refused"), "{}", ended.out);
}

#[test]
fn the_standard_s_time_limits_hold() {
    let ended = run(&server(), "slow", &[]);
    expect(&ended, 3.0, 3.0);
    assert!(ended.out.contains("/slow: no response within 50ms"), "{}", ended.out);
}

#[test]
fn the_run_s_time_limit_holds_too() {
    let squall = Squall::new(&["run", &guest("fetch"), "--target", &server().url(), "-u", "1", "-i", "1"]);
    let ended = squall.args(&["--flow", "slow", "--timeout", "20ms"]).exporting().run();
    assert!(ended.out.contains("/slow: no response within 20ms"), "{}{}", ended.out, ended.err);
}

#[test]
fn a_request_that_the_guest_cancels_is_counted_with_its_time() {
    let ended = run(&server(), "impatient", &[]);
    expect(&ended, 3.0, 3.0);
    assert!(ended.out.contains("abandoned (flow \"impatient\"): 3"), "{}", ended.out);
    assert!(ended.number("response_time", "min") >= 49.0, "{}", ended.out);
}

#[test]
fn several_requests_run_at_once_but_not_all() {
    let server = server();
    let ended = run(&server, "page", &[]);
    expect(&ended, 30.0, 0.0);
    assert!((2..=6).contains(&server.connections()), "{}", server.connections());
}

#[test]
fn a_body_goes_up_in_pieces() {
    let server = server();
    let ended = run(&server, "upload", &[]);
    expect(&ended, 3.0, 0.0);
    assert_eq!(server.requests()[0].headers["transfer-encoding"], "chunked");
}

#[test]
fn a_large_body_comes_down_whole() {
    let ended = run(&server(), "download", &[]);
    expect(&ended, 3.0, 0.0);
    assert!(ended.number("data_received", "count") > 3.0 * LARGE as f64);
}

#[test]
fn a_body_that_the_guest_does_not_read_is_measured() {
    let server = server();
    let ended = run(&server, "unread", &[]);
    expect(&ended, 3.0, 0.0);
    assert!(ended.number("data_received", "count") > 3.0 * LARGE as f64);
    assert_eq!(server.connections(), 1, "the connection is kept");
}

#[test]
fn a_body_that_is_too_large_ends_the_request() {
    let server = Server::start(|_| Reply::raw("HTTP/1.1 200 OK\r\ncontent-length: 999999999\r\n\r\n"));
    let squall = Squall::new(&["run", &guest("fetch"), "--target", &server.url(), "-u", "1", "-i", "1"]);
    let ended = squall.args(&["--flow", "get"]).exporting().run();
    assert!(ended.out.contains("too large"), "{}{}", ended.out, ended.err);
}

#[test]
fn both_interfaces_share_a_connection() {
    let server = server();
    let ended = run(&server, "both_ways", &[]);
    assert_eq!(ended.number("http_reqs", "count"), 6.0);
    assert_eq!(server.connections(), 1);
}

/// The example in TypeScript, built as a user would.
#[test]
fn fetch_of_javascript_is_measured() {
    let server = server();
    let example = root().join("guest-examples/fetch/typescript/scenario.ts").display().to_string();
    let component = root().join("target/guests/fetch-typescript.wasm").display().to_string();
    Squall::new(&["build", &example, "--engine", "starlingmonkey", "-o", &component]).run().expect_code(0);
    let run = |flow: &str| {
        let squall = Squall::new(&["run", &component, "--target", &server.url(), "-u", "1", "-i", "3", "--flow", flow]);
        squall.args(&["--allow", "127.0.0.1:1"]).exporting().run()
    };
    expect(&run("get").expect_code_or_busy(0), 3.0, 0.0);
    expect(&run("page").expect_code_or_busy(0), 30.0, 0.0);
    let refused = run("refused").expect_code_or_busy(97);
    assert_eq!(refused.number("http_req_failed", "passes"), 3.0);
    assert!(refused.out.contains("connect to 127.0.0.1:1: connection refused"), "{}", refused.out);
    assert!(refused.out.contains("NetworkError when attempting to fetch resource"), "{}", refused.out);
}
