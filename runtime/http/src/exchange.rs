//! One request out, one response in: the exchange itself, written for HTTP/1.1 over a connection of one's own.
//!
//! A general client (hyper) costs about a microsecond more for each request, the difference between a script-driven
//! load test and the native tools. The choice is confined to this file and its base, `reader` and `framing`.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

use crate::error::{Error, in_words};
use crate::network::Network;
use crate::reader::{Malformed, Progress, Reader};
use crate::request::Prepared;
use crate::stopwatch::{Stage, Stopwatch};
use crate::transport::Transport;

/// An exchange that came to no good end.
#[derive(Debug)]
pub(crate) struct Broken {
    /// Why.
    pub cause: Cause,
    /// Bytes of the request that the system has accepted.
    pub written: usize,
}

/// Why an exchange broke off.
#[derive(Debug)]
pub(crate) enum Cause {
    /// The peer closed before the response was whole.
    Closed,
    /// Reading or writing failed.
    Io(io::Error),
    /// The response breaks the rules.
    Malformed(Malformed),
}

impl Cause {
    /// The error for the caller; `peer` names the server.
    pub(crate) fn into_error(self, peer: &str) -> Error {
        match self {
            Cause::Closed => Error::Reset(format!("{peer} closed the connection before the response was whole")),
            Cause::Io(error) if error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) => {
                Error::Tls(format!("TLS with {peer}: {error}"))
            }
            Cause::Io(error) => Error::Reset(format!("connection to {peer}: {}", in_words(&error))),
            Cause::Malformed(Malformed::Protocol(reason)) => Error::Protocol(format!("response of {peer}: {reason}")),
            Cause::Malformed(Malformed::TooLarge(reason)) => Error::TooLarge(format!("response of {peer}: {reason}")),
        }
    }
}

/// Bytes of a request's body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'a> {
    pub data: &'a [u8],
    /// Whether the body ends with them.
    pub last: bool,
}

/// How the bodies of an exchange travel: whole, or in pieces.
pub(crate) trait BodyTransfer {
    /// Whether [`BodyTransfer::received`] is told of each piece.
    const PIECEWISE: bool;

    /// Writes the rest of the request, of which `written` bytes are on their way.
    fn poll_send(
        &mut self,
        request: &Prepared,
        transport: &mut Transport,
        written: &mut usize,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>>;

    /// Whether the request has a body, for HTTP/2.
    fn has_body(&self, request: &Prepared) -> bool;

    /// The bytes of the body that come next, as they are, for HTTP/2.
    fn poll_body<'a>(&'a mut self, request: &'a Prepared, context: &mut Context<'_>) -> Poll<Piece<'a>>;

    /// That many of them have been taken.
    fn take_body(&mut self, count: usize);

    /// The body is sent from its beginning.
    fn rewind(&mut self);

    /// Ready while there is room for more of the response. Otherwise it is left to the connection, so that the server has
    /// to wait, too.
    #[inline]
    fn poll_room(&mut self, _context: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    /// Something of the response has come. The last lap of `watch` is the time of the read that brought it.
    fn received(&mut self, reader: &mut Reader, watch: &Stopwatch) -> Result<(), Malformed>;

    /// Whether the request can still be sent from its beginning.
    fn can_start_again(&self) -> bool;
}

/// The request lies ready, and the response is of interest when it is whole.
#[derive(Debug, Default)]
pub(crate) struct Buffered {
    /// Bytes of the body that have been taken, for HTTP/2.
    taken: usize,
}

impl BodyTransfer for Buffered {
    const PIECEWISE: bool = false;

    #[inline]
    fn poll_send(
        &mut self,
        request: &Prepared,
        transport: &mut Transport,
        written: &mut usize,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let Prepared { bytes, shared, .. } = request;
        if shared.is_empty() {
            return transport.poll_write_all(context, bytes, written);
        }
        if *written < bytes.len() {
            std::task::ready!(transport.poll_write_all(context, bytes, written))?;
        }
        let mut of_shared = *written - bytes.len();
        let outcome = transport.poll_write_all(context, shared, &mut of_shared);
        *written = bytes.len() + of_shared;
        outcome
    }

    #[inline]
    fn has_body(&self, request: &Prepared) -> bool {
        !request.parts().1.is_empty()
    }

    fn poll_body<'a>(&'a mut self, request: &'a Prepared, _context: &mut Context<'_>) -> Poll<Piece<'a>> {
        Poll::Ready(Piece { data: &request.parts().1[self.taken..], last: true })
    }

    fn take_body(&mut self, count: usize) {
        self.taken += count;
    }

    #[inline]
    fn rewind(&mut self) {
        self.taken = 0;
    }

    #[inline]
    fn received(&mut self, _reader: &mut Reader, _watch: &Stopwatch) -> Result<(), Malformed> {
        Ok(())
    }

    #[inline]
    fn can_start_again(&self) -> bool {
        true
    }
}

/// Sends `request` and lets `reader` read the response. The response is in `reader` afterwards; whether the connection
/// can be used again is the value.
pub(crate) async fn exchange<T: BodyTransfer>(
    network: &Network,
    transport: &mut Transport,
    request: &Prepared,
    travel: &mut T,
    reader: &mut Reader,
    watch: &mut Stopwatch,
) -> Result<bool, Broken> {
    let mut exchange =
        Exchange { network, transport, request, travel, written: 0, sending: true, fault: None, reader, watch };
    let outcome = poll_fn(|context| {
        let outcome = exchange.poll(context);
        let (sent, received) = exchange.transport.take_traffic();
        exchange.watch.sent += sent;
        exchange.watch.received += received;
        outcome
    });
    let outcome = outcome.await;
    outcome.map_err(|cause| Broken { cause, written: exchange.written })
}

struct Exchange<'a, T> {
    network: &'a Network,
    transport: &'a mut Transport,
    request: &'a Prepared,
    travel: &'a mut T,
    written: usize,
    sending: bool,
    /// Why writing failed. The server may have answered all the same, before it closed.
    fault: Option<io::Error>,
    reader: &'a mut Reader,
    watch: &'a mut Stopwatch,
}

impl<T: BodyTransfer> Exchange<'_, T> {
    #[inline]
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<bool, Cause>> {
        if self.sending {
            self.write(context);
        }
        self.read(context)
    }

    #[inline]
    fn write(&mut self, context: &mut Context<'_>) {
        match self.travel.poll_send(self.request, self.transport, &mut self.written, context) {
            Poll::Pending => return,
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => self.fault = Some(error),
        }
        self.sending = false;
        // A server may answer before it has read everything; then the response's phases have begun.
        if self.reader.is_untouched() {
            self.watch.enter(Stage::Waiting, self.network.clock.now());
        }
    }

    #[inline]
    fn read(&mut self, context: &mut Context<'_>) -> Poll<Result<bool, Cause>> {
        let mut scratch = self.network.scratch.borrow_mut();
        loop {
            std::task::ready!(self.travel.poll_room(context));
            let read = std::task::ready!(self.transport.poll_read(context, &mut scratch));
            self.watch.enter(Stage::Receiving, self.network.clock.now());
            match read {
                Ok(count) if count > 0 => match self.take(&scratch[..count]) {
                    Ok(Progress::Partial) => {}
                    Ok(Progress::Whole { excess }) => {
                        // A server that answers before it has read everything will not read on.
                        let clean = !excess && !self.sending && self.fault.is_none();
                        return Poll::Ready(Ok(clean && self.reader.keep_alive));
                    }
                    Err(malformed) => return Poll::Ready(Err(Cause::Malformed(malformed))),
                },
                ended => return Poll::Ready(self.ended(ended)),
            }
        }
    }

    #[inline]
    fn take(&mut self, bytes: &[u8]) -> Result<Progress, Malformed> {
        let progress = self.reader.push(bytes)?;
        self.travel.received(self.reader, self.watch)?;
        Ok(progress)
    }

    /// The connection has come to its end, in order or by an error.
    #[cold]
    fn ended(&mut self, read: io::Result<usize>) -> Result<bool, Cause> {
        // Many servers end TLS without a close_notify; on a plain connection it could not be noticed either.
        let in_order = match &read {
            Ok(_) => true,
            Err(error) => error.kind() == io::ErrorKind::UnexpectedEof,
        };
        if in_order && self.reader.close().map_err(Cause::Malformed)? {
            return Ok(false);
        }
        match (self.fault.take(), read) {
            (Some(fault), _) => Err(Cause::Io(fault)),
            (None, Err(error)) if !in_order => Err(Cause::Io(error)),
            (None, _) => Err(Cause::Closed),
        }
    }
}
