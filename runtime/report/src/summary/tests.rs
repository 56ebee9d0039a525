use squall_metrics::{GeneratorVerdict, evaluate_thresholds};
use squall_plan::Policy;

use super::*;
use crate::fixture::{known_run, thresholds};
use crate::summary_export;

#[test]
fn the_summary_of_a_known_run() {
    let totals = known_run();
    let results = evaluate_thresholds(&thresholds(), &totals);
    let summary = Summary {
        totals: &totals,
        thresholds: &results,
        generator: &GeneratorVerdict::default(),
        data: &[
            DataLine { name: "users", rows: 1_000, policy: Policy::OnceEach, taken: 1_000, ended_the_run: true },
            DataLine { name: "terms", rows: 1, policy: Policy::Shuffle, taken: 12_345, ended_the_run: false },
        ],
        planned_shares: &[0.75, 0.25],
        detail: Detail::Full,
        style: Style::Plain,
    };
    insta::assert_snapshot!(summary.render());
}

#[test]
fn the_export_of_a_known_run() {
    let totals = known_run();
    let results = evaluate_thresholds(&thresholds(), &totals);
    let export = summary_export(&totals, &results);
    let metrics = &export["metrics"];
    assert_eq!(metrics["http_reqs"]["count"], 100);
    assert_eq!(metrics["http_reqs"]["rate"], 50.0);
    assert_eq!(metrics["http_req_failed"]["passes"], 2);
    assert_eq!(metrics["http_req_failed"]["value"], 0.02);
    assert_eq!(metrics["data_received"]["count"], 100_000);
    assert_eq!(metrics["checks"]["value"], 0.97);
    let p95 = metrics["http_req_duration"]["p(95)"].as_f64().expect("a number");
    assert!((p95 - 95.0).abs() < 0.1, "{p95}");
    // In k6's legacy form `true` means that the threshold failed.
    assert_eq!(metrics["http_req_duration"]["thresholds"]["p(95)<500"], false);
    assert_eq!(metrics["http_req_failed"]["thresholds"]["rate<0.01"], true);
    assert_eq!(metrics["http_req_duration{flow:checkout}"]["thresholds"]["p(99)<50"], true);
    assert_eq!(export["root_group"]["id"], "d41d8cd98f00b204e9800998ecf8427e");
    assert_eq!(export["root_group"]["checks"]["status is 200"]["fails"], 3);
}
