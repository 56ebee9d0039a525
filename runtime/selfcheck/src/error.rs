//! Why a trial cannot be made.

use std::io;

use thiserror::Error;

/// Why a trial cannot be made.
#[derive(Debug, Error)]
pub enum Error {
    /// The known server could not be started, or reached.
    #[error("the server to check against does not work: {0}")]
    Server(io::Error),
    /// The run could not be made.
    #[error(transparent)]
    Session(#[from] squall_session::Error),
}
