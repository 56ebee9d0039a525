//! The heads of frames (RFC 6455, section 5.2).

use crate::error::Failure;

/// The longest head of a frame that is not masked, in bytes.
pub(crate) const LONGEST_HEAD: usize = 10;
/// The longest payload of a control frame, in bytes (section 5.5).
pub(crate) const LONGEST_CONTROL: usize = 125;

const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;
const OTHER_RSV: u8 = 0x30;
const MASKED: u8 = 0x80;

/// The kind of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    fn of(byte: u8) -> Option<Opcode> {
        Some(match byte {
            0x0 => Opcode::Continuation,
            0x1 => Opcode::Text,
            0x2 => Opcode::Binary,
            0x8 => Opcode::Close,
            0x9 => Opcode::Ping,
            0xA => Opcode::Pong,
            _ => return None,
        })
    }

    fn byte(self) -> u8 {
        match self {
            Opcode::Continuation => 0x0,
            Opcode::Text => 0x1,
            Opcode::Binary => 0x2,
            Opcode::Close => 0x8,
            Opcode::Ping => 0x9,
            Opcode::Pong => 0xA,
        }
    }

    #[inline]
    pub(crate) fn is_control(self) -> bool {
        matches!(self, Opcode::Close | Opcode::Ping | Opcode::Pong)
    }
}

/// The head of a frame from the server, which is never masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHead {
    /// Whether it is the last frame of its message.
    pub fin: bool,
    /// RSV1: the message is compressed (RFC 7692, section 6).
    pub compressed: bool,
    pub opcode: Opcode,
    /// Bytes of the payload.
    pub length: u64,
}

impl FrameHead {
    /// Reads a head; none while it is not whole. Returns its length in bytes, too.
    #[inline]
    pub(crate) fn read(bytes: &[u8]) -> Result<Option<(FrameHead, usize)>, Failure> {
        let [first, second, rest @ ..] = bytes else { return Ok(None) };
        if first & OTHER_RSV != 0 {
            return Err(Failure::Protocol("a frame uses bits that are reserved"));
        }
        if second & MASKED != 0 {
            return Err(Failure::Protocol("a frame of the server is masked"));
        }
        let opcode = Opcode::of(first & 0x0F).ok_or(Failure::Protocol("a frame has an opcode that is reserved"))?;
        let (length, taken) = match second {
            126 => match rest.first_chunk() {
                Some(length) => (u64::from(u16::from_be_bytes(*length)), 4),
                None => return Ok(None),
            },
            127 => match rest.first_chunk() {
                Some(length) => (u64::from_be_bytes(*length), 10),
                None => return Ok(None),
            },
            short => (u64::from(*short), 2),
        };
        if length > i64::MAX as u64 {
            return Err(Failure::Protocol("the length of a frame has more than 63 bits"));
        }
        let head = FrameHead { fin: first & FIN != 0, compressed: first & RSV1 != 0, opcode, length };
        if opcode.is_control() {
            head.check_control()?;
        }
        Ok(Some((head, taken)))
    }

    fn check_control(&self) -> Result<(), Failure> {
        if !self.fin {
            return Err(Failure::Protocol("a control frame is in fragments"));
        }
        if self.length > LONGEST_CONTROL as u64 {
            return Err(Failure::Protocol("a control frame is longer than 125 bytes"));
        }
        if self.compressed {
            return Err(Failure::Protocol("a control frame is compressed"));
        }
        Ok(())
    }

    /// Writes the head of a frame with a mask, as clients send it, or without one.
    pub(crate) fn write(&self, output: &mut Vec<u8>, mask: Option<[u8; 4]>) {
        let fin = if self.fin { FIN } else { 0 };
        let compressed = if self.compressed { RSV1 } else { 0 };
        output.push(fin | compressed | self.opcode.byte());
        let masked = if mask.is_some() { MASKED } else { 0 };
        match self.length {
            short @ 0..=125 => output.push(masked | short as u8),
            medium @ 126..=0xFFFF => {
                output.push(masked | 126);
                output.extend_from_slice(&(medium as u16).to_be_bytes());
            }
            long => {
                output.push(masked | 127);
                output.extend_from_slice(&long.to_be_bytes());
            }
        }
        if let Some(mask) = mask {
            output.extend_from_slice(&mask);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Option<(FrameHead, usize)>, Failure> {
        FrameHead::read(bytes)
    }

    fn plain(opcode: Opcode, length: u64) -> FrameHead {
        FrameHead { fin: true, compressed: false, opcode, length }
    }

    #[test]
    fn the_examples_of_the_rfc() {
        // Section 5.7.
        assert_eq!(read(b"\x81\x05Hello"), Ok(Some((plain(Opcode::Text, 5), 2))));
        let first = FrameHead { fin: false, ..plain(Opcode::Text, 3) };
        assert_eq!(read(b"\x01\x03Hel"), Ok(Some((first, 2))));
        assert_eq!(read(b"\x80\x02lo"), Ok(Some((plain(Opcode::Continuation, 2), 2))));
        assert_eq!(read(b"\x89\x05Hello"), Ok(Some((plain(Opcode::Ping, 5), 2))));
        assert_eq!(read(b"\x82\x7E\x01\x00"), Ok(Some((plain(Opcode::Binary, 256), 4))));
        let long = b"\x82\x7F\x00\x00\x00\x00\x00\x01\x00\x00";
        assert_eq!(read(long), Ok(Some((plain(Opcode::Binary, 65_536), 10))));
        let mut masked = Vec::new();
        plain(Opcode::Text, 5).write(&mut masked, Some([0x37, 0xfa, 0x21, 0x3d]));
        assert_eq!(masked, [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d]);
    }

    #[test]
    fn a_head_that_is_written_is_read() {
        for length in [0, 1, 125, 126, 65_535, 65_536, i64::MAX as u64] {
            let head = FrameHead { compressed: true, ..plain(Opcode::Binary, length) };
            let mut bytes = Vec::new();
            head.write(&mut bytes, None);
            assert_eq!(read(&bytes), Ok(Some((head, bytes.len()))));
            for cut in 0..bytes.len() {
                assert_eq!(read(&bytes[..cut]), Ok(None), "{length}, cut after {cut}");
            }
        }
    }

    #[test]
    fn heads_that_break_a_rule() {
        for (bytes, rule) in [
            (&b"\xA1\x00"[..], "bits that are reserved"),
            (b"\x83\x00", "an opcode that is reserved"),
            (b"\x8B\x00", "an opcode that is reserved"),
            (b"\x81\x80", "is masked"),
            (b"\x09\x00", "in fragments"),
            (b"\x89\x7E\x00\x7E", "longer than 125 bytes"),
            (b"\xC9\x00", "a control frame is compressed"),
            (b"\x82\x7F\x80\x00\x00\x00\x00\x00\x00\x00", "more than 63 bits"),
        ] {
            let failure = read(bytes).unwrap_err();
            assert!(failure.to_string().contains(rule), "{failure}");
            assert_eq!(failure.code().get(), 1002);
        }
    }
}
