//! Servers' own timings (`Server-Timing`), in all outputs of a run.

use serde_json::Value;

use crate::support::program::{Ended, Squall, guest};
use crate::support::server::{Reply, Server};

/// A server that reports 12 ms for its database, and a cache without a duration.
fn run(more: &[&str]) -> Ended {
    let answer = "HTTP/1.1 200 OK\r\nServer-Timing: db;dur=12;desc=\"SELECT, mostly\", cache;desc=HIT, app;dur=3\r\n\
                  Content-Length: 5\r\n\r\nhello";
    let server = Server::start(move |_| Reply::raw(answer));
    let squall = Squall::new(&["run", &guest("minimal"), "--target", &server.url(), "-i", "20"]);
    squall
        .args(&["--summary-json", "summary.json", "--report", "report.md", "--report", "report.html"])
        .args(more)
        .run()
}

#[test]
fn the_timings_of_a_server_are_reported() {
    let ended = run(&["--threshold", "server_timing{name:db}=p(95)<=12", "--out", "csv=all.csv"]).expect_code(0);
    let read = |name: &str| std::fs::read_to_string(ended.folder().join(name)).unwrap();
    let summary: Value = serde_json::from_str(&read("summary.json")).unwrap();
    let timings = summary["server_timings"].as_array().unwrap();
    let of = |name: &str| timings.iter().find(|line| line["name"] == name).unwrap_or_else(|| panic!("{timings:?}"));
    assert_eq!(timings.len(), 2, "{timings:?}");
    assert_eq!((of("db")["count"].as_u64(), of("app")["count"].as_u64()), (Some(20), Some(20)));
    assert_eq!(of("db")["duration"]["max"].as_f64(), Some(12.0));
    for text in ["SERVER TIMING (server_timing)", "server_timing{name:db}", "✓ 'p(95)<=12' p(95)=12ms"] {
        assert!(ended.out.contains(text), "{text} is missing:\n{}", ended.out);
    }
    assert!(read("report.md").contains("| app | 20 | 3ms | 3ms | – | 3ms |"), "{}", read("report.md"));
    assert!(read("report.html").contains("What the server says its work took"));
    let rows = read("all.csv");
    assert!(rows.lines().any(|row| row.starts_with("server_timing,") && row.contains(",db,")), "{rows}");
    // It is stored, and reported again.
    let runs = ended.folder().join(".squall/runs").display().to_string();
    let told = Squall::new(&["report", "last", "--runs-dir", &runs]).run().expect_code(0);
    assert!(told.out.contains("SERVER TIMING (server_timing)"), "{}", told.out);
}

#[test]
fn a_slow_timing_of_a_server_fails_the_run() {
    let ended = run(&["--threshold", "server_timing{name:db}=p(95)<10"]).expect_code(99);
    assert!(ended.out.contains("✗ 'p(95)<10' p(95)=12ms"), "{}", ended.out);
    // A timing without samples does not pass.
    run(&["--threshold", "server_timing{name:dv}=p(95)<10"]).expect_code(99);
}

#[test]
fn a_pool_is_shared_by_all_users() {
    let server = Server::start(|_| Reply::ok("").after(std::time::Duration::from_millis(10)));
    let squall =
        Squall::new(&["run", &server.url(), "-c", "6", "-i", "60", "--shared-connections", "2", "--threads", "2"]);
    let ended = squall.exporting().run().expect_code_or_busy(0);
    assert_eq!(server.count(), 60);
    assert_eq!(server.connections(), 2, "one for each thread");
    // Three users take turns on a connection: two rounds of 10 ms are waited for.
    assert!(ended.number("http_req_blocked", "med") >= 9.0, "{}", ended.out);
    assert!(ended.number("response_time", "med") >= ended.number("http_req_duration", "med") + 9.0);
    let too_few =
        Squall::new(&["run", &server.url(), "-c", "6", "-i", "6", "--shared-connections", "1", "--threads", "2"]);
    let ended = too_few.run().expect_code(104);
    assert!(ended.err.contains("shared_connections is 1, and there are 2 worker threads"), "{}", ended.err);
}
