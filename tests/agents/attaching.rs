//! Coordinators that are killed: agents do not go on alone, and another coordinator completes the report.

use std::time::{Duration, Instant};

use crate::support::agents::{
    NatsRun, Summary, at_pipes, children, end_of, is_running, minimal, until, until_requests,
};
use crate::support::nats::Nats;
use crate::support::program::{Running, Squall};
use crate::support::server::{Reply, Server};

/// Agents stop 14 s after the last word of their coordinator; the rest is for a busy machine.
const ALONE: Duration = Duration::from_secs(20);

fn server() -> Server {
    Server::start(|_| Reply::ok("hello, world"))
}

/// A load of 50/s for that time by three agents over NATS, whose coordinator is killed after 100 requests.
fn orphans(nats: &Nats, server: &Server, duration: &str, more: &[&str]) -> (NatsRun, Vec<Running>) {
    let run = NatsRun::on(nats);
    let load = ["-R", "50/s", "-d", duration, "--max-backlog", "1m", "--agents", "3", "--seed", "7"];
    let coordinator = run.start(&minimal(server, &[&load[..], more].concat()));
    let agents = run.agents(3);
    until_requests(server, 100);
    coordinator.signal("KILL");
    (run, agents)
}

#[track_caller]
fn expect_end_of_agents(agents: Vec<Running>, killed: Instant) {
    for agent in agents {
        end_of(agent);
    }
    assert!(killed.elapsed() < ALONE, "the agents ended after {:?}", killed.elapsed());
}

#[test]
fn agents_at_pipes_end_with_their_coordinator() {
    let server = server();
    let coordinator = at_pipes(&server, &["-R", "50/s", "-d", "10m", "--agents", "3"]).start();
    until_requests(&server, 50);
    let agents = children(coordinator.id());
    assert_eq!(agents.len(), 3);
    coordinator.signal("KILL");
    let killed = Instant::now();
    until("the agents end", || agents.iter().all(|(_, number)| !is_running(*number)));
    assert!(killed.elapsed() < ALONE);
}

#[test]
fn agents_over_nats_end_soon_after_their_coordinator() {
    let Some(nats) = Nats::start("agents_over_nats_end_soon_after_their_coordinator") else { return };
    let server = server();
    let (run, agents) = orphans(&nats, &server, "10m", &[]);
    expect_end_of_agents(agents, Instant::now());
    let requests = server.count() as u64;
    // All that they measured is in the report of a coordinator that comes late.
    let ended = run.attach().run();
    assert_ne!(ended.code, 0, "it did not come to its end: {}", ended.out);
    let summary = Summary::of(&ended);
    assert_eq!(summary.count("http_reqs"), requests, "{}", ended.err);
    assert_eq!(summary.count("iterations"), requests);
    assert_eq!(server.count() as u64, requests, "no load begins again");
    assert!(ended.err.contains("because it had heard no coordinator"), "{}", ended.err);
    assert_ne!(summary.0["verdict"]["status"], "good");
    assert_eq!(summary.0["run"]["end"]["as_planned"], false, "{:#}", summary.0["run"]);
}

#[test]
fn a_coordinator_that_attaches_in_time_completes_the_run() {
    let Some(nats) = Nats::start("a_coordinator_that_attaches_in_time_completes_the_run") else { return };
    let server = server();
    let more = ["--threshold", "http_req_failed=rate<0.5", "--tag", "team=red"];
    let (run, agents) = orphans(&nats, &server, "16s", &more);
    let ended = run.attach().run().expect_code_or_busy(0);
    let summary = Summary::of(&ended);
    assert_eq!(summary.accounted(), 800, "{}", ended.err);
    assert_eq!(summary.count("http_reqs"), server.count() as u64);
    assert_eq!(summary.0["thresholds"][0]["metric"], "http_req_failed");
    assert_eq!((&summary.0["run"]["tags"]["team"], &summary.0["run"]["seed"]), (&"red".into(), &"7".into()));
    for agent in agents {
        end_of(agent).expect_code(0);
    }
    // The run is over, and nothing of it is left.
    run.attach().run().expect_code(1);
}

#[test]
fn on_the_same_machine_attaching_needs_no_arguments() {
    let Some(nats) = Nats::start("on_the_same_machine_attaching_needs_no_arguments") else { return };
    let server = server();
    let (run, _agents) = orphans(&nats, &server, "12s", &[]);
    let squall = Squall::new(&["cluster", "attach", &run.name, "--summary-json", "all.json"]);
    let ended = squall.run().expect_code_or_busy(0);
    assert_eq!(Summary::of(&ended).accounted(), 600, "{}", ended.err);
    let again = Squall::new(&["cluster", "attach", &run.name]).run().expect_code(104);
    assert!(again.complaint().contains("nothing is known of a run"), "{}", again.err);
}

#[test]
fn a_coordinator_that_attaches_after_the_load_reports_all_of_it() {
    let Some(nats) = Nats::start("a_coordinator_that_attaches_after_the_load") else { return };
    let server = server();
    let (run, agents) = orphans(&nats, &server, "6s", &[]);
    expect_end_of_agents(agents, Instant::now());
    let ended = run.attach().run().expect_code_or_busy(0);
    assert_eq!(Summary::of(&ended).accounted(), 300, "{}", ended.err);
    assert_eq!(Summary::of(&ended).count("http_reqs"), server.count() as u64);
}

#[test]
fn a_killed_agent_and_a_killed_coordinator_still_add_up() {
    let Some(nats) = Nats::start("a_killed_agent_and_a_killed_coordinator") else { return };
    let server = server();
    let (run, agents) = orphans(&nats, &server, "20s", &[]);
    agents[1].signal("KILL");
    let ended = run.attach().run().expect_code_or_busy(0);
    let summary = Summary::of(&ended);
    assert_eq!(summary.lost(), ["agent-1"], "{}", ended.err);
    assert_eq!(summary.accounted(), 1_000, "{:#}", summary.0["agents"]);
}

#[test]
fn a_coordinator_that_attached_can_be_killed_too() {
    let Some(nats) = Nats::start("a_coordinator_that_attached_can_be_killed_too") else { return };
    let server = server();
    let (run, _agents) = orphans(&nats, &server, "20s", &[]);
    let second = run.attach().start();
    until_requests(&server, 300);
    second.signal("KILL");
    drop(second);
    let ended = run.attach().run().expect_code_or_busy(0);
    assert_eq!(Summary::of(&ended).accounted(), 1_000, "{}", ended.err);
    assert_eq!(Summary::of(&ended).count("http_reqs"), server.count() as u64);
}

#[test]
fn a_run_whose_load_had_not_begun_cannot_be_attached_to() {
    let Some(nats) = Nats::start("a_run_whose_load_had_not_begun") else { return };
    let (server, run) = (server(), NatsRun::on(&nats));
    let coordinator = run.start(&minimal(&server, &["-R", "50/s", "-d", "5s", "--agents", "2"]));
    let mut agent = run.agent("agent-0");
    agent.until_said("prepared, with");
    coordinator.signal("KILL");
    drop(coordinator);
    let ended = run.attach().run().expect_code(1);
    assert!(ended.complaint().contains("had not begun"), "{}", ended.err);
    assert!(ended.complaint().contains("begin it again"), "{}", ended.err);
}

#[test]
fn interrupting_a_coordinator_that_attached_ends_the_run() {
    let Some(nats) = Nats::start("interrupting_a_coordinator_that_attached") else { return };
    let server = server();
    let (run, agents) = orphans(&nats, &server, "10m", &[]);
    let mut second = run.attach().start();
    until_requests(&server, 250);
    second.signal("INT");
    second.until_said("stopping (interrupted)");
    let ended = end_of(second).expect_code(105);
    assert_eq!(Summary::of(&ended).count("http_reqs"), server.count() as u64);
    for agent in agents {
        end_of(agent).expect_code(0);
    }
}
