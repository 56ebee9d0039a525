//! The reasons why an output cannot be opened. Later problems are reported, and do not end the run.

use thiserror::Error;

/// An output that cannot be opened.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("--out {output}: {problem}")]
pub struct StreamError {
    /// The output, as the user named it, without passwords.
    pub output: String,
    /// The problem.
    pub problem: String,
}
