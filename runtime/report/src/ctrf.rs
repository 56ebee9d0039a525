//! `--report FILE.ctrf.json`: the Common Test Report Format (<https://ctrf.io>), version 0.0.0 of its schema.

use serde_json::{Map, Value, json};

use crate::Document;
use crate::markdown::figures;
use crate::test_cases::{Case, Result, cases};

/// The report in the Common Test Report Format.
pub fn ctrf_report(document: &Document) -> String {
    let run = &document.run;
    let cases = cases(document);
    let count = |status: &str| cases.iter().filter(|case| word(case) == status).count();
    let stop = run.began_unix_ms + run.duration_ms.round() as i64;
    let figures: Map<String, Value> =
        figures(document).into_iter().map(|(name, unit, value)| (name.to_owned(), json!(unit.text(value)))).collect();
    let report = json!({
        "reportFormat": "CTRF",
        "specVersion": "0.0.0",
        "generatedBy": "squall",
        "results": {
            "tool": { "name": "squall", "version": run.squall },
            "summary": {
                "tests": cases.len(),
                "passed": count("passed"),
                "failed": count("failed"),
                "pending": 0,
                "skipped": 0,
                "other": count("other"),
                "start": run.began_unix_ms,
                "stop": stop,
            },
            "tests": cases.iter().map(|case| test(case, document)).collect::<Vec<_>>(),
            "extra": { "status": document.verdict.status.name(), "figures": figures },
        },
    });
    format!("{report:#}\n")
}

fn test(case: &Case, document: &Document) -> Value {
    let mut test = json!({
        "name": case.name,
        "status": word(case),
        "duration": document.run.duration_ms.round() as i64,
        "suite": [document.run.scenario],
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
