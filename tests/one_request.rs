//! `squall run URL`: wrk's flags.

use crate::support::program::Squall;
use crate::support::server::{Reply, Server};

#[test]
fn everything_that_was_typed_is_sent() {
    let server = Server::start(|_| Reply::ok("hello"));
    let url = format!("{}/api/items?q=1", server.url());
    let squall = Squall::new(&["run", &url, "-c", "2", "-i", "6", "-H", "x-one: 1", "-H", "accept: */*", "-m", "PUT"]);
    std::fs::write(squall.folder().join("body.bin"), [0, 1, 200, 255, 10, 13]).unwrap();
    squall.args(&["-b", "@body.bin"]).run().expect_code(0);
    let requests = server.requests();
    assert_eq!(requests.len(), 6);
    for request in requests {
        assert_eq!((request.method.as_str(), request.path.as_str()), ("PUT", "/api/items?q=1"));
        assert_eq!(request.headers["x-one"], "1");
        assert_eq!(request.headers["accept"], "*/*");
        assert_eq!(request.body, [0, 1, 200, 255, 10, 13]);
    }
}

/// The body is eight times what a virtual user may hold.
#[test]
fn a_large_body_never_enters_the_scenario() {
    let server = Server::start(|request| Reply::ok(&request.body.len().to_string()));
    let squall = Squall::new(&["run", &server.url(), "-c", "2", "-i", "4", "--memory", "4MiB", "-b", "@body.bin"]);
    std::fs::write(squall.folder().join("body.bin"), vec![7; 32 << 20]).unwrap();
    let ended = squall.exporting().run().expect_code_or_busy(0);
    assert_eq!(ended.number("http_req_failed", "passes"), 0.0, "{}", ended.out);
    assert!(server.requests().iter().all(|request| request.body.len() == 32 << 20));
}

#[test]
fn a_body_makes_it_a_post() {
    let server = Server::start(|_| Reply::status(201, ""));
    Squall::new(&["run", &server.url(), "-i", "1", "-c", "1", "-b", "{\"a\": 1}"]).run().expect_code(0);
    let request = &server.requests()[0];
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/"));
    assert_eq!(request.body, b"{\"a\": 1}");
}

#[test]
fn ten_connections_by_default() {
    let server = Server::start(|_| Reply::ok("hello"));
    Squall::new(&["run", &server.url(), "-d", "1s"]).run().expect_code(0);
    assert_eq!(server.connections(), 10);
}
