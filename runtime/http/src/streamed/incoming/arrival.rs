//! The exchange's side of a response that is coming: what each read of the socket brought.

use std::task::{Context, Poll};

use bytes::Bytes;
use squall_metrics::Nanos;

use super::{BESIDE, Form, INBOX, Incoming, KeptHead};
use crate::account::Booked;
use crate::event_stream::EventParser;
use crate::reader::field;
use crate::redirect::location;
use crate::streamed::{Head, Listener, TooMuch};

impl Listener for Incoming {
    fn head(&self, head: &Head<'_>, booked: Booked) {
        let mut state = self.state.borrow_mut();
        let state = &mut *state;
        let Some(hop) = &state.hop else { return };
        if hop.follows && location(head.status, head.bytes).is_some() {
            state.is_redirected = true;
            return;
        }
        if field(head.bytes, "set-cookie").is_some() {
            hop.jar.set(&hop.origin, &hop.path, head.bytes);
        }
        state.sent = head.begun();
        let encoding = encoding(head.bytes);
        if encoding.is_none() && (state.form == Form::Events || is_event_stream(head.bytes)) {
            state.parser = Some(EventParser::after(INBOX, &state.first_id));
        }
        state.head = Some(KeptHead {
            status: head.status,
            bytes: head.bytes.to_vec(),
            phases: head.phases,
            encoding,
            _booked: booked,
        });
        self.tell_guest(state);
    }

    fn data(&self, piece: Bytes, booked: Booked, at: Nanos) -> Result<(), TooMuch> {
        let mut state = self.state.borrow_mut();
        if state.is_redirected || self.is_gone() {
            return Ok(());
        }
        self.parse(&mut state, &piece, at)?;
        if state.form != Form::Events {
            state.held[0] += BESIDE + piece.len();
            state.pieces.push_back((piece, at, booked));
        }
        self.tell_guest(&state);
        Ok(())
    }

    fn is_endless(&self) -> bool {
        !self.is_redirected()
    }

    fn poll_room(&self, context: &mut Context<'_>) -> Poll<()> {
        let is_full = self.state.borrow().held.iter().any(|held| *held >= INBOX);
        if !self.is_full.get() && !is_full || self.is_gone() {
            return Poll::Ready(());
        }
        if !self.is_full.replace(true) {
            self.record(self.network.clock.now(), |cell| cell.inbox_full += 1);
        }
        self.exchange.replace(Some(context.waker().clone()));
        Poll::Pending
    }

    fn poll_gone(&self, context: &mut Context<'_>) -> Poll<()> {
        if self.is_gone() {
            return Poll::Ready(());
        }
        self.exchange.replace(Some(context.waker().clone()));
        Poll::Pending
    }
}

/// Whether the response is an event stream.
fn is_event_stream(head: &[u8]) -> bool {
    const TYPE: &[u8] = b"text/event-stream";
    field(head, "content-type").is_some_and(|value| {
        let (kind, parameters) = value.split_at(TYPE.len().min(value.len()));
        kind.eq_ignore_ascii_case(TYPE) && matches!(parameters.trim_ascii_start().first(), None | Some(b';'))
    })
}

/// The content encoding, if the response has one.
fn encoding(head: &[u8]) -> Option<String> {
    let encoding = field(head, "content-encoding")?;
    let is_none = encoding.is_empty() || encoding.eq_ignore_ascii_case(b"identity");
    (!is_none).then(|| String::from_utf8_lossy(encoding).into_owned())
}
