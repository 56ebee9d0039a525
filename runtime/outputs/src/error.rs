//! Why an output cannot be opened. What goes wrong later is told, and ends nothing.

use thiserror::Error;

/// Why an output cannot be opened.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("--out {output}: {problem}")]
pub struct StreamError {
    /// The output, as the user named it, without passwords.
    pub output: String,
    /// What is wrong with it.
    pub problem: String,
}
