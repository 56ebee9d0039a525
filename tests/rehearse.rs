//! `squall plan rehearse`: it skips hours in moments, and its numbers are those of arithmetic, and of a real run.

use std::time::Duration;

use crate::scenarios::squall;
use crate::support::program::Ended;
use crate::support::server::{Reply, Server};

/// No server listens here.
const NOWHERE: &str = "http://127.0.0.1:9";

/// The number after a title of the rehearsal.
fn figure(ended: &Ended, title: &str) -> String {
    let line = ended.out.lines().map(str::trim).find(|line| line.starts_with(&format!("{title}.")));
    let line = line.unwrap_or_else(|| panic!("there is no {title}:\n{}", ended.out));
    line.split(": ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned()
}

fn number(ended: &Ended, title: &str) -> f64 {
    figure(ended, title).replace(',', "").parse().unwrap()
}

#[test]
fn four_hours_pass_in_no_time() {
    let plan = "component: FEED\ntarget: TARGET\ndata: { users: users.csv }\nusers: 2\nduration: 4h\nflow: login\n\
                think_time: { login: 60s }\n";
    let ended = squall(&["plan", "rehearse", "plan.yaml", "--size", "1kB"], plan, NOWHERE).expect_code(0);
    // An iteration takes 50 ms, and think time 60 s: the 240th begins after 239 × 60.05 s, the 241st would after 4 h
    // and 12 s.
    assert_eq!(figure(&ended, "duration"), "4h00m00s", "{}", ended.out);
    assert_eq!((number(&ended, "iterations"), number(&ended, "requests")), (480.0, 480.0));
    assert_eq!(figure(&ended, "virtual users, at most"), "2");
    // One row for each iteration.
    assert!(ended.out.contains("480") && ended.out.contains("of 2 rows"), "{}", ended.out);
    // 480 bodies of 1,000 bytes, each after its head.
    let received = ended.out.lines().find(|line| line.contains("bytes received")).unwrap();
    assert!(received.contains("5") && received.contains("kB"), "{received}");
}

#[test]
fn a_ramp_is_as_steep_as_planned() {
    let plan = "component: MINIMAL\ntarget: TARGET\ntype: load\nusers: 10\nduration: 10m\nramp_up: 2m\nramp_down: 1m\n\
                min_iteration_duration: 10s\n";
    let ended = squall(&["plan", "rehearse", "plan.yaml"], plan, NOWHERE).expect_code(0);
    assert_eq!(figure(&ended, "virtual users, at most"), "10");
    // The area under the ramp is 8.5 minutes of ten users; each iteration takes ten seconds, and ends later than its ramp.
    let iterations = number(&ended, "iterations");
    assert!((500.0..=530.0).contains(&iterations), "{iterations}");
}

#[test]
fn a_run_does_the_same_as_its_rehearsal() {
    let server = Server::start(|_| Reply::ok("hello").after(Duration::from_millis(100)));
    let plan = "component: MINIMAL\ntarget: TARGET\nscenarios:\n  open: { rate: 20/s, duration: 3s, start_time: 1s }\n  \
                closed: { users: 3, duration: 4s }\n  counted: { users: 2, iterations: 12, start_time: 500ms }\n";
    let rehearse = ["plan", "rehearse", "plan.yaml", "--latency", "100ms", "--body", "hello"];
    let rehearsed = squall(&rehearse, plan, &server.url()).expect_code(0);
    assert_eq!(server.count(), 0, "a rehearsal sends nothing");
    let run = squall(&["run", "plan.yaml"], plan, &server.url()).expect_code_or_busy(0);
    let row = |ended: &Ended, name: &str| {
        let lines = ended.out.lines().skip_while(|line| !line.contains("SCENARIOS"));
        let line = lines.map(str::trim).find(|line| line.starts_with(name)).unwrap().to_owned();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap()
    };
    // The planned counts are the same; counts that depend on response times are nearly so, or less if the machine lags.
    assert_eq!((row(&rehearsed, "open"), row(&run, "open")), (60.0, 60.0));
    assert_eq!((row(&rehearsed, "counted"), row(&run, "counted")), (12.0, 12.0));
    assert_eq!(row(&rehearsed, "closed"), 120.0, "three users, ten iterations a second each, four seconds");
    assert!((60.0..=121.0).contains(&row(&run, "closed")), "{}", run.out);
}

#[test]
fn rows_run_out_in_a_rehearsal_too() {
    let plan = "component: FEED\ntarget: TARGET\ndata: { users: 'users.csv,policy=once-each' }\nusers: 1\nduration: 1h\nflow: login\n";
    let ended = squall(&["plan", "rehearse", "plan.yaml"], plan, NOWHERE).expect_code(0);
    assert!(ended.out.contains("no row is left"), "{}", ended.out);
    assert_eq!(number(&ended, "iterations"), 2.0);
}

#[test]
fn iterations_without_duration_still_end() {
    let plan = "component: MINIMAL\ntarget: TARGET\nusers: 1\nduration: 2s\n";
    let ended = squall(&["plan", "rehearse", "plan.yaml", "--latency", "0s"], plan, NOWHERE).expect_code(0);
    assert_eq!(number(&ended, "iterations"), 2_000.0, "a millisecond each");
}

#[test]
fn a_plan_that_cannot_be_rehearsed_is_refused() {
    let endless = "component: MINIMAL\ntarget: TARGET\nexecutor: externally-controlled\nusers: 1\n";
    let ended = squall(&["plan", "rehearse", "plan.yaml"], endless, NOWHERE).expect_code(104);
    assert!(ended.complaint().contains("would not end: give it a duration"), "{}", ended.err);
    let plan = "component: MINIMAL\ntarget: TARGET\nusers: 1\nduration: 1m\n";
    let ended = squall(&["plan", "rehearse", "plan.yaml", "--latency", "2m"], plan, NOWHERE).expect_code(104);
    assert!(ended.complaint().contains("every request would be a timeout"), "{}", ended.err);
    let failing = squall(&["plan", "rehearse", "plan.yaml", "--status", "503"], plan, NOWHERE).expect_code(0);
    assert!(failing.out.contains("status 503"), "{}", failing.out);
}
