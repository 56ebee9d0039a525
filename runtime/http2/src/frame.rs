//! Frames: their heads, and how they are cut out of the bytes that come (RFC 9113, sections 4 and 6).

use crate::error::ConnectionError;

/// Length of a frame's head, in bytes.
pub(crate) const HEAD: usize = 9;
/// The largest payload that we accept and send, in bytes: the protocol's least, which every peer accepts.
pub(crate) const LARGEST: usize = 16_384;
/// The first bytes of a client (section 3.4).
pub(crate) const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The types of frames.
pub(crate) mod kind {
    pub(crate) const DATA: u8 = 0x0;
    pub(crate) const HEADERS: u8 = 0x1;
    pub(crate) const RST_STREAM: u8 = 0x3;
    pub(crate) const SETTINGS: u8 = 0x4;
    pub(crate) const PUSH_PROMISE: u8 = 0x5;
    pub(crate) const PING: u8 = 0x6;
    pub(crate) const GOAWAY: u8 = 0x7;
    pub(crate) const WINDOW_UPDATE: u8 = 0x8;
    pub(crate) const CONTINUATION: u8 = 0x9;
}

/// The flags of frames. One bit means different things in different frames.
pub(crate) mod flag {
    pub(crate) const END_STREAM: u8 = 0x1;
    pub(crate) const ACK: u8 = 0x1;
    pub(crate) const END_HEADERS: u8 = 0x4;
    pub(crate) const PADDED: u8 = 0x8;
    pub(crate) const PRIORITY: u8 = 0x20;
}

/// A whole frame, where it lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The first frame of `bytes`, if it is whole, and the rest.
    ///
    /// # Errors
    /// If it is larger than we accept.
    #[inline]
    pub(crate) fn split(bytes: &'a [u8]) -> Result<Option<(Frame<'a>, &'a [u8])>, ConnectionError> {
        let Some(length) = length(bytes)? else { return Ok(None) };
        let Some((payload, rest)) = bytes[HEAD..].split_at_checked(length) else { return Ok(None) };
        let stream = u32_at(bytes, 5) & 0x7FFF_FFFF;
        Ok(Some((Frame { kind: bytes[3], flags: bytes[4], stream, payload }, rest)))
    }

    /// Bytes of the whole frame.
    #[inline]
    pub(crate) fn length(&self) -> u64 {
        (HEAD + self.payload.len()) as u64
    }

    #[inline]
    pub(crate) fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// The payload without its padding.
    ///
    /// # Errors
    /// If the padding is longer than the payload.
    #[inline]
    pub(crate) fn unpadded(&self) -> Result<&'a [u8], ConnectionError> {
        if !self.has(flag::PADDED) {
            return Ok(self.payload);
        }
        let too_long = ConnectionError::protocol("it sends a frame with more padding than payload");
        let (padding, content) = self.payload.split_first().ok_or(too_long)?;
        let length = content.len().checked_sub(usize::from(*padding)).ok_or(too_long)?;
        Ok(&content[..length])
    }
}

/// How many bytes the frame at the beginning of `bytes` still lacks: as far as that can be told, up to its head or up to
/// its end.
///
/// # Errors
/// If it is larger than we accept.
pub(crate) fn missing(bytes: &[u8]) -> Result<usize, ConnectionError> {
    let whole = length(bytes)?.map_or(HEAD, |length| HEAD + length);
    Ok(whole.saturating_sub(bytes.len()))
}

/// The length of the payload, once the head is there.
#[inline]
fn length(bytes: &[u8]) -> Result<Option<usize>, ConnectionError> {
    if bytes.len() < HEAD {
        return Ok(None);
    }
    let length = u32_at(bytes, 0) as usize >> 8;
    if length > LARGEST {
        return Err(ConnectionError::frame_size("it sends a frame of more than 16384 bytes"));
    }
    Ok(Some(length))
}

/// The number in the four bytes at a place. The caller has checked that they are there.
#[inline]
pub(crate) fn u32_at(bytes: &[u8], place: usize) -> u32 {
    u32::from_be_bytes([bytes[place], bytes[place + 1], bytes[place + 2], bytes[place + 3]])
}

/// Writes the head of a frame.
#[inline]
pub(crate) fn write_head(output: &mut Vec<u8>, length: usize, kind: u8, flags: u8, stream: u32) {
    let [_, a, b, c] = (length as u32).to_be_bytes();
    let [d, e, f, g] = stream.to_be_bytes();
    output.extend_from_slice(&[a, b, c, kind, flags, d, e, f, g]);
}

/// Corrects the length in a head that begins at `place`, now that it is known.
#[inline]
pub(crate) fn set_length(output: &mut [u8], place: usize, length: usize) {
    output[place..place + 3].copy_from_slice(&(length as u32).to_be_bytes()[1..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_cut_out_once_it_is_whole() {
        let mut bytes = Vec::new();
        write_head(&mut bytes, 3, kind::DATA, flag::END_STREAM, 5);
        bytes.extend_from_slice(b"abcxyz");
        for short in 0..HEAD + 3 {
            assert!(Frame::split(&bytes[..short]).unwrap().is_none());
            let expected = if short < HEAD { HEAD - short } else { HEAD + 3 - short };
            assert_eq!(missing(&bytes[..short]), Ok(expected));
        }
        let (frame, rest) = Frame::split(&bytes).unwrap().unwrap();
        assert_eq!(
            (frame.kind, frame.flags, frame.stream, frame.payload),
            (kind::DATA, flag::END_STREAM, 5, &b"abc"[..])
        );
        assert_eq!(rest, b"xyz");
    }

    #[test]
    fn padding_is_taken_off() {
        let frame = |payload| Frame { kind: kind::DATA, flags: flag::PADDED, stream: 1, payload };
        assert_eq!(frame(b"\x02abc\0\0").unpadded(), Ok(&b"abc"[..]));
        assert_eq!(frame(b"\x00").unpadded(), Ok(&b""[..]));
        assert!(frame(b"\x03ab").unpadded().is_err());
        assert!(frame(b"").unpadded().is_err());
    }

    #[test]
    fn a_frame_beyond_what_was_announced_is_refused_at_its_head() {
        let mut bytes = Vec::new();
        write_head(&mut bytes, LARGEST + 1, kind::DATA, 0, 1);
        assert!(Frame::split(&bytes).is_err() && missing(&bytes).is_err());
    }
}
