//! k6's JSON lines, with one point for each series and second instead of one for each sample.
//!
//! A point's `value` is the sum (counters) or the average (rates, trends) of k6's points of that second; `count` is
//! their number. Distributions are complete: `histogram` is HdrHistogram's V2 format in base64, in microseconds, so any
//! percentile of any period can be computed.

use std::collections::BTreeSet;
use std::convert::identity;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value as Object, json};
use squall_metrics::Unit;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Format;
use crate::batch::Batch;
use crate::series::{Series, Value, series};
use crate::statistic::Statistic;

pub(crate) struct Json {
    statistics: Vec<Statistic>,
    /// Metrics that have been described.
    described: BTreeSet<String>,
}

impl Json {
    pub fn new(statistics: Vec<Statistic>) -> Json {
        Json { statistics, described: BTreeSet::new() }
    }

    fn point(&self, one: &Series<'_>, time: &str) -> Object {
        let mut data = Map::new();
        data.insert("time".to_owned(), time.into());
        data.insert("value".to_owned(), json!(value(&one.value)));
        data.insert("tags".to_owned(), json!(*one.key.tags));
        match &one.value {
            Value::Counter(_) | Value::Gauge(_) => {}
            Value::Rate(cell) => drop(data.insert("count".to_owned(), json!(cell.passes + cell.fails))),
            Value::Trend(values) => {
                data.insert("count".to_owned(), json!(values.count()));
                for statistic in &self.statistics {
                    data.insert(statistic.name(), json!(statistic.of(values, identity)));
                }
                data.insert("histogram".to_owned(), STANDARD.encode(values.encode()).into());
            }
        }
        json!({ "metric": one.key.metric, "type": "Point", "data": data })
    }
}

impl Format for Json {
    fn encode(&mut self, batch: &Batch) -> Vec<Bytes> {
        let time = rfc3339(batch);
        let mut lines = String::new();
        for one in series(batch) {
            if self.described.insert(one.key.metric.to_string()) {
                lines.push_str(&format!("{}\n", description(&one)));
            }
            lines.push_str(&format!("{}\n", self.point(&one, &time)));
        }
        vec![lines.into()]
    }
}

fn description(one: &Series<'_>) -> Object {
    let contains = match one.unit {
        Unit::Time => "time",
        Unit::Data => "data",
        Unit::Number => "default",
    };
    let data = json!({
        "name": one.key.metric,
        "type": one.value.kind(),
        "contains": contains,
        "thresholds": [],
        "submetrics": null,
    });
    json!({ "type": "Metric", "data": data, "metric": one.key.metric })
}

fn value(value: &Value<'_>) -> f64 {
    match value {
        Value::Counter(number) | Value::Gauge(number) => *number,
        Value::Rate(cell) => cell.share().unwrap_or(0.0),
        Value::Trend(values) => values.mean_value(),
    }
}

fn rfc3339(batch: &Batch) -> String {
    let nanos = i128::from(batch.ended_ms()) * 1_000_000;
    let time = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    // Years of more than four digits have no such form.
    time.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use squall_metrics::Histogram;

    use super::*;
    use crate::test_batch::batch;

    fn lines(format: &mut Json) -> Vec<Object> {
        let text = format.encode(&batch()).remove(0);
        std::str::from_utf8(&text).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_metric_is_described_once_and_then_has_points() {
        let mut format = Json::new(Statistic::usual());
        let first = lines(&mut format);
        let described = |lines: &[Object]| lines.iter().filter(|line| line["type"] == "Metric").count();
        assert_eq!(first[0]["metric"], "basket");
        assert_eq!((described(&first) > 10, described(&lines(&mut format))), (true, 0));
        let of = |metric: &str| first.iter().find(|line| line["metric"] == metric && line["type"] == "Point").unwrap();
        assert_eq!(of("http_reqs")["data"]["time"], "2023-11-14T22:13:20.5Z");
        assert_eq!((&of("checks")["data"]["value"], &of("checks")["data"]["count"]), (&json!(0.75), &json!(4)));
        let basket = &of("basket")["data"];
        assert_eq!((&basket["value"], &basket["min"], &basket["p(95)"]), (&json!(5.0), &json!(3.0), &json!(7.0)));
    }

    #[test]
    fn histograms_add_up_to_the_measurements() {
        let mut all = Histogram::new();
        for line in lines(&mut Json::new(Vec::new())).iter().filter(|line| line["metric"] == "http_req_duration") {
            if let Some(text) = line["data"]["histogram"].as_str() {
                all.merge(&Histogram::decode(&STANDARD.decode(text).unwrap()).unwrap());
            }
        }
        let median = all.percentile(50.0).as_millis_f64();
        assert!((all.count(), (median - 20.0).abs() < 0.02) == (4, true), "{median}");
    }
}
