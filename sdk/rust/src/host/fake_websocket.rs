//! WebSockets of a native test: what its server answers is there at once, and there is no more of it than that.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use super::{Blob, NOT_READY, READY, Response};
use crate::testing::{SocketAnswer, SocketMessage, State, glob};
use crate::websocket::{Error, Kind};

/// Settings are the real host's business.
#[derive(Debug)]
pub(crate) struct ConnectOptions;

impl ConnectOptions {
    pub(crate) fn new() -> Self {
        ConnectOptions
    }

    pub(crate) fn set_name(&self, _name: &str) {}

    pub(crate) fn set_timeout(&self, _nanoseconds: u64) {}

    pub(crate) fn add_header(&self, _name: &str, _value: &str) {}

    pub(crate) fn set_subprotocols(&self, _names: &[&str]) {}

    pub(crate) fn set_compression(&self, _offer: bool) {}

    pub(crate) fn set_inbox(&self, _bytes: u64) {}
}

/// A connection to a server of the test, or to none.
pub(crate) struct Connection {
    url: String,
    answer: Option<SocketAnswer>,
    waiting: RefCell<VecDeque<SocketMessage>>,
    is_closed: Cell<bool>,
}

impl Connection {
    pub(crate) fn start(url: &str, _options: &ConnectOptions) -> Self {
        let rule = |state: &mut State| {
            let rule = state.sockets.iter().find(|rule| glob::matches_url(&rule.url, url));
            rule.map(|rule| Rc::clone(&rule.answer))
        };
        let answer = State::with(rule);
        Connection { url: url.to_owned(), answer, waiting: RefCell::default(), is_closed: Cell::new(false) }
    }

    pub(crate) fn opened(&self, _nanoseconds: u64) -> Result<(), Error> {
        match self.answer {
            Some(_) => Ok(()),
            None => Err(Error::Connect(format!("no WebSocket of this test is at {}", self.url))),
        }
    }

    pub(crate) fn response(&self) -> Option<Response> {
        None
    }

    pub(crate) fn subprotocol(&self) -> String {
        String::new()
    }

    fn send(&self, message: &SocketMessage) -> Result<u64, Error> {
        self.opened(0)?;
        if self.is_closed.get() {
            return Err(Error::Closed("the connection is closed, or closing".to_owned()));
        }
        if let Some(answer) = &self.answer {
            self.waiting.borrow_mut().extend(answer(message));
        }
        Ok(State::with(|state| state.clock))
    }

    pub(crate) fn send_text(&self, text: &str) -> Result<u64, Error> {
        self.send(&SocketMessage::Text(text.to_owned()))
    }

    pub(crate) fn send_bytes(&self, bytes: &[u8]) -> Result<u64, Error> {
        self.send(&SocketMessage::Binary(bytes.to_owned()))
    }

    pub(crate) fn send_from(&self, blob: &Blob) -> Result<u64, Error> {
        self.send_bytes(&blob.read(0, u32::MAX))
    }

    pub(crate) fn ping(&self) -> Result<(), Error> {
        self.opened(0)
    }

    pub(crate) fn buffered(&self) -> u64 {
        0
    }

    /// Where nothing can come any more, waiting ends at once.
    pub(crate) fn receive(&self, nanoseconds: u64) -> Result<Option<Message>, Error> {
        self.opened(0)?;
        match self.waiting.borrow_mut().pop_front() {
            Some(content) => Ok(Some(Message { content, at: State::with(|state| state.clock) })),
            None if self.is_closed.get() => Ok(None),
            None if nanoseconds == u64::MAX => Err(Error::Timeout),
            None => {
                State::with(|state| state.sleep(nanoseconds));
                Err(Error::Timeout)
            }
        }
    }

    pub(crate) fn receive_any(&self, nanoseconds: u64) -> Result<Option<Message>, Error> {
        self.receive(nanoseconds)
    }

    pub(crate) fn receive_text(&self, nanoseconds: u64) -> Result<Option<String>, Error> {
        Ok(self.receive(nanoseconds)?.map(|message| message.text()))
    }

    pub(crate) fn close(&self, _code: Option<u16>, _reason: &str) -> Result<(), Error> {
        self.is_closed.set(true);
        Ok(())
    }

    pub(crate) fn key(&self) -> u32 {
        let has_something = self.answer.is_none() || self.is_closed.get() || !self.waiting.borrow().is_empty();
        if has_something { READY } else { NOT_READY }
    }

    pub(crate) fn closed(&self) -> Option<(u16, String)> {
        self.is_closed.get().then(|| (1000, String::new()))
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Connection").field("url", &self.url).finish_non_exhaustive()
    }
}

#[derive(Debug)]
pub(crate) struct Message {
    content: SocketMessage,
    at: u64,
}

impl Message {
    pub(crate) fn size(&self) -> u64 {
        self.bytes().len() as u64
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        match &self.content {
            SocketMessage::Text(text) => text.clone().into_bytes(),
            SocketMessage::Binary(bytes) => bytes.clone(),
        }
    }

    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    pub(crate) fn code(&self) -> u16 {
        0
    }
}

pub(crate) fn kind(message: &Message) -> Kind {
    match message.content {
        SocketMessage::Text(_) => Kind::Text,
        SocketMessage::Binary(_) => Kind::Binary,
    }
}
