//! Tests of encoder and decoder together, and known answers of the standard.

mod decoding;
mod encoding;
mod examples;
mod random;

use super::{Decoder, HpackError};

/// Name and value.
type Field = (Vec<u8>, Vec<u8>);

fn field(name: &str, value: &str) -> Field {
    (name.into(), value.into())
}

/// The fields of a block.
fn decode(decoder: &mut Decoder, block: &[u8]) -> Result<Vec<Field>, HpackError> {
    let mut fields = Vec::new();
    let taken = decoder.decode(block, |name, value| {
        fields.push((name.to_vec(), value.to_vec()));
        Ok::<(), ()>(())
    })?;
    assert_eq!(taken, Ok(()));
    Ok(fields)
}

/// The bytes that pairs of hexadecimal digits stand for, with spaces between them.
fn unhex(digits: &str) -> Vec<u8> {
    let digits: Vec<u32> = digits.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
}
