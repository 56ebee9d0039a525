//! The target of `fuzz/` for all that this crate reads of servers.

use squall_fuzzing::{Outcome, assert_brief};

use crate::{HeadKind, PeerStream, Receiver, ResponseError, ResponseReader};

/// Notes what comes.
#[derive(Debug, Default, PartialEq, Eq)]
struct Notes {
    fields: Vec<(Vec<u8>, Vec<u8>)>,
    heads: usize,
    body: Vec<u8>,
}

impl Receiver for Notes {
    type Error = ();

    fn field(&mut self, name: &[u8], value: &[u8]) -> Result<(), ()> {
        self.fields.push((name.to_vec(), value.to_vec()));
        if self.fields.len() > 1000 { Err(()) } else { Ok(()) }
    }

    fn head_ended(&mut self) -> Result<HeadKind, ()> {
        self.heads += 1;
        Ok(if self.fields.len().is_multiple_of(2) { HeadKind::Interim } else { HeadKind::Final })
    }

    fn data(&mut self, data: &[u8]) -> Result<(), ()> {
        self.body.extend_from_slice(data);
        Ok(())
    }
}

fn read(pieces: impl Iterator<Item = impl AsRef<[u8]>>) -> (Notes, Option<String>) {
    let (mut reader, mut notes) = (ResponseReader::new(4096), Notes::default());
    for piece in pieces {
        if let Err(error) = reader.push(piece.as_ref(), &mut notes) {
            let text = match error {
                ResponseError::Fault(fault) => fault.to_string(),
                ResponseError::TooLarge | ResponseError::Refused(()) => "refused".to_owned(),
            };
            assert_brief(&text);
            return (notes, Some(text));
        }
    }
    let end = reader.end().err().map(|fault| fault.to_string());
    (notes, end)
}

/// The bytes of a stream. In the first byte: whether they are a response, or a stream of the connection. Read whole and byte by
/// byte, they tell the same.
pub fn http3(bytes: &[u8]) -> Outcome {
    let Some((selected, rest)) = bytes.split_first() else { return Outcome::Refused };
    if selected % 2 == 0 {
        let whole = read(std::iter::once(rest));
        let split = read(rest.iter().map(std::slice::from_ref));
        // Up to a fault in the middle of a piece, data that comes in pieces is taken in pieces.
        assert_eq!(whole, split);
        return if whole.1.is_none() { Outcome::Taken } else { Outcome::Refused };
    }
    let (mut whole, mut split) = (Vec::new(), Vec::new());
    let mut stream = PeerStream::default();
    let of_whole = stream.push(rest, |event| whole.push(event));
    let mut stream = PeerStream::default();
    let of_split = rest.iter().try_for_each(|byte| stream.push(&[*byte], |event| split.push(event)));
    assert_eq!((whole, of_whole), (split, of_split));
    if of_whole.is_ok() { Outcome::Taken } else { Outcome::Refused }
}

#[cfg(test)]
mod tests {
    use squall_fuzzing::{Counting, Target};

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;

    #[test]
    fn streams_of_a_server() {
        let head = b"\x01\x03\0\0\xd9";
        let literal = b"\x01\x0f\0\0\x51\x0b/index.html";
        let data = b"\0\x03abc";
        let settings = b"\0\x04\x05\x06\x80\x01\0\0";
        let away = b"\x07\x01\x08";
        let seeds = [
            [&[0][..], head, data, b"\x21\x02xx", head].concat(),
            [&[0][..], literal, data].concat(),
            [&[1][..], settings, away].concat(),
            b"\x01\x02\x3f\xe1\x1f".to_vec(),
        ];
        let seeds: Vec<&[u8]> = seeds.iter().map(Vec::as_slice).collect();
        let pieces: [&[u8]; 8] =
            [head, literal, data, away, b"\x01\x7f\xff", b"\x01\x06\0\0\x2b\xff\0\0", b"\xff\xff\xff\xff", b"\x04\0"];
        Target::new("http3", super::http3).seeds(&seeds).pieces(&pieces).inputs(10_000).for_a_while();
    }
}
