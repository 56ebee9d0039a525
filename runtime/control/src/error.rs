//! Why a run cannot be controlled or watched.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a run cannot be controlled or watched; each is a sentence for the user.
#[derive(Debug, Error)]
pub enum ControlError {
    /// An address or a token that was given will not do.
    #[error("{0}")]
    Setting(String),
    /// The token's file cannot be read.
    #[error("{option} {}: {source}", path.display())]
    TokenFile {
        /// The option that names it.
        option: &'static str,
        /// Path of the token file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The run does not answer, or refuses.
    #[error("{0}")]
    Answer(String),
}
