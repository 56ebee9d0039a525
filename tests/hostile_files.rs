//! Untrusted files: stored runs in a checkout, sources, keys and data without an end.

use crate::support::caged::Caged;
use crate::support::component::{OK, Wat};
use crate::support::program::Ended;

/// A folder with one run from another author, as a checkout may contain it.
fn checkout(name: &str, run: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let run_folder = folder.path().join(name);
    std::fs::create_dir_all(&run_folder).unwrap();
    std::fs::write(run_folder.join("run.json"), run).unwrap();
    folder
}

fn asked(runs: &std::path::Path, arguments: &[&str]) -> Ended {
    Caged::new(arguments).args(&["--runs-dir", &runs.display().to_string()]).run()
}

#[test]
fn an_untrusted_run_steers_no_terminal() {
    let text = r"##vso[task.complete]\u001b[2J\u202e\n::error::x";
    let run = format!(
        r#"{{"format": 1, "began": "{text}", "scenario": "{text}", "digest": "{text}", "target": "{text}", "load": "{text}",
            "thresholds": [["{text}", "{text}"]], "environment": {{"host": "{text}", "processor": "{text}"}}}}"#
    );
    let runs = checkout("20261125-123005-271001", &run);
    let folder = runs.path().join("20261125-123005-271001");
    let end = format!(
        r#"{{"exit_code": 0, "thresholds": [{{"metric": "{text}", "expression": "{text}", "passed": true}}]}}"#
    );
    std::fs::write(folder.join("end.json"), end).unwrap();
    std::fs::write(folder.join("tags"), "+main\n+\u{1b}[2Jevil\n").unwrap();
    std::fs::create_dir(runs.path().join("\u{1b}[2Jevil")).unwrap();
    std::fs::write(runs.path().join("\u{1b}[2Jevil/run.json"), &run).unwrap();
    for arguments in
        [&["runs", "list"][..], &["runs", "list", "--json"], &["runs", "show", "main"], &["compare", "main", "main"]]
    {
        let ended = asked(runs.path(), arguments);
        for shown in [&ended.out, &ended.err] {
            assert!(!shown.contains("##vso[") && !shown.contains(['\u{1b}', '\u{202e}']), "{arguments:?}: {shown}");
            assert!(!shown.lines().any(|line| line.trim_start().starts_with("::")), "{arguments:?}: {shown}");
        }
    }
    let listed = asked(runs.path(), &["runs", "list"]).expect_code(0).out;
    assert!(listed.contains("20261125-123005-271001") && listed.contains("# #vso["), "{listed}");
}

#[test]
fn a_damaged_run_does_not_hide_others() {
    let runs = checkout("20261125-123005-271001", r#"{"format": 1, "scenario": "good.wasm"}"#);
    std::fs::create_dir(runs.path().join("20261125-123005-271002")).unwrap();
    std::fs::write(runs.path().join("20261125-123005-271002/run.json"), "{\"format\": 1").unwrap();
    let ended = asked(runs.path(), &["runs", "list"]).expect_code(0);
    assert!(ended.out.contains("good.wasm"), "{}", ended.out);
    assert!(ended.err.contains("left out: ") && ended.err.contains("271002/run.json: EOF"), "{}", ended.err);
}

#[test]
fn no_file_is_written_through_a_link_in_a_checkout() {
    let runs = checkout("20261125-123005-271001", r#"{"format": 1}"#);
    let victim = runs.path().join("victim");
    std::fs::write(&victim, "precious").unwrap();
    for link in ["20261125-123005-271001/tags", "accepted.ndjson"] {
        std::os::unix::fs::symlink(&victim, runs.path().join(link)).unwrap();
    }
    assert_ne!(asked(runs.path(), &["runs", "tag", "last", "main"]).code, 0);
    assert_ne!(asked(runs.path(), &["trend", "accept", "last", "--reason", "x"]).code, 0);
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "precious");
}

#[test]
fn the_folder_of_runs_may_be_a_link() {
    let elsewhere = tempfile::tempdir().unwrap();
    let squall = Caged::new(&["run", "guest.wasm", "-i", "1"]);
    std::fs::create_dir(squall.folder().join(".squall")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), squall.folder().join(".squall/runs")).unwrap();
    Wat::new(OK).write(squall.folder());
    squall.run().expect_code_or_busy(0);
    let kept = std::fs::read_dir(elsewhere.path()).unwrap().map(|entry| entry.unwrap().path());
    assert_eq!(kept.filter(|entry| entry.join("run.json").exists()).count(), 1);
}

#[test]
fn a_counter_that_grows_past_every_number_stays_a_number() {
    // 1.7e308, added twice in each iteration.
    let add = "(call $add (global.get $c) (f64.const 1.7e308))";
    let guest = Wat::new(&format!(
        "(if (i32.eqz (global.get $c)) (then (global.set $c (call $counter (i32.const 700) (i32.const 1))))) {add} {add} (i32.const 200)"
    ))
    .with_functions(r#"(global $c (mut i32) (i32.const 0)) (data (i32.const 700) "c")"#)
    .importing_all(
        "squall:scenario/metrics@0.1.0",
        r#"(export "counter" (type $counter (sub resource)))
           (export "[constructor]counter" (func (param "name" string) (result (own $counter))))
           (export "[method]counter.add" (func (param "self" (borrow $counter)) (param "value" f64)))"#,
        &[
            ("[constructor]counter", "counter", "(param i32 i32) (result i32)"),
            ("[method]counter.add", "add", "(param i32 f64)"),
        ],
    );
    let runs = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let squall = Caged::new(&["run", "guest.wasm", "-i", "3", "--runs-dir", &runs.path().display().to_string()]);
        guest.write(squall.folder());
        squall.run().expect_code_or_busy(0);
    }
    let exported = asked(runs.path(), &["runs", "export", "last"]).expect_code(0).out;
    assert!(exported.contains("1.7976931348623157e"), "{exported}");
    asked(runs.path(), &["runs", "list"]).expect_code(0);
}

#[test]
fn a_source_is_not_built_where_strangers_scenarios_run() {
    let squall = Caged::new(&["run", "scenario.js", "--limits", "ci"]);
    std::fs::write(squall.folder().join("scenario.js"), "").unwrap();
    let ended = squall.run().expect_code(104);
    assert!(ended.complaint().contains("which --limits ci does not allow"), "{}", ended.err);
    let squall = Caged::new(&["run", "plan.yaml"]).env("SQUALL_LIMITS", "ci");
    std::fs::write(squall.folder().join("scenario.js"), "").unwrap();
    std::fs::write(squall.folder().join("plan.yaml"), "component: scenario.js\nusers: 1\nduration: 1s\n").unwrap();
    let ended = squall.run().expect_code(104);
    assert!(ended.complaint().contains("scenario.js: building a source"), "{}", ended.err);
}

#[test]
fn a_key_without_an_end_is_not_read_to_it() {
    for option in ["--verify-key", "--key"] {
        let command = if option == "--key" { "sign" } else { "inspect" };
        let ended = Caged::new(&[command, "guest.wasm", option, "/dev/zero"]).run().expect_code(104);
        assert!(ended.complaint().contains("it has more than 65536 bytes"), "{}", ended.err);
    }
    let squall = Caged::new(&["run", "guest.wasm", "-i", "1", "--data", "users=csv:/dev/zero"]);
    Wat::new(OK).write(squall.folder());
    let ended = squall.run().expect_code(104);
    assert!(ended.complaint().contains("this is a device"), "{}", ended.err);
}
