//! A histogram in compact form: the encoded counts, and the exact numbers for which the encoding has no room.

use super::{Beyond, Histogram};

/// About a kilobyte, where a live histogram takes several.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Packed {
    counts: Box<[u8]>,
    sum: u128,
    least: Option<u64>,
    greatest: u64,
    beyond: Option<Box<Beyond>>,
}

impl Packed {
    pub(crate) fn new(histogram: &Histogram) -> Packed {
        let Histogram { count, sum, least, greatest, .. } = *histogram;
        // Most histograms are empty or large.
        let counts = if count == 0 { Vec::new() } else { histogram.encode() };
        Packed { counts: counts.into_boxed_slice(), sum, least, greatest, beyond: histogram.beyond.clone() }
    }

    /// The same histogram, exactly.
    pub(crate) fn unpack(&self) -> Histogram {
        let beyond = self.beyond.clone();
        if self.counts.is_empty() {
            return Histogram { beyond, ..Histogram::new() };
        }
        let decoded = Histogram::decode(&self.counts);
        debug_assert!(decoded.is_ok(), "we read what we write");
        let counts = decoded.unwrap_or_default();
        Histogram { sum: self.sum, least: self.least, greatest: self.greatest, beyond, ..counts }
    }

    /// The memory that it takes, in bytes.
    #[cfg(test)]
    pub(crate) fn size(&self) -> usize {
        size_of::<Packed>() + self.counts.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clock::Nanos;

    proptest! {
        #[test]
        fn unpacking_gives_back_every_number(values in proptest::collection::vec(0u64..10_000_000_000, 0..200)) {
            let mut before = Histogram::new();
            values.iter().for_each(|value| before.record(Nanos(*value)));
            let after = Packed::new(&before).unpack();
            prop_assert_eq!((after.count(), after.sum()), (before.count(), before.sum()));
            prop_assert_eq!((after.min(), after.max()), (before.min(), before.max()));
            for percent in [0.0, 50.0, 95.0, 99.0, 100.0] {
                prop_assert_eq!(after.percentile(percent), before.percentile(percent));
            }
        }
    }
}
