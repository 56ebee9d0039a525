//! Work items as text: JSON as published, Markdown for people, CSV for spreadsheets and importers.

use crate::body::markdown;
use crate::item::WorkItem;
use crate::performance_task::{PerformanceTask, PerformanceTasks};

/// The columns of CSV: the fields, lists with a line for each entry.
const COLUMNS: [&str; 12] = [
    "title",
    "type",
    "description",
    "story_points",
    "current_p95",
    "target_p95",
    "improvement",
    "bottlenecks_identified",
    "optimizations",
    "expected_improvement",
    "acceptance_criteria",
    "fingerprint",
];

/// The published shape of these items.
pub fn performance_tasks(items: &[WorkItem]) -> PerformanceTasks {
    PerformanceTasks { performance_tasks: items.iter().map(|item| item.task.clone()).collect() }
}

/// As JSON, with a line feed at its end.
pub fn items_json(items: &[WorkItem]) -> String {
    // Texts, numbers and lists always are JSON.
    let mut text = serde_json::to_string_pretty(&performance_tasks(items)).unwrap_or_default();
    text.push('\n');
    text
}

/// As Markdown: a chapter for each item.
pub fn items_markdown(items: &[WorkItem]) -> String {
    let chapter = |item: &WorkItem| {
        let task = &item.task;
        format!(
            "## {}\n\n{}, {} story points\n\n{}",
            squall_report::escaped_markdown(&task.title),
            task.item_type.name(),
            task.story_points,
            markdown(&item.body(false))
        )
    };
    if items.is_empty() {
        return "No work items: nothing was found, and nothing was missed.\n".to_owned();
    }
    items.iter().map(chapter).collect::<Vec<_>>().join("\n")
}

/// As CSV (RFC 4180) with a header.
///
/// # Errors
/// Never, in memory.
pub fn items_csv(items: &[WorkItem]) -> Result<String, csv::Error> {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for item in items {
        writer.write_record(row(item).iter().map(|cell| without_formula(cell)))?;
    }
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn row(item: &WorkItem) -> [String; 12] {
    let PerformanceTask { title, item_type, description, story_points, metrics, .. } = &item.task;
    let (changes, expected): (Vec<&str>, Vec<&str>) =
        item.task.optimizations.iter().map(|line| (line.change.as_str(), line.expected_improvement.as_str())).unzip();
    [
        title.clone(),
        item_type.name().to_owned(),
        description.clone(),
        story_points.to_string(),
        metrics.current_p95.clone(),
        metrics.target_p95.clone(),
        metrics.improvement.clone(),
        item.task.bottlenecks_identified.join("\n"),
        changes.join("\n"),
        expected.join("\n"),
        item.task.acceptance_criteria.join("\n"),
        item.fingerprint.to_string(),
    ]
}

/// A spreadsheet takes a cell that begins so for a formula (OWASP, CSV injection).
fn without_formula(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}
