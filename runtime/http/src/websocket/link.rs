//! An open connection: the socket, and the protocol's state on it. One reading of the clock for each read and write.

use std::io;
use std::task::{Context, Poll};

use squall_metrics::Nanos;
use squall_websocket::{CloseCode, CloseReason, Codec, Connection, Event, Failure, Memory, Message, NoRoom};

use super::inbox::{BESIDE, Content, TimedMessage};
use crate::account::{Booked, OverLimit};
use crate::network::Network;
use crate::transport::Transport;

/// The memory of a connection's buffers.
#[derive(Debug)]
pub(super) struct Granted {
    booked: Booked,
    /// What is booked.
    bytes: usize,
}

impl Granted {
    pub(super) fn new(booked: Booked) -> Granted {
        Granted { booked, bytes: 0 }
    }

    /// Moves the memory of a buffer into a receipt of its own.
    fn split_off(&mut self, bytes: usize) -> Booked {
        self.bytes = self.bytes.saturating_sub(bytes);
        self.booked.split_off(bytes)
    }

    /// Brings the account to what is held. Answers to pings are not asked for; they are few, so they are booked late.
    fn settle(&mut self, held: usize) {
        if held < self.bytes {
            self.booked.remove(self.bytes - held);
            self.bytes = held;
        } else if self.booked.add(held - self.bytes).is_ok() {
            self.bytes = held;
        }
    }
}

impl Memory for Granted {
    #[inline]
    fn make_room(&mut self, buffer: &mut Vec<u8>, more: usize) -> Result<(), NoRoom> {
        let before = buffer.capacity();
        self.booked.make_room(buffer, more).map_err(|over: OverLimit| NoRoom(over.to_string()))?;
        self.bytes += buffer.capacity() - before;
        Ok(())
    }

    fn give_back(&mut self, buffer: Vec<u8>) {
        let bytes = buffer.capacity().min(self.bytes);
        self.booked.remove(bytes);
        self.bytes -= bytes;
    }
}

/// A connection after its handshake.
#[derive(Debug)]
pub(super) struct Link {
    transport: Transport,
    pub(super) connection: Connection,
    memory: Granted,
    /// Whether TLS has taken bytes that have not left it.
    needs_flush: bool,
}

/// What one write, or one read, has brought about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Written {
    pub messages: u64,
    pub at: Nanos,
}

/// Why nothing more comes.
#[derive(Debug)]
pub(super) enum Ending {
    /// The peer has closed the socket.
    Closed,
    /// Reading or writing failed.
    Broken(io::Error),
    /// The peer has broken a rule.
    Failed(Failure),
}

impl Link {
    pub(super) fn new(transport: Transport, connection: Connection, memory: Granted) -> Link {
        Link { transport, connection, memory, needs_flush: false }
    }

    /// Writes what is queued, as far as there is room.
    #[inline]
    pub(super) fn write(&mut self, network: &Network, context: &mut Context<'_>) -> Result<Option<Written>, Ending> {
        let unsent = self.connection.output();
        if unsent.is_empty() && !self.needs_flush {
            return Ok(None);
        }
        let mut count = 0;
        let outcome = self.transport.poll_write_all(context, unsent, &mut count);
        self.needs_flush = outcome.is_pending();
        if let Poll::Ready(Err(error)) = outcome {
            return Err(Ending::Broken(error));
        }
        if count == 0 {
            return Ok(None);
        }
        let at = network.clock.now();
        let left = self.connection.written(count, at.0, &mut self.memory);
        self.memory.settle(self.connection.held());
        Ok(Some(Written { messages: left.messages, at }))
    }

    /// Reads what has come, and hands out what is whole: `take` gets each event with its content.
    #[inline]
    pub(super) fn poll_read(
        &mut self,
        network: &Network,
        context: &mut Context<'_>,
        take: impl FnMut(TimedMessage, Option<u64>),
    ) -> Poll<Result<Nanos, Ending>> {
        let mut scratch = network.scratch.borrow_mut();
        let read = std::task::ready!(self.transport.poll_read(context, &mut scratch));
        let at = network.clock.now();
        Poll::Ready(match read {
            Ok(count) if count > 0 => {
                let mut codec = network.websockets.codec.borrow_mut();
                self.take(&scratch[..count], at, &mut codec, take).map(|()| at).map_err(Ending::Failed)
            }
            Ok(_) => Err(Ending::Closed),
            // Many servers end TLS without a close_notify.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(Ending::Closed),
            Err(error) => Err(Ending::Broken(error)),
        })
    }

    /// Takes bytes that came.
    pub(super) fn take(
        &mut self,
        mut bytes: &[u8],
        at: Nanos,
        codec: &mut Codec,
        mut take: impl FnMut(TimedMessage, Option<u64>),
    ) -> Result<(), Failure> {
        while let Some(event) = self.connection.next(&mut bytes, codec, &mut self.memory)? {
            let (content, capacity, pinged) = match event {
                Event::Message(Message::Text(text)) => {
                    let capacity = text.capacity();
                    (Content::Text(text), capacity, None)
                }
                Event::Message(Message::Binary(bytes)) => {
                    let capacity = bytes.capacity();
                    (Content::Binary(bytes), capacity, None)
                }
                Event::Ping(payload) => (Content::Ping(payload), 0, None),
                Event::Pong(payload, pinged) => (Content::Pong(payload), 0, pinged),
                Event::Close(Some(reason)) => (Content::Close(reason.code.get(), reason.text), 0, None),
                Event::Close(None) => (Content::Close(CloseCode::NONE, String::new()), 0, None),
            };
            let mut booked = self.memory.split_off(capacity);
            let beside = if content.is_data() { BESIDE } else { BESIDE + content.len() };
            if let Err(over) = booked.add(beside) {
                let failure = Failure::NoRoom(NoRoom(over.to_string()));
                self.connection.close(Some(&CloseReason { code: failure.code(), text: String::new() }));
                return Err(failure);
            }
            take(TimedMessage { content, at, _booked: booked }, pinged);
        }
        self.memory.settle(self.connection.held());
        Ok(())
    }

    /// Queues a message with `send`, which gets the connection and its memory.
    pub(super) fn queue<T>(&mut self, send: impl FnOnce(&mut Connection, &mut Granted) -> T) -> T {
        let outcome = send(&mut self.connection, &mut self.memory);
        self.memory.settle(self.connection.held());
        outcome
    }

    /// Bytes sent and received, below TLS, since this was last asked.
    #[inline]
    pub(super) fn take_traffic(&self) -> (u64, u64) {
        self.transport.take_traffic()
    }
}
