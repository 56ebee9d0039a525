//! The causes of slow responses: named from the spans of a target, the statistics of its databases, the use of its
//! machines, and the load that it was under. docs/bottlenecks.md says what is looked for, and by which rules.
//!
//! Pure functions over evidence. Must not know the sources of the evidence (OpenTelemetry, PostgreSQL), nor the readers
//! of findings.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

pub mod database;
mod endpoint;
mod evidence;
mod find;
mod finding;
mod level;
mod numbers;
mod rules;
pub mod span;
#[cfg(test)]
mod tests;
mod trace;
mod waterfall;

pub use evidence::{Evidence, LoadSecond, ResourceSeries, TracedExchange, endpoint_name};
pub use find::find;
pub use finding::{Cause, CauseClass, Confidence, EndpointTime, Explained, Finding, Findings, Improvement, SpanTime};
pub use waterfall::{Bar, Waterfall};
