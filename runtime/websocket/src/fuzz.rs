//! The targets of `fuzz/` for all that this crate reads of servers.

use std::hash::{DefaultHasher, Hash, Hasher};

use squall_fuzzing::{Outcome, assert_brief};

use crate::{Codec, Connection, Deflate, Event, Handshake, Limits, Memory, Message, NoRoom};

/// The largest message.
const MOST: usize = 1 << 16;

/// Grants what a message of the limit can take, which grows by doubling.
struct Bounded(usize);

impl Memory for Bounded {
    fn make_room(&mut self, buffer: &mut Vec<u8>, more: usize) -> Result<(), NoRoom> {
        let before = buffer.capacity();
        buffer.reserve(more);
        self.0 += buffer.capacity() - before;
        assert!(self.0 <= 8 * MOST, "{} bytes are held", self.0);
        Ok(())
    }

    fn give_back(&mut self, buffer: Vec<u8>) {
        self.0 -= buffer.capacity();
    }
}

/// Frames of a server, pushed in pieces whose length the first byte selects; its lowest bits say how messages may be
/// compressed. However they are cut, the same comes of them.
pub fn websocket_frames(bytes: &[u8]) -> Outcome {
    let Some((selected, frames)) = bytes.split_first() else { return Outcome::Refused };
    let deflate = match selected & 3 {
        0 | 1 => None,
        2 => Some(Deflate { server_context: false }),
        _ => Some(Deflate { server_context: true }),
    };
    let whole = events(frames, frames.len().max(1), deflate);
    let cut = events(frames, usize::from(selected >> 2) + 1, deflate);
    assert_eq!(whole, cut);
    if whole.1.is_none() { Outcome::Taken } else { Outcome::Refused }
}

/// What comes of frames in pieces of that length, as hashes, and the failure in the end, if there is one.
fn events(frames: &[u8], length: usize, deflate: Option<Deflate>) -> (Vec<u64>, Option<String>) {
    let mut connection = Connection::new(Limits { message: MOST }, deflate, 1);
    let (mut codec, mut memory, mut events) = (Codec::default(), Bounded(0), Vec::new());
    for mut piece in frames.chunks(length) {
        loop {
            match connection.next(&mut piece, &mut codec, &mut memory) {
                Ok(None) => break,
                Ok(Some(event)) => events.push(hash(event, &mut memory)),
                Err(failure) => {
                    assert_brief(&failure.to_string());
                    return (events, Some(failure.to_string()));
                }
            }
            assert!(connection.output().len() < 64 << 10);
        }
    }
    (events, None)
}

/// Takes an event, and gives back its memory.
fn hash(event: Event, memory: &mut Bounded) -> u64 {
    let mut hasher = DefaultHasher::new();
    match event {
        Event::Message(message) => {
            let buffer = match message {
                Message::Text(text) => text.into_bytes(),
                Message::Binary(bytes) => bytes,
            };
            assert!(buffer.len() <= MOST);
            buffer.hash(&mut hasher);
            memory.give_back(buffer);
        }
        Event::Ping(payload) | Event::Pong(payload, _) => payload.hash(&mut hasher),
        Event::Close(reason) => reason.map(|reason| (reason.code.get(), reason.text)).hash(&mut hasher),
    }
    hasher.finish()
}

/// The fields of an answer to the opening handshake, one a line.
pub fn websocket_handshake(bytes: &[u8]) -> Outcome {
    let Ok(asked) = Handshake::new([7; 16], vec!["chat".to_owned()], true) else { return Outcome::Refused };
    let lines = bytes.split(|byte| *byte == b'\n');
    let fields = lines.filter_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        Some((std::str::from_utf8(&line[..colon]).ok()?, line[colon + 1..].trim_ascii()))
    });
    Outcome::of(&asked.check(101, fields))
}

#[cfg(test)]
mod tests {
    use squall_fuzzing::{Counting, Memory, Target};

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;

    #[test]
    fn frames_of_a_server() {
        let seeds: [&[u8]; 6] = [
            b"\xfc\x81\x05Hello\x89\x01!\x8a\x011\x82\x7e\x00\x7e",
            b"\x00\x01\x03Hel\x89\x00\x80\x02lo\x88\x05\x03\xe8bye",
            b"\x04\x01\x02\xc3\xa4\x00\x01\xe2\x80\x02\x82\xac",
            b"\x06\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00",
            b"\x0b\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00",
            b"\x02\xc2\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00",
        ];
        let pieces: [&[u8]; 5] = [
            b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00",
            b"\x81\x7e\xff\xff",
            b"\xff\xff\xff\xff",
            b"\x80\x00",
            b"\x88\x02\x03\xe8",
        ];
        Target::new("websocket_frames", super::websocket_frames)
            .seeds(&seeds)
            .pieces(&pieces)
            .memory(Memory { base: 1 << 20, per_byte: 16 })
            .inputs(10_000)
            .for_a_while();
    }

    #[test]
    fn answers_to_the_handshake() {
        let seeds: [&[u8]; 2] = [
            b"Upgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Accept: CdXSYUsvsaMthlEXWDNURGWA/1o=",
            b"upgrade: websocket\nconnection: a, upgrade\nsec-websocket-accept: CdXSYUsvsaMthlEXWDNURGWA/1o=\n\
              sec-websocket-protocol: chat\nsec-websocket-extensions: permessage-deflate; server_max_window_bits=\"10\"",
        ];
        let pieces: [&[u8]; 4] =
            [b"; server_no_context_takeover", b"=\"", b", ", b"sec-websocket-extensions: permessage-deflate\n"];
        Target::new("websocket_handshake", super::websocket_handshake).seeds(&seeds).pieces(&pieces).for_a_while();
    }
}
