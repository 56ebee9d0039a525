//! A run on agents is interrupted, controlled and aborted as any other.

use std::time::Duration;

use crate::support::agents::{
    NatsRun, Summary, at_pipes, children, end_of, is_running, minimal, until, until_requests,
};
use crate::support::control::Controlled;
use crate::support::nats::Nats;
use crate::support::program::Running;
use crate::support::server::{Reply, Server};

fn slow_server() -> Server {
    Server::start(|_| Reply::ok("hello").after(Duration::from_millis(50)))
}

#[track_caller]
fn expect_interruption(running: Running, server: &Server, signal: &str) {
    running.signal(signal);
    let ended = end_of(running).expect_code(105);
    assert!(ended.err.contains("stopping (interrupted)"), "{}", ended.err);
    assert!(ended.out.contains("http_reqs"), "{}", ended.out);
    let summary = Summary::of(&ended);
    assert_eq!(summary.count("http_reqs"), server.count() as u64);
    assert!(summary.lost().is_empty(), "{:#}", summary.0["agents"]);
}

#[test]
fn an_interrupt_ends_all_agents_gracefully() {
    for signal in ["INT", "TERM"] {
        for load in [&["-u", "6"][..], &["-R", "60/s"]] {
            let server = slow_server();
            let running = at_pipes(&server, &[load, &["-d", "10m", "--agents", "3"]].concat()).start();
            until_requests(&server, 50);
            let agents = children(running.id());
            expect_interruption(running, &server, signal);
            assert!(agents.iter().all(|(_, number)| !is_running(*number)));
        }
    }
}

#[test]
fn an_interrupt_ends_agents_over_nats_gracefully() {
    let Some(nats) = Nats::start("an_interrupt_ends_agents_over_nats_gracefully") else { return };
    for signal in ["INT", "TERM"] {
        let (server, run) = (slow_server(), NatsRun::on(&nats));
        let running = run.start(&minimal(&server, &["-u", "6", "-d", "10m", "--agents", "3"]));
        let agents = run.agents(3);
        until_requests(&server, 50);
        expect_interruption(running, &server, signal);
        for agent in agents {
            end_of(agent).expect_code(0);
        }
    }
}

#[test]
fn the_second_interrupt_ends_agents_at_once() {
    let server = Server::start(|_| Reply::ok("hello").after(Duration::from_secs(600)));
    let mut running = at_pipes(&server, &["-u", "4", "-d", "10m", "--graceful-stop", "10m", "--agents", "2"]).start();
    until_requests(&server, 4);
    let agents = children(running.id());
    running.signal("INT");
    running.until_said("stopping (interrupted)");
    running.signal("INT");
    end_of(running).expect_code(105);
    until("the agents end", || agents.iter().all(|(_, number)| !is_running(*number)));
}

#[test]
fn an_interrupt_while_agents_are_awaited_ends_at_once() {
    let Some(nats) = Nats::start("an_interrupt_while_agents_are_awaited") else { return };
    let (server, run) = (slow_server(), NatsRun::on(&nats));
    let running = run.start(&minimal(&server, &["-u", "4", "-d", "10m", "--agents", "2"]));
    running.signal("INT");
    end_of(running).expect_code(105);
    assert_eq!(server.count(), 0);
}

/// Virtual users that others change, on three agents.
fn endless(server: &Server, load: &[&str]) -> Controlled {
    let kind = ["--executor", "externally-controlled", "--agents", "3"];
    Controlled::start(at_pipes(server, &[&kind[..], load].concat()).exporting())
}

#[test]
fn virtual_users_of_all_agents_are_changed() {
    let server = slow_server();
    let run = endless(&server, &["-u", "2", "--max-vus", "10"]);
    let status = run.until(|status| status["vus"] == 2 && status["iterations"].as_u64() > Some(0));
    assert_eq!((&status["vus_target"], &status["vus_max"]), (&2.into(), &10.into()));
    for users in [7, 10, 1, 3] {
        assert_eq!(run.change(&format!(r#"{{"vus": {users}}}"#))["vus_target"], users);
        run.until(|status| status["vus"] == users);
    }
    let ended = run.stop();
    assert!(ended.err.contains("stopping (stopped by the API)"), "{}", ended.err);
    assert_eq!(ended.number("http_reqs", "count"), server.count() as f64);
}

#[test]
fn no_agent_begins_an_iteration_during_a_pause() {
    for load in [&["-u", "3"][..], &["-R", "100/s"]] {
        let server = slow_server();
        let run = endless(&server, load);
        run.until(|status| status["iterations"].as_u64() > Some(10));
        assert_eq!(run.change(r#"{"paused": true}"#)["status"], "paused");
        // The agents hear of it a moment later, and two reports may contain iterations from before.
        let (before, requests) = (run.after_reports(4), server.count());
        let (after, later) = (run.after_reports(2), server.count());
        assert_eq!(after["iterations"], before["iterations"], "{after:#}");
        assert_eq!(requests, later);
        assert_eq!(run.change(r#"{"paused": false}"#)["status"], "running");
        run.until(|status| status["iterations"].as_u64() > after["iterations"].as_u64());
        let ended = run.stop();
        assert_eq!(ended.number("http_reqs", "count"), server.count() as f64);
    }
}

#[test]
fn the_rate_of_all_agents_is_changed() {
    let server = Server::start(|_| Reply::ok("hello"));
    let run = endless(&server, &["-R", "20/s"]);
    let rate = |status: &serde_json::Value| status["iteration_rate"].as_f64().unwrap();
    run.until(|status| (10.0..30.0).contains(&rate(status)));
    assert_eq!(run.change(r#"{"rate": "12000/m"}"#)["rate_target"], 200.0);
    run.until(|status| rate(status) > 150.0);
    run.change(r#"{"rate": 20}"#);
    run.until(|status| rate(status) < 30.0);
    let ended = run.stop();
    assert_eq!(ended.number("iterations", "count"), server.count() as f64);
}

#[test]
fn a_threshold_that_fails_ends_the_run_for_all_agents() {
    let server = Server::start(|_| Reply::status(500, "no"));
    let more = ["-u", "4", "-d", "10m", "--threshold", "http_req_failed=rate<0.01", "--abort-on-fail", "--agents", "3"];
    let ended = at_pipes(&server, &more).run().expect_code(99);
    assert!(ended.err.contains("stopped early: threshold 'rate<0.01' on http_req_failed failed"), "{}", ended.err);
    assert_eq!(Summary::of(&ended).count("http_reqs"), server.count() as u64);
}

#[test]
fn a_threshold_is_judged_on_the_requests_of_all_agents() {
    // A third of the requests fails, wherever they come from.
    let server = Server::start(|request| if request.number % 3 == 0 { Reply::status(500, "") } else { Reply::ok("") });
    let run =
        |threshold: &str| at_pipes(&server, &["-u", "3", "-i", "300", "--agents", "3", "--threshold", threshold]).run();
    run("http_req_failed=rate<0.34").expect_code_or_busy(0);
    run("http_req_failed=rate<0.33").expect_code_or_busy(99);
}
