//! The reason why there is no connection, or no message.

use std::fmt;

/// The reason why there is no connection, or no message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// It did not come in time. The connection is as it was, unless it was the handshake's own limit that passed.
    Timeout,
    /// The name could not be looked up.
    Dns(String),
    /// No connection: refused, unreachable, or not in time.
    Connect(String),
    /// The TLS handshake failed.
    Tls(String),
    /// The server has answered, but not with consent.
    Handshake(String),
    /// The connection was lost without a closing handshake.
    Reset(String),
    /// What came breaks the protocol.
    Protocol(String),
    /// A message is larger than the host allows.
    TooLarge(String),
    /// Nothing can be sent: the connection is closed, or closing.
    Closed(String),
    /// The run's policy does not allow this target. Nothing was sent.
    RefusedByPolicy(String),
    /// The URL, a header, a subprotocol, a code or a reason is invalid. Nothing was sent.
    InvalidRequest(String),
    /// Anything else.
    Other(String),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (class, detail) = match self {
            Error::Timeout => return formatter.write_str("nothing came in time"),
            Error::Dns(detail) => ("name look-up failed", detail),
            Error::Connect(detail) => ("cannot connect", detail),
            Error::Tls(detail) => ("TLS failed", detail),
            Error::Handshake(detail) => ("no WebSocket", detail),
            Error::Reset(detail) => ("connection lost", detail),
            Error::Protocol(detail) => ("bad message", detail),
            Error::TooLarge(detail) => ("message too large", detail),
            Error::Closed(detail) => ("cannot send", detail),
            Error::RefusedByPolicy(detail) => ("refused by policy", detail),
            Error::InvalidRequest(detail) => ("invalid request", detail),
            Error::Other(detail) => return formatter.write_str(detail),
        };
        write!(formatter, "{class}: {detail}")
    }
}

impl std::error::Error for Error {}
