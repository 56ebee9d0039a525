//! Runs that agents carry: a coordinator, its agents, and what its summary says of them.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::daemon::between_questions;
use super::nats::Nats;
use super::program::{Ended, Running, Squall, guest};
use super::server::Server;

/// A run with a name and a token of its own on a NATS server.
pub struct NatsRun {
    pub url: String,
    pub name: String,
    pub token: String,
}

impl NatsRun {
    pub fn on(nats: &Nats) -> NatsRun {
        static RUNS: AtomicU32 = AtomicU32::new(0);
        let name = format!("e2e-{}-{}", std::process::id(), RUNS.fetch_add(1, Ordering::Relaxed));
        // 32 bytes in base64url.
        let token = format!("{:0>42}A", name.replace('-', "_"));
        NatsRun { url: nats.url(), name, token }
    }

    /// A coordinator with these arguments after `run`.
    pub fn coordinator(&self, arguments: &[String]) -> Squall {
        let squall = Squall::new(&["run"]).args(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        let squall = squall.args(&["--nats", &self.url, "--run-id", &self.name, "--summary-json", "all.json"]);
        squall.env("SQUALL_TOKEN", &self.token)
    }

    /// Starts a coordinator. Agents can come when this returns.
    pub fn start(&self, arguments: &[String]) -> Running {
        let mut running = self.coordinator(arguments).start();
        running.until_said("docker run");
        running
    }

    /// An agent, on NATS at the run's URL or another that leads there.
    pub fn agent_by(&self, url: &str, name: &str) -> Squall {
        let squall = Squall::new(&["agent", "--nats", url, "--run", &self.name, "--name", name]);
        squall.env("SQUALL_TOKEN", &self.token)
    }

    pub fn agent(&self, name: &str) -> Running {
        self.agent_by(&self.url, name).start()
    }

    /// That many agents: agent-0, agent-1, ...
    pub fn agents(&self, count: usize) -> Vec<Running> {
        (0..count).map(|number| self.agent(&format!("agent-{number}"))).collect()
    }

    /// A coordinator that takes the place of one that is lost, with all that it must know as arguments.
    pub fn attach(&self) -> Squall {
        let squall = Squall::new(&["cluster", "attach", &self.name, "--nats", &self.url]);
        squall.args(&["--summary-json", "all.json"]).env("SQUALL_TOKEN", &self.token)
    }
}

/// The arguments of a load with `minimal`: one request in each iteration.
pub fn minimal(server: &Server, more: &[&str]) -> Vec<String> {
    let arguments = [guest("minimal"), "--target".to_owned(), server.url()];
    arguments.into_iter().chain(more.iter().map(|one| (*one).to_owned())).collect()
}

/// `squall run` of `minimal` with agents at pipes.
pub fn at_pipes(server: &Server, more: &[&str]) -> Squall {
    let squall = Squall::new(&["run", &guest("minimal"), "--target", &server.url(), "--summary-json", "all.json"]);
    squall.args(more)
}

/// All that a run reports, as JSON.
pub struct Summary(pub Value);

impl Summary {
    #[track_caller]
    pub fn of(ended: &Ended) -> Summary {
        Summary::in_folder(ended.folder(), &ended.err)
    }

    #[track_caller]
    pub fn in_folder(folder: &Path, err: &str) -> Summary {
        let text = std::fs::read_to_string(folder.join("all.json")).unwrap_or_else(|_| panic!("no summary: {err}"));
        Summary(serde_json::from_str(&text).expect("it is JSON"))
    }

    /// A counter; 0 if nothing was counted.
    pub fn count(&self, metric: &str) -> u64 {
        let metrics = self.0["metrics"].as_array().expect("metrics");
        let found = metrics.iter().find(|one| one["name"] == metric);
        found.map_or(0, |one| one["sum"].as_f64().expect("a counter") as u64)
    }

    /// Iterations by flow.
    pub fn flows(&self) -> Vec<(String, u64)> {
        let flows = self.0["flows"].as_array().expect("flows");
        flows.iter().map(|flow| (flow["name"].to_string(), flow["iterations"].as_u64().unwrap())).collect()
    }

    /// The names of agents that were lost.
    pub fn lost(&self) -> Vec<String> {
        let lost = self.0["agents"]["lost"].as_array().expect("lost agents");
        lost.iter().map(|one| one["agent"].as_str().unwrap().to_owned()).collect()
    }

    /// Planned arrivals that no agent began, and iterations whose end is not known.
    pub fn missing(&self) -> u64 {
        let lost = self.0["agents"]["lost"].as_array().expect("lost agents");
        lost.iter().map(|one| one["arrivals"].as_u64().unwrap() + one["iterations"].as_u64().unwrap()).sum()
    }

    /// Arrivals that a lost agent and its replacement both began.
    fn repeated(&self) -> u64 {
        let lost = self.0["agents"]["lost"].as_array().expect("lost agents");
        lost.iter().map(|one| one["repeated"].as_u64().unwrap_or(0)).sum()
    }

    /// Every planned arrival once: begun (to its end, or interrupted), dropped, or lost with an agent.
    pub fn accounted(&self) -> u64 {
        let counters = ["iterations", "iterations_interrupted", "dropped_iterations"];
        counters.iter().map(|name| self.count(name)).sum::<u64>() + self.missing() - self.repeated()
    }
}

/// The agents of a coordinator of this machine: their names and process numbers.
pub fn children(coordinator: u32) -> Vec<(String, u32)> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_child = |number: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
        let after_name = stat.rsplit(") ").next().unwrap_or_default();
        after_name.split(' ').nth(1) == Some(&coordinator.to_string())
    };
    let named = |number: u32| {
        let environment = std::fs::read(format!("/proc/{number}/environ")).unwrap_or_default();
        let environment = String::from_utf8_lossy(&environment).into_owned();
        let name = environment.split('\0').find_map(|pair| pair.strip_prefix("SQUALL_AGENT_NAME="))?;
        Some((name.to_owned(), number))
    };
    let mut found: Vec<_> = numbers.filter(is_child).filter_map(named).collect();
    found.sort_unstable();
    found
}

/// Whether a process runs: one that has ended and was not waited for does not.
pub fn is_running(number: u32) -> bool {
    std::fs::metadata(format!("/proc/{number}/exe")).is_ok()
}

/// The outcome of a program that must end by itself, after three minutes at most: a coordinator waits a minute for a NATS
/// that is away, and 45 s for an agent that does not report its end. It is ended with its test if it does not.
#[track_caller]
pub fn end_of(running: Running) -> Ended {
    let give_up = Instant::now() + Duration::from_secs(180);
    while is_running(running.id()) {
        assert!(Instant::now() < give_up, "a program does not end");
        between_questions();
    }
    running.wait()
}

/// Waits until something is so.
#[track_caller]
pub fn until(what: &str, is_so: impl Fn() -> bool) {
    let give_up = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < give_up, "not in a minute: {what}");
        between_questions();
    }
}

/// Waits until the server has received that many requests.
#[track_caller]
pub fn until_requests(server: &Server, count: usize) {
    until("the requests", || server.count() >= count);
}
