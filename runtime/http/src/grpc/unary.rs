//! Calls with one request and one response.

use bytes::Bytes;
use squall_grpc::{Code, Framer};
use squall_metrics::Protocol;

use super::call::CallMessage;
use super::outcome::{Reply, Status, check_head, code_of, encoding, final_status, frame_error};
use super::prepare::{CallOptions, PreparedCall};
use crate::client::Client;
use crate::deadline::limit;
use crate::error::Error;
use crate::exchange::Buffered;
use crate::reader::Reader;
use crate::request::Prepared;
use crate::response;
use crate::stopwatch::Stopwatch;

impl Client {
    /// Makes a unary call, and waits for its answer.
    ///
    /// # Errors
    /// If there is none. A status other than OK is an answer.
    pub async fn invoke(&self, call: PreparedCall) -> Result<Box<Reply>, Error> {
        let PreparedCall { mut request, options, receive_limit, asked, .. } = call;
        let mut waiter = self.start_waiting(asked);
        let mut watch = Stopwatch::start_late(asked, self.late_by.take());
        let answered = self.answer(&request, &mut watch).await;
        if answered.is_err() {
            watch.lap(self.network.clock.now());
        }
        let reply = answered.and_then(|reader| self.reply(&request, reader, &watch, &options, receive_limit));
        self.record_call(&request, &watch, Protocol::Grpc, reply.as_ref().map(|reply| reply.code()), &options);
        waiter.end = Some(watch.last_lap());
        self.network.buffers.give(std::mem::take(&mut request.bytes));
        reply
    }

    /// The whole response.
    async fn answer(&self, request: &Prepared, watch: &mut Stopwatch) -> Result<Reader, Error> {
        let buffers = &self.network.buffers;
        let (head, body) = (buffers.take(), buffers.take());
        let booked = self.account().book(response::BESIDE + head.capacity() + body.capacity())?;
        let mut reader = Reader::new(self.network.limits(), false, true, head, body, booked);
        reader.trailers = Some(Vec::new());
        let deadline = watch.last_lap() + request.timeout.into();
        let mut whole = Buffered::default();
        let attempt = self.attempt(request, &mut whole, &mut reader, watch);
        limit(&self.timer, deadline, request.timeout, attempt).await.unwrap_or(Err(Error::Timeout))?;
        Ok(reader)
    }

    fn reply(
        &self,
        request: &Prepared,
        reader: Reader,
        watch: &Stopwatch,
        options: &CallOptions,
        limit: usize,
    ) -> Result<Box<Reply>, Error> {
        let Reader { status, head, body, trailers, mut booked, .. } = reader;
        let trailers = trailers.unwrap_or_default();
        let message = |bytes: Bytes| CallMessage { bytes, at: watch.last_lap(), _booked: None };
        let (status, message) = match check_head(status, &head) {
            // A rehearsal's answers are empty.
            _ if self.network.stub.is_some() => (Status::new(Code::OK, ""), Some(message(Bytes::new()))),
            Err(status) => (status, None),
            Ok(()) => {
                let mut framer = Framer::new(limit);
                framer.set_encoding(encoding(&head)?);
                // In its frame, and out of it.
                booked.add(2 * body.len())?;
                framer.push(&body);
                let peer = &request.origin.authority;
                let mut next = || framer.next_message().map_err(|error| frame_error(peer, &error));
                let found = next()?;
                booked.add(found.as_ref().map_or(0, Bytes::len))?;
                let is_one = found.is_some() && next()?.is_none();
                framer.end().map_err(|error| frame_error(peer, &error))?;
                let status = final_status(&head, &trailers);
                match (status.code, is_one) {
                    (Code::OK, false) => (Status::new(Code::INTERNAL, amount_of_messages(found.is_some())), None),
                    _ => (status, found.filter(|_| !options.discard).map(message)),
                }
            }
        };
        self.network.buffers.give(body);
        Ok(Box::new(Reply { status, message, head, trailers, phases: watch.phases(), _booked: booked }))
    }

    /// Records a call, whether it has a status or not.
    pub(super) fn record_call(
        &self,
        request: &Prepared,
        watch: &Stopwatch,
        proto: Protocol,
        ended: Result<Code, &Error>,
        options: &CallOptions,
    ) {
        /// Codes that no server sends on purpose share a series.
        const LARGEST: u32 = 999;
        if options.is_unrecorded {
            return;
        }
        let code = ended.unwrap_or_else(code_of);
        let expected = match (&ended, &options.expected) {
            (Err(_), _) => false,
            (Ok(code), None) => *code == Code::OK,
            (Ok(code), Some(expected)) => expected.contains(&code.0),
        };
        self.record(request, watch, (code.0.min(LARGEST) as u16, proto), ended.err(), expected);
    }
}

fn amount_of_messages(is_more: bool) -> &'static str {
    if is_more { "the response to a unary call has several messages" } else { "the response has no message" }
}
