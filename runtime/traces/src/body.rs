//! Bodies of requests, with bounds on their size, their time, and on all of them together.

use std::cell::Cell;
use std::io::Read;
use std::rc::Rc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use flate2::read::MultiGzDecoder;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use squall_plain_http::within;

use crate::refusal::{Refusal, RefusalKind};

/// The most bytes of a body on the wire.
pub(crate) const MOST_BYTES: usize = 4 << 20;
/// The most bytes of a body once it is inflated.
pub(crate) const MOST_INFLATED: usize = 32 << 20;
/// The most bytes of all bodies that are on their way.
const MOST_AT_ONCE: usize = 32 << 20;
/// Bytes of a body that is too large which are read and dropped: a sender that still sends does not read the answer.
const MOST_DROPPED: u64 = 32 << 20;
/// The limit for a body, from its first byte to its last.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// The bytes that bodies on their way occupy, all together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Room(Rc<Cell<usize>>);

/// A part of the room, until dropped.
#[derive(Debug)]
struct Occupied {
    room: Room,
    bytes: usize,
}

impl Occupied {
    fn grow(&mut self, bytes: usize) -> Result<(), Refusal> {
        let all = self.room.0.get() + bytes;
        if all > MOST_AT_ONCE {
            return Err(RefusalKind::Busy.because(format!("more than {} MiB at once", MOST_AT_ONCE >> 20)));
        }
        self.room.0.set(all);
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Occupied {
    fn drop(&mut self) {
        self.room.0.set(self.room.0.get() - self.bytes);
    }
}

/// Reads a whole body.
pub(crate) async fn read_body(body: Incoming, room: &Room) -> Result<Bytes, Refusal> {
    let late = || Err(RefusalKind::TooSlow.because(format!("a body was not whole after {}s", BODY_TIMEOUT.as_secs())));
    within(BODY_TIMEOUT, collect(body, room)).await.unwrap_or_else(late)
}

async fn collect(mut body: Incoming, room: &Room) -> Result<Bytes, Refusal> {
    if body.size_hint().lower() > MOST_BYTES as u64 {
        return Err(drop_rest(body).await);
    }
    let mut occupied = Occupied { room: room.clone(), bytes: 0 };
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| RefusalKind::Unreadable.because(format!("a body ended early: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > MOST_BYTES {
            drop((bytes, occupied));
            return Err(drop_rest(body).await);
        }
        occupied.grow(data.len())?;
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.freeze())
}

async fn drop_rest(mut body: Incoming) -> Refusal {
    let mut dropped = 0;
    while dropped < MOST_DROPPED
        && let Some(Ok(frame)) = body.frame().await
    {
        dropped += frame.data_ref().map_or(0, |data| data.len() as u64);
    }
    RefusalKind::TooLarge.because(format!("a body has more than {} MiB", MOST_BYTES >> 20))
}

/// Inflates a body.
pub(crate) fn gunzip(bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut inflated = Vec::new();
    let read = MultiGzDecoder::new(bytes).take(MOST_INFLATED as u64 + 1).read_to_end(&mut inflated);
    read.map_err(|error| RefusalKind::Unreadable.because(format!("a body is not gzip: {error}")))?;
    if inflated.len() > MOST_INFLATED {
        let limit = MOST_INFLATED >> 20;
        return Err(RefusalKind::TooLarge.because(format!("a body has more than {limit} MiB once it is inflated")));
    }
    Ok(inflated)
}
