//! All that findings are made from.

use std::sync::Arc;
use std::time::Duration;

use crate::database::DatabaseReport;
use crate::span::{Span, TraceId};

/// What was seen of a run, from inside the target and from outside.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// The requests whose traces were asked for, as the client measured them.
    pub exchanges: Vec<TracedExchange>,
    /// The target's spans of those traces.
    pub spans: Vec<Span>,
    /// The load, second by second.
    pub load: Vec<LoadSecond>,
    /// The databases that were read.
    pub databases: Vec<DatabaseReport>,
    /// The resources that were watched.
    pub resources: Vec<ResourceSeries>,
}

/// A request whose trace was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct TracedExchange {
    /// The trace.
    pub trace: TraceId,
    /// The name under which it is counted, with its method: `GET /products`.
    pub endpoint: Arc<str>,
    /// The flow that made it, if a flow did.
    pub flow: Option<Arc<str>>,
    /// Its end, from the beginning of the load.
    pub ended: Duration,
    /// From the first byte sent to the last one received.
    pub duration: Duration,
    /// Bytes received.
    pub received: u64,
    /// Whether it failed.
    pub failed: bool,
}

/// A second of the load.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LoadSecond {
    /// Its beginning, from the beginning of the load.
    pub at: Duration,
    /// How hard the load was: virtual users or, where arrivals are planned, requests a second.
    pub intensity: f64,
    /// Requests that ended, a second.
    pub throughput: f64,
    /// Their mean response time.
    pub response_time: Duration,
}

/// A resource of the target.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResourceSeries {
    /// Where it was read: `process nginx`.
    pub source: String,
    /// Its name: `cpu`, `memory`.
    pub name: String,
    /// The limit of its values, if known.
    pub limit: Option<f64>,
    /// Values, with their time from the beginning of the load.
    pub points: Vec<(Duration, f64)>,
}

/// The endpoint of a request: `GET /products`, if it is counted under its URL or path; else the name that the scenario gave it.
pub fn endpoint_name(method: &str, name: &str) -> String {
    let path = name.split_once("://").map_or(name, |(_, rest)| rest.find('/').map_or("/", |path| &rest[path..]));
    let path = path.split(['?', '#']).next().unwrap_or(path);
    if path.starts_with('/') { format!("{method} {path}") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_method_and_a_path_or_the_name_that_was_given() {
        assert_eq!(endpoint_name("GET", "/products"), "GET /products");
        assert_eq!(endpoint_name("GET", "http://127.0.0.1:8080/products?page=7"), "GET /products");
        assert_eq!(endpoint_name("GET", "http://127.0.0.1:8080"), "GET /");
        assert_eq!(endpoint_name("POST", "pay"), "pay");
    }
}
