//! WebSockets of a test's host.

use std::fmt;
use std::rc::Rc;

/// A message of a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketMessage {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
}

/// What a server sends in answer to a message.
pub(crate) type SocketAnswer = Rc<dyn Fn(&SocketMessage) -> Vec<SocketMessage>>;

/// A server of WebSockets, at URLs that fit.
#[derive(Clone)]
pub(crate) struct SocketRule {
    pub(crate) url: String,
    pub(crate) answer: SocketAnswer,
}

impl fmt::Debug for SocketRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SocketRule").field("url", &self.url).finish_non_exhaustive()
    }
}
