//! Watching the target while it is loaded: what it uses of processor, memory, disk, network and connections, asked once a
//! second of a process of this machine, of an exporter, or of a Prometheus.
//!
//! All of it happens on one thread of its own. What was read goes into a bounded channel; if nobody takes it, it is dropped.
//! So the load never waits for a source: one that is slow or gone leaves a gap. Must not know guests, nor how a load is made,
//! nor who reads the numbers.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod exporter;
mod fetch;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod monitor;
mod process;
mod prometheus;
mod source;

pub use monitor::{Monitor, MonitorHandle};
pub use source::{Sources, WrongSource};

use squall_metrics::{ResourceUnit, ResourceValue, resource_names as names};

fn share(name: &'static str, value: f64) -> ResourceValue {
    ResourceValue { name: name.into(), unit: ResourceUnit::Share, value, limit: Some(1.0) }
}

fn value(name: &'static str, unit: ResourceUnit, value: f64, limit: Option<f64>) -> ResourceValue {
    ResourceValue { name: name.into(), unit, value, limit }
}
