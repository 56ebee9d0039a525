//! Frames on a pipe: a length (4 bytes, little-endian, of the rest), a kind, and the content.

use bytes::Bytes;

use crate::message::{Delivery, LARGEST_MESSAGE};

/// The bytes before the content.
pub(crate) const HEAD: usize = 5;
/// The size of the pieces in which a file is sent: messages go between them.
const PIECE: usize = 1 << 20;

/// What is sent on a pipe, in both directions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    Message {
        delivery: Delivery,
        bytes: Bytes,
    },
    /// An agent wants a file: its name.
    Want(Bytes),
    /// A piece of the file that was wanted first.
    Piece(Bytes),
    /// The last piece of it.
    LastPiece(Bytes),
    /// There is no such file.
    NoFile,
}

impl Frame {
    /// Head and content.
    pub(crate) fn encode(&self) -> ([u8; HEAD], &[u8]) {
        let (kind, content): (u8, &[u8]) = match self {
            Frame::Message { delivery: Delivery::Kept, bytes } => (b'K', bytes),
            Frame::Message { delivery: Delivery::Passing, bytes } => (b'P', bytes),
            Frame::Want(name) => (b'W', name),
            Frame::Piece(bytes) => (b'F', bytes),
            Frame::LastPiece(bytes) => (b'L', bytes),
            Frame::NoFile => (b'N', &[]),
        };
        // Messages and pieces have at most 64 MiB.
        let length = u32::try_from(content.len() + 1).unwrap_or(u32::MAX).to_le_bytes();
        ([length[0], length[1], length[2], length[3], kind], content)
    }

    pub(crate) fn decode(kind: u8, content: Vec<u8>) -> Result<Frame, String> {
        let bytes = Bytes::from(content);
        Ok(match kind {
            b'K' => Frame::Message { delivery: Delivery::Kept, bytes },
            b'P' => Frame::Message { delivery: Delivery::Passing, bytes },
            b'W' => Frame::Want(bytes),
            b'F' => Frame::Piece(bytes),
            b'L' => Frame::LastPiece(bytes),
            b'N' => Frame::NoFile,
            kind => return Err(format!("a frame of the unknown kind {kind}")),
        })
    }

    /// The frames of a file.
    pub(crate) fn of_file(file: &Bytes) -> impl Iterator<Item = Frame> {
        let count = file.len().div_ceil(PIECE).max(1);
        let file = file.clone();
        (0..count).map(move |index| {
            let piece = file.slice(index * PIECE..file.len().min((index + 1) * PIECE));
            if index + 1 == count { Frame::LastPiece(piece) } else { Frame::Piece(piece) }
        })
    }
}

/// The content's length and the kind of a head.
pub(crate) fn read_head(head: [u8; HEAD]) -> Result<(usize, u8), String> {
    let [a, b, c, d, kind] = head;
    let length = u32::from_le_bytes([a, b, c, d]) as usize;
    match length {
        0 => Err("a frame without a kind".to_owned()),
        length if length > LARGEST_MESSAGE + 1 => {
            Err(format!("a frame of {length} bytes, and {LARGEST_MESSAGE} are possible"))
        }
        length => Ok((length - 1, kind)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_back() {
        let bytes = || Bytes::from_static(b"abc");
        let kept = Frame::Message { delivery: Delivery::Kept, bytes: bytes() };
        let passing = Frame::Message { delivery: Delivery::Passing, bytes: bytes() };
        let others = [Frame::Want(bytes()), Frame::Piece(bytes()), Frame::LastPiece(Bytes::new()), Frame::NoFile];
        for frame in [kept, passing].into_iter().chain(others) {
            let (head, content) = frame.encode();
            let (length, kind) = read_head(head).unwrap();
            assert_eq!(length, content.len());
            assert_eq!(Frame::decode(kind, content.to_vec()).unwrap(), frame);
        }
    }

    #[test]
    fn hostile_heads_are_refused() {
        assert!(read_head([0, 0, 0, 0, b'K']).is_err());
        assert!(read_head([255, 255, 255, 255, b'K']).unwrap_err().contains("4294967295"));
        assert!(Frame::decode(b'x', Vec::new()).is_err());
    }

    #[test]
    fn a_file_has_pieces_and_a_last_one() {
        let file = Bytes::from(vec![7; PIECE + 1]);
        let frames: Vec<Frame> = Frame::of_file(&file).collect();
        assert_eq!(frames, [Frame::Piece(file.slice(..PIECE)), Frame::LastPiece(file.slice(PIECE..))]);
        assert_eq!(Frame::of_file(&Bytes::new()).collect::<Vec<_>>(), [Frame::LastPiece(Bytes::new())]);
    }
}
