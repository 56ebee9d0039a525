//! Bodies that travel piece by piece, in both directions.

use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use super::body_progress::BodyProgress;
use super::{BodySource, GivenUp, Listener};
use crate::account::{Booked, MemoryAccount};
use crate::exchange::{BodyTransfer, Buffered};
use crate::reader::{Malformed, Reader, body_too_large, fields};
use crate::request::Prepared;
use crate::transport::Transport;

/// A piece up to this size, in bytes, is copied after its framing: one write is cheaper than two.
const WORTH_A_COPY: usize = 8 * 1024;

/// Maximum number of fields in a head that is passed on while the body arrives. Their table takes more memory than
/// their bytes.
const MOST_FIELDS: usize = 1_000;
/// Memory of a field or a piece besides its bytes.
const BESIDE: usize = 256;

/// The bodies of one exchange, on their way.
pub(super) struct Pieces<'a, S, L> {
    outgoing: Option<Outgoing<S>>,
    course: &'a BodyProgress<'a>,
    listener: &'a L,
    account: &'a Rc<MemoryAccount>,
    /// The largest body that is accepted, and how much of it has come.
    most: u64,
    came: u64,
}

/// A body that is being sent.
struct Outgoing<S> {
    source: S,
    /// Bytes still to come; unknown for a body in chunks.
    left: Option<u64>,
    /// The bytes being written: the framing, followed by small data; `data` follows if it is large.
    framing: Vec<u8>,
    data: Bytes,
    written: usize,
    /// Bytes written before the present piece.
    before: usize,
    started: bool,
    ended: bool,
}

impl<'a, S: BodySource, L: Listener> Pieces<'a, S, L> {
    /// `source` comes with the length that was announced.
    pub(super) fn new(
        source: Option<(S, Option<u64>)>,
        course: &'a BodyProgress<'a>,
        listener: &'a L,
        account: &'a Rc<MemoryAccount>,
        most: u64,
    ) -> Pieces<'a, S, L> {
        let outgoing = source.map(|(source, length)| Outgoing {
            source,
            left: length,
            framing: Vec::new(),
            data: Bytes::new(),
            written: 0,
            before: 0,
            started: false,
            ended: false,
        });
        Pieces { outgoing, course, listener, account, most, came: 0 }
    }
}

impl<S, L> Pieces<'_, S, L> {
    /// Books the memory of a head's fields.
    fn book_head(&self, head: &[u8]) -> Result<Booked, Malformed> {
        let count = fields(head).count();
        if count > MOST_FIELDS {
            return Err(Malformed::TooLarge(format!(
                "the head has {count} fields: at most {MOST_FIELDS} are allowed (limit)"
            )));
        }
        Ok(self.account.book(head.len() + count * BESIDE)?)
    }
}

impl<S: BodySource, L: Listener> BodyTransfer for Pieces<'_, S, L> {
    fn poll_send(
        &mut self,
        request: &Prepared,
        transport: &mut Transport,
        written: &mut usize,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        self.course.connected();
        let Some(outgoing) = &mut self.outgoing else {
            return Buffered.poll_send(request, transport, written, context);
        };
        let head = &request.bytes;
        if *written < head.len() {
            ready!(transport.poll_write_all(context, head, written))?;
        }
        loop {
            let flushed = outgoing.poll_flush(transport, context);
            *written = head.len() + outgoing.before + outgoing.written;
            ready!(flushed)?;
            if outgoing.ended {
                return Poll::Ready(Ok(()));
            }
            if ready!(outgoing.poll_next(context)).is_err() {
                // The driver of the exchange sees it next, and ends it.
                self.course.body_given_up();
                return Poll::Pending;
            }
        }
    }

    fn received(&mut self, reader: &mut Reader) -> Result<(), Malformed> {
        if !reader.has_head() {
            return Ok(());
        }
        if !self.course.is_answered() {
            self.course.answered(reader.status, reader.knows_length());
            let booked = self.book_head(&reader.head)?;
            self.listener.head(reader.status, &mut fields(&reader.head), booked);
        }
        self.course.moved();
        if !reader.body.is_empty() {
            let piece = std::mem::take(&mut reader.body);
            self.came += piece.len() as u64;
            if self.came > self.most && !self.course.is_lingering() {
                return Err(body_too_large(self.most));
            }
            let mut booked = reader.booked.split_off(piece.capacity());
            booked.add(BESIDE)?;
            self.listener.data(piece.into(), booked);
        }
        Ok(())
    }

    fn can_start_again(&self) -> bool {
        self.outgoing.as_ref().is_none_or(|outgoing| !outgoing.started)
    }
}

impl<S: BodySource> Outgoing<S> {
    /// Writes the bytes that are ready.
    fn poll_flush(&mut self, transport: &mut Transport, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let framing = self.framing.len();
        if self.written < framing {
            ready!(transport.poll_write_all(context, &self.framing, &mut self.written))?;
        }
        let mut of_data = self.written - framing;
        let outcome = transport.poll_write_all(context, &self.data, &mut of_data);
        self.written = framing + of_data;
        outcome
    }

    /// Gets the next piece ready.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<(), GivenUp>> {
        let piece = ready!(self.source.poll_next(context)).transpose()?;
        self.before += self.written;
        self.written = 0;
        self.framing.clear();
        self.data = Bytes::new();
        match (piece, &mut self.left) {
            (Some(piece), _) if piece.is_empty() => {}
            (Some(piece), Some(left)) => {
                *left = left.checked_sub(piece.len() as u64).ok_or(GivenUp)?;
                self.put(piece);
            }
            (Some(piece), None) => {
                let separator = if self.started { "\r\n" } else { "" };
                self.framing.extend_from_slice(format!("{separator}{:x}\r\n", piece.len()).as_bytes());
                self.put(piece);
            }
            (None, Some(0)) => self.ended = true,
            (None, Some(_)) => return Poll::Ready(Err(GivenUp)),
            (None, None) => {
                let separator = if self.started { "\r\n" } else { "" };
                self.framing.extend_from_slice(format!("{separator}0\r\n\r\n").as_bytes());
                self.ended = true;
            }
        }
        Poll::Ready(Ok(()))
    }

    fn put(&mut self, piece: Bytes) {
        self.started = true;
        if piece.len() <= WORTH_A_COPY {
            self.framing.extend_from_slice(&piece);
        } else {
            self.data = piece;
        }
    }
}
