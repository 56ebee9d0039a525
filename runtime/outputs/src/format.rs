//! The formats of outputs.

mod csv;
pub(crate) mod influxdb;
mod json;
pub(crate) mod openmetrics;
pub(crate) mod otlp;
mod prometheus;
mod prometheus_names;
mod protobuf;
mod statsd;

use bytes::Bytes;

use crate::batch::Batch;

pub(crate) use self::csv::Csv;
pub(crate) use influxdb::Influxdb;
pub(crate) use json::Json;
pub(crate) use openmetrics::OpenMetrics;
pub(crate) use otlp::Otlp;
pub(crate) use prometheus::{Prometheus, Trends};
pub(crate) use statsd::Statsd;

/// Turns batches, one after the other, into bytes to send.
pub(crate) trait Format: Send {
    /// The bytes for this batch; each piece makes sense alone.
    fn encode(&mut self, batch: &Batch) -> Vec<Bytes>;
}
