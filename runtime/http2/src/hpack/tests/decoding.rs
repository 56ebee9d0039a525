//! Malformed blocks, refused fields and bounds.

use super::super::{Decoder, HpackError};
use super::{decode, field};

fn fault(block: &[u8]) -> Result<(), HpackError> {
    decode(&mut Decoder::new(4096), block).map(drop)
}

#[test]
fn a_block_may_be_empty() {
    assert_eq!(fault(b""), Ok(()));
}

#[test]
fn unknown_indexes_are_errors() {
    assert_eq!(fault(b"\x80"), Err(HpackError::UnknownIndex), "0");
    assert_eq!(fault(b"\xbe"), Err(HpackError::UnknownIndex), "62, of an empty dynamic table");
    assert_eq!(fault(b"\x7f\x00\x01a"), Err(HpackError::UnknownIndex), "the name of 63");
    assert_eq!(fault(b"\x0f\x2f\x01a"), Err(HpackError::UnknownIndex), "the name of 62");
    assert_eq!(fault(b"\x40\x01a\x01b\xbe"), Ok(()));
    assert_eq!(fault(b"\x40\x01a\x01b\xbf"), Err(HpackError::UnknownIndex));
    assert_eq!(fault(b"\xff\x80\xff\xff\xff\x0f"), Err(HpackError::UnknownIndex), "nearly 32 bits");
}

#[test]
fn integers_of_more_than_32_bits_are_errors() {
    assert_eq!(fault(b"\xff\xff\xff\xff\xff\x0f"), Err(HpackError::IntegerTooLarge));
    assert_eq!(fault(b"\x00\x7f\xff\xff\xff\xff\xff\xff"), Err(HpackError::IntegerTooLarge));
    assert_eq!(fault(b"\x3f\xff\xff\xff\xff\xff"), Err(HpackError::IntegerTooLarge));
}

#[test]
fn broken_huffman_code_is_an_error() {
    assert_eq!(fault(b"\x04\x81\xff"), Err(HpackError::Padding));
    assert_eq!(fault(b"\x04\x84\xff\xff\xff\xff"), Err(HpackError::EndOfString));
    assert_eq!(fault(b"\x00\x81\xff\x01a"), Err(HpackError::Padding), "a name");
}

#[test]
fn a_size_update_stands_first_and_keeps_to_the_announced_size() {
    let resize = |size, block| decode(&mut Decoder::new(size), block).map(drop);
    assert_eq!(fault(b"\x20\x3f\xe1\x1f\x82"), Ok(()), "0, then 4096");
    assert_eq!(fault(b"\x3f\xe2\x1f"), Err(HpackError::TableTooLarge), "4097");
    assert_eq!(resize(4097, b"\x3f\xe2\x1f"), Ok(()));
    assert_eq!(resize(0, b"\x20"), Ok(()));
    assert_eq!(resize(0, b"\x21"), Err(HpackError::TableTooLarge));
    assert_eq!(fault(b"\x82\x20"), Err(HpackError::LateSizeUpdate));
    assert_eq!(fault(b"\x20\x82\x20"), Err(HpackError::LateSizeUpdate));
}

#[test]
fn a_size_update_evicts() {
    let mut decoder = Decoder::new(4096);
    assert!(decode(&mut decoder, b"\x40\x01a\x01b\x40\x01c\x01d").is_ok());
    // 34 bytes are one entry.
    assert_eq!(decode(&mut decoder, b"\x3f\x03\xbe"), Ok(vec![field("c", "d")]));
    assert_eq!(decode(&mut decoder, b"\xbf"), Err(HpackError::UnknownIndex));
    assert!(decode(&mut decoder, b"\x3f\x02").is_ok());
    assert_eq!(decode(&mut decoder, b"\xbe"), Err(HpackError::UnknownIndex));
}

#[test]
fn the_peer_begins_with_no_more_than_was_announced() {
    let mut decoder = Decoder::new(0);
    assert!(decode(&mut decoder, b"\x40\x01a\x01b").is_ok());
    assert_eq!(decode(&mut decoder, b"\xbe"), Err(HpackError::UnknownIndex));
    // A larger table is used when the peer says so.
    let mut decoder = Decoder::new(1 << 20);
    assert_eq!(decoder.table.capacity(), 4096);
    assert!(decode(&mut decoder, b"\x3f\xe1\xff\x3f").is_ok());
    assert_eq!(decoder.table.capacity(), 1 << 20);
}

/// Section 4.4.
#[test]
fn an_entry_that_is_too_large_empties_the_table() {
    let mut decoder = Decoder::new(64);
    assert!(decode(&mut decoder, b"\x40\x01a\x01b").is_ok());
    let large = [b"\x40\x01a\x20".as_slice(), &[b'v'; 32]].concat();
    assert_eq!(decode(&mut decoder, &large), Ok(vec![field("a", &"v".repeat(32))]));
    assert_eq!(decoder.table.size(), 0);
    assert_eq!(decode(&mut decoder, b"\xbe"), Err(HpackError::UnknownIndex));
}

/// Section 4.4: the name of a new entry may be that of an entry which is evicted for it.
#[test]
fn an_entry_may_evict_the_one_that_its_name_is_from() {
    let mut decoder = Decoder::new(64);
    assert!(decode(&mut decoder, b"\x40\x04name\x05value").is_ok());
    assert_eq!(decode(&mut decoder, b"\x7e\x05other\xbe"), Ok(vec![field("name", "other"); 2]));
    assert_eq!(decoder.table.size(), 4 + 5 + 32);
}

#[test]
fn a_block_that_ends_early_is_an_error_or_ends_between_fields() {
    let block =
        b"\x20\x3f\xe1\x1f\x82\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff\x40\x01a\x80\x10\x01b\x01c\
                  \xbe\x0f\x2f\x02de";
    let all = decode(&mut Decoder::new(4096), block).unwrap();
    assert_eq!(all.len(), 6);
    let ends = [0, 1, 4, 5, 19, 23, 28, 29, block.len()];
    for end in 0..=block.len() {
        let decoded = decode(&mut Decoder::new(4096), &block[..end]);
        match decoded {
            Ok(fields) => assert!(all.starts_with(&fields) && ends.contains(&end), "{end}: {fields:?}"),
            Err(error) => assert!(error == HpackError::Truncated && !ends.contains(&end), "{end}: {error}"),
        }
    }
}

#[test]
fn a_refused_field_leaves_the_table_in_step() {
    let mut decoder = Decoder::new(4096);
    let mut count = 0;
    let taken = decoder.decode(b"\x82\x40\x01a\x01b\x40\x01c\x01d", |name, _| {
        count += 1;
        if name == b":method" { Ok(()) } else { Err(name.to_vec()) }
    });
    assert_eq!(taken, Ok(Err(b"a".to_vec())), "the first refusal");
    assert_eq!(count, 3);
    assert_eq!(decode(&mut decoder, b"\xbe\xbf"), Ok(vec![field("c", "d"), field("a", "b")]));
}

#[test]
fn a_long_string_leaves_no_memory_behind() {
    let mut decoder = Decoder::new(4096);
    assert_eq!(decoder.room.capacity(), 0);
    let string = vec![0; 10_000];
    let block = [b"\x00\x01a\xff\x91\x4d".as_slice(), &string].concat();
    assert_eq!(decode(&mut decoder, &block).unwrap()[0].1.len(), 16_000);
    assert_eq!(decoder.room.capacity(), 0);
}

#[test]
fn errors_are_one_line_each() {
    for error in [
        HpackError::Truncated,
        HpackError::IntegerTooLarge,
        HpackError::EndOfString,
        HpackError::Padding,
        HpackError::UnknownIndex,
        HpackError::TableTooLarge,
        HpackError::LateSizeUpdate,
    ] {
        let message = error.to_string();
        assert!(message.len() < 80 && !message.contains('\n'), "{message}");
    }
}
