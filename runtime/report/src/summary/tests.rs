use squall_metrics::{Finding, Health};

use super::*;
use crate::fixture::{judgement, known_document, known_run};
use crate::summary_export;

#[test]
fn the_summary_of_a_known_run() {
    let document = known_document("browse");
    let summary = Summary { document: &document, detail: Detail::Full, style: Style::Plain };
    insta::assert_snapshot!(summary.render());
}

#[test]
fn the_export_of_a_known_run() {
    let totals = known_run();
    let export = summary_export(&totals, &judgement(&totals).thresholds);
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

/// The other reports print the same figures of custom metrics.
#[test]
fn custom_metrics_read_as_in_the_other_reports() {
    let metric = |name: &str, unit, values| Metric { name: name.to_owned(), unit, values };
    let gauge = |value| Values::Gauge { value, min: value, max: value };
    let metrics = vec![
        metric("queue_time", Unit::Ms, gauge(1_500.0)),
        metric("share_of_cache", Unit::Number, gauge(0.004)),
        metric("uploaded", Unit::Bytes, Values::Counter { sum: 4_000.0, rate: 2_000.0 }),
    ];
    let document = Document { metrics, ..known_document("browse") };
    let text = Summary { document: &document, detail: Detail::Full, style: Style::Plain }.render();
    assert!(text.contains("queue_time........................: 1.5s  min=1.5s  max=1.5s\n"), "{text}");
    assert!(text.contains("share_of_cache....................: 0.004  min=0.004  max=0.004\n"), "{text}");
    assert!(text.contains("uploaded..........................: 4.0 kB  2.0 kB/s\n"), "{text}");
}

/// Users of wrk and oha look at one screen.
#[test]
fn one_request_fits_a_screen() {
    let mut document = known_document("browse");
    document.run.scenario = "http://127.0.0.1:8080/".to_owned();
    document.thresholds.clear();
    document.server_timings.clear();
    let summary = |document: &Document| Summary { document, detail: Detail::Compact, style: Style::Plain }.render();
    let text = summary(&document);
    insta::assert_snapshot!(text);
    assert!(text.lines().count() <= 20 && text.lines().all(|line| line.chars().count() <= 80), "{text}");
    document.generator.health = Health::Suspect;
    document.generator.findings = vec![Finding { reason: "it waited ".repeat(20), ..Finding::default() }];
    let text = summary(&document);
    assert!(text.contains("    generator: suspect, it waited") && text.contains('…'), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    document.run.scenario = "shop.wasm".to_owned();
    assert!(summary(&document).contains("TOTAL RESULTS"));
}
