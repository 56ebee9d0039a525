//! The summary at the end of a run: one screen, in k6's layout, with what k6's users ask for (p99, sample counts, a table
//! by name, errors by class). It prints the [`Document`] and computes nothing but its layout.

mod agents;
mod breakdown;
mod data;
mod one_request;
mod rehearsal;
mod target;
mod trends;
mod verdict;

use squall_insight::ThresholdOutcome;
use squall_metrics::Health;

use crate::document::{CheckLine, Document, Metric, ThresholdLine, Unit, Values};
use crate::format::{bytes, count, per_second, percent};
use crate::style::Style;
use crate::wording::{NOT_JUDGED, protocols};

pub use rehearsal::Rehearsal;

/// How much is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// What fits a screen.
    #[default]
    Compact,
    /// Everything: all phases, all names.
    Full,
}

/// A run, to be summed up.
#[derive(Clone, Copy, Debug)]
pub struct Summary<'a> {
    /// The record of the run.
    pub document: &'a Document,
    /// How much is shown.
    pub detail: Detail,
    /// Colour or none.
    pub style: Style,
}

impl Summary<'_> {
    /// The text, with a line feed at its end.
    pub fn render(&self) -> String {
        if self.detail == Detail::Compact && self.document.is_of_one_request() {
            return self.one_request();
        }
        let parts = [
            self.threshold_part(),
            self.heading("TOTAL RESULTS"),
            self.check_part(),
            self.custom_part(),
            self.http_part(),
            self.call_part(),
            self.stream_part(),
            self.socket_part(),
            self.websocket_part(),
            self.execution_part(),
            self.network_part(),
            self.over_time_part(),
            self.target_part(),
            self.data_part(),
            self.scenario_part(),
            self.flow_part(),
            self.agent_part(),
            self.name_part(),
            self.server_timing_part(),
            self.transaction_part(),
            self.error_part(),
            self.generator_part(),
        ];
        let results = join(parts);
        let end = [self.soak_part(), self.course_part(), self.cause_part(), self.objective_part(), self.verdict_part()];
        format!("\n{results}{}", end.concat())
    }

    fn heading(&self, title: &str) -> String {
        format!("  {}\n", self.style.strong(&format!("█ {title}")))
    }

    fn section(&self, title: &str, lines: &[(String, String)]) -> String {
        if lines.is_empty() {
            return String::new();
        }
        let mut text = if title.is_empty() { String::new() } else { format!("    {}\n", self.style.strong(title)) };
        let width = 34;
        for (name, value) in lines {
            let dots = ".".repeat(usize::max(width, name.chars().count() + 3) - name.chars().count());
            text.push_str(&format!("    {name}{}: {value}\n", self.style.faint(&dots)));
        }
        text
    }

    /// Those that are not objectives, which have a table of their own.
    fn threshold_part(&self) -> String {
        let mut lines = self.document.other_thresholds().peekable();
        if lines.peek().is_none() {
            return String::new();
        }
        let mut text = self.heading("THRESHOLDS");
        let mut shown = None;
        for line in lines {
            if shown != Some(&line.metric) {
                text.push_str(&format!("\n    {}\n", line.metric));
                shown = Some(&line.metric);
            }
            text.push_str(&self.threshold_line(line));
        }
        text
    }

    fn threshold_line(&self, line: &ThresholdLine) -> String {
        let mark = match line.outcome {
            ThresholdOutcome::Passed => self.style.good("✓"),
            ThresholdOutcome::Failed => self.style.bad("✗"),
            ThresholdOutcome::NotJudged => return format!("    - '{}' {NOT_JUDGED}\n", line.expression),
        };
        let equals = line.actual.map(|_| format!("{}=", line.aggregation)).unwrap_or_default();
        format!("    {mark} '{}' {equals}{}\n", line.expression, line.measured())
    }

    fn over_time_part(&self) -> String {
        let lines = self.document.remarks.iter().filter(|remark| !remark.is_of_soak);
        let lines = lines.map(|remark| (remark.about.clone(), remark.text.clone()));
        self.section("OVER TIME", &lines.collect::<Vec<_>>())
    }

    /// Whether all of the above can be believed: one line, and why not.
    fn generator_part(&self) -> String {
        let generator = &self.document.generator;
        let name = match generator.weight() {
            Health::Ok => self.style.good(generator.name()),
            Health::Suspect => self.style.warn(generator.name()),
            Health::Bottleneck => self.style.bad(generator.name()),
        };
        let mut text = format!("    {} {name}", self.style.strong("generator:"));
        for finding in &self.document.generator.findings {
            text.push_str(&format!("\n      {}\n        ↳ {}", finding.reason, finding.remedy));
        }
        text.push('\n');
        text
    }

    fn check_part(&self) -> String {
        let Some((share, passes, total)) = self.document.rate("checks") else {
            return String::new();
        };
        let of = |share: f64, part: u64| {
            format!("{:<8}{} out of {}", percent(share), count(part as f64), count(total as f64))
        };
        let rate = total as f64 / (self.document.run.duration_ms / 1e3).max(1e-9);
        let mut text = self.section(
            "",
            &[
                ("checks_total".to_owned(), format!("{:<8}{}", count(total as f64), per_second(rate))),
                ("checks_succeeded".to_owned(), of(share, passes)),
                ("checks_failed".to_owned(), of((total - passes) as f64 / total.max(1) as f64, total - passes)),
            ],
        );
        text.push('\n');
        text.extend(self.document.checks.iter().map(|check| self.check_line(check)));
        text
    }

    fn check_line(&self, check: &CheckLine) -> String {
        let name = &check.name;
        if check.fails == 0 {
            return format!("    {} {name}\n", self.style.good("✓"));
        }
        let (passes, fails) = (count(check.passes as f64), count(check.fails as f64));
        let percent = (check.share() * 100.0).floor();
        format!("    {} {name}\n      ↳ {percent:>3.0}% — ✓ {passes} / ✗ {fails}\n", self.style.bad("✗"))
    }

    fn custom_part(&self) -> String {
        let custom = self.document.metrics.iter().filter(|metric| metric.is_custom());
        self.section("CUSTOM", &custom.map(|metric| (metric.name.clone(), value(metric))).collect::<Vec<_>>())
    }

    fn http_part(&self) -> String {
        let refused = self.document.counter("http_reqs_refused");
        let refused = refused.map(|(sum, _)| ("http_reqs_refused".to_owned(), self.refused_text(sum)));
        if self.document.counter("http_reqs").is_none() {
            return self.section("HTTP", refused.as_slice());
        }
        let mut lines = vec![self.trend_line("response_time"), self.trend_line("http_req_duration")];
        if let Some(times) = &self.document.expected_responses {
            lines.push(("  { expected_response:true }".to_owned(), trends::trend_text(Some(times), Unit::Ms)));
        }
        if self.detail == Detail::Full {
            let phases = ["blocked", "connecting", "tls_handshaking", "sending", "waiting", "receiving"];
            lines.extend(phases.map(|phase| self.trend_line(&format!("http_req_{phase}"))));
        }
        lines.push(("http_req_failed".to_owned(), self.failed_text()));
        lines.push(self.counter_line("http_reqs"));
        lines.extend(protocols(self.document).map(|text| ("protocols".to_owned(), text)));
        if self.detail == Detail::Full && self.document.counter("http_connections").is_some() {
            lines.push(self.counter_line("http_connections"));
        }
        if self.document.counter("http_reconnects").is_some() {
            lines.push(self.counter_line("http_reconnects"));
        }
        lines.extend(refused);
        self.section("HTTP", &lines)
    }

    /// Calls by gRPC, as far as there were any.
    fn call_part(&self) -> String {
        const PHASES: [&str; 6] = ["blocked", "connecting", "tls_handshaking", "sending", "waiting", "receiving"];
        let is_phase = |name: &str| name.strip_prefix("grpc_req_").is_some_and(|phase| PHASES.contains(&phase));
        let is_shown = |name: &str| name.starts_with("grpc_") && (self.detail == Detail::Full || !is_phase(name));
        let metrics = self.document.metrics.iter();
        let metrics = metrics.filter(|metric| !metric.is_custom() && is_shown(&metric.name));
        let mut lines: Vec<_> = metrics.map(|metric| (metric.name.clone(), value(metric))).collect();
        if !lines.is_empty() && self.document.counter("http_reqs").is_none() {
            // Otherwise it stands among those of HTTP.
            lines.splice(0..0, self.document.distribution("response_time").map(|_| self.trend_line("response_time")));
        }
        self.section("GRPC", &lines)
    }

    /// Streams and the tokens in them, as far as there were any.
    fn stream_part(&self) -> String {
        let is_of_streams = |name: &str| name.starts_with("http_stream_") || name.starts_with("llm_");
        let metrics = self.document.metrics.iter();
        let metrics = metrics.filter(|metric| !metric.is_custom() && is_of_streams(&metric.name));
        self.section("STREAMS", &metrics.map(|metric| (metric.name.clone(), value(metric))).collect::<Vec<_>>())
    }

    /// WebSockets, as far as there were any.
    fn websocket_part(&self) -> String {
        let metrics = self.document.metrics.iter();
        let metrics = metrics.filter(|metric| !metric.is_custom() && metric.name.starts_with("ws_"));
        self.section("WEBSOCKETS", &metrics.map(|metric| (metric.name.clone(), value(metric))).collect::<Vec<_>>())
    }

    /// Sockets, as far as there were any.
    fn socket_part(&self) -> String {
        let is_of_sockets = |name: &str| name.starts_with("tcp_") || name.starts_with("udp_");
        let metrics = self.document.metrics.iter();
        let metrics = metrics.filter(|metric| !metric.is_custom() && is_of_sockets(&metric.name));
        self.section("SOCKETS", &metrics.map(|metric| (metric.name.clone(), value(metric))).collect::<Vec<_>>())
    }

    fn refused_text(&self, refused: f64) -> String {
        format!("{:<8}by the egress policy, and never sent: see ERRORS", self.style.bad(&count(refused)))
    }

    fn failed_text(&self) -> String {
        let (share, failed, total) = self.document.rate("http_req_failed").unwrap_or_default();
        let share = percent(share);
        let share = if failed > 0 { self.style.bad(&share) } else { share };
        format!("{share}  {} out of {}", count(failed as f64), count(total as f64))
    }

    fn execution_part(&self) -> String {
        let document = self.document;
        let mut lines = Vec::new();
        if document.distribution("iteration_duration").is_some() {
            lines.push(self.trend_line("iteration_duration"));
        }
        lines.push(self.counter_line("iterations"));
        if let Some((share, failed, total)) = document.rate("iterations_failed").filter(|(_, failed, _)| *failed > 0) {
            let (share, failed, total) = (percent(share), count(failed as f64), count(total as f64));
            let text = format!("{}  {failed} out of {total}", self.style.bad(&share));
            lines.push(("iterations_failed".to_owned(), text));
        }
        for name in ["iterations_interrupted", "dropped_iterations"] {
            lines.extend(document.counter(name).map(|(sum, _)| (name.to_owned(), count(sum))));
        }
        if document.distribution("schedule_lag").is_some() {
            lines.push(self.trend_line("schedule_lag"));
        }
        lines.extend(self.script_cost().map(|cost| ("script_cost".to_owned(), cost)));
        if let (Some((value, min, max)), Some((most, ..))) = (document.gauge("vus"), document.gauge("vus_max")) {
            let text = format!("{}  min={}  max={}  of {most}", count(value), count(min), count(max));
            lines.push(("vus".to_owned(), text));
        }
        self.section("EXECUTION", &lines)
    }

    /// Where an iteration's time goes: in the guest, in the client (all else that the worker threads did), and
    /// waiting.
    fn script_cost(&self) -> Option<String> {
        let cost = self.document.script_cost.as_ref()?;
        let tops_out = if cost.is_least { "good for at least" } else { "tops out at about" };
        Some(format!(
            "guest {}  client {}  waiting {}  per iteration; {tops_out} {} on each core",
            Unit::Ms.text(cost.guest_ms),
            Unit::Ms.text(cost.client_ms),
            Unit::Ms.text(cost.waiting_ms),
            per_second(cost.iterations_per_core),
        ))
    }

    fn network_part(&self) -> String {
        let line = |name: &str| {
            let (sum, rate) = self.document.counter(name).unwrap_or_default();
            (name.to_owned(), format!("{:<8} {}/s", bytes(sum), bytes(rate)))
        };
        if self.document.counter("data_sent").is_none() {
            return String::new();
        }
        self.section("NETWORK", &[line("data_received"), line("data_sent")])
    }

    fn counter_line(&self, name: &str) -> (String, String) {
        let (sum, rate) = self.document.counter(name).unwrap_or_default();
        (name.to_owned(), format!("{:<8}{}", count(sum), per_second(rate)))
    }

    fn trend_line(&self, name: &str) -> (String, String) {
        (name.to_owned(), trends::trend_text(self.document.distribution(name), Unit::Ms))
    }
}

/// A custom metric: as in the other reports, but in columns.
fn value(metric: &Metric) -> String {
    match &metric.values {
        Values::Counter { sum, rate } => format!("{:<8}{}", metric.unit.text(*sum), metric.rate_text(*rate)),
        Values::Trend(distribution) => trends::trend_text(Some(distribution), metric.unit),
        Values::Gauge { .. } | Values::Rate { .. } => metric.text(),
    }
}

/// The parts that are not empty, a blank line between them.
fn join(parts: impl IntoIterator<Item = String>) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
