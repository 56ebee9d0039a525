//! Executors: the active virtual users over time, and the number of iterations.

use std::time::Duration;

use crate::support::program::{Squall, guest};
use crate::support::server::{Reply, Server};

fn server() -> Server {
    Server::start(|_| Reply::ok("hello"))
}

#[test]
fn shared_iterations_are_done_once_each() {
    let server = server();
    let ended = Squall::new(&["run", &guest("minimal"), "--target", &server.url(), "-u", "7", "-i", "100"]);
    let ended = ended.exporting().run().expect_code(0);
    assert_eq!(ended.number("iterations", "count"), 100.0);
    assert_eq!(server.count(), 100);
}

#[test]
fn every_virtual_user_does_its_own_iterations() {
    let server = server();
    let ended = Squall::new(&["run", &guest("minimal"), "--target", &server.url(), "-u", "3"]);
    let ended = ended.args(&["-i", "5", "--executor", "per-vu-iterations"]).exporting().run().expect_code(0);
    assert_eq!(ended.number("iterations", "count"), 15.0);
    assert_eq!(server.connections(), 3);
}

#[test]
fn constant_users_are_active_for_their_duration() {
    let server = Server::start(|_| Reply::ok("hello").after(Duration::from_millis(20)));
    let started = std::time::Instant::now();
    let ended = Squall::new(&["run", &guest("minimal"), "--target", &server.url(), "-u", "4", "-d", "2s"]);
    let ended = ended.exporting().run().expect_code(0);
    assert!(started.elapsed() >= Duration::from_secs(2));
    assert_eq!(ended.number("vus_max", "value"), 4.0);
    assert_eq!(server.connections(), 4);
    assert_eq!(ended.number("http_reqs", "count"), server.count() as f64);
}

#[test]
fn a_ramp_goes_up_and_down() {
    let server = Server::start(|_| Reply::ok("hello").after(Duration::from_millis(10)));
    let ended = Squall::new(&["run", &guest("minimal"), "--target", &server.url()]);
    let ended = ended.args(&["-s", "1s:10", "-s", "1s:10", "-s", "1s:0"]).exporting().run().expect_code(0);
    assert_eq!(ended.number("vus_max", "value"), 10.0);
    assert_eq!(server.connections(), 10);
    // From one to ten users in a second, ten for one, down to none in one: 20.5 user-seconds, in each of which at most
    // 100 iterations fit, and one more for each user that may finish.
    let iterations = ended.number("iterations", "count");
    assert!((800.0..=2_060.0).contains(&iterations), "{iterations}");
}

#[test]
fn a_ramp_lasts_as_long_as_its_stages_also_when_they_end_with_no_user() {
    let server = server();
    let started = std::time::Instant::now();
    let ended = Squall::new(&["run", &guest("minimal"), "--target", &server.url()]);
    let ended = ended.args(&["-s", "200ms:2,200ms:0", "-s", "1s:0"]).run().expect_code(0);
    assert!(ended.err.contains("for 1.4s over 3 stages"), "{}", ended.err);
    assert!(started.elapsed() >= Duration::from_millis(1_400));
}

#[test]
fn one_flow_alone() {
    let squall = Squall::new(&["demo", "--flow", "search", "-u", "2", "-i", "20", "-e", "THINK=0", "--latency", "0ms"]);
    let ended = squall.args(&["--summary-json", "all.json"]).run().expect_code(0);
    let text = std::fs::read_to_string(ended.folder().join("all.json")).unwrap();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let ran = |flow: &&serde_json::Value| flow["iterations"].as_u64() > Some(0);
    let flows: Vec<_> = document["flows"].as_array().unwrap().iter().filter(ran).collect();
    assert_eq!(flows.len(), 1, "{flows:?}");
    assert_eq!((&flows[0]["name"], &flows[0]["iterations"]), (&"search".into(), &20.into()));
}

#[test]
fn the_same_seed_makes_the_same_choices() {
    let paths = |seed: &str| {
        let server = Server::start(|_| Reply::ok("{\"query\":\"\",\"results\":[]}"));
        let squall = Squall::new(&["run", &guest("shop"), "--target", &server.url(), "--flow", "search", "-u", "1"]);
        squall.args(&["-i", "20", "-e", "THINK=0", "--seed", seed]).run();
        server.requests().into_iter().map(|request| request.path).collect::<Vec<_>>()
    };
    let first = paths("7");
    assert_eq!(first, paths("7"));
    assert_ne!(first, paths("8"));
}

#[test]
fn a_minimum_iteration_duration_is_kept() {
    let server = server();
    let ended = Squall::new(&["run", &guest("minimal"), "--target", &server.url(), "-u", "1", "-i", "5"]);
    let started = std::time::Instant::now();
    ended.args(&["--min-iteration-duration", "200ms"]).run().expect_code(0);
    assert!(started.elapsed() >= Duration::from_millis(800));
}
