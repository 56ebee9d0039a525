//! A search as text: a line for each trial when it ends, and what was found.

use squall_metrics::Nanos;

use super::{BreakpointReport, RateLine, TrialFigures, TrialLine, TrialOutcome};
use crate::format::{count, duration, per_second, percent};
use crate::style::Style;
use crate::table::{Align, table};

/// What stands above the lines of trials.
pub fn trial_heading() -> String {
    format!(
        "  {:>5}  {:>10}  {:>6}  {:<7}  {:>10}  {:>7}  {:>7}  {:>7}  {:>8}\n",
        "trial", "rate", "time", "result", "requests/s", "p50", "p95", "failed", "at once"
    )
}

/// A trial that is over.
pub fn trial_line(number: usize, trial: &TrialLine, style: Style) -> String {
    let name = match trial.outcome {
        TrialOutcome::Good => style.good("good   "),
        TrialOutcome::Bad => style.bad("bad    "),
        TrialOutcome::Invalid => style.warn("invalid"),
    };
    let (figures, reason) = (&trial.figures, trial.reason.as_deref().unwrap_or_default());
    let line = format!(
        "  {number:>5}  {:>10}  {:>6}  {name}  {:>10.1}  {:>7}  {:>7}  {:>7}  {:>8.1}  {reason}",
        per_second(trial.rate),
        time(Some(trial.duration_ms)),
        figures.requests_per_second,
        time(figures.p50_ms),
        time(figures.p95_ms),
        percent(figures.failed_share),
        figures.at_once,
    );
    format!("{}\n", line.trim_end())
}

impl BreakpointReport {
    /// What was found, for people.
    pub fn text(&self, style: Style) -> String {
        let mut lines = vec![("highest rate", style.strong(&self.answer.sentence()))];
        lines.extend(self.answer.limited_by().map(|text| ("limited by", text)));
        lines.push(("it took", self.cost()));
        let mut text = format!("\n  {}\n\n", style.strong("█ BREAKPOINT"));
        text.push_str(&named(&lines));
        text.push_str(&format!("\n  {}\n\n", style.strong("█ THROUGHPUT AND LATENCY")));
        text.push_str(&rates(&self.rates));
        let scaling = self.scaling.sentences();
        if !scaling.is_empty() {
            text.push_str(&format!("\n  {}\n\n", style.strong("█ SCALING")));
            text.push_str(&named(&scaling));
        }
        text
    }

    /// How much load it took to find out.
    pub(super) fn cost(&self) -> String {
        let whole = |trial: &TrialLine| (trial.duration_ms + self.search.settle_ms) / 1e3;
        let seconds: f64 = self.trials.iter().map(whole).sum();
        let iterations: f64 = self.trials.iter().map(|trial| trial.rate * whole(trial)).sum();
        format!(
            "{} trials, {} of load, {} iterations",
            self.trials.len(),
            time(Some(seconds * 1e3)),
            count(iterations.round())
        )
    }
}

/// Subjects that end in one column.
fn named(lines: &[(&str, String)]) -> String {
    let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    lines.iter().map(|(name, text)| format!("    {name:>width$}: {text}\n")).collect()
}

fn rates(rates: &[RateLine]) -> String {
    let mut rows = vec![HEADER.map(str::to_owned).to_vec()];
    rows.extend(rates.iter().map(cells));
    table(4, &[Align::Right; 8], &rows)
}

pub(super) const HEADER: [&str; 8] = ["rate", "good", "requests/s", "p50", "p95", "p99", "failed", "at once"];

pub(super) fn cells(line: &RateLine) -> Vec<String> {
    let TrialFigures { requests_per_second, p50_ms, p95_ms, p99_ms, failed_share, at_once } = line.figures;
    vec![
        per_second(line.rate),
        format!("{} of {}", line.good, line.trials),
        format!("{requests_per_second:.1}"),
        time(p50_ms),
        time(p95_ms),
        time(p99_ms),
        percent(failed_share),
        format!("{at_once:.1}"),
    ]
}

pub(super) fn time(millis: Option<f64>) -> String {
    millis.map_or("-".to_owned(), |millis| duration(Nanos((millis * 1e6).round() as u64)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::breakpoint::tests::known;

    #[test]
    fn trials_stand_under_their_heading() {
        let report = known();
        let line = |number: usize| trial_line(number, &report.trials[number - 1], Style::Plain);
        let text = format!("{}{}{}", trial_heading(), line(1), line(2));
        insta::assert_snapshot!(text);
    }

    #[test]
    fn the_answer_comes_with_its_limit_its_cost_and_the_table() {
        insta::assert_snapshot!(known().text(Style::Plain));
    }
}
