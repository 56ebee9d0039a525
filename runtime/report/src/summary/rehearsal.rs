//! What a rehearsal came to: how much was asked for, by whom. Response times are left out where they are only what was made up.

use squall_metrics::{History, Nanos, Second};

use super::{Summary, join};
use crate::document::Unit;
use crate::format::{bytes, count, duration, per_second};

/// A plan that was played in virtual time.
#[derive(Debug)]
pub struct Rehearsal<'a> {
    /// Its record.
    pub summary: Summary<'a>,
    /// Its seconds.
    pub history: &'a History,
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
        format!("\n{}", join(parts))
    }

    fn lines(&self) -> Vec<(String, String)> {
        let document = self.summary.document;
        let counter = |name: &str| document.counter(name).unwrap_or_default();
        let of_count = |name: &str| {
            let (sum, rate) = counter(name);
            format!("{}  {}", count(sum), per_second(rate))
        };
        let volume = |name: &str| {
            let (sum, rate) = counter(name);
            format!("{}  {}/s", bytes(sum), bytes(rate))
        };
        let line = |title: &str, text: String| (title.to_owned(), text);
        let mut lines = vec![
            line("duration", Unit::Ms.text(document.run.duration_ms)),
            line("virtual users, at most", count(document.gauge("vus").map_or(0.0, |(_, _, max)| max))),
            line("iterations", of_count("iterations")),
        ];
        let failed = document.rate("iterations_failed").map_or(0.0, |(_, failed, _)| failed as f64);
        let bad = [
            ("iterations that failed", failed),
            ("iterations dropped", counter("dropped_iterations").0),
            ("iterations interrupted", counter("iterations_interrupted").0),
        ];
        lines.extend(bad.into_iter().filter(|(_, sum)| *sum > 0.0).map(|(title, sum)| line(title, count(sum))));
        lines.push(line("requests", of_count("http_reqs") + &self.busiest_second()));
        lines.push(line("bytes sent", volume("data_sent")));
        lines.push(line("bytes received", volume("data_received")));
        lines
    }

    fn busiest_second(&self) -> String {
        let whole = |second: &Second| second.length >= Nanos(900_000_000);
        let rates = self.history.seconds().filter(whole);
        let rates = rates.map(|second| second.requests as f64 / second.length.as_secs_f64());
        let most = rates.fold(0.0, f64::max);
        if most > 0.0 { format!("; {} in the busiest stretch", per_second(most)) } else { String::new() }
    }
}
