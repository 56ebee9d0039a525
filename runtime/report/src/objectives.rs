//! The table of a plan's objectives with the verdict, and their lines in reports. How they are judged is `squall-insight`'s;
//! this only finds words for it.

use serde::{Deserialize, Serialize};
use squall_insight::{Judged, Status as ObjectiveStatus};
use squall_plan::Importance;

use crate::document::Status;
use crate::style::Style;
use crate::table::{Align, table};

/// An objective that was judged, with its numbers as people read them.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectiveLine {
    /// What it is of: `response time p95`.
    pub title: String,
    /// What was wanted: `<500ms`.
    pub target: String,
    /// What was measured.
    pub actual: String,
    /// Where the true value probably lies: `480ms to 490ms`; empty where nobody can say.
    pub interval: String,
    /// Whether it is a limit of the target's resources; what is not has a threshold, or is only hoped for.
    pub is_limit: bool,
    /// What became of it.
    pub judged: Judged,
}

/// An objective, as reports have it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObjectiveRecord {
    /// What it is of: `response time p95`.
    pub title: String,
    /// What was wanted: `<500ms`.
    pub target: String,
    /// What was measured, in words.
    pub actual: String,
    /// Where the true value probably lies (about 90 % sure), in words, if that can be said.
    pub interval: Option<String>,
    /// What is left to the limit, as a share of it; negative if it is missed.
    pub margin: Option<f64>,
    /// Whether it is a limit of the target's resources.
    pub is_limit: bool,
    /// `met`, `close`, `missed`, `below_target` (missed, and only hoped for), `not_measured` or `not_judged`.
    pub status: String,
}

impl ObjectiveLine {
    /// As reports have it. `valid`: whether the generator is to be believed.
    pub fn record(&self, valid: bool) -> ObjectiveRecord {
        let status = match (self.judged.status, self.judged.objective.importance) {
            _ if !valid => "not_judged",
            (ObjectiveStatus::Met, _) => "met",
            (ObjectiveStatus::Close, _) => "close",
            (ObjectiveStatus::Missed, Importance::Required) => "missed",
            (ObjectiveStatus::Missed, Importance::Desired) => "below_target",
            (ObjectiveStatus::NotMeasured, _) => "not_measured",
        };
        ObjectiveRecord {
            title: self.title.clone(),
            target: self.target.clone(),
            actual: self.actual.clone(),
            interval: (!self.interval.is_empty()).then(|| self.interval.clone()),
            margin: self.judged.margin,
            is_limit: self.is_limit,
            status: status.to_owned(),
        }
    }
}

impl ObjectiveRecord {
    /// Its status with a mark: `✓ met`.
    pub fn marked(&self) -> &'static str {
        match self.status.as_str() {
            "met" => "✓ met",
            "close" => "! close",
            "missed" => "✗ not met",
            "below_target" => "! below target",
            "not_measured" => "- not measured",
            _ => "not judged",
        }
    }

    /// The margin, in percent with its sign: `+20%`.
    pub fn margin_text(&self) -> String {
        self.margin.map_or_else(|| "-".to_owned(), |margin| format!("{:+.0}%", margin * 100.0))
    }
}

/// The table of objectives, if there are any, and below it the verdict on the whole run.
pub fn verdict(lines: &[ObjectiveLine], status: Status, style: Style) -> String {
    let name = match status {
        Status::Good => style.good(status.name()),
        Status::Warning => style.warn(status.name()),
        Status::Critical | Status::Invalid => style.bad(status.name()),
    };
    let verdict = format!("\n    {} {name}\n", style.strong("verdict:"));
    if lines.is_empty() {
        return verdict;
    }
    format!("\n  {}\n\n{}{verdict}", style.strong("█ OBJECTIVES"), rows(lines, status != Status::Invalid))
}

fn rows(lines: &[ObjectiveLine], valid: bool) -> String {
    let with_intervals = lines.iter().any(|line| !line.interval.is_empty());
    let row = |[title, target, actual, interval, margin, status]: [&str; 6]| {
        let interval = with_intervals.then_some(interval);
        let cells = [title, target, actual].into_iter().chain(interval).chain([margin, status]);
        cells.map(str::to_owned).collect::<Vec<_>>()
    };
    let mut rows = vec![row(["objective", "target", "actual", "interval (90%)", "margin", "status"])];
    rows.extend(lines.iter().map(|line| {
        let record = line.record(valid);
        row([&line.title, &line.target, &line.actual, &line.interval, &record.margin_text(), record.marked()])
    }));
    let mut aligned = vec![Align::Left, Align::Right, Align::Right, Align::Right, Align::Left];
    if with_intervals {
        aligned.insert(3, Align::Right);
    }
    table(4, &aligned, &rows)
}

/// What the course of a test says, in a part of its own: subjects and sentences. Nothing if there is nothing to say.
pub fn course(remarks: &[(&str, String)], style: Style) -> String {
    if remarks.is_empty() {
        return String::new();
    }
    let width = remarks.iter().map(|(about, _)| about.chars().count()).max().unwrap_or(0);
    let lines: String = remarks.iter().map(|(about, text)| format!("    {about:>width$}: {text}\n")).collect();
    format!("\n  {}\n\n{lines}", style.strong("█ COURSE"))
}

#[cfg(test)]
mod tests {
    use squall_insight::{Interval, Objective, judge};
    use squall_plan::Comparison;

    use super::*;

    fn line(actual: f64, interval: Option<(f64, f64)>) -> ObjectiveLine {
        let objective = Objective {
            name: "p95".to_owned(),
            comparison: Comparison::Less,
            limit: 500.0,
            importance: Importance::Required,
        };
        ObjectiveLine {
            title: "response time p95".into(),
            target: "<500ms".into(),
            actual: format!("{actual}ms"),
            interval: interval.map_or_else(String::new, |(low, high)| format!("{low}ms to {high}ms")),
            is_limit: false,
            judged: judge(objective, Some(actual), interval.map(|(low, high)| Interval { low, high })),
        }
    }

    #[test]
    fn the_table_has_target_actual_margin_and_status() {
        let text = verdict(&[line(400.0, None)], Status::Good, Style::Plain);
        assert!(text.contains("objective          target  actual  margin  status\n"), "{text}");
        assert!(text.contains("response time p95  <500ms   400ms    +20%  ✓ met\n"), "{text}");
        assert!(text.ends_with("verdict: Good\n"), "{text}");
        let text = verdict(&[line(400.0, None)], Status::Invalid, Style::Plain);
        assert!(text.contains("not judged") && !text.contains('✓'), "{text}");
    }

    #[test]
    fn the_course_is_told_in_lines_that_line_up() {
        let remarks = [("gave way", "at 200/s".to_owned()), ("recovery", "recovered immediately".to_owned())];
        let text = course(&remarks, Style::Plain);
        assert_eq!(text, "\n  █ COURSE\n\n    gave way: at 200/s\n    recovery: recovered immediately\n");
        assert_eq!(course(&[], Style::Plain), "");
    }

    #[test]
    fn an_interval_is_shown_where_there_is_one() {
        let lines = [line(400.0, Some((380.0, 510.0))), line(600.0, None)];
        let text = verdict(&lines, Status::Critical, Style::Plain);
        assert!(text.contains("400ms  380ms to 510ms    +20%  ! close\n"), "{text}");
        assert!(text.contains("600ms                    -20%  ✗ not met\n"), "{text}");
        assert_eq!(lines[1].record(true).status, "missed");
    }
}
