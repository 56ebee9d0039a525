//! What a rehearsal came to: how much was asked for, by whom. Response times are left out where they are only what was made up.

use squall_metrics::Nanos;

use super::Summary;
use crate::format::{bytes, count, duration, per_second};

/// A plan that was played in virtual time.
#[derive(Debug)]
pub struct Rehearsal<'a> {
    /// What was counted.
    pub summary: Summary<'a>,
    /// What the target answered, in words.
    pub answers: &'a str,
    /// How long it took to play, in real time.
    pub took: Nanos,
}

impl Rehearsal<'_> {
    /// The text, with a line feed at its end.
    pub fn render(&self) -> String {
        let summary = &self.summary;
        let parts = [
            summary.heading("REHEARSAL"),
            format!("    {}, by a target that is not there\n    (played in {})\n", self.answers, duration(self.took)),
            summary.section("", &self.lines()),
            summary.scenario_part(),
            summary.flow_part(),
            summary.name_part(),
            summary.data_part(),
            summary.error_part(),
        ];
        let mut text = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n");
        text.insert(0, '\n');
        text
    }

    fn lines(&self) -> Vec<(String, String)> {
        let totals = self.summary.totals;
        let seconds = totals.elapsed.as_secs_f64().max(1e-9);
        let rate = |name: &str| per_second(totals.counter(name) / seconds);
        let of_count = |name: &str| format!("{}  {}", count(totals.counter(name)), rate(name));
        let volume =
            |name: &str| format!("{}  {}/s", bytes(totals.counter(name)), bytes(totals.counter(name) / seconds));
        let line = |title: &str, text: String| (title.to_owned(), text);
        let mut lines = vec![
            line("duration", duration(totals.elapsed)),
            line("virtual users, at most", count(totals.vus.map_or(0.0, |vus| vus.max))),
            line("iterations", of_count("iterations")),
        ];
        let failed = totals.rate("iterations_failed").passes as f64;
        let bad = [
            ("iterations that failed", failed),
            ("iterations dropped", totals.counter("dropped_iterations")),
            ("iterations interrupted", totals.counter("iterations_interrupted")),
        ];
        lines.extend(bad.into_iter().filter(|(_, sum)| *sum > 0.0).map(|(title, sum)| line(title, count(sum))));
        lines.push(line("requests", of_count("http_reqs") + &self.busiest_second()));
        lines.push(line("bytes sent", volume("data_sent")));
        lines.push(line("bytes received", volume("data_received")));
        lines
    }

    fn busiest_second(&self) -> String {
        let whole = |second: &squall_metrics::Second| second.length >= Nanos(900_000_000);
        let rates = self.summary.totals.history.seconds().filter(whole);
        let rates = rates.map(|second| second.requests as f64 / second.length.as_secs_f64());
        let most = rates.fold(0.0, f64::max);
        if most > 0.0 { format!("; {} in the busiest stretch", per_second(most)) } else { String::new() }
    }
}
