//! Series by seconds: each agrees with the server's count of that second.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde_json::Value;

use crate::support::control::Controlled;
use crate::support::program::{Ended, Squall};
use crate::support::server::{Reply, Server};

const SECONDS: usize = 5;

/// A server that notes when each request arrived.
fn counting_server() -> (Server, Arc<Mutex<Vec<Instant>>>) {
    let arrivals = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&arrivals);
    let server = Server::start(move |_| {
        noted.lock().unwrap().push(Instant::now());
        Reply::ok("hello, world")
    });
    (server, arrivals)
}

/// Requests in each second from the first request on, which an even load sends when it begins.
fn per_second(arrivals: &[Instant]) -> Vec<u64> {
    let first = *arrivals.iter().min().expect("the server was asked");
    let mut counts = vec![0; SECONDS];
    for arrival in arrivals {
        let second = arrival.duration_since(first).as_secs() as usize;
        counts[second.min(SECONDS - 1)] += 1;
    }
    counts
}

/// Inner seconds agree, except for requests that cross a boundary between the server's clock reading and the client's:
/// a few milliseconds' worth on a busy machine. Requests in a wrong second would be half a second's worth.
#[track_caller]
fn assert_agree(told: &[u64], counted: &[u64], rate: u64, what: &str) {
    let tolerated = 2 + rate / 50;
    assert!(told.len() >= SECONDS, "{what}: {told:?}");
    for second in 1..SECONDS - 1 {
        let apart = told[second].abs_diff(counted[second]);
        assert!(apart <= tolerated, "{what}, second {second}: {told:?}, and the server counted {counted:?}");
    }
}

fn exported_seconds(ended: &Ended) -> Vec<u64> {
    let export = |folder: &Path| {
        let mut squall = std::process::Command::new(crate::support::program::path());
        squall.args(["runs", "export", "--format", "csv"]).current_dir(folder).output().expect("squall starts")
    };
    let csv = String::from_utf8(export(ended.folder()).stdout).expect("UTF-8");
    csv.lines().skip(1).map(|line| line.split(',').nth(2).expect("requests").parse().expect("a number")).collect()
}

/// `http_reqs` of `--out csv`, by time.
fn csv_seconds(folder: &Path) -> Vec<u64> {
    let csv = std::fs::read_to_string(folder.join("out.csv")).expect("an output");
    let mut counts: BTreeMap<&str, f64> = BTreeMap::new();
    for line in csv.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let count = if cells[0] == "http_reqs" { cells[2].parse().expect("a number") } else { 0.0 };
        *counts.entry(cells[1]).or_default() += count;
    }
    counts.into_values().map(|count| count as u64).collect()
}

/// The same of `--out json`.
fn json_seconds(folder: &Path) -> Vec<u64> {
    let text = std::fs::read_to_string(folder.join("out.json")).expect("an output");
    let mut counts: BTreeMap<String, f64> = BTreeMap::new();
    for line in text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")) {
        if let Some(time) = line["data"]["time"].as_str() {
            let count = if line["metric"] == "http_reqs" { line["data"]["value"].as_f64() } else { None };
            *counts.entry(time.to_owned()).or_default() += count.unwrap_or(0.0);
        }
    }
    counts.into_values().map(|count| count as u64).collect()
}

#[test]
fn each_second_of_every_output_is_the_servers() {
    for (rate, threads) in [(5, "1"), (40, "2"), (100, "1"), (1_000, "2")] {
        let (server, arrivals) = counting_server();
        let duration = format!("{SECONDS}s");
        let load = ["-R", &rate.to_string(), "-d", &duration, "-c", "20", "--threads", threads];
        let outputs = ["--out", "csv=out.csv", "--out", "json=out.json", "--report", "report.json"];
        let squall = Squall::new(&["run", &server.url()]).args(&load).args(&outputs);
        let ended = squall.run().expect_code_or_busy(0);
        let counted = per_second(&arrivals.lock().unwrap());
        assert_agree(&exported_seconds(&ended), &counted, rate, "runs export");
        assert_agree(&csv_seconds(ended.folder()), &counted, rate, "--out csv");
        assert_agree(&json_seconds(ended.folder()), &counted, rate, "--out json");
        assert_agree(&report_seconds(ended.folder()), &counted, rate, "--report");
    }
}

/// The chart of the report.
fn report_seconds(folder: &Path) -> Vec<u64> {
    let text = std::fs::read_to_string(folder.join("report.json")).expect("a report");
    let report: Value = serde_json::from_str(&text).expect("JSON");
    let requests = report["timeline"]["requests"].as_array().unwrap_or_else(|| panic!("no timeline in {report:#}"));
    requests.iter().map(|rate| rate.as_f64().expect("a rate").round() as u64).collect()
}

#[test]
fn the_rate_of_the_last_second_is_no_more_than_was_possible() {
    let server = Server::start(|_| Reply::ok("hello, world"));
    let load = ["run", &server.url(), "-R", "5", "-d", "1m", "-c", "5", "--threads", "2"];
    let run = Controlled::start(Squall::new(&load));
    run.after_reports(1);
    let rates: Vec<f64> = (0..3).map(|_| run.after_reports(1)["iteration_rate"].as_f64().expect("a rate")).collect();
    run.stop();
    // A stall of the machine may shift one of the five over a boundary; half of them never.
    assert!(rates.iter().all(|rate| (4.0..=6.0).contains(rate)), "{rates:?}");
}
