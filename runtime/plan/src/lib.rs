//! What a load test is to do.
//!
//! Options come in layers: what the component embeds, a plan file, the environment (`SQUALL_*`), the command line. Each
//! layer is an [`Options`] in which everything is optional. [`Options::over`] lays one over another, and
//! [`Plan::resolve`] turns the result into one [`Plan`] in which nothing is optional and everything is validated; it
//! reports all mistakes at once.
//!
//! The crate also holds the arithmetic that follows from a plan alone, as pure functions: when each VU of a ramp is
//! wanted ([`Ramp`]), when each iteration of an open load starts ([`Arrivals`]) and which flow each iteration runs ([`Mix`]).
//!
//! ```
//! use squall_plan::{Defaults, Options, Plan};
//!
//! let embedded = Options::from_json(r#"{"vus": 10, "duration": "5m", "thresholds": {"checks": "rate>0.9"}}"#)?;
//! let command_line = Options { iterations: Some(100), ..Options::default() };
//!
//! let flows = [("browse".to_owned(), 60), ("search".to_owned(), 40)];
//! let plan = Plan::resolve(command_line.over(embedded), &flows, Defaults { threads: 2, seed: 7 })
//!     .expect("nothing is wrong with these options");
//! assert_eq!(plan.load(), "100 iterations shared by 10 VUs, at most 10m");
//! assert_eq!(plan.shares(), [0.6, 0.4]);
//! # Ok::<(), squall_plan::OptionsError>(())
//! ```
//!
//! This crate must not know a terminal, the network, a clock or WebAssembly: everything here can be tested without any.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod arrivals;
mod credentials;
mod data;
mod did_you_mean;
mod duration;
mod executor;
mod file;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod guest_limits;
mod http;
mod limits;
mod load_shape;
mod mix;
mod options;
mod plan;
mod ramp;
mod rate;
mod stage;
mod suggestion;
mod target;
mod threshold;
mod unknown_value;

pub use arrivals::{Arrival, ArrivalProcess, Arrivals, WorkerArrivals};
pub use credentials::{credentials_in, text_without_credentials, without_credentials};
pub use data::{
    AtEnd, DataError, DataFormat, DataOptionError, DataOptions, EndlessPolicy, PlannedData, Policy, parse_cli_data,
};
pub use did_you_mean::nearest;
pub use duration::{DurationError, HumanDuration, parse_duration};
pub use executor::{Executor, ExecutorKind, UnknownExecutor};
pub use file::{
    About, Importance, Mistake, Objective, PlanFile, SearchOptions, Shape, TargetMonitoring, TestType, WatchedProcess,
    schema,
};
pub use guest_limits::{LimitPreset, Limits, MemorySize};
pub use http::{HttpOptions, HttpPlan, RequestCeilings};
pub use limits::{
    LimitError, MAX_DURATION, MAX_FLOWS, MAX_RATE, MAX_SCENARIO_FLOWS, MAX_SCENARIOS, MAX_STAGES, MAX_THREADS, MAX_VUS,
};
pub use load_shape::LoadShapeError;
pub use mix::{MAX_PATTERN, Mix, MixError};
pub use options::{Options, OptionsError, ScenarioOptions, from_environment, options_reference};
pub use plan::{Component, Defaults, OfferedRate, Pacing, Plan, PlanError, PlannedFlow, Scenario, ThinkTime, Warmup};
pub use ramp::Ramp;
pub use rate::{Level, Rate, RateError};
pub use stage::{RateStage, Stage, StageError, StageSpec};
pub use suggestion::{Machine, permit};
pub use target::{Scheme, Target, TargetError};
pub use threshold::{Aggregation, Comparison, Threshold, ThresholdError, ThresholdSpec, parse_cli_threshold};
pub use unknown_value::UnknownChoice;
