//! A search as Markdown, for a page or a ticket.

use super::text::{HEADER, cells, time};
use super::{BreakpointReport, TrialLine, TrialOutcome};
use crate::format::{per_second, percent};
use crate::markdown::escaped;

impl BreakpointReport {
    /// As Markdown, with a line feed at its end.
    pub fn to_markdown(&self) -> String {
        let mut text = format!("# Breakpoint of {}\n\n", escaped(&self.scenario));
        let mut facts = vec![("Highest rate", self.answer.sentence())];
        facts.extend(self.answer.limited_by().map(|text| ("Limited by", text)));
        facts.push(("It took", self.cost()));
        facts.extend(self.target.clone().map(|target| ("Target", target)));
        facts.push(("What had to hold", self.thresholds.join(", ")));
        facts.push(("Began", self.began.clone()));
        facts.push(("Command", self.command.clone()));
        text.extend(facts.iter().map(|(name, value)| format!("- **{name}:** {}\n", escaped(value))));
        text.push_str("\n## Throughput and latency\n\n");
        text.push_str(&rows(&HEADER, self.rates.iter().map(cells)));
        let scaling = self.scaling.sentences();
        if !scaling.is_empty() {
            text.push_str("\n## Scaling\n\n");
            text.extend(scaling.iter().map(|(name, value)| format!("- **{name}:** {}\n", escaped(value))));
        }
        text.push_str("\n## Every trial\n\n");
        let trials = self.trials.iter().enumerate().map(|(index, trial)| trial_cells(index + 1, trial));
        text.push_str(&rows(&["trial", "rate", "time", "result", "requests/s", "p95", "failed", "why"], trials));
        text
    }
}

fn trial_cells(number: usize, trial: &TrialLine) -> Vec<String> {
    let result = match trial.outcome {
        TrialOutcome::Good => "good",
        TrialOutcome::Bad => "bad",
        TrialOutcome::Invalid => "invalid",
    };
    vec![
        number.to_string(),
        per_second(trial.rate),
        time(Some(trial.duration_ms)),
        result.to_owned(),
        format!("{:.1}", trial.figures.requests_per_second),
        time(trial.figures.p95_ms),
        percent(trial.figures.failed_share),
        trial.reason.clone().unwrap_or_default(),
    ]
}

fn rows<const N: usize>(header: &[&str; N], rows: impl Iterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| escaped(cell)).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let mut text = line(&header.map(str::to_owned));
    text.push_str(&format!("|{}\n", " --- |".repeat(N)));
    text.extend(rows.map(|row| line(&row)));
    text
}

#[cfg(test)]
mod tests {
    use crate::breakpoint::tests::known;

    #[test]
    fn a_report_for_a_ticket() {
        insta::assert_snapshot!(known().to_markdown());
    }
}
