//! `--out otlp` against a receiver with OpenTelemetry's own definitions of the messages (PyPI's `opentelemetry-proto`),
//! which `cargo xtask test` puts into `target/tools`.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::support::daemon::{Daemon, free_address};
use crate::support::program::{Squall, guest, root};
use crate::support::server::{Reply, Server};
use crate::support::skip;

fn receiver() -> Option<Daemon> {
    let python = root().join("target/tools/opentelemetry/bin/python");
    if !python.is_file() {
        skip("opentelemetry", "opentelemetry-proto is not installed (cargo xtask test does that)");
        return None;
    }
    let address = free_address();
    let mut command = Command::new(python);
    command.arg(root().join("tests/support/otlp_receiver.py")).arg(address.split_once(':').unwrap().1);
    let receiver = Daemon::spawn(&mut command, address, tempfile::tempdir().unwrap())?;
    receiver.until(|| receiver.get("/").starts_with("HTTP/1.0 200"));
    Some(receiver)
}

#[test]
fn a_strict_receiver_understands_the_measurements() {
    let Some(receiver) = receiver() else { return };
    let server = Server::start(|_| Reply::ok("hello").after(Duration::from_millis(5)));
    let minimal = guest("minimal");
    let output = format!("otlp=http://{}", receiver.address());
    let arguments = ["run", &minimal, "--target", &server.url(), "-i", "100", "--out", &output];
    let ended = Squall::new(&arguments).exporting().run().expect_code_or_busy(0);
    assert!(!ended.err.contains("not delivered"), "{}", ended.err);
    let answer = receiver.get("/");
    let understood: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    let resource = &understood["resourceMetrics"][0];
    let service = &resource["resource"]["attributes"][0];
    assert_eq!((&service["key"], &service["value"]["stringValue"]), (&"service.name".into(), &"squall".into()));
    let metrics = resource["scopeMetrics"][0]["metrics"].as_array().unwrap();
    let metric = |name: &str| metrics.iter().find(|metric| metric["name"] == name).unwrap_or_else(|| panic!("{name}"));

    let duration = metric("http.client.request.duration");
    assert_eq!(duration["unit"], "s");
    let histogram = &duration["exponentialHistogram"];
    assert_eq!(histogram["aggregationTemporality"], "AGGREGATION_TEMPORALITY_CUMULATIVE");
    let point = &histogram["dataPoints"][0];
    assert_eq!(point["count"], "100");
    let counts = point["positive"]["bucketCounts"].as_array().unwrap();
    let count = |bucket: &Value| bucket.as_str().unwrap().parse::<u64>().unwrap();
    assert_eq!(counts.iter().map(count).sum::<u64>(), 100);
    let (sum, expected) = (point["sum"].as_f64().unwrap(), ended.number("http_req_duration", "avg") / 10.0);
    assert!((sum / expected - 1.0).abs() < 1e-6, "in seconds: {sum} for {expected}");

    let requests = &metric("squall.http_reqs")["sum"];
    assert_eq!((&requests["isMonotonic"], &requests["dataPoints"][0]["asDouble"]), (&true.into(), &100.0.into()));
}
