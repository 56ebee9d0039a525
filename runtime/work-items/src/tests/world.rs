//! A run whose every figure is known: `GET /products` is slow for want of an index, and misses its objective.

use serde_json::{Value, json};
use squall_report::Document;

/// The run, as JSON, so that a test can change any of its figures.
pub fn run() -> Value {
    json!({
        "format": "squall-summary", "version": 1,
        "run": {
            "scenario": "shop.wasm", "component": "sha256:0", "target": "http://shop/", "load": "10 VUs for 30s",
            "began": "2026-11-30T06:15:39Z", "began_unix_ms": 1_795_932_939_000_i64, "duration_ms": 30_000.0,
            "end": { "as_planned": true, "text": "as planned" }, "threads": 1, "seed": "7", "squall": "0.1.0",
            "machine": { "os": "linux", "arch": "x86_64", "cores": 2 },
            "command": "squall diagnose shop.wasm --target http://shop/", "tags": {}
        },
        "verdict": {
            "status": "critical", "sentence": "1 of 1 objectives not met.",
            "issues": [{
                "status": "critical", "title": "p(95) of http_req_duration is 700ms, target p(95) < 200ms",
                "impact": "5% of the samples took 700ms or longer.", "recommendation": "Begin with GET /products.",
                "expected": null
            }]
        },
        "generator": { "health": "ok", "findings": [] },
        "thresholds": [threshold("http_req_duration", "p(95)", "<", 200.0, 700.0, "ms", "failed", true)],
        "objectives": [{
            "title": "response time p95", "target": "<200ms", "actual": "700ms", "interval": null, "margin": -2.5,
            "is_limit": false, "figure": "http_req_duration p(95)", "status": "missed"
        }],
        "metrics": [
            trend("response_time", 700.0),
            { "name": "http_req_failed", "unit": "number", "kind": "rate", "share": 0.01, "passes": 10, "fails": 990 }
        ],
        "flows": [], "transactions": [], "checks": [], "errors": [], "data": [], "remarks": [],
        "requests": [request("/products", 850.0), request("/cart", 40.0)],
        "timeline": {
            "at_s": [], "offered": [], "iterations": [], "requests": [], "failed": [], "dropped": [], "vus": [], "p50": [],
            "p90": [], "p95": [], "p99": [], "max": []
        },
        "heat_map": { "at_s": [], "bounds_ms": [], "counts": [] },
        "percentile_curves": {},
        "findings": {
            "findings": [missing_index()], "looked_at": [], "not_seen": [],
            "endpoints": [{ "endpoint": "GET /products", "traces": 300, "p95_ms": 800.0, "low_p95_ms": 90.0, "spans": [] }]
        }
    })
}

/// A finding: the index that `GET /products` lacks.
pub fn missing_index() -> Value {
    json!({
        "cause": "missing-index", "class": "database", "title": "GET /products reads 50,000 rows for 20",
        "endpoint": "GET /products", "flow": "browse", "confidence": "confirmed-by-two-sources",
        "explains": { "low": 0.5, "high": 0.9 }, "evidence": ["12 sequential scans a second"],
        "statement": "SELECT * FROM products WHERE category = $1", "plan": ["Seq Scan on products"], "traces": ["4bf92f"],
        "change": "CREATE INDEX ON products (category);",
        "improvement": { "p95_ms": 800.0, "expected_p95_ms": 480.0, "arithmetic": "800ms - 320ms" }
    })
}

/// A threshold and what became of it.
#[expect(clippy::too_many_arguments, reason = "a row of a table")]
pub fn threshold(
    metric: &str,
    aggregation: &str,
    comparison: &str,
    limit: f64,
    actual: f64,
    unit: &str,
    outcome: &str,
    is_objective: bool,
) -> Value {
    json!({
        "metric": metric, "expression": format!("{aggregation}{comparison}{limit}"), "aggregation": aggregation,
        "comparison": comparison, "limit": limit, "actual": actual, "unit": unit, "outcome": outcome,
        "is_objective": is_objective
    })
}

fn trend(name: &str, p95: f64) -> Value {
    let mut metric = distribution(p95);
    metric["name"] = json!(name);
    metric["unit"] = json!("ms");
    metric["kind"] = json!("trend");
    metric
}

fn distribution(p95: f64) -> Value {
    json!({
        "count": 1000, "mean": p95 / 2.0, "min": 1.0, "p50": p95 / 2.0, "p90": p95 / 1.1, "p95": p95, "p99": p95 * 1.2,
        "p99_9": null, "max": p95 * 2.0, "histogram": ""
    })
}

fn request(name: &str, p95: f64) -> Value {
    json!({
        "name": name, "method": "GET", "count": 500, "rate": 16.0, "failed": 5, "failed_share": 0.01,
        "response_time": distribution(p95)
    })
}

/// The document of such JSON.
pub fn document(run: &Value) -> Document {
    Document::from_json(&run.to_string()).unwrap()
}
