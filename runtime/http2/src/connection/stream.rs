//! One stream of a connection.

use crate::error::{ErrorCode, Refused};

/// The number of a stream. A number is used once in the life of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamId(pub(crate) u32);

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The response is whole.
    Whole,
    /// The peer refused it (REFUSED_STREAM): it did nothing, so the request can be sent again, whatever its method.
    Refused,
    /// The peer ends the connection (GOAWAY), and has not looked at this stream: as [`Closed::Refused`].
    NotProcessed,
    /// The peer reset it.
    Reset(ErrorCode),
    /// The peer broke a rule of streams, and was told so.
    Broken(ErrorCode),
    /// The connection was lost.
    Lost,
}

/// The kind of a head that was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadKind {
    /// It announces the response (1xx).
    Interim,
    /// It is the response's own, or its trailers.
    Final,
}

/// Takes what comes on a stream. `at` is the time that the user of the connection passed with the bytes.
///
/// A receiver that refuses something is told no more; its stream is reset.
pub trait Receiver {
    /// A field of the present head, its name in lower case unless the peer breaks the rules.
    ///
    /// # Errors
    /// If the field is not acceptable.
    fn field(&mut self, name: &[u8], value: &[u8]) -> Result<(), Refused>;
    /// The present head has ended. `last`: nothing follows on this stream.
    ///
    /// # Errors
    /// If the head is not acceptable.
    fn head_ended(&mut self, last: bool, at: u64) -> Result<HeadKind, Refused>;
    /// Bytes of the body. `last`: nothing follows on this stream.
    ///
    /// # Errors
    /// If they are not acceptable.
    fn data(&mut self, data: &[u8], last: bool, at: u64) -> Result<(), Refused>;
    /// The last byte of the request has left.
    fn request_left(&mut self, at: u64);
    /// There may be room again for more of the request's body.
    fn room(&mut self);
    /// The end. It comes once, unless the receiver refused something before.
    fn closed(&mut self, how: Closed, at: u64);
}

/// What the peer has sent so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remote {
    /// Nothing, or interim heads.
    Expected,
    /// The head.
    Answering,
    /// All, or it was cut off by either side.
    Ended,
}

/// One stream.
#[derive(Debug)]
pub(super) struct Stream<R> {
    pub receiver: R,
    pub remote: Remote,
    /// Whether the whole request has been queued, or the rest is not wanted.
    pub local_ended: bool,
    /// Bytes of the body that the peer accepts; below 0 if it has lowered its window.
    pub send_window: i64,
    /// Bytes that the peer may still send.
    pub receive_window: i64,
    /// Whether the peer is to wait, once its window is used up.
    pub held: bool,
    /// Whether the request's body waits for room.
    pub waits_for_room: bool,
    /// Bytes of this stream's frames.
    pub sent: u64,
    pub received: u64,
}

/// A stream that is over.
#[derive(Debug)]
pub struct Finished<R> {
    /// Its receiver.
    pub receiver: R,
    /// Bytes of its frames, heads included, in each direction.
    pub sent: u64,
    /// Bytes of its frames that came.
    pub received: u64,
}
