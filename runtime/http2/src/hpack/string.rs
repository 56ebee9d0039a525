//! Strings, compressed or not (RFC 7541, section 5.2).

use std::ops::Range;

use super::{HpackError, huffman, integer};

/// The bit of the first byte that marks a compressed string.
const COMPRESSED: u8 = 0x80;

/// A string of a block, as it was sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent<'block> {
    bytes: &'block [u8],
    is_compressed: bool,
}

impl<'block> Sent<'block> {
    /// Takes a string off the input.
    ///
    /// # Errors
    /// The input ends before the string does, or the length is too large.
    #[inline]
    pub(super) fn read(input: &mut &'block [u8]) -> Result<Sent<'block>, HpackError> {
        let is_compressed = input.first().is_some_and(|first| first & COMPRESSED != 0);
        let length = integer::read(input, 7)?;
        let (bytes, rest) = input.split_at_checked(length).ok_or(HpackError::Truncated)?;
        *input = rest;
        Ok(Sent { bytes, is_compressed })
    }

    /// The bytes that [`Sent::decode`] may need.
    #[inline]
    pub(super) fn room(self) -> usize {
        if self.is_compressed { huffman::room(self.bytes.len()) } else { 0 }
    }

    /// The string, decoded into `room` if it was compressed.
    ///
    /// # Errors
    /// It is not valid Huffman code.
    #[inline]
    pub(super) fn decode<'a>(self, room: &'a mut [u8]) -> Result<&'a [u8], HpackError>
    where
        'block: 'a,
    {
        if self.is_compressed { huffman::decode(self.bytes, room) } else { Ok(self.bytes) }
    }
}

/// Writes a string, compressed if that makes it shorter.
pub(super) fn write(block: &mut Vec<u8>, text: &[u8]) {
    let start = block.len();
    integer::write(block, 7, 0, text.len());
    let after_length = block.len();
    // The compressed string is written over the plain one, in one pass, and must be shorter by at least a byte.
    block.extend_from_slice(text);
    let room = block.get_mut(after_length..).and_then(|room| room.split_last_mut());
    match room.and_then(|(_, room)| huffman::encode(text, room)) {
        Some(length) => {
            block.truncate(after_length + length);
            set_length(block, start..after_length, length);
        }
        None => {
            block.truncate(after_length);
            block.extend_from_slice(text);
        }
    }
}

/// Writes the length of a compressed string in place of the plain one's, which may take more bytes.
fn set_length(block: &mut Vec<u8>, place: Range<usize>, length: usize) {
    if place.len() == 1 {
        block[place.start] = COMPRESSED | length as u8;
        return;
    }
    let mut bytes = Vec::new();
    integer::write(&mut bytes, 7, COMPRESSED, length);
    block.splice(place, bytes);
}
