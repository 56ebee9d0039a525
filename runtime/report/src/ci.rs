//! What CI systems show beside a job: summaries, annotations and metrics, each within the limits of its system.
//!
//! Only texts are made here; where they go is the program's business.

use std::fmt::Write;

use crate::document::{Distribution, Issue, Values};
use squall_insight::RunStatus;

use crate::{Document, Unit};

/// GitHub drops a step's summary of more than 1,024 KiB.
const GITHUB_SUMMARY: usize = 900 * 1024;
/// GitHub shows ten errors and ten warnings of a step.
const GITHUB_ANNOTATIONS: usize = 10;

/// Markdown, cut to what GitHub takes as a step's summary.
pub fn github_summary(markdown: &str) -> String {
    if markdown.len() <= GITHUB_SUMMARY {
        return markdown.to_owned();
    }
    let mut end = GITHUB_SUMMARY;
    while !markdown.is_char_boundary(end) {
        end -= 1;
    }
    let whole_lines = markdown[..end].rfind('\n').map_or(end, |line| line + 1);
    format!("{}\n*Cut here: GitHub shows no more. `--report FILE.md` has all of it.*\n", &markdown[..whole_lines])
}

/// GitHub's workflow commands, a line for each annotation: the worst first, and one for those that do not fit.
pub fn github_annotations(document: &Document) -> String {
    let (errors, warnings) = errors_and_warnings(document);
    let mut text = String::new();
    for (kind, issues) in [("error", errors), ("warning", warnings)] {
        let fits = if issues.len() > GITHUB_ANNOTATIONS { GITHUB_ANNOTATIONS - 1 } else { issues.len() };
        for issue in &issues[..fits] {
            let message = issue.impact.as_deref().unwrap_or(&issue.title);
            let (title, message) = (github_property(&issue.title), github_data(message));
            text.push_str(&format!("::{kind} title={title}::{message}\n"));
        }
        if fits < issues.len() {
            text.push_str(&format!("::{kind} title=And {} more::The report has them all.\n", issues.len() - fits));
        }
    }
    text
}

fn github_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn github_property(text: &str) -> String {
    github_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Azure Pipelines' logging commands: the summary's and the results' files (absolute paths), and an issue for each thing
/// that is wrong.
pub fn azure_commands(document: &Document, summary: &str, results: &str) -> String {
    let (errors, warnings) = errors_and_warnings(document);
    let issue = |kind: &str, issue: &Issue| {
        format!("##vso[task.logissue type={kind};]{}\n", azure_data(&format!("Squall: {}", issue.title)))
    };
    let errors: String = errors.into_iter().map(|found| issue("error", found)).collect();
    let warnings: String = warnings.into_iter().map(|found| issue("warning", found)).collect();
    let results = azure_property(results);
    format!(
        "{errors}{warnings}##vso[task.uploadsummary]{}\n\
         ##vso[results.publish type=JUnit;mergeResults=false;runTitle=Squall;publishRunAttachments=true;resultFiles={results};]\n",
        azure_data(summary)
    )
}

fn azure_data(text: &str) -> String {
    text.replace('%', "%AZP25").replace('\r', "%0D").replace('\n', "%0A")
}

fn azure_property(text: &str) -> String {
    azure_data(text).replace(';', "%3B").replace(']', "%5D")
}

fn errors_and_warnings(document: &Document) -> (Vec<&Issue>, Vec<&Issue>) {
    document.verdict.issues.iter().partition(|issue| issue.status >= RunStatus::Critical)
}

/// OpenMetrics text, which GitLab compares between branches: every figure a gauge, in base units (seconds, bytes).
pub fn openmetrics(document: &Document) -> String {
    let mut text = String::new();
    for metric in &document.metrics {
        let name: String =
            metric.name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
        match &metric.values {
            Values::Counter { sum, rate } => {
                gauge(&mut text, &format!("squall_{name}"), *sum);
                gauge(&mut text, &format!("squall_{name}_per_second"), *rate);
            }
            Values::Gauge { value, max, .. } => {
                gauge(&mut text, &format!("squall_{name}"), *value);
                gauge(&mut text, &format!("squall_{name}_greatest"), *max);
            }
            Values::Rate { share, .. } => gauge(&mut text, &format!("squall_{name}_ratio"), *share),
            Values::Trend(distribution) => trend(&mut text, &name, metric.unit, distribution),
        }
    }
    text.push_str("# EOF\n");
    text
}

fn trend(text: &mut String, name: &str, unit: Unit, distribution: &Distribution) {
    let (suffix, scale) = if unit == Unit::Ms { ("_seconds", 1_000.0) } else { ("", 1.0) };
    let name = format!("squall_{name}{suffix}");
    let quantiles =
        [("0.5", distribution.p50), ("0.9", distribution.p90), ("0.95", distribution.p95), ("0.99", distribution.p99)];
    let known: Vec<(&str, f64)> = quantiles.into_iter().filter_map(|(at, value)| Some((at, value? / scale))).collect();
    if !known.is_empty() {
        let _ = writeln!(text, "# TYPE {name} gauge");
        for (at, value) in known {
            let _ = writeln!(text, "{name}{{quantile=\"{at}\"}} {value}");
        }
    }
    gauge(text, &format!("{name}_mean"), distribution.mean / scale);
    gauge(text, &format!("{name}_greatest"), distribution.max / scale);
}

fn gauge(text: &mut String, name: &str, value: f64) {
    // Writing to a text cannot fail.
    let _ = writeln!(text, "# TYPE {name} gauge\n{name} {value}");
}
