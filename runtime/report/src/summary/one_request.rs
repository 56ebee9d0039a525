//! The summary of a run of one request, for users of wrk and oha: one screen of at most 20 lines and 80 columns, more only
//! with thresholds, with what the target reports of itself, and with agents. `--summary-mode full` has the rest.

use squall_insight::RunStatus;
use squall_metrics::{Health, Nanos};

use super::{Summary, join};
use crate::document::{Distribution, ErrorLine, Unit};
use crate::format::{bytes, count, duration, per_second, percent};
use crate::wording::protocols;

/// Columns of the screen.
const WIDTH: usize = 80;
/// Where values begin.
const INDENT: usize = 4 + 15;
/// Rows of the histogram below its last.
const ROWS: u64 = 5;
/// Columns of the longest bar.
const BAR: usize = 40;
/// Errors that are listed.
const ERRORS: usize = 2;

impl Summary<'_> {
    pub(super) fn one_request(&self) -> String {
        let body = join([
            self.threshold_part(),
            self.request_lines(),
            self.bars(),
            [self.status_line(), self.protocol_line(), self.error_lines()].concat(),
            self.server_timing_part(),
            self.target_part(),
            self.agent_part(),
        ]);
        let end =
            [self.cause_part(), self.objective_part(), "\n".to_owned(), self.generator_line(), self.verdict_line()];
        format!("\n{body}{}", end.concat())
    }

    fn line(&self, name: &str, value: &str) -> String {
        let room = WIDTH - INDENT;
        format!("    {name:<15}{}\n", fit(value, room))
    }

    fn request_lines(&self) -> String {
        let document = self.document;
        let kinds = ["http_reqs", "grpc_reqs", "grpc_streams"].into_iter();
        let (requests, rate) = kinds.filter_map(|kind| document.counter(kind)).next().unwrap_or_default();
        let failures = ["http_req_failed", "grpc_req_failed"].into_iter().filter_map(|rate| document.rate(rate));
        let (share, failed, _) = failures.max_by_key(|(_, _, all)| *all).unwrap_or_default();
        let failed = format!("{} failed ({})", count(failed as f64), percent(share));
        let took = Unit::Ms.text(document.run.duration_ms);
        let of = |name: &str| {
            let (sum, rate) = document.counter(name).unwrap_or_default();
            format!("{} ({}/s)", bytes(sum), bytes(rate))
        };
        let mut text = self.line("requests", &format!("{} in {took}, {}, {failed}", count(requests), per_second(rate)));
        for (name, title) in [("dropped_iterations", "dropped"), ("http_reqs_refused", "refused")] {
            if let Some((sum, _)) = document.counter(name) {
                text.push_str(&self.line(title, &count(sum)));
            }
        }
        text.push_str(&self.line("data", &format!("{} received, {} sent", of("data_received"), of("data_sent"))));
        if let Some(times) = document.distribution("response_time") {
            let at = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| Unit::Ms.text(value));
            let [mean, min, max] = [times.mean, times.min, times.max].map(|value| Unit::Ms.text(value));
            text.push_str(&self.line("response time", &format!("avg {mean}, min {min}, max {max}")));
            let percentiles = [
                ("p50", times.p50),
                ("p90", times.p90),
                ("p95", times.p95),
                ("p99", times.p99),
                ("p99.9", times.p99_9),
            ];
            let percentiles = percentiles.map(|(name, value)| format!("{name} {}", at(value)));
            text.push_str(&self.line("percentiles", &percentiles.join("  ")));
        }
        text
    }

    /// The histogram of response times.
    fn bars(&self) -> String {
        let rows = self.document.distribution("response_time").map(rows).unwrap_or_default();
        let most = rows.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
        let all: u64 = rows.iter().map(|(_, count)| count).sum();
        let row = |(bound, number): &(String, u64)| {
            let length = (*number as f64 / most as f64 * BAR as f64).ceil() as usize;
            let share = percent(*number as f64 / all as f64);
            format!("    {bound:>13}  {:<BAR$} {share:>7} {:>9}\n", "■".repeat(length), count(*number as f64))
        };
        rows.iter().map(row).collect()
    }

    fn protocol_line(&self) -> String {
        protocols(self.document).map_or_else(String::new, |text| self.line("protocols", &text))
    }

    fn status_line(&self) -> String {
        let statuses =
            self.document.statuses.iter().map(|(status, number)| format!("{status}: {}", count(*number as f64)));
        let statuses: Vec<String> = statuses.collect();
        if statuses.is_empty() { String::new() } else { self.line("statuses", &statuses.join(", ")) }
    }

    /// Statuses are in a line of their own, and an iteration fails with its request.
    fn error_lines(&self) -> String {
        // Without any request, what the iterations say is all that there is.
        let was_asked =
            ["http_reqs", "grpc_reqs", "grpc_streams"].iter().any(|kind| self.document.counter(kind).is_some());
        let is_of_request = |error: &&ErrorLine| {
            let is_of_iteration = was_asked && error.title.ends_with("returned an error");
            !error.title.starts_with("status ") && !is_of_iteration
        };
        let mut errors: Vec<&ErrorLine> = self.document.errors.iter().filter(is_of_request).collect();
        errors.sort_by_key(|error| std::cmp::Reverse(error.count));
        let text = |error: &&ErrorLine| {
            let example = error.examples.first().map_or(error.title.as_str(), |(text, _)| text.as_str());
            self.line("errors", &format!("{} × {example}", count(error.count as f64)))
        };
        errors.iter().take(ERRORS).map(text).collect()
    }

    fn generator_line(&self) -> String {
        let generator = &self.document.generator;
        let cause = generator.findings.first().map(|finding| finding.reason.as_str());
        self.judgement_line("generator", generator.name(), cause, |name| match generator.weight() {
            Health::Ok => self.style.good(name),
            Health::Suspect => self.style.warn(name),
            Health::Bottleneck => self.style.bad(name),
        })
    }

    fn verdict_line(&self) -> String {
        let verdict = &self.document.verdict;
        let cause = match verdict.status {
            RunStatus::Good => None,
            // The line above has the generator's.
            RunStatus::Warning if self.document.generator.health != Health::Ok => None,
            RunStatus::Warning => verdict.issues.first().map(|issue| issue.title.as_str()),
            RunStatus::Critical | RunStatus::Invalid => Some(verdict.sentence.as_str()),
        };
        self.judgement_line("verdict", verdict.status.name(), cause, |name| match verdict.status {
            RunStatus::Good => self.style.good(name),
            RunStatus::Warning => self.style.warn(name),
            RunStatus::Critical | RunStatus::Invalid => self.style.bad(name),
        })
    }

    /// A word in its colour, and its cause: in the rest of the line, and in one more if that is too short.
    fn judgement_line(&self, title: &str, word: &str, cause: Option<&str>, colour: impl Fn(&str) -> String) -> String {
        let begin = format!("    {} {}", self.style.strong(&format!("{title}:")), colour(word));
        let Some(cause) = cause else { return format!("{begin}\n") };
        let room = WIDTH - 4 - title.len() - 2 - word.chars().count() - 2;
        match split(cause, room) {
            (first, "") => format!("{begin}, {first}\n"),
            (first, rest) => format!("{begin}, {first}\n      {}\n", fit(rest, WIDTH - 6)),
        }
    }
}

/// A text in two, between words: as much as has room in so many columns, and the rest.
fn split(text: &str, columns: usize) -> (&str, &str) {
    let Some((cut, _)) = text.char_indices().nth(columns) else { return (text, "") };
    let space = text[..cut].rfind(' ').unwrap_or(cut);
    (&text[..space], text[space..].trim_start())
}

/// Upper bounds and counts: equal steps up to the 99th percentile, then the rest up to the greatest.
fn rows(times: &Distribution) -> Vec<(String, u64)> {
    let Some(histogram) = times.decode().filter(|histogram| histogram.count() > 1) else { return Vec::new() };
    let micros = |time: Nanos| time.0 / 1_000;
    let least = micros(histogram.min());
    let step = micros(histogram.percentile(99.0)).saturating_sub(least).div_ceil(ROWS).max(1);
    let mut counts = [0; ROWS as usize + 1];
    for (low, high, count) in histogram.buckets() {
        let row = (low.midpoint(high).saturating_sub(least) / step).min(ROWS);
        counts[row as usize] += count;
    }
    // The bound of the last row is exact, as is the greatest above.
    let bound = |row: u64| match row {
        ROWS => Unit::Ms.text(times.max),
        row => duration(Nanos((least + (row + 1) * step) * 1_000)),
    };
    let rows = (0..=ROWS).zip(counts).filter(|(row, count)| *row < ROWS || *count > 0);
    rows.map(|(row, count)| (format!("to {}", bound(row)), count)).collect()
}

/// A text in at most N columns, with an ellipsis where it is cut.
fn fit(text: &str, columns: usize) -> String {
    if text.chars().count() <= columns {
        return text.to_owned();
    }
    let kept: String = text.chars().take(columns.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}
