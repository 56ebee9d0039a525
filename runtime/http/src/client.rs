//! The client of one virtual user: its connections, its cookies, and the way of a request from start to sample.

use std::cell::{Cell, OnceCell};
use std::fmt;
use std::net::IpAddr;
use std::rc::Rc;

use squall_metrics::{
    FailureClass, FlowId, Method, Nanos, Protocol, RequestSample, SampleOrigin, TagSetId, TracedRequest,
};

use crate::account::{MemoryAccount, OverLimit};
use crate::config::ConnectionReuse;
use crate::cookies::CookieJar;
use crate::deadline::{Timer, limit};
use crate::decode::decode;
use crate::error::Error;
use crate::exchange::{Buffered, Cause};
use crate::http2::Multiplexed;
use crate::http3::QuicConnection;
use crate::idle::Idle;
use crate::network::Network;
use crate::reader::{Reader, field};
use crate::readiness::Readiness;
use crate::redirect;
use crate::request::{Belongings, Brought, Prepared, RequestOptions};
use crate::response::{self, Response};
use crate::server_timing;
use crate::stopwatch::Stopwatch;
use crate::streams::Streams;
use crate::trace_context::TraceContext;
use crate::url::Origin;
use crate::wire_log;

/// The client of one virtual user.
///
/// Every exchange is recorded by the client itself, whatever comes of it. A future that is dropped midway takes its
/// connection with it and records nothing.
pub struct Client {
    pub(crate) network: Rc<Network>,
    pub(crate) flow: Cell<FlowId>,
    pub(crate) tags: Cell<TagSetId>,
    pub(crate) late_by: Cell<Nanos>,
    /// The address of this machine that its connections come from.
    pub(crate) source: Option<IpAddr>,
    pub(crate) idle: Idle,
    /// Connections of HTTP/2, if they are not shared with other clients.
    pub(crate) streams: Streams<Multiplexed>,
    /// The same of HTTP/3, from its first request on.
    quic: OnceCell<Box<Streams<QuicConnection>>>,
    cookies: Rc<CookieJar>,
    account: Rc<MemoryAccount>,
    readiness: Rc<Readiness>,
    pub(crate) timer: Cell<Option<Timer>>,
    waiting: Waiting,
}

/// The next step after a response.
enum NextStep {
    Answer(Box<Response>),
    Redirect(Box<Prepared>),
}

impl Client {
    /// A client without connections and cookies.
    pub fn new(network: Rc<Network>) -> Client {
        Client {
            account: MemoryAccount::new(&network.config.memory),
            streams: Streams::new(1, network.config.max_streams),
            quic: OnceCell::new(),
            source: network.next_source(),
            network,
            flow: Cell::new(FlowId::START),
            tags: Cell::default(),
            late_by: Cell::default(),
            idle: Idle::default(),
            cookies: Rc::default(),
            readiness: Rc::default(),
            timer: Cell::default(),
            waiting: Waiting::default(),
        }
    }

    /// Sets the flow that samples are recorded under from now on. At first that is [`FlowId::START`].
    pub fn set_flow(&self, flow: FlowId) {
        self.flow.set(flow);
    }

    /// Sets the tags that samples are recorded under from now on, where a request has none of its own.
    pub fn set_tags(&self, tags: TagSetId) {
        self.tags.set(tags);
    }

    /// The next request should have been made earlier by this much: the iteration that makes it began late. Counted into
    /// its `response_time`, and into that of no other.
    pub fn set_late_by(&self, late_by: Nanos) {
        self.late_by.set(late_by);
    }

    /// The flow and tags of samples that are made now.
    pub(crate) fn sample_origin(&self) -> SampleOrigin {
        SampleOrigin { flow: self.flow.get(), tags: self.tags.get() }
    }

    /// The account of this client's virtual user.
    pub fn account(&self) -> &Rc<MemoryAccount> {
        &self.account
    }

    /// Which of the virtual user's streams have something for it.
    pub fn readiness(&self) -> &Rc<Readiness> {
        &self.readiness
    }

    pub(crate) fn belongings<'a>(&'a self, cookies: &'a CookieJar) -> Belongings<'a> {
        Belongings { network: &self.network, cookies, account: &self.account }
    }

    /// Checks and copies a request. An invalid one is counted as a failure, but is not a sample.
    #[inline]
    pub fn prepare<'h>(
        &self,
        method: &str,
        url: &str,
        headers: impl Iterator<Item = (&'h str, &'h str)>,
        body: Option<&[u8]>,
        options: &RequestOptions,
    ) -> Result<Box<Prepared>, Error> {
        let body = body.map_or(Brought::Nothing, Brought::Bytes);
        let prepared = Prepared::new(self.belongings(&self.cookies), (method, url), headers, body, options);
        let prepared = prepared.map_err(Error::before_sending);
        if let Err(error) = &prepared {
            self.record_failure(error, &error.to_string());
        }
        prepared
    }

    /// Sends a request, follows redirects, and waits for the whole response.
    pub async fn send(&self, request: Box<Prepared>) -> Result<Box<Response>, Error> {
        let start = self.network.clock.now();
        let mut waiter = self.start_waiting(start);
        let (result, end) = self.send_since(start, self.late_by.take(), start, request).await;
        waiter.end = Some(end);
        result
    }

    /// The jar of requests that name no other.
    pub fn cookie_jar(&self) -> &Rc<CookieJar> {
        &self.cookies
    }

    /// Puts a cookie into a jar as if a response of that URL had set it: "id=7; Path=/". Returns whether it was
    /// accepted.
    pub fn set_cookie(&self, jar: &CookieJar, url: &str, cookie: &str) -> bool {
        self.place_of(url).is_some_and(|(origin, path)| jar.set_one(&origin, &path, cookie))
    }

    /// The cookies of a jar that a request of that URL would send, as names and values.
    pub fn cookies_for(&self, jar: &CookieJar, url: &str) -> Vec<(String, String)> {
        self.place_of(url).map_or_else(Vec::new, |(origin, path)| jar.pairs(&origin, &path))
    }

    /// Origin and path of a URL, if it is one.
    fn place_of(&self, url: &str) -> Option<(Rc<Origin>, Vec<u8>)> {
        let target = self.network.origins.resolve(url).ok()?;
        let mut path = Vec::new();
        target.write_path(&mut path).ok()?;
        Some((target.origin, path))
    }

    /// Closes all idle connections, but none that is shared.
    pub fn close(&self) {
        self.idle.clear();
        self.streams.clear();
        if let Some(quic) = self.quic.get() {
            quic.clear();
        }
    }

    /// Connections of HTTP/3, if they are not shared with other clients.
    pub(crate) fn own_quic(&self) -> &Streams<QuicConnection> {
        self.quic.get_or_init(|| Box::new(Streams::new(1, self.network.config.max_streams)))
    }

    /// The iteration is over: connections that are not used beyond it are closed.
    pub fn end_iteration(&self) {
        if self.network.config.reuse == ConnectionReuse::WithinIteration {
            self.close();
        }
    }

    /// How long this client has been sending and waiting, since it was made. What is under way together counts once;
    /// what is under way now does not count yet.
    pub fn waited(&self) -> Nanos {
        self.waiting.total.get()
    }

    pub(crate) fn start_waiting(&self, now: Nanos) -> Waiter<'_> {
        self.waiting.enter(now);
        Waiter { client: self, end: None }
    }

    /// Sends a request that has been waiting for its turn since `asked`. Returns the time of its end, too.
    pub(crate) async fn send_since(
        &self,
        asked: Nanos,
        late_by: Nanos,
        now: Nanos,
        mut request: Box<Prepared>,
    ) -> (Result<Box<Response>, Error>, Nanos) {
        let deadline = now + request.timeout.into();
        let mut watch = Stopwatch::start_late(asked, late_by);
        watch.lap(now);
        let mut followed = 0;
        loop {
            let (outcome, end) = self.exchange_once(&request, &mut watch, deadline, followed).await;
            self.network.buffers.give(std::mem::take(&mut request.bytes));
            match outcome {
                Ok(NextStep::Answer(response)) => return (Ok(response), end),
                Ok(NextStep::Redirect(next)) => request = next,
                Err(error) => return (Err(error), end),
            }
            followed += 1;
            watch = Stopwatch::start(end);
        }
    }

    /// One exchange, and its sample. Returns the time at which the client was done with it, too.
    async fn exchange_once(
        &self,
        request: &Prepared,
        watch: &mut Stopwatch,
        deadline: Nanos,
        followed: u32,
    ) -> (Result<NextStep, Error>, Nanos) {
        let network = &self.network;
        let mut reader = match self.reader(request) {
            Ok(reader) => reader,
            Err(over) => {
                let error = Error::from(over).before_sending();
                self.record_failure(&error, &error.to_string());
                return (Err(error), watch.last_lap());
            }
        };
        let remaining = deadline.since(watch.last_lap()).into();
        let attempt = limit(
            &self.timer,
            deadline,
            remaining,
            self.attempt(request, &mut Buffered::default(), &mut reader, watch),
        )
        .await;
        if let Err(error) = attempt.unwrap_or(Err(Error::Timeout)) {
            watch.lap(network.clock.now());
            self.record(request, watch, (0, Protocol::None), Some(&error), false);
            return (Err(error), watch.last_lap());
        }
        if request.discard_body {
            // It was only kept to be shown.
            reader.body.clear();
        }
        let (status, proto, encoded) = (reader.status, reader.protocol(), reader.encoded);
        let outcome = match self.follow(request, &reader, followed) {
            Ok(Some(next)) => Ok(NextStep::Redirect(next)),
            Ok(None) => {
                let decoded = match encoded && !reader.body.is_empty() {
                    // Boxed, because it is large, and many responses are not encoded.
                    true => Box::pin(self.decode(request, &mut reader, watch.last_lap(), deadline)).await,
                    false => Ok(()),
                };
                decoded.and_then(|()| Ok(NextStep::Answer(Response::new(network, request, reader, watch.phases())?)))
            }
            Err(error) => Err(error),
        };
        let expected = outcome.is_ok() && request.expects(status);
        self.record(request, watch, (status, proto), outcome.as_ref().err(), expected);
        // Decoding is not part of the latency, but it is not the guest's time either.
        let end = if encoded { network.clock.now() } else { watch.last_lap() };
        (outcome, end)
    }

    /// A reader for the response.
    pub(crate) fn reader(&self, request: &Prepared) -> Result<Reader, OverLimit> {
        let buffers = &self.network.buffers;
        let keeps_body = !request.discard_body || wire_log::shows_bodies();
        let body = if keeps_body { buffers.take() } else { Vec::new() };
        let head = buffers.take();
        let booked = self.account.book(response::BESIDE + head.capacity() + body.capacity())?;
        let bodiless = request.method == Method::Head;
        Ok(Reader::new(self.network.limits(), bodiless, keeps_body, head, body, booked))
    }

    /// The request that a response leads to, if it is a redirect to be followed. Keeps its cookies. The response's time is
    /// over: what is done here counts for no latency.
    #[inline]
    pub(crate) fn follow(
        &self,
        request: &Prepared,
        reader: &Reader,
        followed: u32,
    ) -> Result<Option<Box<Prepared>>, Error> {
        if reader.sets_cookies {
            request.jar(&self.cookies).set(&request.origin, request.path(), &reader.head);
        }
        if request.redirects == 0 {
            return Ok(None);
        }
        let Some(location) = redirect::location(reader.status, &reader.head) else { return Ok(None) };
        if followed < request.redirects {
            return redirect::follow(request, self.belongings(&self.cookies), reader.status, &location).map(Some);
        }
        if request.return_last_redirect {
            return Ok(None);
        }
        let (url, most, limit) = (request.url(), request.redirects, request.cut.redirects_hint());
        Err(Error::TooManyRedirects(format!("{url}: more than {most} redirects{limit}")))
    }

    async fn decode(&self, request: &Prepared, reader: &mut Reader, now: Nanos, deadline: Nanos) -> Result<(), Error> {
        let remaining = deadline.since(now).into();
        let decoding = self.decode_body(request, reader);
        limit(&self.timer, deadline, remaining, decoding).await.unwrap_or(Err(Error::Timeout))
    }

    async fn decode_body(&self, request: &Prepared, reader: &mut Reader) -> Result<(), Error> {
        let Reader { head, body, booked, .. } = reader;
        let encoding = field(head, "content-encoding").unwrap_or_default();
        let decoded = decode(encoding, body, self.network.config.max_body, booked)
            .await
            .map_err(|malformed| Cause::Malformed(malformed).into_error(&request.origin.authority))?;
        if let Some(decoded) = decoded {
            booked.remove(body.capacity());
            self.network.buffers.give(std::mem::replace(body, decoded));
        }
        Ok(())
    }

    /// Records the durations that the server reports in `Server-Timing`.
    #[cold]
    pub(crate) fn record_server_timings(&self, head: &[u8]) {
        let mut recorder = self.network.recorder.borrow_mut();
        for (name, duration) in server_timing::entries(head) {
            recorder.server_timing(self.flow.get(), name, duration);
        }
    }

    #[inline]
    pub(crate) fn record(
        &self,
        request: &Prepared,
        watch: &Stopwatch,
        (status, proto): (u16, Protocol),
        error: Option<&Error>,
        expected: bool,
    ) {
        let sample = RequestSample {
            flow: self.flow.get(),
            tags: request.tags.unwrap_or(self.tags.get()),
            name: request.name,
            method: request.method,
            status,
            failure: error.map(Error::class),
            expected,
            proto,
            phases: watch.phases(),
            response_time: watch.elapsed(),
            sent: watch.sent,
            received: watch.received,
        };
        let mut recorder = self.network.recorder.borrow_mut();
        recorder.advance_to(watch.last_lap());
        recorder.request(&sample);
        if let Some(trace) = request.trace.and_then(TraceContext::sampled)
            && !sample.failure.is_some_and(FailureClass::is_unsent)
        {
            recorder.traced_request(traced_request(trace, &sample, watch.last_lap()));
        }
        drop(recorder);
        match error {
            None => {}
            Some(error) if error.class() == FailureClass::Timeout => {
                let (url, time, limit) = (request.url(), request.timeout, request.cut.timeout_hint());
                self.record_failure(error, &format!("{url}: no response within {time:?}{limit}"));
            }
            Some(error) => self.record_failure(error, &error.to_string()),
        }
    }

    #[cold]
    pub(crate) fn record_failure(&self, error: &Error, text: &str) {
        self.network.recorder.borrow_mut().request_failure(self.flow.get(), error.class(), text);
    }
}

#[cfg(test)]
impl Client {
    /// Number of open idle connections.
    pub(crate) fn idle_connections(&self) -> usize {
        self.idle.count()
    }

    /// Whether none of them is good for anything.
    pub(crate) fn idle_connections_are_stale(&self) -> bool {
        self.idle.all_are_stale()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("flow", &self.flow.get()).finish_non_exhaustive()
    }
}

fn traced_request(trace: u128, sample: &RequestSample, ended: Nanos) -> TracedRequest {
    let RequestSample { flow, name, method, expected, phases, received, .. } = *sample;
    let service_time = phases.duration();
    TracedRequest { trace, flow, name, method, failed: !expected, ended, service_time, received }
}

/// The time that a client spends on sends, those under way together counted once.
#[derive(Debug, Default)]
struct Waiting {
    under_way: Cell<u32>,
    since: Cell<Nanos>,
    total: Cell<Nanos>,
}

impl Waiting {
    fn enter(&self, now: Nanos) {
        if self.under_way.replace(self.under_way.get() + 1) == 0 {
            self.since.set(now);
        }
    }

    fn leave(&self, now: Nanos) {
        self.under_way.set(self.under_way.get() - 1);
        if self.under_way.get() == 0 {
            self.total.set(self.total.get() + now.since(self.since.get()));
        }
    }
}

/// Notes the end of a send, even of one that is dropped midway.
pub(crate) struct Waiter<'a> {
    client: &'a Client,
    /// The end of the wait, where it is known without another look at the clock.
    pub(crate) end: Option<Nanos>,
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let end = self.end.unwrap_or_else(|| self.client.network.clock.now());
        self.client.waiting.leave(end);
    }
}
