//! Frames of a stream, from bytes that come in any pieces (RFC 9114, section 7.1).

use crate::varint;

/// The kinds of frames (section 7.2).
pub(crate) mod kind {
    pub(crate) const DATA: u64 = 0x0;
    pub(crate) const HEADERS: u64 = 0x1;
    pub(crate) const CANCEL_PUSH: u64 = 0x3;
    pub(crate) const SETTINGS: u64 = 0x4;
    pub(crate) const PUSH_PROMISE: u64 = 0x5;
    pub(crate) const GOAWAY: u64 = 0x7;
    pub(crate) const MAX_PUSH_ID: u64 = 0xd;
    /// Of HTTP/2 (section 7.2.8).
    pub(crate) const RESERVED: [u64; 4] = [0x2, 0x6, 0x8, 0x9];
}

/// What a stream brings next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    /// A frame begins.
    Begin { kind: u64, length: u64 },
    /// The next bytes of the frame that has begun.
    Payload { bytes: &'a [u8], is_last: bool },
}

/// Cuts bytes into frames.
#[derive(Debug, Default)]
pub(crate) struct FrameReader {
    /// The beginning of a frame's header: two integers.
    header: [u8; 2 * varint::LONGEST],
    held: usize,
    /// Bytes of the frame that are still to come, of one that has begun.
    left: Option<u64>,
}

impl FrameReader {
    /// Takes the next part off the input; `None` if there is more to come.
    pub(crate) fn next<'a>(&mut self, input: &mut &'a [u8]) -> Option<Part<'a>> {
        match self.left {
            None => self.begin(input),
            Some(left) if left > 0 && input.is_empty() => None,
            Some(left) => {
                let count = usize::try_from(left).map_or(input.len(), |left| left.min(input.len()));
                let (bytes, rest) = input.split_at(count);
                *input = rest;
                let left = left - count as u64;
                self.left = (left > 0).then_some(left);
                Some(Part::Payload { bytes, is_last: left == 0 })
            }
        }
    }

    /// Whether the stream may end here.
    pub(crate) fn is_between_frames(&self) -> bool {
        self.held == 0 && self.left.is_none()
    }

    fn begin<'a>(&mut self, input: &mut &'a [u8]) -> Option<Part<'a>> {
        loop {
            if let Some((kind, length)) = self.parse() {
                self.held = 0;
                self.left = Some(length);
                return Some(Part::Begin { kind, length });
            }
            let (first, rest) = input.split_first()?;
            *input = rest;
            self.header[self.held] = *first;
            self.held += 1;
        }
    }

    fn parse(&self) -> Option<(u64, u64)> {
        let held = &self.header[..self.held];
        let (kind, after_kind) = varint::read(held)?;
        let (length, _) = varint::read(&held[after_kind..])?;
        Some((kind, length))
    }
}

/// Writes the header of a frame.
pub(crate) fn write_header(output: &mut Vec<u8>, kind: u64, length: usize) {
    varint::write(output, kind);
    varint::write(output, length as u64);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(reader: &mut FrameReader, mut input: &[u8]) -> Vec<String> {
        std::iter::from_fn(|| reader.next(&mut input).map(|part| format!("{part:?}"))).collect()
    }

    #[test]
    fn frames_come_in_any_pieces() {
        let bytes = [0x00, 0x03, b'a', b'b', b'c', 0x21, 0x00, 0x40, 0x01, 0x01, b'h'];
        let mut whole = FrameReader::default();
        let told = parts(&mut whole, &bytes);
        assert_eq!(told[1], r"Payload { bytes: [97, 98, 99], is_last: true }");
        assert_eq!(told[3], r"Payload { bytes: [], is_last: true }");
        assert_eq!(told[4], r"Begin { kind: 1, length: 1 }");
        assert!(whole.is_between_frames());

        let mut split = FrameReader::default();
        let mut bytes_of_data = 0;
        for byte in &bytes {
            let one = [*byte];
            let mut input = &one[..];
            while let Some(part) = split.next(&mut input) {
                bytes_of_data += if let Part::Payload { bytes, .. } = part { bytes.len() } else { 0 };
            }
        }
        assert_eq!(bytes_of_data, 4);
        assert!(split.is_between_frames());
    }

    #[test]
    fn a_stream_must_not_end_within_a_frame() {
        for bytes in [&[0x00][..], &[0x00, 0x03], &[0x00, 0x03, b'a']] {
            let mut reader = FrameReader::default();
            parts(&mut reader, bytes);
            assert!(!reader.is_between_frames(), "{bytes:?}");
        }
    }
}
