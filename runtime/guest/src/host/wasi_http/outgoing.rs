//! The body that a guest writes. A small one is collected first: then it is sent in one piece, with its length, and the
//! guest's time for writing it is not part of any latency.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use http_body::Body;
use squall_http::{BodySource, GivenUp, Listener, StreamedBody};
use wasmtime_wasi_http::WasiBody;

use super::answer::WasiResponse;

/// Up to this size a body is collected before it is sent, in bytes.
const COLLECTED: usize = 64 << 10;

/// A body, of which the beginning may have been collected.
pub(super) struct Outgoing {
    collected: VecDeque<Bytes>,
    given_up: bool,
    rest: WasiBody,
}

/// Takes the body, or enough of it to start sending. `None` if the answer is no longer waited for.
pub(super) async fn gather(
    body: WasiBody,
    headers: &HeaderMap,
    answer: &WasiResponse,
) -> Option<StreamedBody<Outgoing>> {
    if body.is_end_stream() {
        return Some(StreamedBody::Nothing);
    }
    let length = announced(headers);
    let mut outgoing = Outgoing { collected: VecDeque::new(), given_up: false, rest: body };
    if length.is_some_and(|length| length > COLLECTED as u64) {
        return Some(StreamedBody::Pieces(outgoing, length));
    }
    let is_whole = poll_fn(|context| {
        if answer.poll_gone(context).is_ready() {
            return Poll::Ready(None);
        }
        outgoing.poll_collect(context).map(Some)
    });
    Some(match is_whole.await? {
        // Standard clients write an empty body where they mean none.
        true if outgoing.collected.iter().all(Bytes::is_empty) => StreamedBody::Nothing,
        true => StreamedBody::Whole(outgoing.collected.into_iter().flatten().collect()),
        false => StreamedBody::Pieces(outgoing, length),
    })
}

/// The length that the guest has announced. The library has made sure that it is a number, and holds the guest to it.
fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

impl Outgoing {
    /// Collects pieces. Returns whether that is the whole body.
    fn poll_collect(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        while self.collected.iter().map(Bytes::len).sum::<usize>() < COLLECTED {
            match ready!(self.poll_rest(context)) {
                Some(Ok(piece)) => self.collected.push_back(piece),
                Some(Err(GivenUp)) => {
                    self.given_up = true;
                    return Poll::Ready(false);
                }
                None => return Poll::Ready(true),
            }
        }
        Poll::Ready(false)
    }

    fn poll_rest(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, GivenUp>>> {
        loop {
            return Poll::Ready(match ready!(Pin::new(&mut self.rest).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(piece) => Some(Ok(piece)),
                    // Trailers, which HTTP/1.1 servers do not read.
                    Err(_) => continue,
                },
                Some(Err(_)) => Some(Err(GivenUp)),
                None => None,
            });
        }
    }
}

impl BodySource for Outgoing {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, GivenUp>>> {
        if let Some(piece) = self.collected.pop_front() {
            return Poll::Ready(Some(Ok(piece)));
        }
        if self.given_up {
            return Poll::Ready(Some(Err(GivenUp)));
        }
        self.poll_rest(context)
    }
}
