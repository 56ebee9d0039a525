//! Monitors the target under load: its processor, memory, disk, network and connections, read once a second from a
//! process of this machine, an exporter, or a Prometheus.
//!
//! All of it happens on a thread of its own. Readings go into a bounded channel; when it is full they are dropped. So
//! the load never waits for a source: a slow or dead one leaves a gap. Must not know guests, the load, or the readers
//! of the numbers.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod exporter;
mod fetch;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod machine;
mod monitor;
mod process;
mod prometheus;
mod source;

pub use monitor::{Monitor, MonitorHandle};
pub use process::listener_at;
pub use source::{Sources, WrongSource};

use squall_metrics::{ResourceUnit, ResourceValue, resource_names as names};

fn share(name: &'static str, value: f64) -> ResourceValue {
    ResourceValue { name: name.into(), unit: ResourceUnit::Share, value, limit: Some(1.0) }
}

fn value(name: &'static str, unit: ResourceUnit, value: f64, limit: Option<f64>) -> ResourceValue {
    ResourceValue { name: name.into(), unit, value, limit }
}
