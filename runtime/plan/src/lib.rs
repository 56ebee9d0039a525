//! What a load test is to do.
//!
//! Options come in layers: what the component embeds, a plan file, the environment (`SQUALL_*`), the command line. Each
//! layer is an [`Options`] in which everything is optional. [`Options::over`] lays one over another, and
//! [`Plan::resolve`] turns the result into one [`Plan`] in which nothing is optional and everything is validated; it
//! reports all mistakes at once.
//!
//! The values that a plan is written in, and the arithmetic that follows from them, are those of `squall-schedule`; other
//! crates use them from here.
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

mod data;
mod file;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod guest_limits;
mod http;
mod load_shape;
mod options;
mod plan;
#[cfg(test)]
mod published;
mod suggestion;
mod threshold;

pub use data::{
    AtEnd, DataError, DataFormat, DataOptionError, DataOptions, EndlessPolicy, PlannedData, Policy, parse_cli_data,
};
pub use file::{
    About, Importance, LookInside, Mistake, Objective, PlanFile, SearchOptions, Shape, TargetMonitoring, TestType,
    WatchedProcess, WorkItemSettings, schema,
};
pub use guest_limits::{LimitPreset, Limits, MemorySize};
pub use http::{
    CertificateText, ClientCertificate, ConnectionPlan, DnsOptions, DnsPlan, DnsPolicy, DnsSelect, HttpOptions,
    HttpPlan, PasswordSource, PlannedCertificate, PlannedPassword, ProxyChoice, RequestCeilings, TlsPlan, TlsVersion,
};
pub use load_shape::LoadShapeError;
pub use options::{
    Flag, Key, KindNames, Machine, Options, OptionsError, ScenarioOptions, from_environment, headings,
    options_reference,
};
pub use plan::{
    Component, Defaults, HttpVersion, OfferedRate, Pacing, Plan, PlanError, PlannedFlow, Scenario, ThinkTime, Warmup,
};
pub use squall_address::{Scheme, Target, TargetError, credentials_in, text_without_credentials, without_credentials};
pub use squall_schedule::limits::{
    LimitError, MAX_DURATION, MAX_FLOWS, MAX_RATE, MAX_SCENARIO_FLOWS, MAX_SCENARIOS, MAX_STAGES, MAX_THREADS, MAX_VUS,
};
pub use squall_schedule::{
    AgentPlace, Arrival, ArrivalProcess, Arrivals, DurationError, Executor, ExecutorKind, HumanDuration, Level,
    LoadLevel, MAX_PATTERN, Mix, MixError, Ramp, Rate, RateError, RateStage, Stage, StageError, StageSpec,
    UnknownChoice, UnknownExecutor, WorkerArrivals, nearest, parse_duration, parse_typed_duration, random,
};
pub use suggestion::permit;
pub use threshold::{Aggregation, Comparison, Threshold, ThresholdError, ThresholdSpec, parse_cli_threshold};
