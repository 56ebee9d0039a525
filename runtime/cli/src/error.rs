//! Everything that a user may be told instead of a result.

use std::io;
use std::path::Path;

use squall_control::ControlError;
use squall_guest::GuestError;
use squall_history::HistoryError;
use squall_registry::RegistryError;
use squall_session::Error;
use squall_toolchain::BuildError;

/// Why a command has no result.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// A test cannot be made or run.
    #[error(transparent)]
    Session(#[from] Error),
    /// A registry does not give or take a scenario.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A project cannot be made, or its source not built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// There is nothing of the name of a scenario.
    #[error("{0}: no such file or folder: {remedy}", remedy = remedy_of_missing(.0))]
    Missing(String),
    /// A tracker cannot be asked.
    #[error("{0}")]
    Tracker(String),
    /// A run on agents, or an agent, cannot go on.
    #[error("{0}")]
    Cluster(String),
    /// The demo's server could not be started.
    #[error("the demo shop does not start: {0}")]
    Demo(io::Error),
    /// A trial of the self-check cannot be made.
    #[error(transparent)]
    Selfcheck(#[from] squall_selfcheck::Error),
}

impl CliError {
    /// Options that contradict each other or make no sense; one sentence each.
    pub fn options(sentences: Vec<String>) -> CliError {
        Error::Options(sentences).into()
    }

    /// A component that cannot be had.
    pub fn guest(name: &str, source: GuestError) -> CliError {
        match source {
            GuestError::Read(error) if error.kind() == io::ErrorKind::NotFound => CliError::Missing(name.to_owned()),
            source => Error::Guest { name: name.to_owned(), source }.into(),
        }
    }

    /// A tracker that cannot be asked.
    pub fn tracker(sentence: String) -> CliError {
        CliError::Tracker(sentence)
    }

    /// A file that an option names and that cannot be read or written.
    pub fn file(option: &'static str, path: &Path, source: io::Error) -> CliError {
        Error::File { option, path: path.to_owned(), source }.into()
    }
}

fn remedy_of_missing(name: &str) -> String {
    if name.ends_with(".wasm") {
        return format!(
            "`squall build SOURCE -o {name}` makes it of a source, `squall demo --save {name}` writes the demo's"
        );
    }
    format!("`squall new {name} --lang LANGUAGE` makes a project")
}

impl From<HistoryError> for CliError {
    fn from(error: HistoryError) -> CliError {
        Error::History(error).into()
    }
}

impl From<ControlError> for CliError {
    fn from(error: ControlError) -> CliError {
        Error::Control(error).into()
    }
}
