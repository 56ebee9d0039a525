//! Open loads: the plan decides when iterations begin, and late or dropped ones count.
//!
//! Other tests run at the same time, so whether the generator kept up here is not asserted, unless it was made not to.

use std::fs;
use std::time::{Duration, Instant};

use crate::support::component::Wat;
use crate::support::program::{Ended, Squall, guest};
use crate::support::server::{Reply, Server};

const MILLIS: fn(u64) -> Duration = Duration::from_millis;

fn minimal(server: &Server, more: &[&str]) -> Ended {
    let squall = Squall::new(&["run", &guest("minimal"), "--target", &server.url()]).args(more);
    squall.exporting().run()
}

#[test]
fn every_arrival_begins_or_is_counted_as_dropped() {
    let server = Server::start(|_| Reply::ok("hello, world"));
    for threads in ["1", "2"] {
        let before = server.count() as f64;
        let ended = minimal(&server, &["-R", "200/s", "-d", "2s", "--threads", threads]);
        let begun = server.count() as f64 - before;
        let dropped = ended.export()["dropped_iterations"]["count"].as_f64().unwrap_or(0.0);
        assert_eq!(begun + dropped, 400.0, "{}", ended.out);
        assert_eq!(ended.number("iterations", "count"), begun);
    }
}

#[test]
fn a_ramp_sends_the_integral_of_its_rate() {
    let server = Server::start(|_| Reply::ok("hello, world"));
    // 0 to 100/s in 2 s, then 1 s at 100/s: 100 + 100.
    let ended = minimal(&server, &["-s", "2s:100/s", "-s", "1s:100/s", "--max-backlog", "1m"]);
    assert_eq!(ended.number("iterations", "count"), 200.0, "{}", ended.out);
}

#[test]
fn a_rate_beyond_the_capacity_is_counted_to_the_last_arrival_and_does_not_stop_the_run() {
    let server = Server::start(|_| Reply::ok("hello, world"));
    let more = ["-R", "1000000", "-d", "3s", "-u", "2", "--max-vus", "2", "--max-backlog", "100ms", "--threads", "1"];
    let ended = minimal(&server, &more).expect_code(98);
    let (begun, dropped) = (ended.number("iterations", "count"), ended.number("dropped_iterations", "count"));
    assert_eq!(begun + dropped, 3_000_000.0, "{}", ended.out);
}

#[test]
fn the_load_lasts_as_long_as_it_is_planned_to() {
    let server = Server::start(|_| Reply::ok("hello, world"));
    let ended = minimal(&server, &["-R", "2", "-d", "2s"]);
    // Four at 0, 0.5, 1 and 1.5 s: were the run over with the last, this would be 2.7/s.
    let rate = ended.number("iterations", "rate");
    assert!((1.0..2.1).contains(&rate), "{rate}/s");
}

#[test]
fn the_warm_up_does_not_count() {
    let server = Server::start(|request| Reply::ok("hello").after(MILLIS(if request.number < 10 { 300 } else { 0 })));
    let ended = minimal(&server, &["-R", "20", "-d", "5s", "--warmup", "2s"]);
    let counted = ended.number("http_reqs", "count");
    assert!((55.0..=61.0).contains(&counted), "{counted} of 100 in the last three seconds");
    assert!(ended.number("http_req_duration", "max") < 300.0, "{}", ended.out);
}

#[test]
fn a_stall_is_measured_from_the_intended_start_of_requests() {
    // The server answers nothing for half a second of five. With 200 requests/s 1 % of all is 50 ms worth of them, so
    // the 99th percentile from the intended start is 450 ms, however few users wait for it.
    let began = Instant::now();
    let server = Server::start(move |_| {
        let now = began.elapsed();
        let stall = MILLIS(2_000)..MILLIS(2_500);
        Reply::ok("hello, world").after(if stall.contains(&now) { stall.end - now } else { MILLIS(0) })
    });
    let ended = minimal(&server, &["-R", "200", "-d", "5s", "-u", "4", "--max-vus", "4", "--threads", "1"]);
    let p99 = ended.number("response_time", "p(99)");
    assert!((440.0..600.0).contains(&p99), "response_time p99 {p99}");
    let service = ended.number("http_req_duration", "p(99)");
    assert!(service < 200.0, "http_req_duration p99 {service}: four of a thousand requests saw the stall");
}

#[test]
fn with_too_few_users_the_measurement_is_invalid() {
    let server = Server::start(|_| Reply::ok("hello, world").after(MILLIS(200)));
    let more = ["-R", "100", "-d", "3s", "-u", "5", "--max-vus", "5", "--max-backlog", "500ms"];
    let thresholds = ["--threshold", "http_req_duration=p(95)<10"];
    let ended = minimal(&server, &[&more[..], &thresholds].concat()).expect_code(98);
    let (begun, dropped) = (ended.number("iterations", "count"), ended.number("dropped_iterations", "count"));
    assert!(dropped > 100.0, "{dropped}");
    assert_eq!(begun + dropped, 300.0);
    assert!(ended.out.contains("generator: bottleneck"), "{}", ended.out);
    assert!(ended.out.contains("raise --max-vus"), "{}", ended.out);
    assert!(ended.out.contains("'p(95)<10' not judged"), "{}", ended.out);
    // Dropped iterations had waited, so they are among the response times.
    assert!(ended.number("response_time", "max") >= 500.0);
}

#[test]
fn the_same_seed_gives_the_same_poisson_arrivals_on_any_number_of_threads() {
    let server = Server::start(|_| Reply::ok("hello, world"));
    let iterations: Vec<f64> = ["1", "2"]
        .map(|threads| {
            let more = ["-R", "200", "-d", "2s", "--arrival", "poisson", "--seed", "7", "--max-backlog", "1m"];
            minimal(&server, &[&more[..], &["--threads", threads]].concat()).number("iterations", "count")
        })
        .to_vec();
    assert_eq!(iterations[0], iterations[1]);
    assert_ne!(iterations[0], 400.0, "Poisson arrivals vary in number");
}

#[test]
fn a_failing_threshold_with_abort_ends_the_run() {
    let server = Server::start(|_| Reply::status(500, "no"));
    let began = Instant::now();
    let more = ["-u", "2", "-d", "60s", "--threshold", "http_req_failed=rate<0.01", "--abort-on-fail"];
    let ended = minimal(&server, &more).expect_code(99);
    assert!(began.elapsed() < Duration::from_secs(30));
    assert!(ended.err.contains("stopped early: threshold 'rate<0.01' on http_req_failed failed"), "{}", ended.err);
}

#[test]
fn a_scenario_that_computes_too_much_is_named_as_the_bottleneck() {
    // About ten milliseconds of computing in each iteration: a hundred a second are more than one thread can run.
    let guest = Wat::new(
        "(local $left i32) (local.set $left (i32.const 20000000))
         (loop $on (br_if $on (local.tee $left (i32.sub (local.get $left) (i32.const 1))))) (i32.const 200)",
    );
    let squall = Squall::new(&["run", "guest.wasm", "-R", "1000", "-d", "4s", "-u", "4", "--threads", "1"]);
    guest.write(squall.folder());
    let ended = squall.args(&["--max-backlog", "1s"]).run().expect_code(98);
    assert!(ended.out.contains("generator: bottleneck"), "{}", ended.out);
    assert!(ended.err.contains("this machine tops out at about"), "{}", ended.err);
    // On a very busy machine other processes may be named first, or no second be long enough to find the cause.
    let reasons = ["most of it in the scenario's own code", "held its cores", "its threads were"];
    assert!(reasons.iter().any(|reason| ended.out.contains(reason)), "{}", ended.out);
}

/// Two connections at 500 ms carry 4 requests a second of the 1,000 that are asked for.
#[test]
fn an_accepted_bottleneck_is_judged_and_told() {
    let server = Server::start(|_| Reply::ok("hello").after(Duration::from_millis(500)));
    let (url, report) = (server.url(), "report.md");
    let too_much =
        ["run", &url, "-R", "1000", "-c", "2", "-d", "2s", "--max-backlog", "100ms", "--graceful-stop", "1s"];
    let run = |more: &[&str]| Squall::new(&too_much).args(more).run();
    let demands = |threshold: &'static str| ["--accept-bottleneck", "--report", report, "--threshold", threshold];
    run(&["--threshold", "http_req_failed=rate<1"]).expect_code(98);
    let ended = run(&demands("http_req_failed=rate<1")).expect_code(0);
    assert!(ended.out.contains("generator: bottleneck (accepted)"), "{}", ended.out);
    assert!(ended.out.contains("verdict: Warning"), "{}", ended.out);
    let text = fs::read_to_string(ended.folder().join(report)).unwrap();
    assert!(text.contains("The generator was bottleneck (accepted)"), "{text}");
    run(&demands("http_req_duration=p(95)<1")).expect_code(99);
    run(&["--threshold", "http_req_duration=p(95)<1"]).expect_code(98);
    let by_environment = Squall::new(&too_much).env("SQUALL_ACCEPT_BOTTLENECK", "true").run().expect_code(0);
    assert!(by_environment.out.contains("bottleneck (accepted)"), "{}", by_environment.out);
}
