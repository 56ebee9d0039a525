//! The load is the same on any number of agents.

use crate::support::agents::{NatsRun, Summary, at_pipes, end_of, minimal};
use crate::support::nats::Nats;
use crate::support::program::{Squall, guest};
use crate::support::server::{Reply, Server};

const AGENTS: [&str; 4] = ["1", "2", "3", "7"];

fn server() -> Server {
    Server::start(|_| Reply::ok("hello, world"))
}

/// Iterations in all and by flow, by one process and by each number of agents: all must be the same.
#[track_caller]
fn expect_the_same(guest_name: &str, more: &[&str]) -> u64 {
    let server = server();
    let run = |agents: &[&str]| {
        let before = server.count();
        let squall = Squall::new(&["run", &guest(guest_name), "--target", &server.url(), "--summary-json", "all.json"]);
        let ended = squall.args(more).args(agents).run();
        let summary = Summary::of(&ended);
        assert_eq!(summary.count("dropped_iterations"), 0, "{}", ended.out);
        assert_eq!(summary.count("http_reqs"), (server.count() - before) as u64, "{}", ended.out);
        (summary.count("iterations"), summary.flows(), summary)
    };
    let (iterations, flows, alone) = run(&[]);
    assert!(alone.0["agents"].is_null(), "one process needs no agents");
    for agents in AGENTS {
        let (by_agents, by_flow, summary) = run(&["--agents", agents]);
        assert_eq!(summary.missing(), 0, "{:#}", summary.0["agents"]);
        assert_eq!((by_agents, &by_flow), (iterations, &flows), "{agents} agents");
        let named = summary.0["agents"]["agents"].as_array().unwrap();
        assert_eq!(named.len(), agents.parse::<usize>().unwrap());
        let requests: u64 = named.iter().map(|agent| agent["requests"].as_u64().unwrap()).sum();
        // `setup` makes its requests in the coordinator.
        let by_setup = u64::from(guest_name == "features");
        assert_eq!(requests + by_setup, summary.count("http_reqs"));
    }
    iterations
}

#[test]
fn a_constant_rate_is_the_same_on_any_number_of_agents() {
    assert_eq!(expect_the_same("minimal", &["-R", "100/s", "-d", "2s", "--seed", "7", "--max-backlog", "1m"]), 200);
    // Less than one iteration for each agent.
    assert_eq!(expect_the_same("minimal", &["-R", "5/s", "-d", "1s", "--seed", "7", "--max-backlog", "1m"]), 5);
}

#[test]
fn poisson_arrivals_are_the_same_on_any_number_of_agents() {
    let arrivals = ["-R", "100/s", "-d", "2s", "--arrival", "poisson", "--seed", "7", "--max-backlog", "1m"];
    assert_ne!(expect_the_same("minimal", &arrivals), 200, "Poisson arrivals vary in number");
}

#[test]
fn flows_have_the_same_shares_on_any_number_of_agents() {
    let load = ["-R", "60/s", "-d", "2s", "--weight", "batch=5", "--weight", "paced=2", "--max-backlog", "1m"];
    assert_eq!(expect_the_same("features", &[&load[..], &["--seed", "3"]].concat()), 120);
    expect_the_same("features", &[&load[..], &["--seed", "4", "--arrival", "poisson"]].concat());
}

#[test]
fn stages_are_the_same_on_any_number_of_agents() {
    // 0 to 80/s in 1 s, 80/s for 1 s, 80 to 20/s in 1 s: 40 + 80 + 50.
    let stages = ["-s", "1s:80/s", "-s", "1s:80/s", "-s", "1s:20/s", "--seed", "7", "--max-backlog", "1m"];
    assert_eq!(expect_the_same("minimal", &stages), 170);
}

#[test]
fn closed_loads_do_each_iteration_once() {
    let shared = ["-u", "7", "-i", "100"];
    assert_eq!(expect_the_same("minimal", &shared), 100);
    let each = ["-u", "7", "-i", "5", "--executor", "per-vu-iterations"];
    assert_eq!(expect_the_same("minimal", &each), 35);
    // Not a multiple of the number of agents.
    assert_eq!(expect_the_same("minimal", &["-u", "8", "-i", "9"]), 9);
}

#[test]
fn users_of_all_agents_have_numbers_of_their_own() {
    let server = server();
    let more = ["-u", "10", "-i", "3", "--executor", "per-vu-iterations", "--agents", "3"];
    let squall = Squall::new(&["run", &guest("feed"), "--target", &server.url(), "--data", "users=users.csv"]);
    std::fs::write(squall.folder().join("users.csv"), "name\nada\n").unwrap();
    squall.args(&more).run().expect_code_or_busy(0);
    let mut users: Vec<u32> =
        server.requests().iter().map(|request| request.headers["x-vu"].parse().unwrap()).collect();
    users.sort_unstable();
    let expected: Vec<u32> = (1..=10).flat_map(|user| [user; 3]).collect();
    assert_eq!(users, expected);
}

#[test]
fn users_over_time_are_those_of_one_run() {
    let server = Server::start(|_| Reply::ok("hello").after(std::time::Duration::from_millis(20)));
    let ended = at_pipes(&server, &["-u", "5", "-d", "2s", "--agents", "3"]).exporting().run().expect_code_or_busy(0);
    assert_eq!(ended.number("vus_max", "value"), 5.0);
    assert_eq!(server.connections(), 5);
    assert_eq!(ended.number("http_reqs", "count"), server.count() as f64);
}

#[test]
fn agents_over_nats_carry_the_same_load() {
    let Some(nats) = Nats::start("agents_over_nats_carry_the_same_load") else { return };
    let (server, run) = (server(), NatsRun::on(&nats));
    let load = ["-R", "100/s", "-d", "2s", "--arrival", "poisson", "--seed", "7", "--max-backlog", "1m"];
    let alone = Summary::of(&at_pipes(&server, &load).run()).count("iterations");
    let before = server.count();
    let coordinator = run.start(&minimal(&server, &[&load[..], &["--agents", "3"]].concat()));
    let agents = run.agents(3);
    let ended = end_of(coordinator).expect_code_or_busy(0);
    let summary = Summary::of(&ended);
    assert_eq!(summary.accounted(), alone, "{}", ended.err);
    assert_eq!(summary.missing(), 0, "{}", ended.err);
    assert_eq!(summary.count("http_reqs"), (server.count() - before) as u64);
    for agent in agents {
        end_of(agent).expect_code(0);
    }
    // A run that is over leaves nothing on the server.
    run.attach().run().expect_code(1);
}
