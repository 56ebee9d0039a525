//! Suggestions of a component: they make a run stricter, never looser. Each key is tested in
//! `runtime/plan/src/suggestion/tests.rs`; here is the whole program.

use crate::support::caged::{Caged, Mebibytes};
use crate::support::component::{LOOP, OK, Wat};
use crate::support::program::Ended;

fn run(plan: &str, arguments: &[&str]) -> Ended {
    with(Wat::new(OK).suggesting(plan), arguments).run()
}

fn with(guest: Wat, arguments: &[&str]) -> Caged {
    let squall = Caged::new(&["run", "guest.wasm"]);
    guest.write(squall.folder());
    squall.args(arguments)
}

#[test]
fn certificates_stay_checked() {
    let plan = r#"{"insecure": true}"#;
    let ended = run(plan, &["-i", "1", "--target", "https://127.0.0.1:9"]).expect_code(107);
    assert!(ended.complaint().contains("insecure is true: only the user may say that"), "{}", ended.err);
    run(plan, &["-i", "1", "--insecure"]).expect_code_or_busy(0);
}

#[test]
fn times_and_numbers_stay_within_the_user_s_limits() {
    for (key, value) in [
        ("setup_timeout", r#""366d""#),
        ("teardown_timeout", r#""366d""#),
        ("graceful_stop", r#""366d""#),
        ("graceful_ramp_down", r#""366d""#),
        ("request_timeout", r#""366d""#),
        ("connect_timeout", r#""366d""#),
        ("max_backlog", r#""366d""#),
        ("max_redirects", "4000000000"),
        ("batch_per_origin", "4000000000"),
        ("threads", "1024"),
    ] {
        let ended = run(&format!("{{\"{key}\": {value}}}"), &["-i", "1", "--limits", "ci"]).expect_code(107);
        let complaint = ended.complaint();
        assert!(complaint.contains(&format!("{key} is ")) && complaint.contains("if it is meant, add "), "{complaint}");
    }
    // The form that the message recommends works.
    let guest = Wat::new(OK).suggesting(r#"{"setup_timeout": "2m"}"#);
    with(guest, &["-i", "1"]).env("SQUALL_SETUP_TIMEOUT", "2m").run().expect_code_or_busy(0);
}

#[test]
fn a_suggested_scenario_keeps_to_the_user_s_options_for_the_whole_run() {
    // An endless loop, which its own graceful stop would allow to run for a year.
    let plan =
        r#"{"scenarios": {"a": {"executor": "constant-vus", "vus": 1, "duration": "1s", "graceful_stop": "30s"}}}"#;
    let ended =
        with(Wat::new(LOOP).suggesting(plan), &["--graceful-stop", "0s"]).exporting().run().expect_code_or_busy(0);
    assert_eq!(ended.number("iterations_interrupted", "count"), 1.0);
    let ended = run(&plan.replace("30s", "366d"), &[]).expect_code(107);
    assert!(ended.complaint().contains("scenario \"a\": graceful_stop is "), "{}", ended.err);
}

#[test]
fn texts_stay_short() {
    let tag = format!(r#"{{"tags": {{"a": "{}"}}}}"#, "x".repeat(50_000));
    let ended = run(&tag, &["-i", "1"]).expect_code(107);
    let expected = "tags has a value of 50000 bytes, and a component may suggest at most 256";
    assert!(ended.complaint().ends_with(expected), "{}", ended.err);
    // The user's texts have no limit.
    run("", &["-i", "1", "--tag", &format!("a={}", "x".repeat(50_000))]).expect_code_or_busy(0);
}

#[test]
fn no_rate_fills_the_memory_with_arrivals_that_wait() {
    // Fifty million iterations for one virtual user that never returns: 800 MB, if all of them waited.
    let plan =
        r#"{"rate": "10000000/s", "duration": "5s", "pre_allocated_vus": 1, "max_vus": 1, "graceful_stop": "0s"}"#;
    let squall = with(Wat::new(LOOP).suggesting(plan), &["--threads", "1", "--no-save"]).exporting();
    let ended = squall.within(Mebibytes(350)).run();
    assert!(ended.number("dropped_iterations", "count") > 1_000_000.0, "{}", ended.out);
}
