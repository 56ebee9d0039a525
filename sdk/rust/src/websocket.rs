//! WebSockets, carried and measured by the host.
//!
//! ```
//! use squall::prelude::*;
//! use squall::websocket;
//!
//! fn chat() -> Outcome {
//!     let mut socket = websocket::connect("/chat").name("chat").open()?;
//!     socket.send("hello")?;
//!     if let Some(answer) = socket.receive_within(5)? {
//!         check!(answer.text() == "hello", "the server repeats what was said");
//!     }
//!     socket.close(1000, "")?;
//!     while socket.receive()?.is_some() {}
//!     Ok(())
//! }
//! # let mut host = squall::testing::Host::new().websocket("/chat", |sent| vec![sent.clone()]);
//! # assert!(host.run(chat).expect_ok().passed("the server repeats what was said"));
//! ```
//!
//! The host answers pings, and takes all times at the socket (`ws_response`, `ws_msg_gap`, `ws_ping`).

mod error;

pub use error::Error;

use std::borrow::Cow;
use std::time::Duration;

use crate::data::Blob;
use crate::host::websocket as host;
use crate::http::Response;
use crate::timing::{Seconds, nanoseconds};

/// Forever, in the contract's terms.
const FOREVER: u64 = u64::MAX;

/// A connection to a URL that begins with `ws://` or `wss://`, or to a path below the run's `--target`, to be opened.
pub fn connect<'a>(url: impl Into<Cow<'a, str>>) -> Connect<'a> {
    Connect { url: url.into(), options: host::ConnectOptions::new(), subprotocols: Vec::new() }
}

/// A connection to be opened, with its settings.
#[derive(Debug)]
#[must_use = "a connection that is not opened does nothing"]
pub struct Connect<'a> {
    url: Cow<'a, str>,
    options: host::ConnectOptions,
    subprotocols: Vec<String>,
}

impl Connect<'_> {
    /// Sets the name under which the connection is counted, instead of its URL.
    pub fn name(self, name: &str) -> Self {
        self.options.set_name(name);
        self
    }

    /// Sets how long the handshake may take. The default is the plan's limit for requests, or 60 s.
    pub fn timeout(self, time: impl Seconds) -> Self {
        self.options.set_timeout(nanoseconds(time.duration()));
        self
    }

    /// Adds a header field to the handshake.
    pub fn header(self, name: &str, value: &str) -> Self {
        self.options.add_header(name, value);
        self
    }

    /// Offers a subprotocol, after those that were offered before.
    pub fn subprotocol(mut self, name: impl Into<String>) -> Self {
        self.subprotocols.push(name.into());
        self
    }

    /// Offers to compress messages (`permessage-deflate`).
    pub fn compression(self) -> Self {
        self.options.set_compression(true);
        self
    }

    /// Sets how many bytes of messages may wait to be received before the host stops reading. The default is 1 MiB.
    pub fn inbox(self, bytes: u64) -> Self {
        self.options.set_inbox(bytes);
        self
    }

    /// Connects, and waits for the handshake.
    ///
    /// # Errors
    ///
    /// When there is no connection. A server that answers otherwise than with consent is [`Error::Handshake`]; what it
    /// answered is in the response of [`start`](Connect::start).
    pub fn open(self) -> Result<WebSocket, Error> {
        let socket = self.start();
        socket.0.opened(FOREVER)?;
        Ok(socket)
    }

    /// Connects without waiting: for several connections at once. Whatever is wrong is an error of
    /// [`opened`](WebSocket::opened).
    #[must_use]
    pub fn start(self) -> WebSocket {
        if !self.subprotocols.is_empty() {
            let names: Vec<&str> = self.subprotocols.iter().map(String::as_str).collect();
            self.options.set_subprotocols(&names);
        }
        WebSocket(host::Connection::start(&self.url, &self.options))
    }
}

/// A connection. Dropped while it is open, it is closed with 1001 (going away).
#[derive(Debug)]
pub struct WebSocket(host::Connection);

impl WebSocket {
    /// Waits for the handshake, for at most that long.
    ///
    /// # Errors
    ///
    /// When there is no connection, or no answer yet.
    pub fn opened(&mut self, time: impl Seconds) -> Result<(), Error> {
        self.0.opened(nanoseconds(time.duration()))
    }

    /// The server's answer to the handshake, whatever its status; `None` if there was none.
    #[must_use]
    pub fn response(&self) -> Option<Response> {
        self.0.response().map(Response::new)
    }

    /// The subprotocol that the server has chosen; empty if it has chosen none.
    #[must_use]
    pub fn subprotocol(&self) -> String {
        self.0.subprotocol()
    }

    /// Sends a text message. Waits while more than 1 MiB are unsent. Returns the time at which it was handed over, since the
    /// run began.
    ///
    /// # Errors
    ///
    /// When the connection is closed, or closing.
    pub fn send(&mut self, text: impl AsRef<str>) -> Result<Duration, Error> {
        self.0.send_text(text.as_ref()).map(Duration::from_nanos)
    }

    /// Sends a binary message.
    ///
    /// # Errors
    ///
    /// As [`send`](WebSocket::send).
    pub fn send_bytes(&mut self, bytes: impl AsRef<[u8]>) -> Result<Duration, Error> {
        self.0.send_bytes(bytes.as_ref()).map(Duration::from_nanos)
    }

    /// Sends a file that the host holds, as a binary message.
    ///
    /// # Errors
    ///
    /// As [`send`](WebSocket::send), or when the file was not given.
    pub fn send_from(&mut self, blob: &Blob) -> Result<Duration, Error> {
        let blob = blob.host().map_err(|error| Error::InvalidRequest(error.to_string()))?;
        self.0.send_from(blob).map(Duration::from_nanos)
    }

    /// Sends a ping. The host records the time until its pong.
    ///
    /// # Errors
    ///
    /// When the connection is not open.
    pub fn ping(&mut self) -> Result<(), Error> {
        self.0.ping()
    }

    /// Bytes that were handed over and have not been written to the socket.
    #[must_use]
    pub fn buffered(&self) -> u64 {
        self.0.buffered()
    }

    /// The next text or binary message, when it has come; `None` once the connection is closed.
    ///
    /// # Errors
    ///
    /// When the connection breaks.
    pub fn receive(&mut self) -> Result<Option<Message>, Error> {
        Ok(self.0.receive(FOREVER)?.map(Message))
    }

    /// The same, for at most that long. After [`Error::Timeout`] nothing is lost: ask again. With 0 it only looks.
    ///
    /// # Errors
    ///
    /// When the connection breaks, or nothing has come.
    pub fn receive_within(&mut self, time: impl Seconds) -> Result<Option<Message>, Error> {
        Ok(self.0.receive(nanoseconds(time.duration()))?.map(Message))
    }

    /// As [`receive_within`](WebSocket::receive_within), but pings, pongs and the server's close are handed out, too, from the
    /// first call on.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn receive_any_within(&mut self, time: impl Seconds) -> Result<Option<Message>, Error> {
        Ok(self.0.receive_any(nanoseconds(time.duration()))?.map(Message))
    }

    /// The text of the next message, when it has come: cheaper than [`receive`](WebSocket::receive) for who wants no more.
    ///
    /// # Errors
    ///
    /// When the connection breaks.
    pub fn receive_text(&mut self) -> Result<Option<String>, Error> {
        self.0.receive_text(FOREVER)
    }

    /// The messages up to the end of the connection.
    pub fn messages(&mut self) -> impl Iterator<Item = Result<Message, Error>> {
        std::iter::from_fn(|| self.receive().transpose())
    }

    /// Begins the closing handshake with a code and a reason. What the server sends until its own close can be received.
    ///
    /// # Errors
    ///
    /// When the code may not be sent, or when the reason is longer than 123 bytes.
    pub fn close(&mut self, code: u16, reason: &str) -> Result<(), Error> {
        self.0.close(Some(code), reason)
    }

    pub(crate) fn ready_key(&self) -> u32 {
        self.0.key()
    }

    /// The server's code and reason, once it has closed: 1005 for a close without a code, 1006 for an end without a close.
    #[must_use]
    pub fn closed(&self) -> Option<(u16, String)> {
        self.0.closed()
    }
}

/// The kinds of what can come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text message.
    Text,
    /// A binary message.
    Binary,
    /// A ping, which the host has answered.
    Ping,
    /// A pong.
    Pong,
    /// The server's close.
    Close,
}

/// Something that has come. The host holds it until this is dropped; each method copies its own value.
#[derive(Debug)]
pub struct Message(host::Message);

impl Message {
    /// What it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        host::kind(&self.0)
    }

    /// The length of its content, in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.0.size()
    }

    /// Its content as text; bytes that are not UTF-8 are replaced. Of a close: the reason.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.text()
    }

    /// Its content.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.0.bytes()
    }

    /// The time of the read that completed it, since the run began.
    #[must_use]
    pub fn at(&self) -> Duration {
        Duration::from_nanos(self.0.at())
    }

    /// Of a close: its code, or 1005 if it has none. Otherwise 0.
    #[must_use]
    pub fn code(&self) -> u16 {
        self.0.code()
    }
}
