//! The parts of the summary that take the run apart: by flow, by name, by transaction, by error.

use super::{Detail, Summary};
use crate::document::{Distribution, Unit};
use crate::table::{Align, shorten, table};

/// The most rows of a table in a compact summary.
pub(super) const MOST_ROWS: usize = 15;
pub(super) const LONGEST_NAME: usize = 48;

impl Summary<'_> {
    pub(super) fn flow_part(&self) -> String {
        let flows = &self.document.flows;
        let header = header(&["flow", "planned", "achieved", "iterations", "failed", "p50", "p95", "p99"]);
        let rows = flows.iter().map(|flow| {
            let mut row = vec![
                shorten(&flow.name, LONGEST_NAME),
                Unit::Share.text(flow.planned_share),
                Unit::Share.text(flow.achieved_share),
                number(flow.iterations),
                number(flow.failed),
            ];
            row.extend(times(flow.duration.as_ref(), |all| [all.p50, all.p95, all.p99]));
            row
        });
        if flows.is_empty() { String::new() } else { self.tabular("FLOWS", header, rows) }
    }

    pub(super) fn scenario_part(&self) -> String {
        let scenarios = &self.document.scenarios;
        let header =
            header(&["scenario", "iterations", "failed", "dropped", "requests", "failed", "p50", "p95", "p99"]);
        let rows = scenarios.iter().map(|line| {
            let mut row = vec![
                shorten(&line.name, LONGEST_NAME),
                number(line.iterations),
                number(line.failed_iterations),
                number(line.dropped_iterations),
                number(line.requests),
                Unit::Share.text(line.failed_share),
            ];
            row.extend(times(line.response_time.as_ref(), |all| [all.p50, all.p95, all.p99]));
            row
        });
        let title = "SCENARIOS (response_time)";
        if scenarios.is_empty() { String::new() } else { self.tabular(title, header, rows) }
    }

    pub(super) fn name_part(&self) -> String {
        let names = &self.document.requests;
        if names.len() < 2 {
            return String::new();
        }
        let shown = if self.detail == Detail::Full { names.len() } else { MOST_ROWS.min(names.len()) };
        let rows = names[..shown].iter().map(|line| {
            let mut row = vec![
                shorten(&format!("{} {}", line.method, line.name), LONGEST_NAME),
                number(line.count),
                Unit::PerSecond.text(line.rate),
                Unit::Share.text(line.failed_share),
            ];
            row.extend(times(line.response_time.as_ref(), up_to_max));
            row
        });
        let header = header(&["request", "count", "rate", "failed", "p50", "p90", "p95", "p99", "max"]);
        let mut text = self.tabular("REQUESTS BY NAME (response_time)", header, rows);
        if shown < names.len() {
            text.push_str(&format!("    and {} more: --summary-mode full shows all\n", names.len() - shown));
        }
        text
    }

    pub(super) fn transaction_part(&self) -> String {
        let transactions = &self.document.transactions;
        let rows = transactions.iter().map(|line| {
            let mut row = vec![
                shorten(&line.name, LONGEST_NAME),
                number(line.count),
                Unit::PerSecond.text(line.rate),
                Unit::Share.text(line.failed_share),
            ];
            row.extend(times(line.duration.as_ref(), up_to_max));
            row
        });
        let header = header(&["transaction", "count", "rate", "failed", "p50", "p90", "p95", "p99", "max"]);
        if transactions.is_empty() { String::new() } else { self.tabular("TRANSACTIONS", header, rows) }
    }

    /// What happened behind `http_req_waiting`, in the server's own words.
    pub(super) fn server_timing_part(&self) -> String {
        let timings = &self.document.server_timings;
        let rows = timings.iter().map(|line| {
            let mut row = vec![shorten(&line.name, LONGEST_NAME), number(line.count)];
            row.extend(times(line.duration.as_ref(), up_to_max));
            row
        });
        let header = header(&["of the server's work", "count", "p50", "p90", "p95", "p99", "max"]);
        if timings.is_empty() { String::new() } else { self.tabular("SERVER TIMING (server_timing)", header, rows) }
    }

    pub(super) fn error_part(&self) -> String {
        let errors = &self.document.errors;
        if errors.is_empty() {
            return String::new();
        }
        let mut text = format!("    {}\n", self.style.strong("ERRORS"));
        for error in errors {
            text.push_str(&format!("    {} {}: {}\n", self.style.bad("✗"), error.title, number(error.count)));
            let shown: u64 = error.examples.iter().map(|(_, count)| count).sum();
            for (example, count) in &error.examples {
                text.push_str(&format!("      {:>6}× {example}\n", number(*count)));
            }
            if shown > 0 && shown < error.count {
                text.push_str(&format!("      {:>6}× other texts\n", number(error.count - shown)));
            }
        }
        text
    }

    fn tabular(&self, title: &str, header: Vec<String>, rows: impl Iterator<Item = Vec<String>>) -> String {
        let mut columns = vec![Align::Right; header.len()];
        columns[0] = Align::Left;
        let rows: Vec<Vec<String>> = std::iter::once(header).chain(rows).collect();
        format!("    {}\n{}", self.style.strong(title), table(4, &columns, &rows))
    }
}

fn header(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn number(value: u64) -> String {
    Unit::Number.text(value as f64)
}

fn up_to_max(all: &Distribution) -> [Option<f64>; 5] {
    [all.p50, all.p90, all.p95, all.p99, Some(all.max)]
}

/// The times that are picked; a dash for those that so few samples cannot carry.
fn times<const N: usize>(
    distribution: Option<&Distribution>,
    pick: impl Fn(&Distribution) -> [Option<f64>; N],
) -> [String; N] {
    let values = distribution.map_or([None; N], pick);
    values.map(|value| value.map_or_else(|| "-".to_owned(), |value| Unit::Ms.text(value)))
}
