//! Everything that a user may be told instead of a result, each with its exit code.

use std::io;
use std::path::PathBuf;

use squall_control::ControlError;
use squall_data::LoadError;
use squall_guest::GuestError;
use squall_history::HistoryError;
use squall_load::{PreflightError, RunError};
use squall_registry::RegistryError;
use squall_stream::StreamError;
use squall_toolchain::BuildError;
use thiserror::Error;

use crate::exit;

/// Why there is no run, or no result of it.
#[derive(Debug, Error)]
pub enum CliError {
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
    /// A registry does not give or take a scenario.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The system does not allow so many virtual users.
    #[error(transparent)]
    Preflight(#[from] PreflightError),
    /// The run could not begin.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The demo's server could not be started.
    #[error("the demo shop does not start: {0}")]
    Demo(io::Error),
    /// A project cannot be made, or its source not built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The known server could not be started, or reached.
    #[error("the server to check against does not work: {0}")]
    SelfcheckServer(io::Error),
    /// A run cannot be controlled or watched.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// Kept runs cannot be found, read or written.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The summary could not be written.
    #[error("cannot write the summary: {0}")]
    Output(io::Error),
}

impl CliError {
    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            CliError::Guest { source: GuestError::Read(_) | GuestError::Capacity { .. }, .. } => exit::WRONG_PLAN,
            CliError::Guest { .. } | CliError::SuggestedPlan { .. } => exit::GUEST_FAILED,
            CliError::Control(ControlError::Answer(_)) => exit::OUTPUT_FAILED,
            CliError::Options(_)
            | CliError::Build(_)
            | CliError::File { .. }
            | CliError::Data(_)
            | CliError::Stream(_)
            | CliError::Registry(_)
            | CliError::History(_)
            | CliError::Preflight(_)
            | CliError::Control(_)
            | CliError::Run(_) => exit::WRONG_PLAN,
            CliError::Demo(_) | CliError::SelfcheckServer(_) | CliError::Output(_) => exit::OUTPUT_FAILED,
        }
    }
}
