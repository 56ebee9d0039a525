//! The table of a plan's objectives, and the overall verdict that follows from them. Must not know how they were judged.

use crate::style::Style;
use crate::table::{Align, table};

/// What became of one objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectiveStatus {
    /// It was met.
    Met,
    /// It was hoped for, and not met.
    Short,
    /// It was demanded, and not met.
    Failed,
    /// Nothing says whether it was met.
    NotMeasured,
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectiveLine {
    /// What it is of: `response time p95`.
    pub title: String,
    /// What was wanted: `<500ms`.
    pub target: String,
    /// What was measured.
    pub actual: String,
    /// What became of it.
    pub status: ObjectiveStatus,
}

/// All in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overall {
    /// Everything was met.
    Good,
    /// What was demanded was met, but something hoped for was not, or was not measured.
    Warning,
    /// Something that was demanded was not met.
    Critical,
    /// The generator was the bottleneck: nothing can be said about the target.
    Invalid,
}

impl Overall {
    /// What follows from the lines. `valid`: whether the generator is to be believed.
    pub fn of(lines: &[ObjectiveLine], valid: bool) -> Overall {
        let any = |statuses: &[ObjectiveStatus]| lines.iter().any(|line| statuses.contains(&line.status));
        match () {
            () if !valid => Overall::Invalid,
            () if any(&[ObjectiveStatus::Failed]) => Overall::Critical,
            () if any(&[ObjectiveStatus::Short, ObjectiveStatus::NotMeasured]) => Overall::Warning,
            () => Overall::Good,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Overall::Good => "Good",
            Overall::Warning => "Warning",
            Overall::Critical => "Critical",
            Overall::Invalid => "Invalid",
        }
    }
}

/// The table, with the verdict below it.
pub fn objectives(lines: &[ObjectiveLine], overall: Overall, style: Style) -> String {
    let mut rows = vec![["objective", "target", "actual", "status"].map(str::to_owned).to_vec()];
    for line in lines {
        let status = match (overall, line.status) {
            (Overall::Invalid, _) => "not judged",
            (_, ObjectiveStatus::Met) => "✓ met",
            (_, ObjectiveStatus::Short) => "! below target",
            (_, ObjectiveStatus::Failed) => "✗ not met",
            (_, ObjectiveStatus::NotMeasured) => "- not measured",
        };
        rows.push(vec![line.title.clone(), line.target.clone(), line.actual.clone(), status.to_owned()]);
    }
    let name = match overall {
        Overall::Good => style.good(overall.name()),
        Overall::Warning => style.warn(overall.name()),
        Overall::Critical | Overall::Invalid => style.bad(overall.name()),
    };
    let table = if lines.is_empty() {
        String::new()
    } else {
        table(4, &[Align::Left, Align::Right, Align::Right, Align::Left], &rows)
    };
    format!("\n  {}\n\n{table}\n    {} {name}\n", style.strong("█ OBJECTIVES"), style.strong("verdict:"))
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
    use super::*;

    fn line(status: ObjectiveStatus) -> ObjectiveLine {
        ObjectiveLine { title: "error rate".into(), target: "<1%".into(), actual: "0.00%".into(), status }
    }

    #[test]
    fn the_worst_line_decides() {
        let of =
            |statuses: &[ObjectiveStatus]| Overall::of(&statuses.iter().copied().map(line).collect::<Vec<_>>(), true);
        assert_eq!(of(&[ObjectiveStatus::Met]), Overall::Good);
        assert_eq!(of(&[ObjectiveStatus::Met, ObjectiveStatus::Short]), Overall::Warning);
        assert_eq!(of(&[ObjectiveStatus::NotMeasured]), Overall::Warning);
        assert_eq!(of(&[ObjectiveStatus::Short, ObjectiveStatus::Failed]), Overall::Critical);
        assert_eq!(Overall::of(&[line(ObjectiveStatus::Met)], false), Overall::Invalid);
    }

    #[test]
    fn the_course_is_told_in_lines_that_line_up() {
        let remarks = [("gave way", "at 200/s".to_owned()), ("recovery", "well at once".to_owned())];
        let text = course(&remarks, Style::Plain);
        assert_eq!(text, "\n  █ COURSE\n\n    gave way: at 200/s\n    recovery: well at once\n");
        assert_eq!(course(&[], Style::Plain), "");
    }

    #[test]
    fn the_table_has_target_actual_and_status() {
        let text = objectives(&[line(ObjectiveStatus::Met)], Overall::Good, Style::Plain);
        assert!(text.contains("error rate     <1%   0.00%  ✓ met\n") && text.ends_with("verdict: Good\n"), "{text}");
        let text = objectives(&[line(ObjectiveStatus::Met)], Overall::Invalid, Style::Plain);
        assert!(text.contains("not judged") && !text.contains("✓"), "{text}");
    }
}
