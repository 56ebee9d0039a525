//! OTLP over HTTP, in JSON (<https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>), cumulative: a
//! collector that missed a request gets its data with the next one. Distributions are exponential histograms.
//!
//! `http_req_duration` is `http.client.request.duration`, with the attributes of OpenTelemetry's conventions for HTTP
//! (<https://opentelemetry.io/docs/specs/semconv/http/http-metrics/>); all other metrics have their names after
//! `squall.`. Times are in seconds.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Value as Object, json};
use squall_metrics::{Histogram, RateCell, Unit};
use url::Url;

use super::Format;
use crate::batch::Batch;
use crate::exponential::{Buckets, Exponential};
use crate::series::{Key, Tags, Value, outside, series};
use crate::sums::Sums;

/// The most buckets of OpenTelemetry's own histograms.
const MOST_BUCKETS: usize = 160;
/// A finer scale than Squall's own histograms is useless: at this scale, neighbours differ by a thousandth and a half.
const FINEST: i32 = 9;
const CUMULATIVE: u8 = 2;

pub(crate) struct Otlp {
    /// Host and port of requests, unless their name contains others.
    target: Option<Url>,
    sums: Sums,
    /// The run's start, in nanoseconds since 1970.
    start: Option<u128>,
}

/// The times of every data point.
struct Times {
    start: String,
    end: String,
}

impl Otlp {
    pub fn new(target: Option<Url>) -> Otlp {
        Otlp { target, sums: Sums::default(), start: None }
    }

    fn request(&self, times: &Times) -> Object {
        let mut metrics: BTreeMap<String, Object> = BTreeMap::new();
        for (key, unit, value) in self.sums.iter() {
            let (kind, points) = self.points(key, unit, value, times);
            let metric = metrics.entry(name(&key.metric)).or_insert_with(|| described(&key.metric, unit, value));
            if let Some(all) = metric[kind]["dataPoints"].as_array_mut() {
                all.extend(points);
            }
        }
        let version = env!("CARGO_PKG_VERSION");
        let resource = [attribute("service.name", "squall".into()), attribute("service.version", version.into())];
        json!({ "resourceMetrics": [{
            "resource": { "attributes": resource },
            "scopeMetrics": [{
                "scope": { "name": "squall", "version": version },
                "metrics": metrics.into_values().collect::<Vec<_>>(),
            }],
        }]})
    }

    fn points(&self, key: &Key, unit: Unit, value: &Value<'_>, times: &Times) -> (&'static str, Vec<Object>) {
        let attributes = self.attributes(key);
        match value {
            Value::Counter(sum) => ("sum", vec![point(&attributes, times, &json!({ "asDouble": sum }))]),
            Value::Gauge(value) => ("gauge", vec![point(&attributes, times, &json!({ "asDouble": value }))]),
            Value::Rate(cell) => ("sum", outcomes(&attributes, times, *cell)),
            Value::Trend(values) => {
                ("exponentialHistogram", vec![point(&attributes, times, &distribution(values, unit))])
            }
        }
    }

    fn attributes(&self, key: &Key) -> Vec<Object> {
        let mut attributes: Vec<Object> = key.tags.iter().filter_map(|(tag, value)| known(tag, value)).collect();
        attributes.extend(key.tags.get("proto").map(|_| attribute("network.protocol.name", "http".to_owned())));
        if key.metric == "http_req_duration" {
            attributes.extend(error_of_status(&key.tags));
            attributes.extend(self.server(&key.tags).into_iter().flatten());
        }
        attributes
    }

    /// The host and port of requests with this name.
    fn server(&self, tags: &Tags) -> Option<[Object; 2]> {
        let named = tags.get("name").and_then(|name| Url::parse(name).ok()).filter(Url::has_host);
        let url = named.as_ref().or(self.target.as_ref())?;
        let (host, port) = (url.host_str()?, url.port_or_known_default()?);
        Some([
            attribute("server.address", host.into()),
            json!({ "key": "server.port", "value": { "intValue": port.to_string() } }),
        ])
    }
}

impl Format for Otlp {
    fn encode(&mut self, batch: &Batch) -> Vec<Bytes> {
        self.sums.add(&series(batch), |_| true);
        let end = batch.ended.as_nanos();
        let start = *self.start.get_or_insert(end.saturating_sub(u128::from(batch.length.0)));
        let times = Times { start: start.to_string(), end: end.to_string() };
        vec![self.request(&times).to_string().into()]
    }
}

/// The URL to send to: a collector's address without a path gets the usual one.
pub(crate) fn metrics_url(url: &Url) -> Url {
    let mut url = url.clone();
    if url.path() == "/" {
        url.set_path("/v1/metrics");
    }
    url
}

fn name(metric: &str) -> String {
    if metric == "http_req_duration" { "http.client.request.duration".to_owned() } else { format!("squall.{metric}") }
}

/// A metric without data points.
fn described(metric: &str, unit: Unit, value: &Value<'_>) -> Object {
    let unit = match unit {
        Unit::Time => "s",
        Unit::Data => "By",
        Unit::Number => "1",
    };
    let (kind, data) = match value {
        Value::Counter(_) | Value::Rate(_) => {
            ("sum", json!({ "dataPoints": [], "aggregationTemporality": CUMULATIVE, "isMonotonic": true }))
        }
        Value::Gauge(_) => ("gauge", json!({ "dataPoints": [] })),
        Value::Trend(_) => ("exponentialHistogram", json!({ "dataPoints": [], "aggregationTemporality": CUMULATIVE })),
    };
    json!({ "name": name(metric), "unit": unit, (kind): data })
}

fn point(attributes: &[Object], times: &Times, numbers: &Object) -> Object {
    let mut point = numbers.clone();
    point["attributes"] = attributes.into();
    point["startTimeUnixNano"] = times.start.as_str().into();
    point["timeUnixNano"] = times.end.as_str().into();
    point
}

/// A share as two counts: of successes, and of failures.
fn outcomes(attributes: &[Object], times: &Times, cell: RateCell) -> Vec<Object> {
    let outcome = |passed: bool, count: u64| {
        let passed = json!({ "key": "squall.passed", "value": { "boolValue": passed } });
        let attributes = [attributes, &[passed]].concat();
        point(&attributes, times, &json!({ "asInt": count.to_string() }))
    };
    vec![outcome(true, cell.passes), outcome(false, cell.fails)]
}

/// 64-bit integers are strings in OTLP's JSON.
fn distribution(values: &Histogram, unit: Unit) -> Object {
    let found = Exponential::within(values, unit, MOST_BUCKETS, FINEST);
    let buckets = |side: &Buckets| {
        let counts: Vec<String> = side.counts.iter().map(u64::to_string).collect();
        json!({ "offset": side.offset, "bucketCounts": counts })
    };
    json!({
        "count": values.count().to_string(),
        "sum": outside(values.sum_value(), unit),
        "min": outside(values.min_value(), unit),
        "max": outside(values.max_value(), unit),
        "scale": found.scale,
        "zeroCount": found.zeros.to_string(),
        "positive": buckets(&found.positive),
        "negative": buckets(&found.negative),
    })
}

fn attribute(key: &str, value: String) -> Object {
    json!({ "key": key, "value": { "stringValue": value } })
}

/// A tag under OpenTelemetry's name for it, or under ours. Tags of the run keep their names.
fn known(tag: &str, value: &str) -> Option<Object> {
    let own = |name: &str| Some(attribute(name, value.to_owned()));
    match tag {
        "method" if value == "OTHER" => Some(attribute("http.request.method", "_OTHER".to_owned())),
        "method" => own("http.request.method"),
        // Without a response there is no status.
        "status" if value == "0" => None,
        "status" => Some(json!({ "key": "http.response.status_code", "value": { "intValue": value } })),
        "error" => own("error.type"),
        // "HTTP/1.1", "HTTP/2.0": without the zero, as OpenTelemetry has it.
        "proto" if !value.starts_with("HTTP/") => Some(attribute("rpc.system", "grpc".to_owned())),
        "proto" => {
            let version = value.trim_start_matches("HTTP/").trim_end_matches(".0");
            Some(attribute("network.protocol.version", version.to_owned()))
        }
        "service" => own("rpc.service"),
        "name" => own("squall.request.name"),
        "expected_response" => {
            let expected = value == "true";
            Some(json!({ "key": "squall.expected_response", "value": { "boolValue": expected } }))
        }
        "flow" | "group" | "scenario" | "check" | "transaction" => own(&format!("squall.{tag}")),
        other => own(other),
    }
}

/// By the conventions the status is the error's type if the status is the error.
fn error_of_status(tags: &Tags) -> Option<Object> {
    let status = tags.get("status").filter(|status| status.starts_with(['4', '5']))?;
    (!tags.contains_key("error")).then(|| attribute("error.type", status.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_batch::batch;

    fn sent(format: &mut Otlp) -> Object {
        serde_json::from_slice(&format.encode(&batch())[0]).unwrap()
    }

    #[test]
    fn requests_follow_the_conventions_and_are_cumulative() {
        let mut format = Otlp::new(Url::parse("http://shop.example:8080/").ok());
        sent(&mut format);
        let request = sent(&mut format);
        let metrics = request["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array().unwrap().clone();
        let metric = |name: &str| metrics.iter().find(|metric| metric["name"] == name).unwrap().clone();
        let duration = metric("http.client.request.duration");
        assert_eq!(duration["unit"], "s");
        let points = duration["exponentialHistogram"]["dataPoints"].as_array().unwrap();
        let of_500 = points.iter().find(|point| point.to_string().contains("\"500\"")).unwrap();
        assert_eq!((&of_500["count"], &of_500["sum"]), (&json!("2"), &json!(0.08)));
        assert_eq!(of_500["startTimeUnixNano"], "1699999999500000000");
        let attributes = of_500["attributes"].to_string();
        for part in [
            r#"{"key":"http.request.method","value":{"stringValue":"GET"}}"#,
            r#"{"key":"http.response.status_code","value":{"intValue":"500"}}"#,
            r#"{"key":"error.type","value":{"stringValue":"500"}}"#,
            r#"{"key":"network.protocol.name","value":{"stringValue":"http"}}"#,
            r#"{"key":"network.protocol.version","value":{"stringValue":"1.1"}}"#,
            r#"{"key":"server.address","value":{"stringValue":"shop.example"}}"#,
            r#"{"key":"server.port","value":{"intValue":"8080"}}"#,
            r#"{"key":"team","value":{"stringValue":"x"}}"#,
        ] {
            assert!(attributes.contains(part), "{part} is not in {attributes}");
        }
        let checks = metric("squall.checks");
        assert_eq!(checks["sum"]["dataPoints"][0]["asInt"], "6");
        assert_eq!(metric("squall.data_sent")["unit"], "By");
        assert_eq!(metric("squall.vus")["gauge"]["dataPoints"][0]["asDouble"], 5.0);
    }

    #[test]
    fn protocols_have_the_versions_of_opentelemetry() {
        for (value, version) in [("HTTP/1.1", "1.1"), ("HTTP/2.0", "2"), ("HTTP/3.0", "3")] {
            assert_eq!(known("proto", value).unwrap()["value"]["stringValue"], version);
        }
    }

    #[test]
    fn an_address_means_the_usual_path() {
        let to = |url: &str| metrics_url(&Url::parse(url).unwrap()).to_string();
        assert_eq!(to("http://localhost:4318"), "http://localhost:4318/v1/metrics");
        assert_eq!(to("http://h/otlp/v1/metrics"), "http://h/otlp/v1/metrics");
    }
}
