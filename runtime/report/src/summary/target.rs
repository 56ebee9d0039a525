//! The part of the summary about what the target used.

use super::{Summary, join};
use crate::document::{TargetSeries, TargetSource};
use crate::format::count;

impl Summary<'_> {
    /// A section for each source; nothing without a source.
    pub(super) fn target_part(&self) -> String {
        let section = |source: &TargetSource| self.section(&format!("TARGET {}", source.source), &lines(source));
        join(self.document.target.iter().map(section))
    }
}

fn lines(source: &TargetSource) -> Vec<(String, String)> {
    let mut lines: Vec<_> = source.series.iter().map(|series| (series.name.clone(), text(series))).collect();
    if source.answered < source.asked {
        let (silent, asked) = (count((source.asked - source.answered) as f64), count(source.asked as f64));
        let problem = source.problem.as_deref().unwrap_or("no reason given");
        lines.push(("gaps".to_owned(), format!("said nothing {silent} of {asked} times: {problem}")));
    }
    lines
}

fn text(series: &TargetSeries) -> String {
    let unit = |value| series.unit.text(value);
    let share = series.share_text().map(|share| format!("  (at most {share})")).unwrap_or_default();
    format!("avg={}  p95={}  max={}{share}", unit(series.avg), unit(series.p95), unit(series.max))
}
