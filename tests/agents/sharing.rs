//! Data, `setup`, options, tags and secrets: once in all, and for all agents.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::support::agents::Summary;
use crate::support::program::{Ended, Squall, guest};
use crate::support::server::{Reply, Request, Server};

fn server() -> Server {
    Server::start(|_| Reply::ok(""))
}

/// Runs `feed` with users user0, user1, ... and three agents.
fn run_users(server: &Server, rows: usize, data: &str, more: &[&str]) -> Ended {
    run_users_on("3", server, rows, data, more)
}

fn run_users_on(agents: &str, server: &Server, rows: usize, data: &str, more: &[&str]) -> Ended {
    let data = format!("users=users.csv{data}");
    let squall = Squall::new(&["run", &guest("feed"), "--target", &server.url(), "--data", &data]);
    let csv = (0..rows).fold("name,email\n".to_owned(), |mut csv, row| {
        let _ = writeln!(csv, "user{row},user{row}@example.test");
        csv
    });
    std::fs::write(squall.folder().join("users.csv"), csv).unwrap();
    squall.args(&["--agents", agents, "--summary-json", "all.json"]).args(more).run()
}

fn body(request: &Request) -> String {
    String::from_utf8(request.body.clone()).unwrap()
}

fn sorted_bodies(server: &Server) -> Vec<String> {
    let mut bodies: Vec<String> = server.requests().iter().map(body).collect();
    bodies.sort_unstable();
    bodies
}

/// That many names, beginning again after the last row.
fn sorted_names(rows: usize, count: usize) -> Vec<String> {
    let mut names: Vec<String> = (0..count).map(|number| format!("user{}", number % rows)).collect();
    names.sort_unstable();
    names
}

#[test]
fn each_row_is_used_once_over_all_agents_and_then_the_run_ends() {
    for load in [&["-u", "5", "-d", "10m"][..], &["-R", "50/s", "-d", "10m"]] {
        let server = server();
        let ended = run_users(&server, 100, ",policy=once-each", load).expect_code_or_busy(0);
        assert_eq!(sorted_bodies(&server), sorted_names(100, 100));
        assert!(ended.out.contains("no row is left, so the run was stopped"), "{}", ended.out);
        assert_eq!(Summary::of(&ended).count("iterations"), 100);
    }
}

#[test]
fn rows_in_sequence_are_shared_among_agents_and_begin_again() {
    let server = server();
    let ended = run_users(&server, 10, "", &["-u", "6", "-i", "60"]).expect_code_or_busy(0);
    let used: BTreeSet<String> = server.requests().iter().map(body).collect();
    assert_eq!(used.len(), 10, "every row is used: {used:?}");
    assert_eq!(server.count(), 60);
    assert!(ended.out.contains("of 10 rows, sequential"), "{}", ended.out);
}

#[test]
fn users_of_different_agents_have_different_rows() {
    let server = server();
    let more = ["-u", "5", "-i", "20", "--executor", "per-vu-iterations"];
    run_users(&server, 40, ",policy=unique-per-vu", &more).expect_code_or_busy(0);
    let mut owners: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for request in server.requests() {
        owners.entry(body(&request)).or_default().insert(request.headers["x-vu"].clone());
    }
    assert!(owners.values().all(|owners| owners.len() == 1), "{owners:?}");
    assert_eq!(owners.values().flatten().collect::<BTreeSet<_>>().len(), 5);
    assert_eq!(owners.len(), 40, "all rows are some user's: {owners:?}");
}

#[test]
fn chance_is_the_same_for_each_user_on_any_number_of_agents() {
    let draws = |agents: &str| {
        let server = server();
        let load = ["-u", "4", "-i", "5", "--executor", "per-vu-iterations", "--seed", "7"];
        run_users_on(agents, &server, 1_000, ",policy=random", &load).expect_code_or_busy(0);
        let mut by_user: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for request in server.requests() {
            by_user.entry(request.headers["x-vu"].clone()).or_default().push(body(&request));
        }
        by_user
    };
    let first = draws("1");
    assert_eq!(first, draws("3"));
    assert_ne!(first["1"], first["2"]);
}

#[test]
fn setup_and_teardown_run_once_and_the_data_reaches_all_agents() {
    let server = server();
    let squall = Squall::new(&["run", &guest("features"), "--target", &server.url(), "--summary-json", "all.json"]);
    let more = ["--agents", "3", "-u", "6", "-i", "60", "--executor", "shared-iterations"];
    let ended = squall.args(&more).run().expect_code_or_busy(0);
    assert_eq!(server.requests().iter().filter(|request| request.path == "/").count(), 1, "setup asks for / once");
    assert_eq!(ended.err.matches("all gone; prepared with status 200").count(), 1, "{}", ended.err);
    let summary = Summary::of(&ended);
    let checks = summary.0["checks"].as_array().unwrap();
    let arrived = checks.iter().find(|check| check["name"] == "setup's data arrived").unwrap();
    assert_eq!((&arrived["passes"], &arrived["fails"]), (&6.into(), &0.into()), "each user of each agent");
    assert_eq!(summary.count("visitors"), 6);
}

#[test]
fn options_tags_and_secrets_arrive_at_every_agent() {
    let server = server();
    run_users(&server, 10, "", &["-u", "3", "-i", "9", "-e", "COLUMN=email"]).expect_code_or_busy(0);
    assert!(server.requests().iter().all(|request| body(request).ends_with("@example.test")));

    let server = self::server();
    let squall = Squall::new(&["run", &guest("feed"), "--target", &server.url(), "--data", "users=users.csv"]);
    std::fs::write(squall.folder().join("users.csv"), "name,email\nada,ada@example.test\n").unwrap();
    let more = ["--agents", "3", "-u", "3", "-i", "9", "--secret", "COLUMN=env:FIELD", "--tag", "team=red"];
    let squall = squall.args(&more).args(&["--summary-json", "all.json"]).env("FIELD", "email");
    let ended = squall.run().expect_code_or_busy(0);
    assert_eq!(sorted_bodies(&server), ["ada@example.test"; 9]);
    assert_eq!(Summary::of(&ended).0["run"]["tags"]["team"], "red");
}

#[test]
fn a_failing_setup_ends_the_run_and_its_agents() {
    let server = server();
    let squall = Squall::new(&["run", &guest("features"), "--target", &server.url(), "--agents", "2"]);
    let ended = squall.args(&["-u", "2", "-d", "10m", "-e", "FAIL=setup"]).run().expect_code(107);
    assert!(ended.err.contains("setup failed"), "{}", ended.err);
    assert_eq!(server.count(), 0);
}

#[test]
fn a_user_that_cannot_start_is_reported_as_without_agents() {
    let server = server();
    let squall = Squall::new(&["run", &guest("features"), "--target", &server.url(), "--agents", "2"]);
    let ended = squall.args(&["-u", "4", "-d", "10m", "-e", "FAIL=start"]).run().expect_code(107);
    assert!(ended.err.contains("no virtual user could start"), "{}", ended.err);
}

#[test]
fn a_scenario_that_asks_for_the_end_ends_all_agents() {
    let server = server();
    let squall = Squall::new(&["run", &guest("features"), "--target", &server.url(), "--agents", "3"]);
    let ended = squall.args(&["-u", "6", "-d", "10m", "-e", "ABORT=now"]).run().expect_code(108);
    assert!(ended.err.contains("the scenario asked to stop: asked to by ABORT"), "{}", ended.err);
}

#[test]
fn a_target_that_takes_no_connection_is_reported_as_without_agents() {
    let nowhere = crate::support::daemon::free_address();
    let squall = Squall::new(&["run", &guest("minimal"), "--target", &format!("http://{nowhere}"), "--agents", "2"]);
    squall.args(&["-R", "10/s", "-d", "3s"]).run().expect_code(97);
}
