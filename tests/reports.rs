//! Reports: files in every form, messages for CI systems, and the dashboard.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::support::control::ask;
use crate::support::program::{Squall, guest};
use crate::support::server::{Reply, Server};

fn read(squall: &std::path::Path, name: &str) -> String {
    std::fs::read_to_string(squall.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_report_of_a_run_has_its_figures() {
    let server = Server::start(|_| Reply::ok("hello").after(Duration::from_millis(5)));
    let files = tempfile::tempdir().unwrap();
    let path = |name: &str| files.path().join(name).display().to_string();
    let mut arguments = vec!["run".to_owned(), guest("minimal"), "--target".to_owned(), server.url()];
    arguments.extend(["-i", "100", "--summary-json"].map(str::to_owned));
    arguments.push(path("s.json"));
    for name in ["r.html", "r.md", "r.xml", "r.ctrf.json"] {
        arguments.extend(["--report".to_owned(), path(name)]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ended = Squall::new(&arguments).run().expect_code(0);
    let summary: Value = serde_json::from_str(&read(files.path(), "s.json")).unwrap();
    let metrics = summary["metrics"].as_array().unwrap();
    let times = metrics.iter().find(|metric| metric["name"] == "response_time").unwrap();
    // If other processes take the machine's time, that is a warning.
    let status = if summary["generator"]["health"] == "ok" { "good" } else { "warning" };
    assert_eq!((&times["count"], &summary["verdict"]["status"]), (&Value::from(100), &Value::from(status)));
    let p95 = format!("{:.2}", times["p95"].as_f64().unwrap());
    let p95 = format!("{}ms", p95.trim_end_matches('0').trim_end_matches('.'));
    for text in [ended.out, read(files.path(), "r.html"), read(files.path(), "r.md"), read(files.path(), "r.xml")] {
        assert!(text.contains(&p95), "{p95} is not in {text}");
    }
    let ctrf: Value = serde_json::from_str(&read(files.path(), "r.ctrf.json")).unwrap();
    assert_eq!(ctrf["results"]["summary"]["passed"], 2);
}

#[test]
fn a_report_that_cannot_be_written_is_refused_before_the_run() {
    let ended = Squall::new(&["run", &guest("minimal"), "--report", "r.pdf"]).run().expect_code(2);
    assert!(ended.err.contains("its ending must say its form: .html, .md"), "{}", ended.err);
    let ended = Squall::new(&["run", &guest("minimal"), "--report", "no/such/folder/r.md"]).run().expect_code(104);
    assert!(ended.err.contains("--report no/such/folder/r.md: No such file"), "{}", ended.err);
    let none = ["run", &guest("minimal"), "--report-baseline", "none.json"];
    let ended = Squall::new(&none).run().expect_code(104);
    assert!(ended.err.contains("--report-baseline none.json: No such file"), "{}", ended.err);
}

#[test]
fn ci_systems_get_messages_in_their_format() {
    let server = Server::start(|_| Reply::ok("hello").after(Duration::from_millis(5)));
    let files = tempfile::tempdir().unwrap();
    let run = |environment: &[(&str, &str)]| {
        let minimal = guest("minimal");
        let threshold = "http_req_duration=p(95)<0.001";
        let arguments = ["run", &minimal, "--target", &server.url(), "-i", "100", "--threshold", threshold];
        let squall = environment.iter().fold(Squall::new(&arguments), |squall, (name, value)| squall.env(name, value));
        squall.run().expect_code(99).out
    };
    let summary = files.path().join("summary.md").display().to_string();
    let out = run(&[("GITHUB_ACTIONS", "true"), ("GITHUB_STEP_SUMMARY", &summary)]);
    assert!(out.contains("\n::error title=p(95) of http_req_duration is "), "{out}");
    assert!(read(files.path(), "summary.md").contains("**Overall status: Critical.**"));

    let folder = files.path().display().to_string();
    let out = run(&[("TF_BUILD", "True"), ("AGENT_TEMPDIRECTORY", &folder)]);
    assert!(out.contains(&format!("##vso[task.uploadsummary]{folder}/squall-summary.md\n")), "{out}");
    assert!(out.contains("##vso[results.publish type=JUnit;"), "{out}");
    assert!(read(files.path(), "squall-junit.xml").contains("failures=\"1\""));
}

/// An HTTP server's response to a GET.
fn get(address: &str, path: &str, host: &str) -> String {
    let mut connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(connection, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    connection.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn the_dashboard_shows_the_run_at_its_secret_address() {
    let server = Server::start(|_| Reply::ok("hello").after(Duration::from_millis(5)));
    let squall = Squall::new(&["run", &guest("minimal"), "--target", &server.url(), "-u", "1", "-d", "60s"]);
    let mut running = squall.args(&["--dashboard=127.0.0.1:0"]).start();
    let line = running.until_said("dashboard: http://");
    let url = line.split("http://").nth(1).unwrap().trim();
    let (address, path) = url.split_once('/').unwrap();
    let path = format!("/{path}");

    let page = get(address, &path, address);
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("<!DOCTYPE html>"), "{page}");
    let update = get(address, &format!("{path}updates"), address);
    let update: Value = serde_json::from_str(update.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert!(!update["charts"]["timeline"]["at_s"].as_array().unwrap().is_empty());
    assert_eq!(update["ended"], false);

    assert!(get(address, "/", address).starts_with("HTTP/1.1 404"), "without its secret");
    assert!(get(address, &path, "evil.example").starts_with("HTTP/1.1 403"), "by another name");
    running.signal("INT");
    running.wait();
}

#[test]
fn the_dashboard_shows_the_objectives_of_the_plan() {
    let server = Server::start(|_| Reply::ok("hello").after(Duration::from_millis(5)));
    let squall = Squall::new(&["run", "plan.yaml", "--dashboard=127.0.0.1:0"]);
    let plan = format!(
        "component: {}\ntarget: {}\nusers: 1\nduration: 60s\nresponse_time: {{ p95: <60s }}\n",
        guest("minimal"),
        server.url()
    );
    std::fs::write(squall.folder().join("plan.yaml"), plan).unwrap();
    let mut running = squall.start();
    let line = running.until_said("dashboard: http://");
    let (address, path) = line.split("http://").nth(1).unwrap().trim().split_once('/').unwrap();
    let update = get(address, &format!("/{path}updates"), address);
    let update: Value = serde_json::from_str(update.split_once("\r\n\r\n").unwrap().1).unwrap();
    let judged = update["judged"].as_str().unwrap();
    assert!(judged.contains("id=\"objectives\"") && judged.contains("response time p95"), "{judged}");
    running.signal("INT");
    running.wait();
}

#[test]
fn the_dashboard_changes_a_run_only_with_control_and_for_its_own_page() {
    let server = Server::start(|_| Reply::ok("hello").after(Duration::from_millis(5)));
    for control in [false, true] {
        let squall = Squall::new(&["run", &guest("minimal"), "--target", &server.url(), "-u", "1", "-d", "10m"]);
        let squall = squall.args(if control { &["--control", "127.0.0.1:0"] } else { &[] });
        let mut running = squall.args(&["--dashboard=127.0.0.1:0"]).start();
        let line = running.until_said("dashboard: http://");
        let (address, path) = line.split("http://").nth(1).unwrap().trim().split_once('/').unwrap();
        let stop = |path: &str, headers: &str| ask(address, &format!("PATCH {path}"), headers, r#"{"stopped": true}"#);
        let (own, status) = (format!("host: {address}\r\norigin: http://{address}\r\n"), format!("/{path}v1/status"));
        for (path, headers) in [
            (status.as_str(), format!("host: {address}\r\norigin: http://evil.example\r\n")),
            (&status, format!("host: {address}\r\norigin: null\r\n")),
            (&status, "host: evil.example\r\norigin: http://evil.example\r\n".to_owned()),
            ("/v1/status", own.clone()),
            ("/0123456789abcdef0123456789abcdef/v1/status", own.clone()),
        ] {
            let answer = stop(path, &headers);
            assert!([403, 404].contains(&answer.status), "{path} {headers}: {answer:?}");
        }
        let read = ask(address, &format!("GET {status}"), &own, "");
        assert!(read.status == 200 && read.body["status"] != "stopping", "{read:?}");
        let answer = stop(&status, &own);
        if control {
            assert_eq!((answer.status, &answer.body["status"]), (200, &"stopping".into()), "{answer:?}");
            running.wait().expect_code_or_busy(103);
        } else {
            let error = answer.body["error"].as_str().unwrap();
            assert!(answer.status == 403 && error.contains("start it with --control"), "{answer:?}");
        }
    }
}

#[test]
fn the_dashboard_is_for_this_machine() {
    let ended = Squall::new(&["run", &guest("minimal"), "--dashboard=0.0.0.0:0"]).run();
    assert!(ended.code != 0 && ended.err.contains("loopback"), "{}", ended.err);
}
