//! Frames that come, put together to messages.

use flate2::Decompress;

use super::{Limits, Message};
use crate::close::CloseReason;
use crate::deflate::{self, Codec, Deflate};
use crate::error::Failure;
use crate::frame::{FrameHead, LONGEST_HEAD, Opcode};
use crate::memory::Memory;
use crate::utf8::Utf8;

/// The most room that a message is given before its bytes have come: a head can announce anything.
const ROOM_AT_ONCE: usize = 64 * 1024;
const NOT_TEXT: Failure = Failure::Content("a text message is not UTF-8");

/// What came, whole.
#[derive(Debug)]
pub(super) enum Received {
    Message(Message),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<CloseReason>),
}

/// The reader of a connection.
#[derive(Debug)]
pub(super) struct Incoming {
    limits: Limits,
    deflate: Option<Deflate>,
    /// The decompressor of a server that refers to its earlier messages.
    own: Option<Box<Decompress>>,
    /// The beginning of a frame's head.
    cut: [u8; LONGEST_HEAD],
    cut_length: u8,
    /// The frame whose payload comes, and how much of that is missing.
    frame: Option<(FrameHead, u64)>,
    /// The payload of a control frame, as far as it came.
    control: Vec<u8>,
    /// A message that has not come whole.
    message: Option<Box<Unfinished>>,
}

/// A message in parts.
#[derive(Debug)]
struct Unfinished {
    is_text: bool,
    is_compressed: bool,
    payload: Vec<u8>,
    /// Checks text that is not compressed while it comes.
    utf8: Utf8,
}

impl Incoming {
    pub(super) fn new(limits: Limits, deflate: Option<Deflate>) -> Incoming {
        Incoming {
            limits,
            deflate,
            own: None,
            cut: [0; LONGEST_HEAD],
            cut_length: 0,
            frame: None,
            control: Vec::new(),
            message: None,
        }
    }

    pub(super) fn held(&self) -> usize {
        self.message.as_ref().map_or(0, |message| message.payload.capacity())
    }

    /// The next thing in `input`.
    pub(super) fn next(
        &mut self,
        input: &mut &[u8],
        codec: &mut Codec,
        memory: &mut dyn Memory,
    ) -> Result<Option<Received>, Failure> {
        loop {
            let (head, missing) = match self.frame {
                Some(frame) => frame,
                None => match self.head(input)? {
                    Some(head) => {
                        self.check_order(&head)?;
                        (head, head.length)
                    }
                    None => return Ok(None),
                },
            };
            let (piece, rest) = input.split_at(input.len().min(usize::try_from(missing).unwrap_or(usize::MAX)));
            *input = rest;
            let missing = missing - piece.len() as u64;
            self.frame = (missing > 0).then_some((head, missing));
            let received = match head.opcode.is_control() {
                true => self.control(&head, piece, missing == 0)?,
                false => self.data(&head, piece, missing == 0, codec, memory)?,
            };
            if received.is_some() {
                return Ok(received);
            }
            if missing > 0 {
                return Ok(None);
            }
        }
    }

    /// Takes the head of a frame, which may have been cut.
    #[inline]
    fn head(&mut self, input: &mut &[u8]) -> Result<Option<FrameHead>, Failure> {
        if self.cut_length == 0
            && let Some((head, length)) = FrameHead::read(input)?
        {
            *input = &input[length..];
            return Ok(Some(head));
        }
        while let Some((byte, rest)) = input.split_first() {
            *input = rest;
            self.cut[usize::from(self.cut_length)] = *byte;
            self.cut_length += 1;
            if let Some((head, _)) = FrameHead::read(&self.cut[..usize::from(self.cut_length)])? {
                self.cut_length = 0;
                return Ok(Some(head));
            }
        }
        Ok(None)
    }

    /// Whether a frame may come now, and with this length.
    fn check_order(&self, head: &FrameHead) -> Result<(), Failure> {
        if head.opcode.is_control() {
            return Ok(());
        }
        let before = match (head.opcode, &self.message) {
            (Opcode::Continuation, None) => {
                return Err(Failure::Protocol("a message goes on that has not begun"));
            }
            (Opcode::Continuation, Some(_)) if head.compressed => {
                return Err(Failure::Protocol("a later frame of a message says that it is compressed"));
            }
            (Opcode::Continuation, Some(message)) => message.payload.len(),
            (_, Some(_)) => return Err(Failure::Protocol("a message begins before the last one has ended")),
            (_, None) => 0,
        };
        if head.compressed && self.deflate.is_none() {
            return Err(Failure::Protocol("a message is compressed, which was not agreed on"));
        }
        match head.length > (self.limits.message - before) as u64 {
            true => Err(Failure::TooLarge(self.limits.message)),
            false => Ok(()),
        }
    }

    fn control(&mut self, head: &FrameHead, piece: &[u8], is_whole: bool) -> Result<Option<Received>, Failure> {
        self.control.extend_from_slice(piece);
        if !is_whole {
            return Ok(None);
        }
        let payload = std::mem::take(&mut self.control);
        Ok(Some(match head.opcode {
            Opcode::Ping => Received::Ping(payload),
            Opcode::Pong => Received::Pong(payload),
            _ => Received::Close(CloseReason::read(&payload)?),
        }))
    }

    fn data(
        &mut self,
        head: &FrameHead,
        piece: &[u8],
        is_whole: bool,
        codec: &mut Codec,
        memory: &mut dyn Memory,
    ) -> Result<Option<Received>, Failure> {
        let ends = is_whole && head.fin;
        if ends && self.message.is_none() {
            let is_text = head.opcode == Opcode::Text;
            return self.at_once(is_text, head.compressed, piece, codec, memory).map(Some);
        }
        let message = self.message.get_or_insert_with(|| {
            Box::new(Unfinished {
                is_text: head.opcode == Opcode::Text,
                is_compressed: head.compressed,
                payload: Vec::new(),
                utf8: Utf8::default(),
            })
        });
        let expected = usize::try_from(head.length).unwrap_or(usize::MAX).min(ROOM_AT_ONCE);
        let more = if message.payload.is_empty() { piece.len().max(expected) } else { piece.len() };
        memory.make_room(&mut message.payload, more)?;
        message.payload.extend_from_slice(piece);
        if message.is_text && !message.is_compressed {
            message.utf8.push(piece).map_err(|_| NOT_TEXT)?;
        }
        if !ends {
            return Ok(None);
        }
        let Some(message) = self.message.take() else { return Ok(None) };
        let Unfinished { is_text, is_compressed, payload, utf8 } = *message;
        if !is_compressed {
            return match utf8.is_whole() {
                true => whole(is_text, payload).map(Some),
                false => Err(NOT_TEXT),
            };
        }
        let inflated = self.inflate(&payload, codec, memory);
        memory.give_back(payload);
        whole(is_text, inflated?).map(Some)
    }

    /// A message that lies there whole, in one frame: most are like that.
    #[inline]
    fn at_once(
        &mut self,
        is_text: bool,
        is_compressed: bool,
        payload: &[u8],
        codec: &mut Codec,
        memory: &mut dyn Memory,
    ) -> Result<Received, Failure> {
        let payload = match is_compressed {
            true => self.inflate(payload, codec, memory)?,
            false => {
                let mut copy = Vec::new();
                memory.make_room(&mut copy, payload.len())?;
                copy.extend_from_slice(payload);
                copy
            }
        };
        whole(is_text, payload)
    }

    fn inflate(&mut self, payload: &[u8], codec: &mut Codec, memory: &mut dyn Memory) -> Result<Vec<u8>, Failure> {
        let limit = self.limits.message;
        match self.deflate {
            Some(Deflate { server_context: true }) => {
                let own = self.own.get_or_insert_with(|| Box::new(Decompress::new(false)));
                deflate::inflate(own, payload, limit, memory)
            }
            _ => codec.inflate(payload, limit, memory),
        }
    }
}

fn whole(is_text: bool, payload: Vec<u8>) -> Result<Received, Failure> {
    Ok(Received::Message(match is_text {
        true => Message::Text(String::from_utf8(payload).map_err(|_| NOT_TEXT)?),
        false => Message::Binary(payload),
    }))
}
