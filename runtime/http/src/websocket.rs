//! WebSockets (RFC 6455), measured at the socket.
//!
//! The handshake is a request of HTTP/1.1: name, egress policy, proxies, TLS, cookies and phases are those of every
//! request. Then a task reads what comes, and answers pings and closes, whatever the guest does: the guest takes messages
//! from an inbox and hands others over, so how fast it is changes no number.
//!
//! Frames and messages are `squall-websocket`'s business.

mod inbox;
mod link;
mod open;
mod session;
mod socket;
mod taking;

use std::rc::Rc;
use std::time::Duration;

use squall_metrics::{FailureClass, NameId, TagSetId};
use thiserror::Error as ThisError;

use crate::cookies::CookieJar;
use crate::error::Error;

pub use inbox::{Content, TimedMessage};
pub use open::PreparedWebSocket;
pub(crate) use open::Shared;
pub use socket::WebSocket;

/// Settings of a WebSocket that differ from the run's.
#[derive(Clone, Debug, Default)]
pub struct WebSocketOptions {
    /// Name under which it is counted instead of its URL, registered in the recorder.
    pub name: Option<NameId>,
    /// Tags under which it is counted, instead of the client's.
    pub tags: Option<TagSetId>,
    /// Limit for the handshake, from the name's lookup to the answer.
    pub timeout: Option<Duration>,
    /// The subprotocols that are offered, the preferred one first.
    pub subprotocols: Vec<String>,
    /// Whether compression is offered (`permessage-deflate`).
    pub compression: bool,
    /// Bytes of messages that wait for the guest before nothing more is read. By default 1 MiB.
    pub inbox: Option<usize>,
    /// The jar to send cookies from and to keep them in, instead of the client's own.
    pub cookie_jar: Option<Rc<CookieJar>>,
}

/// Why there is no connection, or no message. The texts are whole sentences.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
pub enum WebSocketError {
    /// As for a request.
    #[error(transparent)]
    Failed(#[from] Error),
    /// The server has answered, but it is no consent.
    #[error("{0}")]
    Handshake(String),
    /// Nothing can be sent any more: the closing handshake has begun, or the connection has ended.
    #[error("{0}")]
    Closed(String),
}

impl WebSocketError {
    /// The class under which it is counted.
    pub fn class(&self) -> FailureClass {
        match self {
            WebSocketError::Failed(error) => error.class(),
            WebSocketError::Handshake(_) => FailureClass::Protocol,
            WebSocketError::Closed(_) => FailureClass::Reset,
        }
    }
}
