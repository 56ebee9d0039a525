//! The summary at the end of a run: one screen, in k6's layout, with what k6's users ask for (p99, sample counts, a table
//! by name, errors by class).

mod breakdown;
mod data;
pub(crate) mod over_time;
mod rehearsal;
mod target;
mod trends;

use squall_metrics::{
    Aggregate, Certainty, Cost, GeneratorVerdict, Health, Kind, Nanos, RateCell, Selector, ThresholdResult, Totals,
    Unit,
};

use crate::export::selector_name;
use crate::format::{bytes, count, decimal, duration, millis, per_second, percent};
use crate::style::Style;

pub use data::DataLine;
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
#[derive(Debug)]
pub struct Summary<'a> {
    /// What was measured.
    pub totals: &'a Totals,
    /// The thresholds, evaluated.
    pub thresholds: &'a [ThresholdResult],
    /// Whether the generator is to be believed.
    pub generator: &'a GeneratorVerdict,
    /// The data that was used, feed by feed.
    pub data: &'a [DataLine<'a>],
    /// The planned share of each flow, by index; empty where the plan has nothing to say.
    pub planned_shares: &'a [f64],
    /// How much is shown.
    pub detail: Detail,
    /// Colour or none.
    pub style: Style,
}

impl Summary<'_> {
    /// The text, with a line feed at its end.
    pub fn render(&self) -> String {
        let parts = [
            self.threshold_part(),
            self.heading("TOTAL RESULTS"),
            self.check_part(),
            self.custom_part(),
            self.http_part(),
            self.execution_part(),
            self.network_part(),
            self.section("OVER TIME", &over_time::lines(self.totals)),
            self.target_part(),
            self.data_part(),
            self.scenario_part(),
            self.flow_part(),
            self.name_part(),
            self.server_timing_part(),
            self.transaction_part(),
            self.error_part(),
            self.generator_part(),
        ];
        let mut text = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n");
        text.insert(0, '\n');
        text
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

    fn threshold_part(&self) -> String {
        if self.thresholds.is_empty() {
            return String::new();
        }
        let mut text = self.heading("THRESHOLDS");
        let mut shown = None;
        for result in self.thresholds {
            let threshold = &result.threshold;
            let name = selector_name(&threshold.metric, &threshold.tags);
            if shown.as_ref() != Some(&name) {
                text.push_str(&format!("\n    {name}\n"));
                shown = Some(name);
            }
            if self.generator.health == Health::Bottleneck {
                text.push_str(&format!("    - '{}' not judged: the measurement is invalid\n", threshold.source));
                continue;
            }
            let mark = if result.passed { self.style.good("✓") } else { self.style.bad("✗") };
            let actual = result.actual.map_or_else(
                || "nothing was measured".to_owned(),
                |actual| format!("{}={}", threshold.aggregation, self.threshold_value(result, actual)),
            );
            text.push_str(&format!("    {mark} '{}' {actual}\n", threshold.source));
        }
        text
    }

    /// A measured value in the unit of its metric.
    fn threshold_value(&self, result: &ThresholdResult, actual: f64) -> String {
        use squall_plan::Aggregation;
        let aggregation = result.threshold.aggregation;
        match self.totals.describe(&result.threshold.metric) {
            Some((Kind::Rate, _)) => percent(actual),
            Some((Kind::Counter, _)) if aggregation == Aggregation::Rate => per_second(actual),
            Some((Kind::Trend, Unit::Time)) if aggregation != Aggregation::Count => millis(actual),
            Some((_, Unit::Data)) => bytes(actual),
            _ => decimal(actual),
        }
    }

    /// Whether all of the above can be believed: one line, and why not.
    fn generator_part(&self) -> String {
        let health = self.generator.health;
        let name = match health {
            Health::Ok => self.style.good(health.name()),
            Health::Suspect => self.style.warn(health.name()),
            Health::Bottleneck => self.style.bad(health.name()),
        };
        let mut text = format!("    {} {name}", self.style.strong("generator:"));
        for finding in &self.generator.findings {
            text.push_str(&format!("\n      {}\n        ↳ {}", finding.reason, finding.remedy));
        }
        text.push('\n');
        text
    }

    fn check_part(&self) -> String {
        let all = self.totals.rate("checks");
        let total = all.passes + all.fails;
        if total == 0 {
            return String::new();
        }
        let of = |part: u64| {
            format!("{:<8}{} out of {}", percent(part as f64 / total as f64), count(part as f64), count(total as f64))
        };
        let mut text = self.section(
            "",
            &[
                ("checks_total".to_owned(), format!("{:<8}{}", count(total as f64), self.rate_of(total as f64))),
                ("checks_succeeded".to_owned(), of(all.passes)),
                ("checks_failed".to_owned(), of(all.fails)),
            ],
        );
        text.push('\n');
        for (name, cell) in self.totals.checks_by_name() {
            text.push_str(&self.check_line(&name, cell));
        }
        text
    }

    fn check_line(&self, name: &str, cell: RateCell) -> String {
        if cell.fails == 0 {
            return format!("    {} {name}\n", self.style.good("✓"));
        }
        let share = cell.share().unwrap_or(0.0) * 100.0;
        let (passes, fails) = (count(cell.passes as f64), count(cell.fails as f64));
        format!("    {} {name}\n      ↳ {:>3.0}% — ✓ {passes} / ✗ {fails}\n", self.style.bad("✗"), share.floor())
    }

    fn custom_part(&self) -> String {
        let lines = self.totals.registry.metrics().into_iter().filter_map(|(_, info)| {
            let value = self.totals.select(Selector::all(&info.name))?;
            (!value.is_empty()).then(|| (info.name.clone(), self.value(&value, info.unit)))
        });
        self.section("CUSTOM", &lines.collect::<Vec<_>>())
    }

    fn http_part(&self) -> String {
        let refused = self.totals.counter("http_reqs_refused");
        let refused = (refused > 0.0).then(|| ("http_reqs_refused".to_owned(), self.refused_text(refused)));
        if self.totals.counter("http_reqs") == 0.0 {
            return self.section("HTTP", refused.as_slice());
        }
        let mut lines = vec![self.trend_line("response_time"), self.trend_line("http_req_duration")];
        if let Some(line) = self.expected_line() {
            lines.push(line);
        }
        if self.detail == Detail::Full {
            let phases = ["blocked", "connecting", "tls_handshaking", "sending", "waiting", "receiving"];
            lines.extend(phases.map(|phase| self.trend_line(&format!("http_req_{phase}"))));
        }
        lines.push(("http_req_failed".to_owned(), self.failed_text()));
        lines.push(self.counter_line("http_reqs"));
        if self.totals.counter("http_reconnects") > 0.0 {
            lines.push(self.counter_line("http_reconnects"));
        }
        lines.extend(refused);
        self.section("HTTP", &lines)
    }

    fn refused_text(&self, refused: f64) -> String {
        format!("{:<8}by the egress policy, and never sent: see ERRORS", self.style.bad(&count(refused)))
    }

    /// Only where it differs: where some responses were not expected.
    fn expected_line(&self) -> Option<(String, String)> {
        let failed = self.totals.rate("http_req_failed");
        if failed.passes == 0 || failed.fails == 0 {
            return None;
        }
        let tags = [("expected_response".to_owned(), "true".to_owned())];
        let value = self.totals.select(Selector { metric: "http_req_duration", tags: &tags })?;
        Some(("  { expected_response:true }".to_owned(), self.value(&value, Unit::Time)))
    }

    fn failed_text(&self) -> String {
        let failed = self.totals.rate("http_req_failed");
        let total = failed.passes + failed.fails;
        let share = percent(failed.share().unwrap_or(0.0));
        let share = if failed.passes > 0 { self.style.bad(&share) } else { share };
        format!("{share}  {} out of {}", count(failed.passes as f64), count(total as f64))
    }

    fn execution_part(&self) -> String {
        let mut lines = Vec::new();
        let durations = self.totals.trend("iteration_duration");
        if !durations.is_empty() {
            lines.push(self.trend_line("iteration_duration"));
        }
        lines.push(self.counter_line("iterations"));
        let failed = self.totals.rate("iterations_failed");
        if failed.passes > 0 {
            let share = self.style.bad(&percent(failed.share().unwrap_or(0.0)));
            let total = count((failed.passes + failed.fails) as f64);
            lines.push((
                "iterations_failed".to_owned(),
                format!("{share}  {} out of {total}", count(failed.passes as f64)),
            ));
        }
        for name in ["iterations_interrupted", "dropped_iterations"] {
            if self.totals.counter(name) > 0.0 {
                lines.push((name.to_owned(), count(self.totals.counter(name))));
            }
        }
        let lag = self.totals.trend("schedule_lag");
        if !lag.is_empty() {
            lines.push(self.trend_line("schedule_lag"));
        }
        if let Some(cost) = self.script_cost() {
            lines.push(("script_cost".to_owned(), cost));
        }
        if let Some(vus) = self.totals.vus {
            let (value, min, max) = (count(vus.value), count(vus.min), count(vus.max));
            lines.push(("vus".to_owned(), format!("{value}  min={min}  max={max}  of {}", self.totals.vus_max)));
        }
        self.section("EXECUTION", &lines)
    }

    /// Where an iteration's time goes: in the guest, in the client (all else that the worker threads did), and
    /// waiting.
    fn script_cost(&self) -> Option<String> {
        let cost = Cost::of(&self.totals.recorded);
        let capacity = cost.capacity_of_thread()?;
        let mean = |sum: Nanos| duration(Nanos(sum.0 / cost.iterations.max(1)));
        let tops_out = match capacity.certainty {
            Certainty::About => "tops out at about",
            Certainty::AtLeast => "good for at least",
        };
        Some(format!(
            "guest {}  client {}  waiting {}  per iteration; {tops_out} {} on each core",
            mean(cost.guest),
            mean(cost.client),
            mean(cost.waiting),
            per_second(capacity.iterations),
        ))
    }

    fn network_part(&self) -> String {
        let line = |name: &str| {
            let sum = self.totals.counter(name);
            let rate = sum / self.totals.elapsed.as_secs_f64().max(1e-9);
            (name.to_owned(), format!("{:<8} {}/s", bytes(sum), bytes(rate)))
        };
        if self.totals.counter("data_sent") == 0.0 {
            return String::new();
        }
        self.section("NETWORK", &[line("data_received"), line("data_sent")])
    }

    fn counter_line(&self, name: &str) -> (String, String) {
        let sum = self.totals.counter(name);
        (name.to_owned(), format!("{:<8}{}", count(sum), self.rate_of(sum)))
    }

    fn rate_of(&self, sum: f64) -> String {
        per_second(sum / self.totals.elapsed.as_secs_f64().max(1e-9))
    }

    fn value(&self, value: &Aggregate, unit: Unit) -> String {
        let plain = |value: f64| if unit == Unit::Data { bytes(value) } else { count(value) };
        match value {
            Aggregate::Counter(sum) => format!("{:<8}{}", plain(*sum), self.rate_of(*sum)),
            Aggregate::Gauge(None) => "-".to_owned(),
            Aggregate::Gauge(Some(cell)) => {
                format!("{}  min={}  max={}", plain(cell.value), plain(cell.min), plain(cell.max))
            }
            Aggregate::Rate(cell) => {
                let total = count((cell.passes + cell.fails) as f64);
                format!("{}  {} out of {total}", percent(cell.share().unwrap_or(0.0)), count(cell.passes as f64))
            }
            Aggregate::Trend(histogram) => trends::trend_text(histogram, unit),
        }
    }

    fn trend_line(&self, name: &str) -> (String, String) {
        (name.to_owned(), trends::trend_text(&self.totals.trend(name), Unit::Time))
    }
}

#[cfg(test)]
mod tests;
