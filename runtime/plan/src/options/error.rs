//! What is wrong with a layer of options.

use thiserror::Error;

/// Options that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OptionsError {
    /// The text is not JSON, or a key or value in it is wrong.
    #[error("{message} (line {line}, column {column})")]
    Json {
        /// What is wrong, naming the key.
        message: String,
        /// Where, counted from 1.
        line: usize,
        /// Where in the line, counted from 1.
        column: usize,
    },
    /// An environment variable holds what its option cannot be.
    #[error("{variable}: {message}")]
    Variable {
        /// The name of the variable: `SQUALL_VUS`.
        variable: String,
        /// What is wrong with its value.
        message: String,
    },
}

impl OptionsError {
    pub(super) fn from_json(error: &serde_json::Error) -> OptionsError {
        let (line, column) = (error.line(), error.column());
        // serde_json puts the place behind the message; taken off, so that every error shows places alike.
        let mut message = error.to_string();
        let place = format!(" at line {line} column {column}");
        if message.ends_with(&place) {
            message.truncate(message.len() - place.len());
        }
        OptionsError::Json { message, line, column }
    }
}
