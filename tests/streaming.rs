//! Streams: server-sent events and tokens of language models, counted and timed by the host, from scenarios that take them
//! one by one.

use crate::support::event_server::{BEFORE_FIRST, BETWEEN, EVENTS, EventServer, TOKENS, WORDS};
use crate::support::program::{Ended, Squall, guest};

fn run(scenario: &str, server: &EventServer, more: &[&str]) -> Ended {
    let squall = Squall::new(&["run", &guest(scenario), "--target", &server.url(), "-u", "1"]);
    squall.args(more).exporting().run()
}

/// Number of values of a trend.
fn samples(ended: &Ended, metric: &str) -> u64 {
    ended.number(metric, "count") as u64
}

const ANSWERS: u64 = 4;

#[test]
fn the_numbers_of_a_language_model_are_those_of_its_events() {
    let server = EventServer::start();
    let ended = run("llm", &server, &["-i", &ANSWERS.to_string()]).expect_code_or_busy(0);
    let number = |metric: &str, value: &str| ended.number(metric, value);
    let (answers, words) = (ANSWERS as f64, WORDS.len() as f64);
    assert_eq!(number("checks", "value"), 1.0, "{}", ended.out);
    assert_eq!(number("http_stream_events", "count"), answers * EVENTS as f64);
    assert_eq!(number("llm_output_tokens", "count"), answers * TOKENS as f64, "the server's own count");
    let samples = |metric: &str| samples(&ended, metric);
    assert_eq!(samples("http_stream_first_event"), ANSWERS);
    assert_eq!(samples("http_stream_event_gap"), ANSWERS * (EVENTS - 1));
    assert_eq!(samples("http_stream_duration"), ANSWERS);
    assert_eq!(samples("llm_time_to_first_token"), ANSWERS);
    assert_eq!(samples("llm_inter_token"), ANSWERS * (WORDS.len() as u64 - 1));
    assert_eq!(samples("llm_time_per_output_token"), ANSWERS);

    let millis = |time: std::time::Duration| time.as_secs_f64() * 1e3;
    let (first, between) = (millis(BEFORE_FIRST), millis(BETWEEN));
    // The first event has no text. The head comes at once, and the last byte after all tokens.
    assert!(number("http_stream_first_event", "min") >= first);
    assert!(number("llm_time_to_first_token", "min") >= first + between);
    assert!(number("http_stream_duration", "min") >= first + words * between);
    assert!(number("http_req_receiving", "min") >= words * between);
    assert!(number("http_stream_duration", "avg") >= number("llm_time_to_first_token", "avg"));
    // All tokens but the first, in the time of all words but the first.
    let per_token = number("llm_inter_token", "avg") * (words - 1.0) / (TOKENS as f64 - 1.0);
    assert!((number("llm_time_per_output_token", "avg") - per_token).abs() < 0.01, "{per_token}");
    assert_eq!(
        number("http_connections", "count"),
        1.0,
        "an answer that is read to its end leaves the connection open"
    );
    for text in ["STREAMS", "llm_time_to_first_token", "llm_output_tokens"] {
        assert!(ended.out.contains(text), "{text} is missing:\n{}", ended.out);
    }
    assert!(!ended.out.contains("http_stream_reconnects"), "there were none:\n{}", ended.out);
}

#[test]
fn thresholds_outputs_and_kept_runs_have_them() {
    let server = EventServer::start();
    let more = ["-i", "2", "--threshold", "llm_time_to_first_token{name:chat}=max<60000"];
    let ended = run("llm", &server, &[&more[..], &["--out", "csv=all.csv"]].concat()).expect_code_or_busy(0);
    assert!(ended.out.contains("✓ 'max<60000'"), "{}", ended.out);
    let rows = std::fs::read_to_string(ended.folder().join("all.csv")).unwrap();
    assert!(rows.lines().any(|row| row.starts_with("llm_output_tokens,") && row.contains(",chat,")), "{rows}");
    let runs = ended.folder().join(".squall/runs").display().to_string();
    let kept = Squall::new(&["report", "last", "--runs-dir", &runs]).run().expect_code(0);
    assert!(kept.out.contains("llm_inter_token"), "{}", kept.out);
    // One that is not met.
    run("llm", &server, &["-i", "1", "--threshold", "llm_time_to_first_token=max<1"]).expect_code(99);
}

#[test]
fn an_answer_without_a_stream_is_a_response_like_any_other() {
    let server = EventServer::start();
    let ended =
        Squall::new(&["run", &guest("llm"), "--target", &format!("{}/none", server.url()), "-u", "1", "-i", "1"]);
    let ended = ended.exporting().run();
    assert_eq!(ended.number("http_reqs", "count"), 1.0);
    assert_eq!(ended.number("http_req_failed", "value"), 1.0);
    assert!(!ended.out.contains("llm_") && !ended.out.contains("http_stream_events"), "{}", ended.out);
}

#[test]
fn a_feed_that_ends_and_breaks_off_goes_on_after_its_last_event() {
    let server = EventServer::start();
    let ended = run("events", &server, &["-i", "1", "-e", "FEED=/feed", "-e", "EVENTS=7"]).expect_code_or_busy(0);
    assert_eq!(ended.number("checks", "value"), 1.0, "{}", ended.out);
    let ids: Vec<Option<String>> =
        server.requests().iter().map(|request| request.headers.get("last-event-id").cloned()).collect();
    assert_eq!(ids, [None, Some("3".to_owned()), Some("6".to_owned())]);
    assert_eq!(ended.number("http_stream_reconnects", "count"), 2.0);
    assert_eq!(ended.number("http_stream_events", "count"), 7.0);
    assert_eq!(samples(&ended, "http_stream_first_event"), 3);
    // The second connection broke off while it was read; the third was dropped after its only event.
    assert!(ended.out.contains("reset"), "{}", ended.out);
}

#[test]
fn a_stream_that_is_dropped_is_cut_and_answered() {
    let server = EventServer::start();
    let more = ["-i", "3", "-e", "FEED=/forever", "-e", "EVENTS=5", "--min-iteration-duration", "50ms"];
    let ended = run("events", &server, &more).expect_code_or_busy(0);
    assert_eq!(ended.number("http_reqs", "count"), 3.0);
    assert_eq!(ended.number("http_req_failed", "value"), 0.0);
    assert!(ended.number("http_stream_events", "count") >= 15.0);
    assert_eq!(samples(&ended, "http_stream_duration"), 3);
    assert_eq!(ended.number("http_connections", "count"), 3.0, "a connection that is cut is not used again");
}

#[test]
fn a_flood_is_taken_event_by_event() {
    let server = EventServer::start();
    let ended = run("events", &server, &["-i", "1", "-e", "FEED=/flood", "-e", "EVENTS=32768"]).expect_code_or_busy(0);
    assert_eq!(ended.number("http_stream_events", "count"), 32_768.0);
    assert_eq!(ended.number("checks", "value"), 1.0, "{}", ended.out);
}

#[test]
fn a_run_that_ends_cuts_streams_that_go_on() {
    let server = EventServer::start();
    let more = ["-d", "1s", "-e", "FEED=/forever", "-e", "EVENTS=1000000", "--graceful-stop", "0s"];
    let ended = run("events", &server, &more).expect_code_or_busy(0);
    assert!(ended.number("http_stream_events", "count") > 10.0, "{}", ended.out);
    assert_eq!(ended.number("iterations_interrupted", "count"), 1.0);
}
