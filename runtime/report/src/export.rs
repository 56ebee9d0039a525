//! `--summary-export`: k6's legacy flat summary, which GitLab and many scripts read.
//!
//! The shape is k6's (`summary.js`, "oldJSONSummary"): trends in milliseconds, and thresholds as booleans of which `true`
//! means *failed*. Added to it, as k6 lets users do: `p(99)` and `count` of each trend.

use md5::{Digest, Md5};
use serde_json::{Map, Value, json};
use squall_metrics::{
    Aggregate, BUILT_IN, Builtin, Histogram, Kind, MetricId, MetricInfo, RateCell, Selector, ThresholdResult, Totals,
};

/// The summary as a JSON document.
pub fn summary_export(totals: &Totals, thresholds: &[ThresholdResult]) -> Value {
    json!({ "metrics": metrics(totals, thresholds), "root_group": root_group(totals) })
}

fn metrics(totals: &Totals, thresholds: &[ThresholdResult]) -> Map<String, Value> {
    let mut metrics = Map::new();
    // As in k6, metrics of calls have an entry only if there were some; so have those of streams, which k6 lacks.
    let has_entry = |metric: &&Builtin| {
        let value = totals.select(Selector::all(metric.name));
        !metric.subject.is_optional() || value.is_some_and(|value| !value.is_empty())
    };
    let built_in = BUILT_IN.iter().filter(has_entry).map(|metric| metric.name.to_owned());
    let custom = totals.registry.metrics().into_iter();
    // As in k6: what was declared and never used has no entry; a sum is 0 then.
    let has_entry = |(id, info): &(MetricId, MetricInfo)| info.kind == Kind::Counter || totals.was_recorded(*id);
    let custom = custom.filter(has_entry).map(|(_, info)| info.name);
    for name in built_in.chain(custom) {
        if let Some(value) = metric(totals, Selector::all(&name)) {
            metrics.insert(name, value);
        }
    }
    let expected = [("expected_response".to_owned(), "true".to_owned())];
    let selector = Selector { metric: "http_req_duration", tags: &expected };
    if let Some(value) = metric(totals, selector) {
        metrics.insert("http_req_duration{expected_response:true}".to_owned(), value);
    }
    for result in thresholds {
        add_threshold(&mut metrics, totals, result);
    }
    metrics
}

fn add_threshold(metrics: &mut Map<String, Value>, totals: &Totals, result: &ThresholdResult) {
    let threshold = &result.threshold;
    let name = threshold.selector();
    let selector = Selector { metric: &threshold.metric, tags: &threshold.tags };
    let entry = metrics.entry(name).or_insert_with(|| metric(totals, selector).unwrap_or_else(|| json!({})));
    if let Value::Object(entry) = entry
        && let Value::Object(failed) = entry.entry("thresholds").or_insert_with(|| json!({}))
    {
        failed.insert(threshold.source.clone(), Value::Bool(!result.passed));
    }
}

fn metric(totals: &Totals, selector: Selector<'_>) -> Option<Value> {
    let seconds = totals.elapsed.as_secs_f64();
    Some(match totals.select(selector)? {
        Aggregate::Counter(sum) => {
            json!({ "count": number(sum), "rate": if seconds > 0.0 { sum / seconds } else { 0.0 } })
        }
        Aggregate::Gauge(cell) => {
            let cell = cell?;
            json!({ "value": number(cell.value), "min": number(cell.min), "max": number(cell.max) })
        }
        Aggregate::Rate(RateCell { passes, fails }) => {
            json!({ "passes": passes, "fails": fails, "value": RateCell { passes, fails }.share().unwrap_or(0.0) })
        }
        Aggregate::Trend(histogram) => trend(&histogram),
    })
}

fn trend(histogram: &Histogram) -> Value {
    let at = |percent| histogram.percentile_value(percent);
    json!({
        "avg": histogram.mean_value(),
        "min": histogram.min_value(),
        "med": at(50.0),
        "max": histogram.max_value(),
        "p(90)": at(90.0),
        "p(95)": at(95.0),
        "p(99)": at(99.0),
        "count": histogram.count(),
    })
}

/// Whole numbers without ".0", as JavaScript writes them.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 { json!(value as i64) } else { json!(value) }
}

fn root_group(totals: &Totals) -> Value {
    let checks: Map<String, Value> = totals
        .checks_by_name()
        .into_iter()
        .map(|(name, RateCell { passes, fails })| {
            let path = format!("::{name}");
            let check = json!({ "name": name, "path": path, "id": id(&path), "passes": passes, "fails": fails });
            (name, check)
        })
        .collect();
    json!({ "name": "", "path": "", "id": id(""), "groups": {}, "checks": checks })
}

/// k6's identifier of a group or check: the MD5 of its path.
fn id(path: &str) -> String {
    Md5::digest(path.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
