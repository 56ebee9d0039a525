use squall_insight::{RunStatus, ThresholdOutcome};

use super::*;
use crate::fixture::known_document;
use crate::{
    Change, ChangeKind, Detail, Level, Style, Summary, TrendFigure, TrendRun, Week, ctrf_report, github_annotations,
    html_report, junit_report, markdown_report, openmetrics, trend_page,
};

fn terminal(document: &Document) -> String {
    Summary { document, detail: Detail::Full, style: Style::Plain }.render()
}

#[test]
fn every_form_has_the_same_figures() {
    let document = known_document("browse");
    let json: Document = Document::from_json(&document.to_json()).unwrap();
    let times = json.distribution("response_time").unwrap();
    let (failed, ..) = json.rate("http_req_failed").unwrap();
    let (_, rate) = json.counter("http_reqs").unwrap();
    let threshold = &json.thresholds[0];
    let figures = [
        Unit::Ms.text(times.p50.unwrap()),
        Unit::Ms.text(times.p95.unwrap()),
        Unit::Share.text(failed),
        Unit::PerSecond.text(rate),
    ];
    assert_eq!(figures, ["50ms", "95.01ms", "2.00%", "50/s"]);
    for form in [terminal(&document), html_report(&document), markdown_report(&document, None), junit_report(&document)]
    {
        for figure in &figures {
            assert!(form.contains(figure.as_str()), "{figure} is not in {form}");
        }
    }
    // The p95 of http_req_duration, which the first threshold looks at, is met; that of failures is not.
    assert_eq!((threshold.measured().as_str(), threshold.outcome), ("95.01ms", ThresholdOutcome::Passed));
    assert_eq!(
        (document.thresholds[1].measured().as_str(), document.thresholds[1].outcome),
        ("2.00%", ThresholdOutcome::Failed)
    );
}

#[test]
fn the_document_survives_json() {
    let document = known_document("browse");
    let read = Document::from_json(&document.to_json()).unwrap();
    assert_eq!((&read.run, &read.verdict, &read.thresholds), (&document.run, &document.verdict, &document.thresholds));
    assert_eq!(markdown_report(&read, None), markdown_report(&document, None));
    assert_eq!(ctrf_report(&read), ctrf_report(&document));
    assert!(Document::from_json("{}").unwrap_err().contains("--summary-json"));
    let later = document.to_json().replace("\"version\": 1", "\"version\": 2");
    assert_eq!(
        Document::from_json(&later).unwrap_err(),
        "version 2 of the summary is not known: this Squall reads version 1"
    );
}

#[test]
fn a_verdict_says_what_is_wrong_and_what_would_help() {
    let document = known_document("browse");
    assert_eq!(document.verdict.status, RunStatus::Critical);
    assert_eq!(document.verdict.sentence, "2 of 3 thresholds not met.");
    let issue = &document.verdict.issues[0];
    assert_eq!(issue.title, "rate of http_req_failed is 2.00%, target rate < 1.00%");
    assert_eq!(issue.impact.as_deref(), Some("2.00% of all requests failed: 2 of 100."));
    assert_eq!(
        issue.expected.as_deref(),
        Some("The threshold is met once rate is down by 50.00%, from 2.00% to 1.00%.")
    );
}

#[test]
fn no_text_of_a_stranger_becomes_markup_or_a_command() {
    let document = known_document("</script><img src=x onerror=alert(1)>|\n::error::x %");
    let page = html_report(&document);
    assert!(!page.contains("<img") && page.contains("&lt;img"), "a name broke out of the page");
    assert_eq!(page.matches("</script>").count(), 3, "a name ended a script");
    let markdown = markdown_report(&document, None);
    // Within the fence of the command line it is text.
    let before_command = markdown.split("## How to run it again").next().unwrap();
    assert!(!before_command.contains("<img") && before_command.contains("&lt;img"), "{before_command}");
    let junit = junit_report(&document);
    assert!(!junit.contains("<img") && junit.contains("&lt;img"));
    assert!(
        github_annotations(&document)
            .lines()
            .all(|line| line.starts_with("::error title=") || line.starts_with("::warning title="))
    );
}

#[test]
fn test_frameworks_see_a_case_for_each_threshold() {
    let document = known_document("browse");
    assert!(
        junit_report(&document)
            .contains("<testsuites name=\"squall\" tests=\"5\" failures=\"2\" errors=\"0\" time=\"2.000\">")
    );
    let ctrf: serde_json::Value = serde_json::from_str(&ctrf_report(&document)).unwrap();
    assert_eq!(ctrf["results"]["summary"]["failed"], 2);
    assert_eq!(ctrf["results"]["summary"]["stop"], 2_000);
    assert_eq!(ctrf["results"]["tests"][1]["message"], "rate is 2.00%, target rate < 1.00%");
}

#[test]
fn trends_need_an_earlier_run() {
    let document = known_document("browse");
    assert!(!markdown_report(&document, None).contains("## Trends"));
    let with = markdown_report(&document, Some(&document));
    assert!(with.contains("| response_time p(95) | 95.01ms | 95.01ms | +0.0% |"), "{with}");
}

/// 41 runs, a day apart: slower by a half in the last one, which ran on another kernel.
fn trend() -> Trend {
    let run = |number: usize| TrendRun {
        id: format!("run-{number}"),
        began: format!("2026-{:02}-{:02}T06:00:00Z", 1 + number / 28, 1 + number % 28),
        environment: if number == 40 { vec!["kernel \"<6>\", then \"7\"".to_owned()] } else { Vec::new() },
    };
    let change = Change { run: 40, before: 20.0, after: 30.0, change: 0.5, p: 0.00042, kind: ChangeKind::Regression };
    let value = |number| Some(if number < 40 { 20.0 } else { 30.0 });
    Trend {
        scenario: "browse".to_owned(),
        load: "10 VUs for 1m".to_owned(),
        target: String::new(),
        since: None,
        runs: (0..41).map(run).collect(),
        figures: vec![TrendFigure {
            name: "response_time p(95)".to_owned(),
            unit: Unit::Ms,
            values: (0..41).map(value).collect(),
            levels: vec![Level { first: 0, last: 39, mean: 20.0 }, Level { first: 40, last: 40, mean: 30.0 }],
            changes: vec![change],
        }],
        weeks: vec![Week { figure: "response_time p(95)".to_owned(), unit: Unit::Ms, before: 20.0, now: 20.5 }],
    }
}

#[test]
fn the_history_of_kept_runs_is_told_in_all_forms_alike() {
    let document = Document { trend: Some(trend()), ..known_document("browse") };
    let markdown = markdown_report(&document, None);
    assert!(markdown.contains("| response_time p(95) | 20ms | 20.5ms | +2.5% |"), "{markdown}");
    let change = "response_time p(95): +50.0% since the run of 2026-02-13T06:00:00Z (regression, p 0.0004).";
    assert!(markdown.contains(change), "{markdown}");
    for page in [html_report(&document), trend_page(&trend(), "0.1.0")] {
        for text in [
            "+50.0%",
            "+2.5%",
            ">20.5ms<",
            "run-40",
            "kernel &quot;&lt;6&gt;&quot;, then &quot;7&quot;",
            "41 runs of browse (10 VUs for 1m)",
        ] {
            assert!(page.contains(text), "{text} is not in {page}");
        }
    }
    assert!(trend().regressed());
    let read = Document::from_json(&document.to_json()).unwrap();
    assert_eq!(read.trend, document.trend);
    assert!(!known_document("browse").to_json().contains("\"trend\":"), "what is not kept has none");
}

#[test]
fn openmetrics_are_in_base_units() {
    let text = openmetrics(&known_document("browse"));
    assert!(text.contains("# TYPE squall_http_req_failed_ratio gauge\nsquall_http_req_failed_ratio 0.02\n"), "{text}");
    assert!(text.contains("squall_response_time_seconds{quantile=\"0.9\"} 0.09"), "{text}");
    assert!(text.ends_with("# EOF\n"));
}
