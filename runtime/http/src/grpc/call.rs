//! A call with streams on its way. The exchange takes messages out of what each read of the socket brought; the guest takes
//! them when it likes, so no number depends on it.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use squall_grpc::{Code, FrameError, Framer};
use squall_metrics::{NameId, Nanos, Phases, Protocol, SampleOrigin, StreamCell};

use super::outcome::{Reply, Status, check_head, encoding, final_status, frame_error};
use super::prepare::{CallOptions, PreparedCall, framed};
use crate::account::{Booked, MemoryAccount};
use crate::client::Client;
use crate::error::Error;
use crate::network::Network;
use crate::reader::Reader;
use crate::readiness::{Readiness, ReadyMark};
use crate::stopwatch::Stopwatch;
use crate::streamed::{
    BodyProgress, BodyQueue, BodySource, ExchangeSettings, GivenUp, Head, Listener, QueuedBody, StreamLimits, TooMuch,
};
use crate::waker::wake;

/// Bytes of messages that are kept for the guest before the socket is read no more.
const INBOX: usize = 1 << 20;
/// Memory of a message besides its bytes.
const BESIDE: usize = 128;

/// A message that has come.
#[derive(Debug)]
pub struct CallMessage {
    /// The message, decompressed.
    pub bytes: Bytes,
    /// The time of the read that completed it, on the run's clock.
    pub at: Nanos,
    pub(super) _booked: Option<Booked>,
}

impl CallMessage {
    /// The same message, whose memory others hold, too.
    pub fn share(&self, booked: Booked) -> CallMessage {
        CallMessage { bytes: self.bytes.clone(), at: self.at, _booked: Some(booked) }
    }
}

/// A call with a stream in either direction, or both.
pub struct Call {
    network: Rc<Network>,
    account: Rc<MemoryAccount>,
    origin: SampleOrigin,
    name: NameId,
    queue: Rc<BodyQueue>,
    options: CallOptions,
    send_limit: usize,
    state: RefCell<State>,
    /// Whether the guest has let go of it.
    is_gone: Cell<bool>,
    guest: RefCell<Option<Waker>>,
    exchange: RefCell<Option<Waker>>,
    mark: ReadyMark,
}

struct State {
    framer: Framer,
    framer_booked: Booked,
    messages: VecDeque<CallMessage>,
    /// Bytes of messages that the guest has not taken.
    held: usize,
    /// When the first byte of the call was written.
    begun: Nanos,
    /// What stands for the status of a response that is not of gRPC. Its body is of no interest.
    foreign: Option<Status>,
    /// The defect of a message.
    defect: Option<FrameError>,
    head: Vec<u8>,
    head_booked: Option<Booked>,
    last_sent: Option<Nanos>,
    last_received: Option<Nanos>,
    end: Option<Result<Ended, Error>>,
}

/// The end of a call that has a status.
#[derive(Clone)]
struct Ended {
    status: Status,
    trailers: Vec<u8>,
    phases: Phases,
}

impl Call {
    /// A call that is to be made, whose messages go through `queue`.
    pub fn new(client: &Client, call: &PreparedCall, queue: Rc<BodyQueue>, send_limit: usize) -> Rc<Call> {
        let tags = call.options.tags.unwrap_or(client.tags.get());
        let account = client.account();
        Rc::new(Call {
            network: Rc::clone(&client.network),
            account: Rc::clone(account),
            origin: SampleOrigin { flow: client.flow.get(), tags },
            name: call.request.name,
            queue,
            options: call.options.clone(),
            send_limit,
            state: RefCell::new(State {
                framer: Framer::new(call.receive_limit),
                framer_booked: account.receipt(),
                messages: VecDeque::new(),
                held: 0,
                begun: Nanos::ZERO,
                foreign: None,
                defect: None,
                head: Vec::new(),
                head_booked: None,
                last_sent: None,
                last_received: None,
                end: None,
            }),
            is_gone: Cell::new(false),
            guest: RefCell::default(),
            exchange: RefCell::default(),
            mark: ReadyMark::default(),
        })
    }

    /// Its key for [`Readiness`], in which it takes part from now on.
    pub fn key(&self, readiness: &Rc<Readiness>) -> u32 {
        self.mark.key(readiness, self.state.borrow().is_ready())
    }

    /// Whether a message can be sent: ready when there is room, or never again.
    pub fn poll_room_to_send(&self, context: &mut Context<'_>) -> Poll<()> {
        self.queue.poll_room(context)
    }

    /// Hands a message over.
    ///
    /// # Errors
    /// If it is too large, the call has ended, or there is no room for it.
    pub fn send(&self, message: &[u8]) -> Result<(), Error> {
        if !self.queue.is_open() {
            return Err(self.failure().unwrap_or_else(|| {
                Error::InvalidRequest("nothing can be sent any more: the call, or its messages, have ended".to_owned())
            }));
        }
        let framed = framed(message, self.options.gzip, self.send_limit)?;
        Ok(self.queue.write(&framed)?)
    }

    /// There are no more messages to send.
    pub fn finish(&self) {
        self.queue.finish();
    }

    /// The guest wants no more of it. If it has not ended, it is cancelled.
    pub fn let_go(&self) {
        self.is_gone.set(true);
        self.mark.retire();
        self.state.borrow_mut().messages.clear();
        wake(&self.exchange);
    }

    /// Whether the guest has let go of it.
    pub fn is_gone(&self) -> bool {
        self.is_gone.get()
    }

    /// Whether the exchange has ended.
    pub fn has_ended(&self) -> bool {
        self.state.borrow().end.is_some()
    }

    fn failure(&self) -> Option<Error> {
        self.state.borrow().end.as_ref()?.as_ref().err().cloned()
    }

    /// The next message; `None` when the call has ended with a status.
    pub fn poll_message(&self, context: &mut Context<'_>) -> Poll<Result<Option<CallMessage>, Error>> {
        let mut state = self.state.borrow_mut();
        if let Some(message) = state.messages.pop_front() {
            let was_full = state.held >= INBOX;
            state.held -= BESIDE + message.bytes.len();
            if was_full && state.held < INBOX {
                wake(&self.exchange);
            }
            self.mark.taken(state.is_ready());
            return Poll::Ready(Ok(Some(message)));
        }
        match &state.end {
            Some(Ok(_)) => Poll::Ready(Ok(None)),
            Some(Err(error)) => Poll::Ready(Err(error.clone())),
            None => {
                self.guest.replace(Some(context.waker().clone()));
                Poll::Pending
            }
        }
    }

    /// How the call ended; none before its end, and of one without a status.
    ///
    /// # Errors
    /// If there is no room for a copy.
    pub fn reply(&self) -> Result<Option<Reply>, Error> {
        let state = self.state.borrow();
        let Some(Ok(Ended { status, trailers, phases })) = &state.end else { return Ok(None) };
        let booked = self.account.book(BESIDE + state.head.len() + trailers.len() + status.message.len())?;
        Ok(Some(Reply {
            status: status.clone(),
            message: None,
            head: state.head.clone(),
            trailers: trailers.clone(),
            phases: *phases,
            _booked: booked,
        }))
    }

    fn record(&self, at: Nanos, record: impl Fn(&mut StreamCell)) {
        if self.options.is_unrecorded {
            return;
        }
        let mut recorder = self.network.recorder.borrow_mut();
        recorder.advance_to(at);
        recorder.stream(self.origin, self.name, record);
    }

    /// A message is handed to the connection.
    fn is_sending(&self) {
        let now = self.network.clock.now();
        self.state.borrow_mut().last_sent = Some(now);
        self.record(now, |cell| cell.messages_sent += 1);
    }

    fn end(&self, ended: Result<Ended, Error>) {
        let mut state = self.state.borrow_mut();
        state.end = Some(ended);
        drop(state);
        self.mark.set();
        wake(&self.guest);
    }

    /// The status of a response that has come.
    fn status(&self, peer: &str, trailers: &[u8]) -> Result<Status, Error> {
        let state = self.state.borrow();
        if let Some(foreign) = &state.foreign {
            return Ok(foreign.clone());
        }
        state.framer.end().map_err(|error| frame_error(peer, &error))?;
        Ok(final_status(&state.head, trailers))
    }
}

impl State {
    /// Whether the guest can take something without waiting.
    fn is_ready(&self) -> bool {
        !self.messages.is_empty() || self.end.is_some()
    }

    /// Takes whole messages out of what has come.
    fn take_messages(&mut self, call: &Call, at: Nanos) -> Result<(), TooMuch> {
        loop {
            let before = self.framer.held();
            let next = self.framer.next_message().map_err(|error| {
                self.defect = Some(error.clone());
                TooMuch(error.to_string())
            });
            let Some(bytes) = next? else { return Ok(()) };
            self.framer_booked.remove(before - self.framer.held());
            self.note(call, at);
            if call.options.discard || call.is_gone() {
                continue;
            }
            let weight = BESIDE + bytes.len();
            let booked = call.account.book(weight)?;
            self.held += weight;
            self.messages.push_back(CallMessage { bytes, at, _booked: Some(booked) });
        }
    }

    /// Records the times of a message that came.
    fn note(&mut self, call: &Call, at: Nanos) {
        let (before, begun) = (self.last_received.replace(at), self.begun);
        let response = self.last_sent.take().map(|sent| at.since(sent));
        call.record(at, |cell| {
            cell.messages_received += 1;
            match before {
                None => cell.first_message.record(at.since(begun)),
                Some(before) => cell.message_gap.record(at.since(before)),
            }
            if let Some(response) = response {
                cell.message_response.record(response);
            }
        });
    }
}

impl Listener for Call {
    fn head(&self, head: &Head<'_>, booked: Booked) {
        let mut state = self.state.borrow_mut();
        state.begun = head.begun();
        state.head = head.bytes().to_vec();
        state.head_booked = Some(booked);
        state.foreign = check_head(head.status, head.bytes()).err();
    }

    fn data(&self, piece: Bytes, _booked: Booked, at: Nanos) -> Result<(), TooMuch> {
        let mut state = self.state.borrow_mut();
        if state.foreign.is_some() {
            return Ok(());
        }
        let encoding = encoding(&state.head).map_err(|error| TooMuch(error.to_string()))?;
        state.framer.set_encoding(encoding);
        state.framer_booked.add(piece.len())?;
        state.framer.push(&piece);
        state.take_messages(self, at)?;
        if state.is_ready() {
            self.mark.set();
        }
        drop(state);
        wake(&self.guest);
        Ok(())
    }

    fn is_endless(&self) -> bool {
        true
    }

    fn has_deadline(&self) -> bool {
        self.options.timeout.is_some()
    }

    fn poll_room(&self, context: &mut Context<'_>) -> Poll<()> {
        if self.state.borrow().held < INBOX || self.is_gone() {
            return Poll::Ready(());
        }
        self.exchange.replace(Some(context.waker().clone()));
        Poll::Pending
    }

    fn poll_gone(&self, context: &mut Context<'_>) -> Poll<()> {
        if self.is_gone() {
            return Poll::Ready(());
        }
        self.exchange.replace(Some(context.waker().clone()));
        Poll::Pending
    }
}

/// The messages of a call, which notes when they go.
struct Sending<'a> {
    messages: QueuedBody,
    call: &'a Call,
}

impl BodySource for Sending<'_> {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, GivenUp>>> {
        let next = self.messages.poll_next(context);
        if let Poll::Ready(Some(Ok(_))) = &next {
            self.call.is_sending();
        }
        next
    }
}

impl Client {
    /// Makes a call with streams: sends its messages, and passes those that come to `call`, until it ends or the guest has let
    /// go of it.
    pub async fn call(&self, prepared: PreparedCall, call: &Call) {
        let PreparedCall { mut request, messages, asked, .. } = prepared;
        let mut watch = Stopwatch::start_late(asked, self.late_by.take());
        let course = BodyProgress::new(&self.network.clock, StreamLimits::default(), request.timeout, asked);
        let settings = ExchangeSettings { turns: None, course: &course, listener: call, origin: call.origin };
        let source = messages.map(|messages| (Sending { messages, call }, None));
        let head = self.network.buffers.take();
        let booked = self.account().book(head.capacity()).map_err(Error::from);
        let ended = match booked {
            Err(error) => Err(error),
            Ok(booked) => {
                let mut reader = Reader::new(self.network.limits(), false, true, head, Vec::new(), booked);
                reader.trailers = Some(Vec::new());
                let passed = self.pass_pieces(&mut request, source, &settings, &mut watch, &mut reader).await;
                let trailers = reader.trailers.take().unwrap_or_default();
                self.network.buffers.give(reader.head);
                self.conclude_call(call, passed, trailers, &request.origin.authority, &watch)
            }
        };
        let code = ended.as_ref().map(|ended| ended.status.code);
        let present = (self.flow.replace(call.origin.flow), self.tags.replace(call.origin.tags));
        self.record_call(&request, &watch, Protocol::GrpcStream, code, &call.options);
        self.flow.set(present.0);
        self.tags.set(present.1);
        self.network.buffers.give(std::mem::take(&mut request.bytes));
        call.end(ended);
    }

    fn conclude_call(
        &self,
        call: &Call,
        passed: Result<(), Error>,
        trailers: Vec<u8>,
        peer: &str,
        watch: &Stopwatch,
    ) -> Result<Ended, Error> {
        let status = match passed {
            Ok(()) if self.network.stub.is_some() => Status::new(Code::OK, ""),
            // A scenario that has had enough of a stream is content with it.
            Ok(()) if call.is_gone() => Status::new(Code::OK, ""),
            Ok(()) => call.status(peer, &trailers)?,
            Err(Error::Timeout) if call.options.timeout.is_some() => Status::late(),
            Err(error) => {
                let defect = call.state.borrow().defect.as_ref().map(|defect| frame_error(peer, defect));
                return Err(defect.unwrap_or(error));
            }
        };
        Ok(Ended { status, trailers, phases: watch.phases() })
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Call").field("has_ended", &self.has_ended()).finish_non_exhaustive()
    }
}
