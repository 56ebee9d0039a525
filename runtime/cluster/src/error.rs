//! Reasons why a run on agents does not begin, or an agent does not serve it.

use std::process::ExitStatus;
use std::time::Duration;

use squall_bus::BusError;
use thiserror::Error;

/// Why a run on agents does not begin, or an agent does not serve it. Each text says what to do.
#[derive(Debug, Error)]
pub enum ClusterError {
    /// Messages cannot be exchanged.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// Not all agents came.
    #[error(
        "{came} of {wanted} agents came within {}s, and {prepared} of them are prepared: start the others, look at what \
         those that came print, wait longer with --join-timeout, or ask for fewer with --agents", waited.as_secs()
    )]
    Missing {
        /// Agents that came.
        came: usize,
        /// Those that have compiled the components and read the data.
        prepared: usize,
        /// Agents that were asked for.
        wanted: usize,
        /// The time for which the coordinator waited.
        waited: Duration,
    },
    /// An agent could not prepare itself.
    #[error("{agent}: {reason}")]
    Agent {
        /// Its name.
        agent: String,
        /// The reason, with the remedy.
        reason: String,
    },
    /// The process of an agent ended before the load began.
    #[error("{agent}: {reason}")]
    Gone {
        /// Its name.
        agent: String,
        /// How it ended.
        reason: String,
        /// Its exit status, if it ended by itself.
        status: Option<ExitStatus>,
        /// Its last lines on standard error.
        said: String,
    },
    /// The coordinator refuses the agent.
    #[error("the coordinator refuses this agent: {0}")]
    Refused(String),
    /// No coordinator answers.
    #[error("no coordinator answers in this run: check --run, and that the coordinator has begun")]
    NoCoordinator,
    /// The coordinator of a load has fallen silent.
    #[error(
        "the load was ended, because no coordinator was heard for {}s: `squall cluster attach` reports what was measured",
        .0.as_secs()
    )]
    Abandoned(Duration),
    /// The run cannot be attached to.
    #[error("the run cannot be attached to: {0}")]
    NotAttachable(String),
    /// The run was stopped before it began.
    #[error("stopped before the agents were ready")]
    Stopped,
    /// The system does not give a thread, a runtime or a temporary folder.
    #[error("the system does not start the cluster's thread: {0}")]
    System(#[from] std::io::Error),
    /// What was received cannot be carried out.
    #[error("{0}")]
    Unusable(String),
}
