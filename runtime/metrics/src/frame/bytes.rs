//! Numbers, floats and texts of a frame.

use super::FrameError;
use super::bits::BitReader;

/// The greatest count or sum: 2 years in nanoseconds, 72 petabytes. Hundreds of such frames can be merged before a
/// number overflows.
pub(crate) const MOST: u64 = 1 << 56;
/// Memory for the counters of any frame, in bytes.
const LEAST_ALLOWANCE: usize = 64 << 20;
/// More of it for each byte of the frame. One value takes some bytes, and a page of counters takes a kilobyte.
const ALLOWANCE_PER_BYTE: usize = 256;

/// Appends to a frame.
#[derive(Default)]
pub(crate) struct FrameWriter {
    pub(crate) bytes: Vec<u8>,
}

impl FrameWriter {
    pub(crate) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    pub(crate) fn number(&mut self, number: u64) {
        self.wide(u128::from(number));
    }

    /// A number of up to 128 bits; short ones are written the same.
    pub(crate) fn wide(&mut self, mut number: u128) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    pub(crate) fn float(&mut self, float: f64) {
        self.bytes.extend(float.to_le_bytes());
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes.extend(text.as_bytes());
    }
}

/// Reads a frame from the front.
pub(crate) struct FrameReader<'a> {
    bytes: &'a [u8],
    /// Memory that counters may still take, in bytes.
    allowance: usize,
}

impl<'a> FrameReader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> FrameReader<'a> {
        let allowance = LEAST_ALLOWANCE.saturating_add(bytes.len().saturating_mul(ALLOWANCE_PER_BYTE));
        FrameReader { bytes, allowance }
    }

    pub(crate) fn array<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], FrameError> {
        let (array, rest) = self.bytes.split_first_chunk().ok_or(FrameError::Damaged)?;
        self.bytes = rest;
        Ok(*array)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, FrameError> {
        self.array().map(|[byte]| byte)
    }

    pub(crate) fn flag(&mut self) -> Result<bool, FrameError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(FrameError::Damaged),
        }
    }

    /// One of several values, by its index.
    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T]) -> Result<T, FrameError> {
        all.get(usize::from(self.byte()?)).copied().ok_or(FrameError::Damaged)
    }

    pub(crate) fn number(&mut self) -> Result<u64, FrameError> {
        match self.bytes {
            // Nearly all numbers are short.
            [byte @ ..0x80, rest @ ..] => {
                self.bytes = rest;
                Ok(u64::from(*byte))
            }
            _ => u64::try_from(self.wide()?).map_err(|_| FrameError::TooGreat),
        }
    }

    pub(crate) fn wide(&mut self) -> Result<u128, FrameError> {
        let mut number = 0;
        for shift in (0..u128::BITS).step_by(7) {
            let byte = self.byte()?;
            let bits = u128::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                return Err(FrameError::TooGreat);
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(FrameError::TooGreat)
    }

    /// A number that fits a smaller type.
    pub(crate) fn small<T: TryFrom<u64>>(&mut self) -> Result<T, FrameError> {
        T::try_from(self.number()?).map_err(|_| FrameError::TooGreat)
    }

    /// A count or a sum.
    pub(crate) fn amount(&mut self) -> Result<u64, FrameError> {
        add_amount(0, self.number()?)
    }

    /// A finite float: JSON has no others.
    pub(crate) fn float(&mut self) -> Result<f64, FrameError> {
        let float = f64::from_le_bytes(self.array()?);
        if float.is_finite() { Ok(float) } else { Err(FrameError::Damaged) }
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, FrameError> {
        let length = self.small()?;
        let (text, rest) = self.bytes.split_at_checked(length).ok_or(FrameError::Damaged)?;
        self.bytes = rest;
        std::str::from_utf8(text).map_err(|_| FrameError::Damaged)
    }

    /// Reads bits up to the end of a byte.
    pub(crate) fn bits<T>(
        &mut self,
        read: impl FnOnce(&mut BitReader<'a>) -> Result<T, FrameError>,
    ) -> Result<T, FrameError> {
        let mut bits = BitReader::new(self.bytes);
        let result = read(&mut bits)?;
        let begun = self.bytes.len().saturating_sub(bits.left());
        self.bytes = self.bytes.get(begun..).unwrap_or_default();
        Ok(result)
    }

    /// Memory that counters may still take, in bytes.
    pub(crate) fn allowance(&mut self) -> &mut usize {
        &mut self.allowance
    }

    pub(crate) fn end(&self) -> Result<(), FrameError> {
        if self.bytes.is_empty() { Ok(()) } else { Err(FrameError::Damaged) }
    }
}

/// The sum of two counts.
pub(crate) fn add_amount(one: u64, other: u64) -> Result<u64, FrameError> {
    one.checked_add(other).filter(|sum| *sum <= MOST).ok_or(FrameError::TooGreat)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_are_read_as_written(number in any::<u128>(), less in 0u32..128, cut in 1usize..20) {
            let number = number >> less;
            let mut writer = FrameWriter::default();
            writer.wide(number);
            prop_assert_eq!(FrameReader::new(&writer.bytes).wide(), Ok(number));
            let short = u64::try_from(number).map_err(|_| FrameError::TooGreat);
            prop_assert_eq!(FrameReader::new(&writer.bytes).number(), short);
            let cut = writer.bytes.len().saturating_sub(cut);
            prop_assert_eq!(FrameReader::new(&writer.bytes[..cut]).wide(), Err(FrameError::Damaged));
        }
    }

    #[test]
    fn a_number_of_too_many_bits_is_refused() {
        let [seven_more, two_more] = [0x04, 0x03].map(|last| [[0xff; 18].as_slice(), &[last]].concat());
        assert_eq!(FrameReader::new(&seven_more).wide(), Err(FrameError::TooGreat));
        assert_eq!(FrameReader::new(&two_more).wide(), Ok(u128::MAX));
        assert_eq!(FrameReader::new(&[0x80; 30]).wide(), Err(FrameError::TooGreat));
    }
}
