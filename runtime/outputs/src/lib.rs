//! `--out`: what is measured, second by second, to files, databases and collectors while the run goes on.
//!
//! A run hands over what it recorded in a second ([`Streams::recorded`]) and never waits. Each output has a thread of its
//! own ([`courier`]), which turns the second into bytes ([`format`]) and carries them away ([`transport`]). An output that
//! is slow gets fewer and longer stretches instead of seconds; one that is dead costs the run nothing but that.
//! This crate must not know guests, terminals, or what a run does with what it is told.
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
