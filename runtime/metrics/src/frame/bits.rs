//! Rice codes: small numbers in few bits. A number's upper bits are counted in ones, ended by a zero; as many lower bits
//! as the parameter says follow. An index rarely jumps, and most counters of a second are 1 or 2, so that a counter takes
//! about 4 bits. Bytes are filled from the lowest bit up.

/// That many ones mean that the number itself follows, in [`ESCAPED_BITS`].
const ESCAPE: u32 = 16;
/// As many as the reader always has at hand. No greater number can be encoded.
const ESCAPED_BITS: u32 = 56;
/// The greatest parameter, in bits.
pub(crate) const MOST_PARAMETER: u32 = 15;

/// The parameter for which numbers of this sum take about the fewest bits: the logarithm of their mean × ln 2.
pub(crate) fn parameter(sum: u64, numbers: u64) -> u32 {
    let scaled = (sum / numbers.max(1)).saturating_mul(7) / 10;
    scaled.max(1).ilog2().min(MOST_PARAMETER)
}

/// Appends bits to bytes.
pub(crate) struct BitWriter<'a> {
    bytes: &'a mut Vec<u8>,
    buffer: u64,
    filled: u32,
}

impl<'a> BitWriter<'a> {
    pub(crate) fn new(bytes: &'a mut Vec<u8>) -> BitWriter<'a> {
        BitWriter { bytes, buffer: 0, filled: 0 }
    }

    pub(crate) fn rice(&mut self, number: u64, parameter: u32) {
        let upper = number >> parameter;
        if upper < u64::from(ESCAPE) {
            let (ones, lower) = ((1 << upper) - 1, number - (upper << parameter));
            self.push(ones | lower << (upper + 1), upper as u32 + 1 + parameter);
        } else {
            const HALF: u32 = ESCAPED_BITS / 2;
            let number = number.min((1 << ESCAPED_BITS) - 1);
            self.push((1 << ESCAPE) - 1, ESCAPE);
            self.push(number & ((1 << HALF) - 1), HALF);
            self.push(number >> HALF, HALF);
        }
    }

    /// At most 32 bits.
    fn push(&mut self, value: u64, bits: u32) {
        self.buffer |= value << self.filled;
        self.filled += bits;
        if self.filled >= u32::BITS {
            self.bytes.extend_from_slice(&(self.buffer as u32).to_le_bytes());
            self.buffer >>= u32::BITS;
            self.filled -= u32::BITS;
        }
    }

    /// Fills the last byte with zeros.
    pub(crate) fn finish(self) {
        self.bytes.extend(self.buffer.to_le_bytes().iter().take(self.filled.div_ceil(8) as usize));
    }
}

/// Reads bits from bytes.
pub(crate) struct BitReader<'a> {
    bytes: &'a [u8],
    /// The next bits. Above `filled` there may be more of the following bytes.
    buffer: u64,
    filled: u32,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> BitReader<'a> {
        BitReader { bytes, buffer: 0, filled: 0 }
    }

    /// `None` at the end of the bytes: a small result, because this is most of the work on a frame.
    #[inline]
    pub(crate) fn rice(&mut self, parameter: u32) -> Option<u64> {
        self.refill();
        let upper = self.buffer.trailing_ones();
        if upper >= ESCAPE {
            return self.escaped();
        }
        let lower = self.take(upper + 1 + parameter)? >> (upper + 1);
        Some(u64::from(upper) << parameter | lower)
    }

    #[cold]
    fn escaped(&mut self) -> Option<u64> {
        self.take(ESCAPE)?;
        self.refill();
        self.take(ESCAPED_BITS)
    }

    /// Makes at least 56 bits available, if there are as many.
    #[inline]
    fn refill(&mut self) {
        if let Some((word, _)) = self.bytes.split_first_chunk() {
            self.buffer |= u64::from_le_bytes(*word) << self.filled;
            let taken = (63 - self.filled) / 8;
            self.bytes = self.bytes.get(taken as usize..).unwrap_or_default();
            self.filled += 8 * taken;
        } else {
            self.refill_at_end();
        }
    }

    #[cold]
    fn refill_at_end(&mut self) {
        while self.filled <= 56
            && let Some((byte, rest)) = self.bytes.split_first()
        {
            self.buffer |= u64::from(*byte) << self.filled;
            self.filled += 8;
            self.bytes = rest;
        }
    }

    #[inline]
    fn take(&mut self, bits: u32) -> Option<u64> {
        if bits > self.filled {
            return None;
        }
        let taken = self.buffer & ((1 << bits) - 1);
        self.buffer >>= bits;
        self.filled -= bits;
        Some(taken)
    }

    /// The number of bytes that were not begun.
    pub(super) fn left(&self) -> usize {
        self.bytes.len() + self.filled as usize / 8
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_are_read_as_written(
            numbers in proptest::collection::vec((0u64..1 << 56, 0u32..56, 0u32..=MOST_PARAMETER), 0..100),
            behind in 0usize..20,
        ) {
            let numbers: Vec<(u64, u32)> = numbers.iter().map(|(number, less, bits)| (number >> less, *bits)).collect();
            let mut bytes = Vec::new();
            let mut writer = BitWriter::new(&mut bytes);
            numbers.iter().for_each(|(number, parameter)| writer.rice(*number, *parameter));
            writer.finish();
            bytes.extend(vec![0xff; behind]);
            let mut reader = BitReader::new(&bytes);
            for (number, parameter) in numbers {
                prop_assert_eq!(reader.rice(parameter), Some(number));
            }
            prop_assert_eq!(reader.left(), behind);
        }
    }

    #[test]
    fn the_parameter_fits_the_mean() {
        assert_eq!([0, 10, 60, 1_000, u64::MAX].map(|mean| parameter(mean, 1)), [0, 2, 5, 9, MOST_PARAMETER]);
    }
}
