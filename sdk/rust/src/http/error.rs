//! The reason why there is no response.

use std::fmt;

/// The reason why there is no response. The request is still measured, and counted under its class.
///
/// A status code such as 404 or 500 is not an error: it is a response.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The time limit of the request passed.
    Timeout,
    /// The name could not be looked up.
    Dns(String),
    /// No connection: refused, unreachable, or not in time.
    Connect(String),
    /// The TLS handshake failed.
    Tls(String),
    /// The connection was closed or reset before the response was complete.
    Reset(String),
    /// The response is not HTTP/1.1, or breaks its rules.
    Protocol(String),
    /// The response is larger than the host allows.
    TooLarge(String),
    /// More redirects than allowed.
    TooManyRedirects(String),
    /// The run's policy does not allow this target. Nothing was sent.
    RefusedByPolicy(String),
    /// The request is invalid (bad URL, header or method). Nothing was sent.
    InvalidRequest(String),
    /// Anything else.
    Other(String),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (class, detail) = match self {
            Error::Timeout => return formatter.write_str("request timed out"),
            Error::Dns(detail) => ("name look-up failed", detail),
            Error::Connect(detail) => ("cannot connect", detail),
            Error::Tls(detail) => ("TLS failed", detail),
            Error::Reset(detail) => ("connection lost", detail),
            Error::Protocol(detail) => ("bad response", detail),
            Error::TooLarge(detail) => ("response too large", detail),
            Error::TooManyRedirects(detail) => ("too many redirects", detail),
            Error::RefusedByPolicy(detail) => ("refused by policy", detail),
            Error::InvalidRequest(detail) => ("invalid request", detail),
            Error::Other(detail) => return formatter.write_str(detail),
        };
        formatter.write_str(class)?;
        formatter.write_str(": ")?;
        formatter.write_str(detail)
    }
}

impl std::error::Error for Error {}
