//! Servers whose true latency is known, and Squall's measurements of them.

use std::time::Duration;

use crate::support::program::{Squall, guest};
use crate::support::server::{Reply, Server};

const MILLIS: fn(u64) -> Duration = Duration::from_millis;

#[test]
fn exactly_fifty_milliseconds() {
    let server = Server::start(|_| Reply::ok("hello, world").after(MILLIS(50)));
    let ended =
        Squall::new(&["run", &guest("minimal"), "--target", &server.url(), "-u", "4", "-i", "400", "--threads", "1"]);
    let ended = ended.exporting().run().expect_code(0);
    for metric in ["response_time", "http_req_duration", "http_req_waiting"] {
        let (p50, p99) = (ended.number(metric, "med"), ended.number(metric, "p(99)"));
        assert!((50.0..52.0).contains(&p50), "{metric} p50 {p50}");
        // On a quiet machine within a millisecond too; here other tests run at the same time.
        assert!((50.0..80.0).contains(&p99), "{metric} p99 {p99}");
    }
    assert_eq!(ended.number("http_reqs", "count"), 400.0);
}

#[test]
fn nine_in_ten_are_fast() {
    // Every tenth request takes 200 ms, the others 10 ms.
    let server = Server::start(|request| {
        Reply::ok("hello, world").after(if request.number % 10 == 9 { MILLIS(200) } else { MILLIS(10) })
    });
    let ended =
        Squall::new(&["run", &guest("minimal"), "--target", &server.url(), "-u", "4", "-i", "400", "--threads", "1"]);
    let ended = ended.exporting().run().expect_code(0);
    let p50 = ended.number("http_req_duration", "med");
    let p90 = ended.number("http_req_duration", "p(90)");
    let p95 = ended.number("http_req_duration", "p(95)");
    assert!((10.0..20.0).contains(&p50), "p50 {p50}");
    // Exactly 90 % are fast, so the 90th percentile (nearest rank) is the slowest of the fast ones.
    assert!((10.0..150.0).contains(&p90), "p90 {p90}");
    assert!((200.0..350.0).contains(&p95), "p95 {p95}");
}

#[test]
fn bytes_are_counted_to_the_last_one() {
    let reply = "HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\nhello, world";
    let server = Server::start(move |_| Reply::raw(reply));
    let ended =
        Squall::new(&["run", &format!("{}/", server.url()), "-c", "2", "-i", "50"]).exporting().run().expect_code(0);
    assert_eq!(ended.number("data_received", "count"), 50.0 * reply.len() as f64);
    let address = server.url().trim_start_matches("http://").to_owned();
    let request =
        format!("GET / HTTP/1.1\r\nhost: {address}\r\nuser-agent: squall/{}\r\n\r\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(ended.number("data_sent", "count"), 50.0 * request.len() as f64);
}

#[test]
fn the_phases_add_up() {
    let server = Server::start(|_| Reply::ok(&"x".repeat(100_000)).after(MILLIS(5)));
    let ended =
        Squall::new(&["run", &format!("{}/", server.url()), "-c", "2", "-i", "40"]).exporting().run().expect_code(0);
    let avg = |metric: &str| ended.number(metric, "avg");
    let duration = avg("http_req_sending") + avg("http_req_waiting") + avg("http_req_receiving");
    assert!((duration - avg("http_req_duration")).abs() < 0.001, "{duration}");
    let all = duration + avg("http_req_blocked") + avg("http_req_connecting") + avg("http_req_tls_handshaking");
    assert!((all - avg("response_time")).abs() < 0.01, "{all} is not {}", avg("response_time"));
}

#[test]
fn failures_keep_their_time() {
    let server = Server::start(|_| Reply::ok("too late").after(MILLIS(2_000)));
    let squall = Squall::new(&["run", &format!("{}/", server.url()), "-c", "1", "-i", "2", "--timeout", "200ms"])
        .args(&["--summary-mode", "full"]);
    let ended = squall.exporting().run().expect_code(97);
    assert_eq!(ended.number("http_req_failed", "value"), 1.0);
    let least = ended.number("response_time", "min");
    assert!((199.0..1_500.0).contains(&least), "{least}");
    assert!(ended.out.contains("timeout (flow \"request\"): 2"), "{}", ended.out);
}
