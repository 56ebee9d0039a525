//! The output of a run, on the terminal and in files.

use std::time::Duration;

use crate::support::program::{Squall, guest};
use crate::support::server::{Reply, Server};

#[test]
fn the_summary_is_on_standard_output_and_all_else_is_not() {
    let server = Server::start(|_| Reply::ok("hello"));
    let ended = Squall::new(&["run", &guest("minimal"), "--target", &server.url(), "-i", "5"]).run().expect_code(0);
    assert!(ended.out.contains("█ TOTAL RESULTS"), "{}", ended.out);
    assert!(ended.err.contains("scenario: "), "{}", ended.err);
    assert!(!ended.out.contains('\u{1b}') && !ended.err.contains('\u{1b}'), "colours without a terminal");
}

#[test]
fn help_is_on_standard_output_as_it_was_written() {
    for command in ["run", "demo", "breakpoint", "diagnose", "agent"] {
        let ended = Squall::new(&[command, "--help"]).run().expect_code(0);
        assert!(ended.out.contains("\nUsage: ") && ended.err.is_empty(), "{command}: {}", ended.err);
    }
    // An example of a URL with a password is not a password.
    assert!(Squall::new(&["run", "--help"]).run().out.contains("USER:PASSWORD@"));
}

#[test]
fn quiet_means_quiet() {
    let server = Server::start(|_| Reply::ok("hello"));
    let squall = Squall::new(&["run", &guest("minimal"), "--target", &server.url(), "-i", "5", "-q"]);
    let ended = squall.args(&["--summary-mode", "disabled"]).run().expect_code(0);
    assert_eq!((ended.out.as_str(), ended.err.as_str()), ("", ""));
}

#[test]
fn without_a_terminal_a_line_comes_every_few_seconds() {
    let server = Server::start(|_| Reply::ok("hello").after(Duration::from_millis(10)));
    let squall = Squall::new(&["run", &guest("minimal"), "--target", &server.url(), "-u", "2", "-d", "7s"]);
    let ended = squall.run().expect_code(0);
    let lines = ended.err.lines().filter(|line| line.contains("/2 VUs")).count();
    assert!((1..=3).contains(&lines), "{}", ended.err);
}

#[test]
fn thresholds_decide_the_exit_code() {
    let server = Server::start(|_| Reply::ok("hello").after(Duration::from_millis(20)));
    let target = server.url();
    let run = |threshold: &str| {
        let minimal = guest("minimal");
        Squall::new(&["run", &minimal, "--target", &target, "-i", "10", "--threshold", threshold]).exporting().run()
    };
    run("http_req_duration=p(95)<10s").expect_code(0);
    let ended = run("http_req_duration=p(95)<10ms").expect_code(99);
    assert!(ended.out.contains("✗ 'p(95)<10ms'"), "{}", ended.out);
    assert_eq!(ended.export()["http_req_duration"]["thresholds"]["p(95)<10ms"], true);
    // A metric without samples does not meet its threshold.
    run("baskets=p(95)<10").expect_code(99);
}

#[test]
fn options_reach_the_guest_and_the_environment_is_a_layer() {
    let server = Server::start(|_| Reply::ok("hello"));
    let squall = Squall::new(&["run", &guest("minimal"), "-u", "1"]);
    let ended =
        squall.env("SQUALL_TARGET", &server.url()).env("SQUALL_ITERATIONS", "4").exporting().run().expect_code(0);
    assert_eq!(ended.number("iterations", "count"), 4.0);
}

#[test]
fn series_are_bounded() {
    let server = Server::start(|_| Reply::ok("{\"query\":\"\",\"results\":[]}"));
    let squall =
        Squall::new(&["run", &guest("shop"), "--target", &server.url(), "-u", "1", "-i", "20", "-e", "THINK=0"]);
    let ended = squall.args(&["--max-series", "2"]).run();
    assert!(ended.out.contains("(other)"), "{}", ended.out);
    assert_eq!(ended.err.matches("--max-series").count(), 1, "one warning in\n{}", ended.err);
}

#[test]
fn the_histogram_log_holds_every_second() {
    let server = Server::start(|_| Reply::ok("hello").after(Duration::from_millis(5)));
    let squall = Squall::new(&["run", &guest("minimal"), "--target", &server.url(), "-R", "20", "-d", "3s"]);
    let log = squall.folder().join("run.hlog");
    let _ended = squall.args(&["--histogram-log", log.to_str().unwrap()]).run();
    let log = std::fs::read_to_string(log).unwrap();
    let lines: Vec<&str> = log.lines().filter(|line| line.starts_with("Tag=response_time,")).collect();
    assert!((3..=4).contains(&lines.len()), "{log}");
    assert!(lines.iter().all(|line| line.contains(",HISTFA")), "{log}");
    assert!(log.starts_with("#[Logged with squall"), "{log}");
}

/// Runs with these arguments and returns standard output, which must not hold the summary for people.
fn piped(arguments: &[&str]) -> String {
    let server = Server::start(|_| Reply::ok("hello"));
    let squall = Squall::new(&["run", &guest("minimal"), "--target", &server.url(), "-i", "5"]);
    let ended = squall.args(arguments).run().expect_code(0);
    assert!(ended.err.contains("█ TOTAL RESULTS"), "{}", ended.err);
    assert!(!ended.out.contains("TOTAL RESULTS"), "{}", ended.out);
    ended.out
}

#[test]
fn a_minus_is_standard_output_for_every_file() {
    for option in ["--summary-export", "--summary-json"] {
        let json: serde_json::Value = serde_json::from_str(&piped(&[option, "-"])).unwrap();
        assert!(json.is_object(), "{option}");
    }
    assert!(piped(&["--report", "-"]).starts_with('#'));
    assert!(piped(&["--report", "-.html"]).starts_with("<!DOCTYPE html>"));
    assert!(piped(&["--report", "-.xml"]).starts_with("<?xml"));
    assert!(piped(&["--histogram-log", "-"]).starts_with("#[Logged with squall"));
    assert!(piped(&["--out", "csv=-"]).starts_with("metric_name,timestamp,"));
    for line in piped(&["--out", "json=-"]).lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
    }
}

#[test]
fn two_options_cannot_share_standard_output() {
    let server = Server::start(|_| Reply::ok("hello"));
    let squall = Squall::new(&["run", &guest("minimal"), "--target", &server.url(), "-i", "1"]);
    let ended = squall.args(&["--summary-json", "-", "--out", "json=-"]).run().expect_code(104);
    assert!(ended.err.contains("--summary-json and --out cannot both write to standard output"), "{}", ended.err);
    assert!(server.requests().is_empty());
}

#[test]
fn a_report_of_a_kept_run_can_be_piped() {
    let server = Server::start(|_| Reply::ok("hello"));
    let squall = Squall::new(&["run", &guest("minimal"), "--target", &server.url(), "-i", "1"]);
    let run = squall.run().expect_code(0);
    let runs = run.folder().join(".squall/runs").display().to_string();
    let ended = Squall::new(&["report", "--runs-dir", &runs, "--report", "-.json"]).run().expect_code(0);
    assert!(serde_json::from_str::<serde_json::Value>(&ended.out).is_ok(), "{}", ended.out);
}

#[test]
fn a_port_that_is_taken_is_told_with_its_option() {
    let server = Server::start(|_| Reply::ok("hello"));
    let taken = server.url().trim_start_matches("http://").trim_end_matches('/').to_owned();
    for option in ["--control", "--dashboard"] {
        let squall = Squall::new(&["run", &guest("minimal"), "--target", &server.url(), "-i", "1"]);
        let ended = squall.args(&[&format!("{option}={taken}")]).run().expect_code(104);
        let told = format!("{option} {taken}: another program listens on port");
        assert!(ended.err.contains(&told) && ended.err.contains("127.0.0.1:0 for any that is free"), "{}", ended.err);
    }
}

#[test]
fn completions_and_manual_pages_are_printed() {
    for (shell, part) in [
        ("bash", "complete -F _squall"),
        ("zsh", "#compdef squall"),
        ("fish", "complete -c squall"),
        ("powershell", "Register-ArgumentCompleter"),
        ("elvish", "edit:completion:arg-completer[squall]"),
    ] {
        let ended = Squall::new(&["completions", shell]).run().expect_code(0);
        assert!(ended.out.contains(part) && ended.out.contains("summary-export"), "{shell}");
    }
    assert!(Squall::new(&["man", "run"]).run().expect_code(0).out.contains("squall\\-run"));
    let ended = Squall::new(&["man", "--out", "man1"]).run().expect_code(0);
    assert!(ended.folder().join("man1/squall-plan-rehearse.1").exists());
    let ended = Squall::new(&["man", "runn"]).run().expect_code(104);
    assert!(ended.err.contains("squall has no command \"runn\""), "{}", ended.err);
}
