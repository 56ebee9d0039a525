//! Integers that begin within a byte (RFC 7541, section 5.1). QPACK has the same (RFC 9204, section 4.1.1).

use super::HpackError;

/// The most bytes after the first one: enough for each value of 32 bits.
const LONGEST: usize = 5;

/// Reads an integer whose first part is the last `bits` bits of the first byte.
///
/// # Errors
/// The input ends too early, or the integer exceeds 32 bits.
#[inline]
pub fn read(input: &mut &[u8], bits: u32) -> Result<usize, HpackError> {
    let (first, rest) = input.split_first().ok_or(HpackError::Truncated)?;
    *input = rest;
    let mask = 0xff >> (8 - bits);
    match first & mask {
        value if value < mask => Ok(usize::from(value)),
        _ => read_rest(input, u64::from(mask)),
    }
}

/// Reads the part of an integer that does not fit into its first byte: groups of seven bits, the lowest first.
fn read_rest(input: &mut &[u8], mut value: u64) -> Result<usize, HpackError> {
    for group in 0..LONGEST {
        let (byte, rest) = input.split_first().ok_or(HpackError::Truncated)?;
        *input = rest;
        value += u64::from(byte & 0x7f) << (7 * group);
        if byte & 0x80 == 0 {
            let value = u32::try_from(value).map_err(|_| HpackError::IntegerTooLarge)?;
            return usize::try_from(value).map_err(|_| HpackError::IntegerTooLarge);
        }
    }
    Err(HpackError::IntegerTooLarge)
}

/// Writes an integer whose first part is the last `bits` bits of a byte that begins with `pattern`.
#[inline]
pub fn write(block: &mut Vec<u8>, bits: u32, pattern: u8, value: usize) {
    let mask = 0xff >> (8 - bits);
    match u8::try_from(value) {
        Ok(value) if value < mask => block.push(pattern | value),
        _ => write_rest(block, pattern | mask, value - usize::from(mask)),
    }
}

fn write_rest(block: &mut Vec<u8>, first: u8, mut value: usize) {
    block.push(first);
    while value >= 0x80 {
        block.push(low_bits(value) | 0x80);
        value >>= 7;
    }
    block.push(low_bits(value));
}

fn low_bits(value: usize) -> u8 {
    (value & 0x7f) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(mut bytes: &[u8], bits: u32) -> Result<usize, HpackError> {
        let value = read(&mut bytes, bits)?;
        assert!(bytes.is_empty(), "{bytes:?}");
        Ok(value)
    }

    /// Appendix C.1.
    #[test]
    fn examples_of_the_standard() {
        for (value, bits, bytes) in [(10, 5, &[0x0a][..]), (1337, 5, &[0x1f, 0x9a, 0x0a]), (42, 8, &[0x2a])] {
            let mut written = Vec::new();
            write(&mut written, bits, 0, value);
            assert_eq!(written, bytes);
            assert_eq!(read_all(bytes, bits), Ok(value));
        }
    }

    #[test]
    fn each_value_is_read_as_it_was_written() {
        let edges = (0..32).flat_map(|bit| [(1_usize << bit) - 1, 1 << bit, (1 << bit) + 1]);
        for value in edges.chain(0..1000).chain([u32::MAX as usize]) {
            for (bits, pattern) in [(4, 0x10), (5, 0x20), (6, 0x40), (7, 0x80), (8, 0)] {
                let mut written = Vec::new();
                write(&mut written, bits, pattern, value);
                assert_eq!(u32::from(written[0]) >> bits, u32::from(pattern) >> bits);
                assert_eq!(read_all(&written, bits), Ok(value));
                for end in 0..written.len() {
                    assert_eq!(read_all(&written[..end], bits), Err(HpackError::Truncated));
                }
            }
        }
    }

    #[test]
    fn more_than_32_bits_are_an_error() {
        assert_eq!(read_all(b"\x1f\xe0\xff\xff\xff\x0f", 5), Ok(u32::MAX as usize));
        assert_eq!(read_all(b"\x1f\xe1\xff\xff\xff\x0f", 5), Err(HpackError::IntegerTooLarge));
        assert_eq!(read_all(b"\x1f\x80\x80\x80\x80\x80\x00", 5), Err(HpackError::IntegerTooLarge), "leading zeros");
        assert_eq!(read_all(&[0xff; 100], 5), Err(HpackError::IntegerTooLarge));
    }
}
