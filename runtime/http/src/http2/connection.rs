//! One connection of HTTP/2 on its transport, and the requests that wait on it.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use squall_http2::{Closed, Connection, ErrorCode, Finished, HeadKind, Limits, Receiver, Refused, StreamId};
use squall_metrics::Nanos;

use crate::config::Protocol;
use crate::error::Error;
use crate::exchange::Cause;
use crate::network::Network;
use crate::reader::{Malformed, Reader};
use crate::streams::SharedConnection;
use crate::transport::Transport;
use crate::url::Origin;

/// The largest header block is this much smaller than the largest head at least: a block is compressed.
const LEAST_BLOCK: usize = 64 * 1024;

/// A request that waits on a connection: what came for it, and when.
#[derive(Debug)]
pub(super) struct Waiting {
    pub reader: Reader,
    pub waker: Option<Waker>,
    /// Whether the request wants to know of each piece, and not only of the end.
    pub piecewise: bool,
    /// The last byte of the request has left.
    pub left: Option<Nanos>,
    /// Whether the response's head has come, interim ones left out.
    has_begun: bool,
    /// The time of the read that completed it, until it is taken.
    pub answered: Option<Nanos>,
    /// The last time that something came, if the request wants to know.
    pub touched: Option<Nanos>,
    /// The end, and the time of the read that brought it; none for what broke the rules, which ends when it is noticed.
    pub end: Option<(End, Option<Nanos>)>,
}

/// The end of a request that waited.
#[derive(Debug)]
pub(super) enum End {
    /// As the peer, or the connection, brought it about.
    Closed(Closed),
    /// The response breaks the rules.
    Malformed(Malformed),
}

impl Waiting {
    /// A request that is about to be sent.
    pub(super) fn new(reader: Reader, piecewise: bool) -> Waiting {
        Waiting {
            reader,
            waker: None,
            piecewise,
            left: None,
            has_begun: false,
            answered: None,
            touched: None,
            end: None,
        }
    }

    /// The task to wake.
    pub(super) fn is_awaited_by(&mut self, context: &Context<'_>) {
        match &mut self.waker {
            Some(waker) => waker.clone_from(context.waker()),
            None => self.waker = Some(context.waker().clone()),
        }
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Ends the request if the response breaks a rule.
    fn check<T>(&mut self, outcome: Result<T, Malformed>) -> Result<T, Refused> {
        outcome.map_err(|malformed| {
            self.end = Some((End::Malformed(malformed), None));
            self.wake();
            Refused(ErrorCode::PROTOCOL_ERROR)
        })
    }

    /// A head or a piece of the body has come.
    #[inline]
    fn touch(&mut self, last: bool, at: u64) -> Result<(), Refused> {
        if last {
            let outcome = self.reader.end_stream();
            self.check(outcome)?;
        }
        if self.piecewise {
            self.touched = Some(Nanos(at));
            self.wake();
        }
        Ok(())
    }
}

impl Receiver for Waiting {
    #[inline]
    fn field(&mut self, name: &[u8], value: &[u8]) -> Result<(), Refused> {
        let outcome = self.reader.push_field(name, value);
        self.check(outcome)
    }

    #[inline]
    fn head_ended(&mut self, last: bool, at: u64) -> Result<HeadKind, Refused> {
        let outcome = self.reader.end_head(last);
        let interim = self.check(outcome)?;
        if !interim && !self.has_begun {
            self.has_begun = true;
            self.answered = Some(Nanos(at));
        }
        self.touch(last, at)?;
        Ok(if interim { HeadKind::Interim } else { HeadKind::Final })
    }

    #[inline]
    fn data(&mut self, data: &[u8], last: bool, at: u64) -> Result<(), Refused> {
        let outcome = self.reader.push_data(data);
        self.check(outcome)?;
        self.touch(last, at)
    }

    #[inline]
    fn request_left(&mut self, at: u64) {
        self.left = Some(Nanos(at));
    }

    fn room(&mut self) {
        self.wake();
    }

    #[inline]
    fn closed(&mut self, how: Closed, at: u64) {
        self.end = Some((End::Closed(how), Some(Nanos(at))));
        self.wake();
    }
}

/// One connection, shared by the requests of its owner.
#[derive(Debug)]
pub(crate) struct Multiplexed {
    origin: Rc<Origin>,
    /// Whether a request on it had to be sent again.
    pub(crate) has_repeats: Cell<bool>,
    pub(super) state: RefCell<State>,
}

/// Why a connection is lost.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub error: Error,
    /// Whether it was closed, or broke: then a request may have better luck on another one.
    pub broke: bool,
}

/// The connection's own part.
#[derive(Debug)]
pub(super) struct State {
    origin: Rc<Origin>,
    transport: Transport,
    pub connection: Connection<Waiting>,
    /// The request whose task is woken by the socket, and reads for all.
    reader: Option<StreamId>,
    /// Whether that task was woken to write.
    woken_to_write: bool,
    /// Why the connection is lost, for all requests that it carried.
    pub fault: Option<Fault>,
    /// Bytes on the wire that no request has been charged with.
    uncharged: (i64, i64),
    /// The bytes of streams, when the wire was last looked at.
    streams_traffic: (u64, u64),
}

impl Multiplexed {
    /// A connection that was just opened.
    pub(crate) fn new(origin: Rc<Origin>, transport: Transport, network: &Network) -> Rc<Multiplexed> {
        let head = network.config.max_head;
        let limits =
            Limits { header_block: head.max(LEAST_BLOCK), header_list: u32::try_from(head).unwrap_or(u32::MAX) };
        let state = State {
            origin: Rc::clone(&origin),
            transport,
            connection: Connection::new(limits),
            reader: None,
            woken_to_write: false,
            fault: None,
            uncharged: (0, 0),
            streams_traffic: (0, 0),
        };
        Rc::new(Multiplexed { origin, has_repeats: Cell::default(), state: RefCell::new(state) })
    }
}

impl SharedConnection for Multiplexed {
    fn most_connections(network: &Network, origin: &Rc<Origin>, most: usize) -> Option<usize> {
        match network.known_protocol(origin) {
            Some(Protocol::Http1) => None,
            Some(_) => Some(most),
            // The first one finds out.
            None => Some(1),
        }
    }

    fn origin(&self) -> &Rc<Origin> {
        &self.origin
    }

    fn catch_up(&self, network: &Network) {
        let mut state = self.state.borrow_mut();
        if state.connection.open_streams() == 0 && state.transport.has_come() {
            state.read(network, &mut Context::from_waker(Waker::noop()));
        }
    }

    fn is_usable(&self) -> bool {
        self.state.borrow().connection.is_usable()
    }

    fn has_repeats(&self) -> bool {
        self.has_repeats.get()
    }

    fn open_streams(&self) -> usize {
        self.state.borrow().connection.open_streams()
    }

    fn has_room(&self, most: usize) -> bool {
        let state = self.state.borrow();
        state.connection.open_streams() < most && state.connection.free_streams() > 0
    }
}

impl State {
    /// Writes and reads, if it is this request's turn; else sees to it that the reader's does.
    pub(super) fn drive(&mut self, id: StreamId, network: &Network, context: &mut Context<'_>) {
        if self.reader.is_some_and(|reader| reader != id) {
            return self.wake_reader_to_write();
        }
        self.reader = Some(id);
        self.woken_to_write = false;
        self.write(network, context);
        self.read(network, context);
    }

    /// What others have to write, they queue, so that it goes out in one piece when the reader's turn comes.
    fn wake_reader_to_write(&mut self) {
        if self.connection.output().is_empty() || self.woken_to_write {
            return;
        }
        if let Some(reader) = self.reader.and_then(|reader| self.connection.receiver(reader)) {
            self.woken_to_write = true;
            reader.wake();
        }
    }

    /// Writes as much as there is room for.
    fn write(&mut self, network: &Network, context: &mut Context<'_>) {
        if let Err(error) = self.flush(network, context) {
            // The peer may have said why, before it closed.
            self.read(network, &mut Context::from_waker(Waker::noop()));
            self.lose(Cause::Io(error), network.clock.now());
        }
    }

    fn flush(&mut self, network: &Network, context: &mut Context<'_>) -> io::Result<()> {
        let output = self.connection.output();
        if output.is_empty() || self.fault.is_some() {
            return Ok(());
        }
        let mut written = 0;
        let outcome = self.transport.poll_write_all(context, output, &mut written);
        self.connection.written(written, network.clock.now().0);
        if let Poll::Ready(outcome) = outcome { outcome } else { Ok(()) }
    }

    /// Reads all that has come.
    fn read(&mut self, network: &Network, context: &mut Context<'_>) {
        let mut scratch = network.scratch.borrow_mut();
        while self.fault.is_none() {
            let Poll::Ready(read) = self.transport.poll_read(context, &mut scratch) else { return };
            let at = network.clock.now();
            match read {
                Ok(count) if count > 0 => {
                    if let Err(error) = self.connection.receive(&scratch[..count], at.0) {
                        self.write_last_words();
                        self.lose(Cause::Malformed(Malformed::Protocol(error.to_string())), at);
                    }
                }
                Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => self.lose(Cause::Io(error), at),
                _ => self.lose(Cause::Closed, at),
            }
            // Answers to control frames go out at once. An error shows in the next read.
            let _ = self.flush(network, context);
        }
    }

    /// Tells the peer why the connection ends, if there is room.
    fn write_last_words(&mut self) {
        let noop = &mut Context::from_waker(Waker::noop());
        let _ = self.transport.poll_write_all(noop, self.connection.output(), &mut 0);
    }

    fn lose(&mut self, cause: Cause, at: Nanos) {
        if self.fault.is_some() {
            return;
        }
        let broke = !matches!(cause, Cause::Malformed(_));
        let said = self.connection.going_away().filter(|code| *code != ErrorCode::NO_ERROR);
        let peer = &self.origin.authority;
        let error = match (said, &cause) {
            (Some(code), Cause::Closed) => Error::Reset(format!("{peer} closed the connection (GOAWAY with {code})")),
            _ => cause.into_error(peer),
        };
        self.fault = Some(Fault { error, broke });
        self.connection.lose(at.0);
    }

    /// Ends a request: takes what it waited with, and the bytes it is charged with. The next one reads.
    pub(super) fn finish(&mut self, id: StreamId, network: &Network) -> Option<Finished<Waiting>> {
        let mut finished = self.connection.finish(id, ErrorCode::CANCEL)?;
        let (sent, received) = self.charge();
        finished.sent += sent;
        finished.received += received;
        if self.reader == Some(id) {
            self.pass_on_reading();
        }
        if self.reader.is_none() {
            self.write(network, &mut Context::from_waker(Waker::noop()));
        } else {
            self.wake_reader_to_write();
        }
        Some(finished)
    }

    fn pass_on_reading(&mut self) {
        self.reader = None;
        let mut waiting = self.connection.receivers().filter(|request| request.end.is_none());
        if let Some(next) = waiting.find(|request| request.waker.is_some()) {
            next.wake();
        }
    }

    /// The bytes on the wire that belong to no stream, since this was last asked: settings, windows, pings, and what TLS adds.
    /// The request that ends pays for them, so that the sum over all requests is what the wire carried.
    fn charge(&mut self) -> (u64, u64) {
        let (sent, received) = self.transport.take_traffic();
        let (streams_sent, streams_received) = self.connection.streams_traffic();
        let of_streams = (streams_sent - self.streams_traffic.0, streams_received - self.streams_traffic.1);
        self.streams_traffic = (streams_sent, streams_received);
        (settle(&mut self.uncharged.0, sent, of_streams.0), settle(&mut self.uncharged.1, received, of_streams.1))
    }
}

/// Adds what the wire carried beyond the streams. Bytes of streams that are queued, or that came in part, make it less than
/// nothing for a while.
fn settle(uncharged: &mut i64, wire: u64, of_streams: u64) -> u64 {
    *uncharged += wire as i64 - of_streams as i64;
    let charged = (*uncharged).max(0);
    *uncharged -= charged;
    charged as u64
}
