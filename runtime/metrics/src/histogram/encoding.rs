//! HdrHistogram's interchange format, "V2 compressed", for its viewers, its `.hlog` files and its libraries in other
//! languages.
//!
//! The format is that of the reference implementation (`AbstractHistogram.encodeIntoCompressedByteBuffer` in
//! <https://github.com/HdrHistogram/HdrHistogram>). A cookie and a length are followed by a zlib stream with a header
//! of 40 bytes and the counters from the first to the last that is not zero. Each counter is a ZigZag LEB128 number, in
//! which a negative number stands for that many empty counters. All other numbers are big-endian.
//!
//! Values in it are **microseconds**, from 1 to 2⁴² − 1, to three significant digits. The format has no room for the
//! exact sum, least and greatest: a decoded histogram takes them from its buckets, as HdrHistogram does.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use thiserror::Error;

use crate::clock::Nanos;

use super::{GREATEST, Histogram, index_of, lowest_of, middle_of};

/// "V2, counts of one word", as in the reference implementation; the 0x10 marks LEB128 counts.
const COOKIE: u32 = 0x1c84_9303 | 0x10;
const COMPRESSED_COOKIE: u32 = 0x1c84_9304 | 0x10;
const DIGITS: u32 = 3;
const LOWEST: u64 = 1;
const HEADER: usize = 40;
/// The longest LEB128 number: eight bytes of seven bits, and a ninth of eight.
const LONGEST_NUMBER: usize = 9;

/// The reasons why bytes cannot be read as a histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// They do not begin with the cookie of HdrHistogram's V2 compressed format.
    #[error("not a histogram in HdrHistogram's V2 compressed format")]
    Cookie,
    /// They end too early, or the zlib stream is damaged.
    #[error("the encoded histogram is damaged or cut short")]
    Damaged,
    /// Its layout is not Squall's.
    #[error("the histogram has {digits} significant digits from {lowest} on; Squall reads those with 3 from 1 on")]
    Layout {
        /// Its significant digits.
        digits: u32,
        /// Its lowest discernible value.
        lowest: u64,
    },
    /// A value is greater than the greatest counter's, or there are more values than can be counted.
    #[error("the histogram holds a value or a count that is too great")]
    TooGreat,
}

impl Histogram {
    /// In HdrHistogram's V2 compressed format, values in microseconds. About 1 KB for a second of a busy target.
    pub fn encode(&self) -> Vec<u8> {
        let counts = self.encoded_counts();
        let mut plain = Vec::with_capacity(HEADER + counts.len());
        plain.extend(COOKIE.to_be_bytes());
        plain.extend((counts.len() as u32).to_be_bytes());
        plain.extend(0u32.to_be_bytes()); // Normalizing index offset: counters are not shifted.
        plain.extend(DIGITS.to_be_bytes());
        plain.extend(LOWEST.to_be_bytes());
        plain.extend(GREATEST.to_be_bytes());
        plain.extend(1f64.to_be_bytes()); // Ratio of integer values to real ones.
        plain.extend(counts);

        Histogram::compressed(&plain)
    }

    /// The outer of the format's two layers.
    pub(crate) fn compressed(plain: &[u8]) -> Vec<u8> {
        let deflated = deflate(plain);
        let mut bytes = Vec::with_capacity(8 + deflated.len());
        bytes.extend(COMPRESSED_COOKIE.to_be_bytes());
        bytes.extend((deflated.len() as u32).to_be_bytes());
        bytes.extend(deflated);
        bytes
    }

    fn encoded_counts(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut next = 0;
        for (index, count) in self.filled() {
            match index - next {
                0 => {}
                // As in the reference: one empty counter is a zero, several are a negative number.
                1 => write_number(0, &mut bytes),
                empty => write_number(-(empty as i64), &mut bytes),
            }
            write_number(i64::try_from(count).unwrap_or(i64::MAX), &mut bytes);
            next = index + 1;
        }
        if next == 0 {
            write_number(0, &mut bytes); // The reference always writes at least one number.
        }
        bytes
    }

    /// Reads the output of [`Histogram::encode`] or of any HdrHistogram library, as microseconds with three significant
    /// digits from 1 on. The least, greatest and sum are those of the buckets.
    pub fn decode(bytes: &[u8]) -> Result<Histogram, DecodeError> {
        let plain = Histogram::uncompressed(bytes)?;
        let mut fields = Fields(&plain);
        if fields.u32()? != COOKIE {
            return Err(DecodeError::Cookie);
        }
        let length = fields.u32()? as usize;
        let _normalizing_offset = fields.u32()?;
        let (digits, lowest) = (fields.u32()?, fields.u64()?);
        if digits != DIGITS || lowest != LOWEST {
            return Err(DecodeError::Layout { digits, lowest });
        }
        let _greatest = fields.u64()?;
        let _ratio = fields.u64()?;
        Histogram::from_counts(fields.0.get(..length).ok_or(DecodeError::Damaged)?)
    }

    pub(crate) fn uncompressed(bytes: &[u8]) -> Result<Vec<u8>, DecodeError> {
        let mut outer = Fields(bytes);
        if outer.u32()? != COMPRESSED_COOKIE {
            return Err(DecodeError::Cookie);
        }
        let length = outer.u32()? as usize;
        inflate(outer.0.get(..length).ok_or(DecodeError::Damaged)?)
    }

    /// Sets the exact least, greatest and sum, which the format has no room for and which are stored separately.
    pub fn with_exact(mut self, least: Nanos, greatest: Nanos, sum: Nanos) -> Histogram {
        if self.count > 0 {
            self.least = Some(least.0);
            // A file with a least above its greatest was made by hand.
            self.greatest = greatest.0.max(least.0);
            self.sum = u128::from(sum.0);
        }
        self
    }

    fn from_counts(bytes: &[u8]) -> Result<Histogram, DecodeError> {
        let last = index_of(GREATEST);
        let mut histogram = Histogram::new();
        let mut numbers = Fields(bytes);
        let mut index = 0;
        while !numbers.0.is_empty() {
            let number = numbers.number()?;
            let Ok(count) = u64::try_from(number) else {
                let empty = usize::try_from(number.unsigned_abs()).map_err(|_| DecodeError::TooGreat)?;
                index = empty.checked_add(index).ok_or(DecodeError::TooGreat)?;
                continue;
            };
            if count > 0 {
                if index > last || histogram.count.checked_add(count).is_none() {
                    return Err(DecodeError::TooGreat);
                }
                histogram.fill_as_middle(index, count);
            }
            index = index.checked_add(1).ok_or(DecodeError::TooGreat)?;
        }
        Ok(histogram)
    }

    /// Counts `count` values of which only the counter is known.
    fn fill_as_middle(&mut self, index: usize, count: u64) {
        let (low, width) = lowest_of(index);
        self.fill(index, count);
        self.sum += u128::from(middle_of(index) * 1000) * u128::from(count);
        self.least.get_or_insert(low * 1000);
        self.greatest = (low + width - 1) * 1000;
    }
}

fn deflate(plain: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    // Writing to memory cannot fail. If it did, the incomplete output could not be decoded.
    let written = encoder.write_all(plain).and_then(|()| encoder.finish());
    debug_assert!(written.is_ok());
    written.unwrap_or_default()
}

/// Reads at most the size of the greatest histogram, whatever size the stream claims.
fn inflate(deflated: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let most = HEADER + (index_of(GREATEST) + 1) * LONGEST_NUMBER;
    let mut plain = Vec::new();
    ZlibDecoder::new(deflated).take(most as u64).read_to_end(&mut plain).map_err(|_| DecodeError::Damaged)?;
    Ok(plain)
}

/// Appends a number as ZigZag LEB128.
fn write_number(number: i64, bytes: &mut Vec<u8>) {
    let mut rest = ((number << 1) ^ (number >> 63)) as u64;
    for _ in 1..LONGEST_NUMBER {
        if rest < 0x80 {
            break;
        }
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
}

/// A reader of bytes from the front.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], DecodeError> {
        let (field, rest) = self.0.split_first_chunk().ok_or(DecodeError::Damaged)?;
        self.0 = rest;
        Ok(*field)
    }

    fn u32(&mut self) -> Result<u32, DecodeError> {
        self.take().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Result<u64, DecodeError> {
        self.take().map(u64::from_be_bytes)
    }

    /// A ZigZag LEB128 number.
    fn number(&mut self) -> Result<i64, DecodeError> {
        let mut zigzag = 0u64;
        for place in 0..LONGEST_NUMBER {
            let [byte] = self.take()?;
            let last = place == LONGEST_NUMBER - 1;
            let bits = if last { byte } else { byte & 0x7f };
            zigzag |= u64::from(bits) << (7 * place);
            if last || byte < 0x80 {
                break;
            }
        }
        Ok((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64))
    }
}

#[cfg(test)]
mod tests;
