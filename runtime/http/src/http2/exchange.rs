//! One request on a stream, and its response.

use std::future::poll_fn;
use std::task::{Context, Poll};

use squall_http2::hpack::Indexing;
use squall_http2::{Closed, ErrorCode, StreamId};
use squall_metrics::{Nanos, Protocol};

use super::connection::{End, Multiplexed, State, Waiting};
use crate::error::Error;
use crate::exchange::{BodyTransfer, Cause};
use crate::head_fields::{Repetition, for_each_field};
use crate::network::Network;
use crate::reader::{Malformed, Reader};
use crate::request::Prepared;
use crate::stopwatch::{Stage, Stopwatch};
use crate::streams::Failed;

/// Sends `request` on a stream of its own, and lets `reader` read the response. There is room for the stream.
pub(crate) async fn exchange<T: BodyTransfer>(
    network: &Network,
    connection: &Multiplexed,
    request: &Prepared,
    travel: &mut T,
    reader: &mut Reader,
    watch: &mut Stopwatch,
) -> Result<(), Failed> {
    travel.rewind();
    reader.begin(Protocol::Http2);
    let (head, _) = request.parts();
    let has_body = travel.has_body(request);
    let waiting = Waiting::new(reader.take(), T::PIECEWISE);
    let id = connection.state.borrow_mut().connection.open(waiting, !has_body, |writer| {
        for_each_field(head, &request.origin, |name, value, repetition| {
            writer.field(
                name,
                value,
                match repetition {
                    Repetition::Likely => Indexing::Indexed,
                    Repetition::Unlikely => Indexing::NotIndexed,
                    Repetition::Secret => Indexing::Never,
                },
            );
        });
    });
    let mut exchange = Exchange {
        network,
        connection,
        id,
        request,
        travel,
        sending: has_body,
        fault: None,
        reader,
        watch,
        answered: false,
        over: false,
    };
    let end = poll_fn(|context| exchange.poll(context)).await;
    exchange.conclude(end)
}

struct Exchange<'a, T> {
    network: &'a Network,
    connection: &'a Multiplexed,
    id: StreamId,
    request: &'a Prepared,
    travel: &'a mut T,
    /// Whether there is more of the request's body.
    sending: bool,
    /// The defect of the response's body, if the one that it goes to found one.
    fault: Option<Malformed>,
    reader: &'a mut Reader,
    watch: &'a mut Stopwatch,
    /// Whether the response has begun.
    answered: bool,
    over: bool,
}

impl<T: BodyTransfer> Exchange<'_, T> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<End> {
        let connection = self.connection;
        let state = &mut *connection.state.borrow_mut();
        if let Some(waiting) = state.connection.receiver(self.id) {
            waiting.is_awaited_by(context);
        }
        if self.sending {
            self.send_body(state, context);
        }
        state.drive(self.id, self.network, context);
        let has_room = !T::PIECEWISE || self.pass_on_body(state, context);
        if let Some(fault) = self.fault.take() {
            return Poll::Ready(End::Malformed(fault));
        }
        let Some(waiting) = state.connection.receiver(self.id) else { return Poll::Pending };
        if !has_room && matches!(waiting.end, Some((End::Closed(Closed::Whole), _))) {
            return Poll::Pending;
        }
        let Some((end, at)) = waiting.end.take() else { return Poll::Pending };
        self.watch_until(state, at);
        Poll::Ready(end)
    }

    /// Queues as much of the body as is there, and as there is room for.
    fn send_body(&mut self, state: &mut State, context: &mut Context<'_>) {
        while self.sending {
            let room = state.connection.room(self.id);
            if room == 0 {
                return;
            }
            let Poll::Ready(piece) = self.travel.poll_body(self.request, context) else { return };
            let count = piece.data.len().min(room);
            let last = piece.last && count == piece.data.len();
            state.connection.send(self.id, &piece.data[..count], last);
            self.travel.take_body(count);
            self.sending = !last;
        }
    }

    /// Passes on what has come of the response, if there is room for it. If not, the server has to wait, too.
    fn pass_on_body(&mut self, state: &mut State, context: &mut Context<'_>) -> bool {
        let has_room = self.travel.poll_room(context).is_ready();
        state.connection.hold(self.id, !has_room);
        let Some(waiting) = state.connection.receiver(self.id).filter(|_| has_room) else { return false };
        if let Some(touched) = waiting.touched.take() {
            self.watch_until(state, Some(touched));
            if let Some(waiting) = state.connection.receiver(self.id) {
                self.fault = self.travel.received(&mut waiting.reader, self.watch).err();
            }
        }
        true
    }

    fn conclude(mut self, end: End) -> Result<(), Failed> {
        self.leave();
        let peer = &self.request.origin.authority;
        let reset = |reason: String| Error::Reset(format!("{peer} {reason}"));
        let malformed = |malformed| Failed::Final(Cause::Malformed(malformed).into_error(peer));
        Err(match end {
            End::Malformed(defect) => malformed(defect),
            End::Closed(how) => match how {
                Closed::Whole => return Ok(()),
                Closed::Refused => Failed::NotProcessed(reset("refused the stream (REFUSED_STREAM)".to_owned())),
                Closed::NotProcessed => Failed::NotProcessed(reset(
                    "closed the connection before it looked at the request (GOAWAY)".to_owned(),
                )),
                Closed::Reset(ErrorCode::HTTP_1_1_REQUIRED) => {
                    Failed::WantsHttp1(Error::Protocol(format!("{peer} wants HTTP/1.1 for this request")))
                }
                Closed::Reset(code) => Failed::Final(reset(format!("reset the stream ({code})"))),
                Closed::Broken(code) => {
                    malformed(Malformed::Protocol(format!("it breaks the rules of HTTP/2 ({code})")))
                }
                Closed::Lost => self.lost(),
            },
        })
    }

    fn lost(&self) -> Failed {
        match &self.connection.state.borrow().fault {
            Some(fault) if !fault.broke => Failed::Final(fault.error.clone()),
            Some(fault) => Failed::Lost(fault.error.clone()),
            None => Failed::Lost(Cause::Closed.into_error(&self.request.origin.authority)),
        }
    }
}

impl<T> Exchange<'_, T> {
    /// Gives the time to the phases that it was spent in, `until` then if that is known.
    fn watch_until(&mut self, state: &mut State, until: Option<Nanos>) {
        let Some(waiting) = state.connection.receiver(self.id) else { return };
        let (left, answered) = (waiting.left.take(), waiting.answered.take());
        // A server may answer before it has read everything; then the response's phases have begun.
        let in_order = !self.answered && answered.is_none_or(|answered| left <= Some(answered));
        if let Some(left) = left.filter(|_| in_order) {
            self.watch.enter(Stage::Waiting, left);
        }
        if let Some(answered) = answered {
            self.answered = true;
            self.watch.enter(Stage::Receiving, answered);
        }
        if let Some(until) = until {
            self.watch.lap(until);
        }
    }

    /// Takes everything back from the connection.
    fn leave(&mut self) {
        self.over = true;
        let mut state = self.connection.state.borrow_mut();
        if let Some(finished) = state.finish(self.id, self.network) {
            self.watch.sent += finished.sent;
            self.watch.received += finished.received;
            *self.reader = finished.receiver.reader;
        }
    }
}

impl<T> Drop for Exchange<'_, T> {
    /// A request that is given up leaves the connection to the others.
    fn drop(&mut self) {
        if self.over {
            return;
        }
        self.watch_until(&mut self.connection.state.borrow_mut(), None);
        self.leave();
    }
}
