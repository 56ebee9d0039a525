//! The body of a request, written by the guest while it is sent. A short queue: a guest that writes faster than the
//! server reads has to wait.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

use super::{BodySource, GivenUp};
use crate::account::{Booked, MemoryAccount, OverLimit};
use crate::waker::wake;

/// Unsent bytes above which a writer has to wait.
const MOST_UNSENT: usize = 64 << 10;
/// Memory of a piece besides its bytes.
const BESIDE: usize = 128;

/// The writer's end of a body.
#[derive(Debug)]
pub struct BodyQueue {
    account: Rc<MemoryAccount>,
    pieces: RefCell<VecDeque<(Bytes, Booked)>>,
    unsent: Cell<usize>,
    /// Bytes still to come, of a body whose length was announced.
    left: Cell<Option<u64>>,
    state: Cell<QueueState>,
    writer: RefCell<Option<Waker>>,
    sender: RefCell<Option<Waker>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum QueueState {
    Open,
    /// The writer has written all.
    Finished,
    /// The writer has gone without writing all.
    GivenUp,
    /// The exchange has ended.
    Closed,
}

/// The sender's end of it.
#[derive(Debug)]
pub struct QueuedBody(Rc<BodyQueue>);

impl BodyQueue {
    /// An empty queue, and its other end. `length` is what was announced.
    pub fn new(length: Option<u64>, account: &Rc<MemoryAccount>) -> (Rc<BodyQueue>, QueuedBody) {
        let queue = Rc::new(BodyQueue {
            account: Rc::clone(account),
            pieces: RefCell::default(),
            unsent: Cell::new(0),
            left: Cell::new(length),
            state: Cell::new(QueueState::Open),
            writer: RefCell::default(),
            sender: RefCell::default(),
        });
        (Rc::clone(&queue), QueuedBody(queue))
    }

    /// The bytes that must still be written, if a length was announced.
    pub fn left(&self) -> Option<u64> {
        self.left.get()
    }

    /// Whether pieces can still be written: not after the end of the body or of the exchange.
    pub fn is_open(&self) -> bool {
        self.state.get() == QueueState::Open
    }

    /// Ready when a piece can be written, or never again.
    pub fn poll_room(&self, context: &mut Context<'_>) -> Poll<()> {
        if self.unsent.get() <= MOST_UNSENT || !self.is_open() {
            return Poll::Ready(());
        }
        self.writer.replace(Some(context.waker().clone()));
        Poll::Pending
    }

    /// Copies a piece.
    ///
    /// # Errors
    /// If there is no room for the copy on the account.
    pub fn write(&self, piece: &[u8]) -> Result<(), OverLimit> {
        let booked = self.account.book(BESIDE + piece.len())?;
        self.push(Bytes::copy_from_slice(piece), booked);
        Ok(())
    }

    /// Takes a piece whose memory others hold, too.
    ///
    /// # Errors
    /// If there is no room on the account.
    pub fn write_shared(&self, piece: Bytes) -> Result<(), OverLimit> {
        let booked = self.account.book(BESIDE)?;
        self.push(piece, booked);
        Ok(())
    }

    fn push(&self, piece: Bytes, booked: Booked) {
        self.unsent.set(self.unsent.get() + piece.len());
        self.left.set(self.left.get().map(|left| left.saturating_sub(piece.len() as u64)));
        self.pieces.borrow_mut().push_back((piece, booked));
        wake(&self.sender);
    }

    /// All has been written.
    pub fn finish(&self) {
        self.leave(QueueState::Finished);
    }

    /// The rest will not be written.
    pub fn give_up(&self) {
        self.leave(QueueState::GivenUp);
    }

    fn leave(&self, state: QueueState) {
        if self.is_open() {
            self.state.set(state);
            wake(&self.sender);
        }
    }
}

impl BodySource for QueuedBody {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, GivenUp>>> {
        let queue = &*self.0;
        if let Some((piece, _booked)) = queue.pieces.borrow_mut().pop_front() {
            queue.unsent.set(queue.unsent.get() - piece.len());
            wake(&queue.writer);
            return Poll::Ready(Some(Ok(piece)));
        }
        match queue.state.get() {
            QueueState::Finished => Poll::Ready(None),
            QueueState::GivenUp | QueueState::Closed => Poll::Ready(Some(Err(GivenUp))),
            QueueState::Open => {
                queue.sender.replace(Some(context.waker().clone()));
                Poll::Pending
            }
        }
    }
}

impl Drop for QueuedBody {
    fn drop(&mut self) {
        self.0.leave(QueueState::Closed);
        self.0.pieces.borrow_mut().clear();
        wake(&self.0.writer);
    }
}
