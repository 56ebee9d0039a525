use squall_insight::RunStatus;

use super::*;
use crate::document::PlanRecord;
use crate::fixture::known_document;
use crate::{Detail, Style, combined_ctrf_report, combined_junit_report, combined_page, html_report};

fn run(name: &str, test_type: &str, status: RunStatus) -> NamedRun {
    let mut document = known_document("browse");
    document.run.plan = Some(PlanRecord {
        name: Some("Checkout".to_owned()),
        test_type: Some(test_type.to_owned()),
        questions: vec!["Handle 500 users".to_owned()],
        environment: [("dataset".to_owned(), "10k products".to_owned())].into(),
        ..PlanRecord::default()
    });
    document.verdict.status = status;
    if status == RunStatus::Good {
        document.verdict.issues.clear();
        document.verdict.sentence = "All 3 thresholds were met.".to_owned();
    }
    NamedRun { name: name.to_owned(), document }
}

fn report() -> CombinedReport {
    let runs = [
        run("run-a", "load", RunStatus::Good),
        run("run-b", "stress", RunStatus::Critical),
        run("run-c", "spike", RunStatus::Critical),
    ];
    CombinedReport::new(runs)
}

#[test]
fn the_worst_run_decides_and_all_are_counted() {
    let report = report();
    assert_eq!(report.status(), RunStatus::Critical);
    assert_eq!(report.sentence(), "3 runs: 1 Good, 2 Critical.");
    assert_eq!((report.title().as_str(), report.days().as_str()), ("Checkout", "1970-01-01"));
}

#[test]
fn a_run_that_is_named_twice_is_there_once() {
    let twice = [run("run-a", "load", RunStatus::Good), run("run-a", "load", RunStatus::Good)];
    assert_eq!(CombinedReport::new(twice).sentence(), "1 run: 1 Good.");
}

#[test]
fn runs_of_different_plans_have_no_name_in_common() {
    let mut other = run("run-b", "load", RunStatus::Good);
    other.document.run.plan = None;
    let report = CombinedReport::new([run("run-a", "load", RunStatus::Good), other]);
    assert_eq!(report.title(), "2 runs");
}

#[test]
fn what_two_runs_have_in_the_same_words_is_told_once() {
    let report = report();
    let issues = &report.runs()[1].document.verdict.issues;
    let groups = report.findings();
    let findings: Vec<&Finding<'_>> = groups.iter().flat_map(|group| &group.findings).collect();
    assert_eq!(findings.len(), issues.len());
    assert!(findings.iter().all(|finding| finding.runs == ["stress, run-b", "spike, run-c"]));
}

#[test]
fn what_leads_to_the_same_recommendation_is_together() {
    let mut other = run("run-b", "stress", RunStatus::Critical);
    let issue = other.document.verdict.issues.iter_mut().find(|issue| issue.recommendation.is_some()).unwrap();
    issue.title.push_str(", too");
    let text = issue.recommendation.clone().unwrap();
    let report = CombinedReport::new([run("run-a", "load", RunStatus::Critical), other]);
    let groups = report.findings();
    let group = groups.iter().find(|group| group.recommendation == Some(&text)).unwrap();
    let runs: Vec<String> = group.findings.iter().map(Finding::runs).collect();
    assert_eq!(runs, ["load, run-a", "stress, run-b"]);
    assert_eq!(
        report.to_markdown().matches(&crate::markdown::escaped(&text)).count(),
        2,
        "recommended, and to be done"
    );
}

#[test]
fn each_row_has_the_figures_of_its_run() {
    let report = report();
    let rows: Vec<_> = report.rows().iter().map(|row| row.cells().map(str::to_owned)).collect();
    let load = report.runs()[0].document.run.load.clone();
    let cells = |name: &str, kind: &str, verdict: &str, reason: &str| {
        [name, kind, verdict, &load, "50/s", "95.01ms", "2.00%", reason].map(str::to_owned)
    };
    assert_eq!(rows[0], cells("run-a", "load", "Good", "All 3 thresholds were met."));
    assert_eq!(rows[1], cells("run-b", "stress", "Critical", "2 of 3 thresholds not met."));
}

#[test]
fn the_terminal_shows_all_runs_then_each() {
    let text = report().render(Detail::Compact, Style::Plain);
    let first_page = text.split("█ RUN run").next().unwrap().split("  █ RUN load, run-a").next().unwrap();
    insta::assert_snapshot!(first_page);
    for heading in ["█ RUN load, run-a", "█ RUN stress, run-b", "█ RUN spike, run-c"] {
        assert_eq!(text.matches(heading).count(), 1, "{heading}: {text}");
    }
}

#[test]
fn markdown_has_a_chapter_for_each_run() {
    insta::assert_snapshot!(report().to_markdown());
}

/// The values of all attributes `id`.
fn ids(page: &str) -> Vec<&str> {
    page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn no_id_is_on_the_page_twice() {
    let page = combined_page(&report());
    let mut all = ids(&page);
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count);
    // Each run has all that it has alone, but for the page's own and its findings.
    let alone = html_report(&report().runs()[0].document);
    let of_page = ["live", "theme", "measured", "top", "tables", "plan", "issues"];
    for id in ids(&alone).into_iter().filter(|id| !of_page.contains(id)) {
        for prefix in ["run-1-", "run-2-", "run-3-"] {
            assert!(page.contains(&format!(" id=\"{prefix}{id}\"")), "{prefix}{id}");
        }
    }
}

#[test]
fn the_page_leads_from_each_row_to_its_run() {
    let page = combined_page(&report());
    for place in 1..=3 {
        assert!(page.contains(&format!("<a href=\"#run-{place}\">")), "{place}");
        assert!(page.contains(&format!("<article class=\"run\" id=\"run-{place}\">")), "{place}");
    }
    assert_eq!(page.matches("Handle 500 users").count(), 1);
}

#[test]
fn test_frameworks_see_a_suite_for_each_run() {
    let junit = combined_junit_report(&report());
    let head = "<testsuites name=\"squall\" tests=\"15\" failures=\"6\" errors=\"0\" time=\"6.000\">";
    assert!(junit.contains(head), "{junit}");
    assert_eq!(junit.matches("<testsuite name=").count(), 3);
    assert!(junit.contains("<testsuite name=\"stress, run-b\" tests=\"5\" failures=\"2\""), "{junit}");
    let ctrf: serde_json::Value = serde_json::from_str(&combined_ctrf_report(&report())).unwrap();
    let summary = &ctrf["results"]["summary"];
    assert_eq!((&summary["tests"], &summary["failed"]), (&15.into(), &6.into()));
    assert_eq!(ctrf["results"]["tests"][5]["suite"][0], "stress, run-b");
}

#[test]
fn json_has_every_summary_and_every_finding() {
    let json: serde_json::Value = serde_json::from_str(&report().to_json()).unwrap();
    assert_eq!((&json["format"], &json["version"]), (&"squall-combined-summary".into(), &1.into()));
    assert_eq!((&json["status"], &json["title"]), (&"critical".into(), &"Checkout".into()));
    assert_eq!(json["findings"][0]["runs"], serde_json::json!(["stress, run-b", "spike, run-c"]));
    let read = Document::from_json(&json["runs"][0]["summary"].to_string()).unwrap();
    assert_eq!(read.run, report().runs()[0].document.run);
}
