//! Bytes that the guest has handed over and that the socket has not taken.

use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use crate::account::{Booked, MemoryAccount, OverLimit};
use crate::transport::Transport;

/// Unsent bytes above which a guest has to wait.
const MOST_UNSENT: usize = 64 << 10;

#[derive(Debug)]
pub(super) struct Outbox {
    buffer: Vec<u8>,
    written: usize,
    /// Whether bytes lie in TLS, below the buffer.
    is_flushed: bool,
    booked: Booked,
}

impl Outbox {
    pub(super) fn new(account: &Rc<MemoryAccount>) -> Outbox {
        Outbox { buffer: Vec::new(), written: 0, is_flushed: true, booked: account.receipt() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.buffer.is_empty() && self.is_flushed
    }

    pub(super) fn has_room(&self) -> bool {
        self.buffer.len() - self.written <= MOST_UNSENT
    }

    /// Copies bytes that could not be written; none, if all lie in TLS.
    ///
    /// # Errors
    /// If there is no room on the account.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), OverLimit> {
        if self.written > MOST_UNSENT {
            self.buffer.drain(..self.written);
            self.written = 0;
        }
        self.is_flushed = false;
        self.booked.make_room(&mut self.buffer, bytes.len())?;
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    /// Writes as much as the socket takes.
    pub(super) fn poll_write(&mut self, transport: &mut Transport, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(transport.poll_write_all(context, &self.buffer, &mut self.written))?;
        self.clear();
        Poll::Ready(Ok(()))
    }

    /// Forgets what was not written.
    pub(super) fn clear(&mut self) {
        self.booked.remove(self.buffer.capacity());
        self.buffer = Vec::new();
        self.written = 0;
        self.is_flushed = true;
    }
}
