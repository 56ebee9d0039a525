//! Problems between Squall and a tracker. The kind decides what may follow, the sentence is for people.

use std::fmt::{self, Display};

/// What a failure means for what comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The token is refused: no other item will fare better. Surely nothing was done.
    TokenRefused,
    /// The request is refused, or never reached the tracker. Surely nothing was done.
    Refused,
    /// The item has changed since it was read. Surely nothing was done, and the item is to be read again.
    Changed,
    /// The answer was lost, is not whole, or reports a fault of the tracker: the request may have been carried out.
    Unclear,
}

/// A failed request: what happened, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackerError {
    /// What it means.
    pub kind: ErrorKind,
    /// The sentence. Texts of the server in it are plain.
    pub message: String,
}

impl TrackerError {
    /// The token is refused.
    pub fn token_refused(message: impl Into<String>) -> TrackerError {
        TrackerError { kind: ErrorKind::TokenRefused, message: message.into() }
    }

    /// Surely nothing was done.
    pub fn refused(message: impl Into<String>) -> TrackerError {
        TrackerError { kind: ErrorKind::Refused, message: message.into() }
    }

    /// The item has changed since it was read.
    pub fn changed(message: impl Into<String>) -> TrackerError {
        TrackerError { kind: ErrorKind::Changed, message: message.into() }
    }

    /// It may have been done.
    pub fn unclear(message: impl Into<String>) -> TrackerError {
        TrackerError { kind: ErrorKind::Unclear, message: message.into() }
    }
}

impl Display for TrackerError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for TrackerError {}
