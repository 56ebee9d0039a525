//! A WebSocket between its server and the guest, and the task that carries it. The guest's side is in `taking`.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use squall_metrics::{NameId, Nanos, SampleOrigin, WebSocketCell};
use squall_websocket::{CloseCode, Failure};

use super::WebSocketError;
use super::inbox::{Content, Inbox, Room, TimedMessage};
use super::link::{Ending, Link, Written};
use super::open::{Answer, Opened};
use super::session::Session;
use crate::account::Booked;
use crate::deadline::within;
use crate::error::{Error, in_words};
use crate::network::Network;
use crate::readiness::ReadyMark;
use crate::waker::wake;

/// The longest closing: from the first close frame to the end of the connection.
const LONGEST_CLOSING: Duration = Duration::from_secs(10);

/// A WebSocket, for its guest and for the task that carries it.
pub struct WebSocket {
    pub(super) network: Rc<Network>,
    origin: SampleOrigin,
    name: NameId,
    /// As it is shown.
    pub(super) url: Box<str>,
    pub(super) state: RefCell<State>,
    /// The guest has dropped it.
    pub(super) is_gone: Cell<bool>,
    /// Whether the handshake succeeded, whatever came after it.
    pub(super) has_opened: Cell<bool>,
    /// Whether the guest has been told of the handshake's outcome.
    pub(super) is_opening_known: Cell<bool>,
    pub(super) mark: ReadyMark,
    pub(super) guest: RefCell<Option<Waker>>,
    pub(super) task: RefCell<Option<Waker>>,
    _booked: Booked,
}

pub(super) struct State {
    pub phase: Phase,
    pub inbox: Inbox,
    pub answer: Option<Answer>,
    pub subprotocol: Box<str>,
    /// How the server has closed it.
    pub closed: Option<(u16, Box<str>)>,
}

pub(super) enum Phase {
    Connecting,
    Open(Box<Opened>),
    /// For the guest it is over. The server may not have closed the socket yet.
    Ended(Result<(), WebSocketError>, Option<Box<Link>>),
}

/// The side of the task.
impl WebSocket {
    pub(super) fn new(
        network: Rc<Network>,
        origin: SampleOrigin,
        (name, url): (NameId, Box<str>),
        inbox: usize,
        booked: Booked,
    ) -> WebSocket {
        WebSocket {
            network,
            origin,
            name,
            url,
            state: RefCell::new(State {
                phase: Phase::Connecting,
                inbox: Inbox::new(inbox),
                answer: None,
                subprotocol: "".into(),
                closed: None,
            }),
            is_gone: Cell::new(false),
            has_opened: Cell::new(false),
            is_opening_known: Cell::new(false),
            mark: ReadyMark::default(),
            guest: RefCell::default(),
            task: RefCell::default(),
            _booked: booked,
        }
    }

    pub(super) fn origin(&self) -> SampleOrigin {
        self.origin
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The server has answered the handshake, whatever it has answered.
    pub(super) fn answered(&self, answer: Answer) {
        self.state.borrow_mut().answer = Some(answer);
    }

    /// The connection is open; `first` came with the answer.
    pub(super) fn opened(&self, link: Link, subprotocol: &str, first: &[u8], at: Nanos) {
        self.has_opened.set(true);
        let mut state = self.state.borrow_mut();
        state.subprotocol = subprotocol.into();
        state.phase = Phase::Open(Box::new(Opened { link, session: Session::new(at) }));
        let taken = state.take(self, |opened, take| {
            let mut codec = self.network.websockets.codec.borrow_mut();
            opened.link.take(first, at, &mut codec, take).map_err(Ending::Failed)
        });
        if let Err(ending) = taken {
            self.end(&mut state, ending);
        }
        self.tell_guest(&state);
    }

    /// There is no connection, and will be none.
    pub(super) fn refused(&self, error: WebSocketError) {
        let mut state = self.state.borrow_mut();
        if matches!(state.phase, Phase::Connecting) {
            state.phase = Phase::Ended(Err(error), None);
        }
        self.tell_guest(&state);
    }

    /// Carries the connection until the socket is closed.
    pub(super) async fn carry(&self) {
        poll_fn(|context| self.poll_carry(context, true)).await;
        if within(LONGEST_CLOSING, poll_fn(|context| self.poll_carry(context, false))).await.is_err() {
            self.give_up_closing();
        }
    }

    /// Writes what is queued, reads what has come. Ready when the socket is not needed any more, or, if `until_closing`, when
    /// the closing handshake begins.
    fn poll_carry(&self, context: &mut Context<'_>, until_closing: bool) -> Poll<()> {
        let mut state = self.state.borrow_mut();
        let ended = loop {
            if let Err(ending) = self.write(&mut state, context) {
                break Some(ending);
            }
            let waits = self.waits_for_room(&mut state);
            match &mut state.phase {
                Phase::Open(_) if waits => break None,
                Phase::Open(_) => {}
                Phase::Ended(_, Some(link)) => match link.poll_read(&self.network, context, |_, _| {}) {
                    Poll::Ready(Ok(_)) => continue,
                    Poll::Ready(Err(ending)) => break Some(ending),
                    Poll::Pending => break None,
                },
                Phase::Connecting | Phase::Ended(_, None) => return Poll::Ready(()),
            }
            let read = state.take(self, |opened, take| match opened.link.poll_read(&self.network, context, take) {
                Poll::Ready(read) => read.map(|_| true),
                Poll::Pending => Ok(false),
            });
            match read {
                Ok(true) => {}
                Ok(false) => break None,
                Err(ending) => break Some(ending),
            }
        };
        if let Some(ending) = ended {
            self.end(&mut state, ending);
        }
        let is_over = matches!(state.phase, Phase::Ended(_, None));
        let is_closing = match &state.phase {
            Phase::Open(opened) => !opened.link.connection.is_open(),
            Phase::Connecting | Phase::Ended(..) => true,
        };
        drop(state);
        if is_over || (until_closing && is_closing) {
            return Poll::Ready(());
        }
        let mut task = self.task.borrow_mut();
        if !task.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            *task = Some(context.waker().clone());
        }
        Poll::Pending
    }

    /// Whether nothing is to be read, because the guest has not taken what has come.
    fn waits_for_room(&self, state: &mut State) -> bool {
        match state.inbox.room() {
            Room::Free => false,
            Room::Full => true,
            Room::Filled => {
                self.record(self.network.clock.now(), |cell| cell.inbox_full += 1);
                true
            }
        }
    }

    /// Writes what is queued. Once both sides have closed and all has left, the session is over.
    pub(super) fn write(&self, state: &mut State, context: &mut Context<'_>) -> Result<(), Ending> {
        let opened = match &mut state.phase {
            Phase::Open(opened) => opened,
            Phase::Ended(_, Some(link)) => return link.write(&self.network, context).map(drop),
            Phase::Connecting | Phase::Ended(_, None) => return Ok(()),
        };
        let written = opened.link.write(&self.network, context)?;
        if let Some(Written { messages, at }) = written {
            if messages > 0 {
                opened.session.note_sent(at);
            }
            let (sent, received) = opened.link.take_traffic();
            self.record(at, |cell| {
                cell.messages_sent += messages;
                cell.sent += sent;
                cell.received += received;
            });
            wake(&self.guest);
        }
        if opened.link.connection.is_over() && opened.link.connection.output().is_empty() {
            self.conclude(state, Ok(()));
        }
        Ok(())
    }

    /// Ends the session with its outcome. The socket stays, for the server to close it: else its port would be taken here
    /// for a minute.
    pub(super) fn conclude(&self, state: &mut State, outcome: Result<(), WebSocketError>) {
        let Phase::Open(opened) = std::mem::replace(&mut state.phase, Phase::Connecting) else { return };
        let Opened { link, session } = *opened;
        let now = self.network.clock.now();
        let (sent, received) = link.take_traffic();
        self.record(now, |cell| {
            cell.session_duration.record(session.duration(now));
            cell.sent += sent;
            cell.received += received;
        });
        let link = outcome.is_ok().then(|| Box::new(link));
        state.phase = Phase::Ended(outcome, link);
        self.tell_guest(state);
    }

    /// Something has come, or has ended, that the guest may be waiting for.
    fn tell_guest(&self, state: &State) {
        if self.is_ready(state) {
            self.mark.set();
        }
        wake(&self.guest);
    }

    /// Whether the guest can learn something without waiting.
    pub(super) fn is_ready(&self, state: &State) -> bool {
        match state.phase {
            Phase::Connecting => false,
            Phase::Open(_) => !self.is_opening_known.get() || state.inbox.has_next(),
            Phase::Ended(..) => true,
        }
    }

    /// Nothing more comes.
    pub(super) fn end(&self, state: &mut State, ending: Ending) {
        let opened = match &mut state.phase {
            Phase::Open(opened) => opened,
            // It was over before.
            Phase::Ended(_, link) => {
                *link = None;
                return;
            }
            Phase::Connecting => return,
        };
        let url = &self.url;
        let error = match ending {
            // The answer to the server's close may not leave any more.
            Ending::Closed | Ending::Broken(_) if opened.link.connection.is_over() => {
                self.conclude(state, Ok(()));
                if let Phase::Ended(_, link) = &mut state.phase {
                    *link = None;
                }
                return;
            }
            Ending::Closed => {
                Error::Reset(format!("{url}: the server closed the connection without a closing handshake"))
            }
            Ending::Broken(error) => Error::Reset(format!("{url}: {}", in_words(&error))),
            Ending::Failed(failure) => {
                // Says why to the server, if it still listens.
                let _ = opened.link.write(&self.network, &mut Context::from_waker(Waker::noop()));
                match failure {
                    Failure::TooLarge(_) => Error::TooLarge(format!("{url}: {failure}, raise with --max-body-size")),
                    Failure::NoRoom(_) => Error::TooLarge(format!("{url}: {failure}")),
                    _ => Error::Protocol(format!("{url}: the server breaks the protocol: {failure}")),
                }
            }
        };
        state.closed.get_or_insert((CloseCode::ABNORMAL, "".into()));
        self.note_unexpected(&error);
        self.conclude(state, Err(error.into()));
    }

    fn note_unexpected(&self, error: &Error) {
        self.record(self.network.clock.now(), |cell| cell.closed_unexpectedly += 1);
        self.record_failure(error);
    }

    #[cold]
    pub(super) fn record_failure(&self, error: &Error) {
        self.network.recorder.borrow_mut().request_failure(self.origin.flow, error.class(), &error.to_string());
    }

    /// The server has not answered the close, or has not closed the socket.
    fn give_up_closing(&self) {
        let mut state = self.state.borrow_mut();
        let url = &self.url;
        match &mut state.phase {
            Phase::Open(_) => {
                let error = Error::Reset(format!("{url}: no answer to the close within {LONGEST_CLOSING:?}"));
                state.closed.get_or_insert((CloseCode::ABNORMAL, "".into()));
                self.note_unexpected(&error);
                self.conclude(&mut state, Err(error.into()));
            }
            Phase::Ended(_, link) => *link = None,
            Phase::Connecting => {}
        }
    }

    #[inline]
    pub(super) fn record(&self, at: Nanos, record: impl Fn(&mut WebSocketCell)) {
        let mut recorder = self.network.recorder.borrow_mut();
        recorder.advance_to(at);
        recorder.websocket(self.origin, self.name, record);
    }
}

impl State {
    /// Takes what one read has brought, and records it.
    #[inline]
    fn take<T>(
        &mut self,
        socket: &WebSocket,
        read: impl FnOnce(&mut Opened, &mut dyn FnMut(TimedMessage, Option<u64>)) -> Result<T, Ending>,
    ) -> Result<T, Ending> {
        let State { phase: Phase::Open(opened), inbox, closed, .. } = self else { return Err(Ending::Closed) };
        let was_open = opened.link.connection.is_open();
        let (mut messages, mut came, mut at) = (0, false, Nanos::ZERO);
        let outcome = read(opened, &mut |message, pinged| {
            came = true;
            at = message.at;
            match &message.content {
                Content::Text(_) | Content::Binary(_) => messages += 1,
                Content::Pong(_) => {
                    if let Some(pinged) = pinged {
                        socket.record(at, |cell| cell.ping.record(at.since(Nanos(pinged))));
                    }
                }
                Content::Close(code, reason) => {
                    *closed = Some((*code, (&**reason).into()));
                    if was_open {
                        socket.note_close(*code, reason);
                    }
                }
                Content::Ping(_) => {}
            }
            if !socket.is_gone.get() {
                inbox.push(message);
            }
        });
        if messages > 0 {
            let arrival = opened.session.note_arrival(messages, at);
            let (sent, received) = opened.link.take_traffic();
            socket.record(at, |cell| {
                arrival.record(cell);
                cell.sent += sent;
                cell.received += received;
            });
        }
        if came {
            if inbox.has_next() {
                socket.mark.set();
            }
            wake(&socket.guest);
        }
        outcome
    }
}

impl WebSocket {
    /// The server has begun to close. With these codes that is the usual end of a conversation.
    fn note_close(&self, code: u16, reason: &str) {
        if code == CloseCode::NORMAL.get() || code == CloseCode::NONE {
            return;
        }
        let reason = if reason.is_empty() { String::new() } else { format!(" \"{}\"", reason.escape_debug()) };
        self.note_unexpected(&Error::Reset(format!("{}: the server closed it with {code}{reason}", self.url)));
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("WebSocket").field("url", &self.url).finish_non_exhaustive()
    }
}
