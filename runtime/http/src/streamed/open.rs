//! Requests whose responses guests read piece by piece: cookies, redirects and the egress policy as of buffered ones.

use squall_metrics::Nanos;

use super::body_progress::BodyProgress;
use super::incoming::Hop;
use super::{BodySource, ExchangeSettings, Incoming, StreamLimits};
use crate::client::Client;
use crate::error::Error;
use crate::request::{Brought, Prepared, RequestOptions};
use crate::stopwatch::Stopwatch;

/// A request that has been checked, ready to be sent.
#[derive(Debug)]
pub struct PreparedStream<S> {
    request: Box<Prepared>,
    /// With the length that was announced.
    source: Option<(S, Option<u64>)>,
    /// When the guest asked for it.
    asked: Nanos,
}

impl<S> PreparedStream<S> {
    pub(super) fn request(&self) -> &Prepared {
        &self.request
    }
}

impl Client {
    /// Checks and copies a request. Its body is whole, or comes from `source`, with its length, if known. An invalid request
    /// is counted as a failure, but is not a sample.
    ///
    /// # Errors
    /// As [`Client::prepare`].
    pub fn prepare_stream<'h, S>(
        &self,
        (method, url): (&str, &str),
        headers: impl Iterator<Item = (&'h str, &'h str)>,
        body: Option<&[u8]>,
        source: Option<(S, Option<u64>)>,
        options: &RequestOptions,
    ) -> Result<PreparedStream<S>, Error> {
        let brought = match (body, &source) {
            (_, Some((_, length))) => Brought::Pieces(*length),
            (Some(body), None) => Brought::Bytes(body),
            (None, None) => Brought::Nothing,
        };
        let prepared = Prepared::new(self.belongings(self.cookie_jar()), (method, url), headers, brought, options);
        match prepared {
            Ok(request) => Ok(PreparedStream { request, source, asked: self.network.clock.now() }),
            Err(error) => {
                let error = error.before_sending();
                self.record_failure(&error, &error.to_string());
                Err(error)
            }
        }
    }

    /// Sends a request, follows redirects, and passes the response to `incoming` until it ends, or until the guest has
    /// dropped it.
    pub async fn stream<S: BodySource>(&self, stream: PreparedStream<S>, incoming: &Incoming) {
        let mut watch = Stopwatch::start_late(stream.asked, self.late_by.take());
        let outcome = self.follow_stream(stream, incoming, &mut watch).await;
        incoming.end(outcome, watch.phases().duration());
    }

    /// A body that came in pieces is gone once it is sent, so such a request is not redirected: the guest gets the 3xx
    /// response.
    async fn follow_stream<S: BodySource>(
        &self,
        stream: PreparedStream<S>,
        incoming: &Incoming,
        watch: &mut Stopwatch,
    ) -> Result<(), Error> {
        let PreparedStream { mut request, mut source, .. } = stream;
        let clock = &self.network.clock;
        let may_follow = source.is_none();
        let deadline = watch.last_lap() + request.timeout.into();
        let mut followed = 0;
        loop {
            incoming.begin_hop(Hop {
                origin: request.origin.clone(),
                path: request.path().into(),
                jar: request.shared_jar(self.cookie_jar()),
                follows: may_follow
                    && request.redirects > 0
                    && (followed < request.redirects || !request.return_last_redirect),
            });
            let now = watch.last_lap();
            let left = deadline.since(now).into();
            let course = BodyProgress::new(clock, StreamLimits::default(), left, now);
            let settings =
                ExchangeSettings { turns: None, course: &course, listener: incoming, origin: incoming.origin() };
            let exchange = self.exchange_streamed(&mut request, source.take(), settings, watch, |request, reader| {
                if incoming.is_redirected() { self.follow(request, reader, followed) } else { Ok(None) }
            });
            match exchange.await? {
                None => {
                    self.network.buffers.give(std::mem::take(&mut request.bytes));
                    return Ok(());
                }
                Some(_) if incoming.is_gone() => {
                    let url = request.url();
                    return Err(Error::Abandoned(format!("{url}: given up by the guest before it was answered")));
                }
                Some(next) => {
                    let mut followed = std::mem::replace(&mut request, next);
                    self.network.buffers.give(std::mem::take(&mut followed.bytes));
                }
            }
            followed += 1;
            *watch = Stopwatch::start(watch.last_lap());
        }
    }
}
