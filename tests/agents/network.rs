//! Bad networks between agents and NATS, and a NATS server that crashes: what was planned is merged, or the report says what
//! is missing.

use std::thread;
use std::time::Duration;

use crate::support::agents::{NatsRun, Summary, end_of, minimal, until_requests};
use crate::support::nats::Nats;
use crate::support::program::{Ended, Running};
use crate::support::proxy::Proxy;
use crate::support::server::{Reply, Server};

fn server() -> Server {
    Server::start(|_| Reply::ok("hello, world"))
}

const LOAD: [&str; 8] = ["-R", "60/s", "-d", "14s", "--max-backlog", "1m", "--agents", "3"];
const PLANNED: u64 = 840;

/// Three agents, of which the last one reaches NATS through the proxy.
fn start(nats: &Nats, server: &Server, proxy: &Proxy, load: &[&str]) -> (Running, Vec<Running>) {
    let run = NatsRun::on(nats);
    let coordinator = run.start(&minimal(server, load));
    let mut agents = run.agents(2);
    agents.push(run.agent_by(&proxy.url(), "far-away").start());
    (coordinator, agents)
}

/// Asserts that every planned arrival is in the summary, and no request that the server did not see.
#[track_caller]
fn expect_complete(ended: &Ended, server: &Server, planned: u64) -> Summary {
    let summary = Summary::of(ended);
    let counts = ["iterations", "dropped_iterations", "http_reqs"].map(|name| summary.count(name));
    let seen = server.count() as u64;
    assert_eq!(summary.accounted(), planned, "{counts:?} of {seen}: {:#}\n{}", summary.0["agents"], ended.err);
    assert!(summary.count("http_reqs") <= seen, "{counts:?} of {seen}");
    if summary.lost().is_empty() {
        assert_eq!(summary.count("http_reqs"), seen, "{counts:?}\n{}", ended.err);
    } else {
        assert_ne!(summary.0["verdict"]["status"], "good");
    }
    summary
}

#[test]
fn a_slow_network_changes_nothing() {
    let Some(nats) = Nats::start("a_slow_network_changes_nothing") else { return };
    let (server, proxy) = (server(), Proxy::to(nats.address()));
    let (coordinator, _agents) = start(&nats, &server, &proxy, &LOAD);
    until_requests(&server, 60);
    proxy.delay(Duration::from_secs(3));
    until_requests(&server, 400);
    proxy.delay(Duration::ZERO);
    expect_complete(&end_of(coordinator), &server, PLANNED);
}

#[test]
fn a_slow_network_at_the_end_is_waited_for() {
    let Some(nats) = Nats::start("a_slow_network_at_the_end_is_waited_for") else { return };
    let (server, proxy) = (server(), Proxy::to(nats.address()));
    let (coordinator, _agents) = start(&nats, &server, &proxy, &LOAD);
    until_requests(&server, 60);
    proxy.delay(Duration::from_secs(3));
    expect_complete(&end_of(coordinator), &server, PLANNED);
}

#[test]
fn a_connection_that_is_cut_for_a_moment_loses_nothing() {
    let Some(nats) = Nats::start("a_connection_that_is_cut_for_a_moment_loses_nothing") else { return };
    let (server, proxy) = (server(), Proxy::to(nats.address()));
    let (coordinator, mut agents) = start(&nats, &server, &proxy, &LOAD);
    until_requests(&server, 120);
    proxy.cut();
    let said = agents[2].until_said("the connection is interrupted");
    assert!(!said.is_empty());
    thread::sleep(Duration::from_secs(2));
    proxy.mend();
    agents[2].until_said("connected again");
    expect_complete(&end_of(coordinator), &server, PLANNED);
}

#[test]
fn an_agent_that_is_cut_off_for_long_is_lost_and_ends_by_itself() {
    let Some(nats) = Nats::start("an_agent_that_is_cut_off_for_long") else { return };
    let (server, proxy) = (server(), Proxy::to(nats.address()));
    let (mut coordinator, mut agents) = start(&nats, &server, &proxy, &LOAD);
    until_requests(&server, 120);
    proxy.cut();
    coordinator.until_said("far-away was lost after");
    let ended = end_of(coordinator);
    let summary = Summary::of(&ended);
    assert_eq!(summary.lost(), ["far-away"]);
    // It went on for a while on its own, so the target saw more than was merged, but what was planned is accounted for.
    assert_eq!(summary.accounted(), PLANNED, "{:#}", summary.0["agents"]);
    assert!(summary.count("http_reqs") <= server.count() as u64);
    let requests_then = end_of(agents.pop().unwrap());
    assert_ne!(requests_then.code, -1, "it ends by itself");
}

#[test]
fn a_nats_server_that_crashes_and_comes_back_loses_nothing() {
    let Some(mut nats) = Nats::start("a_nats_server_that_crashes_and_comes_back") else { return };
    let (server, run) = (server(), NatsRun::on(&nats));
    let mut coordinator = run.start(&minimal(&server, &LOAD));
    let agents = run.agents(3);
    until_requests(&server, 120);
    nats.kill();
    coordinator.until_said("the connection to the agents is interrupted");
    nats.start_again();
    let ended = end_of(coordinator);
    expect_complete(&ended, &server, PLANNED);
    for agent in agents {
        end_of(agent);
    }
}

#[test]
fn a_nats_server_that_stays_away_ends_agents_and_coordinator() {
    let Some(mut nats) = Nats::start("a_nats_server_that_stays_away") else { return };
    let (server, run) = (server(), NatsRun::on(&nats));
    let coordinator = run.start(&minimal(&server, &["-R", "60/s", "-d", "8s", "--agents", "3"]));
    let agents = run.agents(3);
    until_requests(&server, 120);
    nats.kill();
    for agent in agents {
        end_of(agent);
    }
    // It has lost all of them; it must not wait for a server that does not come.
    let ended = end_of(coordinator);
    assert_ne!(ended.code, 0, "{}{}", ended.out, ended.err);
}

#[test]
fn a_way_that_is_slow_from_the_beginning_is_warned_of() {
    let Some(nats) = Nats::start("a_way_that_is_slow_from_the_beginning_is_warned_of") else { return };
    let (server, proxy) = (server(), Proxy::to(nats.address()));
    proxy.delay(Duration::from_millis(30));
    let load = ["-R", "60/s", "-d", "3s", "--max-backlog", "1m", "--agents", "3"];
    let (coordinator, _agents) = start(&nats, &server, &proxy, &load);
    let ended = end_of(coordinator);
    let summary = expect_complete(&ended, &server, 180);
    assert!(ended.err.contains("the clock of far-away is known to "), "{}", ended.err);
    let agents = summary.0["agents"]["agents"].as_array().unwrap();
    let far = agents.iter().find(|agent| agent["name"] == "far-away").unwrap();
    assert!(far["clock_error_ms"].as_f64() >= Some(30.0), "30 ms each way: {far:#}");
    assert!(summary.0["agents"]["start_error_ms"].as_f64() >= Some(30.0));
}
