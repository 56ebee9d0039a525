//! The report of several runs for the terminal.

use squall_insight::RunStatus;

use super::{COLUMNS, CombinedReport, Finding, FindingGroup, NamedRun};
use crate::style::Style;
use crate::summary::{Detail, Summary};
use crate::table::{Align, table};

impl CombinedReport {
    /// The text, with a line feed at its end: the table of runs, all findings, then the summary of each run.
    pub fn render(&self, detail: Detail, style: Style) -> String {
        let parts = [self.runs_part(style), self.findings_part(style), self.verdict_part(style)];
        let summaries = self.runs().iter().map(|run| summary(run, detail, style));
        format!("\n{}{}", parts.concat(), summaries.collect::<String>())
    }

    fn runs_part(&self, style: Style) -> String {
        let rows = self.rows();
        let head = COLUMNS.map(str::to_owned).to_vec();
        let rows: Vec<Vec<String>> =
            std::iter::once(head).chain(rows.iter().map(|row| row.cells().map(str::to_owned).to_vec())).collect();
        let aligns = COLUMNS.map(|name| match name {
            "rate" | "p95" | "errors" => Align::Right,
            _ => Align::Left,
        });
        format!("{}\n{}", heading(style, &format!("RUNS OF {}", self.title())), table(4, &aligns, &rows))
    }

    fn findings_part(&self, style: Style) -> String {
        let findings: String = self.findings().iter().map(finding_group).collect();
        if findings.is_empty() { findings } else { format!("\n{}\n{findings}", heading(style, "FINDINGS")) }
    }

    fn verdict_part(&self, style: Style) -> String {
        let status = self.status();
        let name = match status {
            RunStatus::Good => style.good(status.name()),
            RunStatus::Warning => style.warn(status.name()),
            RunStatus::Critical | RunStatus::Invalid => style.bad(status.name()),
        };
        format!("\n    {} {name}, {}\n", style.strong("verdict:"), self.sentence())
    }
}

fn heading(style: Style, title: &str) -> String {
    format!("  {}\n", style.strong(&format!("█ {title}")))
}

fn finding_group(group: &FindingGroup<'_>) -> String {
    let findings: String = group.findings.iter().map(finding).collect();
    let recommendation = group.recommendation.map(|text| format!("      ↳ {text}\n"));
    format!("{findings}{}", recommendation.unwrap_or_default())
}

fn finding(finding: &Finding<'_>) -> String {
    let issue = finding.issue;
    let texts = [&issue.impact, &issue.expected];
    let texts: String = texts.into_iter().flatten().map(|text| format!("        {text}\n")).collect();
    format!("    {}: {} ({})\n{texts}", issue.status.name(), issue.title, finding.runs())
}

fn summary(run: &NamedRun, detail: Detail, style: Style) -> String {
    let summary = Summary { document: &run.document, detail, style }.render();
    format!("\n{}{summary}", heading(style, &format!("RUN {}", run.heading())))
}
