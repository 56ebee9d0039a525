//! `squall control`: a run, controlled from another terminal.

use crate::support::control::Controlled;
use crate::support::program::{Ended, Squall, guest};
use crate::support::server::{Reply, Server};

const TOKEN: &str = "correct-horse-battery-staple";

fn control(arguments: &[&str]) -> Ended {
    Squall::new(&["control"]).args(arguments).env("SQUALL_CONTROL_TOKEN", TOKEN).run()
}

#[test]
fn a_run_is_controlled_from_elsewhere() {
    let server = Server::start(|_| Reply::ok("hello, world").after(std::time::Duration::from_millis(10)));
    let squall = Squall::new(&["run", &guest("minimal"), "--target", &server.url(), "--threads", "2", "-u", "2"]);
    let squall = squall.args(&["--executor", "externally-controlled", "--max-vus", "9"]);
    let mut run = Controlled::start(squall.env("SQUALL_CONTROL_TOKEN", TOKEN));
    assert_eq!(run.token, "as given", "a secret that somebody has is not printed");
    run.token = TOKEN.to_owned();
    run.until(|status| status["vus"] == 2);

    let at = run.address.clone();
    let status = control(&["--at", &at, "status"]).expect_code(0);
    assert!(status.out.contains("      status: running, "), "{}", status.out);
    assert!(status.out.contains("         vus: 2 active, 2 requested, at most 9\n"), "{}", status.out);
    assert!(control(&["status", "--at", &at]).expect_code(0).out.contains("vus: 2 active"));
    let json = control(&["--at", &at, "status", "--json"]).expect_code(0);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((&json["status"], &json["vus_max"]), (&"running".into(), &9.into()));

    assert_eq!(control(&["--at", &at, "vus", "5"]).expect_code(0).out, "5 virtual users from now on\n");
    run.until(|status| status["vus"] == 5);
    control(&["--at", &at, "pause"]).expect_code(0);
    run.until(|status| status["status"] == "paused" && status["vus"] == 0);
    control(&["--at", &at, "resume"]).expect_code(0);
    run.until(|status| status["vus"] == 5);
    let refused = control(&["--at", &at, "rate", "5/s"]).expect_code(1);
    assert!(refused.complaint().contains("this load has virtual users and no rate"), "{}", refused.err);

    let stranger = Squall::new(&["control", "--at", &at, "--token-file", "token", "stop"]);
    std::fs::write(stranger.folder().join("token"), "another-token-than-the-one\n").unwrap();
    let refused = stranger.run().expect_code(1);
    assert!(refused.complaint().contains("the run's token is missing or wrong"), "{}", refused.err);

    let friend = Squall::new(&["control", "--at", &at, "--token-file", "token", "stop"]);
    std::fs::write(friend.folder().join("token"), format!("{TOKEN}\n")).unwrap();
    assert_eq!(friend.run().expect_code(0).out, "stopping\n");
    run.running.wait().expect_code_or_busy(103);
}

#[test]
fn missing_arguments_are_reported() {
    let ended = control(&["--at", "127.0.0.1:9", "status"]).expect_code(1);
    assert!(
        ended.complaint().starts_with("nothing listens at 127.0.0.1:9: start the run with --control"),
        "{}",
        ended.err
    );
    let ended = control(&["--at", "192.0.2.1:6565", "status"]).expect_code(104);
    assert!(ended.complaint().contains("a run is controlled from its own machine alone"), "{}", ended.err);
    let ended = Squall::new(&["control", "status"]).run().expect_code(104);
    assert!(ended.complaint().starts_with("the run's token is missing"), "{}", ended.err);
    let ended = Squall::new(&["control", "status"]).env("SQUALL_CONTROL_TOKEN", "short").run().expect_code(104);
    assert!(ended.complaint().starts_with("SQUALL_CONTROL_TOKEN: this token has 5 characters"), "{}", ended.err);
    let ended = Squall::new(&["control", "--token-file", "nowhere", "status"]).run().expect_code(104);
    assert!(ended.complaint().starts_with("--token-file nowhere: No such file"), "{}", ended.err);
    // The server at this address is not a run.
    let other = Server::start(|_| Reply::ok("hello, world"));
    let ended = control(&["--at", other.url().trim_start_matches("http://"), "status"]).expect_code(1);
    assert!(ended.complaint().contains("the server there is not a run of this version of Squall"), "{}", ended.err);
}
