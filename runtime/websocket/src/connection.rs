//! A connection, seen from its client: messages, pings, and the closing handshake (RFC 6455, sections 5 to 7).
//!
//! Its user passes what it reads from the socket to [`Connection::next`], and writes [`Connection::output`]. All that a
//! peer can make large is bounded: messages, what they decompress to, and the answers to its pings.

mod incoming;
mod output;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::VecDeque;

use thiserror::Error;

use crate::close::CloseReason;
use crate::deflate::{Codec, Deflate};
use crate::error::Failure;
use crate::frame::{FrameHead, LONGEST_CONTROL, Opcode};
use crate::mask::Masks;
use crate::memory::{Memory, NoRoom};
use incoming::{Incoming, Received};
use output::{Mark, Output};

/// Pings whose answers are still matched.
const MOST_PINGS: usize = 64;
/// Bytes that wait to be sent before a ping is not answered at once. Then only the latest one is (section 5.5.3).
const MOST_BEFORE_REPLIES: usize = 16 * 1024;

/// What the client accepts.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The largest message, decompressed, in bytes.
    pub message: usize,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
}

/// Something that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A message, whole. Its buffer is the user's from now on, and so is its memory.
    Message(Message),
    /// A ping. It has been answered.
    Ping(Vec<u8>),
    /// A pong, and when the ping left that it answers, if it answers one of ours.
    Pong(Vec<u8>, Option<u64>),
    /// The peer closes; nothing comes after it. It has been answered, unless it is an answer itself.
    Close(Option<CloseReason>),
}

/// What has left with a write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Messages whose last bytes have left.
    pub messages: u64,
}

/// Nothing can be sent: the client has closed, or answered the peer's close.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotOpen {
    /// The closing handshake has begun.
    #[error("the connection is closed, or closing")]
    Closed,
    /// There is no memory.
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
}

/// One connection, after the opening handshake.
#[derive(Debug)]
pub struct Connection {
    incoming: Incoming,
    output: Output,
    masks: Masks,
    deflates: bool,
    has_sent_close: bool,
    has_received_close: bool,
    /// Our pings that were not answered, with the time at which they left.
    pings: VecDeque<(u64, Option<u64>)>,
    pinged: u64,
    /// A ping to be answered once there is room.
    late_ping: Option<Vec<u8>>,
}

impl Connection {
    /// A connection. `seed` is random: the masks come from it.
    pub fn new(limits: Limits, deflate: Option<Deflate>, seed: u64) -> Connection {
        Connection {
            incoming: Incoming::new(limits, deflate),
            output: Output::default(),
            masks: Masks::new(seed),
            deflates: deflate.is_some(),
            has_sent_close: false,
            has_received_close: false,
            pings: VecDeque::new(),
            pinged: 0,
            late_ping: None,
        }
    }

    /// Queues a text message.
    ///
    /// # Errors
    /// If the connection is closing, or if there is no memory.
    pub fn send_text(&mut self, text: &str, codec: &mut Codec, memory: &mut dyn Memory) -> Result<(), NotOpen> {
        self.send(Opcode::Text, text.as_bytes(), codec, memory)
    }

    /// Queues a binary message.
    ///
    /// # Errors
    /// As [`Connection::send_text`].
    pub fn send_binary(&mut self, bytes: &[u8], codec: &mut Codec, memory: &mut dyn Memory) -> Result<(), NotOpen> {
        self.send(Opcode::Binary, bytes, codec, memory)
    }

    fn send(
        &mut self,
        opcode: Opcode,
        payload: &[u8],
        codec: &mut Codec,
        memory: &mut dyn Memory,
    ) -> Result<(), NotOpen> {
        if self.has_sent_close {
            return Err(NotOpen::Closed);
        }
        if self.deflates {
            let compressed = codec.deflate(payload, memory)?;
            let queued = self.queue_message(opcode, true, &compressed, memory);
            memory.give_back(compressed);
            return Ok(queued?);
        }
        Ok(self.queue_message(opcode, false, payload, memory)?)
    }

    fn queue_message(
        &mut self,
        opcode: Opcode,
        compressed: bool,
        payload: &[u8],
        memory: &mut dyn Memory,
    ) -> Result<(), NoRoom> {
        let length = payload.len() as u64;
        self.output.make_room(payload.len(), memory)?;
        let head = FrameHead { fin: true, compressed, opcode, length };
        self.output.frame(&head, self.masks.next(), payload, Some(Mark::Message));
        Ok(())
    }

    /// Queues a ping, whose answer will be matched with it.
    ///
    /// # Errors
    /// If the connection is closing.
    pub fn ping(&mut self) -> Result<(), NotOpen> {
        if self.has_sent_close {
            return Err(NotOpen::Closed);
        }
        self.pinged += 1;
        if self.pings.len() >= MOST_PINGS {
            self.pings.pop_front();
        }
        self.pings.push_back((self.pinged, None));
        let payload = self.pinged.to_string();
        self.control(Opcode::Ping, payload.as_bytes(), Some(Mark::Ping(self.pinged)));
        Ok(())
    }

    /// Begins the closing handshake, unless it has begun. `None` is a close frame without a code.
    pub fn close(&mut self, reason: Option<&CloseReason>) {
        if self.has_sent_close {
            return;
        }
        let payload = reason.map(CloseReason::payload).unwrap_or_default();
        self.control(Opcode::Close, &payload, None);
        self.has_sent_close = true;
    }

    fn control(&mut self, opcode: Opcode, payload: &[u8], mark: Option<Mark>) {
        let payload = &payload[..payload.len().min(LONGEST_CONTROL)];
        let head = FrameHead { fin: true, compressed: false, opcode, length: payload.len() as u64 };
        self.output.frame(&head, self.masks.next(), payload, mark);
    }

    /// Takes the next thing out of `input`, which begins where the last call left off; none once it is used up. After a
    /// close, and after a failure, nothing is read any more.
    ///
    /// # Errors
    /// If the peer breaks the protocol, or if a message is too large. A close frame that says so is queued then.
    pub fn next(
        &mut self,
        input: &mut &[u8],
        codec: &mut Codec,
        memory: &mut dyn Memory,
    ) -> Result<Option<Event>, Failure> {
        if self.has_received_close {
            *input = &[];
            return Ok(None);
        }
        match self.incoming.next(input, codec, memory) {
            Ok(None) => Ok(None),
            Ok(Some(received)) => Ok(Some(self.take(received))),
            Err(failure) => {
                *input = &[];
                self.has_received_close = true;
                self.close(Some(&CloseReason { code: failure.code(), text: String::new() }));
                Err(failure)
            }
        }
    }

    fn take(&mut self, received: Received) -> Event {
        match received {
            Received::Message(message) => Event::Message(message),
            Received::Ping(payload) => {
                self.answer(&payload);
                Event::Ping(payload)
            }
            Received::Pong(payload) => {
                let left = self.answered(&payload);
                Event::Pong(payload, left)
            }
            Received::Close(reason) => {
                self.has_received_close = true;
                self.late_ping = None;
                // The answer repeats the code (section 5.5.1).
                let code = reason.as_ref().map(|reason| CloseReason { code: reason.code, text: String::new() });
                self.close(code.as_ref());
                Event::Close(reason)
            }
        }
    }

    fn answer(&mut self, ping: &[u8]) {
        if self.has_sent_close {
            return;
        }
        match self.output.unsent().len() < MOST_BEFORE_REPLIES {
            true => self.control(Opcode::Pong, ping, None),
            false => self.late_ping = Some(ping.to_vec()),
        }
    }

    /// Finds the ping that a pong answers. Those before it will not be answered.
    fn answered(&mut self, pong: &[u8]) -> Option<u64> {
        let number = std::str::from_utf8(pong).ok()?.parse::<u64>().ok()?;
        let place = self.pings.iter().position(|(ping, _)| *ping == number)?;
        self.pings.drain(..=place).next_back()?.1
    }

    /// The bytes to be written next.
    #[inline]
    pub fn output(&self) -> &[u8] {
        self.output.unsent()
    }

    /// The first `count` bytes of [`Connection::output`] have been written, at the time `at`.
    pub fn written(&mut self, count: usize, at: u64, memory: &mut dyn Memory) -> Left {
        self.output.advance(count, memory);
        let mut left = Left::default();
        while let Some(mark) = self.output.next_mark() {
            match mark {
                Mark::Message => left.messages += 1,
                Mark::Ping(number) => {
                    if let Some((_, time)) = self.pings.iter_mut().find(|(ping, _)| *ping == number) {
                        *time = Some(at);
                    }
                }
            }
        }
        if self.output.unsent().len() < MOST_BEFORE_REPLIES
            && let Some(ping) = self.late_ping.take()
            && !self.has_sent_close
        {
            self.control(Opcode::Pong, &ping, None);
        }
        left
    }

    /// Whether messages can be sent.
    pub fn is_open(&self) -> bool {
        !self.has_sent_close
    }

    /// Whether both sides have closed. What is left to write should still be written.
    pub fn is_over(&self) -> bool {
        self.has_sent_close && self.has_received_close
    }

    /// Bytes that the buffers of an unfinished message, and of what is to be sent, take: those that `memory` has granted.
    pub fn held(&self) -> usize {
        self.incoming.held() + self.output.held()
    }
}
