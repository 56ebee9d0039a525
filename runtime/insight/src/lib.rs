//! Conclusions from measurements: the highest rate that holds, how a target scales, whether it leaks, and the results
//! of the objectives.
//!
//! Pure functions and state machines: they know no clock, no threads and no files, and draw no random numbers. Must not
//! know the source of measurements, nor the readers of conclusions. Each file names the source of its formulas.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod concurrency;
mod judgement;
mod knee;
mod leak;
mod objective;
mod phase;
mod recovery;
pub mod search;
mod stress;
mod student;
mod usl;
mod verdict;

pub use concurrency::{ConcurrencyLimit, LoadStep, concurrency_limit};
pub use judgement::{Demands, Judgement, ThresholdOutcome};
pub use knee::{Point, knee};
pub use leak::{Exhaustion, Leak, LeakVerdict, SlopeInterval, leak_verdict, slope_interval};
pub use objective::{Interval, JudgedObjective, Objective, ObjectiveStatus, Quantity};
pub use phase::Phase;
pub use recovery::{Recovery, recovery};
pub use stress::{Failure, first_failure, has_given_way};
pub use usl::{Estimate, Scaling, ScalingKind, UslMisfit, fit_usl};
pub use verdict::{Evidence, RunStatus};
