//! `--report FILE.ctrf.json`: the Common Test Report Format (<https://ctrf.io>), version 0.0.0 of its schema.

use serde_json::{Map, Value, json};

use crate::Document;
use crate::combined::{CombinedReport, NamedRun};
use crate::markdown::figures;
use crate::test_cases::{Case, Result, cases};

/// The report in the Common Test Report Format.
pub fn ctrf_report(document: &Document) -> String {
    let extra = json!({ "status": document.verdict.status.name(), "figures": figures_of(document) });
    report(&[(document.run.scenario.as_str(), document)], &extra)
}

/// The report of several runs in the Common Test Report Format: a suite for each.
pub fn combined_ctrf_report(combined: &CombinedReport) -> String {
    let headings: Vec<String> = combined.runs().iter().map(NamedRun::heading).collect();
    let runs = headings.iter().zip(combined.runs()).map(|(heading, run)| (heading.as_str(), &run.document));
    let figures: Map<String, Value> =
        runs.clone().map(|(heading, document)| (heading.to_owned(), json!(figures_of(document)))).collect();
    report(&runs.collect::<Vec<_>>(), &json!({ "status": combined.status().name(), "figures": figures }))
}

fn figures_of(document: &Document) -> Map<String, Value> {
    figures(document).into_iter().map(|(name, unit, value)| (name.to_owned(), json!(unit.text(value)))).collect()
}

/// The runs by the names of their suites.
fn report(runs: &[(&str, &Document)], extra: &Value) -> String {
    let tests = runs.iter().flat_map(|(suite, document)| {
        cases(document).into_iter().map(|case| test(&case, suite, document)).collect::<Vec<_>>()
    });
    let tests: Vec<Value> = tests.collect();
    let count = |status: &str| tests.iter().filter(|test| test["status"] == status).count();
    let began = |document: &Document| document.run.began_unix_ms;
    let ended = |document: &Document| began(document) + document.run.duration_ms.round() as i64;
    let latest = runs.iter().map(|(_, document)| document).max_by_key(|document| began(document));
    let report = json!({
        "reportFormat": "CTRF",
        "specVersion": "0.0.0",
        "generatedBy": "squall",
        "results": {
            "tool": { "name": "squall", "version": latest.map(|document| &document.run.squall) },
            "summary": {
                "tests": tests.len(),
                "passed": count("passed"),
                "failed": count("failed"),
                "pending": 0,
                "skipped": 0,
                "other": count("other"),
                "start": runs.iter().map(|(_, document)| began(document)).min(),
                "stop": runs.iter().map(|(_, document)| ended(document)).max(),
            },
            "tests": tests,
            "extra": extra,
        },
    });
    format!("{report:#}\n")
}

fn test(case: &Case, suite: &str, document: &Document) -> Value {
    let mut test = json!({
        "name": case.name,
        "status": word(case),
        "duration": document.run.duration_ms.round() as i64,
        "suite": [suite],
    });
    if let Result::Failed(text) | Result::Invalid(text) = &case.result {
        test["message"] = json!(text);
    }
    test
}

fn word(case: &Case) -> &'static str {
    match case.result {
        Result::Passed => "passed",
        Result::Failed(_) => "failed",
        Result::Invalid(_) => "other",
    }
}
