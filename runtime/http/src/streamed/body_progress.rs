//! Progress of an exchange, and its deadline for more progress.

use std::cell::Cell;
use std::task::{Context, Poll};
use std::time::Duration;

use squall_metrics::{Clock, Nanos, Protocol};

use super::{Listener, StreamLimits};
use crate::error::Error;
use crate::request::Prepared;

/// Longer than any run.
const NEVER: Duration = Duration::from_secs(365 * 24 * 3600);
/// Time for reading the rest of an abandoned response whose length is not known.
const LINGER: Duration = Duration::from_secs(1);

/// Stage of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BodyStage {
    /// Waiting for its turn, because others of its origin are under way.
    Turn,
    Connecting,
    /// The request is being sent, or has been.
    Requesting,
    /// The head has come.
    Answered,
}

/// Progress of an exchange.
pub(crate) struct BodyProgress<'a> {
    clock: &'a Clock,
    limits: StreamLimits,
    timeout: Duration,
    station: Cell<BodyStage>,
    /// Deadline of the whole exchange.
    end: Cell<Nanos>,
    /// Deadline for the next progress.
    deadline: Cell<Nanos>,
    response: Cell<(u16, Protocol)>,
    length_is_known: Cell<bool>,
    body_given_up: Cell<bool>,
    lingering: Cell<bool>,
}

impl<'a> BodyProgress<'a> {
    pub(crate) fn new(clock: &'a Clock, limits: StreamLimits, timeout: Duration, now: Nanos) -> BodyProgress<'a> {
        BodyProgress {
            clock,
            limits,
            timeout,
            station: Cell::new(BodyStage::Turn),
            end: Cell::new(now + NEVER.into()),
            deadline: Cell::new(now + NEVER.into()),
            response: Cell::default(),
            length_is_known: Cell::new(false),
            body_given_up: Cell::new(false),
            lingering: Cell::new(false),
        }
    }

    pub(super) fn deadline(&self) -> Nanos {
        self.deadline.get()
    }

    /// The status that came, and in which version of HTTP; 0 and none before it has.
    pub(super) fn response(&self) -> (u16, Protocol) {
        self.response.get()
    }

    /// Whether the head has come.
    pub(super) fn is_answered(&self) -> bool {
        self.station.get() == BodyStage::Answered
    }

    /// Whether the guest has dropped the response, and the rest is only read to keep the connection.
    pub(super) fn is_lingering(&self) -> bool {
        self.lingering.get()
    }

    /// Its turn has come. The time allowed for it begins.
    pub(super) fn begin(&self, now: Nanos) {
        self.station.set(BodyStage::Connecting);
        self.end.set(now + self.timeout.into());
        self.allow(self.limits.connect, now);
    }

    /// There is a connection, and something is about to be sent.
    pub(super) fn connected(&self) {
        if self.station.get() == BodyStage::Connecting {
            self.station.set(BodyStage::Requesting);
            self.allow(self.limits.first_byte, self.clock.now());
        }
    }

    /// The head has come.
    pub(super) fn answered(&self, response: (u16, Protocol), length_is_known: bool) {
        self.station.set(BodyStage::Answered);
        self.response.set(response);
        self.length_is_known.set(length_is_known);
    }

    /// The response may take as long as it likes.
    pub(super) fn lift_limit(&self) {
        self.end.set(self.end.get() + NEVER.into());
    }

    /// Something has come, and something must follow.
    pub(super) fn moved(&self, now: Nanos) {
        if !self.is_lingering() {
            self.allow(self.limits.between_bytes, now);
        }
    }

    /// There will be no rest of the request's body.
    pub(super) fn body_given_up(&self) {
        self.body_given_up.set(true);
    }

    /// Ready when the guest has dropped the response and the exchange can end. If the head has come, the rest is read
    /// to keep the connection: all of it if its length is known, else for [`LINGER`]. An endless response is cut.
    pub(super) fn poll_abandoned(&self, listener: &impl Listener, context: &mut Context<'_>) -> Poll<()> {
        if self.body_given_up.get() {
            return Poll::Ready(());
        }
        if self.is_lingering() || listener.poll_gone(context).is_pending() {
            return Poll::Pending;
        }
        if !self.is_answered() || listener.is_endless() {
            return Poll::Ready(());
        }
        self.lingering.set(true);
        let most = (!self.length_is_known.get()).then_some(LINGER);
        self.allow(most, self.clock.now());
        Poll::Pending
    }

    /// The error for a deadline that has passed. The request is left with the limit that it has broken.
    pub(super) fn too_late(&self, request: &mut Prepared) -> Error {
        let by_limit = self.deadline.get() < self.end.get();
        let limit = match self.station.get() {
            BodyStage::Turn | BodyStage::Connecting => self.limits.connect,
            BodyStage::Requesting => self.limits.first_byte,
            BodyStage::Answered => self.limits.between_bytes,
        };
        let Some(limit) = limit.filter(|_| by_limit) else { return Error::Timeout };
        if self.station.get() == BodyStage::Connecting {
            return Error::Connect(format!("connect to {}: no answer within {limit:?}", request.origin.authority));
        }
        request.timeout = limit;
        request.cut.timeout = false;
        Error::Timeout
    }

    /// Sets the deadline: `limit` from now, but never past the end.
    fn allow(&self, limit: Option<Duration>, now: Nanos) {
        let end = self.end.get();
        self.deadline.set(limit.map_or(end, |limit| end.min(now + limit.min(NEVER).into())));
    }
}
