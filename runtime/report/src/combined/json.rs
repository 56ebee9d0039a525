//! The report of several runs as JSON: docs/reports.md.

use serde_json::{Value, json};

use super::{CombinedReport, Finding, NamedRun};

impl CombinedReport {
    /// What the field `format` says.
    pub const FORMAT: &'static str = "squall-combined-summary";
    /// What the field `version` says.
    pub const VERSION: u32 = 1;

    /// As JSON, with a line feed at its end. The summary of each run is as `--summary-json` writes it.
    pub fn to_json(&self) -> String {
        let groups = self.findings();
        let findings = groups.iter().flat_map(|group| &group.findings);
        let finding = |Finding { issue, runs }: &Finding<'_>| {
            let mut finding = json!(issue);
            finding["runs"] = json!(runs);
            finding
        };
        let run = |NamedRun { name, document }: &NamedRun| json!({ "run": name, "summary": document });
        let report: Value = json!({
            "format": CombinedReport::FORMAT,
            "version": CombinedReport::VERSION,
            "title": self.title(),
            "status": self.status(),
            "sentence": self.sentence(),
            "findings": findings.map(finding).collect::<Vec<_>>(),
            "runs": self.runs().iter().map(run).collect::<Vec<_>>(),
        });
        format!("{report:#}\n")
    }
}
