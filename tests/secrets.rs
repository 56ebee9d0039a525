//! `--secret`: only the scenario gets it.

use std::fs;
use std::path::Path;

use crate::support::component::Wat;
use crate::support::program::{Ended, Squall, root};
use crate::support::server::{Reply, Server};

const SECRET: &str = "s3cr&t/pass word?";

/// A guest that prints its option `KEY` wherever it can: in a line of the log, as a check's name, and as its error.
fn blabbermouth() -> Wat {
    Wat::new(
        r#"
        ;; option("KEY") writes what it returns at 512: whether there is one, where it lies, and its length.
        (call $option (i32.const 600) (i32.const 3) (i32.const 512))
        (call $log (i32.const 1) (i32.load (i32.const 516)) (i32.load (i32.const 520)))
        (call $check (i32.load (i32.const 516)) (i32.load (i32.const 520)) (i32.const 1))
        (i32.store (i32.const 528) (i32.const 1))
        (i32.store (i32.const 532) (i32.load (i32.const 516)))
        (i32.store (i32.const 536) (i32.load (i32.const 520)))
        (i32.const 528)"#,
    )
    .with_functions(r#"(data (i32.const 600) "KEY")"#)
    .importing_all(
        "squall:scenario/context@0.1.0",
        r#"(type $level' (enum "debug" "info" "warn" "error")) (export "level" (type $level (eq $level')))
           (export "option" (func (param "name" string) (result (option string))))
           (export "log" (func (param "level" $level) (param "message" string)))"#,
        &[("option", "option", "(param i32 i32 i32)"), ("log", "log", "(param i32 i32 i32)")],
    )
    .importing_all(
        "squall:scenario/metrics@0.1.0",
        r#"(export "check" (func (param "name" string) (param "passed" bool)))"#,
        &[("check", "check", "(param i32 i32 i32)")],
    )
}

fn run(guest: &Wat, key: &str) -> Squall {
    let squall = Squall::new(&["run", "guest.wasm", "-i", "2", "--summary-mode", "full", "--secret", key]);
    guest.write(squall.folder());
    let reports = ["html", "md", "xml", "json"].map(|ending| format!("report.{ending}"));
    let reports: Vec<&str> = reports.iter().flat_map(|report| ["--report", report]).collect();
    squall.args(&reports).exporting()
}

/// Every file in the folder, except the secret's own ones.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if !path.ends_with("key.txt") {
            found.push((path.display().to_string(), String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned()));
        }
    }
    found
}

/// Asserts that no output contains any of these.
#[track_caller]
fn expect_nowhere(ended: &Ended, texts: &[&str]) {
    let mut places = files(ended.folder());
    assert!(places.len() > 7, "reports and a kept run: {:?}", places.iter().map(|(name, _)| name).collect::<Vec<_>>());
    places.push(("standard output".to_owned(), ended.out.clone()));
    places.push(("standard error".to_owned(), ended.err.clone()));
    for (place, content) in places {
        for text in texts {
            assert!(!content.contains(text), "{place} has {text}: {content}");
        }
    }
}

#[test]
fn only_the_scenario_gets_it() {
    let ended = run(&blabbermouth(), "KEY=env:MY_KEY").env("MY_KEY", SECRET).run().expect_code_or_busy(0);
    assert!(ended.err.contains("[vu 1 main] ***"), "{}", ended.err);
    assert!(ended.out.contains("2× ***"), "{}", ended.out);
    expect_nowhere(&ended, &[SECRET, "s3cr&amp;t", "s3cr"]);
}

#[test]
fn a_file_is_read_without_its_last_line_feed() {
    let squall = run(&blabbermouth(), "KEY=@key.txt");
    fs::write(squall.folder().join("key.txt"), format!("{SECRET}\n")).unwrap();
    let ended = squall.run().expect_code_or_busy(0);
    assert!(ended.err.contains("[vu 1 main] ***\n"), "{}", ended.err);
    expect_nowhere(&ended, &[SECRET]);
}

#[test]
fn encoded_it_is_not_shown_either() {
    // The series is named after the URL, in which the secret is percent-encoded and, with a name before it, in base64.
    let server = Server::start(|_| Reply::ok("hello"));
    let component = root().join("runtime/cli/assets/request.wasm").display().to_string();
    let url = "/login?key=s3cr%26t%2Fpass%20word%3F&auth=dXNlcjpzM2NyJnQvcGFzcyB3b3JkPw==";
    let squall = Squall::new(&["run", &component, "--target", &server.url(), "-u", "1", "-i", "2"]);
    let ended = squall
        .args(&["-e", &format!("SQUALL_URL={url}"), "--secret", "KEY=env", "--report", "report.json", "--no-save"])
        .env("KEY", SECRET)
        .exporting()
        .run()
        .expect_code_or_busy(0);
    // The server gets the scenario's text.
    assert_eq!(server.requests()[0].path, url);
    let report = fs::read_to_string(ended.folder().join("report.json")).unwrap();
    assert!(report.contains("/login?key=***&auth=dXNlcj***"), "{report}");
    // The command line contains the URL as typed, which is the user's own decision.
    let recorded: Vec<&str> = report.lines().filter(|line| !line.contains("squall run")).collect();
    assert!(!recorded.iter().any(|line| line.contains("s3cr%26t") || line.contains("pzM2NyJn")), "{report}");
}

/// The one-request scenario with this URL, and a secret.
fn requesting(server: &Server, url: &str, secret: &str, code: i32) -> Ended {
    let component = root().join("runtime/cli/assets/request.wasm").display().to_string();
    let squall = Squall::new(&["run", &component, "--target", &server.url(), "-u", "1", "-i", "2", "--no-save"]);
    let squall = squall.args(&["-e", &format!("SQUALL_URL={url}"), "--secret", "KEY=env", "--summary-mode", "full"]);
    squall.env("KEY", secret).run().expect_code_or_busy(code)
}

#[test]
fn no_part_of_one_is_shown_where_a_text_was_shortened() {
    let secret = "abcdefgh-ijklmnop-qrstuvwx";
    // 24 bytes of an invalid response are shown.
    let server = Server::start(move |_| Reply::raw(&format!("hello {secret} and more\r\n\r\n")).closing());
    let ended = requesting(&server, "/", secret, 97);
    assert!(ended.out.contains("it begins with \"hello ***"), "{}", ended.out);
    assert!(!ended.out.contains("abcd"), "{}", ended.out);
    // 200 bytes of an invalid URL are shown.
    let url = format!("{}?{secret}&more=of it", "x".repeat(176));
    let ended = requesting(&server, &url, secret, 97);
    assert!(ended.out.contains("x?***…"), "{}", ended.out);
    assert!(!ended.out.contains("abcd"), "{}", ended.out);
}

#[test]
fn letters_beyond_ascii_are_found_where_json_escapes_them() {
    let server = Server::start(|_| Reply::raw("p\\u00e4ssw\\u00f6rd\\ud83d\\ude00\r\n\r\n").closing());
    let ended = requesting(&server, "/%7B%22key%22:%22p%5Cu00e4ssw%C3%B6rd%F0%9F%98%80%22%7D", "pässwörd😀", 97);
    for text in ["ssw", "00f6rd", "ude00"] {
        assert!(!ended.out.contains(text), "{text} in {}", ended.out);
    }
}

#[test]
fn a_problem_with_a_secret_is_reported_without_it() {
    let complaint = |secret: &str, more: &[&str], code: i32| {
        let ended = run(&blabbermouth(), secret).args(more).env("SHORT", "abc").run().expect_code(code);
        assert!(!ended.err.contains("hunter22"), "{}", ended.err);
        ended.err
    };
    assert!(complaint("KEY=hunter22", &[], 104).contains("write NAME=@FILE, NAME=env or NAME=env:VARIABLE"));
    assert!(complaint("KEY=@nowhere.txt", &[], 104).contains("--secret nowhere.txt: No such file"));
    assert!(complaint("KEY=env:NO_SUCH", &[], 104).contains("--secret KEY: the variable NO_SUCH is not set"));
    assert!(complaint("KEY=env:SHORT", &[], 104).contains("--secret KEY has 3 bytes"));
    assert!(complaint("KEY=@key", &["-e", "KEY=1"], 104).contains("KEY is given with -e and with --secret"));
}
