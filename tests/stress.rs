//! `type: stress` and `type: spike` against servers that fail at a programmed load.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::program::{Ended, Squall, guest};
use crate::support::server::{Reply, Server};

/// Answers at most `most` requests at once; more than that are refused.
fn bearing(most: usize) -> Server {
    let at_once = AtomicUsize::new(0);
    Server::start(move |_| {
        let before = at_once.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(20));
        at_once.fetch_sub(1, Ordering::SeqCst);
        if before < most { Reply::ok("") } else { Reply::status(503, "") }
    })
}

fn run(server: &Server, load: &str) -> Ended {
    let squall = Squall::new(&["run", "plan.yaml", "--summary-json", "summary.json", "--report", "report.md"]);
    let plan = format!("component: {}\ntarget: {}\n{load}", guest("minimal"), server.url());
    std::fs::write(squall.folder().join("plan.yaml"), plan).unwrap();
    squall.run()
}

/// The plan's executor is shown, rehearsed and run.
#[test]
fn a_stress_test_is_shown_and_rehearsed_with_its_steps() {
    let plan = format!(
        "component: {}\ntarget: http://127.0.0.1:9\ntype: stress\nrate: 20/s\nduration: 50s\n",
        guest("minimal")
    );
    let squall = |arguments: &[&str]| {
        let squall = Squall::new(arguments);
        std::fs::write(squall.folder().join("plan.yaml"), &plan).unwrap();
        squall.run().expect_code(0).out
    };
    let shown = squall(&["plan", "show", "plan.yaml"]);
    let load = "load: up to 20/s for 50s over 10 steps, then 10/s, up to 200 VUs";
    assert!(shown.contains(load) && shown.contains("stepped-arrival-rate"), "{shown}");
    // Steps of 4 s at 2/s, 4/s, ... 20/s, and 10 s at 10/s, also if every response is an error. One more begins while
    // the workers learn of the second step, 5 ms after the fourth second.
    let rehearsed = squall(&["plan", "rehearse", "plan.yaml", "--status", "503"]);
    let iterations = rehearsed.lines().find(|line| line.trim_start().starts_with("iterations")).unwrap_or_default();
    assert!(iterations.contains(" 541 "), "{rehearsed}");
}

/// The summary's lines about the phases of the test.
fn course(ended: &Ended) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(ended.folder().join("summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&text).unwrap();
    let remark = |remark: &serde_json::Value| {
        let text = |key: &str| remark[key].as_str().unwrap_or_default().to_owned();
        (text("about"), text("text"))
    };
    summary["course"].as_array().unwrap().iter().map(remark).collect()
}

#[test]
fn a_stress_test_ends_where_the_target_fails_and_measures_its_recovery() {
    // Two users a step: with twelve, at step 6, some find ten before them.
    let server = bearing(10);
    let ended = run(&server, "type: stress\nusers: 20\nduration: 30s\n").expect_code_or_busy(0);
    let course = course(&ended);
    if ended.code == 98 {
        assert!(course.iter().any(|(_, text)| text.contains("the generator was at its end")), "{course:?}");
        return;
    }
    let said =
        |about: &str| course.iter().find(|(of, _)| of == about).map(|(_, text)| text.clone()).unwrap_or_default();
    let gave_way = said("gave way");
    assert!(gave_way.contains(" of 10): errors: "), "{gave_way}");
    let step: u64 = gave_way.split("step ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok()).unwrap();
    assert!((6..=8).contains(&step), "{gave_way}");
    assert!(gave_way.starts_with(&format!("at {} users", 2 * step)), "{gave_way}");
    assert!(said("recovery").contains("after the step back to 10 users"), "{course:?}");
    // The steps after the failed one were left out: ten steps and the recovery would take 30 s.
    let elapsed = ended.out.lines().find(|line| line.contains("running")).unwrap_or_default();
    assert!(!elapsed.contains("30s"), "{elapsed}");
    for text in ["█ COURSE", "gave way: at "] {
        assert!(ended.out.contains(text), "{text} is missing:\n{}", ended.out);
    }
    let report = std::fs::read_to_string(ended.folder().join("report.md")).unwrap();
    assert!(report.contains("## Course of the test") && report.contains("gave way: at "), "{report}");
}

#[test]
fn a_spike_is_reported_with_its_errors_and_the_recovery() {
    let server = bearing(8);
    let ended = run(&server, "type: spike\nusers: 3\nspike_factor: 5\nduration: 24s\n").expect_code_or_busy(0);
    let course = course(&ended);
    let abouts: Vec<&str> = course.iter().map(|(about, _)| about.as_str()).collect();
    assert_eq!(abouts, ["before the spike", "during the spike", "after the spike", "recovery"]);
    assert!(course[0].1.contains("no errors"), "{course:?}");
    assert!(course[1].1.contains("% failed ("), "{course:?}");
    assert!(course[3].1.contains("the end of the spike"), "{course:?}");
}

/// A change of the rate is made once, and the next one does not repeat iterations of the one before.
#[test]
fn each_step_of_rates_has_the_iterations_that_it_should() {
    // Slow compared with the delays of a busy machine, so that no step seems to fail by its latency.
    let server = Server::start(|_| Reply::ok("").after(Duration::from_millis(100)));
    let ended = run(&server, "type: stress\nrate: 100/s\nduration: 20s\n").expect_code_or_busy(0);
    // Steps of 1.6 s, which end with a second, so of one or two: 10/s, 20/s, ... 100/s, and 50/s for four or five
    // seconds.
    let (least, most) = (550 + 200, 2 * 550 + 250);
    let requests = server.count();
    assert!((least..=most).contains(&requests), "{requests}: {}", ended.out);
    assert!(
        ended.code == 98 || course(&ended)[1].1.contains("at no step, up to 100/s (step 10 of 10)"),
        "{}",
        ended.out
    );
}
