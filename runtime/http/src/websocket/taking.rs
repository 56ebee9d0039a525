//! What the guest does with a WebSocket: it takes what has come, and hands over what is to be sent, which is written at once
//! where the socket has room.

use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use squall_metrics::Nanos;
use squall_websocket::{CloseCode, CloseReason, NotOpen};

use super::WebSocketError;
use super::inbox::TimedMessage;
use super::open::Opened;
use super::socket::{Phase, State, WebSocket};
use crate::error::Error;
use crate::readiness::Readiness;
use crate::response::Response;
use crate::waker::wake;

/// Bytes that wait to be written before the guest has to wait, too.
const MOST_UNSENT: usize = 1 << 20;

impl WebSocket {
    /// Waits for the handshake.
    pub fn poll_opened(&self, context: &mut Context<'_>) -> Poll<Result<(), WebSocketError>> {
        let state = self.state.borrow();
        let outcome = match &state.phase {
            Phase::Connecting => return self.wait(context),
            Phase::Ended(Err(error), _) if !self.has_opened.get() => Err(error.clone()),
            Phase::Open(_) | Phase::Ended(..) => Ok(()),
        };
        if !self.is_opening_known.replace(true) {
            self.mark.taken(self.is_ready(&state));
        }
        Poll::Ready(outcome)
    }

    /// Its key for [`Readiness`], in which it takes part from now on.
    pub fn key(&self, readiness: &Rc<Readiness>) -> u32 {
        self.mark.key(readiness, self.is_ready(&self.state.borrow()))
    }

    /// The server's answer to the handshake, if one has come.
    ///
    /// # Errors
    /// If there is no memory for a copy.
    pub fn response(&self) -> Result<Option<Box<Response>>, Error> {
        let state = self.state.borrow();
        state.answer.as_ref().map(|answer| answer.response(&self.network)).transpose()
    }

    /// The subprotocol that the server has chosen; empty if there is none.
    pub fn subprotocol(&self) -> String {
        self.state.borrow().subprotocol.to_string()
    }

    /// The next message; `None` at the end, if that was a close. `any`: pings, pongs and the close are handed out, too. Those
    /// are kept from the first such call on.
    pub fn poll_message(
        &self,
        any: bool,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<TimedMessage>, WebSocketError>> {
        let mut state = self.state.borrow_mut();
        let message = state.inbox.pop(any);
        self.mark.taken(self.is_ready(&state));
        if let Some(message) = message {
            if state.inbox.has_emptied() {
                wake(&self.task);
            }
            return Poll::Ready(Ok(Some(message)));
        }
        match &state.phase {
            Phase::Connecting | Phase::Open(_) => self.wait(context),
            Phase::Ended(outcome, _) => Poll::Ready(outcome.clone().map(|()| None)),
        }
    }

    /// Waits until a message can be sent: for the handshake, and while more than 1 MiB are unsent.
    pub fn poll_room(&self, context: &mut Context<'_>) -> Poll<Result<(), WebSocketError>> {
        match &self.state.borrow().phase {
            Phase::Connecting => self.wait(context),
            Phase::Open(opened) if opened.link.connection.output().len() > MOST_UNSENT => self.wait(context),
            Phase::Open(_) => Poll::Ready(Ok(())),
            Phase::Ended(Err(error), _) => Poll::Ready(Err(error.clone())),
            Phase::Ended(Ok(()), _) => Poll::Ready(Err(self.closed_error())),
        }
    }

    /// Sends a text message, and returns the time at which it was handed over. It does not wait for room.
    ///
    /// # Errors
    /// If the connection is not open, or if there is no memory.
    pub fn send_text(&self, text: &str) -> Result<Nanos, WebSocketError> {
        self.send(|opened| {
            let mut codec = self.network.websockets.codec.borrow_mut();
            opened.link.queue(|connection, memory| connection.send_text(text, &mut codec, memory))
        })
    }

    /// Sends a binary message, as [`WebSocket::send_text`].
    ///
    /// # Errors
    /// As there.
    pub fn send_binary(&self, bytes: &[u8]) -> Result<Nanos, WebSocketError> {
        self.send(|opened| {
            let mut codec = self.network.websockets.codec.borrow_mut();
            opened.link.queue(|connection, memory| connection.send_binary(bytes, &mut codec, memory))
        })
    }

    /// Sends a ping. The time until its pong is recorded.
    ///
    /// # Errors
    /// If the connection is not open.
    pub fn ping(&self) -> Result<(), WebSocketError> {
        self.send(|opened| opened.link.queue(|connection, _| connection.ping())).map(drop)
    }

    /// Begins the closing handshake, unless it has begun; without a reason, the close has no code. What comes until the
    /// server's close can still be taken.
    pub fn close(&self, reason: Option<&CloseReason>) {
        let mut state = self.state.borrow_mut();
        if let Phase::Open(opened) = &mut state.phase {
            opened.link.queue(|connection, _| connection.close(reason));
        }
        drop(state);
        wake(&self.task);
    }

    fn send(&self, queue: impl FnOnce(&mut Opened) -> Result<(), NotOpen>) -> Result<Nanos, WebSocketError> {
        let mut state = self.state.borrow_mut();
        let opened = match &mut state.phase {
            Phase::Open(opened) => opened,
            Phase::Connecting => return Err(WebSocketError::Closed(format!("{}: not open yet", self.url))),
            Phase::Ended(Err(error), _) => return Err(error.clone()),
            Phase::Ended(Ok(()), _) => return Err(self.closed_error()),
        };
        let was_idle = opened.link.connection.output().is_empty();
        queue(opened).map_err(|refused| match refused {
            NotOpen::Closed => self.closed_error(),
            NotOpen::NoRoom(over) => Error::NoRoom(over.to_string()).into(),
        })?;
        let now = self.network.clock.now();
        // At once, where nothing is before it. What does not leave now is the task's: it is its waker that waits for room.
        let task = self.task.borrow().clone();
        if was_idle
            && let Some(task) = task
            && let Err(ending) = self.write(&mut state, &mut Context::from_waker(&task))
        {
            self.end(&mut state, ending);
        }
        Ok(now)
    }

    fn closed_error(&self) -> WebSocketError {
        WebSocketError::Closed(format!("{}: the connection is closed, or closing", self.url))
    }

    /// Bytes that were handed over and have not been written.
    pub fn buffered(&self) -> usize {
        match &self.state.borrow().phase {
            Phase::Open(opened) => opened.link.connection.output().len(),
            Phase::Connecting | Phase::Ended(..) => 0,
        }
    }

    /// The server's code and reason, once it has closed: 1005 for a close without a code, 1006 for an end without a close.
    pub fn closed(&self) -> Option<(u16, String)> {
        self.state.borrow().closed.as_ref().map(|(code, reason)| (*code, reason.to_string()))
    }

    /// Whether messages can be sent.
    pub fn is_open(&self) -> bool {
        matches!(&self.state.borrow().phase, Phase::Open(opened) if opened.link.connection.is_open())
    }

    /// The guest wants no more of it. An open connection is closed with 1001 (going away), without waiting; one that is
    /// closing goes on to do so.
    pub fn let_go(&self) {
        self.is_gone.set(true);
        let mut state = self.state.borrow_mut();
        state.inbox.clear();
        self.mark.retire();
        if matches!(&state.phase, Phase::Open(opened) if opened.link.connection.is_open()) {
            self.leave(&mut state);
        }
        drop(state);
        wake(&self.task);
    }

    /// Ends the session, and closes the socket.
    fn leave(&self, state: &mut State) {
        if let Phase::Open(opened) = &mut state.phase {
            let reason = CloseReason { code: CloseCode::GOING_AWAY, text: String::new() };
            opened.link.queue(|connection, _| connection.close(Some(&reason)));
            let _ = opened.link.write(&self.network, &mut Context::from_waker(Waker::noop()));
            self.conclude(state, Ok(()));
        }
        if let Phase::Ended(_, link) = &mut state.phase {
            *link = None;
        }
    }

    /// Whether the guest has dropped it.
    pub fn is_gone(&self) -> bool {
        self.is_gone.get()
    }

    /// Whether the handshake is under way.
    pub fn is_connecting(&self) -> bool {
        matches!(self.state.borrow().phase, Phase::Connecting)
    }

    /// Whether it is over for the guest. The socket may be there until the server has closed it.
    pub fn has_ended(&self) -> bool {
        matches!(self.state.borrow().phase, Phase::Ended(..))
    }

    /// Whether nothing of it is left.
    pub fn is_finished(&self) -> bool {
        matches!(self.state.borrow().phase, Phase::Ended(_, None))
    }

    /// Ends the session if it goes on, and closes the socket, without waiting for the server.
    pub fn cut(&self) {
        self.leave(&mut self.state.borrow_mut());
        wake(&self.task);
    }

    /// Ready when the guest has dropped it.
    pub(super) fn poll_gone(&self, context: &mut Context<'_>) -> Poll<()> {
        if self.is_gone() {
            return Poll::Ready(());
        }
        self.task.replace(Some(context.waker().clone()));
        Poll::Pending
    }

    fn wait<T>(&self, context: &mut Context<'_>) -> Poll<T> {
        self.guest.replace(Some(context.waker().clone()));
        Poll::Pending
    }
}
