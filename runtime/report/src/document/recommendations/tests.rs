//! Each sentence with the numbers that it is computed from.

use squall_insight::{Demands, RunStatus};
use squall_metrics::{Nanos, Reading, ResourceUnit, ResourceValue, Second, Totals};
use squall_plan::{Importance, Objective, TargetMonitoring, Threshold, ThresholdSpec};

use crate::document::Issue;
use crate::fixture::{document_held_to, known_run};
use crate::{Document, html_report, markdown_report};

fn threshold(metric: &str, expression: &str) -> Threshold {
    Threshold::parse(metric, &ThresholdSpec::from(expression)).unwrap()
}

fn held_to(thresholds: &[(&str, &str)]) -> Document {
    let thresholds: Vec<Threshold> =
        thresholds.iter().map(|(metric, expression)| threshold(metric, expression)).collect();
    document_held_to("browse", known_run(), &Demands::of_thresholds(&thresholds))
}

/// The one finding about that threshold.
fn missed(metric: &str, expression: &str) -> Issue {
    let issues = held_to(&[(metric, expression)]).verdict.issues;
    issues.into_iter().find(|issue| issue.status == RunStatus::Critical).unwrap()
}

#[test]
fn a_slow_run_is_led_to_the_slowest_name_and_the_longest_phase() {
    let issue = missed("response_time", "p(95)<50");
    // 75 of 100 requests are of home, of 1 to 75 ms; those of 25 orders carry no p95. Of 50.5 ms on average, 2 are sending
    // and receiving.
    assert_eq!(
        issue.recommendation.unwrap(),
        "Begin with GET home: its p95 of response_time, 72.03ms, is the highest, and it makes 75.00% of the requests. \
         96.06% of the mean request is http_req_waiting: the target works on the response, so look within it. By the \
         server's own word db is the longest part of that, 6ms on average."
    );
    assert_eq!(issue.impact.unwrap(), "5.00% of the samples took 95.01ms or longer.");
    assert_eq!(issue.expected.unwrap(), "The threshold is met once p(95) is down by 47.37%, from 95.01ms to 50ms.");
}

#[test]
fn a_threshold_with_tags_is_not_led_to_a_name_without_them() {
    let recommendation = missed("http_req_duration{flow:checkout}", "p(99)<50").recommendation.unwrap();
    assert!(recommendation.starts_with("96.06% of the mean request is http_req_waiting"), "{recommendation}");
}

#[test]
fn errors_are_led_to_the_commonest_and_checks_to_the_worst() {
    let errors = missed("http_req_failed", "rate<0.01").recommendation.unwrap();
    assert_eq!(errors, "Begin with status 503: it happened 2 times.");
    let checks = missed("checks", "rate>0.99");
    assert_eq!(checks.recommendation.unwrap(), "Begin with the check \"status is 200\": it failed 3 times.");
    assert_eq!(checks.expected.unwrap(), "The threshold is met once rate is up by 2.06%, from 97.00% to 99.00%.");
}

#[test]
fn a_rate_that_is_not_reached_is_counted_in_users() {
    // 10 users made 100 requests in the one second that is known.
    let issue = missed("http_reqs", "rate>=1001");
    assert_eq!(issue.impact.unwrap(), "5.00% of the demanded rate was reached: 50/s of 1,001/s.");
    assert_eq!(
        issue.recommendation.unwrap(),
        "At its busiest moment 10 virtual users made 100/s; with the same response times and pauses, 1,001/s takes 101 of \
         them."
    );
}

#[test]
fn a_rate_that_was_reached_for_a_moment_is_to_be_held() {
    assert_eq!(
        missed("http_reqs", "rate>=100").recommendation.unwrap(),
        "At its busiest moment 10 virtual users made 100/s, which is enough: let the load be that high all the time."
    );
}

#[test]
fn a_threshold_without_samples_says_where_to_look() {
    let recommendation = missed("http_req_duration{flow:nothing}", "p(95)<500").recommendation.unwrap();
    assert!(recommendation.starts_with("Nothing was measured: look whether its metric"), "{recommendation}");
}

const SECOND: u64 = 1_000_000_000;

/// The known run, four seconds long, with what the target used in each.
fn watched(name: &'static str, unit: ResourceUnit, values: [f64; 4], limit: Option<f64>) -> Totals {
    let mut totals = known_run();
    for (second, value) in (0u64..).zip(values) {
        let (at, length) = (Nanos(second * SECOND), Nanos(SECOND));
        totals.history.push(Second { at, length, requests: 100 * second, vus: 10 * second, ..Second::default() });
        let value = ResourceValue { name: name.into(), unit, value, limit };
        let at = Nanos(second * SECOND + SECOND / 2);
        totals.watched.take(vec![Reading { at, source: "process 7 (shop)".into(), said: Ok(vec![value]) }]);
    }
    totals
}

fn limits() -> TargetMonitoring {
    TargetMonitoring::default()
}

fn finding(totals: Totals, limits: TargetMonitoring) -> (Document, Issue) {
    let document = document_held_to("browse", totals, &Demands { limits, ..Demands::default() });
    let issue = document.verdict.issues[0].clone();
    (document, issue)
}

#[test]
fn a_processor_limit_says_since_when_under_which_load_and_what_would_do() {
    let totals = watched("cpu", ResourceUnit::Share, [0.5, 0.6, 0.8, 0.84], None);
    let (document, issue) = finding(totals, TargetMonitoring { cpu_max: Some(0.7), ..limits() });
    assert_eq!(document.verdict.status, RunStatus::Critical);
    assert_eq!(document.verdict.sentence, "1 of 1 objectives not met: cpu_max (p95) is 84.00%, target <=70%.");
    assert_eq!(issue.title, "cpu_max (p95) is 84.00%, target <=70%");
    assert_eq!(
        issue.impact.unwrap(),
        "It was above 70.00% for 50.00% of the time, first after 2s, with 20 virtual users and 200/s."
    );
    let recommendation = issue.recommendation.unwrap();
    assert!(recommendation.starts_with("Profile the target under this load"), "{recommendation}");
    assert!(recommendation.ends_with("Begin with GET home, the most frequent request."), "{recommendation}");
    assert_eq!(issue.expected.unwrap(), "1.20 times the processors would bring the same work from 84.00% to 70.00%.");
}

#[test]
fn a_memory_limit_is_a_share_of_what_there_is() {
    let totals = watched("memory", ResourceUnit::Bytes, [500.0, 900.0, 900.0, 900.0], Some(1_000.0));
    let (_, issue) = finding(totals, TargetMonitoring { memory_max: Some(0.8), ..limits() });
    assert_eq!(
        issue.impact.unwrap(),
        "It was above 80.00% for 75.00% of the time, first after 1s, with 10 virtual users and 100/s."
    );
    assert!(issue.recommendation.unwrap().starts_with("See in a soak test whether it grows"));
    assert_eq!(issue.expected.unwrap(), "1.13 times the memory would bring the same use from 90.00% to 80.00%.");
}

#[test]
fn a_pool_that_is_too_small_says_how_large_it_would_have_to_be() {
    let totals = watched("connections", ResourceUnit::Number, [50.0, 90.0, 99.0, 120.0], None);
    let (_, issue) = finding(totals, TargetMonitoring { connection_pool: Some(100), ..limits() });
    assert_eq!(
        issue.impact.unwrap(),
        "It was above 100 for 25.00% of the time, first after 3s, with 30 virtual users and 300/s."
    );
    assert_eq!(issue.expected.unwrap(), "A pool of 120 would have been enough.");
}

#[test]
fn a_limit_that_was_never_kept_says_so() {
    let totals = watched("connections", ResourceUnit::Number, [120.0; 4], None);
    let (_, issue) = finding(totals, TargetMonitoring { connection_pool: Some(100), ..limits() });
    assert_eq!(
        issue.impact.unwrap(),
        "It was above 100 for 100.00% of the time, from the beginning, with 0 virtual users and 0/s."
    );
}

#[test]
fn a_limit_without_a_source_says_what_to_add() {
    let (document, issue) = finding(known_run(), TargetMonitoring { cpu_max: Some(0.7), ..limits() });
    assert_eq!(document.verdict.sentence, "0 of 1 objectives were met: cpu_max (p95) was not measured, target <=70%.");
    assert!(issue.recommendation.unwrap().starts_with("No source tells of it: name one under monitoring"));
}

/// Two objectives of a plan that are met or not by the known run, one hoped for, and a threshold besides.
fn planned(p95: &str) -> Document {
    let objective = |title: &str, target: &str, metric: &str, expression: &str, importance| Objective {
        title: title.to_owned(),
        target: target.to_owned(),
        threshold: threshold(metric, expression),
        importance,
    };
    let objectives = [
        objective(
            "response time p95",
            &format!("<{p95}ms"),
            "response_time",
            &format!("p(95)<{p95}"),
            Importance::Required,
        ),
        objective("error rate", "<5%", "http_req_failed", "rate<0.05", Importance::Required),
        objective("throughput, target", ">=200/s", "http_reqs", "rate>=200", Importance::Desired),
    ];
    let required = objectives.iter().filter(|objective| objective.importance == Importance::Required);
    let thresholds: Vec<Threshold> =
        required.map(|objective| objective.threshold.clone()).chain([threshold("http_reqs", "count>10")]).collect();
    document_held_to("browse", known_run(), &Demands::new(&thresholds, &objectives, &limits()))
}

#[test]
fn the_headline_is_of_the_objectives() {
    let missed = planned("50").verdict;
    assert_eq!(
        (missed.status, missed.sentence.as_str()),
        (RunStatus::Critical, "1 of 3 objectives not met: response time p95 is 95.01ms, target <50ms.")
    );
    let met = planned("500").verdict;
    assert_eq!(
        (met.status, met.sentence.as_str()),
        (
            RunStatus::Warning,
            "2 of 3 objectives were met: throughput, target is 50/s, target >=200/s. The one threshold was met."
        )
    );
    let hoped = met.issues.iter().find(|issue| issue.title.starts_with("throughput")).unwrap();
    assert_eq!(
        hoped.recommendation.as_deref(),
        Some(
            "At its busiest moment 10 virtual users made 100/s; with the same response times and pauses, 200/s takes 20 of \
             them."
        )
    );
}

#[test]
fn no_objective_is_in_a_table_twice() {
    let document = planned("500");
    let page = html_report(&document);
    let thresholds = page.split("id=\"thresholds\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(thresholds.contains("count &gt; 10") && !thresholds.contains("p(95)"), "{thresholds}");
    let markdown = markdown_report(&document, None);
    let overview = markdown.split("## Metrics overview").nth(1).unwrap().split("## ").next().unwrap();
    let rows: Vec<&str> = overview.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next()).collect();
    assert_eq!(
        rows,
        [
            "Metric",
            "---",
            "http\\_reqs",
            "response_time p(50)",
            "response_time p(90)",
            "iterations",
            "checks",
            "vus (most)"
        ]
    );
}
