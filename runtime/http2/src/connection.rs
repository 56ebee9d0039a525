//! A connection, seen from its client: streams, windows, settings, and the end (RFC 9113).
//!
//! Its user pushes what it reads from the socket into [`Connection::receive`], and writes [`Connection::output`]. All
//! that a peer can make large is bounded: frames, header blocks, and the answers to its control frames.

mod incoming;
mod output;
mod stream;
#[cfg(test)]
mod tests;

pub use stream::{Closed, Finished, HeadKind, Receiver, StreamId};

use crate::error::ErrorCode;
use crate::frame::{HEAD, LARGEST, PREFACE, flag, kind, set_length, write_head};
use crate::hpack::{Decoder, Encoder, Indexing};
use incoming::Block;
use output::Output;
use stream::{Remote, Stream};

/// The windows of the peer, in bytes: so large that they bound its memory use, not its speed.
const STREAM_WINDOW: i64 = 1 << 24;
const CONNECTION_WINDOW: i64 = (1 << 30) - 1;
/// The windows of a new connection, and the streams that a peer allows at first (sections 6.5.2 and 6.9.2). A peer that
/// says nothing allows any number; 100 is what it should at least allow, and what others begin with.
const FIRST_WINDOW: i64 = 65_535;
const FIRST_STREAMS: u32 = 100;
/// The table for compressed headers that the peer may use, in bytes: the protocol's default.
const HEADER_TABLE: usize = 4_096;
/// Bytes that wait to be sent before a body has to wait for room.
const MOST_UNSENT: usize = 64 * 1024;
/// The highest number of a stream.
const LAST_STREAM: u32 = (1 << 31) - 1;

/// What the client accepts.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The largest header block, compressed, in bytes.
    pub header_block: usize,
    /// The largest header list as the peer is told of it, in bytes. The receivers hold it to that.
    pub header_list: u32,
}

/// The peer's settings.
#[derive(Debug)]
struct Peer {
    max_streams: u32,
    stream_window: i64,
}

/// The end of a connection, as the peer announced it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    Open,
    /// No stream may be opened any more. The present ones go on.
    GoingAway(ErrorCode),
}

/// One connection. `R` takes what comes on a stream.
#[derive(Debug)]
pub struct Connection<R> {
    limits: Limits,
    encoder: Encoder,
    decoder: Decoder,
    /// In the order of their numbers. Boxed, since they are moved when an earlier one goes.
    streams: Vec<(u32, Box<Stream<R>>)>,
    next_stream: u32,
    peer: Peer,
    /// Bytes of bodies that the peer accepts on all streams together, and that it may send.
    send_window: i64,
    receive_window: i64,
    output: Output,
    /// Answers to control frames that have not left.
    replies: u32,
    /// Streams whose bodies wait for room.
    waiting_for_room: u32,
    /// Bytes of the frames of all streams, past ones included.
    streams_sent: u64,
    streams_received: u64,
    /// The beginning of a frame.
    unfinished: Vec<u8>,
    /// A header block whose end has not come.
    block: Option<Block>,
    greeted: bool,
    course: Course,
}

impl<R: Receiver> Connection<R> {
    /// A new connection, whose first bytes are ready to be sent.
    pub fn new(limits: Limits) -> Connection<R> {
        let mut connection = Connection {
            limits,
            encoder: Encoder::new(),
            decoder: Decoder::new(HEADER_TABLE),
            streams: Vec::new(),
            next_stream: 1,
            peer: Peer { max_streams: FIRST_STREAMS, stream_window: FIRST_WINDOW },
            send_window: FIRST_WINDOW,
            receive_window: CONNECTION_WINDOW,
            output: Output::default(),
            replies: 0,
            waiting_for_room: 0,
            streams_sent: 0,
            streams_received: 0,
            unfinished: Vec::new(),
            block: None,
            greeted: false,
            course: Course::Open,
        };
        connection.greet();
        connection
    }

    /// Preface, settings, and the connection's window. Nothing waits for the peer's settings (section 3.4).
    fn greet(&mut self) {
        const ENABLE_PUSH: u16 = 2;
        const INITIAL_WINDOW_SIZE: u16 = 4;
        const MAX_HEADER_LIST_SIZE: u16 = 6;
        let settings = [
            (ENABLE_PUSH, 0),
            (INITIAL_WINDOW_SIZE, STREAM_WINDOW as u32),
            (MAX_HEADER_LIST_SIZE, self.limits.header_list),
        ];
        let output = &mut self.output.bytes;
        output.extend_from_slice(PREFACE);
        write_head(output, settings.len() * 6, kind::SETTINGS, 0, 0);
        for (setting, value) in settings {
            output.extend_from_slice(&setting.to_be_bytes());
            output.extend_from_slice(&value.to_be_bytes());
        }
        write_window_update(output, 0, CONNECTION_WINDOW - FIRST_WINDOW);
    }

    /// Whether streams can still be opened, now or when others have ended.
    pub fn is_usable(&self) -> bool {
        self.course == Course::Open && self.next_stream <= LAST_STREAM
    }

    /// The code with which the peer announced the end of the connection, if it has.
    pub fn going_away(&self) -> Option<ErrorCode> {
        match self.course {
            Course::Open => None,
            Course::GoingAway(code) => Some(code),
        }
    }

    /// The streams that can be opened now, as far as the peer's limit goes.
    pub fn free_streams(&self) -> usize {
        (self.peer.max_streams as usize).saturating_sub(self.streams.len())
    }

    /// Streams that have not been finished.
    pub fn open_streams(&self) -> usize {
        self.streams.len()
    }

    /// The receivers of all streams that have not been finished, in the order in which these were opened.
    pub fn receivers(&mut self) -> impl Iterator<Item = &mut R> {
        self.streams.iter_mut().map(|(_, stream)| &mut stream.receiver)
    }

    /// Opens a stream with a head that `write` makes. `last`: the request has no body.
    pub fn open(&mut self, receiver: R, last: bool, write: impl FnOnce(&mut FieldWriter<'_>)) -> StreamId {
        let id = self.next_stream;
        self.next_stream += 2;
        let output = &mut self.output.bytes;
        let start = output.len();
        let end = if last { flag::END_STREAM } else { 0 };
        write_head(output, 0, kind::HEADERS, end | flag::END_HEADERS, id);
        self.encoder.begin(output);
        write(&mut FieldWriter { block: output, encoder: &mut self.encoder });
        let length = output.len() - start - HEAD;
        set_length(output, start, length.min(LARGEST));
        if length > LARGEST {
            continue_block(output, start, id);
        }
        let sent = (output.len() - start) as u64;
        self.streams_sent += sent;
        if last {
            self.output.mark_end(id);
        }
        self.streams.push((
            id,
            Box::new(Stream {
                receiver,
                remote: Remote::Expected,
                local_ended: last,
                send_window: self.peer.stream_window,
                receive_window: STREAM_WINDOW,
                held: false,
                waits_for_room: false,
                sent,
                received: 0,
            }),
        ));
        StreamId(id)
    }

    /// The receiver of a stream that has not been finished.
    #[inline]
    pub fn receiver(&mut self, id: StreamId) -> Option<&mut R> {
        self.stream(id.0).map(|stream| &mut stream.receiver)
    }

    /// How many bytes of a request's body can be queued now. After 0, [`Receiver::room`] tells when to ask again.
    pub fn room(&mut self, id: StreamId) -> usize {
        let most = MOST_UNSENT.saturating_sub(self.output.unsent().len()) as i64;
        let most = most.min(self.send_window);
        let Some(stream) = self.stream(id.0) else { return 0 };
        let room = most.min(stream.send_window).max(0);
        if room == 0 && !stream.waits_for_room {
            stream.waits_for_room = true;
            self.waiting_for_room += 1;
        }
        room as usize
    }

    /// Queues bytes of a request's body, for which there is room. `last`: the request ends with them.
    pub fn send(&mut self, id: StreamId, data: &[u8], last: bool) {
        let Some(place) = self.place(id.0) else { return };
        let stream = &mut self.streams[place].1;
        stream.local_ended |= last;
        stream.send_window -= data.len() as i64;
        self.send_window -= data.len() as i64;
        let output = &mut self.output.bytes;
        let start = output.len();
        let (pieces, rest) = data.as_chunks::<LARGEST>();
        for (index, piece) in pieces.iter().enumerate() {
            let ends = last && rest.is_empty() && index + 1 == pieces.len();
            write_data(output, id.0, piece, ends);
        }
        if !rest.is_empty() || (data.is_empty() && last) {
            write_data(output, id.0, rest, last);
        }
        let sent = (output.len() - start) as u64;
        stream.sent += sent;
        self.streams_sent += sent;
        if last {
            self.output.mark_end(id.0);
        }
    }

    /// Holds a stream whose receiver has no room, or lets it go on: while it is held, its window is not opened again, so the
    /// peer can send as much as fits into the window, and no more.
    pub fn hold(&mut self, id: StreamId, held: bool) {
        let Some(place) = self.place(id.0) else { return };
        let stream = &mut *self.streams[place].1;
        if std::mem::replace(&mut stream.held, held) && !held && stream.remote != Remote::Ended {
            open_again(&mut stream.receive_window, STREAM_WINDOW, &mut self.output.bytes, id.0);
        }
    }

    /// Ends a stream: takes its receiver, and resets it if it is not over. Its number is not known afterwards.
    pub fn finish(&mut self, id: StreamId, code: ErrorCode) -> Option<Finished<R>> {
        let place = self.place(id.0)?;
        let (_, mut stream) = self.streams.remove(place);
        if stream.waits_for_room {
            self.waiting_for_room -= 1;
        }
        if stream.remote != Remote::Ended || !stream.local_ended {
            reset(&mut self.output.bytes, &mut stream, id.0, code);
        }
        let Stream { receiver, sent, received, .. } = *stream;
        Some(Finished { receiver, sent, received })
    }

    /// Bytes of the frames of all streams so far, sent and received. The connection has others: settings, windows, pings.
    pub fn streams_traffic(&self) -> (u64, u64) {
        (self.streams_sent, self.streams_received)
    }

    /// The bytes to be written next.
    #[inline]
    pub fn output(&self) -> &[u8] {
        self.output.unsent()
    }

    /// The first `count` bytes of [`Connection::output`] have been written, at the time `at`.
    pub fn written(&mut self, count: usize, at: u64) {
        self.output.advance(count);
        while let Some(ended) = self.output.next_end() {
            if let Some(stream) = self.stream(ended) {
                stream.receiver.request_left(at);
            }
        }
        if self.output.unsent().is_empty() {
            self.replies = 0;
        }
        if self.waiting_for_room > 0 && self.output.unsent().len() < MOST_UNSENT / 2 {
            self.offer_room();
        }
    }

    /// The connection is lost: all streams that have not ended are.
    pub fn lose(&mut self, at: u64) {
        self.course = Course::GoingAway(ErrorCode::NO_ERROR);
        for (_, stream) in &mut self.streams {
            if stream.remote != Remote::Ended {
                stream.remote = Remote::Ended;
                stream.receiver.closed(Closed::Lost, at);
            }
            stream.local_ended = true;
        }
    }

    /// Tells the receivers that wait for room to ask again.
    fn offer_room(&mut self) {
        self.waiting_for_room = 0;
        for (_, stream) in &mut self.streams {
            if std::mem::take(&mut stream.waits_for_room) {
                stream.receiver.room();
            }
        }
    }

    /// Streams are numbered in their order, so those of a small connection are found at once.
    #[inline]
    fn place(&self, id: u32) -> Option<usize> {
        match &*self.streams {
            [(only, _)] if *only == id => Some(0),
            streams => streams.binary_search_by_key(&id, |(id, _)| *id).ok(),
        }
    }

    #[inline]
    fn stream(&mut self, id: u32) -> Option<&mut Stream<R>> {
        self.place(id).map(|place| &mut *self.streams[place].1)
    }
}

/// Writes the fields of a request's head.
#[derive(Debug)]
pub struct FieldWriter<'a> {
    block: &'a mut Vec<u8>,
    encoder: &'a mut Encoder,
}

impl FieldWriter<'_> {
    /// Writes one field. Its name is in lower case; those that begin with a colon come first.
    #[inline]
    pub fn field(&mut self, name: &[u8], value: &[u8], indexing: Indexing) {
        self.encoder.field(self.block, name, value, indexing);
    }
}

/// Cuts a block that begins at `start` with its head, and is too long for one frame, into frames (section 4.3).
#[cold]
fn continue_block(output: &mut Vec<u8>, start: usize, id: u32) {
    output[start + 4] &= !flag::END_HEADERS;
    let rest = output.split_off(start + HEAD + LARGEST);
    let mut pieces = rest.chunks(LARGEST).peekable();
    while let Some(piece) = pieces.next() {
        let end = if pieces.peek().is_none() { flag::END_HEADERS } else { 0 };
        write_head(output, piece.len(), kind::CONTINUATION, end, id);
        output.extend_from_slice(piece);
    }
}

fn write_data(output: &mut Vec<u8>, id: u32, data: &[u8], last: bool) {
    write_head(output, data.len(), kind::DATA, if last { flag::END_STREAM } else { 0 }, id);
    output.extend_from_slice(data);
}

fn write_window_update(output: &mut Vec<u8>, id: u32, increment: i64) {
    write_head(output, 4, kind::WINDOW_UPDATE, 0, id);
    output.extend_from_slice(&(increment as u32).to_be_bytes());
}

/// Opens a window of ours again once half of it is used.
#[inline]
fn open_again(window: &mut i64, full: i64, output: &mut Vec<u8>, id: u32) {
    if *window < full / 2 {
        write_window_update(output, id, full - *window);
        *window = full;
    }
}

/// Resets a stream: nothing that still comes on it is of interest.
fn reset<R>(output: &mut Vec<u8>, stream: &mut Stream<R>, id: u32, code: ErrorCode) {
    write_head(output, 4, kind::RST_STREAM, 0, id);
    output.extend_from_slice(&code.0.to_be_bytes());
    stream.remote = Remote::Ended;
    stream.local_ended = true;
}
