//! Messages in their frames: a flag, a length, and that many bytes. A parser that bytes are pushed into, so however
//! they are split, the outcome is the same.

use std::io::{Read, Write};

use bytes::{Buf, Bytes, BytesMut};
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use thiserror::Error;

/// Bytes before each message.
const PREFIX: usize = 5;

/// How messages are compressed, as `grpc-encoding` names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// Not at all.
    #[default]
    Identity,
    /// By gzip.
    Gzip,
}

impl Encoding {
    /// The encoding of that name, if it is known.
    pub fn named(name: &str) -> Option<Encoding> {
        match name {
            "" | "identity" => Some(Encoding::Identity),
            "gzip" => Some(Encoding::Gzip),
            _ => None,
        }
    }
}

/// The defect of a message.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FrameError {
    /// It is larger than allowed, compressed or not.
    #[error("a message is larger than {limit} bytes (limit)")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// The flag is neither 0 nor 1.
    #[error("a message begins with {0}, not with 0 or 1")]
    Flag(u8),
    /// It is compressed, and the head names no encoding.
    #[error("a message is compressed, but the response names no grpc-encoding")]
    NotAnnounced,
    /// Its compressed form is broken.
    #[error("a message is not what gzip makes")]
    Gzip,
    /// The end came within it.
    #[error("the response ends within a message")]
    Truncated,
}

/// Takes messages out of their frames.
#[derive(Debug)]
pub struct Framer {
    limit: usize,
    encoding: Encoding,
    buffer: BytesMut,
}

impl Framer {
    /// For messages of at most `limit` bytes.
    pub fn new(limit: usize) -> Framer {
        Framer { limit, encoding: Encoding::Identity, buffer: BytesMut::new() }
    }

    /// The encoding that the head of the response names.
    pub fn set_encoding(&mut self, encoding: Encoding) {
        self.encoding = encoding;
    }

    /// Takes the bytes that came next.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Bytes of messages that are not whole.
    pub fn held(&self) -> usize {
        self.buffer.len()
    }

    /// The next whole message, decompressed; none if more bytes are needed.
    ///
    /// # Errors
    /// If a message is malformed or too large. Nothing that comes after it can be read.
    pub fn next_message(&mut self) -> Result<Option<Bytes>, FrameError> {
        let Some((flag, length)) = self.prefix() else { return Ok(None) };
        if flag > 1 {
            return Err(FrameError::Flag(flag));
        }
        if length > self.limit {
            return Err(FrameError::TooLarge { limit: self.limit });
        }
        if self.buffer.len() < PREFIX + length {
            return Ok(None);
        }
        self.buffer.advance(PREFIX);
        let message = self.buffer.split_to(length).freeze();
        match (flag, self.encoding) {
            (0, _) => Ok(Some(message)),
            (_, Encoding::Identity) => Err(FrameError::NotAnnounced),
            (_, Encoding::Gzip) => decompress(&message, self.limit).map(|message| Some(message.into())),
        }
    }

    /// The response has ended.
    ///
    /// # Errors
    /// If that was within a message.
    pub fn end(&self) -> Result<(), FrameError> {
        if self.buffer.is_empty() { Ok(()) } else { Err(FrameError::Truncated) }
    }

    fn prefix(&self) -> Option<(u8, usize)> {
        let prefix = self.buffer.first_chunk::<PREFIX>()?;
        let [flag, length @ ..] = *prefix;
        Some((flag, u32::from_be_bytes(length) as usize))
    }
}

/// Appends a message in its frame. It must be shorter than 4 GiB.
pub fn frame(message: &[u8], is_compressed: bool, into: &mut Vec<u8>) {
    into.reserve(PREFIX + message.len());
    into.push(u8::from(is_compressed));
    into.extend_from_slice(&(message.len() as u32).to_be_bytes());
    into.extend_from_slice(message);
}

/// A message as gzip makes it.
pub fn compress(message: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Neither call fails: what is written to is memory.
    let _ = encoder.write_all(message);
    encoder.finish().unwrap_or_default()
}

fn decompress(message: &[u8], limit: usize) -> Result<Vec<u8>, FrameError> {
    let mut decompressed = Vec::new();
    let mut decoder = MultiGzDecoder::new(message).take(limit as u64 + 1);
    decoder.read_to_end(&mut decompressed).map_err(|_| FrameError::Gzip)?;
    if decompressed.len() > limit {
        return Err(FrameError::TooLarge { limit });
    }
    Ok(decompressed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All messages in `bytes`, pushed in pieces that end at `cuts`.
    fn messages(bytes: &[u8], cuts: &[usize], limit: usize) -> Result<Vec<Bytes>, FrameError> {
        let mut framer = Framer::new(limit);
        framer.set_encoding(Encoding::Gzip);
        let mut found = Vec::new();
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).chain([bytes.len()]).collect();
        ends.sort_unstable();
        let mut start = 0;
        for end in ends {
            framer.push(&bytes[start..end]);
            start = end;
            while let Some(message) = framer.next_message()? {
                found.push(message);
            }
        }
        framer.end().map(|()| found)
    }

    #[test]
    fn a_frame_is_a_flag_a_length_and_the_message() {
        let mut bytes = Vec::new();
        frame(b"abc", false, &mut bytes);
        assert_eq!(bytes, b"\0\0\0\0\x03abc");
        assert_eq!(messages(&bytes, &[], 3), Ok(vec![Bytes::from_static(b"abc")]));
    }

    #[test]
    fn limits_hold_before_a_message_has_come_and_after_it_is_decompressed() {
        let mut framer = Framer::new(10);
        framer.push(b"\0\0\0\0\x0b");
        assert_eq!(framer.next_message(), Err(FrameError::TooLarge { limit: 10 }));

        let bomb = compress(&[0; 100_000]);
        let mut bytes = Vec::new();
        frame(&bomb, true, &mut bytes);
        assert_eq!(messages(&bytes, &[], 50_000), Err(FrameError::TooLarge { limit: 50_000 }));
        assert_eq!(messages(&bytes, &[], 100_000).map(|messages| messages[0].len()), Ok(100_000));
    }

    #[test]
    fn defects_have_names() {
        assert_eq!(messages(b"\x02\0\0\0\0", &[], 10), Err(FrameError::Flag(2)));
        assert_eq!(messages(b"\x01\0\0\0\x01x", &[], 10), Err(FrameError::Gzip));
        assert_eq!(messages(b"\0\0\0\0\x02x", &[], 10), Err(FrameError::Truncated));
        let mut framer = Framer::new(10);
        framer.push(b"\x01\0\0\0\0");
        assert_eq!(framer.next_message(), Err(FrameError::NotAnnounced));
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_messages(
            sent in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..80), any::<bool>()), 0..8),
            cuts in proptest::collection::vec(any::<usize>(), 0..12),
        ) {
            let mut bytes = Vec::new();
            for (message, gzip) in &sent {
                match gzip {
                    true => frame(&compress(message), true, &mut bytes),
                    false => frame(message, false, &mut bytes),
                }
            }
            let sent: Vec<Bytes> = sent.into_iter().map(|(message, _)| message.into()).collect();
            prop_assert_eq!(messages(&bytes, &cuts, 1_000), Ok(sent));
        }
    }
}
