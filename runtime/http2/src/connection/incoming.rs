//! What the peer sends: frames taken one after the other, and the rules that they have to keep.

use super::stream::{Closed, HeadKind, Receiver, Remote, Stream};
use super::{CONNECTION_WINDOW, Connection, Course, STREAM_WINDOW, open_again, reset};
use crate::error::{ConnectionError, ErrorCode, Refused};
use crate::frame::{Frame, flag, kind, missing, u32_at, write_head};

/// Answers to control frames that a peer leaves unread before it is given up. An honest one has a few.
const MOST_REPLIES: u32 = 1_000;
/// CONTINUATION frames of one block: they may be empty, so the block's length does not bound them.
const MOST_CONTINUATIONS: u32 = 128;
/// The largest window (section 6.9.1), in bytes.
const LARGEST_WINDOW: i64 = (1 << 31) - 1;
/// A buffer for unfinished frames larger than this is given back when it is empty, in bytes.
const KEPT: usize = 1024;

/// A header block whose end has not come.
#[derive(Debug)]
pub(super) struct Block {
    stream: u32,
    last: bool,
    bytes: Vec<u8>,
    continuations: u32,
}

impl<R: Receiver> Connection<R> {
    /// Takes the bytes that came next, at the time `at`.
    ///
    /// # Errors
    /// If the peer breaks a rule on which the connection depends. What it is told is in [`Connection::output`] then, and
    /// the streams that have not ended wait for [`Connection::lose`].
    pub fn receive(&mut self, bytes: &[u8], at: u64) -> Result<(), ConnectionError> {
        let outcome = self.take(bytes, at);
        if let Err(error) = outcome {
            self.go_away(error.code);
        }
        outcome
    }

    fn take(&mut self, mut bytes: &[u8], at: u64) -> Result<(), ConnectionError> {
        if !self.greeted && bytes.starts_with(b"HTTP/") {
            return Err(ConnectionError::protocol("it answers in HTTP/1, not in HTTP/2"));
        }
        while !self.unfinished.is_empty() {
            let lacking = missing(&self.unfinished)?;
            let Some((part, rest)) = bytes.split_at_checked(lacking) else { break };
            self.unfinished.extend_from_slice(part);
            bytes = rest;
            self.take_finished(at)?;
        }
        if self.unfinished.is_empty() {
            while let Some((frame, rest)) = Frame::split(bytes)? {
                bytes = rest;
                self.take_frame(frame, at)?;
            }
        }
        self.unfinished.extend_from_slice(bytes);
        Ok(())
    }

    /// Takes the frame that was gathered, if it is whole now.
    fn take_finished(&mut self, at: u64) -> Result<(), ConnectionError> {
        let mut gathered = std::mem::take(&mut self.unfinished);
        match Frame::split(&gathered)? {
            Some((frame, _)) => self.take_frame(frame, at)?,
            None => {
                self.unfinished = gathered;
                return Ok(());
            }
        }
        if gathered.capacity() <= KEPT {
            gathered.clear();
            self.unfinished = gathered;
        }
        Ok(())
    }

    fn take_frame(&mut self, frame: Frame<'_>, at: u64) -> Result<(), ConnectionError> {
        if !self.greeted {
            if frame.kind != kind::SETTINGS || frame.has(flag::ACK) {
                return Err(ConnectionError::protocol("its first frame is not SETTINGS, so it is not HTTP/2"));
            }
            self.greeted = true;
        }
        if self.block.is_some() && frame.kind != kind::CONTINUATION {
            return Err(ConnectionError::protocol("it sends another frame within a header block"));
        }
        match frame.kind {
            kind::DATA => self.take_data(frame, at),
            kind::HEADERS => self.take_headers(frame, at),
            kind::CONTINUATION => self.take_continuation(frame, at),
            kind::RST_STREAM => self.take_reset(frame, at),
            kind::SETTINGS => self.take_settings(frame),
            kind::PING => self.take_ping(frame),
            kind::GOAWAY => self.take_goaway(frame, at),
            kind::WINDOW_UPDATE => self.take_window_update(frame, at),
            kind::PUSH_PROMISE => Err(ConnectionError::protocol("it pushes, which was not allowed")),
            // Unknown frames are ignored (section 5.5), PRIORITY and its successor among them.
            _ => Ok(()),
        }
    }

    fn take_data(&mut self, frame: Frame<'_>, at: u64) -> Result<(), ConnectionError> {
        self.check_opened(frame.stream)?;
        let data = frame.unpadded()?;
        let counted = frame.payload.len() as i64;
        consume(&mut self.receive_window, counted)?;
        open_again(&mut self.receive_window, CONNECTION_WINDOW, &mut self.output.bytes, 0);
        let Some(place) = self.place(frame.stream) else { return Ok(()) };
        let stream = &mut *self.streams[place].1;
        let length = frame.length();
        stream.received += length;
        self.streams_received += length;
        match stream.remote {
            Remote::Ended => return Ok(()),
            Remote::Expected => {
                refuse(&mut self.output.bytes, stream, frame.stream, at, Fault::BodyFirst);
                return Ok(());
            }
            Remote::Answering => {}
        }
        consume(&mut stream.receive_window, counted)?;
        if !stream.held {
            open_again(&mut stream.receive_window, STREAM_WINDOW, &mut self.output.bytes, frame.stream);
        }
        let last = frame.has(flag::END_STREAM);
        match stream.receiver.data(data, last, at) {
            Ok(()) if last => end(stream, at),
            Ok(()) => {}
            Err(Refused(code)) => reset(&mut self.output.bytes, stream, frame.stream, code),
        }
        Ok(())
    }

    fn take_headers(&mut self, frame: Frame<'_>, at: u64) -> Result<(), ConnectionError> {
        self.check_opened(frame.stream)?;
        let mut fragment = frame.unpadded()?;
        if frame.has(flag::PRIORITY) {
            let too_short = ConnectionError::frame_size("it sends HEADERS that are too short");
            fragment = fragment.get(5..).ok_or(too_short)?;
        }
        self.count_received(frame);
        let last = frame.has(flag::END_STREAM);
        if frame.has(flag::END_HEADERS) {
            return self.take_block(frame.stream, last, fragment, at);
        }
        self.check_block(fragment.len())?;
        self.block = Some(Block { stream: frame.stream, last, bytes: fragment.to_vec(), continuations: 0 });
        Ok(())
    }

    fn take_continuation(&mut self, frame: Frame<'_>, at: u64) -> Result<(), ConnectionError> {
        let misplaced = ConnectionError::protocol("it sends CONTINUATION where none can be");
        let mut block = self.block.take().ok_or(misplaced)?;
        if block.stream != frame.stream {
            return Err(misplaced);
        }
        block.continuations += 1;
        if block.continuations > MOST_CONTINUATIONS {
            return Err(ConnectionError::too_much("it sends a header block in too many frames"));
        }
        self.check_block(block.bytes.len() + frame.payload.len())?;
        block.bytes.extend_from_slice(frame.payload);
        self.count_received(frame);
        if frame.has(flag::END_HEADERS) {
            return self.take_block(block.stream, block.last, &block.bytes, at);
        }
        self.block = Some(block);
        Ok(())
    }

    fn count_received(&mut self, frame: Frame<'_>) {
        if let Some(place) = self.place(frame.stream) {
            self.streams[place].1.received += frame.length();
            self.streams_received += frame.length();
        }
    }

    fn check_block(&self, length: usize) -> Result<(), ConnectionError> {
        if length <= self.limits.header_block {
            return Ok(());
        }
        Err(ConnectionError::too_much("it sends a header block larger than allowed"))
    }

    /// Takes a whole header block. It is decoded even if nothing waits for it, because the table must stay in step.
    fn take_block(&mut self, id: u32, last: bool, block: &[u8], at: u64) -> Result<(), ConnectionError> {
        let undecodable = |_| ConnectionError {
            code: ErrorCode::COMPRESSION_ERROR,
            reason: "it sends a header block that cannot be decoded",
        };
        let place = self.place(id).filter(|place| self.streams[*place].1.remote != Remote::Ended);
        let Some(place) = place else {
            let ignored = self.decoder.decode(block, |_, _| Ok::<(), Refused>(()));
            return ignored.map(|_| ()).map_err(undecodable);
        };
        let stream = &mut *self.streams[place].1;
        let receiver = &mut stream.receiver;
        let decoded = self.decoder.decode(block, |name, value| receiver.field(name, value)).map_err(undecodable)?;
        if stream.remote == Remote::Answering && !last {
            refuse(&mut self.output.bytes, stream, id, at, Fault::SecondHead);
            return Ok(());
        }
        match decoded.and_then(|()| stream.receiver.head_ended(last, at)) {
            Ok(_) if last => end(stream, at),
            Ok(HeadKind::Interim) => {}
            Ok(HeadKind::Final) => stream.remote = Remote::Answering,
            Err(Refused(code)) => reset(&mut self.output.bytes, stream, id, code),
        }
        Ok(())
    }

    fn take_reset(&mut self, frame: Frame<'_>, at: u64) -> Result<(), ConnectionError> {
        self.check_opened(frame.stream)?;
        let code = ErrorCode(number(frame, "it sends RST_STREAM of a wrong size")?);
        self.count_received(frame);
        let Some(stream) = self.stream(frame.stream) else { return Ok(()) };
        // After a whole response it only says that the rest of the request is not wanted (section 8.1).
        stream.local_ended = true;
        if stream.remote != Remote::Ended {
            stream.remote = Remote::Ended;
            let how = if code == ErrorCode::REFUSED_STREAM { Closed::Refused } else { Closed::Reset(code) };
            stream.receiver.closed(how, at);
        }
        Ok(())
    }

    fn take_settings(&mut self, frame: Frame<'_>) -> Result<(), ConnectionError> {
        if frame.stream != 0 {
            return Err(ConnectionError::protocol("it sends SETTINGS on a stream"));
        }
        if frame.has(flag::ACK) {
            return Ok(());
        }
        let (settings, rest) = frame.payload.as_chunks::<6>();
        if !rest.is_empty() {
            return Err(ConnectionError::frame_size("it sends SETTINGS of a wrong size"));
        }
        for setting in settings {
            self.take_setting(u16::from_be_bytes([setting[0], setting[1]]), u32_at(setting, 2))?;
        }
        write_head(&mut self.output.bytes, 0, kind::SETTINGS, flag::ACK, 0);
        self.count_reply()
    }

    fn take_setting(&mut self, setting: u16, value: u32) -> Result<(), ConnectionError> {
        match setting {
            1 => self.encoder.set_peer_table_size(value as usize),
            2 if value != 0 => return Err(ConnectionError::protocol("it is a server and enables push")),
            3 => self.peer.max_streams = value,
            4 => return self.move_stream_windows(i64::from(value)),
            5 if !(16_384..=16_777_215).contains(&value) => {
                return Err(ConnectionError::protocol("it announces an invalid size of frames"));
            }
            _ => {}
        }
        Ok(())
    }

    /// The windows of all streams change with the setting, and may fall below 0 (section 6.9.2).
    fn move_stream_windows(&mut self, window: i64) -> Result<(), ConnectionError> {
        if window > LARGEST_WINDOW {
            return Err(ConnectionError::flow_control("it announces a window that is too large"));
        }
        let change = window - self.peer.stream_window;
        self.peer.stream_window = window;
        for (_, stream) in &mut self.streams {
            stream.send_window += change;
            if stream.send_window > LARGEST_WINDOW {
                return Err(ConnectionError::flow_control("it enlarges the window of a stream too far"));
            }
        }
        if change > 0 && self.waiting_for_room > 0 {
            self.offer_room();
        }
        Ok(())
    }

    fn take_ping(&mut self, frame: Frame<'_>) -> Result<(), ConnectionError> {
        if frame.stream != 0 {
            return Err(ConnectionError::protocol("it sends PING on a stream"));
        }
        if frame.payload.len() != 8 {
            return Err(ConnectionError::frame_size("it sends PING of a wrong size"));
        }
        if frame.has(flag::ACK) {
            return Ok(());
        }
        write_head(&mut self.output.bytes, 8, kind::PING, flag::ACK, 0);
        self.output.bytes.extend_from_slice(frame.payload);
        self.count_reply()
    }

    fn count_reply(&mut self) -> Result<(), ConnectionError> {
        self.replies += 1;
        if self.replies > MOST_REPLIES {
            return Err(ConnectionError::too_much("it sends control frames, and does not read the answers"));
        }
        Ok(())
    }

    fn take_goaway(&mut self, frame: Frame<'_>, at: u64) -> Result<(), ConnectionError> {
        if frame.stream != 0 {
            return Err(ConnectionError::protocol("it sends GOAWAY on a stream"));
        }
        if frame.payload.len() < 8 {
            return Err(ConnectionError::frame_size("it sends GOAWAY of a wrong size"));
        }
        let last = u32_at(frame.payload, 0) & 0x7FFF_FFFF;
        self.course = Course::GoingAway(ErrorCode(u32_at(frame.payload, 4)));
        for (id, stream) in &mut self.streams {
            if *id > last && stream.remote != Remote::Ended {
                stream.remote = Remote::Ended;
                stream.local_ended = true;
                stream.receiver.closed(Closed::NotProcessed, at);
            }
        }
        Ok(())
    }

    fn take_window_update(&mut self, frame: Frame<'_>, at: u64) -> Result<(), ConnectionError> {
        let increment = i64::from(number(frame, "it sends WINDOW_UPDATE of a wrong size")? & 0x7FFF_FFFF);
        if frame.stream == 0 {
            self.send_window += increment;
            if increment == 0 || self.send_window > LARGEST_WINDOW {
                return Err(ConnectionError::flow_control("it enlarges the connection's window by 0 or too far"));
            }
            if self.waiting_for_room > 0 {
                self.offer_room();
            }
            return Ok(());
        }
        self.check_opened(frame.stream)?;
        let Some(place) = self.place(frame.stream) else { return Ok(()) };
        let stream = &mut *self.streams[place].1;
        stream.send_window += increment;
        if increment == 0 || stream.send_window > LARGEST_WINDOW {
            if stream.remote != Remote::Ended {
                refuse(&mut self.output.bytes, stream, frame.stream, at, Fault::Window);
            }
            return Ok(());
        }
        if std::mem::take(&mut stream.waits_for_room) {
            self.waiting_for_room -= 1;
            stream.receiver.room();
        }
        Ok(())
    }

    /// A frame of a stream must belong to one that was opened, if only in the past.
    #[inline]
    fn check_opened(&self, id: u32) -> Result<(), ConnectionError> {
        if id % 2 == 1 && id < self.next_stream {
            return Ok(());
        }
        Err(ConnectionError::protocol("it sends a frame on a stream that was never opened"))
    }

    #[cold]
    fn go_away(&mut self, code: ErrorCode) {
        self.course = Course::GoingAway(code);
        write_head(&mut self.output.bytes, 8, kind::GOAWAY, 0, 0);
        // The peer has opened no stream.
        self.output.bytes.extend_from_slice(&0_u32.to_be_bytes());
        self.output.bytes.extend_from_slice(&code.0.to_be_bytes());
    }
}

/// A stream's rule that the peer broke.
#[derive(Clone, Copy)]
enum Fault {
    BodyFirst,
    SecondHead,
    Window,
}

/// Resets a stream whose peer breaks a rule.
#[cold]
fn refuse<R: Receiver>(output: &mut Vec<u8>, stream: &mut Stream<R>, id: u32, at: u64, fault: Fault) {
    let code = match fault {
        Fault::BodyFirst | Fault::SecondHead => ErrorCode::PROTOCOL_ERROR,
        Fault::Window => ErrorCode::FLOW_CONTROL_ERROR,
    };
    reset(output, stream, id, code);
    stream.receiver.closed(Closed::Broken(code), at);
}

/// The response is whole.
#[inline]
fn end<R: Receiver>(stream: &mut Stream<R>, at: u64) {
    stream.remote = Remote::Ended;
    stream.receiver.closed(Closed::Whole, at);
}

/// Takes bytes from a window of ours.
#[inline]
fn consume(window: &mut i64, bytes: i64) -> Result<(), ConnectionError> {
    *window -= bytes;
    if *window < 0 {
        return Err(ConnectionError::flow_control("it sends more than the window allows"));
    }
    Ok(())
}

/// The payload of a frame that holds one number.
fn number(frame: Frame<'_>, wrong_size: &'static str) -> Result<u32, ConnectionError> {
    if frame.payload.len() != 4 {
        return Err(ConnectionError::frame_size(wrong_size));
    }
    Ok(u32_at(frame.payload, 0))
}
