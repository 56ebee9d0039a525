//! The targets of `fuzz/` for all that this crate reads of servers.

use squall_fuzzing::{Outcome, assert_brief};

use crate::hpack::{Decoder, Encoder, Indexing};
use crate::{Closed, Connection, ErrorCode, HeadKind, Limits, Receiver, Refused};

/// Table sizes, of which the first byte selects one.
const TABLE_SIZES: [usize; 4] = [4096, 0, 64, 65_536];
/// The bytes of fields that are taken of a block; a short block may stand for a thousand times its length.
const MOST_TAKEN: usize = 64 << 10;

type Field = (Vec<u8>, Vec<u8>);

/// The fields of a block up to a limit; none if it is malformed.
fn fields_of(decoder: &mut Decoder, block: &[u8]) -> Option<Vec<Field>> {
    let (mut fields, mut taken) = (Vec::new(), 0);
    let read = decoder.decode(block, |name, value| {
        taken += name.len() + value.len() + 32;
        if taken > MOST_TAKEN {
            return Err(());
        }
        fields.push((name.to_vec(), value.to_vec()));
        Ok(())
    });
    match read {
        Ok(whole) => assert_eq!(whole.is_err(), taken > MOST_TAKEN),
        Err(error) => {
            assert_brief(&error.to_string());
            return None;
        }
    }
    Some(fields)
}

/// Header blocks of one connection, each after its length in one byte. The first byte selects the size of the table.
/// What was read is written again, and read as the same.
pub fn hpack(bytes: &[u8]) -> Outcome {
    let Some((selected, mut rest)) = bytes.split_first() else { return Outcome::Refused };
    let table_size = TABLE_SIZES[usize::from(*selected) % TABLE_SIZES.len()];
    let (mut decoder, mut encoder, mut second) = (Decoder::new(table_size), Encoder::new(), Decoder::new(table_size));
    encoder.set_peer_table_size(table_size);
    while let Some((length, after)) = rest.split_first() {
        let (block, after) = after.split_at(after.len().min(usize::from(*length)));
        rest = after;
        let Some(fields) = fields_of(&mut decoder, block) else { return Outcome::Refused };
        let mut written = Vec::new();
        encoder.begin(&mut written);
        for (name, value) in &fields {
            let indexing = match value.first() {
                Some(b'-') => Indexing::Never,
                Some(b'+') => Indexing::NotIndexed,
                _ => Indexing::Indexed,
            };
            encoder.field(&mut written, name, value, indexing);
        }
        assert_eq!(fields_of(&mut second, &written), Some(fields));
    }
    Outcome::Taken
}

/// Counts its ends, of which there is at most one.
#[derive(Default)]
struct Ends(u32);

impl Receiver for Ends {
    fn field(&mut self, name: &[u8], _value: &[u8]) -> Result<(), Refused> {
        if name == b"refused" { Err(Refused(ErrorCode::CANCEL)) } else { Ok(()) }
    }

    fn head_ended(&mut self, last: bool, _at: u64) -> Result<HeadKind, Refused> {
        Ok(if last { HeadKind::Final } else { HeadKind::Interim })
    }

    fn data(&mut self, _data: &[u8], _last: bool, _at: u64) -> Result<(), Refused> {
        Ok(())
    }

    fn request_left(&mut self, _at: u64) {}

    fn room(&mut self) {}

    fn closed(&mut self, _how: Closed, _at: u64) {
        self.0 += 1;
    }
}

/// What a server sends on a connection with three streams, in pieces whose size the first byte gives. What the client has to
/// send stays small, and each stream ends once.
pub fn http2_connection(bytes: &[u8]) -> Outcome {
    let Some((size, rest)) = bytes.split_first() else { return Outcome::Refused };
    let mut connection = Connection::new(Limits { header_block: 4_096, header_list: 4_096 });
    let write = |head: &mut crate::FieldWriter<'_>| head.field(b":method", b"GET", Indexing::Indexed);
    let streams = [true, false, true].map(|last| connection.open(Ends::default(), last, write));
    let mut outcome = Outcome::Taken;
    for piece in rest.chunks(usize::from(*size).max(1)) {
        if let Err(error) = connection.receive(piece, 1) {
            assert_brief(&error.to_string());
            outcome = Outcome::Refused;
            break;
        }
        let room = connection.room(streams[1]).min(10);
        connection.send(streams[1], &[0; 10][..room], false);
        assert!(connection.output().len() < 100_000);
        connection.written(connection.output().len() / 2, 2);
    }
    connection.lose(3);
    for stream in streams {
        assert!(connection.finish(stream, ErrorCode::CANCEL).is_some_and(|finished| finished.receiver.0 <= 1));
    }
    outcome
}

#[cfg(test)]
mod tests {
    use squall_fuzzing::{Counting, Target};

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;

    #[test]
    fn frames_of_a_server() {
        let settings = b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x05";
        let answer = b"\0\0\x01\x01\x04\0\0\0\x01\x88\0\0\x02\0\x01\0\0\0\x01ab";
        let away = b"\0\0\x08\x07\0\0\0\0\0\0\0\0\x01\0\0\0\0";
        let seeds = [
            [&[255][..], settings, answer].concat(),
            [&[7][..], settings, answer, away].concat(),
            [&[1][..], settings, b"\0\0\x04\x08\0\0\0\0\x03\0\0\x10\0", b"\0\0\x04\x03\0\0\0\0\x05\0\0\0\x07"].concat(),
            [&[255][..], settings, b"\0\0\x01\x01\0\0\0\0\x03\x88\0\0\0\x09\x04\0\0\0\x03"].concat(),
        ];
        let seeds: Vec<&[u8]> = seeds.iter().map(Vec::as_slice).collect();
        let pieces: [&[u8]; 6] =
            [settings, answer, away, b"\0\0\x08\x06\0\0\0\0\x0012345678", b"\0\0\0\x09\x04", b"\xff\xff\xff\xff"];
        Target::new("http2_connection", super::http2_connection)
            .seeds(&seeds)
            .pieces(&pieces)
            .inputs(10_000)
            .for_a_while();
    }

    #[test]
    fn header_blocks() {
        // Requests of RFC 7541, appendices C.3 and C.4; a response of C.5 with a size update; secrets.
        let seeds: [&[u8]; 4] = [
            b"\x00\x14\x82\x86\x84\x41\x0fwww.example.com\x0e\x82\x86\x84\xbe\x58\x08no-cache",
            b"\x01\x12\x20\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff\x00",
            b"\x02\x16\x3f\x21\x48\x03302\x58\x07private\x40\x01a\x02+b",
            b"\x03\x11\x10\x08password\x06-ecret\x06\x40\x01a\x01b\xbe",
        ];
        let pieces: [&[u8]; 8] = [
            b"\x20",
            b"\x3f\xe1\x1f",
            b"\xbe",
            b"\x7e\x01x",
            b"\x40\x01a\x01b",
            b"\xff\xff\xff\xff\x0f",
            b"\x84\xff\xff\xff\xff",
            b"\x00\x81\x1f\x00",
        ];
        Target::new("hpack", super::hpack).seeds(&seeds).pieces(&pieces).inputs(10_000).for_a_while();
    }
}
