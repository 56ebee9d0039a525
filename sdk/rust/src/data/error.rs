//! The reason for missing data.

use std::fmt;

/// The reason for missing data. The text has the remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The user has not given it.
    NotGiven(String),
    /// There is no such column.
    UnknownColumn(String),
    /// No row is left.
    Exhausted(String),
    /// Anything else.
    Other(String),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NotGiven(text) | Error::UnknownColumn(text) | Error::Exhausted(text) | Error::Other(text) => {
                formatter.write_str(text)
            }
        }
    }
}

impl std::error::Error for Error {}
