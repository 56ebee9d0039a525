//! What has come and was not taken.

use std::borrow::Cow;
use std::collections::VecDeque;

use squall_metrics::Nanos;

use crate::account::Booked;

/// Bytes of messages that wait for the guest before nothing more is read, unless it wants another limit.
pub(super) const USUAL: usize = 1 << 20;
/// Memory of a message beside its content, in bytes.
pub(super) const BESIDE: usize = size_of::<TimedMessage>();

/// Something that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// A ping, which has been answered.
    Ping(Vec<u8>),
    /// A pong.
    Pong(Vec<u8>),
    /// The server's close: its code, or 1005 if it has none, and its reason.
    Close(u16, String),
}

impl Content {
    /// Whether it is a message, and not part of the protocol.
    pub fn is_data(&self) -> bool {
        matches!(self, Content::Text(_) | Content::Binary(_))
    }

    /// Its length in bytes; of a close, that of its reason.
    pub fn len(&self) -> usize {
        self.bytes().len()
    }

    /// Whether it is text: a text message, or a close.
    pub fn is_text(&self) -> bool {
        matches!(self, Content::Text(_) | Content::Close(..))
    }

    /// Its bytes; of a close, those of its reason.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Content::Text(text) | Content::Close(_, text) => text.as_bytes(),
            Content::Binary(bytes) | Content::Ping(bytes) | Content::Pong(bytes) => bytes,
        }
    }

    /// Its bytes as text. Those that are not UTF-8 are replaced.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Content::Text(text) | Content::Close(_, text) => text.into(),
            Content::Binary(bytes) | Content::Ping(bytes) | Content::Pong(bytes) => String::from_utf8_lossy(bytes),
        }
    }

    /// The same, without a copy if it is text.
    pub fn into_text(self) -> String {
        match self {
            Content::Text(text) | Content::Close(_, text) => text,
            other => other.text().into_owned(),
        }
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Something that came, and when.
#[derive(Debug)]
pub struct TimedMessage {
    /// What it is.
    pub content: Content,
    /// The time of the read that completed it.
    pub at: Nanos,
    pub(super) _booked: Booked,
}

/// Messages in the order in which they came.
#[derive(Debug)]
pub(super) struct Inbox {
    waiting: VecDeque<TimedMessage>,
    /// Their bytes.
    held: usize,
    limit: usize,
    /// Whether the limit was reached, and half of it is not free again.
    is_full: bool,
    /// Whether the guest takes pings, pongs and closes.
    takes_control: bool,
}

/// The state of an inbox before something more is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    Free,
    /// It has just become full.
    Filled,
    Full,
}

impl Inbox {
    pub(super) fn new(limit: usize) -> Inbox {
        Inbox { waiting: VecDeque::new(), held: 0, limit: limit.max(1), is_full: false, takes_control: false }
    }

    pub(super) fn push(&mut self, message: TimedMessage) {
        if message.content.is_data() || self.takes_control {
            self.held += BESIDE + message.content.len();
            self.waiting.push_back(message);
        }
    }

    /// The next message. `any`: pings, pongs and the close, too. They are kept from the first such call on: a guest that
    /// does not want them would never take them.
    pub(super) fn pop(&mut self, any: bool) -> Option<TimedMessage> {
        self.takes_control |= any;
        loop {
            let message = self.waiting.pop_front()?;
            self.held -= BESIDE + message.content.len();
            if any || message.content.is_data() {
                if self.waiting.is_empty() && self.waiting.capacity() > 16 {
                    self.waiting = VecDeque::new();
                }
                return Some(message);
            }
        }
    }

    /// Whether there is something to take.
    pub(super) fn has_next(&self) -> bool {
        !self.waiting.is_empty()
    }

    pub(super) fn room(&mut self) -> Room {
        match (self.is_full, self.held >= self.limit) {
            (false, false) => Room::Free,
            (true, _) => Room::Full,
            (false, true) => {
                self.is_full = true;
                Room::Filled
            }
        }
    }

    /// Whether reading can go on, after it could not: half of the limit is free again.
    pub(super) fn has_emptied(&mut self) -> bool {
        self.is_full && self.held <= self.limit / 2 && std::mem::replace(&mut self.is_full, false)
    }

    pub(super) fn clear(&mut self) {
        self.waiting = VecDeque::new();
        self.held = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{MemoryAccount, MemoryLimits};

    fn message(content: Content) -> TimedMessage {
        let account = MemoryAccount::new(&MemoryLimits::default());
        TimedMessage { content, at: Nanos(1), _booked: account.receipt() }
    }

    fn text(text: &str) -> TimedMessage {
        message(Content::Text(text.to_owned()))
    }

    #[test]
    fn a_full_inbox_is_full_until_half_of_it_is_free() {
        let mut inbox = Inbox::new(4 * (BESIDE + 1));
        for _ in 0..4 {
            assert_eq!(inbox.room(), Room::Free);
            inbox.push(text("a"));
        }
        assert_eq!((inbox.room(), inbox.room()), (Room::Filled, Room::Full));
        inbox.pop(false).unwrap();
        assert_eq!((inbox.has_emptied(), inbox.room()), (false, Room::Full));
        inbox.pop(false).unwrap();
        assert_eq!((inbox.has_emptied(), inbox.has_emptied(), inbox.room()), (true, false, Room::Free));
    }

    #[test]
    fn pings_are_kept_for_those_who_take_them() {
        let mut inbox = Inbox::new(1);
        inbox.push(message(Content::Ping(vec![1])));
        assert_eq!((inbox.held, inbox.has_next()), (0, false));
        assert!(inbox.pop(true).is_none());
        inbox.push(message(Content::Ping(vec![2])));
        inbox.push(text("a"));
        assert_eq!(inbox.pop(true).unwrap().content, Content::Ping(vec![2]));
        inbox.push(message(Content::Close(1005, String::new())));
        assert_eq!(inbox.pop(false).unwrap().content, Content::Text("a".to_owned()));
        assert!(inbox.pop(false).is_none());
        assert_eq!(inbox.held, 0);
    }
}
