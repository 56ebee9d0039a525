//! Agents whose monotonic clocks are hours apart, in time namespaces, begin together.

use std::collections::HashMap;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::support::agents::{NatsRun, Summary, end_of, is_running, until};
use crate::support::daemon::Daemon;
use crate::support::nats::Nats;
use crate::support::program::{self, Squall, guest};
use crate::support::server::{Reply, Server};
use crate::support::skip;

/// More than any thread of a busy machine is late, and far less than the clocks are apart.
const SLACK: Duration = Duration::from_secs(3);

#[test]
fn agents_whose_clocks_are_hours_apart_begin_together() {
    let test = "agents_whose_clocks_are_hours_apart_begin_together";
    let Some(nats) = Nats::start(test) else { return };
    let mut trial = Command::new("unshare");
    trial.args(["--time", "--monotonic", "36000", "true"]).stderr(Stdio::null());
    if !trial.status().is_ok_and(|status| status.success()) {
        skip(test, "time namespaces are not permitted (they need root, and unshare of util-linux)");
        return;
    }
    // The first request of each virtual user, by its number.
    let firsts: Arc<Mutex<HashMap<String, Instant>>> = Arc::default();
    let seen = Arc::clone(&firsts);
    let server = Server::start(move |request| {
        let user = request.headers.get("x-vu").cloned().unwrap_or_default();
        seen.lock().unwrap().entry(user).or_insert_with(Instant::now);
        Reply::ok("").after(Duration::from_millis(50))
    });
    let run = NatsRun::on(&nats);
    let arguments = [guest("feed"), "--target".to_owned(), server.url()];
    let load = ["--data", "users=users.csv", "-u", "3", "-d", "3s", "--agents", "3"].map(str::to_owned);
    let squall: Squall = run.coordinator(&[&arguments[..], &load].concat());
    std::fs::write(squall.folder().join("users.csv"), "name\nada\n").unwrap();
    let mut coordinator = squall.start();
    coordinator.until_said("docker run");
    let agents: Vec<Daemon> = ["0", "36000", "720000"]
        .iter()
        .map(|ahead| {
            let folder = tempfile::tempdir().unwrap();
            let mut command = Command::new("unshare");
            command.args(["--time", "--kill-child", "--fork", "--monotonic", ahead]).arg(program::path());
            command.args(["agent", "--nats", &run.url, "--run", &run.name, "--name", &format!("ahead-{ahead}")]);
            command.env("SQUALL_TOKEN", &run.token).current_dir(folder.path());
            Daemon::spawn(&mut command, String::new(), folder).unwrap()
        })
        .collect();
    let ended = end_of(coordinator).expect_code_or_busy(0);
    let summary = Summary::of(&ended);
    assert_eq!(summary.lost(), [""; 0], "{:#}", summary.0["agents"]);
    assert_eq!(summary.count("http_reqs"), server.count() as u64);
    let bound = Duration::from_secs_f64(summary.0["agents"]["start_error_ms"].as_f64().unwrap() / 1e3);
    assert!(bound < Duration::from_secs(1), "{bound:?}");
    let firsts: Vec<Instant> = firsts.lock().unwrap().values().copied().collect();
    assert_eq!(firsts.len(), 3, "a virtual user on each agent");
    let apart = *firsts.iter().max().unwrap() - *firsts.iter().min().unwrap();
    assert!(apart <= bound + SLACK, "the agents began {apart:?} apart, with a bound of {bound:?}");
    until("the agents end", || agents.iter().all(|agent| !is_running(agent.id())));
}
