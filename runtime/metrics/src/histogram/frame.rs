//! A histogram's part of a frame (`frame.rs`).
//!
//! The byte `parts` has bit 0 for the histogram's own counters and bit `1 + n` for the `n`-th band of [`Band::ALL`]; an
//! empty histogram is one zero byte. The counters of each part follow. If there is a band, the exact least, greatest and
//! sum of the values in bands come last.
//!
//! Of the counters, `zeros` is counter 0, and `filled` is the number of those from 1 on that are not zero. If there are
//! any, the index of the first follows, and the byte `parameters`: the lower half is that of the Rice codes
//! (`frame/bits.rs`) of indices, the upper half that of counts. Each counter is its index less that of the one before,
//! less 1 (the first has none), and its count less 1.

use super::values::{Band, Beyond};
use super::{GREATEST, Histogram, PAGE, counter_of, index_of};
use crate::frame::{BitWriter, FrameError, FrameReader, FrameWriter, MOST, MOST_PARAMETER, add_amount, parameter};
use crate::interval::sum;

/// What a page takes, in bytes.
const PAGE_SIZE: usize = size_of::<[u64; PAGE]>();
/// What a page's place takes, in bytes, where the list of pages has grown to twice its length.
const PLACE_SIZE: usize = 2 * size_of::<Option<Box<[u64; PAGE]>>>();

fn bit_of(band: Band) -> u8 {
    2 << band as u8
}

impl Histogram {
    pub(crate) fn write(&self, writer: &mut FrameWriter) {
        let bands = || self.beyond.iter().flat_map(|beyond| &beyond.bands).filter(|(_, band)| band.count > 0);
        let own = u8::from(self.count > 0);
        let parts = bands().fold(own, |parts, (band, _)| parts | bit_of(*band));
        writer.byte(parts);
        if self.count > 0 {
            self.write_counters(writer);
        }
        bands().for_each(|(_, band)| band.write_counters(writer));
        if parts > own
            && let Some(beyond) = &self.beyond
        {
            [beyond.least, beyond.greatest, beyond.sum].into_iter().for_each(|value| writer.float(value));
        }
    }

    fn write_counters(&self, writer: &mut FrameWriter) {
        let least = self.least.unwrap_or_default();
        writer.number(self.zeros);
        writer.number(least);
        writer.number(self.greatest.saturating_sub(least));
        writer.wide(self.sum);
        let counters: Vec<(usize, u64)> = self.counts().collect();
        let filled = counters.len() as u64;
        writer.number(filled);
        let (Some((first, _)), Some((last, _))) = (counters.first(), counters.last()) else { return };
        writer.number(*first as u64);
        let of_indices = parameter((last - first) as u64 + 1 - filled, filled);
        let of_counts = parameter(self.count - self.zeros - filled, filled);
        writer.byte((of_indices | of_counts << 4) as u8);
        let mut bits = BitWriter::new(&mut writer.bytes);
        let mut next = *first;
        for (index, count) in &counters {
            if index != first {
                bits.rice((index - next) as u64, of_indices);
            }
            bits.rice(count - 1, of_counts);
            next = index + 1;
        }
        bits.finish();
    }

    /// Adds what is read.
    pub(crate) fn add_read(&mut self, reader: &mut FrameReader<'_>) -> Result<(), FrameError> {
        let parts = reader.byte()?;
        if parts & 1 != 0 {
            self.add_counters(reader)?;
        }
        match parts & !1 {
            0 => Ok(()),
            bands => self.beyond.get_or_insert_default().add_read(bands, reader),
        }
    }

    fn add_counters(&mut self, reader: &mut FrameReader<'_>) -> Result<(), FrameError> {
        let zeros = reader.amount()?;
        let least = reader.number()?;
        let greatest = least.checked_add(reader.number()?).ok_or(FrameError::TooGreat)?;
        let sum = reader.wide()?;
        let filled = reader.number()?;

        self.count = add_amount(self.count, zeros)?;
        self.zeros += zeros;
        let mut read = ReadCounters { first: 0, last: 0, count: 0 };
        if filled > 0 {
            read = self.add_filled(filled, reader)?;
        }
        if zeros > 0 {
            read = ReadCounters { first: 0, count: read.count + zeros, ..read };
        }
        let fits = read.count > 0 && counter_of(least) == read.first && counter_of(greatest) == read.last;
        if !fits || sum > u128::from(read.count) * u128::from(greatest) {
            return Err(FrameError::Damaged);
        }
        self.sum = self.sum.saturating_add(sum);
        self.least = Some(self.least.map_or(least, |ours| ours.min(least)));
        self.greatest = self.greatest.max(greatest);
        Ok(())
    }

    fn add_filled(&mut self, filled: u64, reader: &mut FrameReader<'_>) -> Result<ReadCounters, FrameError> {
        let most = index_of(GREATEST);
        let first: usize = reader.small()?;
        let parameters = u32::from(reader.byte()?);
        let (of_indices, of_counts) = (parameters & MOST_PARAMETER, parameters >> 4);
        if first == 0 {
            return Err(FrameError::Damaged);
        }
        let mut allowance = *reader.allowance();
        let read = reader.bits(|bits| {
            let (mut index, mut count) = (first, 0);
            let (mut open, room) = (None, MOST.saturating_sub(self.count));
            for number in 0..filled {
                if number > 0 {
                    index = index
                        .saturating_add(1)
                        .saturating_add(bits.rice(of_indices).ok_or(FrameError::Damaged)? as usize);
                }
                if index > most {
                    return Err(FrameError::TooGreat);
                }
                if open != Some(index / PAGE) {
                    open = Some(index / PAGE);
                    allowance = allowance.checked_sub(self.growth(index / PAGE)).ok_or(FrameError::TooLarge)?;
                }
                let of_index = bits.rice(of_counts).ok_or(FrameError::Damaged)? + 1;
                // No counter is greater than the count of all, so that none can overflow.
                count += of_index;
                if count > room {
                    return Err(FrameError::TooGreat);
                }
                *self.slot(index) += of_index;
            }
            Ok(ReadCounters { first, last: index, count })
        })?;
        self.count += read.count;
        *reader.allowance() = allowance;
        Ok(read)
    }

    /// Memory that the first value of a page takes, in bytes.
    fn growth(&self, page: usize) -> usize {
        match self.pages.get(page) {
            Some(Some(_)) => 0,
            Some(None) => PAGE_SIZE,
            None => PAGE_SIZE + (page + 1 - self.pages.len()) * PLACE_SIZE,
        }
    }
}

/// Counters as they were read.
struct ReadCounters {
    first: usize,
    last: usize,
    count: u64,
}

impl Beyond {
    fn add_read(&mut self, bands: u8, reader: &mut FrameReader<'_>) -> Result<(), FrameError> {
        let mut left = bands;
        for band in Band::ALL.into_iter().filter(|band| bands & bit_of(*band) != 0) {
            self.bands.entry(band).or_default().add_counters(reader)?;
            left &= !bit_of(band);
        }
        let (least, greatest, of_values) = (reader.float()?, reader.float()?, reader.float()?);
        if left != 0 || least > greatest {
            return Err(FrameError::Damaged);
        }
        self.sum = sum(self.sum, of_values);
        self.least = self.least.min(least);
        self.greatest = self.greatest.max(greatest);
        Ok(())
    }
}
