//! `-v`, `-vv`, `--http-debug` and `RUST_LOG`: Squall's diagnostics, and the secrets that are kept out of them.

use crate::support::program::{Ended, Squall, guest};
use crate::support::server::{Reply, Server};

/// The lines that are about Squall itself.
fn diagnoses(ended: &Ended) -> Vec<&str> {
    ended.err.lines().filter(|line| line.starts_with("INFO squall") || line.starts_with("DEBUG squall")).collect()
}

#[test]
fn compiling_and_the_cache_are_logged_on_request() {
    let server = Server::start(|_| Reply::ok(""));
    let cache = tempfile::tempdir().unwrap();
    let run = |more: &[&str], log: Option<&str>| {
        let squall =
            Squall::new(&["run", &guest("minimal"), "--target", &server.url(), "-u", "1", "-i", "1"]).args(more);
        let squall = squall.env("XDG_CACHE_HOME", &cache.path().to_string_lossy());
        log.into_iter().fold(squall, |squall, log| squall.env("RUST_LOG", log)).run().expect_code(0)
    };
    let first = run(&["-v"], None);
    assert!(
        diagnoses(&first).iter().any(|line| line.contains("squall_guest::cache: compiled the component")),
        "{}",
        first.err
    );
    assert!(!first.err.contains("DEBUG"), "{}", first.err);
    let second = run(&["-v"], None);
    assert!(second.err.contains("took compiled code from the cache"), "{}", second.err);
    assert!(!second.err.contains("compiled the component"), "{}", second.err);
    let detailed = run(&["-vv"], None);
    let layer = |line: &&str| line.contains("a layer of options") && line.contains("keys=\"vus iterations target\"");
    assert!(diagnoses(&detailed).iter().any(layer), "{}", detailed.err);
    let by_environment = run(&[], Some("squall_guest=info"));
    assert!(diagnoses(&by_environment).iter().all(|line| line.contains("squall_guest")), "{}", by_environment.err);
    assert!(!diagnoses(&by_environment).is_empty(), "{}", by_environment.err);
    let silent = run(&[], None);
    assert!(diagnoses(&silent).is_empty() && !silent.err.contains("cache"), "{}", silent.err);
    let wrong = run(&[], Some("squall=loud"));
    assert!(wrong.err.contains("RUST_LOG=\"squall=loud\" is not understood"), "{}", wrong.err);
}

#[test]
fn a_secret_and_a_password_are_kept_out_of_diagnostics() {
    // The host's name contains the secret, and it refuses, so that the diagnostics would show it.
    let url = "http://ada:passw0rd@hunter22secret.localhost:1/";
    let squall = Squall::new(&["run", url, "-u", "1", "-i", "1", "-vv", "--secret", "KEY=env", "--no-save"]);
    let ended = squall.env("KEY", "hunter22secret").run();
    let diagnoses = diagnoses(&ended);
    let failure = |line: &&&str| line.contains("could not open a connection");
    assert!(diagnoses.iter().find(failure).is_some_and(|line| line.contains("***.localhost:1")), "{}", ended.err);
    for line in diagnoses {
        assert!(!line.contains("hunter22secret") && !line.contains("passw0rd"), "{line}");
    }
}

/// The lines of `--http-debug`.
fn wire(ended: &Ended) -> Vec<&str> {
    ended.err.lines().filter(|line| line.starts_with('#')).collect()
}

#[test]
fn requests_and_responses_are_shown_on_request() {
    let server = Server::start(|request| match request.path.as_str() {
        "/old" => Reply::raw("HTTP/1.1 302 Found\r\nlocation: /new\r\ncontent-length: 0\r\n\r\n"),
        _ => Reply::ok("{\"a\":1}\nsecond hunter22"),
    });
    let url = format!("{}/old", server.url().replace("http://", "http://ada:passw0rd@"));
    let run = |more: &[&str]| {
        let squall = Squall::new(&["run", &url, "-c", "1", "-i", "1", "--secret", "KEY=env", "-H", "x-key: hunter22"]);
        squall.env("KEY", "hunter22").args(more).run().expect_code_or_busy(0)
    };
    let heads = run(&["--http-debug"]);
    let lines = wire(&heads);
    for line in [
        "#1 > GET /old HTTP/1.1",
        "#1 > x-key: ***",
        "#1 < HTTP/1.1 302 Found",
        "#1 < location: /new",
        "#2 > GET /new HTTP/1.1",
        "#2 < HTTP/1.1 200 x",
    ] {
        assert!(lines.contains(&line), "no {line:?} in\n{}", heads.err);
    }
    assert!(lines.iter().any(|line| line.eq_ignore_ascii_case("#1 > authorization: ***")), "{}", heads.err);
    assert!(!heads.err.contains("second"), "{}", heads.err);
    let full = run(&["--http-debug=full"]);
    for line in ["#2 < {\"a\":1}", "#2 < second ***"] {
        let is_it = |shown: &&&str| shown.replace("   ", " ") == line;
        assert!(wire(&full).iter().any(|shown| is_it(&shown)), "no {line:?} in\n{}", full.err);
    }
    assert!(wire(&run(&["-vv"])).is_empty());
}

#[test]
fn only_the_first_exchanges_are_shown() {
    let server = Server::start(|_| Reply::ok("hello"));
    let ended = Squall::new(&["run", &server.url(), "-c", "2", "-i", "150", "--http-debug"]).run();
    assert!(ended.err.contains("#100 < HTTP/1.1 200 x") && !ended.err.contains("#101 "), "{}", ended.err);
    assert_eq!(ended.err.matches("the first 100 exchanges are shown, and no more").count(), 1, "{}", ended.err);
}

#[test]
fn equal_diagnoses_are_summed_up() {
    let ended = Squall::new(&["run", "http://127.0.0.1:1/", "-c", "1", "-i", "20", "-vv"]).run().expect_code(97);
    let failures: Vec<&str> =
        diagnoses(&ended).into_iter().filter(|line| line.contains("could not open a connection")).collect();
    assert_eq!(failures.len(), 2, "{}", ended.err);
    assert!(failures[1].ends_with(" ... repeated 19 times"), "{}", ended.err);
}
