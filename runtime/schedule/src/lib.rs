//! When a load does what: the values that a plan is written in (times, rates, stages, executors) and the arithmetic that
//! follows from them alone: how many VUs a [`Ramp`] has at each moment, when each iteration of an open load starts
//! ([`Arrivals`]), which flow each iteration runs ([`Mix`]). Random numbers have their one home here ([`random`]).
//!
//! ```
//! use std::time::Duration;
//! use squall_schedule::{Rate, parse_duration};
//!
//! let rate: Rate = "90/m".parse()?;
//! assert_eq!(rate.to_string(), "90/m");
//! assert_eq!(parse_duration("1m30s"), Ok(Duration::from_secs(90)));
//! # Ok::<(), squall_schedule::RateError>(())
//! ```
//!
//! This crate must not know options, files, a clock or a thread: all of it is values and pure functions.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod agent_place;
mod arrivals;
mod did_you_mean;
mod duration;
mod executor;
pub mod limits;
mod mix;
mod ramp;
pub mod random;
mod rate;
mod stage;
mod unknown_value;

pub use agent_place::AgentPlace;
pub use arrivals::{Arrival, ArrivalProcess, Arrivals, WorkerArrivals};
pub use did_you_mean::nearest;
pub use duration::{DurationError, HumanDuration, parse_duration, parse_typed_duration};
pub use executor::{Executor, ExecutorKind, LoadLevel, UnknownExecutor, peak, peak_rate, total_duration};
pub use mix::{MAX_PATTERN, Mix, MixError};
pub use ramp::Ramp;
pub use rate::{Level, Rate, RateError};
pub use stage::{RateStage, Stage, StageError, StageSpec};
pub use unknown_value::UnknownChoice;
