//! Compression of messages: permessage-deflate (RFC 7692).
//!
//! A message is compressed and decompressed whole, so one pair of compressors, of some 300 KiB, serves all connections of
//! a thread ([`Codec`]). Only a server that insists on its context costs its connection a decompressor of its own.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::error::Failure;
use crate::memory::{Memory, NoRoom};

/// The end of a message's last block, which is not sent (section 7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];
/// The least room for what comes out of a step, in bytes.
const LEAST_ROOM: usize = 512;

/// What both sides agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deflate {
    /// Whether the server's messages refer to earlier ones.
    pub server_context: bool,
}

/// Compressors for the connections of one thread, made when they are needed first.
#[derive(Debug, Default)]
pub struct Codec {
    compress: Option<Compress>,
    decompress: Option<Decompress>,
}

impl Codec {
    /// Compresses a message that refers to no other. The result belongs to `memory`.
    pub(crate) fn deflate(&mut self, message: &[u8], memory: &mut dyn Memory) -> Result<Vec<u8>, NoRoom> {
        let compress = self.compress.get_or_insert_with(|| Compress::new(Compression::default(), false));
        compress.reset();
        let mut compressed = Vec::new();
        let mut rest = message;
        loop {
            memory.make_room(&mut compressed, LEAST_ROOM + rest.len() / 4)?;
            let before = compress.total_in();
            let done = compress.compress_vec(rest, &mut compressed, FlushCompress::Sync);
            rest = &rest[(compress.total_in() - before) as usize..];
            // A full buffer may hide more. An error says that there is nothing left to flush.
            if done.is_err() || (rest.is_empty() && compressed.len() < compressed.capacity()) {
                break;
            }
        }
        if compressed.ends_with(&TAIL) {
            compressed.truncate(compressed.len() - TAIL.len());
        }
        if compressed.is_empty() {
            // An empty message is one empty block (section 7.2.3.6).
            compressed.push(0);
        }
        Ok(compressed)
    }

    /// Decompresses a message that refers to no other.
    pub(crate) fn inflate(
        &mut self,
        message: &[u8],
        limit: usize,
        memory: &mut dyn Memory,
    ) -> Result<Vec<u8>, Failure> {
        let decompress = self.decompress.get_or_insert_with(|| Decompress::new(false));
        decompress.reset(false);
        inflate(decompress, message, limit, memory)
    }
}

/// Decompresses a message, of at most `limit` bytes. The result belongs to `memory`.
pub(crate) fn inflate(
    decompress: &mut Decompress,
    message: &[u8],
    limit: usize,
    memory: &mut dyn Memory,
) -> Result<Vec<u8>, Failure> {
    let mut whole = Vec::new();
    let inflated =
        [message, &TAIL].iter().try_for_each(|part| inflate_part(decompress, part, &mut whole, limit, memory));
    match inflated {
        Ok(()) => Ok(whole),
        Err(failure) => {
            memory.give_back(whole);
            Err(failure)
        }
    }
}

fn inflate_part(
    decompress: &mut Decompress,
    mut part: &[u8],
    whole: &mut Vec<u8>,
    limit: usize,
    memory: &mut dyn Memory,
) -> Result<(), Failure> {
    loop {
        let most = limit.saturating_sub(whole.len()) + 1;
        memory.make_room(whole, LEAST_ROOM.max(2 * part.len()).min(most))?;
        let (taken, given) = (decompress.total_in(), whole.len());
        let step = decompress.decompress_vec(part, whole, FlushDecompress::Sync);
        let taken = (decompress.total_in() - taken) as usize;
        part = &part[taken..];
        if whole.len() > limit {
            return Err(Failure::TooLarge(limit));
        }
        match step {
            Err(_) => return Err(Failure::Content("a compressed message cannot be decompressed")),
            // The last block may say that it is the last (section 7.2.3.4). Others may follow.
            Ok(Status::StreamEnd) => decompress.reset(false),
            // Some decompressors hold back what they could give, so only a step that does nothing is the last one.
            Ok(_) if taken == 0 && whole.len() == given => {
                return match part.is_empty() {
                    true => Ok(()),
                    false => Err(Failure::Content("a compressed message cannot be decompressed")),
                };
            }
            Ok(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::connection::tests::Unlimited;

    const LIMIT: usize = 1 << 20;

    fn inflated(message: &[u8]) -> Result<Vec<u8>, Failure> {
        Codec::default().inflate(message, LIMIT, &mut Unlimited)
    }

    #[test]
    fn the_examples_of_the_rfc() {
        // Sections 7.2.3.1, 7.2.3.3, 7.2.3.4 and 7.2.3.5.
        for compressed in [
            &b"\xf2\x48\xcd\xc9\xc9\x07\x00"[..],
            b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00",
            b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00",
            b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00",
        ] {
            assert_eq!(inflated(compressed).unwrap(), b"Hello");
        }
        assert_eq!(inflated(b"\x00").unwrap(), b"", "section 7.2.3.6");
        assert_eq!(Codec::default().deflate(b"Hello", &mut Unlimited).unwrap(), b"\xf2\x48\xcd\xc9\xc9\x07\x00");
        assert_eq!(Codec::default().deflate(b"", &mut Unlimited).unwrap(), b"\x00");
    }

    #[test]
    fn a_context_that_is_kept_is_referred_to() {
        // Section 7.2.3.2.
        let mut own = Decompress::new(false);
        for compressed in [&b"\xf2\x48\xcd\xc9\xc9\x07\x00"[..], b"\xf2\x00\x11\x00\x00"] {
            assert_eq!(inflate(&mut own, compressed, LIMIT, &mut Unlimited).unwrap(), b"Hello");
        }
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let bomb = Codec::default().deflate(&vec![0; 10 << 20], &mut Unlimited).unwrap();
        assert!(bomb.len() < 20_000);
        assert_eq!(inflated(&bomb), Err(Failure::TooLarge(LIMIT)));
        let exact = Codec::default().deflate(&vec![0; LIMIT], &mut Unlimited).unwrap();
        assert_eq!(inflated(&exact).unwrap().len(), LIMIT);
    }

    #[test]
    fn large_messages_of_any_density_come_back() {
        let (mut codec, mut state) = (Codec::default(), 1_u64);
        for round in 0..200_u32 {
            // Some bits of randomness in each byte: from repetition to noise.
            let mask = (1_u64 << (round % 9)) - 1;
            let message: Vec<u8> = (0..65_536)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    ((state >> 40) & mask) as u8
                })
                .collect();
            let compressed = codec.deflate(&message, &mut Unlimited).unwrap();
            let inflated = codec.inflate(&compressed, LIMIT, &mut Unlimited).unwrap();
            assert_eq!((inflated.len(), inflated == message), (message.len(), true), "round {round}");
        }
    }

    #[test]
    fn garbage_is_named() {
        assert!(matches!(inflated(b"\xff\xff\xff"), Err(Failure::Content(_))));
    }

    proptest! {
        #[test]
        fn messages_come_back(messages: Vec<Vec<u8>>) {
            let mut codec = Codec::default();
            for message in messages {
                let compressed = codec.deflate(&message, &mut Unlimited).unwrap();
                prop_assert_eq!(codec.inflate(&compressed, LIMIT, &mut Unlimited).unwrap(), message);
            }
        }
    }
}
