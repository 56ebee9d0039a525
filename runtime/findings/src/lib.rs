//! The causes of slow responses: named from the spans of a target, the statistics of its databases, the use of its
//! machines, and the load that it was under.
//!
//! Pure functions over evidence. Must not know the sources of the evidence (OpenTelemetry, PostgreSQL), nor the readers
//! of findings.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

pub mod database;
pub mod span;
