//! OpenMetrics' text format 1.0 (<https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md>):
//! the page that a Prometheus fetches.
//!
//! All figures are since the beginning of the run, because the readers of the page, and their intervals, are unknown.
//! Trends are histograms, from which the server computes percentiles of any period.

use std::collections::BTreeMap;
use std::fmt::Write;

use bytes::Bytes;
use squall_metrics::{Histogram, Unit};

use super::Format;
use super::prometheus_names::{labels, metric_name, with_unit};
use crate::batch::Batch;
use crate::series::{Tags, Value, outside, series};
use crate::sums::Sums;

pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// A page without metrics.
pub(crate) const NOTHING: &str = "# EOF\n";
/// Upper ends of buckets, each a decimal power times one of these.
const STEPS: [u32; 3] = [10, 25, 50];
/// From 100 µs to 100 s.
const TIMES: std::ops::RangeInclusive<i32> = -4..=1;
/// From 0.001 to a million, for all other values.
const NUMBERS: std::ops::RangeInclusive<i32> = -3..=5;

#[derive(Default)]
pub(crate) struct OpenMetrics {
    sums: Sums,
}

impl Format for OpenMetrics {
    fn encode(&mut self, batch: &Batch) -> Vec<Bytes> {
        self.sums.add(&series(batch), |_| true);
        let mut families: BTreeMap<String, Family> = BTreeMap::new();
        for (key, unit, value) in self.sums.iter() {
            let name = family_name(&key.metric, unit, value);
            let family = families.entry(name.clone()).or_insert_with(|| Family::of(&name, unit, value));
            family.add(&name, &key.tags, unit, value);
        }
        let mut page: String = families.into_values().map(|family| family.text).collect();
        page.push_str(NOTHING);
        vec![page.into()]
    }
}

/// The lines of a metric, which must be together.
struct Family {
    kind: &'static str,
    text: String,
}

impl Family {
    fn of(name: &str, unit: Unit, value: &Value<'_>) -> Family {
        let kind = kind(value);
        let mut text = format!("# TYPE {name} {kind}\n");
        if kind == "histogram" && unit == Unit::Time {
            text.push_str(&format!("# UNIT {name} seconds\n"));
        }
        Family { kind, text }
    }

    fn add(&mut self, name: &str, tags: &Tags, unit: Unit, value: &Value<'_>) {
        // Two metrics of different kinds whose names become the same here: Prometheus would refuse the whole page.
        if self.kind != kind(value) {
            return;
        }
        let labels = written(tags);
        match value {
            Value::Counter(sum) => self.line(&format!("{name}_total"), &labels, *sum),
            Value::Gauge(value) => self.line(name, &labels, *value),
            Value::Rate(cell) => self.line(name, &labels, cell.share().unwrap_or(0.0)),
            Value::Trend(values) => self.histogram(name, &labels, unit, values),
        }
    }

    fn histogram(&mut self, name: &str, labels: &str, unit: Unit, values: &Histogram) {
        let bucket = format!("{name}_bucket");
        let more = if labels.is_empty() { String::new() } else { format!(",{labels}") };
        for (end, count) in cumulative(values, unit) {
            self.line(&bucket, &format!("le=\"{end:?}\"{more}"), count as f64);
        }
        self.line(&bucket, &format!("le=\"+Inf\"{more}"), values.count() as f64);
        self.line(&format!("{name}_count"), labels, values.count() as f64);
        self.line(&format!("{name}_sum"), labels, outside(values.sum_value(), unit));
    }

    fn line(&mut self, name: &str, labels: &str, value: f64) {
        // Writing to memory cannot fail.
        let _ = match labels {
            "" => writeln!(self.text, "{name} {value}"),
            _ => writeln!(self.text, "{name}{{{labels}}} {value}"),
        };
    }
}

fn kind(value: &Value<'_>) -> &'static str {
    match value {
        Value::Counter(_) => "counter",
        Value::Gauge(_) | Value::Rate(_) => "gauge",
        Value::Trend(_) => "histogram",
    }
}

fn family_name(metric: &str, unit: Unit, value: &Value<'_>) -> String {
    match value {
        Value::Rate(_) => format!("{}_rate", metric_name(metric)),
        Value::Trend(_) => with_unit(metric, unit),
        Value::Counter(_) | Value::Gauge(_) => metric_name(metric),
    }
}

/// Upper ends of buckets, and the number of values that are not above them.
fn cumulative(values: &Histogram, unit: Unit) -> Vec<(f64, u64)> {
    let decades = if unit == Unit::Time { TIMES } else { NUMBERS };
    let mut ends: Vec<f64> = decades.clone().flat_map(|decade| STEPS.map(|step| scaled(step, decade))).collect();
    ends.push(scaled(STEPS[0], decades.end() + 1));
    let mut buckets = values.value_buckets().into_iter().peekable();
    let mut count = 0;
    let counted = ends.into_iter().map(|end| {
        while let Some((_, _, more)) =
            buckets.next_if(|(low, high, _)| outside(f64::midpoint(*low, *high), unit) <= end)
        {
            count += more;
        }
        (end, count)
    });
    counted.collect()
}

/// step / 10 × 10^decade, as the number nearest to its decimal form.
fn scaled(step: u32, decade: i32) -> f64 {
    format!("{step}e{}", decade - 1).parse().unwrap_or(f64::INFINITY)
}

fn written(tags: &Tags) -> String {
    let escaped = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let labels = labels(tags);
    labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_batch::batch;

    fn page(format: &mut OpenMetrics) -> String {
        String::from_utf8(format.encode(&batch()).remove(0).to_vec()).unwrap()
    }

    #[test]
    fn everything_is_since_the_run_began() {
        let mut format = OpenMetrics::default();
        page(&mut format);
        let page = page(&mut format);
        let of_500 = "expected_response=\"false\",flow=\"browse\",method=\"GET\",name=\"/a\",\
            proto=\"HTTP/1.1\",scenario=\"default\",status=\"500\",team=\"x\"";
        for line in [
            "# TYPE k6_http_reqs counter".to_owned(),
            format!("k6_http_reqs_total{{{of_500}}} 2"),
            "# TYPE k6_http_req_duration_seconds histogram".to_owned(),
            format!("k6_http_req_duration_seconds_bucket{{le=\"0.025\",{of_500}}} 0"),
            format!("k6_http_req_duration_seconds_bucket{{le=\"0.05\",{of_500}}} 2"),
            format!("k6_http_req_duration_seconds_bucket{{le=\"+Inf\",{of_500}}} 2"),
            format!("k6_http_req_duration_seconds_sum{{{of_500}}} 0.08"),
            "k6_vus{scenario=\"default\",team=\"x\"} 5".to_owned(),
            "k6_checks_rate{check=\"is ok\",flow=\"browse\",scenario=\"default\",team=\"x\"} 0.75".to_owned(),
            "k6_basket_bucket{le=\"5.0\",flow=\"browse\",scenario=\"default\",team=\"x\"} 2".to_owned(),
        ] {
            assert!(page.lines().any(|found| found == line), "{line} is not in\n{page}");
        }
        assert!(page.ends_with("# EOF\n"));
    }
}
