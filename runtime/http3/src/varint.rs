//! Integers of variable length (RFC 9000, section 16): the first two bits are the length.

/// The most bytes of an integer.
pub(crate) const LONGEST: usize = 8;

/// The integer at the beginning of `input`, and its length in bytes; `None` if there is more to come.
pub(crate) fn read(input: &[u8]) -> Option<(u64, usize)> {
    let first = *input.first()?;
    let length = 1 << (first >> 6);
    let bytes = input.get(1..length)?;
    let value = bytes.iter().fold(u64::from(first & 0x3f), |value, byte| value << 8 | u64::from(*byte));
    Some((value, length))
}

/// Writes an integer below 2^62, as short as it can be.
pub(crate) fn write(output: &mut Vec<u8>, value: u64) {
    let bytes = value.to_be_bytes();
    let (length, pattern) = match value {
        0..0x40 => (1, 0),
        0x40..0x4000 => (2, 0x40),
        0x4000..0x4000_0000 => (4, 0x80),
        _ => (8, 0xc0),
    };
    let start = output.len();
    output.extend_from_slice(&bytes[bytes.len() - length..]);
    output[start] |= pattern;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_those_of_the_standard() {
        // RFC 9000, appendix A.1.
        let examples: [(&[u8], u64); 5] = [
            (&[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c], 151_288_809_941_952_652),
            (&[0x9d, 0x7f, 0x3e, 0x7d], 494_878_333),
            (&[0x7b, 0xbd], 15_293),
            (&[0x25], 37),
            (&[0x3f], 63),
        ];
        for (bytes, value) in examples {
            assert_eq!(read(bytes), Some((value, bytes.len())));
            assert_eq!(read(&bytes[..bytes.len() - 1]), None);
            let mut written = Vec::new();
            write(&mut written, value);
            assert_eq!(written, bytes);
        }
        assert_eq!(read(&[0x40, 0x25]), Some((37, 2)));
    }
}
