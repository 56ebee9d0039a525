//! The pages with tables, and their columns. Figures have the format of all reports.

use ratatui_core::layout::{Constraint, Layout, Rect};
use ratatui_core::terminal::Frame;
use ratatui_widgets::paragraph::{Paragraph, Wrap};
use squall_report::{
    CheckLine, Distribution, FlowLine, RequestLine, ScenarioLine, TransactionLine, Unit, count, percent,
};

use crate::columns::{Column, show};
use crate::model::Model;

/// Requests by name.
pub fn requests(frame: &mut Frame<'_>, area: Rect, model: &mut Model) {
    show_requests(frame, area, &model.breakdown.requests, &mut model.scroll);
}

/// Requests by name, from that row on.
pub fn show_requests(frame: &mut Frame<'_>, area: Rect, lines: &[RequestLine], scroll: &mut usize) {
    if lines.is_empty() {
        return nothing(frame, area, "No request has ended yet.");
    }
    let mut columns = vec![
        Column::new("request", 0, lines.iter().map(|line| format!("{} {}", line.method, line.name))),
        number("count", 1, lines, |line: &RequestLine| line.count),
        Column::new("rate", 5, lines.iter().map(|line| squall_report::per_second(line.rate))),
        Column::new("failed", 3, lines.iter().map(|line| percent(line.failed_share))),
    ];
    columns.extend(times(lines, |line| line.response_time.as_ref()));
    show(frame, area, columns, scroll);
}

/// Results by flow; above them by scenario, if there are several.
pub fn flows(frame: &mut Frame<'_>, area: Rect, model: &mut Model) {
    let (scenarios, lines) = (&model.breakdown.scenarios, &model.breakdown.flows);
    if lines.is_empty() && scenarios.is_empty() {
        return nothing(frame, area, "There is only one flow. The other pages have its figures.");
    }
    let rows = u16::try_from(scenarios.len()).unwrap_or(u16::MAX);
    let above = if scenarios.is_empty() { 0 } else { rows.saturating_add(2).min(area.height / 2) };
    let [above, below] = Layout::vertical([Constraint::Length(above), Constraint::Fill(1)]).areas(area);
    show(frame, above, scenario_columns(scenarios), &mut 0);
    let mut columns = vec![
        Column::new("flow", 0, lines.iter().map(|line| line.name.clone())),
        number("iterations", 1, lines, |line: &FlowLine| line.iterations),
        Column::new("planned", 6, lines.iter().map(|line| percent(line.planned_share))),
        Column::new("share", 5, lines.iter().map(|line| percent(line.achieved_share))),
        number("failed", 3, lines, |line: &FlowLine| line.failed),
    ];
    columns.extend(times(lines, |line| line.duration.as_ref()));
    if !lines.is_empty() {
        show(frame, below, columns, &mut model.scroll);
    }
}

fn scenario_columns(lines: &[ScenarioLine]) -> Vec<Column> {
    let mut columns = vec![
        Column::new("scenario", 0, lines.iter().map(|line| line.name.clone())),
        number("iterations", 1, lines, |line: &ScenarioLine| line.iterations),
        number("requests", 4, lines, |line: &ScenarioLine| line.requests),
        Column::new("failed", 3, lines.iter().map(|line| percent(line.failed_share))),
    ];
    columns.extend(times(lines, |line| line.response_time.as_ref()));
    columns
}

/// Transactions by name.
pub fn transactions(frame: &mut Frame<'_>, area: Rect, model: &mut Model) {
    let lines = &model.breakdown.transactions;
    if lines.is_empty() {
        return nothing(frame, area, "The scenario has no transactions, or none has ended yet.");
    }
    let mut columns = vec![
        Column::new("transaction", 0, lines.iter().map(|line| line.name.clone())),
        number("count", 1, lines, |line: &TransactionLine| line.count),
        Column::new("rate", 5, lines.iter().map(|line| squall_report::per_second(line.rate))),
        Column::new("failed", 3, lines.iter().map(|line| percent(line.failed_share))),
    ];
    columns.extend(times(lines, |line| line.duration.as_ref()));
    show(frame, area, columns, &mut model.scroll);
}

/// Checks by name.
pub fn checks(frame: &mut Frame<'_>, area: Rect, model: &mut Model) {
    let lines = &model.breakdown.checks;
    if lines.is_empty() {
        return nothing(frame, area, "The scenario has no checks, or none was made yet.");
    }
    let columns = vec![
        Column::new("check", 0, lines.iter().map(|line| line.name.clone())),
        Column::new("held", 1, lines.iter().map(|line| percent(line.share()))),
        number("passed", 3, lines, |line: &CheckLine| line.passes),
        number("failed", 2, lines, |line: &CheckLine| line.fails),
    ];
    show(frame, area, columns, &mut model.scroll);
}

/// Errors by class, each with its first examples.
pub fn errors(frame: &mut Frame<'_>, area: Rect, model: &mut Model) {
    if model.breakdown.errors.is_empty() {
        return nothing(frame, area, "Nothing went wrong.");
    }
    let rows = model.breakdown.errors.iter().flat_map(|error| {
        let examples = error.examples.iter().map(|(text, times)| (format!("  {text}"), *times));
        std::iter::once((error.title.clone(), error.count)).chain(examples)
    });
    let (texts, counts): (Vec<String>, Vec<u64>) = rows.unzip();
    let columns = vec![
        Column::new("what", 0, texts.into_iter()),
        Column::new("count", 1, counts.into_iter().map(|number| count(number as f64))),
    ];
    show(frame, area, columns, &mut model.scroll);
}

fn number<Line>(title: &'static str, rank: u8, lines: &[Line], value: impl Fn(&Line) -> u64) -> Column {
    Column::new(title, rank, lines.iter().map(|line| count(value(line) as f64)))
}

/// Percentiles, in milliseconds: a dash for those that too few samples cannot carry.
fn times<Line>(lines: &[Line], of: impl Fn(&Line) -> Option<&Distribution>) -> [Column; 4] {
    let column = |title, rank, figure: fn(&Distribution) -> Option<f64>| {
        let text = |line: &Line| of(line).and_then(figure).map_or_else(|| "-".to_owned(), |time| Unit::Ms.text(time));
        Column::new(title, rank, lines.iter().map(text))
    };
    [
        column("median", 4, |times| times.p50),
        column("p95", 2, |times| times.p95),
        column("p99", 6, |times| times.p99),
        column("max", 7, |times| Some(times.max)),
    ]
}

fn nothing(frame: &mut Frame<'_>, area: Rect, sentence: &str) {
    frame.render_widget(Paragraph::new(sentence).wrap(Wrap { trim: true }), area);
}
