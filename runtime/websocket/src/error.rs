//! The ways in which a peer can break the protocol.

use thiserror::Error;

use crate::close::CloseCode;
use crate::memory::NoRoom;

/// Why a connection failed (RFC 6455, section 7.1.7). The texts are parts of a sentence about the peer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Failure {
    /// The peer broke a rule.
    #[error("{0}")]
    Protocol(&'static str),
    /// The content of a message is not what its kind says.
    #[error("{0}")]
    Content(&'static str),
    /// A message is larger than the limit, in bytes.
    #[error("a message is larger than {0} bytes (limit)")]
    TooLarge(usize),
    /// There is no memory for a message.
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
}

impl Failure {
    /// The code that tells the peer (section 7.4.1).
    pub fn code(&self) -> CloseCode {
        match self {
            Failure::Protocol(_) => CloseCode::PROTOCOL_ERROR,
            Failure::Content(_) => CloseCode::INVALID_DATA,
            Failure::TooLarge(_) | Failure::NoRoom(_) => CloseCode::TOO_LARGE,
        }
    }
}
