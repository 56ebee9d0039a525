//! The forms that the encoder chooses.

use super::super::{Decoder, Encoder, Indexing};
use super::{decode, field};

fn encode(encoder: &mut Encoder, name: &str, value: &str, indexing: Indexing) -> Vec<u8> {
    let mut block = Vec::new();
    encoder.begin(&mut block);
    encoder.field(&mut block, name.as_bytes(), value.as_bytes(), indexing);
    block
}

#[test]
fn a_known_field_is_its_index() {
    let mut encoder = Encoder::new();
    assert_eq!(encode(&mut encoder, ":method", "POST", Indexing::NotIndexed), b"\x83");
    assert_eq!(encode(&mut encoder, "x", "y", Indexing::Indexed), b"\x40\x01x\x01y");
    assert_eq!(encode(&mut encoder, "x", "y", Indexing::Indexed), b"\xbe");
    assert_eq!(encode(&mut encoder, "x", "z", Indexing::Indexed), b"\x7e\x01z");
    assert_eq!(encode(&mut encoder, "x", "y", Indexing::NotIndexed), b"\xbf");
}

#[test]
fn a_field_that_is_not_indexed_has_an_indexed_name() {
    let mut encoder = Encoder::new();
    assert_eq!(encode(&mut encoder, ":path", "/&", Indexing::NotIndexed), b"\x04\x02/&");
    assert_eq!(encode(&mut encoder, "x", "y", Indexing::NotIndexed), b"\x00\x01x\x01y");
    assert_eq!(encode(&mut encoder, "x", "y", Indexing::NotIndexed), b"\x00\x01x\x01y");
    assert_eq!(encode(&mut encoder, "x", "y", Indexing::Indexed), b"\x40\x01x\x01y");
    assert_eq!(encode(&mut encoder, "x", "&", Indexing::NotIndexed), b"\x0f\x2f\x01&");
}

#[test]
fn a_secret_is_never_an_index() {
    let mut encoder = Encoder::new();
    assert_eq!(encode(&mut encoder, "cookie", "&", Indexing::Never), b"\x1f\x11\x01&");
    assert_eq!(encode(&mut encoder, "cookie", "", Indexing::Never), b"\x1f\x11\x00", "though the table has it");
    assert_eq!(encode(&mut encoder, "x", "y", Indexing::Indexed), b"\x40\x01x\x01y");
    assert_eq!(encode(&mut encoder, "x", "y", Indexing::Never), b"\x1f\x2f\x01y");
    assert_eq!(encode(&mut encoder, "s", "y", Indexing::Never), b"\x10\x01s\x01y");
    assert_eq!(encode(&mut encoder, "s", "y", Indexing::Never), b"\x10\x01s\x01y");
}

#[test]
fn the_smallest_size_and_the_last_one_are_confirmed() {
    let begun = |encoder: &mut Encoder| {
        let mut block = Vec::new();
        encoder.begin(&mut block);
        block
    };
    let mut encoder = Encoder::new();
    assert_eq!(begun(&mut encoder), b"");
    encoder.set_peer_table_size(1 << 20);
    assert_eq!(begun(&mut encoder), b"", "4096 are enough");
    encoder.set_peer_table_size(100);
    encoder.set_peer_table_size(4096);
    assert_eq!(begun(&mut encoder), b"\x3f\x45\x3f\xe1\x1f");
    assert_eq!(begun(&mut encoder), b"");
    encoder.set_peer_table_size(100);
    encoder.set_peer_table_size(30);
    assert_eq!(begun(&mut encoder), b"\x3e");
    encoder.set_peer_table_size(31);
    assert_eq!(begun(&mut encoder), b"\x3f\x00");
}

#[test]
fn a_smaller_table_forgets() {
    let mut encoder = Encoder::new();
    assert_eq!(encode(&mut encoder, "x", "y", Indexing::Indexed), b"\x40\x01x\x01y");
    encoder.set_peer_table_size(0);
    assert_eq!(encode(&mut encoder, "x", "y", Indexing::Indexed), b"\x20\x00\x01x\x01y", "no place to index it");
    encoder.set_peer_table_size(4096);
    assert_eq!(encode(&mut encoder, "x", "y", Indexing::Indexed), b"\x3f\xe1\x1f\x40\x01x\x01y");
}

#[test]
fn a_field_that_is_larger_than_the_table_leaves_it_alone() {
    let mut encoder = Encoder::new();
    encode(&mut encoder, "x", "y", Indexing::Indexed);
    encode(&mut encoder, "long", &"v".repeat(4096 - 32 - 4 + 1), Indexing::Indexed);
    assert_eq!(encode(&mut encoder, "x", "y", Indexing::Indexed), b"\xbe");
    encode(&mut encoder, "long", &"v".repeat(4096 - 32 - 4), Indexing::Indexed);
    assert_eq!(encoder.table.size(), 4096);
}

#[test]
fn strings_of_all_lengths_are_read_back() {
    for character in ["a", "&", "\u{7f}"] {
        for length in (0..600).chain([4_000, 20_000, 200_000]) {
            let value = character.repeat(length);
            let block = encode(&mut Encoder::new(), "x", &value, Indexing::Never);
            assert!(block.len() <= 3 + 4 + length, "never longer than the plain text");
            assert_eq!(decode(&mut Decoder::new(4096), &block), Ok(vec![field("x", &value)]));
        }
    }
}
