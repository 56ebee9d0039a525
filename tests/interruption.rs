//! Ctrl-C, and a scenario that stops the run: no measurement is lost.

use std::time::Duration;

use crate::support::program::{Squall, guest};
use crate::support::server::{Reply, Server};

#[test]
fn the_first_interrupt_stops_gracefully_and_the_summary_is_there() {
    for signal in ["INT", "TERM"] {
        let server = Server::start(|_| Reply::ok("hello").after(Duration::from_millis(100)));
        let squall = Squall::new(&["run", &guest("minimal"), "--target", &server.url(), "-u", "3", "-d", "10m"]);
        let running = squall.exporting().start();
        server.until_asked();
        running.signal(signal);
        let ended = running.wait().expect_code(105);
        assert!(ended.out.contains("http_reqs"), "{}", ended.out);
        assert_eq!(ended.number("http_reqs", "count"), server.count() as f64);
        assert!(ended.err.contains("stopping (interrupted)"), "{}", ended.err);
    }
}

#[test]
fn the_second_interrupt_ends_at_once() {
    let server = Server::start(|_| Reply::ok("hello").after(Duration::from_secs(600)));
    let squall = Squall::new(&["run", &guest("minimal"), "--target", &server.url(), "-u", "1", "-d", "10m"]);
    let mut running = squall.args(&["--graceful-stop", "10m"]).start();
    server.until_asked();
    running.signal("INT");
    // The second signal must not arrive together with the first, or the two are one.
    running.until_said("stopping (interrupted)");
    running.signal("INT");
    running.wait().expect_code(105);
}

#[test]
fn a_signal_before_the_run_ends_at_once() {
    let registry = Server::start(|_| Reply::ok("too late").after(Duration::from_secs(600)));
    let scenario = format!("{}/team/shop:1.0", registry.url().replace("http://", "oci://"));
    let running = Squall::new(&["run", &scenario]).start();
    registry.until_asked();
    running.signal("TERM");
    running.wait().expect_code(105);
}

#[test]
fn a_scenario_can_end_the_run() {
    let squall = Squall::new(&["run", &guest("features"), "-u", "2", "-d", "10m", "-e", "ABORT=now"]);
    let server = Server::start(|_| Reply::ok("{}"));
    let ended = squall.args(&["--target", &server.url()]).run().expect_code(108);
    assert!(ended.err.contains("the scenario asked to stop: asked to by ABORT"), "{}", ended.err);
}

#[test]
fn a_failed_setup_ends_the_run_before_it_begins() {
    let server = Server::start(|_| Reply::ok("{}"));
    let squall = Squall::new(&["run", &guest("features"), "-u", "2", "-d", "10m", "-e", "FAIL=setup"]);
    let ended = squall.args(&["--target", &server.url()]).run().expect_code(107);
    assert!(ended.err.contains("setup failed"), "{}", ended.err);
}

#[test]
fn if_no_user_can_start_the_run_stops_early() {
    let server = Server::start(|_| Reply::ok("{}"));
    let squall = Squall::new(&["run", &guest("features"), "-u", "20", "-d", "10m", "-e", "FAIL=start"]);
    let ended = squall.args(&["--target", &server.url()]).run().expect_code(107);
    assert!(ended.err.contains("no virtual user could start"), "{}", ended.err);
}
