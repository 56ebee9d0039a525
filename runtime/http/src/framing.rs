//! Finds the end of a response body: a parser that bytes are pushed into. It reads no socket and keeps no byte, so the
//! outcome does not depend on how the bytes are split.

use std::fmt;

/// Maximum total length of chunk extensions, and of all trailers, in bytes. They are skipped.
const LONGEST_EXTENSION: u32 = 4 * 1024;
const LONGEST_TRAILERS: u32 = 16 * 1024;

/// The rest of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// This many bytes are still to come.
    Length(u64),
    /// Chunks, up to an empty one.
    Chunked(Chunked),
    /// All that comes until the peer closes.
    UntilClose,
}

/// Position of the next byte in a chunked body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Chunked {
    /// In the size, after `digits` digits.
    Size {
        size: u64,
        digits: u8,
    },
    /// After the size, in the part that is skipped up to the end of the line.
    Extension {
        size: u64,
        length: u32,
    },
    /// Before the line feed that ends the size.
    SizeEnd {
        size: u64,
    },
    /// In the data.
    Data {
        left: u64,
    },
    /// After the data, before the carriage return and before the line feed.
    DataEnd,
    DataEndLine,
    /// In the trailers, at the start of a line or within one.
    Trailer {
        at_start: bool,
        length: u32,
    },
    /// Before the line feed of a trailer, or of the empty line that ends the body.
    TrailerEnd {
        last: bool,
        length: u32,
    },
    /// After the body.
    Whole,
}

/// The rule that a chunked body breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChunkError {
    Size,
    Extension,
    DataEnd,
    Trailers,
}

impl fmt::Display for ChunkError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            ChunkError::Size => "a chunk has no valid size",
            ChunkError::Extension => "a chunk extension is too long or not ended by CR LF",
            ChunkError::DataEnd => "a chunk is not followed by CR LF",
            ChunkError::Trailers => "the trailers are too long or not ended by CR LF",
        })
    }
}

impl Framing {
    /// The start of a chunked body.
    pub(crate) fn chunked() -> Framing {
        Framing::Chunked(Chunked::Size { size: 0, digits: 0 })
    }

    /// Whether the body's last byte has been pushed.
    #[inline]
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self, Framing::Length(0) | Framing::Chunked(Chunked::Whole))
    }

    /// Takes the next bytes, passes those that are data to `data`, and returns how many belonged to this body.
    pub(crate) fn push<E: From<ChunkError>>(
        &mut self,
        bytes: &[u8],
        mut data: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<usize, E> {
        match self {
            Framing::Length(left) => {
                let taken = up_to(*left, bytes);
                *left -= taken.len() as u64;
                data(taken)?;
                Ok(taken.len())
            }
            Framing::Chunked(state) => state.push(bytes, data),
            Framing::UntilClose => {
                data(bytes)?;
                Ok(bytes.len())
            }
        }
    }
}

impl Chunked {
    fn push<E: From<ChunkError>>(
        &mut self,
        bytes: &[u8],
        mut data: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<usize, E> {
        let mut at = 0;
        while at < bytes.len() && *self != Chunked::Whole {
            if let Chunked::Data { left } = self {
                let taken = up_to(*left, &bytes[at..]);
                at += taken.len();
                *self = match *left - taken.len() as u64 {
                    0 => Chunked::DataEnd,
                    left => Chunked::Data { left },
                };
                data(taken)?;
            } else {
                *self = self.next(bytes[at])?;
                at += 1;
            }
        }
        Ok(at)
    }

    /// The state after a byte that is not data.
    fn next(&self, byte: u8) -> Result<Chunked, ChunkError> {
        Ok(match (self, byte) {
            (Chunked::Size { digits: 1.., size }, b'\r') => Chunked::SizeEnd { size: *size },
            (Chunked::Size { digits: 1.., size }, b';' | b' ' | b'\t') => Chunked::Extension { size: *size, length: 0 },
            (Chunked::Size { size, digits: digits @ ..16 }, _) => match (byte as char).to_digit(16) {
                Some(digit) => Chunked::Size { size: size << 4 | u64::from(digit), digits: digits + 1 },
                None => return Err(ChunkError::Size),
            },
            (Chunked::Size { .. }, _) => return Err(ChunkError::Size),
            (Chunked::Extension { size, .. }, b'\r') => Chunked::SizeEnd { size: *size },
            (Chunked::Extension { size, length: length @ ..LONGEST_EXTENSION }, byte) if byte != b'\n' => {
                Chunked::Extension { size: *size, length: length + 1 }
            }
            (Chunked::Extension { .. }, _) => return Err(ChunkError::Extension),
            (Chunked::SizeEnd { size: 0 }, b'\n') => Chunked::Trailer { at_start: true, length: 0 },
            (Chunked::SizeEnd { size }, b'\n') => Chunked::Data { left: *size },
            (Chunked::SizeEnd { .. }, _) => return Err(ChunkError::Size),
            (Chunked::DataEnd, b'\r') => Chunked::DataEndLine,
            (Chunked::DataEndLine, b'\n') => Chunked::Size { size: 0, digits: 0 },
            (Chunked::DataEnd | Chunked::DataEndLine, _) => return Err(ChunkError::DataEnd),
            (Chunked::Trailer { at_start, length }, b'\r') => Chunked::TrailerEnd { last: *at_start, length: *length },
            (Chunked::Trailer { length: length @ ..LONGEST_TRAILERS, .. }, byte) if byte != b'\n' => {
                Chunked::Trailer { at_start: false, length: length + 1 }
            }
            (Chunked::TrailerEnd { last: true, .. }, b'\n') => Chunked::Whole,
            (Chunked::TrailerEnd { last: false, length }, b'\n') => {
                Chunked::Trailer { at_start: true, length: *length }
            }
            (Chunked::Trailer { .. } | Chunked::TrailerEnd { .. }, _) => return Err(ChunkError::Trailers),
            (Chunked::Data { .. } | Chunked::Whole, _) => self.clone(),
        })
    }
}

/// The first `most` bytes, or as many as there are.
fn up_to(most: u64, bytes: &[u8]) -> &[u8] {
    let taken = usize::try_from(most).map_or(bytes.len(), |most| most.min(bytes.len()));
    &bytes[..taken]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The body, whether it is whole, and how many bytes were taken.
    fn push_all(mut framing: Framing, pieces: &[&[u8]]) -> Result<(Vec<u8>, bool, usize), ChunkError> {
        let mut body = Vec::new();
        let mut taken = 0;
        for piece in pieces {
            let keep = |bytes: &[u8]| {
                body.extend_from_slice(bytes);
                Ok(())
            };
            taken += framing.push::<ChunkError>(piece, keep)?;
        }
        Ok((body, framing.is_whole(), taken))
    }

    fn chunked(bytes: &[u8]) -> Result<(Vec<u8>, bool, usize), ChunkError> {
        push_all(Framing::chunked(), &[bytes])
    }

    #[test]
    fn a_length_ends_the_body_and_leaves_the_rest() {
        assert_eq!(push_all(Framing::Length(3), &[b"ab", b"cd"]), Ok((b"abc".to_vec(), true, 3)));
        assert_eq!(push_all(Framing::Length(0), &[b"x"]), Ok((vec![], true, 0)));
        assert_eq!(push_all(Framing::UntilClose, &[b"ab", b"cd"]), Ok((b"abcd".to_vec(), false, 4)));
    }

    #[test]
    fn chunks_with_extensions_and_trailers() {
        let body = b"4;name=\"a\"\r\nWiki\r\nA \r\n0123456789\r\n0\r\nExpires: never\r\nX: y\r\n\r\nHTTP";
        let length = body.len();
        assert_eq!(chunked(body), Ok((b"Wiki0123456789".to_vec(), true, length - 4)));
    }

    #[test]
    fn malformed_chunks_are_refused() {
        assert_eq!(chunked(b"\r\n"), Err(ChunkError::Size));
        assert_eq!(chunked(b";a\r\n"), Err(ChunkError::Size));
        assert_eq!(chunked(b"x\r\n"), Err(ChunkError::Size));
        assert_eq!(chunked(b"-1\r\n"), Err(ChunkError::Size));
        assert_eq!(chunked(b"4\rx"), Err(ChunkError::Size));
        assert_eq!(chunked(b"4\nabcd"), Err(ChunkError::Size));
        assert_eq!(chunked(b"00000000000000001\r\n"), Err(ChunkError::Size));
        assert_eq!(chunked(b"1;a\n"), Err(ChunkError::Extension));
        assert_eq!(chunked(b"1\r\nab"), Err(ChunkError::DataEnd));
        assert_eq!(chunked(b"1\r\na\rb"), Err(ChunkError::DataEnd));
        assert_eq!(chunked(b"0\r\nA: b\n"), Err(ChunkError::Trailers));
    }

    #[test]
    fn endless_extensions_and_trailers_are_refused() {
        let endless = vec![b'x'; 64 * 1024];
        assert_eq!(chunked(&[b"1;", &endless[..]].concat()), Err(ChunkError::Extension));
        assert_eq!(chunked(&[b"0\r\n", &endless[..]].concat()), Err(ChunkError::Trailers));
        assert_eq!(chunked(&[b"0\r\n", &b"a:b\r\n".repeat(8000)[..]].concat()), Err(ChunkError::Trailers));
    }

    #[test]
    fn the_largest_size_does_not_overflow() {
        assert_eq!(chunked(b"ffffffffffffffff\r\nab"), Ok((b"ab".to_vec(), false, 20)));
    }

    prop_compose! {
        fn chunked_body()(chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..40), 0..6),
                          extension in "(;[a-z]{0,5})?", trailer in "([A-Z][a-z]{0,4}: [a-z]{0,4}\r\n){0,2}",
                          excess in proptest::collection::vec(any::<u8>(), 0..5))
                         -> (Vec<u8>, Vec<u8>, usize) {
            let mut bytes = Vec::new();
            for chunk in &chunks {
                bytes.extend(format!("{:x}{extension}\r\n", chunk.len()).bytes());
                bytes.extend(chunk);
                bytes.extend(b"\r\n");
            }
            bytes.extend(format!("0{extension}\r\n{trailer}\r\n").bytes());
            let whole = bytes.len();
            bytes.extend(excess);
            (chunks.concat(), bytes, whole)
        }
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_body((body, bytes, whole) in chunked_body(), cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..8)) {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
            prop_assert_eq!(push_all(Framing::chunked(), &pieces), Ok((body, true, whole)));
        }

        #[test]
        fn any_bytes_in_any_split_give_one_outcome(bytes in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'0'), Just(b'2'), Just(b';'), any::<u8>()], 0..60)) {
            let bytewise: Vec<&[u8]> = bytes.chunks(1).collect();
            prop_assert_eq!(push_all(Framing::chunked(), &bytewise), chunked(&bytes));
        }
    }
}
