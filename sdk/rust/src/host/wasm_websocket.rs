//! WebSockets of the real host: the component's imports.

use super::{Blob, Response};
use crate::bindings::websocket::squall::scenario::websocket;
use crate::websocket::{Error, Kind};

pub(crate) use websocket::{ConnectOptions, Message};

#[derive(Debug)]
pub(crate) struct Connection(websocket::Connection);

impl Connection {
    pub(crate) fn start(url: &str, options: &ConnectOptions) -> Self {
        Connection(websocket::Connection::start(url, Some(options)))
    }

    pub(crate) fn opened(&self, nanoseconds: u64) -> Result<(), Error> {
        Ok(self.0.opened(nanoseconds)?)
    }

    pub(crate) fn response(&self) -> Option<Response> {
        self.0.response()
    }

    pub(crate) fn subprotocol(&self) -> String {
        self.0.subprotocol()
    }

    pub(crate) fn send_text(&self, text: &str) -> Result<u64, Error> {
        Ok(self.0.send_text(text)?)
    }

    pub(crate) fn send_bytes(&self, bytes: &[u8]) -> Result<u64, Error> {
        Ok(self.0.send_bytes(bytes)?)
    }

    pub(crate) fn send_from(&self, blob: &Blob) -> Result<u64, Error> {
        Ok(self.0.send_from(blob)?)
    }

    pub(crate) fn ping(&self) -> Result<(), Error> {
        Ok(self.0.ping()?)
    }

    pub(crate) fn buffered(&self) -> u64 {
        self.0.buffered()
    }

    pub(crate) fn receive(&self, nanoseconds: u64) -> Result<Option<Message>, Error> {
        Ok(self.0.receive(nanoseconds)?)
    }

    pub(crate) fn receive_any(&self, nanoseconds: u64) -> Result<Option<Message>, Error> {
        Ok(self.0.receive_any(nanoseconds)?)
    }

    pub(crate) fn receive_text(&self, nanoseconds: u64) -> Result<Option<String>, Error> {
        Ok(self.0.receive_text(nanoseconds)?)
    }

    pub(crate) fn close(&self, code: Option<u16>, reason: &str) -> Result<(), Error> {
        Ok(self.0.close(code, reason)?)
    }

    pub(crate) fn key(&self) -> u32 {
        self.0.key()
    }

    pub(crate) fn closed(&self) -> Option<(u16, String)> {
        self.0.closed()
    }
}

pub(crate) fn kind(message: &Message) -> Kind {
    match message.kind() {
        websocket::Kind::Text => Kind::Text,
        websocket::Kind::Binary => Kind::Binary,
        websocket::Kind::Ping => Kind::Ping,
        websocket::Kind::Pong => Kind::Pong,
        websocket::Kind::Close => Kind::Close,
    }
}

impl From<websocket::Error> for Error {
    fn from(error: websocket::Error) -> Self {
        match error {
            websocket::Error::Timeout => Error::Timeout,
            websocket::Error::Dns(detail) => Error::Dns(detail),
            websocket::Error::Connect(detail) => Error::Connect(detail),
            websocket::Error::Tls(detail) => Error::Tls(detail),
            websocket::Error::Handshake(detail) => Error::Handshake(detail),
            websocket::Error::Reset(detail) => Error::Reset(detail),
            websocket::Error::Protocol(detail) => Error::Protocol(detail),
            websocket::Error::TooLarge(detail) => Error::TooLarge(detail),
            websocket::Error::Closed(detail) => Error::Closed(detail),
            websocket::Error::RefusedByPolicy(detail) => Error::RefusedByPolicy(detail),
            websocket::Error::InvalidRequest(detail) => Error::InvalidRequest(detail),
            websocket::Error::Other(detail) => Error::Other(detail),
        }
    }
}
