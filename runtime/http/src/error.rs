//! Reasons for the absence of a response.

use std::io;

use squall_metrics::FailureClass;
use thiserror::Error;

use crate::account::OverLimit;

/// Why there is no response. The texts are whole sentences that name the host or the URL.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Error {
    /// The time allowed for the request was over.
    #[error("the time allowed for the request was over")]
    Timeout,
    /// The name could not be looked up.
    #[error("{0}")]
    Dns(String),
    /// No connection: refused, unreachable, or not in time.
    #[error("{0}")]
    Connect(String),
    /// The TLS handshake failed.
    #[error("{0}")]
    Tls(String),
    /// The connection was closed or reset before the response was whole.
    #[error("{0}")]
    Reset(String),
    /// The answer is not HTTP, or breaks its rules.
    #[error("{0}")]
    Protocol(String),
    /// The response is larger than allowed, or does not fit into the virtual user's memory limit.
    #[error("{0}")]
    TooLarge(String),
    /// More redirects than allowed.
    #[error("{0}")]
    TooManyRedirects(String),
    /// The run's policy does not allow the target. Nothing was sent.
    #[error("{0}")]
    RefusedByPolicy(String),
    /// The request is invalid. Nothing was sent.
    #[error("{0}")]
    InvalidRequest(String),
    /// The guest gave the request up before there was an answer.
    #[error("{0}")]
    Abandoned(String),
    /// The request does not fit into the virtual user's memory limit. Nothing was sent.
    #[error("{0}")]
    NoRoom(String),
}

impl From<OverLimit> for Error {
    fn from(over: OverLimit) -> Error {
        Error::TooLarge(over.to_string())
    }
}

impl Error {
    /// The same, of a request of which nothing was sent: then it was the request that had no room.
    pub(crate) fn before_sending(self) -> Error {
        match self {
            Error::TooLarge(text) => Error::NoRoom(text),
            other => other,
        }
    }

    /// The class under which it is counted.
    pub fn class(&self) -> FailureClass {
        match self {
            Error::Timeout => FailureClass::Timeout,
            Error::Dns(_) => FailureClass::Dns,
            Error::Connect(_) => FailureClass::Connect,
            Error::Tls(_) => FailureClass::Tls,
            Error::Reset(_) => FailureClass::Reset,
            Error::Protocol(_) => FailureClass::Protocol,
            Error::TooLarge(_) => FailureClass::TooLarge,
            Error::TooManyRedirects(_) => FailureClass::TooManyRedirects,
            Error::RefusedByPolicy(_) => FailureClass::RefusedByPolicy,
            Error::InvalidRequest(_) => FailureClass::InvalidRequest,
            Error::Abandoned(_) => FailureClass::Abandoned,
            Error::NoRoom(_) => FailureClass::NoRoom,
        }
    }
}

/// An I/O error in words: "connection refused" instead of the system's "Connection refused (os error 111)".
pub(crate) fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrNotAvailable => "no local port or address is free".to_owned(),
        kind if error.raw_os_error().is_some() => match kind.to_string() {
            // An error without a kind of its own has only the system's text.
            vague if vague.contains("uncategorized") || vague == "other error" => error.to_string(),
            words => words,
        },
        _ => error.to_string(),
    }
}

/// A foreign text for an error, in one line and otherwise unchanged, so that the redactor finds secrets in it.
/// Backslashes are not doubled: they may be those of JSON's escapes.
pub(crate) fn in_one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() { line.extend(letter.escape_debug()) } else { line.push(letter) }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_system_reads_as_words() {
        assert_eq!(in_words(&io::Error::from_raw_os_error(111)), "connection refused");
        assert_eq!(in_words(&io::Error::from_raw_os_error(24)), "Too many open files (os error 24)");
        assert_eq!(in_words(&io::Error::other("a reason")), "a reason");
    }
}
