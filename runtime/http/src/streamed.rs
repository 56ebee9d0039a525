//! Requests with streamed bodies: the guest writes the request's body while it is sent, and gets the response's while
//! it arrives.
//!
//! The measurements are those of a buffered request. The response is read off the socket as it comes, not as the guest
//! asks for it, so that a slow guest does not make a slow server. In [`Client::send_streamed`] redirects, cookies and
//! content encodings are the guest's business; [`Client::stream`] leaves only the encodings to it.

mod body_progress;
mod body_queue;
mod event_times;
mod incoming;
mod open;
mod pieces;

use std::future::Future;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use squall_metrics::{Method, Nanos, Phases, Protocol, SampleOrigin};

use crate::account::{Booked, OverLimit};
use crate::client::Client;
use crate::cookies::CookieJar;
use crate::deadline::{Elapsed, limit_moving};
use crate::error::Error;
use crate::event_stream::EventTooLarge;
use crate::origin_limit::OriginLimit;
use crate::reader::{Reader, fields};
use crate::request::{Brought, Prepared, RequestOptions};
use crate::stopwatch::Stopwatch;
pub(crate) use body_progress::BodyProgress;
use pieces::Pieces;

pub use body_queue::{BodyQueue, QueuedBody};
pub use incoming::{Incoming, TimedEvent};
pub use open::PreparedStream;

/// The body of a request, in pieces that come while it is sent.
pub trait BodySource {
    /// The next piece; `None` after the last one.
    ///
    /// # Errors
    /// If the guest has given up the rest.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, GivenUp>>>;
}

/// The guest gave up writing or reading a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenUp;

/// The head of a response.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// The status.
    pub status: u16,
    /// The head as it came.
    bytes: &'a [u8],
    /// The time spent in each phase so far.
    phases: Phases,
    /// When it had come.
    at: Nanos,
}

impl<'a> Head<'a> {
    /// The fields, names as they came.
    pub fn fields(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> + use<'a> {
        fields(self.bytes)
    }

    /// The head as it came.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// When the first byte of the request was written: the phases of sending, waiting and receiving have lasted from then.
    pub(crate) fn begun(&self) -> Nanos {
        Nanos(self.at.0.saturating_sub(self.phases.duration().0))
    }
}

/// A listener has no room for a piece, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooMuch(pub String);

impl From<OverLimit> for TooMuch {
    fn from(over: OverLimit) -> TooMuch {
        TooMuch(over.to_string())
    }
}

impl From<EventTooLarge> for TooMuch {
    fn from(error: EventTooLarge) -> TooMuch {
        TooMuch(error.to_string())
    }
}

/// Receives a response while it arrives.
pub trait Listener {
    /// The head. `booked` is the memory of its fields.
    fn head(&self, head: &Head<'_>, booked: Booked);
    /// The next piece of the body, which is booked, and the time of the read that brought it.
    ///
    /// # Errors
    /// If the response is too large for the listener. It ends then.
    fn data(&self, piece: Bytes, booked: Booked, at: Nanos) -> Result<(), TooMuch>;
    /// Whether the response may go on without end: then neither the request's time limit nor the largest body holds after
    /// the head, and a response that the guest drops is cut.
    fn is_endless(&self) -> bool {
        false
    }
    /// Whether the request's time limit holds after the head, too.
    fn has_deadline(&self) -> bool {
        false
    }
    /// Ready while there is room for more of the body.
    fn poll_room(&self, _context: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
    /// Ready when the guest has dropped the response.
    fn poll_gone(&self, context: &mut Context<'_>) -> Poll<()>;
}

/// The body of a streamed request.
#[derive(Debug)]
pub enum StreamedBody<S> {
    /// No body.
    Nothing,
    /// A body that is complete already.
    Whole(Vec<u8>),
    /// A body in pieces, with its length in bytes, if known. Without a length it is sent in chunks.
    Pieces(S, Option<u64>),
}

/// Time limits beside the request's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamLimits {
    /// For opening a connection.
    pub connect: Option<Duration>,
    /// From then on to the head of the response.
    pub first_byte: Option<Duration>,
    /// From one piece of the body to the next.
    pub between_bytes: Option<Duration>,
}

/// A request that has been checked, ready to be sent.
#[derive(Debug)]
pub struct Streamed<S> {
    request: Box<Prepared>,
    /// With the length that was announced.
    source: Option<(S, Option<u64>)>,
    limits: StreamLimits,
}

/// The parts of one exchange that do not change while it goes on.
pub(crate) struct ExchangeSettings<'a, L> {
    /// The limit for requests to one origin, if it holds.
    pub(crate) turns: Option<&'a OriginLimit>,
    pub(crate) course: &'a BodyProgress<'a>,
    pub(crate) listener: &'a L,
    /// Where the sample belongs: the flow of the client may be another one when it ends.
    pub(crate) origin: SampleOrigin,
}

impl Client {
    /// Checks and copies a request. An invalid one is counted as a failure, but is not a sample.
    ///
    /// # Errors
    /// As [`Client::prepare`].
    pub fn prepare_streamed<'h, S>(
        &self,
        (method, url): (&str, &str),
        headers: impl Iterator<Item = (&'h str, &'h str)>,
        body: StreamedBody<S>,
        options: &RequestOptions,
        limits: StreamLimits,
    ) -> Result<Streamed<S>, Error> {
        let brought = match &body {
            StreamedBody::Nothing => Brought::Nothing,
            StreamedBody::Whole(bytes) => Brought::Bytes(bytes),
            StreamedBody::Pieces(_, length) => Brought::Pieces(*length),
        };
        // The guest follows redirects itself, so it keeps the cookies, too.
        let options = RequestOptions { redirects: Some(0), ..options.clone() };
        let jar = CookieJar::default();
        let prepared = Prepared::new(self.belongings(&jar), (method, url), headers, brought, &options);
        let source = match body {
            StreamedBody::Pieces(source, length) => Some((source, length)),
            StreamedBody::Nothing | StreamedBody::Whole(_) => None,
        };
        match prepared {
            Ok(request) => Ok(Streamed { request, source, limits }),
            Err(error) => {
                let error = error.before_sending();
                self.record_failure(&error, &error.to_string());
                Err(error)
            }
        }
    }

    /// Sends a request when its turn has come, and passes the response to `listener`. Ends when the response is whole,
    /// or when the guest has dropped it.
    ///
    /// # Errors
    /// If there is no response, or it is incomplete. The listener does not get the error.
    pub async fn send_streamed<S: BodySource>(
        &self,
        streamed: Streamed<S>,
        turns: &OriginLimit,
        listener: &impl Listener,
    ) -> Result<(), Error> {
        let Streamed { mut request, source, limits } = streamed;
        let asked = self.network.clock.now();
        let mut waiter = self.start_waiting(asked);
        let mut watch = Stopwatch::start_late(asked, self.late_by.take());
        let course = BodyProgress::new(&self.network.clock, limits, request.timeout, asked);
        let origin = SampleOrigin { flow: self.flow.get(), tags: self.tags.get() };
        let settings = ExchangeSettings { turns: Some(turns), course: &course, listener, origin };
        let result = self.exchange_streamed(&mut request, source, settings, &mut watch, |_, _| Ok(())).await;
        waiter.end = Some(watch.last_lap());
        self.network.buffers.give(std::mem::take(&mut request.bytes));
        result
    }

    /// One exchange, and its sample. Of a response that has come, `conclude` makes the result, or the error that is
    /// recorded.
    async fn exchange_streamed<S: BodySource, L: Listener, T>(
        &self,
        request: &mut Box<Prepared>,
        source: Option<(S, Option<u64>)>,
        settings: ExchangeSettings<'_, L>,
        watch: &mut Stopwatch,
        conclude: impl FnOnce(&Prepared, &Reader) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let bodiless = request.method == Method::Head;
        let head = self.network.buffers.take();
        let booked = self.account().book(head.capacity())?;
        let mut reader = Reader::new(self.network.limits(), bodiless, true, head, Vec::new(), booked);
        let result = self.pass_pieces(request, source, &settings, watch, &mut reader).await;
        let ExchangeSettings { course, origin, .. } = settings;
        let (status, proto) = if result.is_ok() { course.response() } else { (0, Protocol::None) };
        let result = result.and_then(|()| conclude(request, &reader));
        let expected = result.is_ok() && request.expects(status);
        let present = (self.flow.replace(origin.flow), self.tags.replace(origin.tags));
        self.record(request, watch, (status, proto), result.as_ref().err(), expected);
        self.flow.set(present.0);
        self.tags.set(present.1);
        self.network.buffers.give(reader.head);
        result
    }

    /// Sends a request, and passes the pieces of its response to the listener, until it ends or the guest has dropped it.
    pub(crate) async fn pass_pieces<S: BodySource, L: Listener>(
        &self,
        request: &mut Box<Prepared>,
        source: Option<(S, Option<u64>)>,
        settings: &ExchangeSettings<'_, L>,
        watch: &mut Stopwatch,
        reader: &mut Reader,
    ) -> Result<(), Error> {
        let ExchangeSettings { turns, course, listener, .. } = *settings;
        let clock = &self.network.clock;
        let mut pieces = Pieces::new(source, course, listener, self.account(), self.network.config.max_body);
        let exchange = async {
            let _turn = match turns {
                Some(turns) => turns.take(&request.origin, self.network.config.batch_per_origin).await,
                None => None,
            };
            let now = clock.now();
            watch.lap(now);
            course.begin(now);
            self.attempt(request, &mut pieces, reader, watch).await
        };
        let mut exchange = Box::pin(exchange);
        let ended = limit_moving(
            &self.timer,
            clock,
            || course.deadline(),
            |context| {
                if let Poll::Ready(result) = exchange.as_mut().poll(context) {
                    return Poll::Ready(result);
                }
                course.poll_abandoned(listener, context).map(|()| Err(Error::Abandoned(String::new())))
            },
        );
        let ended = ended.await;
        drop(exchange);
        let result = match ended {
            // The guest has had enough of it.
            Ok(Err(Error::Abandoned(_))) if course.is_answered() && listener.is_endless() => {
                watch.lap(clock.now());
                Ok(())
            }
            Ok(Err(Error::Abandoned(_))) => {
                Err(Error::Abandoned(format!("{}: given up by the guest before it was answered", request.url())))
            }
            Ok(result) => result,
            // The guest has dropped the response; the rest was read to keep the connection.
            Err(Elapsed) if course.is_lingering() => Ok(()),
            Err(Elapsed) => Err(course.too_late(request)),
        };
        if result.is_err() || course.is_lingering() {
            watch.lap(clock.now());
        }
        result
    }
}
