//! The response on a request's stream (RFC 9114, section 4.1): heads, data, trailers.

use thiserror::Error;

use crate::error::{ErrorCode, Fault};
use crate::frame::{FrameReader, Part, kind};
use crate::qpack;

/// Whether a head was the response's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadKind {
    /// An interim response, before the response's own.
    Interim,
    /// The response's own.
    Final,
}

/// Takes what comes.
pub trait Receiver {
    /// Why it takes no more.
    type Error;

    /// The next field of a head, or of the trailers.
    ///
    /// # Errors
    /// The response is refused.
    fn field(&mut self, name: &[u8], value: &[u8]) -> Result<(), Self::Error>;

    /// A head has ended.
    ///
    /// # Errors
    /// The response is refused.
    fn head_ended(&mut self) -> Result<HeadKind, Self::Error>;

    /// The next bytes of the body.
    ///
    /// # Errors
    /// The response is refused.
    fn data(&mut self, data: &[u8]) -> Result<(), Self::Error>;
}

/// Why a response cannot be read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ResponseError<E> {
    /// It breaks a rule on which the whole connection depends.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// A head is larger than allowed.
    #[error("the head is too large")]
    TooLarge,
    /// The receiver refused it.
    #[error("the response was refused")]
    Refused(E),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Head,
    Body,
    /// Trailers have come.
    Over,
}

/// Reads a response from bytes that come in any pieces.
#[derive(Debug)]
pub struct ResponseReader {
    frames: FrameReader,
    stage: Stage,
    /// The kind of the frame that has begun.
    kind: u64,
    /// The header block that is coming.
    block: Vec<u8>,
    /// The largest header block, in bytes.
    largest_block: usize,
}

impl ResponseReader {
    /// A reader that accepts header blocks of up to that many bytes.
    pub fn new(largest_block: usize) -> ResponseReader {
        ResponseReader {
            frames: FrameReader::default(),
            stage: Stage::Head,
            kind: kind::DATA,
            block: Vec::new(),
            largest_block,
        }
    }

    /// Takes the bytes that came next.
    ///
    /// # Errors
    /// The response ends there.
    pub fn push<R: Receiver>(&mut self, mut bytes: &[u8], receiver: &mut R) -> Result<(), ResponseError<R::Error>> {
        while let Some(part) = self.frames.next(&mut bytes) {
            match part {
                Part::Begin { kind, length } => self.begin(kind, length)?,
                Part::Payload { bytes, is_last } => self.take(bytes, is_last, receiver)?,
            }
        }
        Ok(())
    }

    /// The stream has ended.
    ///
    /// # Errors
    /// The response is not whole.
    pub fn end(&self) -> Result<(), Fault> {
        if !self.frames.is_between_frames() {
            return Err(Fault::new(ErrorCode::FRAME_ERROR, "its response ends within a frame"));
        }
        match self.stage {
            Stage::Head => Err(Fault::new(ErrorCode::MESSAGE_ERROR, "its response ends before a head")),
            Stage::Body | Stage::Over => Ok(()),
        }
    }

    fn begin<E>(&mut self, kind: u64, length: u64) -> Result<(), ResponseError<E>> {
        self.kind = kind;
        let unexpected = |reason| Err(Fault::new(ErrorCode::FRAME_UNEXPECTED, reason).into());
        match (kind, self.stage) {
            (kind::HEADERS, Stage::Head | Stage::Body) if length > self.largest_block as u64 => {
                Err(ResponseError::TooLarge)
            }
            (kind::HEADERS, Stage::Head | Stage::Body) | (kind::DATA, Stage::Body) => Ok(()),
            (kind::HEADERS, Stage::Over) => unexpected("its response has a head after the trailers"),
            (kind::DATA, Stage::Head) => unexpected("its response has data before a head"),
            (kind::DATA, Stage::Over) => unexpected("its response has data after the trailers"),
            (kind::PUSH_PROMISE, _) => {
                Err(Fault::new(ErrorCode::ID_ERROR, "it pushes responses that nothing asked for").into())
            }
            (kind::CANCEL_PUSH | kind::SETTINGS | kind::GOAWAY | kind::MAX_PUSH_ID, _) => {
                unexpected("its response has a frame that belongs to the control stream")
            }
            (kind, _) if kind::RESERVED.contains(&kind) => unexpected("its response has a frame of HTTP/2"),
            _ => Ok(()),
        }
    }

    fn take<R: Receiver>(
        &mut self,
        bytes: &[u8],
        is_last: bool,
        receiver: &mut R,
    ) -> Result<(), ResponseError<R::Error>> {
        match self.kind {
            kind::DATA if bytes.is_empty() => Ok(()),
            kind::DATA => receiver.data(bytes).map_err(ResponseError::Refused),
            // The common case: the block comes in one piece.
            kind::HEADERS if is_last && self.block.is_empty() => self.read_block(bytes, receiver),
            kind::HEADERS => {
                self.block.extend_from_slice(bytes);
                if !is_last {
                    return Ok(());
                }
                let block = std::mem::take(&mut self.block);
                self.read_block(&block, receiver)
            }
            // Unknown kinds are passed over (section 9).
            _ => Ok(()),
        }
    }

    fn read_block<R: Receiver>(&mut self, block: &[u8], receiver: &mut R) -> Result<(), ResponseError<R::Error>> {
        let read = qpack::read(block, |name, value| receiver.field(name, value));
        let malformed = |_| Fault::new(ErrorCode::DECOMPRESSION_FAILED, "it sends a header block that is malformed");
        read.map_err(malformed)?.map_err(ResponseError::Refused)?;
        self.stage = match self.stage {
            Stage::Head => match receiver.head_ended().map_err(ResponseError::Refused)? {
                HeadKind::Interim => Stage::Head,
                HeadKind::Final => Stage::Body,
            },
            Stage::Body | Stage::Over => Stage::Over,
        };
        Ok(())
    }
}
