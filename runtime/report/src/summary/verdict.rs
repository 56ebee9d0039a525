//! The end of the summary: what the course of the run says of the target, the table of objectives, and the verdict.

use squall_insight::RunStatus;

use super::Summary;
use crate::causes::short;
use crate::document::Remark;
use crate::objectives::ObjectiveRecord;
use crate::table::{Align, table};

impl Summary<'_> {
    pub(super) fn soak_part(&self) -> String {
        let lines = self.document.remarks.iter().filter(|remark| remark.is_of_soak);
        self.chapter("SOAK", lines.map(|Remark { about, text, .. }| format!("    {about}: {text}\n")))
    }

    pub(super) fn course_part(&self) -> String {
        let lines = &self.document.course;
        let width = lines.iter().map(|remark| remark.about.chars().count()).max().unwrap_or(0);
        self.chapter("COURSE", lines.iter().map(|Remark { about, text, .. }| format!("    {about:>width$}: {text}\n")))
    }

    pub(super) fn cause_part(&self) -> String {
        let findings = self.document.findings.as_ref();
        self.chapter("CAUSES", findings.map(|findings| short(findings, self.style)).into_iter())
    }

    pub(super) fn objective_part(&self) -> String {
        let lines = &self.document.objectives;
        if lines.is_empty() { String::new() } else { self.chapter("OBJECTIVES", [rows(lines)].into_iter()) }
    }

    /// The last line, and why it is not a better one.
    pub(super) fn verdict_part(&self) -> String {
        let verdict = &self.document.verdict;
        let status = verdict.status;
        let name = match status {
            RunStatus::Good => self.style.good(status.name()),
            RunStatus::Warning => self.style.warn(status.name()),
            RunStatus::Critical | RunStatus::Invalid => self.style.bad(status.name()),
        };
        let reason = match status {
            RunStatus::Good => String::new(),
            _ => format!("      ↳ {}\n", verdict.sentence),
        };
        format!("\n    {} {name}\n{reason}", self.style.strong("verdict:"))
    }

    /// Nothing without lines.
    fn chapter(&self, title: &str, lines: impl Iterator<Item = String>) -> String {
        let lines: String = lines.collect();
        if lines.is_empty() { String::new() } else { format!("\n{}\n{lines}", self.heading(title)) }
    }
}

fn rows(lines: &[ObjectiveRecord]) -> String {
    let with_intervals = lines.iter().any(|line| line.interval.is_some());
    let row = |[title, target, actual, interval, margin, status]: [&str; 6]| {
        let interval = with_intervals.then_some(interval);
        let cells = [title, target, actual].into_iter().chain(interval).chain([margin, status]);
        cells.map(str::to_owned).collect::<Vec<_>>()
    };
    let mut rows = vec![row(["objective", "target", "actual", "interval (90%)", "margin", "status"])];
    rows.extend(lines.iter().map(|line| {
        let interval = line.interval.as_deref().unwrap_or_default();
        row([&line.title, &line.target, &line.actual, interval, &line.margin_text(), line.marked()])
    }));
    let mut aligned = vec![Align::Left, Align::Right, Align::Right, Align::Right, Align::Left];
    if with_intervals {
        aligned.insert(3, Align::Right);
    }
    table(4, &aligned, &rows)
}

#[cfg(test)]
mod tests {
    use squall_insight::ObjectiveStatus;

    use super::*;
    use crate::Style;
    use crate::fixture::known_document;
    use crate::summary::Detail;

    fn objective(actual: f64, interval: Option<&str>, status: ObjectiveStatus) -> ObjectiveRecord {
        ObjectiveRecord {
            title: "response time p95".to_owned(),
            target: "<500ms".to_owned(),
            actual: format!("{actual}ms"),
            interval: interval.map(str::to_owned),
            margin: Some((500.0 - actual) / 500.0),
            is_limit: false,
            figure: None,
            status,
        }
    }

    fn printed(objectives: Vec<ObjectiveRecord>, course: Vec<Remark>, soak: Vec<Remark>) -> String {
        let document = crate::Document { objectives, course, remarks: soak, ..known_document("browse") };
        let text = Summary { document: &document, detail: Detail::Compact, style: Style::Plain }.render();
        let (_, end) = text.split_once("    generator: ok\n").expect("the end of the summary");
        end.replace(&document.verdict.sentence, "WHY")
    }

    #[test]
    fn the_table_has_target_actual_margin_and_status() {
        let text = printed(vec![objective(400.0, None, ObjectiveStatus::Met)], Vec::new(), Vec::new());
        let expected = "\n  █ OBJECTIVES\n\n    objective          target  actual  margin  status\n    \
                        response time p95  <500ms   400ms    +20%  ✓ met\n\n    verdict: Critical\n      ↳ WHY\n";
        assert_eq!(text, expected);
        let text = printed(vec![objective(400.0, None, ObjectiveStatus::NotJudged)], Vec::new(), Vec::new());
        assert!(text.contains("not judged") && !text.contains('✓'), "{text}");
    }

    #[test]
    fn an_interval_is_shown_where_there_is_one() {
        let lines = vec![
            objective(400.0, Some("380ms to 510ms"), ObjectiveStatus::Close),
            objective(600.0, None, ObjectiveStatus::Missed),
        ];
        let text = printed(lines, Vec::new(), Vec::new());
        assert!(text.contains("400ms  380ms to 510ms    +20%  ! close\n"), "{text}");
        assert!(text.contains("600ms                    -20%  ✗ not met\n"), "{text}");
    }

    #[test]
    fn remarks_have_a_section_each() {
        let remark =
            |about: &str, text: &str, is_of_soak| Remark { about: about.to_owned(), text: text.to_owned(), is_of_soak };
        let course = vec![remark("gave way", "at 200/s", false), remark("recovery", "recovered immediately", false)];
        let text = printed(Vec::new(), course, vec![remark("memory", "level", true)]);
        let expected = "\n  █ SOAK\n\n    memory: level\n\n  █ COURSE\n\n    gave way: at 200/s\n    \
                        recovery: recovered immediately\n\n    verdict: Critical\n      ↳ WHY\n";
        assert_eq!(text, expected);
    }
}
