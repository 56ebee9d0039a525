//! The targets of `fuzz/` for all that this crate reads of servers and guests.

use squall_fuzzing::{Outcome, assert_brief};

use crate::{Discovery, Encoding, Framer, Schema, decode_binary, decode_message};

/// The largest message that is taken.
const MOST: usize = 64 << 10;

/// A response's messages, compressed or not. However the bytes are split, the outcome is the same.
pub fn grpc_messages(bytes: &[u8]) -> Outcome {
    let whole = messages(bytes, bytes.len().max(1));
    assert_eq!(whole, messages(bytes, 1 + bytes.len() % 7));
    let _ = (decode_message(bytes), decode_binary(bytes));
    match whole {
        Ok(_) => Outcome::Taken,
        Err(text) => {
            assert_brief(&text);
            Outcome::Refused
        }
    }
}

/// The lengths of all messages, pushed in pieces of that size.
fn messages(bytes: &[u8], piece: usize) -> Result<Vec<usize>, String> {
    let mut framer = Framer::new(MOST);
    framer.set_encoding(Encoding::Gzip);
    let mut lengths = Vec::new();
    for piece in bytes.chunks(piece) {
        framer.push(piece);
        while let Some(message) = framer.next_message().map_err(|error| error.to_string())? {
            lengths.push(message.len());
        }
    }
    framer.end().map(|()| lengths).map_err(|error| error.to_string())
}

/// A `.proto` file, and messages of its first method.
pub fn proto_file(bytes: &[u8]) -> Outcome {
    let Ok(source) = std::str::from_utf8(bytes) else { return Outcome::Refused };
    let Ok(schema) = Schema::parse(&[("fuzz.proto".to_owned(), source.to_owned())]) else { return Outcome::Refused };
    for name in schema.methods() {
        if let Ok(method) = schema.method(&name) {
            let _ = (method.encode(source), method.decode(bytes));
        }
    }
    Outcome::Taken
}

/// Descriptors, as a file of the user or a reflection service has them.
pub fn grpc_descriptors(bytes: &[u8]) -> Outcome {
    let mut discovery = Discovery::default();
    discovery.next_request();
    let _ = discovery.receive(bytes);
    match Schema::decode(bytes) {
        Ok(_) => Outcome::Taken,
        Err(_) => Outcome::Refused,
    }
}

#[cfg(test)]
mod tests {
    use squall_fuzzing::{Counting, Target};

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;

    #[test]
    fn frames_of_a_response() {
        let mut compressed = Vec::new();
        crate::frame(&crate::compress(b"hello"), true, &mut compressed);
        let seeds: [&[u8]; 3] = [b"\0\0\0\0\x03abc\0\0\0\0\0", &compressed, b""];
        let pieces: [&[u8]; 4] = [b"\x01\0\0\0", b"\0\0\0\0\x05", b"%41", b"AQ=="];
        Target::new("grpc_messages", super::grpc_messages).seeds(&seeds).pieces(&pieces).inputs(10_000).for_a_while();
    }

    #[test]
    fn proto_files() {
        let seeds: [&[u8]; 2] = [
            b"syntax = \"proto3\"; package p; message A { string a = 1; A b = 2; } service S { rpc M(A) returns (A); }",
            b"syntax = \"proto2\"; import \"google/protobuf/any.proto\"; enum E { X = 0; } message B { optional E e = 1; }",
        ];
        let pieces: [&[u8]; 7] =
            [b"message A {", b"}", b"[(", b"oneof x { int32 y = 3; }", b"map<string, A> m = 4;", b"/*", b"stream "];
        Target::new("proto_file", super::proto_file).seeds(&seeds).pieces(&pieces).inputs(1_000).for_a_while();
    }

    #[test]
    fn descriptors() {
        let file = b"\x0a\x01s\x12\x01p\x22\x03\x0a\x01A\x32\x13\x0a\x01S\x12\x0e\x0a\x01M\x12\x04.p.A\x1a\x03p.A";
        let set = [&[0x0a, file.len() as u8][..], file].concat();
        let pieces: [&[u8]; 3] = [b"\x22\x03\x0a\x01A", b"\x1a\x01b", b".p.A"];
        Target::new("grpc_descriptors", super::grpc_descriptors)
            .seeds(&[&set])
            .pieces(&pieces)
            .inputs(5_000)
            .for_a_while();
    }
}
