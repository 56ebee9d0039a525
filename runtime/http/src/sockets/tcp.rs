//! A TCP connection between the guest and a server. A task of its own reads and writes it, so that no number depends on
//! when the guest does.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use squall_metrics::{NameId, Nanos, SampleOrigin, SocketCell};

use super::INBOX;
use super::address::parse;
use super::inbox::{Demand, Inbox, Supply};
use super::outbox::Outbox;
use crate::client::Client;
use crate::connect::connect_socket;
use crate::deadline::limit;
use crate::error::{Error, in_words};
use crate::network::Network;
use crate::readiness::{Readiness, ReadyMark};
use crate::stopwatch::Stopwatch;
use crate::transport::Transport;
use crate::waker::wake;

/// The longest delimiter, in bytes.
const LONGEST_DELIMITER: usize = 256;

/// An open TCP connection.
pub struct TcpConnection {
    network: Rc<Network>,
    peer: Box<str>,
    name: NameId,
    /// The flow and tags of its samples: those of the guest when it sent last.
    origin: Cell<SampleOrigin>,
    opened: Nanos,
    state: RefCell<State>,
    mark: ReadyMark,
    guest: RefCell<Option<Waker>>,
    driver: RefCell<Option<Waker>>,
}

struct State {
    /// None once the connection is closed.
    transport: Option<Transport>,
    inbox: Inbox,
    outbox: Outbox,
    sending: Sending,
    /// The time of the last write, if nothing was read after it.
    unanswered: Option<Nanos>,
    /// Whether reading has stopped, because the guest has not taken what had come.
    is_full: bool,
    /// Why nothing more will come.
    end: Option<Result<(), Error>>,
    /// When the last byte that the guest has taken had come.
    at: Nanos,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sending {
    Open,
    /// What was handed over is still to be written.
    Ending,
    Ended,
}

impl Client {
    /// Opens a connection to "host:port" (empty: those of the run's target) within `time`. With a server's name (empty: the
    /// host's), it speaks TLS. Its samples get `name`, or the address. [`TcpConnection::drive`] has to run as long as it is
    /// open.
    ///
    /// # Errors
    /// If there is no connection. It is recorded.
    pub async fn open_tcp(
        &self,
        name: &str,
        address: &str,
        tls: Option<&str>,
        time: Duration,
    ) -> Result<Rc<TcpConnection>, Error> {
        let network = &self.network;
        let asked = network.clock.now();
        let mut waiter = self.start_waiting(asked);
        let mut watch = Stopwatch::start(asked);
        let opening = self.open_transport(address, tls, &mut watch);
        let opened = limit(&self.timer, asked + time.into(), time, opening).await.unwrap_or(Err(Error::Timeout));
        watch.lap(network.clock.now());
        waiter.end = Some(watch.last_lap());
        let peer = opened.as_ref().map_or(address, |(peer, _)| peer);
        let name = network.recorder.borrow_mut().name(if name.is_empty() { peer } else { name });
        self.record_opening(name, &watch, tls.is_some(), opened.as_ref().err());
        match opened {
            Ok((peer, transport)) => Ok(Rc::new(TcpConnection::new(self, name, peer, transport, watch.last_lap()))),
            Err(error) => {
                let text = match &error {
                    Error::Timeout => format!("{address}: not connected within {time:?}"),
                    other => other.to_string(),
                };
                self.record_failure(&error, &text);
                Err(error)
            }
        }
    }

    fn record_opening(&self, name: NameId, watch: &Stopwatch, is_secure: bool, error: Option<&Error>) {
        let phases = watch.phases();
        let mut recorder = self.network.recorder.borrow_mut();
        recorder.advance_to(watch.last_lap());
        recorder.socket(self.sample_origin(), name, |cell| {
            cell.sent += watch.sent;
            cell.received += watch.received;
            match error {
                Some(error) => cell.errors += u64::from(!error.class().is_unsent()),
                None => {
                    cell.connections += 1;
                    cell.connecting.record(phases.connecting);
                    if is_secure {
                        cell.tls_handshaking.record(phases.tls_handshaking);
                    }
                }
            }
        });
    }

    async fn open_transport(
        &self,
        address: &str,
        tls: Option<&str>,
        watch: &mut Stopwatch,
    ) -> Result<(String, Transport), Error> {
        let place = parse(&self.network, address)?;
        let transport = connect_socket(&self.network, &place, tls, self.source, watch).await?;
        Ok((place.authority, transport))
    }
}

impl TcpConnection {
    fn new(client: &Client, name: NameId, peer: String, transport: Transport, opened: Nanos) -> TcpConnection {
        TcpConnection {
            network: Rc::clone(&client.network),
            peer: peer.into(),
            name,
            origin: Cell::new(client.sample_origin()),
            opened,
            state: RefCell::new(State {
                transport: Some(transport),
                inbox: Inbox::new(client.account()),
                outbox: Outbox::new(client.account()),
                sending: Sending::Open,
                unanswered: None,
                is_full: false,
                end: None,
                at: Nanos::ZERO,
            }),
            mark: ReadyMark::default(),
            guest: RefCell::default(),
            driver: RefCell::default(),
        }
    }

    /// Reads and writes until the connection is closed.
    pub async fn drive(self: Rc<Self>) {
        poll_fn(|context| self.poll_drive(context)).await;
    }

    fn poll_drive(&self, context: &mut Context<'_>) -> Poll<()> {
        self.driver.replace(Some(context.waker().clone()));
        let mut state = self.state.borrow_mut();
        self.write(&mut state, context);
        self.read(&mut state, context);
        if state.end.is_some() && state.sending == Sending::Ended {
            self.close(&mut state);
        }
        if state.transport.is_none() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Whether it is closed.
    pub fn has_ended(&self) -> bool {
        self.state.borrow().transport.is_none()
    }

    /// Writes what is left to be written, and the end of sending.
    fn write(&self, state: &mut State, context: &mut Context<'_>) {
        let Some(transport) = &mut state.transport else { return };
        if !state.outbox.is_empty() {
            let outcome = state.outbox.poll_write(transport, context);
            let now = self.network.clock.now();
            self.count_traffic(transport, now);
            match outcome {
                Poll::Ready(Ok(())) => state.unanswered = Some(now),
                Poll::Ready(Err(error)) => return self.break_off(state, &error),
                Poll::Pending => {}
            }
            if state.outbox.has_room() {
                wake(&self.guest);
            }
        }
        if state.sending == Sending::Ending && state.outbox.is_empty() && transport.poll_shutdown(context).is_ready() {
            state.sending = Sending::Ended;
        }
    }

    /// Reads what has come, as long as there is room for it.
    fn read(&self, state: &mut State, context: &mut Context<'_>) {
        let mut scratch = self.network.scratch.borrow_mut();
        while state.end.is_none() && self.has_room(state) {
            let Some(transport) = &mut state.transport else { return };
            match transport.poll_read(context, &mut scratch) {
                Poll::Pending => return,
                Poll::Ready(Ok(count)) if count > 0 => self.received(state, &scratch[..count]),
                // Many servers close without the farewell of TLS.
                Poll::Ready(Ok(_)) => self.end(state, Ok(())),
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => self.end(state, Ok(())),
                Poll::Ready(Err(error)) => self.break_off(state, &error),
            }
        }
    }

    /// Whether more can be read: always, if the guest cannot go on with what has come.
    fn has_room(&self, state: &mut State) -> bool {
        if state.inbox.supply() == Supply::NotYet || !state.is_full && state.inbox.held() < INBOX {
            return true;
        }
        if !std::mem::replace(&mut state.is_full, true) {
            self.record(self.network.clock.now(), |cell| cell.inbox_full += 1);
        }
        false
    }

    fn received(&self, state: &mut State, bytes: &[u8]) {
        let now = self.network.clock.now();
        if let Some(transport) = &state.transport {
            self.count_traffic(transport, now);
        }
        if let Some(sent) = state.unanswered.take() {
            self.record(now, |cell| cell.response.record(now.since(sent)));
        }
        match state.inbox.push(bytes, now) {
            Ok(()) => self.tell_guest(state),
            Err(over) => self.fail(state, Error::from(over)),
        }
    }

    fn count_traffic(&self, transport: &Transport, now: Nanos) {
        let (sent, received) = transport.take_traffic();
        if sent > 0 || received > 0 {
            self.record(now, |cell| {
                cell.sent += sent;
                cell.received += received;
            });
        }
    }

    fn record(&self, at: Nanos, record: impl Fn(&mut SocketCell)) {
        let mut recorder = self.network.recorder.borrow_mut();
        recorder.advance_to(at);
        recorder.socket(self.origin.get(), self.name, record);
    }

    fn end(&self, state: &mut State, end: Result<(), Error>) {
        state.end = Some(end);
        self.tell_guest(state);
    }

    fn break_off(&self, state: &mut State, error: &io::Error) {
        let error = Error::Reset(format!("{}: {}", self.peer, in_words(error)));
        self.fail(state, error);
    }

    /// The connection is of no use any more.
    fn fail(&self, state: &mut State, error: Error) {
        self.report(&error);
        state.outbox.clear();
        self.close(state);
        self.end(state, Err(error));
    }

    fn report(&self, error: &Error) {
        self.record(self.network.clock.now(), |cell| cell.errors += 1);
        let mut recorder = self.network.recorder.borrow_mut();
        recorder.request_failure(self.origin.get().flow, error.class(), &error.to_string());
    }

    fn close(&self, state: &mut State) {
        let Some(transport) = state.transport.take() else { return };
        let now = self.network.clock.now();
        self.count_traffic(&transport, now);
        self.record(now, |cell| cell.session_duration.record(now.since(self.opened)));
        wake(&self.driver);
        wake(&self.guest);
    }

    /// Ready when something can be handed over, or never again.
    pub fn poll_room(&self, context: &mut Context<'_>) -> Poll<()> {
        let state = self.state.borrow();
        if state.outbox.has_room() || state.transport.is_none() {
            return Poll::Ready(());
        }
        self.guest.replace(Some(context.waker().clone()));
        Poll::Pending
    }

    /// Hands bytes over, and writes them at once if the socket takes them. Returns the time at which the last of them was
    /// written, or handed over, if it has to wait. From now on samples belong to the client's present flow.
    ///
    /// # Errors
    /// If nothing can be sent any more, or there is no room for the bytes.
    pub fn send(&self, client: &Client, bytes: &[u8]) -> Result<Nanos, Error> {
        self.origin.set(client.sample_origin());
        let mut state = self.state.borrow_mut();
        let state = &mut *state;
        if let Some(Err(error)) = &state.end {
            return Err(error.clone());
        }
        let (Some(transport), Sending::Open) = (&mut state.transport, state.sending) else {
            let text = format!("{}: nothing can be sent after the end of sending", self.peer);
            return Err(Error::InvalidRequest(text));
        };
        let mut written = 0;
        if state.outbox.is_empty() {
            let outcome = transport.poll_write_all(&mut Context::from_waker(Waker::noop()), bytes, &mut written);
            let now = self.network.clock.now();
            self.count_traffic(transport, now);
            match outcome {
                Poll::Ready(Ok(())) => {
                    state.unanswered = (!bytes.is_empty()).then_some(now).or(state.unanswered);
                    return Ok(now);
                }
                Poll::Ready(Err(error)) => self.break_off(state, &error),
                Poll::Pending => {}
            }
        }
        if let Some(Err(error)) = &state.end {
            return Err(error.clone());
        }
        if let Err(over) = state.outbox.push(&bytes[written..]) {
            // A part may have left, so the rest cannot be left out.
            self.fail(state, Error::from(over));
            return Err(Error::from(over));
        }
        wake(&self.driver);
        Ok(self.network.clock.now())
    }

    /// Ends sending, once all that was handed over is written. The server can still send.
    pub fn finish(&self) {
        let mut state = self.state.borrow_mut();
        if state.sending == Sending::Open {
            state.sending = Sending::Ending;
            wake(&self.driver);
        }
    }

    /// What has come, at most `most` bytes of it; `None` at the end.
    pub fn poll_receive(&self, most: usize, context: &mut Context<'_>) -> Poll<Result<Option<Vec<u8>>, Error>> {
        self.poll_demand(Demand::Some(most.max(1)), context)
    }

    /// Exactly that many bytes; `None` if the end comes before the first.
    pub fn poll_exactly(&self, count: usize, context: &mut Context<'_>) -> Poll<Result<Option<Vec<u8>>, Error>> {
        self.poll_demand(Demand::Exactly(count), context)
    }

    /// What comes up to a delimiter, and the delimiter, within `most` bytes; `None` if the end comes before the first byte.
    pub fn poll_until(
        &self,
        delimiter: &[u8],
        most: usize,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Vec<u8>>, Error>> {
        if delimiter.is_empty() || delimiter.len() > LONGEST_DELIMITER {
            let text = format!("a delimiter has from 1 to {LONGEST_DELIMITER} bytes, not {}", delimiter.len());
            return Poll::Ready(Err(Error::InvalidRequest(text)));
        }
        self.poll_demand(Demand::Until(delimiter.into(), most.max(delimiter.len())), context)
    }

    fn poll_demand(&self, demand: Demand, context: &mut Context<'_>) -> Poll<Result<Option<Vec<u8>>, Error>> {
        let mut state = self.state.borrow_mut();
        let state = &mut *state;
        state.inbox.ask(demand);
        match state.inbox.supply() {
            Supply::Bytes(0) => Poll::Ready(Ok(Some(Vec::new()))),
            Supply::Bytes(count) => {
                let (bytes, at) = state.inbox.take(count);
                state.at = at;
                self.mark.taken(state.is_ready());
                self.go_on(state);
                Poll::Ready(Ok(Some(bytes)))
            }
            Supply::NoDelimiter => {
                let text = format!("{}: the delimiter is not within the bytes that were allowed", self.peer);
                let error = Error::TooLarge(text);
                self.report(&error);
                Poll::Ready(Err(error))
            }
            Supply::NotYet => self.poll_end(state, context),
        }
    }

    fn poll_end(&self, state: &mut State, context: &mut Context<'_>) -> Poll<Result<Option<Vec<u8>>, Error>> {
        match (&state.end, state.inbox.len()) {
            (Some(Err(error)), _) => Poll::Ready(Err(error.clone())),
            (Some(Ok(())), 0) => Poll::Ready(Ok(None)),
            (Some(Ok(())), left) => {
                let text = format!("{}: the connection ended too early, after {left} more bytes", self.peer);
                let error = Error::Reset(text);
                self.report(&error);
                Poll::Ready(Err(error))
            }
            (None, _) => {
                self.mark.clear();
                self.go_on(state);
                self.guest.replace(Some(context.waker().clone()));
                Poll::Pending
            }
        }
    }

    /// Lets the driver read on once half of the inbox is free, or more is needed.
    fn go_on(&self, state: &mut State) {
        let has_room = state.inbox.held() < INBOX / 2 || state.inbox.supply() == Supply::NotYet;
        if state.is_full && has_room {
            state.is_full = false;
            wake(&self.driver);
        }
    }

    /// When the last byte that was received had come.
    pub fn at(&self) -> Nanos {
        self.state.borrow().at
    }

    /// Its key for [`Readiness`], in which it takes part from now on.
    pub fn key(&self, readiness: &Rc<Readiness>) -> u32 {
        self.mark.key(readiness, self.state.borrow_mut().is_ready())
    }

    fn tell_guest(&self, state: &mut State) {
        if state.is_ready() {
            self.mark.set();
        }
        wake(&self.guest);
    }

    /// The guest wants no more of it: it is closed without waiting.
    pub fn let_go(&self) {
        self.mark.retire();
        let mut state = self.state.borrow_mut();
        let state = &mut *state;
        let context = &mut Context::from_waker(Waker::noop());
        if let Some(transport) = &mut state.transport {
            let _ = state.outbox.poll_write(transport, context);
            let _ = transport.poll_shutdown(context);
        }
        self.close(state);
        state.inbox.clear();
        state.outbox.clear();
    }
}

impl State {
    /// Whether the guest can go on without waiting.
    fn is_ready(&mut self) -> bool {
        self.end.is_some() || self.inbox.supply() != Supply::NotYet
    }
}

impl fmt::Debug for TcpConnection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TcpConnection").field("peer", &self.peer).finish_non_exhaustive()
    }
}
