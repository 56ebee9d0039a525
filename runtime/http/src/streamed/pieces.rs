//! Bodies that travel piece by piece, in both directions.

use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};

use super::body_progress::BodyProgress;
use super::{BodySource, GivenUp, Head, Listener, TooMuch};
use crate::account::{Booked, MemoryAccount};
use crate::exchange::{BodyTransfer, Buffered, Piece};
use crate::reader::{Malformed, Reader, body_too_large, fields};
use crate::request::Prepared;
use crate::stopwatch::Stopwatch;
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
    /// For a body that is complete.
    whole: Buffered,
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
    /// Whether the last chunk lacks its line end, which then goes with the next one, or when that is not there yet.
    owes_line_end: bool,
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
            owes_line_end: false,
            ended: false,
        });
        Pieces { outgoing, whole: Buffered::default(), course, listener, account, most, came: 0 }
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
    const PIECEWISE: bool = true;

    fn poll_send(
        &mut self,
        request: &Prepared,
        transport: &mut Transport,
        written: &mut usize,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        self.course.connected();
        let Some(outgoing) = &mut self.outgoing else {
            return self.whole.poll_send(request, transport, written, context);
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

    fn has_body(&self, request: &Prepared) -> bool {
        self.outgoing.is_some() || self.whole.has_body(request)
    }

    fn poll_body<'b>(&'b mut self, request: &'b Prepared, context: &mut Context<'_>) -> Poll<Piece<'b>> {
        self.course.connected();
        let Some(outgoing) = &mut self.outgoing else { return self.whole.poll_body(request, context) };
        while outgoing.data.is_empty() && !outgoing.ended {
            match ready!(outgoing.poll_piece(context)) {
                Ok(piece) => outgoing.data = piece.unwrap_or_default(),
                Err(GivenUp) => {
                    // The driver of the exchange sees it next, and ends it.
                    self.course.body_given_up();
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(Piece { data: &outgoing.data, last: outgoing.ended })
    }

    fn take_body(&mut self, count: usize) {
        match &mut self.outgoing {
            Some(outgoing) => outgoing.data.advance(count),
            None => self.whole.take_body(count),
        }
    }

    fn rewind(&mut self) {
        self.whole.rewind();
        // Also told for a request without a body, whose head is sent next.
        self.course.connected();
    }

    fn poll_room(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.course.is_lingering() { Poll::Ready(()) } else { self.listener.poll_room(context) }
    }

    fn received(&mut self, reader: &mut Reader, watch: &Stopwatch) -> Result<(), Malformed> {
        if !reader.has_head() {
            return Ok(());
        }
        if !self.course.is_answered() {
            self.course.answered((reader.status, reader.protocol()), reader.knows_length());
            let booked = self.book_head(&reader.head)?;
            let head =
                Head { status: reader.status, bytes: &reader.head, phases: watch.phases(), at: watch.last_lap() };
            self.listener.head(&head, booked);
            if self.listener.is_endless() && !self.listener.has_deadline() {
                self.course.lift_limit();
            }
        }
        self.course.moved(watch.last_lap());
        if !reader.body.is_empty() {
            let piece = std::mem::take(&mut reader.body);
            self.came += piece.len() as u64;
            if self.came > self.most && !self.course.is_lingering() && !self.listener.is_endless() {
                return Err(body_too_large(self.most));
            }
            let mut booked = reader.booked.split_off(piece.capacity());
            booked.add(BESIDE)?;
            self.listener
                .data(piece.into(), booked, watch.last_lap())
                .map_err(|TooMuch(why)| Malformed::TooLarge(why))?;
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

    /// Gets the next piece ready for HTTP/1.1, with its framing.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<(), GivenUp>> {
        let piece = match self.poll_piece(context) {
            Poll::Ready(piece) => Some(piece?),
            // The server may wait for the end of a chunk before it looks at it.
            Poll::Pending if self.owes_line_end => None,
            Poll::Pending => return Poll::Pending,
        };
        self.before += self.written;
        self.written = 0;
        self.framing.clear();
        self.data = Bytes::new();
        if std::mem::take(&mut self.owes_line_end) {
            self.framing.extend_from_slice(b"\r\n");
        }
        let Some(piece) = piece else { return Poll::Ready(Ok(())) };
        match (piece, self.left) {
            (Some(piece), Some(_)) => self.put(piece),
            (Some(piece), None) => {
                self.framing.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
                self.put(piece);
                match self.data.is_empty() {
                    true => self.framing.extend_from_slice(b"\r\n"),
                    false => self.owes_line_end = true,
                }
            }
            (None, None) if self.ended => self.framing.extend_from_slice(b"0\r\n\r\n"),
            (None, _) => {}
        }
        Poll::Ready(Ok(()))
    }

    /// Takes the next piece from its source: none if it is empty, or if the body has ended.
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, GivenUp>> {
        let piece = ready!(self.source.poll_next(context)).transpose()?;
        match (&piece, &mut self.left) {
            (Some(piece), Some(left)) => *left = left.checked_sub(piece.len() as u64).ok_or(GivenUp)?,
            (Some(_), None) => {}
            (None, None | Some(0)) => self.ended = true,
            (None, Some(_)) => return Poll::Ready(Err(GivenUp)),
        }
        let piece = piece.filter(|piece| !piece.is_empty());
        self.started |= piece.is_some();
        Poll::Ready(Ok(piece))
    }

    fn put(&mut self, piece: Bytes) {
        if piece.len() <= WORTH_A_COPY {
            self.framing.extend_from_slice(&piece);
        } else {
            self.data = piece;
        }
    }
}
