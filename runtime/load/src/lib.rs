//! When things happen: which virtual user works when, the life of each, and the run from setup to teardown.
//!
//! A run is one control thread and as many worker threads as the plan says. A worker owns its virtual users outright:
//! their instances, connections and samples never leave its thread, and nothing on the way of a request is shared. The
//! control thread hears from each worker once a second and tells the observers, by [`Event`]s.
//! This crate must not know what a request is, nor what a terminal is.
#![deny(missing_docs)]

mod agent;
mod agents;
mod backlog;
mod client_settings;
mod control;
mod describe;
mod event;
mod generator;
mod guest_log;
mod part;
mod preflight;
mod quota;
mod rate_changes;
mod run;
mod schedule;
mod seconds;
mod self_checks;
mod steering;
mod steps;
mod system;
mod think;
mod thread_times;
mod timer;
mod vu;
mod warm_up;
mod worker;
mod worker_threads;

pub use agent::{AgentRun, AgentSays};
pub use agents::{AgentNews, AgentOrder, AgentRecord, AgentState, Agents, Resumed, SteeringOrder, StopOrder};
pub use describe::{Known, describe};
pub use event::{Capacity, Event, Observer, Progress, ScenarioProgress, Stage};
pub use part::{LoadPart, TakenOver};
pub use preflight::{PreflightError, raise_open_files};
pub use run::{Run, RunEnd, RunError, RunOutcome, TeardownProblem};
pub use steering::{Steering, StoppedBy};
pub use steps::{HasGivenWay, StepTaken, StepsTaken};
