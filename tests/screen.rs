//! `--tui`: a run on the whole screen, and keys.

use std::time::Duration;

use crate::support::program::{Squall, guest};
use crate::support::screen::OnScreen;
use crate::support::server::{Reply, Server};

fn answering_after(latency: u64) -> Server {
    Server::start(move |_| Reply::ok("hello, world").after(Duration::from_millis(latency)))
}

fn shown(server: &Server, load: &[&str]) -> Squall {
    Squall::new(&["run", &guest("minimal"), "--target", &server.url(), "--tui", "--no-save"]).args(load)
}

#[test]
fn screen_keys_change_the_run_and_turn_pages() {
    let server = answering_after(10);
    let load = ["--executor", "externally-controlled", "-u", "2", "--max-vus", "10", "-t", "2"];
    let mut screen = OnScreen::start(shown(&server, &load).exporting(), 100, 30);
    screen.until_shown(&["running", "users 2/10", "generator", "requests"]);
    screen.press("+");
    screen.until_shown(&["3 virtual users from now on"]);
    screen.until_shown(&["users 3/10"]);
    screen.press("p");
    screen.until_shown(&["paused  "]);
    screen.press(" ");
    screen.until_shown(&["resumed", "running  "]);
    screen.press("2");
    screen.until_shown(&["request ", "count", "p95", "GET "]);
    screen.press("?");
    screen.until_shown(&["stop: no new iterations"]);
    screen.press("\u{1b}");
    screen.press("7");
    screen.press("q");
    let (ended, left) = screen.wait();
    let ended = ended.expect_code_or_busy(105);
    assert!(ended.out.contains("█ TOTAL RESULTS"), "{}", ended.out);
    assert_eq!(ended.number("http_reqs", "count"), server.count() as f64);
    // Messages are still there after the screen is closed.
    assert!(left.contains("stopping (stopped at the terminal)"), "{left}");
}

#[test]
fn screen_q_twice_stops_at_once_and_the_summary_is_printed() {
    let server = answering_after(60_000);
    let mut screen = OnScreen::start(shown(&server, &["-u", "1", "-d", "10m"]), 80, 24);
    screen.until_shown(&["running", "users 1/1"]);
    screen.press("p");
    screen.until_shown(&["this load is constant-vus and follows its plan"]);
    screen.press("q");
    screen.until_shown(&["stopping  ", "q again stops at once"]);
    screen.press("q");
    let (ended, _) = screen.wait();
    assert!(ended.expect_code_or_busy(105).out.contains("█ TOTAL RESULTS"));
}

#[test]
fn screen_is_closed_when_a_signal_ends_the_program_at_once() {
    let server = answering_after(60_000);
    let mut screen = OnScreen::start(shown(&server, &["-u", "1", "-d", "10m"]), 40, 10);
    screen.until_shown(&["1 Overview of 7", "users              1/1"]);
    screen.signal("INT");
    screen.until_shown(&["stopping  "]);
    screen.signal("INT");
    let (ended, _) = screen.wait();
    assert!(ended.expect_code(105).out.is_empty());
}

#[test]
fn screen_needs_a_terminal_and_the_run_does_not() {
    let server = answering_after(0);
    let ended = shown(&server, &["-i", "1"]).run().expect_code(0);
    assert!(
        ended.err.contains("warning: --tui: it needs a terminal for standard input and standard error"),
        "{}",
        ended.err
    );
    assert!(!ended.err.contains('\u{1b}') && ended.out.contains("█ TOTAL RESULTS"), "{}", ended.err);
    let ended = shown(&server, &["-q"]).run().expect_code(2);
    assert!(ended.err.contains("'--tui' cannot be used with '--quiet'"), "{}", ended.err);
}
