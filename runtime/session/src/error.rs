//! Why there is no run, or no result of it.

use std::io;
use std::path::PathBuf;

use squall_cluster::ClusterError;
use squall_control::ControlError;
use squall_data::LoadError;
use squall_guest::GuestError;
use squall_history::HistoryError;
use squall_load::{PreflightError, RunError};
use squall_outputs::StreamError;

/// Why there is no run, or no result of it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A component cannot be had.
    #[error("{name}: {source}")]
    Guest {
        /// The file, as the user named it.
        name: String,
        /// Why not.
        source: GuestError,
    },
    /// Options contradict each other or make no sense; one sentence each.
    #[error("{}", .0.join("\nerror: "))]
    Options(Vec<String>),
    /// What the component suggests as a plan is wrong.
    #[error("{name}: the plan that it suggests is wrong: {text}")]
    SuggestedPlan {
        /// The file.
        name: String,
        /// What is wrong with it.
        text: String,
    },
    /// A file that an option names cannot be read or written.
    #[error("{option} {}: {source}", path.display())]
    File {
        /// The option.
        option: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// What is measured cannot be passed on.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// Data cannot be loaded.
    #[error(transparent)]
    Data(#[from] LoadError),
    /// The system does not allow so many virtual users.
    #[error(transparent)]
    Preflight(#[from] PreflightError),
    /// The run could not begin.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A run cannot be controlled or watched.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// Kept runs cannot be found, read or written.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The agents of a run do not come, or cannot carry it.
    #[error("{source}{}", reason.as_ref().map_or_else(String::new, |reason| format!("\n  {reason}")))]
    Cluster {
        /// What went wrong.
        source: ClusterError,
        /// What the platform that was to start them says.
        reason: Option<String>,
    },
    /// Agents cannot be started.
    #[error("{0}")]
    Launch(String),
    /// Results could not be printed.
    #[error("cannot write the summary: {0}")]
    Output(io::Error),
}

impl Error {
    /// One wrong option.
    pub(crate) fn option(sentence: impl Into<String>) -> Error {
        Error::Options(vec![sentence.into()])
    }
}
