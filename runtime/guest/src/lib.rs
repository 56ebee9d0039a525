//! Hosts scenario components: accepts a file, compiles it (once: the result is cached), sizes a pool for the virtual
//! users, and answers what the guest imports.
//!
//! From bytes to iterations: [`Artifact`] (a component, from any form of file) → [`Guest`] (compiled and linked) →
//! [`VirtualUser`] (an instance with a store of its own). This crate must not know when things happen (that is
//! `squall-load`) nor how requests are sent (that is `squall-http`).
#![deny(missing_docs)]

mod artifact;
mod async_abi;
mod cache;
mod calls;
mod compiler;
mod contract;
mod data_end;
mod data_handles;
mod engine;
mod error;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
#[cfg(test)]
mod generated;
mod guest;
mod handles;
mod host;
mod identity;
mod linked;
mod log;
mod memory;
mod metadata;
mod progress;
mod requirements;
mod schemas;
mod secrets;
mod sockets;
mod state;
mod streams;
mod tally;
mod time_limit;
mod trap;
mod user;
mod websockets;
mod worker;

pub use artifact::{Artifact, Import};
pub use cache::{CODE_CACHE_LIMIT, CodeCache};
pub use compiler::compile_if_called;
pub use contract::{CONTRACT_VERSION, Incompatible};
pub use data_end::DataEnd;
pub use engine::Capacity;
pub use error::GuestError;
pub use guest::{Description, Flow, Guest};
pub use identity::Identity;
pub use log::{Level, LogLine, LogSink, RepeatedLines, UntoldLines};
pub use metadata::About;
pub use progress::{Goal, Progress, ScenarioFacts, Total};
pub use requirements::{Extent, Requirements};
pub use schemas::Schemas;
pub use secrets::Secrets;
pub use user::{Iteration, VirtualUser};
pub use worker::{Abort, RunContext, Timer, WorkerContext};
