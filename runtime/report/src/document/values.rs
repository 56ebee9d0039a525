//! Metrics over the whole run.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use squall_metrics::statistics::can_carry;
use squall_metrics::{Aggregate, BUILT_IN, Builtin, Certainty, Cost, Histogram, Nanos, Selector, Totals};

use super::unit::Unit;

/// A metric over the whole run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Its name.
    pub name: String,
    /// The unit of its values.
    pub unit: Unit,
    /// What was measured.
    #[serde(flatten)]
    pub values: Values,
}

/// What was measured of a metric, by its kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Values {
    /// A sum.
    Counter {
        /// All of it.
        sum: f64,
        /// Per second.
        rate: f64,
    },
    /// A value that was set.
    Gauge {
        /// The latest.
        value: f64,
        /// The least.
        min: f64,
        /// The greatest.
        max: f64,
    },
    /// A share of events.
    Rate {
        /// Those that were, of all, 0 to 1.
        share: f64,
        /// How many were.
        passes: u64,
        /// How many were not.
        fails: u64,
    },
    /// A distribution.
    Trend(Distribution),
}

/// A distribution of values. A percentile that so few samples cannot carry is missing (docs/measurement.md).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    /// How many values.
    pub count: u64,
    /// The mean, exact.
    pub mean: f64,
    /// The least, exact.
    pub min: f64,
    /// The median.
    pub p50: Option<f64>,
    /// The 90th percentile.
    pub p90: Option<f64>,
    /// The 95th percentile.
    pub p95: Option<f64>,
    /// The 99th percentile.
    pub p99: Option<f64>,
    /// The 99.9th percentile.
    pub p99_9: Option<f64>,
    /// The greatest, exact.
    pub max: f64,
    /// The values that a duration could be: HdrHistogram's V2 compressed format in base64, in thousandths of the unit
    /// (microseconds). Negative values are not in it, nor those of a custom trend below 1 or from 10⁹ on.
    pub histogram: String,
}

/// Where the time of an iteration goes, on average, and how many of them a thread can do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScriptCost {
    /// Computing in the guest, in milliseconds.
    pub guest_ms: f64,
    /// All else that the worker threads did, in milliseconds.
    pub client_ms: f64,
    /// The rest: waiting for the target, or for time to pass, in milliseconds.
    pub waiting_ms: f64,
    /// Iterations each second on one core.
    pub iterations_per_core: f64,
    /// Whether a core may do more than that.
    pub is_least: bool,
}

impl Distribution {
    /// What a histogram says; nothing if it is empty.
    pub fn of(histogram: &Histogram) -> Option<Distribution> {
        if histogram.is_empty() {
            return None;
        }
        let at = |percent| can_carry(percent, histogram.count()).then(|| histogram.percentile_value(percent));
        Some(Distribution {
            count: histogram.count(),
            mean: histogram.mean_value(),
            min: histogram.min_value(),
            p50: at(50.0),
            p90: at(90.0),
            p95: at(95.0),
            p99: at(99.0),
            p99_9: at(99.9),
            max: histogram.max_value(),
            histogram: BASE64_STANDARD.encode(histogram.encode()),
        })
    }

    /// The histogram; none if the text is not one.
    pub fn decode(&self) -> Option<Histogram> {
        Histogram::decode(&BASE64_STANDARD.decode(&self.histogram).ok()?).ok()
    }
}

/// All metrics that have a value: the built-in ones first, in their order.
pub(super) fn metrics(totals: &Totals) -> Vec<Metric> {
    let built_in = BUILT_IN.iter().map(|metric| (metric.name.to_owned(), metric.unit));
    let custom = totals.registry.metrics().into_iter().map(|(_, info)| (info.name, info.unit));
    built_in.chain(custom).filter_map(|(name, unit)| metric(totals, name, unit)).collect()
}

fn metric(totals: &Totals, name: String, unit: squall_metrics::Unit) -> Option<Metric> {
    let values = match totals.select(Selector::all(&name)).filter(|value| !value.is_empty())? {
        Aggregate::Counter(sum) => Values::Counter { sum, rate: per_second(sum, totals) },
        Aggregate::Gauge(cell) => cell.map(|cell| Values::Gauge { value: cell.value, min: cell.min, max: cell.max })?,
        Aggregate::Rate(cell) => {
            Values::Rate { share: cell.share().unwrap_or(0.0), passes: cell.passes, fails: cell.fails }
        }
        Aggregate::Trend(histogram) => Values::Trend(Distribution::of(&histogram)?),
    };
    Some(Metric { name, unit: unit.into(), values })
}

/// Only where it differs from all: where some responses were not expected.
pub(super) fn expected_responses(totals: &Totals) -> Option<Distribution> {
    let failed = totals.rate("http_req_failed");
    if failed.passes == 0 || failed.fails == 0 {
        return None;
    }
    let tags = [("expected_response".to_owned(), "true".to_owned())];
    match totals.select(Selector { metric: "http_req_duration", tags: &tags })? {
        Aggregate::Trend(histogram) => Distribution::of(&histogram),
        _ => None,
    }
}

pub(super) fn script_cost(totals: &Totals) -> Option<ScriptCost> {
    let cost = Cost::of(&totals.recorded);
    let capacity = cost.capacity_of_thread()?;
    let mean = |sum: Nanos| Nanos(sum.0 / cost.iterations.max(1)).as_millis_f64();
    Some(ScriptCost {
        guest_ms: mean(cost.guest),
        client_ms: mean(cost.client),
        waiting_ms: mean(cost.waiting),
        iterations_per_core: capacity.iterations,
        is_least: capacity.certainty == Certainty::AtLeast,
    })
}

/// A sum, per second of the load.
pub(super) fn per_second(sum: f64, totals: &Totals) -> f64 {
    sum / totals.elapsed.as_secs_f64().max(1e-9)
}

impl Values {
    /// The kind of metric that this is a value of.
    pub fn kind(&self) -> &'static str {
        match self {
            Values::Counter { .. } => "counter",
            Values::Gauge { .. } => "gauge",
            Values::Rate { .. } => "rate",
            Values::Trend(_) => "trend",
        }
    }
}

impl Metric {
    /// Whether the scenario made it.
    pub fn is_custom(&self) -> bool {
        Builtin::named(&self.name).is_none()
    }

    /// A counter's rate: bytes a second, but a plain number of anything else.
    pub fn rate_text(&self, rate: f64) -> String {
        if self.unit == Unit::Bytes { Unit::BytesPerSecond.text(rate) } else { Unit::PerSecond.text(rate) }
    }

    /// What was measured, in a line.
    pub fn text(&self) -> String {
        match &self.values {
            Values::Counter { sum, rate } => format!("{}  {}", self.unit.text(*sum), self.rate_text(*rate)),
            Values::Gauge { value, min, max } => {
                format!("{}  min={}  max={}", self.unit.text(*value), self.unit.text(*min), self.unit.text(*max))
            }
            Values::Rate { share, passes, fails } => {
                let number = |number: u64| Unit::Number.text(number as f64);
                format!("{}  {} out of {}", Unit::Share.text(*share), number(*passes), number(passes + fails))
            }
            Values::Trend(distribution) => distribution.text(self.unit),
        }
    }
}

impl Distribution {
    /// `avg=.. min=.. med=.. p(90)=.. p(95)=.. p(99)=.. max=.. n=..`, as the terminal has it.
    pub fn text(&self, unit: Unit) -> String {
        let known = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| unit.text(value));
        format!(
            "avg={} min={} med={} p(90)={} p(95)={} p(99)={} max={} n={}",
            unit.text(self.mean),
            unit.text(self.min),
            known(self.p50),
            known(self.p90),
            known(self.p95),
            known(self.p99),
            unit.text(self.max),
            Unit::Number.text(self.count as f64)
        )
    }
}
