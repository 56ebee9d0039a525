//! `--out`: writes measurements second by second to files, databases and collectors during the run.
//!
//! A run passes on the samples of each second ([`Streams::recorded`]) and never waits. Each output has its own thread
//! ([`courier`]), which encodes the second ([`format`]) and sends the bytes ([`transport`]). A slow output gets fewer
//! and longer periods instead of seconds; a dead one does not slow the run. This crate must not know guests, terminals,
//! or a run's reaction to its messages.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod batch;
mod error;
mod exponential;
mod format;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod output;
mod output_thread;
mod series;
mod statistic;
mod streams;
mod sums;
#[cfg(test)]
mod test_batch;
mod transport;

pub use error::StreamError;
pub use output::{Header, Kind, Output};
pub use statistic::Statistic;
pub use streams::{Settings, Streams};
