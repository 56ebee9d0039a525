//! One request on a stream, and its response.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use quinn::{ConnectionError, ReadError, RecvStream, SendStream, WriteError};
use squall_http3::qpack::{self, Secrecy};
use squall_http3::{ErrorCode, HeadKind, Receiver, ResponseError, ResponseReader, write_data, write_head};
use squall_metrics::{Nanos, Protocol};

use super::connection::{OpenStream, QuicConnection, code, describe};
use crate::error::Error;
use crate::exchange::{BodyTransfer, Cause};
use crate::head_fields::{Repetition, for_each_field};
use crate::network::Network;
use crate::reader::{Malformed, Reader};
use crate::request::Prepared;
use crate::stopwatch::{Stage, Stopwatch};
use crate::streams::Failed;

/// The most bytes of a body that are made one DATA frame.
const LARGEST_DATA: usize = 64 * 1024;
/// The largest header block is this much smaller than the largest head at least: a block is compressed.
const LEAST_BLOCK: usize = 64 * 1024;

/// Sends `request` on a stream of its own, and lets `reader` read the response. Waits for the stream if the server allows no
/// more of them: until then the request is blocked.
pub(crate) async fn exchange<T: BodyTransfer>(
    network: &Network,
    connection: &QuicConnection,
    request: &Prepared,
    travel: &mut T,
    reader: &mut Reader,
    watch: &mut Stopwatch,
) -> Result<(), Failed> {
    travel.rewind();
    reader.begin(Protocol::Http3);
    let opened = connection.open_stream().await;
    let (send, receive, open) = opened.map_err(|error| lost(connection, request, None, &error))?;
    watch.enter(Stage::Sending, network.clock.now());
    let more = travel.has_body(request);
    let mut exchange = Exchange {
        network,
        connection,
        request,
        travel,
        send,
        receive,
        output: head_of(request),
        written: 0,
        more,
        departure: None,
        response: ResponseReader::new(network.config.max_head.max(LEAST_BLOCK)),
        reader,
        watch,
        answered: false,
        over: false,
        _open: open,
    };
    let end = poll_fn(|context| exchange.poll(context)).await;
    exchange.conclude(end)
}

fn head_of(request: &Prepared) -> Vec<u8> {
    let mut output = Vec::new();
    let (head, _) = request.parts();
    write_head(&mut output, |block| {
        for_each_field(head, &request.origin, |name, value, repetition| {
            let secrecy = if repetition == Repetition::Secret { Secrecy::Secret } else { Secrecy::Public };
            qpack::write(block, name, value, secrecy);
        });
    });
    output
}

struct Exchange<'a, T> {
    network: &'a Network,
    connection: &'a QuicConnection,
    request: &'a Prepared,
    travel: &'a mut T,
    send: SendStream,
    receive: RecvStream,
    /// The part of the request that is being handed over to QUIC, and how much of it has been.
    output: Vec<u8>,
    written: usize,
    /// Whether more of the request's body comes after that.
    more: bool,
    /// After all of it: the time at which it left, when that is known.
    departure: Option<Rc<Cell<Option<Nanos>>>>,
    response: ResponseReader,
    reader: &'a mut Reader,
    watch: &'a mut Stopwatch,
    /// Whether the response has begun.
    answered: bool,
    over: bool,
    _open: OpenStream<'a>,
}

/// The end of an exchange without a whole response.
enum Broken {
    Response(ResponseError<Malformed>),
    Reset(ErrorCode),
    Lost(ConnectionError),
}

impl<T: BodyTransfer> Exchange<'_, T> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        if let Poll::Ready(Err(broken)) = self.poll_send(context) {
            return Poll::Ready(Err(broken));
        }
        self.poll_receive(context)
    }

    /// Hands over as much of the request as is there, and as QUIC takes.
    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        while self.departure.is_none() {
            if self.written < self.output.len() {
                match ready!(Pin::new(&mut self.send).poll_write(context, &self.output[self.written..])) {
                    Ok(count) => self.written += count,
                    Err(WriteError::ConnectionLost(error)) => return Poll::Ready(Err(Broken::Lost(error))),
                    // The server wants no more of the request. Its response tells why.
                    Err(_) => self.end_sending(),
                }
            } else if self.more {
                ready!(self.poll_body(context));
            } else {
                self.end_sending();
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Makes the next part of the body a frame.
    fn poll_body(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let piece = ready!(self.travel.poll_body(self.request, context));
        let data = &piece.data[..piece.data.len().min(LARGEST_DATA)];
        self.more = !(piece.last && data.len() == piece.data.len());
        self.output.clear();
        self.written = 0;
        if !data.is_empty() {
            write_data(&mut self.output, data);
        }
        let count = data.len();
        self.travel.take_body(count);
        Poll::Ready(())
    }

    fn end_sending(&mut self) {
        // It fails if the server has stopped the stream, which is its end, too.
        let _ = self.send.finish();
        self.output = Vec::new();
        self.departure = Some(self.connection.departures.wait(&self.connection.traffic));
    }

    /// Reads what has come of the response, if there is room for it. If not, the server has to wait, too.
    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        let network = self.network;
        let mut scratch = network.scratch.borrow_mut();
        loop {
            if T::PIECEWISE {
                ready!(self.travel.poll_room(context));
            }
            let count = match ready!(self.receive.poll_read(context, &mut scratch)) {
                Ok(count) => count,
                Err(ReadError::Reset(code)) => {
                    return Poll::Ready(Err(Broken::Reset(ErrorCode(code.into_inner()))));
                }
                Err(ReadError::ConnectionLost(error)) => return Poll::Ready(Err(Broken::Lost(error))),
                Err(_) => return Poll::Ready(Err(Broken::Reset(ErrorCode::REQUEST_CANCELLED))),
            };
            let at = self.connection.traffic.last_read();
            let taken = if count == 0 { self.end_response() } else { self.take(&scratch[..count]) };
            self.watch_until(at);
            let passed_on = if T::PIECEWISE { self.travel.received(self.reader, self.watch) } else { Ok(()) };
            if let Err(error) = taken.and(passed_on.map_err(ResponseError::Refused)) {
                return Poll::Ready(Err(Broken::Response(error)));
            }
            if count == 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), ResponseError<Malformed>> {
        self.response.push(bytes, &mut ToReader(self.reader))
    }

    fn end_response(&mut self) -> Result<(), ResponseError<Malformed>> {
        self.response.end()?;
        self.reader.end_stream().map_err(ResponseError::Refused)
    }

    fn conclude(mut self, end: Result<(), Broken>) -> Result<(), Failed> {
        self.leave();
        let Err(broken) = end else { return Ok(()) };
        // The time until the error belongs to a phase, too.
        self.watch.lap(self.network.clock.now());
        self.cancel();
        let peer = &self.request.origin.authority;
        let malformed = |malformed| Failed::Final(Cause::Malformed(malformed).into_error(peer));
        Err(match broken {
            Broken::Lost(error) => lost(self.connection, self.request, Some(self.send.id().index()), &error),
            Broken::Reset(ErrorCode::REQUEST_REJECTED) => {
                Failed::NotProcessed(Error::Reset(format!("{peer} rejected the request (H3_REQUEST_REJECTED)")))
            }
            Broken::Reset(code) => Failed::Final(Error::Reset(format!("{peer} reset the stream ({code})"))),
            Broken::Response(ResponseError::Fault(fault)) => {
                self.connection.close_for(fault);
                malformed(Malformed::Protocol(fault.to_string()))
            }
            Broken::Response(ResponseError::TooLarge) => {
                let limit = self.network.config.max_head;
                malformed(Malformed::TooLarge(format!("the head is larger than {limit} bytes (limit)")))
            }
            Broken::Response(ResponseError::Refused(defect)) => malformed(defect),
        })
    }
}

impl<T> Exchange<'_, T> {
    /// Gives the time to the phases that it was spent in, up to a read of the socket.
    fn watch_until(&mut self, at: Nanos) {
        if !self.answered && self.reader.has_head() {
            self.answered = true;
            self.watch_departure(at);
            self.watch.enter(Stage::Receiving, at);
        }
        self.watch.lap(at);
    }

    /// A server may answer before it has read everything; then the response's phases have begun.
    fn watch_departure(&mut self, until: Nanos) {
        self.connection.departures.settle(&self.connection.traffic);
        let departure = self.departure.as_ref().and_then(|departure| departure.get());
        if let Some(left) = departure.filter(|left| *left <= until) {
            self.watch.enter(Stage::Waiting, left);
        }
    }

    /// Takes the bytes that the socket has carried since another request ended.
    fn leave(&mut self) {
        self.over = true;
        let (sent, received) = self.connection.traffic.take();
        self.watch.sent += sent;
        self.watch.received += received;
    }

    /// Tells the server that no more is wanted.
    fn cancel(&mut self) {
        let _ = self.send.reset(code(ErrorCode::REQUEST_CANCELLED));
        let _ = self.receive.stop(code(ErrorCode::REQUEST_CANCELLED));
    }
}

impl<T> Drop for Exchange<'_, T> {
    /// A request that is given up leaves the connection to the others.
    fn drop(&mut self) {
        if self.over {
            return;
        }
        if !self.answered {
            self.watch_departure(self.network.clock.now());
        }
        self.leave();
        self.cancel();
    }
}

/// Why a request on a connection that is lost has no response. `stream`: the number of its stream, if it had one.
fn lost(connection: &QuicConnection, request: &Prepared, stream: Option<u64>, error: &ConnectionError) -> Failed {
    let peer = &request.origin.authority;
    if let Some(fault) = connection.peer().fault.get() {
        return Failed::Final(Cause::Malformed(Malformed::Protocol(fault.to_string())).into_error(peer));
    }
    let reset = Error::Reset(format!("{peer} {}", describe(error)));
    let gone_from = connection.peer().gone_from.get();
    match (stream, gone_from) {
        // A stream's id is four times its number (RFC 9000, section 2.1).
        (Some(stream), Some(from)) if 4 * stream >= from => Failed::NotProcessed(reset),
        (None, _) => Failed::NotProcessed(reset),
        _ => Failed::Lost(reset),
    }
}

/// Lets the reader of all versions of HTTP take a response.
struct ToReader<'a>(&'a mut Reader);

impl Receiver for ToReader<'_> {
    type Error = Malformed;

    fn field(&mut self, name: &[u8], value: &[u8]) -> Result<(), Malformed> {
        self.0.push_field(name, value)
    }

    fn head_ended(&mut self) -> Result<HeadKind, Malformed> {
        let is_interim = self.0.end_head(false)?;
        Ok(if is_interim { HeadKind::Interim } else { HeadKind::Final })
    }

    fn data(&mut self, data: &[u8]) -> Result<(), Malformed> {
        self.0.push_data(data)
    }
}
