//! Findings in Markdown: as issues, as recommendations, and as a chapter of their own with the evidence.

use squall_findings::{Finding, Findings};

use super::{bullets, escaped, join};
use crate::Document;
use crate::causes::expected;

fn findings(document: &Document) -> &[Finding] {
    document.findings.as_ref().map_or(&[], |findings| &findings.findings)
}

/// A line for each, among the issues.
pub(super) fn issues(document: &Document) -> impl Iterator<Item = String> {
    findings(document).iter().map(|finding| {
        format!(
            "**{}** ({}, {}, {}).",
            escaped(&finding.title),
            finding.cause.title(),
            finding.class.name(),
            finding.confidence.name()
        )
    })
}

/// A line for each, among the recommendations.
pub(super) fn recommendations(document: &Document) -> impl Iterator<Item = String> {
    findings(document).iter().map(|finding| {
        let expected = match (expected(finding), &finding.improvement) {
            (Some(expected), Some(improvement)) => {
                format!(
                    " Expected: {} ({}).",
                    escaped(&expected["expected: ".len()..]),
                    escaped(&improvement.arithmetic)
                )
            }
            _ => String::new(),
        };
        format!("{}: {}{expected}", escaped(&finding.title), escaped(&finding.change))
    })
}

/// A box to tick for each.
pub(super) fn actions(document: &Document) -> impl Iterator<Item = String> {
    findings(document).iter().map(|finding| {
        let at = finding.endpoint.as_ref().map(|endpoint| format!("{}: ", escaped(endpoint))).unwrap_or_default();
        format!("[ ] {at}{} (owner: ____)", escaped(&finding.change))
    })
}

/// The evidence.
pub(super) fn chapter(document: &Document) -> String {
    let Some(findings) = &document.findings else { return String::new() };
    let each = (1..).zip(&findings.findings).map(|(number, finding)| section(number, finding));
    let found = if findings.findings.is_empty() { "Nothing found.\n".to_owned() } else { String::new() };
    join(["## Causes\n".to_owned(), found].into_iter().chain(each).chain([looked_at(findings)]))
}

fn section(number: usize, finding: &Finding) -> String {
    let evidence = bullets(finding.evidence.iter().map(|line| escaped(line)));
    let code = |label: &str, lines: &[String]| match lines {
        [] => String::new(),
        lines => format!("{label}:\n\n{}", lines.iter().map(|line| format!("    {line}\n")).collect::<String>()),
    };
    let traces = match &finding.traces[..] {
        [] => String::new(),
        traces => format!("Traces: {}\n", traces.join(", ")),
    };
    join([
        format!("### {number}. {}\n", escaped(&finding.title)),
        evidence,
        code("Statement", finding.statement.as_slice()),
        code("Plan", &finding.plan),
        traces,
    ])
}

fn looked_at(findings: &Findings) -> String {
    let seen = findings.looked_at.iter().map(|line| format!("Looked at {}.", escaped(line)));
    let not_seen = findings.not_seen.iter().map(|line| format!("Not seen: {}.", escaped(line.trim_end_matches('.'))));
    bullets(seen.chain(not_seen))
}
