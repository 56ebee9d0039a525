//! Control of a run over HTTP by other programs of this machine.

use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use crate::support::control::Controlled;
use crate::support::program::{Squall, guest};
use crate::support::server::{Reply, Server};
use crate::support::terminal::Keyboard;

fn quick_server() -> Server {
    Server::start(|_| Reply::ok("hello, world").after(Duration::from_millis(10)))
}

/// A load that runs until it is stopped.
fn endless(server: &Server, load: &[&str]) -> Squall {
    let squall = Squall::new(&["run", &guest("minimal"), "--target", &server.url(), "--threads", "2"]);
    squall.args(&["--executor", "externally-controlled"]).args(load).exporting()
}

#[test]
fn virtual_users_are_changed_and_the_status_shows_it() {
    let server = quick_server();
    let run = Controlled::start(endless(&server, &["-u", "2", "--max-vus", "10"]));
    let status = run.until(|status| status["vus"] == 2 && status["iterations"].as_u64() > Some(0));
    assert_eq!((&status["status"], &status["executor"]), (&"running".into(), &"externally-controlled".into()));
    assert_eq!((&status["vus_target"], &status["vus_max"]), (&2.into(), &10.into()));
    assert!(status["rate_target"].is_null() && status["remaining_seconds"].is_null(), "{status:#}");
    assert!(status["response_time_p95_ms"].as_f64() >= Some(10.0), "{status:#}");
    assert_eq!((&status["failed_iterations"], &status["failed_requests"]), (&0.into(), &0.into()));
    assert!(status["generator"]["health"].is_string(), "{status:#}");

    assert_eq!(run.change(r#"{"vus": 7}"#)["vus_target"], 7);
    run.until(|status| status["vus"] == 7);
    run.change(r#"{"vus": 1}"#);
    run.until(|status| status["vus"] == 1);
    let ended = run.stop();
    assert!(ended.err.contains("stopping (stopped by the API)"), "{}", ended.err);
    assert!(ended.out.contains("█ TOTAL RESULTS"), "{}", ended.out);
    assert_eq!(ended.number("http_reqs", "count"), server.count() as f64);
    assert_eq!(server.connections(), 7);
}

#[test]
fn no_iteration_begins_during_a_pause() {
    for load in [&["-u", "3"][..], &["-R", "100/s"]] {
        let server = quick_server();
        let run = Controlled::start(endless(&server, load));
        run.until(|status| status["iterations"].as_u64() > Some(10));
        assert_eq!(run.change(r#"{"paused": true}"#)["status"], "paused");
        // One report may still contain iterations from before the pause.
        let (before, requests) = (run.after_reports(2), server.count());
        let (after, later) = (run.after_reports(2), server.count());
        assert_eq!(after["iterations"], before["iterations"], "{after:#}");
        assert_eq!(requests, later);
        assert_eq!(after["iteration_rate"], 0.0);
        assert_eq!(run.change(r#"{"paused": false}"#)["status"], "running");
        run.until(|status| status["iterations"].as_u64() > after["iterations"].as_u64());
        let ended = run.stop();
        assert_eq!(ended.number("http_reqs", "count"), server.count() as f64);
    }
}

#[test]
fn a_virtual_user_that_has_not_left_yet_is_used_again() {
    let server = Server::start(|_| Reply::ok("hello, world").after(Duration::from_millis(1_500)));
    let run = Controlled::start(endless(&server, &["-u", "3"]));
    run.until(|status| status["vus"] == 3);
    for _ in 0..5 {
        run.change(r#"{"paused": true}"#);
        run.after_reports(1);
        run.change(r#"{"paused": false}"#);
    }
    let requests = server.count();
    run.until(|_| server.count() > requests + 3);
    assert_eq!(run.status()["vus"], 3);
    let ended = run.stop();
    assert_eq!(ended.number("vus", "max"), 3.0);
    assert_eq!(server.connections(), 3);
}

#[test]
fn the_rate_of_an_open_load_is_changed() {
    let server = quick_server();
    let run = Controlled::start(endless(&server, &["-R", "20/s"]));
    let rate = |status: &serde_json::Value| status["iteration_rate"].as_f64().unwrap();
    let status = run.until(|status| (10.0..30.0).contains(&rate(status)));
    assert_eq!(status["rate_target"], 20.0);
    assert!(status["vus_target"].is_null(), "{status:#}");
    assert_eq!(run.change(r#"{"rate": "12000/m"}"#)["rate_target"], 200.0);
    run.until(|status| rate(status) > 150.0);
    run.change(r#"{"rate": 20}"#);
    run.until(|status| rate(status) < 30.0);
    let ended = run.stop();
    assert_eq!(ended.number("iterations", "count"), server.count() as f64);
}

#[test]
fn an_unsupported_change_is_a_conflict_with_a_remedy() {
    let server = quick_server();
    let closed = Controlled::start(endless(&server, &["-u", "2", "--max-vus", "5"]));
    let sentence = closed.refused(r#"{"rate": "5/s"}"#, 409);
    assert_eq!(
        sentence,
        "this load has virtual users and no rate: set the virtual users, or start the run with --rate"
    );
    let sentence = closed.refused(r#"{"paused": true, "vus": 6}"#, 409);
    assert_eq!(sentence, "at most 5 virtual users: to have more, start the run with a higher --max-vus");
    assert_eq!(closed.status()["paused"], false, "all or nothing");
    closed.stop();

    let open = Controlled::start(endless(&server, &["-R", "5"]));
    assert!(open.refused(r#"{"vus": 5}"#, 409).starts_with("this load has a rate"));
    open.stop();
}

#[test]
fn every_load_can_be_stopped_but_only_one_kind_changed() {
    let server = quick_server();
    let ways = [
        ("constant-vus", &["-u", "2", "-d", "10m"][..]),
        ("ramping-vus", &["-s", "10m:5"]),
        ("shared-iterations", &["-u", "2", "-i", "1000000"]),
        ("ramping-arrival-rate", &["-s", "10m:1000/s"]),
    ];
    for (executor, load) in ways {
        let squall = Squall::new(&["run", &guest("minimal"), "--target", &server.url()]).args(load).exporting();
        let run = Controlled::start(squall);
        let status = run.until(|status| status["status"] == "running");
        assert_eq!(status["executor"], executor);
        let sentence = run.refused(r#"{"paused": true}"#, 409);
        assert!(sentence.starts_with(&format!("this load is {executor} and follows its plan")), "{sentence}");
        assert!(sentence.contains("--executor externally-controlled"), "{sentence}");
        run.stop();
    }
}

#[test]
fn changes_during_setup_count_when_the_load_begins() {
    // Setup requests the server once, and has to wait for it.
    let server = Server::start(|request| {
        Reply::ok("{}").after(Duration::from_millis(if request.number == 0 { 3_000 } else { 10 }))
    });
    let start = |load: &[&str]| {
        let squall = Squall::new(&["run", &guest("features"), "--target", &server.url(), "--flow", "batch"]);
        Controlled::start(squall.args(load))
    };
    let paused = start(&["--executor", "externally-controlled", "-R", "50/s"]);
    assert_eq!(paused.status()["status"], "starting");
    paused.change(r#"{"paused": true}"#);
    paused.until(|status| status["status"] == "paused");
    let status = paused.after_reports(2);
    // Arrivals from before the change reached all threads.
    assert!(status["iterations"].as_u64() < Some(10), "{status:#}");
    paused.stop();

    let server = Server::start(|_| Reply::ok("{}").after(Duration::from_millis(2_000)));
    let squall = Squall::new(&["run", &guest("features"), "--target", &server.url(), "-u", "2", "-d", "10m"]);
    let run = Controlled::start(squall);
    assert_eq!(run.status()["status"], "starting");
    run.stop();
}

#[test]
fn metrics_and_thresholds_are_served_during_the_run() {
    let server = quick_server();
    let thresholds = ["--threshold", "http_req_duration=p(95)<5000", "--threshold", "http_req_failed=rate>0.5"];
    let run = Controlled::start(endless(&server, &[&["-u", "2"], &thresholds[..]].concat()));
    run.until(|status| status["iterations"].as_u64() > Some(0));
    let metrics = run.ask("GET", "/v1/metrics", "").body["metrics"].take();
    assert!(metrics["http_reqs"]["count"].as_u64() > Some(0), "{metrics:#}");
    assert!(metrics["http_req_duration"]["p(95)"].as_f64() >= Some(10.0), "{metrics:#}");
    assert!(metrics["http_req_duration"]["thresholds"].is_null(), "{metrics:#}");
    let thresholds = run.ask("GET", "/v1/thresholds", "").body["thresholds"].take();
    let of = |metric: &str| {
        let all = thresholds.as_array().unwrap();
        all.iter().find(|threshold| threshold["metric"] == metric).unwrap_or_else(|| panic!("{thresholds:#}"))
    };
    assert_eq!(
        (&of("http_req_duration")["expression"], &of("http_req_duration")["passed"]),
        (&"p(95)<5000".into(), &true.into())
    );
    assert_eq!((&of("http_req_failed")["actual"], &of("http_req_failed")["passed"]), (&0.0.into(), &false.into()));
    run.stop();
}

#[test]
fn only_programs_of_this_machine_with_the_token_are_let_in() {
    let server = quick_server();
    let run = Controlled::start(endless(&server, &["-u", "1"]));
    let (host, bearer) = (format!("host: {}\r\n", run.address), format!("authorization: Bearer {}\r\n", run.token));
    let ask = |headers: &[&str]| run.ask_with("PATCH", "/v1/status", &headers.concat(), r#"{"stopped": true}"#);
    for (headers, status, part) in [
        (&[host.as_str()][..], 401, "token is missing or wrong"),
        (&[&host, "authorization: Bearer 00000000000000000000000000000000\r\n"], 401, "token is missing or wrong"),
        (&[&host, &bearer, "origin: http://127.0.0.1\r\n"], 403, "web pages"),
        (&["host: rebound.example\r\n", &bearer], 403, "Host header"),
        (&[bearer.as_str()], 403, "Host header"),
    ] {
        let answer = ask(headers);
        assert_eq!(answer.status, status, "{headers:?}");
        assert!(answer.body["error"].as_str().unwrap().contains(part), "{answer:?}");
        assert_eq!(answer.head.contains("www-authenticate: bearer"), status == 401, "{answer:?}");
        assert!(!answer.head.contains("access-control"), "{answer:?}");
    }
    assert_ne!(run.status()["status"], "stopping");
    run.stop();
}

#[test]
fn mistakes_are_reported_and_do_no_harm() {
    let server = quick_server();
    let run = Controlled::start(endless(&server, &["-u", "1"]));
    assert!(run.refused("{\"paused\": tru", 400).contains("line 1 column"));
    assert!(run.refused(r#"{"pause": true}"#, 400).contains("unknown field `pause`"));
    assert!(run.refused(r#"{"vus": -1}"#, 400).contains("-1"));
    assert!(run.refused("", 400).contains("the body is not a change"));
    assert!(run.refused("{}", 400).contains("nothing is to change"));
    let sentence = run.refused(&format!("{{\"vus\": 1{}}}", " ".repeat(10_000)), 413);
    assert_eq!(sentence, "the body is too large: a change has at most 4096 bytes");
    assert_eq!(run.ask("GET", "/v2/status", "").status, 404);
    let answer = run.ask("DELETE", "/v1/status", "");
    assert!(answer.status == 405 && answer.head.contains("allow: get, patch"), "{answer:?}");
    let big = format!("host: {}\r\nx: {}\r\n", run.address, "x".repeat(20_000));
    assert_eq!(run.ask_with("GET", "/v1/status", &big, "").status, 431);
    // Silent clients do not block others: each has ten seconds, and none takes another's connection.
    let began = Instant::now();
    let silent: Vec<TcpStream> = (0..64).map(|_| TcpStream::connect(&run.address).unwrap()).collect();
    assert_eq!(run.status()["paused"], false);
    assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
    drop(silent);
    run.stop();
}

#[test]
fn only_addresses_of_this_machine_are_served() {
    let refused = |arguments: &[&str]| {
        let squall = Squall::new(&["run", &guest("minimal"), "--target", "http://127.0.0.1:9"]).args(arguments);
        squall.run().expect_code(104).complaint().to_owned()
    };
    for address in ["0.0.0.0:6565", "192.0.2.1:6565", "[::]:6565"] {
        let complaint = refused(&["--control", address]);
        assert!(complaint.contains(&format!("--control {address}: a run is controlled from its own machine alone")));
        assert!(complaint.contains("ssh -L 6565:127.0.0.1:6565"), "{complaint}");
    }
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let complaint = refused(&["--control", &taken.local_addr().unwrap().to_string()]);
    assert!(complaint.contains("another program listens on port"), "{complaint}");
}

#[test]
fn without_the_option_no_port_is_open_and_no_address_is_printed() {
    let server = quick_server();
    let ended = Squall::new(&["run", &guest("minimal"), "--target", &server.url(), "-i", "1"]).run().expect_code(0);
    assert!(!ended.err.contains("control:") && !ended.err.contains("token:"), "{}", ended.err);
}

#[test]
fn commands_at_the_terminal_are_executed() {
    let server = quick_server();
    let (mut keyboard, stdin) = Keyboard::new();
    let mut run = Controlled::start(endless(&server, &["-u", "2", "--max-vus", "10"]).stdin(stdin));
    run.running.until_said("type: pause, resume, stop, vus NUMBER, or rate NUMBER/s");
    run.until(|status| status["vus"] == 2);
    for (line, said) in [
        ("vus 6", "6 virtual users from now on"),
        ("vus 11", "at most 10 virtual users"),
        ("rate 5/s", "this load has virtual users and no rate"),
        ("faster", "type: pause"),
    ] {
        keyboard.type_line(line);
        run.running.until_said(said);
    }
    run.until(|status| status["vus"] == 6);
    keyboard.type_line("pause");
    run.running.until_said("paused");
    run.until(|status| status["status"] == "paused" && status["vus"] == 0);
    keyboard.type_line("resume");
    run.until(|status| status["vus"] == 6);
    keyboard.type_line("stop");
    let ended = run.running.wait().expect_code_or_busy(105);
    assert!(ended.err.contains("stopping (stopped at the terminal)"), "{}", ended.err);
    assert_eq!(ended.number("http_reqs", "count"), server.count() as f64);
}
