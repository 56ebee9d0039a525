//! Instructions of header compression in the steady state: a block like all before it on its connection.
//!
//! `hpack_cost decode BLOCKS` decodes the head of a response as nginx sends it: eight fields, of which six are indexed,
//! and the date and the entity tag are compressed. `hpack_cost encode BLOCKS` encodes a request of seven fields, of
//! which the path and the trace are new in each. The cost of a block is the difference of two runs:
//!
//! ```sh
//! cargo build --release -p squall-http2 --example hpack_cost
//! for blocks in 1000 11000; do
//!     valgrind --tool=callgrind --callgrind-out-file=/dev/null target/release/examples/hpack_cost decode $blocks
//! done
//! ```
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::hint::black_box;

use squall_http2::hpack::{Decoder, Encoder, Indexing};

type Field<'a> = (&'a [u8], &'a [u8], Indexing);

const RESPONSE: [Field<'_>; 8] = [
    (b":status", b"200", Indexing::Indexed),
    (b"server", b"nginx/1.27.2", Indexing::Indexed),
    (b"date", b"Mon, 30 Nov 2026 09:41:27 GMT", Indexing::NotIndexed),
    (b"content-type", b"text/html", Indexing::Indexed),
    (b"content-length", b"612", Indexing::Indexed),
    (b"last-modified", b"Wed, 02 Oct 2026 16:07:39 GMT", Indexing::Indexed),
    (b"etag", b"\"66fd630f-264\"", Indexing::NotIndexed),
    (b"accept-ranges", b"bytes", Indexing::Indexed),
];

const REQUEST: [Field<'_>; 7] = [
    (b":method", b"GET", Indexing::Indexed),
    (b":scheme", b"https", Indexing::Indexed),
    (b":authority", b"shop.example:8443", Indexing::Indexed),
    (b":path", b"/products/4711?page=2", Indexing::NotIndexed),
    (b"user-agent", b"squall/0.1.0", Indexing::Indexed),
    (b"accept", b"application/json", Indexing::Indexed),
    (b"traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Indexing::NotIndexed),
];

fn encode(encoder: &mut Encoder, block: &mut Vec<u8>, fields: &[Field<'_>]) {
    block.clear();
    encoder.begin(block);
    for (name, value, indexing) in fields {
        encoder.field(block, name, value, *indexing);
    }
}

fn decode(decoder: &mut Decoder, block: &[u8]) -> Result<usize, Box<dyn Error>> {
    let mut length = 0;
    let taken = decoder.decode(block, |name, value| {
        length += name.len() + value.len();
        Ok::<(), Box<dyn Error>>(())
    })?;
    taken.map(|()| length)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [direction, blocks] = &arguments[..] else { return Err("usage: hpack_cost decode|encode BLOCKS".into()) };
    let blocks: u64 = blocks.parse()?;
    let (mut encoder, mut decoder, mut block) = (Encoder::new(), Decoder::new(4096), Vec::new());
    match &direction[..] {
        "decode" => {
            encode(&mut encoder, &mut block, &RESPONSE);
            decode(&mut decoder, &block)?;
            encode(&mut encoder, &mut block, &RESPONSE);
            for _ in 0..blocks {
                black_box(decode(&mut decoder, black_box(&block))?);
            }
        }
        "encode" => {
            for _ in 0..blocks {
                encode(&mut encoder, &mut block, black_box(&REQUEST));
                black_box(&block);
            }
        }
        _ => return Err("usage: hpack_cost decode|encode BLOCKS".into()),
    }
    println!("a block has {} bytes", block.len());
    Ok(())
}
