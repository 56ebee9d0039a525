//! `-v`, `-vv` and `RUST_LOG`: Squall's diagnostics, and the secrets that are kept out of them.

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
