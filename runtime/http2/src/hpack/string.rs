//! Strings, compressed or not (RFC 7541, section 5.2). QPACK has the same, some of which begin within a byte (RFC 9204, section
//! 4.1.2).

use std::ops::Range;

use super::{HpackError, huffman, integer};

/// A string of a block, as it was sent.
#[derive(Clone, Copy, Debug)]
pub struct Sent<'block> {
    bytes: &'block [u8],
    is_compressed: bool,
}

impl<'block> Sent<'block> {
    /// Takes a string off the input. Its length begins in the last `bits` bits of the first byte; the bit before them marks
    /// a compressed string.
    ///
    /// # Errors
    /// The input ends before the string does, or the length is too large.
    #[inline]
    pub fn read(input: &mut &'block [u8], bits: u32) -> Result<Sent<'block>, HpackError> {
        let is_compressed = input.first().is_some_and(|first| first & (1 << bits) != 0);
        let length = integer::read(input, bits)?;
        let (bytes, rest) = input.split_at_checked(length).ok_or(HpackError::Truncated)?;
        *input = rest;
        Ok(Sent { bytes, is_compressed })
    }

    /// The bytes that [`Sent::decode`] may need.
    #[inline]
    pub fn room(self) -> usize {
        if self.is_compressed { huffman::room(self.bytes.len()) } else { 0 }
    }

    /// The string, decoded into `room` if it was compressed.
    ///
    /// # Errors
    /// It is not valid Huffman code.
    #[inline]
    pub fn decode<'a>(self, room: &'a mut [u8]) -> Result<&'a [u8], HpackError>
    where
        'block: 'a,
    {
        if self.is_compressed { huffman::decode(self.bytes, room) } else { Ok(self.bytes) }
    }
}

/// Writes a string, compressed if that makes it shorter. Its length begins in the last `bits` bits of a byte that begins with
/// `pattern`.
#[inline]
pub fn write(block: &mut Vec<u8>, bits: u32, pattern: u8, text: &[u8]) {
    let start = block.len();
    integer::write(block, bits, pattern, text.len());
    let after_length = block.len();
    // The compressed string is written over the plain one, in one pass, and must be shorter by at least a byte.
    block.extend_from_slice(text);
    let room = block.get_mut(after_length..).and_then(|room| room.split_last_mut());
    match room.and_then(|(_, room)| huffman::encode(text, room)) {
        Some(length) => {
            block.truncate(after_length + length);
            set_length(block, start..after_length, bits, pattern | (1 << bits), length);
        }
        None => {
            block.truncate(after_length);
            block.extend_from_slice(text);
        }
    }
}

/// Writes the length of a compressed string in place of the plain one's, which may take more bytes.
fn set_length(block: &mut Vec<u8>, place: Range<usize>, bits: u32, pattern: u8, length: usize) {
    if place.len() == 1 {
        block[place.start] = pattern | length as u8;
        return;
    }
    let mut bytes = Vec::new();
    integer::write(&mut bytes, bits, pattern, length);
    block.splice(place, bytes);
}
