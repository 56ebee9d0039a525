//! The report of several runs in Markdown: their common result, then each run.

use super::{COLUMNS, CombinedReport, Finding, FindingGroup, RunRow};
use crate::markdown::{action, environment, escaped, finding, join, list, questions, report_of_several};

impl CombinedReport {
    /// The report, in which each run has a chapter of its own.
    pub fn to_markdown(&self) -> String {
        let groups = self.findings();
        let findings = groups.iter().flat_map(|group| &group.findings);
        let summaries = [
            format!("# Performance report: {}, {}\n", escaped(&self.title()), self.days()),
            self.summary(),
            questions(self.questions()),
            environment(self.environment()),
            self.table(),
            list(
                "Issues identified",
                findings.map(|found| format!("{} ({})", finding(found.issue), escaped(&found.runs()))),
            ),
            list("Recommendations", groups.iter().filter_map(recommendation)),
            list("Action items", groups.iter().filter_map(|group| action(group.findings.first()?.issue))),
        ];
        let runs = self
            .runs()
            .iter()
            .map(|run| format!("# Run: {}\n\n{}", escaped(&run.heading()), report_of_several(&run.document)));
        join(summaries.into_iter().chain(runs))
    }

    fn summary(&self) -> String {
        let target = self.target().map_or_else(String::new, |target| format!(" All ran against {}.", escaped(target)));
        format!("## Summary\n\n**Overall status: {}.** {}{target}\n", self.status().name(), self.sentence())
    }

    fn table(&self) -> String {
        let row = |row: &RunRow<'_>| format!("| {} |\n", row.cells().map(escaped).join(" | "));
        let rows: String = self.rows().iter().map(row).collect();
        let rule = COLUMNS.map(|_| "---").join(" | ");
        format!("## Runs\n\n| {} |\n| {rule} |\n{rows}", COLUMNS.join(" | "))
    }
}

/// What to do, and below it for which findings, with what that would bring.
fn recommendation(group: &FindingGroup<'_>) -> Option<String> {
    let line = |Finding { issue, .. }: &Finding<'_>| {
        let expected = issue.expected.as_ref().map(|text| format!(": {}", escaped(text)));
        format!("\n  - {}{}", escaped(&issue.title), expected.unwrap_or_default())
    };
    let findings: String = group.findings.iter().map(line).collect();
    let text = group.recommendation.or(group.findings.first()?.issue.expected.as_deref())?;
    Some(if group.recommendation.is_some() { format!("{}{findings}", escaped(text)) } else { escaped(text) })
}
