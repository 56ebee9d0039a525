//! `squall breakpoint` against servers whose limit is known, and all other ends of a search.

use crate::support::mmc::Queue;
use crate::support::mmc_server;
use crate::support::program::{Ended, Squall, guest};
use crate::support::server::{Reply, Server};
use crate::support::skip;

/// Short trials, and an answer of low precision.
const SHORT: [&str; 6] = ["--trial", "1s", "--settle", "200ms", "--precision", "40%"];

fn search(server: &Server, arguments: &[&str]) -> Squall {
    let command = ["breakpoint", &guest("minimal"), "--target", &server.url(), "--summary-json", "search.json"];
    Squall::new(&command).args(&SHORT).args(arguments)
}

fn found(ended: &Ended) -> serde_json::Value {
    let text = std::fs::read_to_string(ended.folder().join("search.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// If other processes take the machine's time, searches end with that message: then the rest of a test is skipped.
fn too_busy(test: &str, ended: &Ended) -> bool {
    let is_busy = ended.code == 98 && found(ended)["answer"]["end"] == "generator";
    if is_busy {
        skip(test, "the machine was too busy for a search");
    }
    is_busy
}

/// On any machine, the server cannot do more than its workers can. If it does much less, the machine was at its limit,
/// which the search distinguishes.
#[test]
fn the_limit_of_a_queue_is_found() {
    let queue = Queue { workers: 4, service: 50.0 };
    let server = mmc_server::serve(queue, 1);
    let limit = ["--threshold", "response_time=p(95)<300", "--min-rate", "25", "--max-rate", "3000"];
    let ended = search(&server, &limit).args(&["--arrival", "poisson", "--max-vus", "100", "--seed", "1"]).run();
    let report = found(&ended);
    let answer = &report["answer"];
    if too_busy("the_limit_of_a_queue_is_found", &ended) {
        return;
    }
    let ended = ended.expect_code(0);
    assert_eq!(answer["end"], "target", "{}", ended.out);
    assert_eq!(answer["cause"], "latency", "{}", ended.out);
    let (holds, fails) = (answer["holds"].as_f64().unwrap(), answer["fails"].as_f64().unwrap());
    let all = queue.workers as f64 * queue.service;
    assert!(queue.capacity(0.3) < all);
    // In trials of a second a slight excess may go unnoticed.
    assert!(holds >= 25.0 && holds < 1.5 * all && fails > holds, "{holds} to {fails} of {all}:\n{}", ended.out);
    for text in ["█ BREAKPOINT", "limited by: latency: response_time p(95)<300 was", "█ THROUGHPUT AND LATENCY"] {
        assert!(ended.out.contains(text), "{text} is missing:\n{}", ended.out);
    }
    let is_trial = |line: &&str| matches!(line.split_whitespace().nth(3), Some("good" | "bad" | "invalid"));
    assert_eq!(report["trials"].as_array().unwrap().len(), ended.out.lines().filter(is_trial).count());
}

/// The bar, on a quiet machine: within 5 % of Erlang's formula, ten times of ten. Takes a quarter of an hour: `cargo
/// test --test squall -- --ignored --nocapture ten_times_of_ten`.
#[test]
#[ignore = "takes a quarter of an hour, and a quiet machine"]
fn the_limit_of_a_queue_is_exact_ten_times_of_ten() {
    let queue = Queue { workers: 8, service: 250.0 };
    let truth = queue.capacity(0.020);
    let mut near = 0;
    for seed in 0..10 {
        let server = mmc_server::serve(queue, seed);
        let command = ["breakpoint", &guest("minimal"), "--target", &server.url(), "--summary-json", "search.json"];
        let limit = ["--threshold", "response_time=p(95)<20", "--min-rate", "200", "--max-rate", "10000"];
        let short = ["--trial", "8s", "--settle", "500ms", "--arrival", "poisson", "--seed", &seed.to_string()];
        let ended = Squall::new(&command).args(&limit).args(&short).run();
        let report = found(&ended);
        let holds = report["answer"]["holds"].as_f64().unwrap_or_default();
        let (off, end) = (holds / truth - 1.0, &report["answer"]["end"]);
        println!("seed {seed}: {holds:.1} of {truth:.1}: {:+.2} %, end {end}", off * 100.0);
        near += usize::from(ended.code == 0 && off.abs() < 0.05);
    }
    assert_eq!(near, 10);
}

#[test]
fn a_target_that_answers_everything_with_an_error_does_not_hold() {
    let server = Server::start(|_| Reply::status(503, "no"));
    let ended = search(&server, &["--threshold", "response_time=p(95)<5000", "--min-rate", "20", "--max-rate", "100"]);
    let ended = ended.run();
    if too_busy("a_target_that_answers_everything_with_an_error_does_not_hold", &ended) {
        return;
    }
    let ended = ended.expect_code(99);
    let answer = &found(&ended)["answer"];
    assert_eq!((answer["end"].as_str(), answer["cause"].as_str()), (Some("lowest"), Some("errors")));
    assert!(ended.out.contains("limited by: errors: http_req_failed rate<0.01 was 1.0000"), "{}", ended.out);
}

#[test]
fn a_target_that_holds_everything_is_reported() {
    let server = Server::start(|_| Reply::ok("yes"));
    let arguments = ["--threshold", "response_time=p(95)<10000", "--min-rate", "5", "--max-rate", "10"];
    let ended = search(&server, &arguments).args(&["--report", "search.md"]).run();
    if too_busy("a_target_that_holds_everything_is_reported", &ended) {
        return;
    }
    let ended = ended.expect_code(0);
    let answer = &found(&ended)["answer"];
    assert_eq!((answer["end"].as_str(), answer["holds"].as_f64()), (Some("highest"), Some(10.0)));
    let markdown = std::fs::read_to_string(ended.folder().join("search.md")).unwrap();
    assert!(markdown.contains("- **Highest rate:** 10/s holds, and is the highest that was allowed"), "{markdown}");
}

#[test]
fn a_plan_can_be_a_search() {
    let server = Server::start(|_| Reply::ok("yes"));
    let plan = format!(
        "component: {}\ntarget: {}\ntype: breakpoint\nmin_rate: 5/s\nmax_rate: 10/s\ntrial: 1s\nsettle: 200ms\n\
         precision: 40%\nresponse_time: {{ p95: <10s }}\nthroughput: {{ min_rps: 5000 }}\n",
        guest("minimal"),
        server.url()
    );
    for command in ["run", "breakpoint"] {
        let squall = Squall::new(&[command, "plan.yaml"]);
        std::fs::write(squall.folder().join("plan.yaml"), &plan).unwrap();
        let ended = squall.run().expect_code(0);
        assert!(ended.out.contains("highest rate: 10/s holds"), "{}", ended.out);
        assert!(ended.err.contains("a search from 5/s to 10/s, exact to 40.00%, in at most 45m"), "{}", ended.err);
        // Requests per second follow from the trial's rate, so no minimum applies to them.
        for text in ["response_time p(95)<10000", "http_req_failed rate<0.01"] {
            assert!(ended.err.contains(text) && !ended.err.contains("http_reqs"), "{}", ended.err);
        }
    }
    // With its own load it is a run.
    let squall = Squall::new(&["run", "plan.yaml", "-i", "3", "-u", "1"]);
    std::fs::write(squall.folder().join("plan.yaml"), plan.replace("min_rps: 5000", "min_rps: 0.001")).unwrap();
    assert!(squall.run().expect_code(0).out.contains("verdict: Good"));
}

#[test]
fn options_that_do_not_fit_a_search_are_refused_before_the_first_trial() {
    let server = Server::start(|_| Reply::ok("yes"));
    let complaint = |arguments: &[&str]| search(&server, arguments).run().expect_code(104).err;
    assert!(complaint(&["-i", "9"]).contains("--iterations does not go with a search: see --trial"));
    assert!(complaint(&["-R", "9"]).contains("see --min-rate and --max-rate"));
    assert!(complaint(&[]).contains("a search needs to know what must hold"));
    let threshold = ["--threshold", "response_time=p(95)<100"];
    let with = |more: &[&str]| complaint(&[&threshold[..], more].concat());
    assert!(
        with(&["--threshold", "http_reqs=rate>9", "--min-rate", "9", "--max-rate", "9"]).contains("must be above 0")
    );
    assert!(with(&["--report", "junit.xml"]).contains("a page (.html), Markdown (.md) or JSON (.json)"));
    assert!(with(&["--control", "127.0.0.1:0"]).contains("--control does not go with a search"));
    let too_long = with(&["--max-duration", "500ms"]);
    assert!(
        too_long.contains("--max-duration allows 500ms") && too_long.contains("shorten them with --trial"),
        "{too_long}"
    );
    assert!(with(&["-d", "100ms"]).contains("the search may take 100ms"));
    assert_eq!(server.count(), 0);
}

#[test]
fn a_signal_ends_a_search_with_its_results_so_far() {
    let server = Server::start(|_| Reply::ok("yes"));
    let command = ["breakpoint", &guest("minimal"), "--target", &server.url(), "--summary-json", "search.json"];
    let running = Squall::new(&command).args(&["--threshold", "response_time=p(95)<10000", "--trial", "10m"]).start();
    // The first trial is running.
    server.until_asked();
    running.signal("INT");
    let ended = running.wait().expect_code(105);
    assert!(ended.out.contains("highest rate: stopped: nothing is decided"), "{}", ended.out);
    assert_eq!(found(&ended)["answer"]["end"], "stopped");
}
