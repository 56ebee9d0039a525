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
