//! Agents that are killed: what was offered and what was lost is what was planned, and the report names the agent.

use std::process::Command;

use crate::support::agents::{
    NatsRun, Summary, at_pipes, children, end_of, is_running, minimal, until, until_requests,
};
use crate::support::nats::Nats;
use crate::support::program::{Ended, Running};
use crate::support::server::{Reply, Server};

fn server() -> Server {
    Server::start(|_| Reply::ok("hello, world"))
}

/// 800 iterations in 8 s.
const LOAD: [&str; 8] = ["-R", "100/s", "-d", "8s", "--max-backlog", "1m", "--seed", "7"];

/// Kills an agent of this coordinator.
fn kill_child(coordinator: &Running, name: &str) {
    let agents = children(coordinator.id());
    let (_, number) = agents.iter().find(|(agent, _)| agent == name).expect("the agent runs");
    assert!(Command::new("kill").args(["-KILL", &number.to_string()]).status().unwrap().success());
}

/// Asserts what is true of every run with a lost agent.
#[track_caller]
fn expect_loss(ended: &Ended, server: &Server, agent: &str) -> Summary {
    let summary = Summary::of(ended);
    assert!(summary.lost().iter().any(|lost| lost == agent), "{:#}", summary.0["agents"]);
    assert_ne!(summary.0["verdict"]["status"], "good");
    assert!(ended.err.contains(&format!("{agent} was lost after")), "{}", ended.err);
    assert!(ended.out.contains(&format!("{agent} was lost")), "{}", ended.out);
    assert!(summary.count("http_reqs") <= server.count() as u64);
    let begun = summary.count("http_reqs") + summary.missing() + summary.count("dropped_iterations");
    assert!(begun >= server.count() as u64, "no request is unaccounted for: {:#}", summary.0["agents"]);
    summary
}

fn lose_one_at_pipes(policy: &str) -> (Ended, Server) {
    let server = server();
    let agents = ["--agents", "4", "--on-lost-agent", policy];
    let running = at_pipes(&server, &[&LOAD[..], &agents].concat()).start();
    until_requests(&server, 300);
    kill_child(&running, "local-2");
    (end_of(running), server)
}

#[test]
fn others_take_over_the_part_of_an_agent_that_is_killed() {
    let (ended, server) = lose_one_at_pipes("rebalance");
    let summary = expect_loss(&ended.expect_code_or_busy(0), &server, "local-2");
    assert_eq!(summary.accounted(), 800, "{:#}", summary.0["agents"]);
    assert_eq!(summary.0["agents"]["lost"][0]["taken_over"], true);
}

#[test]
fn without_a_replacement_the_rest_of_its_part_is_lost() {
    let (ended, server) = lose_one_at_pipes("degrade");
    let summary = expect_loss(&ended.expect_code_or_busy(0), &server, "local-2");
    assert_eq!(summary.accounted(), 800, "{:#}", summary.0["agents"]);
    assert_eq!(summary.0["agents"]["lost"][0]["taken_over"], false);
    assert!(summary.missing() > 0);
}

#[test]
fn a_lost_agent_can_end_the_run() {
    let (ended, server) = lose_one_at_pipes("fail");
    let ended = ended.expect_code(98);
    let summary = expect_loss(&ended, &server, "local-2");
    assert!(summary.accounted() <= 800);
    assert!(ended.err.contains("the run ends, as --on-lost-agent=fail says"), "{}", ended.err);
}

#[test]
fn poisson_arrivals_add_up_after_a_loss() {
    let server = server();
    let load = ["--arrival", "poisson", "--agents", "4"];
    let planned = Summary::of(&at_pipes(&server, &[&LOAD[..], &load[..2]].concat()).run()).count("iterations");
    let before = server.count();
    let running = at_pipes(&server, &[&LOAD[..], &load].concat()).start();
    until_requests(&server, before + 300);
    kill_child(&running, "local-1");
    let summary = Summary::of(&end_of(running));
    assert_eq!(summary.lost(), ["local-1"]);
    assert_eq!(summary.accounted(), planned, "{:#}", summary.0["agents"]);
}

#[test]
fn two_lost_agents_add_up() {
    let server = server();
    let running = at_pipes(&server, &[&LOAD[..], &["--agents", "4"]].concat()).start();
    until_requests(&server, 200);
    kill_child(&running, "local-0");
    until_requests(&server, 350);
    kill_child(&running, "local-3");
    let summary = Summary::of(&end_of(running));
    assert_eq!(summary.lost(), ["local-0", "local-3"]);
    assert_eq!(summary.accounted(), 800, "{:#}", summary.0["agents"]);
}

#[test]
fn the_loss_of_all_agents_ends_the_run() {
    let server = server();
    let running = at_pipes(&server, &["-R", "50/s", "-d", "10m", "--agents", "2"]).start();
    until_requests(&server, 50);
    kill_child(&running, "local-0");
    kill_child(&running, "local-1");
    let ended = end_of(running);
    assert_ne!(ended.code, 0, "{}", ended.out);
    assert_eq!(Summary::of(&ended).lost().len(), 2);
}

#[test]
fn shared_iterations_of_a_killed_agent_are_counted_or_done_by_others() {
    let server = Server::start(|_| Reply::ok("hello").after(std::time::Duration::from_millis(20)));
    let running = at_pipes(&server, &["-u", "8", "-i", "1000", "--agents", "4"]).start();
    until_requests(&server, 200);
    kill_child(&running, "local-2");
    let ended = end_of(running);
    let summary = Summary::of(&ended);
    assert_eq!(summary.lost(), ["local-2"]);
    assert_ne!(summary.0["verdict"]["status"], "good");
    assert!(summary.count("iterations") <= 1_000);
    assert!(summary.count("http_reqs") <= server.count() as u64);
}

#[test]
fn an_agent_that_is_killed_before_the_load_ends_the_run_with_a_remedy() {
    let Some(nats) = Nats::start("an_agent_that_is_killed_before_the_load") else { return };
    let (server, run) = (server(), NatsRun::on(&nats));
    let mut coordinator =
        run.start(&minimal(&server, &[&LOAD[..], &["--agents", "2", "--join-timeout", "5s"]].concat()));
    let agent = run.agent("agent-0");
    coordinator.until_said("1 of 2 agents have come");
    agent.signal("KILL");
    let second = run.agent("agent-1");
    // It may take the dead one for ready, or miss it: it must end either way.
    let ended = end_of(coordinator);
    assert_ne!(ended.code, 0, "{}{}", ended.out, ended.err);
    drop(second);
}

fn lose_one_over_nats(policy: &str) -> Option<(Ended, Server)> {
    let nats = Nats::start("agents that are lost over NATS")?;
    let (server, run) = (server(), NatsRun::on(&nats));
    let load = ["-R", "100/s", "-d", "12s", "--max-backlog", "1m", "--agents", "4", "--on-lost-agent", policy];
    let coordinator = run.start(&minimal(&server, &load));
    let mut agents = run.agents(4);
    until_requests(&server, 300);
    agents[2].signal("KILL");
    drop(agents.remove(2));
    Some((end_of(coordinator), server))
}

#[test]
fn over_nats_a_silent_agent_is_missed_and_its_part_taken_over() {
    let Some((ended, server)) = lose_one_over_nats("rebalance") else { return };
    let summary = expect_loss(&ended.expect_code_or_busy(0), &server, "agent-2");
    assert_eq!(summary.accounted(), 1_200, "{:#}", summary.0["agents"]);
    assert_eq!(summary.0["agents"]["lost"][0]["taken_over"], true);
}

#[test]
fn over_nats_a_silent_agent_can_end_the_run_or_be_left_out() {
    let Some((ended, server)) = lose_one_over_nats("fail") else { return };
    expect_loss(&ended.expect_code(98), &server, "agent-2");
    let Some((ended, server)) = lose_one_over_nats("degrade") else { return };
    let summary = expect_loss(&ended.expect_code_or_busy(0), &server, "agent-2");
    assert_eq!(summary.accounted(), 1_200, "{:#}", summary.0["agents"]);
}

/// A load that goes on long enough for a late agent to do something.
const LONG: [&str; 8] = ["-R", "60/s", "-d", "16s", "--max-backlog", "1m", "--agents", "3"];

#[track_caller]
fn expect_late_agent(coordinator: Running, server: &Server) {
    let ended = end_of(coordinator);
    let summary = expect_loss(&ended.expect_code_or_busy(0), server, "agent-1");
    assert_eq!(summary.accounted(), 960, "{:#}", summary.0["agents"]);
    let agents = summary.0["agents"]["agents"].as_array().unwrap();
    let late = agents.iter().find(|agent| agent["name"] == "late").expect("the late agent");
    assert!(late["requests"].as_u64() > Some(0) && late["joined_ms"].as_f64() > Some(0.0), "{late:#}");
}

#[test]
fn a_late_agent_takes_the_place_of_a_lost_one() {
    let Some(nats) = Nats::start("a_late_agent_takes_the_place_of_a_lost_one") else { return };
    let (server, run) = (server(), NatsRun::on(&nats));
    let mut coordinator = run.start(&minimal(&server, &LONG));
    let agents = run.agents(3);
    until_requests(&server, 120);
    agents[1].signal("KILL");
    coordinator.until_said("agent-1 was lost after");
    let late = run.agent("late");
    coordinator.until_said("late takes part from");
    expect_late_agent(coordinator, &server);
    end_of(late).expect_code(0);
}

#[test]
fn an_agent_that_waits_takes_over_as_soon_as_one_is_lost() {
    let Some(nats) = Nats::start("an_agent_that_waits_takes_over") else { return };
    let (server, run) = (server(), NatsRun::on(&nats));
    let mut coordinator = run.start(&minimal(&server, &LONG));
    let agents = run.agents(3);
    until_requests(&server, 1);
    let mut late = run.agent("late");
    late.until_said("prepared, with");
    agents[1].signal("KILL");
    coordinator.until_said("late takes part from");
    expect_late_agent(coordinator, &server);
}

#[test]
fn an_agent_that_is_frozen_for_long_and_wakes_does_not_count_twice() {
    let Some(nats) = Nats::start("an_agent_that_is_frozen_for_long") else { return };
    let (server, run) = (server(), NatsRun::on(&nats));
    let mut coordinator = run.start(&minimal(&server, &LONG));
    let agents = run.agents(3);
    until_requests(&server, 120);
    agents[1].signal("STOP");
    coordinator.until_said("agent-1 was lost after");
    agents[1].signal("CONT");
    let ended = end_of(coordinator);
    let summary = expect_loss(&ended, &server, "agent-1");
    // What it did before it heard that it was taken for lost is counted, and so is what others did in its place.
    assert_eq!(summary.accounted(), 960, "{:#}\n{}", summary.0["agents"], ended.out);
    until("the agent ends", || !is_running(agents[1].id()));
}
