//! Mistakes in what is asked for: each has a sentence with its remedy, and the exit code of docs/exit-codes.md.

use std::fs;

use crate::support::agents::{NatsRun, end_of, minimal, until_requests};
use crate::support::daemon::free_address;
use crate::support::nats::Nats;
use crate::support::program::{Squall, guest};
use crate::support::server::{Reply, Server};

/// `squall run` of a scenario that never comes to its first request.
fn run(more: &[&str]) -> Squall {
    Squall::new(&["run", &guest("minimal"), "--target", "http://127.0.0.1:1", "-R", "10/s", "-d", "1s"]).args(more)
}

/// A token that no run has.
fn some_token() -> String {
    format!("{:0>42}A", "")
}

/// Asserts that it ends at once with that code and one sentence, which has these parts: the problem and the remedy.
#[track_caller]
fn expect_complaint(squall: Squall, code: i32, parts: &[&str]) {
    let ended = squall.run().expect_code(code);
    let complaint = ended.complaint();
    for part in parts {
        assert!(complaint.contains(part), "no {part:?} in {complaint}");
    }
}

#[test]
fn numbers_of_agents_that_cannot_be_are_refused() {
    expect_complaint(run(&["--agents", "0"]), 104, &["--agents 0", "ask for 1 to 1000"]);
    expect_complaint(run(&["--agents", "100000"]), 104, &["1000"]);
    run(&["--agents", "two"]).run().expect_code(2);
    run(&["--agents", "-1"]).run().expect_code(2);
}

#[test]
fn more_agents_than_virtual_users_are_refused() {
    let users = Squall::new(&["run", &guest("minimal"), "--target", "http://127.0.0.1:1", "-u", "2", "-i", "9"]);
    expect_complaint(users.args(&["--agents", "3"]), 104, &["2", "3", "agents"]);
}

#[test]
fn launchers_and_their_options_are_checked() {
    expect_complaint(run(&["--agents", "2", "--launch", "nonsense"]), 104, &["\"nonsense\" is not a launcher", "use "]);
    expect_complaint(run(&["--launch", "ssh:"]), 104, &["is not a machine", "write [USER@]HOST[:PORT]"]);
    expect_complaint(run(&["--agents", "2", "--launch-option", "image=x"]), 104, &["leave out --launch-option"]);
    expect_complaint(run(&["--agents", "2", "--launch", "slurm", "--launch-option", "x"]), 104, &["write KEY=VALUE"]);
    let kubernetes = ["--agents", "2", "--launch", "kubernetes"];
    expect_complaint(run(&kubernetes), 104, &["the image of the agents is missing", "--launch-option image="]);
    expect_complaint(run(&["--agents", "2", "--launch-dry-run"]), 104, &["leave out --launch-dry-run"]);
    let local = ["--agents", "2", "--launch", "local", "--nats", "nats://127.0.0.1:1"];
    expect_complaint(run(&local), 104, &["leave out --nats"]);
    run(&["--agents", "2", "--on-lost-agent", "sulk"]).run().expect_code(2);
}

#[test]
fn a_search_runs_on_one_machine() {
    let search = ["--threshold", "response_time=p(95)<500", "--agents", "2"];
    let squall = Squall::new(&["breakpoint", &guest("minimal"), "--target", "http://127.0.0.1:1"]).args(&search);
    let ended = squall.run();
    assert!(ended.code == 104 || ended.code == 2, "{}", ended.err);
    let squall = Squall::new(&["run", "plan.yaml", "--agents", "2"]);
    let component = guest("minimal");
    let plan = format!(
        "type: breakpoint\ncomponent: {component}\ntarget: http://127.0.0.1:1\nmin_rate: 10\nmax_rate: 20\nthresholds:\n  response_time: [\"p(95)<500\"]\n"
    );
    fs::write(squall.folder().join("plan.yaml"), plan).unwrap();
    expect_complaint(squall, 104, &["a breakpoint test runs on one machine", "leave out --agents"]);
}

#[test]
fn addresses_of_nats_are_checked() {
    for (url, problem) in [("http://127.0.0.1:4222", "its scheme is http"), ("nats://", "URL of a NATS server")] {
        let parts = [problem, "write nats://HOST:PORT"];
        let squall = run(&["--agents", "2", "--nats", url]).env("SQUALL_TOKEN", &some_token());
        expect_complaint(squall, 104, &parts);
        let agent = Squall::new(&["agent", "--nats", url, "--run", "r1"]);
        expect_complaint(agent.env("SQUALL_TOKEN", &some_token()), 104, &parts);
    }
    // A password in the address is not repeated.
    let squall = run(&["--agents", "2", "--nats", "nats://squall:s3cret@127.0.0.1:1"]);
    let ended = squall.env("SQUALL_TOKEN", &some_token()).run().expect_code(1);
    assert!(ended.complaint().contains("cannot connect to the NATS server"), "{}", ended.err);
    assert!(ended.complaint().contains("check that it runs there"), "{}", ended.err);
    assert!(!ended.err.contains("s3cret"), "{}", ended.err);
}

#[test]
fn agents_may_come_before_their_coordinator_and_before_nats() {
    let nowhere = format!("nats://{}", free_address());
    let agent = Squall::new(&["agent", "--nats", &nowhere, "--run", "r1"]).env("SQUALL_TOKEN", &some_token());
    agent.start().until_said("waiting: cannot connect to the NATS server");
    let Some(nats) = Nats::start("agents_may_come_before_their_coordinator") else { return };
    let (server, run) = (Server::start(|_| Reply::ok("")), NatsRun::on(&nats));
    let mut agent = run.agent("agent-0");
    agent.until_said("waiting: the NATS server has no run");
    let coordinator = run.start(&minimal(&server, &["-R", "10/s", "-d", "1s", "--agents", "1"]));
    end_of(coordinator).expect_code_or_busy(0);
    end_of(agent).expect_code(0);
    assert_eq!(server.count(), 10);
}

#[test]
fn a_token_that_no_agent_could_have_is_refused() {
    expect_complaint(
        run(&["--agents", "2", "--nats", "nats://127.0.0.1:1"]),
        104,
        &["the agents need the run's token", "set SQUALL_TOKEN", "--show-secrets"],
    );
}

#[test]
fn names_of_runs_are_checked() {
    let remedy = "use 1 to 40 of the characters a-z, 0-9 and -";
    for name in ["Run.1", "", "a b", "../x", &"x".repeat(41)] {
        expect_complaint(run(&["--agents", "2", "--run-id", name]), 104, &["cannot name a run", remedy]);
        expect_complaint(Squall::new(&["cluster", "attach", name]), 104, &["cannot name a run", remedy]);
    }
}

#[test]
fn tokens_are_checked() {
    let agent = || Squall::new(&["agent", "--nats", "nats://127.0.0.1:1", "--run", "r1"]);
    expect_complaint(agent(), 104, &["the run's token is missing", "SQUALL_TOKEN", "--token-file"]);
    let sentence = ["not the token of a run", "copy all 43 characters"];
    expect_complaint(agent().env("SQUALL_TOKEN", "s3cret"), 104, &sentence);
    expect_complaint(run(&["--agents", "2"]).env("SQUALL_TOKEN", "s3cret"), 104, &sentence);
    let squall = agent().args(&["--token-file", "token"]);
    fs::write(squall.folder().join("token"), "s3cret\n").unwrap();
    expect_complaint(squall, 104, &sentence);
    expect_complaint(agent().args(&["--token-file", "absent"]), 104, &["--token-file", "absent"]);
    expect_complaint(Squall::new(&["agent"]), 104, &["--nats URL and --run NAME", "--stdio"]);
}

#[test]
fn runs_that_are_not_there_are_named() {
    let absent = Squall::new(&["cluster", "attach", "absent"]);
    expect_complaint(absent, 104, &["nothing is known of a run absent", "give --nats URL and its token"]);
    let Some(nats) = Nats::start("runs_that_are_not_there_are_named") else { return };
    let run = NatsRun::on(&nats);
    expect_complaint(run.attach(), 1, &["the NATS server has no run", "start its coordinator first"]);
}

#[test]
fn a_second_coordinator_under_the_same_name_is_refused() {
    let Some(nats) = Nats::start("a_second_coordinator_under_the_same_name_is_refused") else { return };
    let (server, run) = (Server::start(|_| Reply::ok("")), NatsRun::on(&nats));
    let load = minimal(&server, &["-R", "20/s", "-d", "6s", "--agents", "2", "--max-backlog", "1m"]);
    let first = run.start(&load);
    let _agents = run.agents(2);
    until_requests(&server, 10);
    let second = run.coordinator(&load).run().expect_code(1);
    assert!(second.err.contains("has a run"), "{}", second.err);
    assert!(second.err.contains("choose another id"), "{}", second.err);
    end_of(first).expect_code_or_busy(0);
    assert_eq!(server.count(), 120, "the first one is not disturbed");
}

#[test]
fn too_few_agents_are_reported_with_a_remedy() {
    let Some(nats) = Nats::start("too_few_agents_are_reported_with_a_remedy") else { return };
    let (server, run) = (Server::start(|_| Reply::ok("")), NatsRun::on(&nats));
    let load = minimal(&server, &["-R", "10/s", "-d", "1s", "--agents", "3", "--join-timeout", "4s"]);
    let coordinator = run.start(&load);
    let agent = run.agent("agent-0");
    let ended = end_of(coordinator).expect_code(1);
    let complaint = ended.err.lines().last().unwrap();
    assert!(complaint.contains("of 3 agents came within 4s"), "{complaint}");
    assert!(complaint.contains("wait longer with --join-timeout, or ask for fewer with --agents"), "{complaint}");
    assert_eq!(server.count(), 0);
    // The agent that came goes home, and the run's name is free again.
    end_of(agent);
    let again = minimal(&server, &["-R", "10/s", "-d", "1s", "--agents", "1"]);
    let coordinator = run.start(&again);
    let _agent = run.agent("agent-0");
    end_of(coordinator).expect_code_or_busy(0);
    assert_eq!(server.count(), 10);
}

#[test]
fn a_server_without_jetstream_is_named() {
    let Some(program) = Nats::program_or_skip("a_server_without_jetstream_is_named") else { return };
    let (address, folder) = (free_address(), tempfile::tempdir().unwrap());
    let (host, port) = address.split_once(':').unwrap();
    let mut command = std::process::Command::new(program);
    command.args(["--addr", host, "--port", port]);
    let daemon = crate::support::daemon::Daemon::spawn(&mut command, address.clone(), folder).unwrap();
    daemon.until(|| crate::support::daemon::is_listening(&address));
    let url = format!("nats://{address}");
    let squall = run(&["--agents", "2", "--nats", &url]).env("SQUALL_TOKEN", &some_token());
    expect_complaint(squall, 1, &["JetStream", "check that it has JetStream enabled"]);
}
