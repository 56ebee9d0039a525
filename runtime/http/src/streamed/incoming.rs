//! A response on its way from the exchange to the guest. The exchange passes on what each read of the socket brought; the
//! guest takes it when it likes. Events are parsed, timed and counted as they come, so no number depends on the guest.

mod arrival;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use squall_metrics::{NameId, Nanos, Phases, SampleOrigin, StreamCell};

use super::event_times::{EventTimes, TokenCount, TokenEvent};
use super::{PreparedStream, TooMuch};
use crate::account::{Booked, MemoryAccount};
use crate::client::Client;
use crate::cookies::CookieJar;
use crate::error::Error;
use crate::event_stream::{EventParser, ServerEvent};
use crate::json_pointer::JsonPointer;
use crate::network::Network;
use crate::readiness::{Readiness, ReadyMark};
use crate::response::Response;
use crate::url::Origin;
use crate::waker::wake;

/// Bytes that are kept for the guest before the socket is read no more. The largest event, too.
const INBOX: usize = 1 << 20;
/// Memory of a piece or an event besides its bytes.
const BESIDE: usize = 256;

/// A response that is coming.
pub struct Incoming {
    network: Rc<Network>,
    account: Rc<MemoryAccount>,
    origin: SampleOrigin,
    name: NameId,
    state: RefCell<State>,
    /// Whether the guest has let go of it.
    is_gone: Cell<bool>,
    /// Whether reading has stopped, because the guest has not taken what had come.
    is_full: Cell<bool>,
    /// Whether the guest has got the head, or why there is none: then it can take what comes after it.
    is_head_taken: Cell<bool>,
    mark: ReadyMark,
    guest: RefCell<Option<Waker>>,
    exchange: RefCell<Option<Waker>>,
}

/// An event, and the time of the read that completed it.
#[derive(Debug)]
pub struct TimedEvent {
    /// The event.
    pub event: ServerEvent,
    /// The time, on the run's clock.
    pub at: Nanos,
    _booked: Booked,
}

/// One request of a chain of redirects.
pub(super) struct Hop {
    pub(super) origin: Rc<Origin>,
    pub(super) path: Box<[u8]>,
    /// The jar for the response's cookies.
    pub(super) jar: Rc<CookieJar>,
    /// Whether a redirect is followed, or an error: then the guest does not get it.
    pub(super) follows: bool,
}

/// The head that the guest gets.
struct KeptHead {
    status: u16,
    bytes: Vec<u8>,
    phases: Phases,
    /// Its content encoding, if it has one: events cannot be read through it.
    encoding: Option<String>,
    _booked: Booked,
}

/// The form in which the guest takes the body. Until it is known, both are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Unknown,
    Bytes,
    Events,
}

struct State {
    hop: Option<Hop>,
    is_redirected: bool,
    head: Option<KeptHead>,
    /// When the first byte of the request was written.
    sent: Nanos,
    form: Form,
    pieces: VecDeque<(Bytes, Nanos, Booked)>,
    events: VecDeque<TimedEvent>,
    /// Bytes of the pieces and of the events that the guest has not taken.
    held: [usize; 2],
    /// Of an event stream.
    parser: Option<EventParser>,
    parser_booked: Booked,
    /// The id of the stream that this one continues.
    first_id: Box<str>,
    times: EventTimes,
    tokens: TokenCount,
    end: Option<Result<(), Error>>,
}

impl Incoming {
    /// A response that has not come, for a request that is to be sent. With `after`, it continues the stream whose last
    /// event id that was, and is counted as a reconnect.
    pub fn new<S>(client: &Client, stream: &PreparedStream<S>, after: Option<&str>) -> Rc<Incoming> {
        let request = stream.request();
        let tags = request.tags.unwrap_or(client.tags.get());
        let origin = SampleOrigin { flow: client.flow.get(), tags };
        let incoming = Incoming::empty(client, origin, request.name, after.unwrap_or_default());
        if after.is_some() {
            incoming.record(client.network.clock.now(), |cell| cell.reconnects += 1);
        }
        Rc::new(incoming)
    }

    fn empty(client: &Client, origin: SampleOrigin, name: NameId, first_id: &str) -> Incoming {
        Incoming {
            network: Rc::clone(&client.network),
            account: Rc::clone(client.account()),
            origin,
            name,
            state: RefCell::new(State {
                hop: None,
                is_redirected: false,
                head: None,
                sent: Nanos::ZERO,
                form: Form::Unknown,
                pieces: VecDeque::new(),
                events: VecDeque::new(),
                held: [0; 2],
                parser: None,
                parser_booked: client.account().receipt(),
                first_id: first_id.into(),
                times: EventTimes::default(),
                tokens: TokenCount::default(),
                end: None,
            }),
            is_gone: Cell::new(false),
            is_full: Cell::new(false),
            is_head_taken: Cell::new(false),
            mark: ReadyMark::default(),
            guest: RefCell::default(),
            exchange: RefCell::default(),
        }
    }

    /// A response that will not come, because the request is refused.
    pub fn refused(client: &Client, error: Error) -> Rc<Incoming> {
        let origin = SampleOrigin { flow: client.flow.get(), tags: client.tags.get() };
        let incoming = Incoming::empty(client, origin, NameId::OTHER, "");
        incoming.state.borrow_mut().end = Some(Err(error));
        Rc::new(incoming)
    }

    pub(super) fn begin_hop(&self, hop: Hop) {
        let mut state = self.state.borrow_mut();
        state.hop = Some(hop);
        state.is_redirected = false;
    }

    /// The flow and the tags of its samples.
    pub(super) fn origin(&self) -> SampleOrigin {
        self.origin
    }

    /// Whether the last head was that of a redirect to follow, or of one too many.
    pub(super) fn is_redirected(&self) -> bool {
        self.state.borrow().is_redirected
    }

    /// Whether the guest has let go of it.
    pub fn is_gone(&self) -> bool {
        self.is_gone.get()
    }

    /// All has come, or nothing more will.
    pub(super) fn end(&self, outcome: Result<(), Error>, duration: Nanos) {
        let mut state = self.state.borrow_mut();
        let now = self.network.clock.now();
        if state.head.is_some() {
            let is_whole = outcome.is_ok();
            self.record(now, |cell| cell.duration.record(duration));
            if state.tokens.is_asked_for() {
                self.record(now, |cell| state.tokens.record_end(is_whole, cell));
            }
        }
        state.end = Some(outcome);
        self.tell_guest(&state);
    }

    /// Whether the exchange has ended.
    pub fn has_ended(&self) -> bool {
        self.state.borrow().end.is_some()
    }

    /// Why there is no whole response, if the exchange has ended so.
    pub fn failure(&self) -> Option<Error> {
        self.state.borrow().end.as_ref()?.as_ref().err().cloned()
    }

    /// The guest wants no more of it.
    pub fn let_go(&self) {
        self.is_gone.set(true);
        let mut state = self.state.borrow_mut();
        state.pieces.clear();
        state.events.clear();
        drop(state);
        self.mark.retire();
        wake(&self.exchange);
    }

    /// Its key for [`Readiness`], in which it takes part from now on.
    pub fn key(&self, readiness: &Rc<Readiness>) -> u32 {
        self.mark.key(readiness, self.is_ready(&self.state.borrow()))
    }

    /// Whether the guest can take something without waiting.
    fn is_ready(&self, state: &State) -> bool {
        let (has_bytes, has_events) = (!state.pieces.is_empty(), !state.events.is_empty());
        state.end.is_some()
            || match state.form {
                _ if !self.is_head_taken.get() => state.head.is_some(),
                Form::Unknown => has_bytes || has_events,
                Form::Bytes => has_bytes,
                Form::Events => has_events,
            }
    }

    /// Something has come that the guest may be waiting for.
    fn tell_guest(&self, state: &State) {
        if self.is_ready(state) {
            self.mark.set();
        }
        wake(&self.guest);
    }

    /// The response without its body, when its head has come.
    pub fn poll_head(&self, context: &mut Context<'_>) -> Poll<Result<Box<Response>, Error>> {
        let state = self.state.borrow();
        if state.head.is_some() && !self.is_head_taken.replace(true) {
            self.mark.taken(self.is_ready(&state));
        }
        match (&state.head, &state.hop, &state.end) {
            (Some(head), Some(hop), _) => {
                let bytes = (head.status, &*head.bytes);
                let response =
                    Response::of_head(&self.network, &hop.origin, &hop.path, bytes, head.phases, &self.account);
                Poll::Ready(response.map_err(Error::from))
            }
            (_, _, Some(Err(error))) => Poll::Ready(Err(error.clone())),
            _ => self.wait(context),
        }
    }

    /// The next bytes of the body, at most `most` of them; `None` at its end.
    pub fn poll_read(&self, most: usize, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>> {
        let mut state = self.state.borrow_mut();
        if let Err(error) = state.take_as(Form::Bytes) {
            return Poll::Ready(Err(error));
        }
        // What was kept in the other form takes no room any more.
        self.go_on(&state);
        let Some((mut piece, at, booked)) = state.pieces.pop_front() else {
            self.mark.taken(self.is_ready(&state));
            return self.poll_end(&state, context);
        };
        if piece.len() > most.max(1) {
            let rest = piece.split_off(most.max(1));
            state.pieces.push_front((rest, at, booked));
        } else {
            state.held[0] -= BESIDE;
        }
        state.held[0] -= piece.len();
        self.mark.taken(self.is_ready(&state));
        self.go_on(&state);
        Poll::Ready(Ok(Some(piece)))
    }

    /// The next event; `None` at the end of the stream.
    pub fn poll_event(&self, context: &mut Context<'_>) -> Poll<Result<Option<TimedEvent>, Error>> {
        let mut state = self.state.borrow_mut();
        if state.form == Form::Unknown {
            self.take_events(&mut state);
        }
        if let Err(error) = state.take_as(Form::Events) {
            return Poll::Ready(Err(error));
        }
        self.go_on(&state);
        if let Some(encoding) = state.head.as_ref().and_then(|head| head.encoding.as_deref()) {
            return Poll::Ready(Err(Error::Protocol(format!(
                "events cannot be read from a response in {encoding}: send no accept-encoding"
            ))));
        }
        let Some(event) = state.events.pop_front() else {
            self.mark.taken(self.is_ready(&state));
            return self.poll_end(&state, context);
        };
        state.held[1] -= weight(&event.event);
        self.mark.taken(self.is_ready(&state));
        self.go_on(&state);
        Poll::Ready(Ok(Some(event)))
    }

    /// Counts events whose data has a text that is not empty at `text` as events with tokens, from the first that the
    /// guest has not taken. `total` is where the server says how many tokens there were. Returns whether there was room for
    /// another such place.
    pub fn count_tokens(&self, text: JsonPointer, total: Option<JsonPointer>) -> bool {
        let mut state = self.state.borrow_mut();
        let state = &mut *state;
        let is_first = !state.tokens.is_asked_for();
        if !state.tokens.ask(text, total) {
            return false;
        }
        if is_first {
            for TimedEvent { event, at, .. } in &state.events {
                self.record_token(state.tokens.look(&event.data, *at), state.sent, *at);
            }
        }
        true
    }

    /// The id of the last event that came, for `Last-Event-ID`; empty if there is none.
    pub fn last_event_id(&self) -> String {
        let state = self.state.borrow();
        state.parser.as_ref().map_or_else(|| state.first_id.to_string(), |parser| parser.last_id().to_string())
    }

    /// The time to wait before reconnecting, in milliseconds, if the stream has set it.
    pub fn retry(&self) -> Option<u64> {
        self.state.borrow().parser.as_ref().and_then(EventParser::retry)
    }

    fn wait<T>(&self, context: &mut Context<'_>) -> Poll<T> {
        self.guest.replace(Some(context.waker().clone()));
        Poll::Pending
    }

    fn poll_end<T>(&self, state: &State, context: &mut Context<'_>) -> Poll<Result<Option<T>, Error>> {
        match &state.end {
            Some(end) => Poll::Ready(end.clone().map(|()| None)),
            None => self.wait(context),
        }
    }

    /// Lets the exchange read on once half of the inbox is free.
    fn go_on(&self, state: &State) {
        if self.is_full.get() && state.held.iter().all(|held| *held < INBOX / 2) {
            self.is_full.set(false);
            wake(&self.exchange);
        }
    }

    fn record(&self, at: Nanos, record: impl Fn(&mut StreamCell)) {
        let mut recorder = self.network.recorder.borrow_mut();
        recorder.advance_to(at);
        recorder.stream(self.origin, self.name, record);
    }

    fn record_token(&self, token: Option<TokenEvent>, sent: Nanos, at: Nanos) {
        match token {
            None => {}
            Some(TokenEvent::First) => self.record(at, |cell| cell.first_token.record(at.since(sent))),
            Some(TokenEvent::Next(gap)) => self.record(at, |cell| cell.inter_token.record(gap)),
        }
    }

    /// The guest takes events of a response that does not call itself an event stream: those in the bytes that have come.
    fn take_events(&self, state: &mut State) {
        if state.parser.is_none() && state.head.is_some() {
            state.parser = Some(EventParser::after(INBOX, &state.first_id));
            state.form = Form::Events;
            state.held[0] = 0;
            for (piece, at, _booked) in std::mem::take(&mut state.pieces) {
                if let Err(TooMuch(why)) = self.parse(state, &piece, at) {
                    state.end = Some(Err(Error::TooLarge(why)));
                    self.is_gone.set(true);
                    wake(&self.exchange);
                    return;
                }
            }
        }
    }

    /// Parses and records the events in a piece, and keeps them unless the guest takes bytes.
    fn parse(&self, state: &mut State, piece: &[u8], at: Nanos) -> Result<(), TooMuch> {
        let State { parser: Some(parser), parser_booked, events, held, form, times, tokens, sent, .. } = state else {
            return Ok(());
        };
        let sent = *sent;
        let before = parser.held();
        // A byte that is not UTF-8 becomes three, in a buffer that doubles.
        let reserved = 6 * piece.len();
        parser_booked.add(reserved)?;
        let mut over = Ok(());
        parser.push(piece, |event| {
            let time = times.note(sent, at);
            self.record(at, |cell| time.record(cell));
            if tokens.is_asked_for() {
                self.record_token(tokens.look(&event.data, at), sent, at);
            }
            if *form != Form::Bytes && over.is_ok() {
                let weight = weight(&event);
                over = self.account.book(weight).map(|booked| {
                    held[1] += weight;
                    events.push_back(TimedEvent { event, at, _booked: booked });
                });
            }
        })?;
        over?;
        let after = parser.held();
        parser_booked.remove((before + reserved).saturating_sub(after));
        Ok(parser_booked.add(after.saturating_sub(before + reserved))?)
    }
}

impl State {
    /// The guest takes the body in one form, and never in the other: that is dropped.
    fn take_as(&mut self, form: Form) -> Result<(), Error> {
        match self.form {
            Form::Unknown if form == Form::Bytes => self.events.clear(),
            Form::Unknown => self.pieces.clear(),
            taken if taken == form => return Ok(()),
            Form::Bytes => {
                return Err(Error::InvalidRequest("the response is read as bytes, not as events".to_owned()));
            }
            Form::Events => {
                return Err(Error::InvalidRequest("the response is read as events, not as bytes".to_owned()));
            }
        }
        self.held[if form == Form::Bytes { 1 } else { 0 }] = 0;
        self.form = form;
        Ok(())
    }
}

/// Memory of an event, in bytes.
fn weight(event: &ServerEvent) -> usize {
    BESIDE + event.data.capacity() + event.name.capacity() + event.id.len()
}

impl fmt::Debug for Incoming {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Incoming").field("has_ended", &self.has_ended()).finish_non_exhaustive()
    }
}
