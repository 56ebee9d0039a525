//! The parts of the summary that take the run apart: by flow, by name, by transaction, by error.

use std::collections::BTreeMap;

use squall_metrics::{FailureClass, FlowId, Histogram, Method, NameId, Problem, ProblemCell, RateCell};

use super::{Detail, Summary};
use crate::format::{count, duration, per_second, percent};
use crate::table::{Align, shorten, table};

/// The most rows of a table in a compact summary.
const MOST_ROWS: usize = 15;
const LONGEST_NAME: usize = 48;

/// One line of the table by name: all statuses of a request's name together.
#[derive(Default)]
struct NameRow {
    count: u64,
    failed: u64,
    response_time: Histogram,
}

impl Summary<'_> {
    pub(super) fn flow_part(&self) -> String {
        let iterations = &self.totals.recorded.iterations;
        let total: u64 = iterations.values().map(|cell| cell.count).sum();
        if self.totals.flows.len() < 2 || total == 0 {
            return String::new();
        }
        let mut rows = vec![header(&["flow", "planned", "achieved", "iterations", "failed", "p50", "p95", "p99"])];
        for (index, name) in self.totals.flows.iter().enumerate() {
            let planned = self.planned_shares.get(index).copied().unwrap_or(0.0);
            let cell = iterations.get(&FlowId(index as u16)).cloned().unwrap_or_default();
            if planned == 0.0 && cell.count == 0 {
                continue;
            }
            let mut row = vec![
                shorten(name, LONGEST_NAME),
                percent(planned),
                percent(cell.count as f64 / total as f64),
                count(cell.count as f64),
                count((cell.failed + cell.trapped) as f64),
            ];
            row.extend(percentiles(&cell.duration, &[50.0, 95.0, 99.0]));
            rows.push(row);
        }
        self.tabular("FLOWS", &rows)
    }

    pub(super) fn name_part(&self) -> String {
        let mut names: BTreeMap<(NameId, Method), NameRow> = BTreeMap::new();
        for (key, cell) in &self.totals.recorded.requests {
            let row = names.entry((key.name, key.method)).or_default();
            row.count += cell.count;
            row.failed += if key.expected { 0 } else { cell.count };
            row.response_time.merge(&cell.response_time);
        }
        if names.len() < 2 {
            return String::new();
        }
        let mut names: Vec<_> = names.into_iter().collect();
        names.sort_by_key(|(_, row)| std::cmp::Reverse(row.count));
        let shown = if self.detail == Detail::Full { names.len() } else { MOST_ROWS.min(names.len()) };
        let mut rows = vec![header(&["request", "count", "rate", "failed", "p50", "p90", "p95", "p99", "max"])];
        for ((name, method), row) in &names[..shown] {
            let name = format!("{} {}", method.name(), self.totals.registry.name(*name));
            let rate = row.count as f64 / self.totals.elapsed.as_secs_f64().max(1e-9);
            let mut cells = vec![
                shorten(&name, LONGEST_NAME),
                count(row.count as f64),
                per_second(rate),
                percent(row.failed as f64 / row.count.max(1) as f64),
            ];
            cells.extend(percentiles(&row.response_time, &[50.0, 90.0, 95.0, 99.0]));
            cells.push(duration(row.response_time.max()));
            rows.push(cells);
        }
        let mut text = self.tabular("REQUESTS BY NAME (response_time)", &rows);
        if shown < names.len() {
            text.push_str(&format!("    and {} more: --summary-mode full shows all\n", names.len() - shown));
        }
        text
    }

    pub(super) fn transaction_part(&self) -> String {
        let mut names: BTreeMap<String, (Histogram, RateCell)> = BTreeMap::new();
        for (key, cell) in &self.totals.recorded.transactions {
            let (durations, failed) = names.entry(self.totals.registry.name(NameId(key.id))).or_default();
            durations.merge(&cell.duration);
            failed.passes += cell.failed.passes;
            failed.fails += cell.failed.fails;
        }
        if names.is_empty() {
            return String::new();
        }
        let mut rows = vec![header(&["transaction", "count", "rate", "failed", "p50", "p90", "p95", "p99", "max"])];
        for (name, (durations, failed)) in &names {
            let mut row = vec![
                shorten(name, LONGEST_NAME),
                count(durations.count() as f64),
                per_second(durations.count() as f64 / self.totals.elapsed.as_secs_f64().max(1e-9)),
                percent(failed.share().unwrap_or(0.0)),
            ];
            row.extend(percentiles(durations, &[50.0, 90.0, 95.0, 99.0]));
            row.push(duration(durations.max()));
            rows.push(row);
        }
        self.tabular("TRANSACTIONS", &rows)
    }

    pub(super) fn error_part(&self) -> String {
        let problems: BTreeMap<&Problem, &ProblemCell> = self.totals.recorded.problems.iter().collect();
        let unexpected = self.unexpected_statuses();
        if problems.is_empty() && unexpected.is_empty() {
            return String::new();
        }
        let mut text = format!("    {}\n", self.style.strong("ERRORS"));
        for (status, number) in unexpected {
            text.push_str(&format!("    {} status {status}: {}\n", self.style.bad("✗"), count(number as f64)));
        }
        for (problem, cell) in problems {
            let title = self.problem_title(problem);
            text.push_str(&format!("    {} {title}: {}\n", self.style.bad("✗"), count(cell.count as f64)));
            let shown: u64 = cell.examples.iter().map(|(_, number)| number).sum();
            for (example, number) in &cell.examples {
                text.push_str(&format!("      {:>6}× {example}\n", count(*number as f64)));
            }
            if shown < cell.count {
                text.push_str(&format!("      {:>6}× other texts\n", count((cell.count - shown) as f64)));
            }
        }
        text
    }

    fn problem_title(&self, problem: &Problem) -> String {
        match problem {
            Problem::Request(flow, class) => {
                format!("{} (flow {:?})", request_problem(*class), self.totals.flow_name(*flow))
            }
            Problem::Failed(flow) => format!("flow {:?} returned an error", self.totals.flow_name(*flow)),
            Problem::Trapped(flow) => format!("flow {:?} trapped", self.totals.flow_name(*flow)),
            Problem::Start => "a virtual user did not start".to_owned(),
        }
    }

    /// Responses that came, but were not what the scenario expects.
    fn unexpected_statuses(&self) -> BTreeMap<u16, u64> {
        let mut statuses = BTreeMap::new();
        for (key, cell) in &self.totals.recorded.requests {
            if !key.expected && key.failure == 0 {
                *statuses.entry(key.status).or_insert(0) += cell.count;
            }
        }
        statuses
    }

    fn tabular(&self, title: &str, rows: &[Vec<String>]) -> String {
        let mut columns = vec![Align::Right; rows[0].len()];
        columns[0] = Align::Left;
        format!("    {}\n{}", self.style.strong(title), table(4, &columns, rows))
    }
}

fn request_problem(class: FailureClass) -> String {
    match class {
        FailureClass::RefusedByPolicy | FailureClass::InvalidRequest => format!("{} (not sent)", class.name()),
        _ => class.name().to_owned(),
    }
}

fn header(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn percentiles(histogram: &Histogram, percents: &[f64]) -> Vec<String> {
    percents
        .iter()
        .map(|percent| if histogram.is_empty() { "-".to_owned() } else { duration(histogram.percentile(*percent)) })
        .collect()
}
