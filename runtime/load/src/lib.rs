//! When things happen: which virtual user works when, the life of each, and the run from setup to teardown.
//!
//! A run is one control thread and as many worker threads as the plan says. A worker owns its virtual users outright:
//! their instances, connections and samples never leave its thread, and nothing on the way of a request is shared. The
//! control thread hears from each worker once a second and tells whoever listens, by [`Event`]s.
//! This crate must not know what a request is, nor what a terminal is.
#![deny(missing_docs)]

mod control;
mod event;
mod life;
mod preflight;
mod quota;
mod run;
mod schedule;
mod stop;
mod survey;
mod thread_cpu;
mod timer;
mod worker;

pub use event::{Event, Observer, Progress};
pub use preflight::{PreflightError, raise_open_files};
pub use run::{Outcome, Run, RunEnd, RunError, TeardownProblem};
pub use stop::StopHandle;
pub use survey::describe;
