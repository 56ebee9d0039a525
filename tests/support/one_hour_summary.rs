//! A made-up run of an hour, with every part of a report: in the format of `--summary-json`.

use serde_json::{Value, json};

const POINTS: usize = 1_800;
const NAMES: usize = 50;

/// A wave with some noise, the same each time, around `level`.
fn wave(point: usize, level: f64) -> f64 {
    let noise = ((point * 7_919 + 13) % 101) as f64 / 101.0 - 0.5;
    let value = level * (1.0 + 0.25 * (point as f64 / 140.0).sin() + 0.2 * noise);
    (value * 100.0).round() / 100.0
}

fn over_time(level: f64) -> Vec<f64> {
    (0..POINTS).map(|point| wave(point, level)).collect()
}

fn times(level: f64) -> Value {
    let at = |factor: f64| (level * factor * 100.0).round() / 100.0;
    json!({
        "count": 36_000, "mean": at(1.1), "min": at(0.2), "p50": at(1.0), "p90": at(2.0), "p95": at(2.6), "p99": at(5.0),
        "p99_9": at(9.0), "max": at(20.0), "histogram": "",
    })
}

fn trend(name: &str, level: f64) -> Value {
    let mut metric = times(level);
    let about = json!({ "name": name, "unit": "ms", "kind": "trend" });
    metric.as_object_mut().unwrap().extend(about.as_object().unwrap().clone());
    metric
}

fn metrics() -> Value {
    json!([
        trend("response_time", 24.0),
        { "name": "http_reqs", "unit": "number", "kind": "counter", "sum": 1_800_000.0, "rate": 500.0 },
        { "name": "http_req_failed", "unit": "share", "kind": "rate", "share": 0.004, "passes": 7_200, "fails": 1_792_800 },
        { "name": "iterations", "unit": "number", "kind": "counter", "sum": 600_000.0, "rate": 166.6 },
        { "name": "checks", "unit": "share", "kind": "rate", "share": 0.995, "passes": 597_000, "fails": 3_000 },
        { "name": "vus", "unit": "number", "kind": "gauge", "value": 80.0, "min": 1.0, "max": 120.0 },
        trend("http_req_duration", 22.0), trend("http_req_blocked", 0.6), trend("http_req_connecting", 0.4),
        trend("http_req_tls_handshaking", 0.9), trend("http_req_sending", 0.1), trend("http_req_waiting", 20.0),
        trend("http_req_receiving", 2.0), trend("iteration_duration", 480.0), trend("schedule_lag", 0.05),
        { "name": "data_received", "unit": "bytes", "kind": "counter", "sum": 5.2e9, "rate": 1.4e6 },
    ])
}

fn target() -> Value {
    let series = |name: &str, unit: &str, level: f64, limit: Option<f64>| {
        json!({ "name": name, "unit": unit, "avg": level, "p95": level * 1.3, "max": level * 1.5, "limit": limit,
                "over_time": over_time(level) })
    };
    let source = |name: &str, busy: f64| {
        json!({ "source": name, "asked": 3_600, "answered": 3_590, "problem": "no answer within 1s", "series": [
            series("cpu", "share", 0.6 * busy, None), series("memory", "bytes", 3.1e9 * busy, Some(8e9)),
            series("disk written", "bytes_per_second", 2.4e6 * busy, None), series("connections", "number", 140.0 * busy, Some(500.0)),
        ] })
    };
    json!([source("pid 4711 (shop-api)", 1.0), source("http://db.internal:9187/metrics", 0.5)])
}

fn heat_map() -> Value {
    let bounds: Vec<f64> = (0..=40).map(|row| 2.0 * 1.18_f64.powi(row)).collect();
    let column = |column: usize| -> Vec<u64> {
        let middle = 14.0 + 6.0 * (column as f64 / 14.0).sin();
        (0..40).map(|row| (400.0 * (-((f64::from(row) - middle) / 4.0).powi(2)).exp()) as u64).collect()
    };
    json!({ "at_s": (0..180).map(|column| column * 20).collect::<Vec<_>>(), "bounds_ms": bounds,
            "counts": (0..180).map(column).collect::<Vec<_>>() })
}

fn timeline() -> Value {
    json!({
        "at_s": (0..POINTS).map(|point| point * 2).collect::<Vec<_>>(),
        "offered": vec![170.0; POINTS], "iterations": over_time(166.0), "requests": over_time(500.0),
        "failed": (0..POINTS).map(|point| if (600..760).contains(&point) { wave(point, 8.0) } else { 0.0 }).collect::<Vec<_>>(), "dropped": vec![0.0; POINTS],
        "vus": (0..POINTS).map(|point| wave(point, 80.0) as u64).collect::<Vec<_>>(),
        "p50": over_time(24.0), "p90": over_time(48.0), "p95": over_time(62.0), "p99": over_time(120.0), "max": over_time(400.0),
    })
}

/// 60 runs, once a day: slower by a half from the 40th on, on another machine.
fn history() -> Value {
    let run = |number: usize| {
        let began = format!("2026-{:02}-{:02}T06:00:00Z", 9 + number / 30, 1 + number % 30);
        let environment = if number == 40 { vec!["kernel \"6.1.0-18\", then \"6.1.0-20\""] } else { Vec::new() };
        json!({ "id": format!("202609{number:02}-060000-000000"), "began": began, "environment": environment })
    };
    let figure = |name: &str, unit: &str, level: f64| {
        let of = |number: usize| wave(number * 31, level) * if number < 40 { 1.0 } else { 1.5 };
        let change = json!({ "run": 40, "before": level, "after": level * 1.5, "change": 0.5, "p": 0.00001,
            "kind": if unit == "ms" { "regression" } else { "improved" } });
        json!({ "name": name, "unit": unit, "values": (0..60).map(of).collect::<Vec<_>>(), "changes": [change],
            "levels": [{ "first": 0, "last": 39, "mean": level }, { "first": 40, "last": 59, "mean": level * 1.5 }] })
    };
    json!({
        "scenario": "shop.wasm", "load": "170 iterations/s for 1h", "target": "https://shop.example.com",
        "since": null, "runs": (0..60).map(run).collect::<Vec<_>>(),
        "figures": [figure("response_time med", "ms", 24.0), figure("response_time p(95)", "ms", 62.0),
                    figure("response_time p(99)", "ms", 120.0), figure("http_reqs rate", "per_second", 500.0)],
        "weeks": [{ "figure": "response_time p(95)", "unit": "ms", "before": 62.0, "now": 93.0 }],
    })
}

/// The summary of that run.
pub fn summary_of_an_hour() -> Value {
    let line = |number: usize| {
        let level = 10.0 + (number * 37 % 50) as f64;
        json!({ "name": format!("https://shop.example.com/api/v2/catalogue/section-{number:02}/items"), "method": "GET",
                "count": 36_000 - number * 100, "rate": 10.0, "failed": number, "failed_share": 0.0001 * number as f64,
                "response_time": times(level) })
    };
    let shares = [("browse", 0.6), ("search", 0.3), ("checkout", 0.1)];
    let curve: Vec<(f64, f64)> = (0..85)
        .map(|step| (100.0 * (1.0 - 0.5_f64.powf(f64::from(step) / 5.0)), 5.0 + f64::from(step * step) / 20.0))
        .collect();
    json!({
        "format": "squall-summary", "version": 1,
        "run": {
            "scenario": "shop.wasm", "component": "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "target": "https://shop.example.com", "load": "170 iterations/s for 1h", "began": "2026-11-25T06:00:00Z",
            "began_unix_ms": 1_795_586_400_000_u64, "duration_ms": 3_600_000.0,
            "end": { "as_planned": true, "text": "as planned" }, "threads": 2, "seed": "42", "squall": "0.1.0",
            "machine": { "os": "linux", "arch": "x86_64", "cores": 2 },
            "command": "squall run shop.wasm --target https://shop.example.com -R 170 -d 1h --report report.html",
            "tags": { "branch": "main" },
        },
        "verdict": { "status": "critical", "sentence": "1 of 2 thresholds not met.", "issues": [
            { "status": "critical", "title": "p(95) of http_req_duration is 62ms, target p(95) < 50ms",
              "impact": "5.00% of all requests took longer than 62ms.", "recommendation": "Look first at the slowest names.",
              "expected": "The threshold is met once p(95) is down by 19.35%, from 62ms to 50ms." }] },
        "generator": { "health": "suspect", "findings": [
            { "signal": "cpu", "reason": "the process used 84% of its processors", "remedy": "use a larger machine" }] },
        "thresholds": [
            { "metric": "http_req_duration", "expression": "p(95)<50", "aggregation": "p(95)", "comparison": "<",
              "limit": 50.0, "actual": 62.0, "unit": "ms", "outcome": "failed" },
            { "metric": "http_req_failed", "expression": "rate<0.01", "aggregation": "rate", "comparison": "<",
              "limit": 0.01, "actual": 0.004, "unit": "share", "outcome": "passed" }],
        "objectives": [
            { "title": "response time p95", "target": "<50ms", "actual": "62ms", "interval": "60ms to 64ms",
              "margin": -0.24, "is_limit": false, "status": "missed" },
            { "title": "cpu of the target", "target": "<80%", "actual": "71.20%", "interval": null, "margin": 0.11,
              "is_limit": true, "status": "met" }],
        "metrics": metrics(),
        "scenarios": [
            { "name": "readers", "iterations": 400_000, "failed_iterations": 10, "dropped_iterations": 0,
              "requests": 1_200_000, "failed_share": 0.003, "response_time": times(20.0) },
            { "name": "buyers", "iterations": 200_000, "failed_iterations": 4, "dropped_iterations": 2,
              "requests": 600_000, "failed_share": 0.005, "response_time": times(31.0) }],
        "flows": shares.map(|(name, share)| json!({ "name": name, "planned_share": share, "achieved_share": share,
            "iterations": 100_000, "failed": 3, "duration": times(480.0) })),
        "requests": (0..NAMES).map(line).collect::<Vec<_>>(),
        "transactions": [{ "name": "pay", "count": 60_000, "rate": 16.6, "failed_share": 0.001, "duration": times(200.0) }],
        "checks": [{ "name": "status is 200", "passes": 597_000, "fails": 3_000 }, { "name": "has a title", "passes": 9, "fails": 0 }],
        "errors": [{ "title": "status 503", "count": 7_000, "examples": [["GET https://shop.example.com/api/v2/cart", 6_000]] },
                   { "title": "timeout (flow \"checkout\")", "count": 200, "examples": [["no answer within 60s", 200]] }],
        "data": [{ "name": "users", "rows": 1_000_000, "policy": "unique-per-vu", "taken": 600_000, "ended_the_run": false }],
        "course": [{ "about": "gave way", "text": "p95 rose above 500ms at 14m20s, under 410 requests/s; CPU was at 97%." },
                   { "about": "recovery", "text": "1m10s after the load fell, response times were as before." }],
        "remarks": [{ "about": "memory", "text": "memory grew by 12 MB an hour (95% interval 8 to 16): within the noise." }],
        "target": target(), "timeline": timeline(), "heat_map": heat_map(),
        "percentile_curves": { "response_time": curve, "http_req_duration": curve },
        "trend": history(),
    })
}
