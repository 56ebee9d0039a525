//! A histogram in HdrHistogram's layout (three significant digits, from 1 µs up) that holds only the parts it has seen.
//!
//! The layout is Gil Tene's (<http://hdrhistogram.org>): values share buckets of equal relative width, so histograms
//! merge exactly, by adding counts. The plain array would take 184 KiB; a run holds thousands of histograms (series ×
//! phases × threads), nearly all of whose values lie in one or two powers of two. So counts are kept in pages of 128
//! that come into being when first touched: about 2 to 5 KiB a histogram. Count, sum, least and greatest are exact, in
//! nanoseconds; only the percentiles are rounded.

mod encoding;
mod frame;
mod packed;
mod values;

pub use encoding::DecodeError;
pub(crate) use packed::Packed;
use values::Beyond;
pub use values::{Band, BandParts};

use crate::clock::Nanos;

/// Counters in the lower half of a bucket: enough for three significant digits (2 × 1000, rounded up to a power of two,
/// halved).
const HALF: u64 = 1024;
const HALF_BITS: u32 = HALF.trailing_zeros();
const PAGE: usize = 128;
/// The greatest value with its own counter, in microseconds (about 50 days); all greater values are counted here.
const GREATEST: u64 = (1 << 42) - 1;

/// A distribution of durations, or of other values. Those are recorded in millionths, as a time in milliseconds is in
/// nanoseconds, so that one histogram serves both; values that no duration can have are in `values.rs`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// Of the values in the range of durations.
    count: u64,
    sum: u128,
    least: Option<u64>,
    greatest: u64,
    /// Number of values that round to 0 µs: the commonest value of all (phases that did not happen), so it has no page.
    zeros: u64,
    pages: Vec<Option<Box<[u64; PAGE]>>>,
    /// Values that no duration can have.
    beyond: Option<Box<Beyond>>,
}

impl Histogram {
    /// An empty histogram. Takes no memory until something is recorded.
    pub fn new() -> Histogram {
        Histogram::default()
    }

    /// Records one value.
    #[inline]
    pub fn record(&mut self, value: Nanos) {
        let value = value.0;
        self.count += 1;
        self.sum += u128::from(value);
        self.greatest = self.greatest.max(value);
        self.least = Some(self.least.map_or(value, |least| least.min(value)));
        match counter_of(value) {
            0 => self.zeros += 1,
            index => *self.slot(index) += 1,
        }
    }

    #[inline]
    fn slot(&mut self, index: usize) -> &mut u64 {
        let page = index / PAGE;
        if page >= self.pages.len() {
            self.pages.resize_with(page + 1, || None);
        }
        let page = self.pages[page].get_or_insert_with(|| Box::new([0; PAGE]));
        &mut page[index % PAGE]
    }

    /// Memory that it uses on the heap, in bytes.
    pub(crate) fn weight(&self) -> usize {
        let pages = self.pages.iter().flatten().count() * size_of::<[u64; PAGE]>();
        let places = self.pages.capacity() * size_of::<Option<Box<[u64; PAGE]>>>();
        pages + places + self.beyond.as_ref().map_or(0, |beyond| beyond.weight())
    }

    /// Adds all values of `other`. Exact: the order of merging does not matter.
    pub fn merge(&mut self, other: &Histogram) {
        if let Some(beyond) = &other.beyond {
            self.beyond.get_or_insert_default().merge(beyond);
        }
        if other.count == 0 {
            return;
        }
        self.count += other.count;
        self.sum += other.sum;
        self.zeros += other.zeros;
        self.greatest = self.greatest.max(other.greatest);
        self.least = match (self.least, other.least) {
            (Some(ours), Some(theirs)) => Some(ours.min(theirs)),
            (ours, theirs) => ours.or(theirs),
        };
        if self.pages.len() < other.pages.len() {
            self.pages.resize_with(other.pages.len(), || None);
        }
        for (ours, theirs) in self.pages.iter_mut().zip(&other.pages) {
            match (ours.as_mut(), theirs) {
                (_, None) => {}
                (None, Some(theirs)) => *ours = Some(theirs.clone()),
                (Some(ours), Some(theirs)) => {
                    for (our, their) in ours.iter_mut().zip(theirs.iter()) {
                        *our += their;
                    }
                }
            }
        }
    }

    /// Number of recorded values.
    pub fn count(&self) -> u64 {
        self.count + self.beyond.as_deref().map_or(0, Beyond::count)
    }

    /// Whether no value was recorded.
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// The exact least value; zero if there is none.
    pub fn min(&self) -> Nanos {
        Nanos(self.least.unwrap_or(0))
    }

    /// The exact greatest value; zero if there is none.
    pub fn max(&self) -> Nanos {
        Nanos(self.greatest)
    }

    /// The exact sum of all values.
    pub fn sum(&self) -> Nanos {
        Nanos(u64::try_from(self.sum).unwrap_or(u64::MAX))
    }

    /// The exact mean; zero without values.
    pub fn mean(&self) -> Nanos {
        if self.count == 0 {
            return Nanos::ZERO;
        }
        Nanos((self.sum / u128::from(self.count)) as u64)
    }

    /// The value at or below which `percent` of all values lie, by the nearest-rank method: the ⌈percent × count⌉-th
    /// smallest, to three significant digits, and never outside the exact least and greatest. Zero without values.
    pub fn percentile(&self, percent: f64) -> Nanos {
        if self.count == 0 {
            return Nanos::ZERO;
        }
        let wanted = rank(percent, self.count);
        if wanted == self.count {
            return self.max();
        }
        let mut seen = self.zeros;
        if seen >= wanted {
            return self.min();
        }
        for (index, count) in self.counts() {
            seen += count;
            if seen >= wanted {
                let middle = Nanos(middle_of(index) * 1000);
                return middle.clamp(self.min(), self.max());
            }
        }
        self.max()
    }

    /// Counts `count` values in the counter `index`; the caller updates their sum and extremes.
    fn fill(&mut self, index: usize, count: u64) {
        self.count += count;
        if index == 0 {
            self.zeros += count;
        } else {
            *self.slot(index) += count;
        }
    }

    /// The counters that are not zero, in rising order, with their counts. Counter 0 has the values that round to 0 µs.
    pub(crate) fn filled(&self) -> impl Iterator<Item = (usize, u64)> {
        (self.zeros > 0).then_some((0, self.zeros)).into_iter().chain(self.counts())
    }

    /// The buckets that are not empty, in rising order: (least value, greatest value, count), values in microseconds.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64, u64)> {
        self.filled().map(|(index, count)| {
            let (low, width) = lowest_of(index);
            (low, low + width - 1, count)
        })
    }

    fn counts(&self) -> impl Iterator<Item = (usize, u64)> {
        self.pages.iter().enumerate().flat_map(|(number, page)| {
            let page = page.iter().flat_map(|page| page.iter().enumerate());
            page.filter(|(_, count)| **count > 0).map(move |(offset, count)| (number * PAGE + offset, *count))
        })
    }
}

/// The rank of a percentile among `count` values: at least the first.
pub(crate) fn rank(percent: f64, count: u64) -> u64 {
    let exact = percent.clamp(0.0, 100.0) / 100.0 * count as f64;
    // A product such as 0.95 × 20 can be slightly greater than the exact whole number.
    let wanted = (exact - exact * 1e-12).ceil() as u64;
    wanted.clamp(1, count)
}

/// The counter of a value in nanoseconds.
#[inline]
fn counter_of(value: u64) -> usize {
    // The commonest value of all.
    match value.saturating_add(500) / 1000 {
        0 => 0,
        rounded => index_of(rounded.min(GREATEST)),
    }
}

/// The counter of a value in microseconds.
#[inline]
fn index_of(value: u64) -> usize {
    let bits = 64 - value.leading_zeros();
    let bucket = bits.saturating_sub(HALF_BITS + 1);
    ((u64::from(bucket) << HALF_BITS) + (value >> bucket)) as usize
}

/// A counter's least value, in microseconds, and the number of values that share it.
pub(crate) fn lowest_of(index: usize) -> (u64, u64) {
    let index = index as u64;
    let bucket = (index >> HALF_BITS).saturating_sub(1);
    ((index - (bucket << HALF_BITS)) << bucket, 1 << bucket)
}

fn middle_of(index: usize) -> u64 {
    let (low, width) = lowest_of(index);
    low + width / 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::new();
        for value in values {
            histogram.record(Nanos(*value));
        }
        histogram
    }

    #[test]
    fn an_empty_histogram_returns_zero() {
        let empty = Histogram::new();
        assert_eq!(empty.percentile(99.0), Nanos::ZERO);
        assert_eq!(empty.mean(), Nanos::ZERO);
        assert_eq!(empty.min(), Nanos::ZERO);
    }

    #[test]
    fn any_time_can_be_recorded() {
        let histogram = of(&[1, u64::MAX, u64::MAX]);
        assert_eq!((histogram.count(), histogram.max(), histogram.sum()), (3, Nanos(u64::MAX), Nanos(u64::MAX)));
        assert!(histogram.percentile(50.0).0 > 1_000_000_000);
    }

    #[test]
    fn percentiles_of_one_to_a_hundred_milliseconds() {
        let values: Vec<u64> = (1..=100).map(|millis| millis * 1_000_000).collect();
        let histogram = of(&values);
        for (percent, millis) in [(50.0, 50), (90.0, 90), (95.0, 95), (99.0, 99), (100.0, 100)] {
            let got = histogram.percentile(percent).0 as f64 / 1e6;
            assert!((got - millis as f64).abs() <= millis as f64 * 0.001, "p{percent}: {got}");
        }
        assert_eq!(histogram.mean(), Nanos(50_500_000));
    }

    #[test]
    fn it_takes_little_memory_for_values_that_lie_close() {
        let mut histogram = Histogram::new();
        for value in 50_000..100_000 {
            histogram.record(Nanos(value));
        }
        let pages = histogram.pages.iter().flatten().count();
        assert!(pages <= 2, "{pages} pages");
    }

    #[test]
    fn too_long_times_are_counted_at_the_end_and_the_greatest_is_exact() {
        let histogram = of(&[u64::MAX / 2, 1]);
        assert_eq!(histogram.count(), 2);
        assert_eq!(histogram.max(), Nanos(u64::MAX / 2));
    }

    /// The same values in the reference implementation.
    fn reference(values: &[u64]) -> hdrhistogram::Histogram<u64> {
        let mut reference = hdrhistogram::Histogram::new_with_bounds(1, GREATEST, 3).expect("bounds");
        for value in values {
            reference.record((value + 500) / 1000).expect("in range");
        }
        reference
    }

    proptest! {
        #[test]
        fn percentiles_agree_with_the_reference_implementation(
            values in proptest::collection::vec(0u64..4_000_000_000_000, 1..400),
            percent in 0.1f64..99.9,
        ) {
            let ours = of(&values).percentile(percent).0 / 1000;
            let theirs = reference(&values);
            let lowest = theirs.lowest_equivalent(theirs.value_at_percentile(percent));
            let highest = theirs.highest_equivalent(lowest);
            // Ours is the middle of the bucket or an exact extreme; both lie in the reference's bucket, give or take
            // the rounding to a microsecond.
            prop_assert!(ours + 1 >= lowest && ours <= highest + 1, "{ours} not in {lowest}..={highest}");
        }

        #[test]
        fn percentiles_are_within_a_thousandth_of_a_sorted_reference(
            mut values in proptest::collection::vec(1_000_000u64..4_000_000_000, 1..400),
            percent in 0.1f64..99.9,
        ) {
            let ours = of(&values).percentile(percent).0 as f64;
            values.sort_unstable();
            let exact = values[rank(percent, values.len() as u64) as usize - 1] as f64;
            prop_assert!((ours - exact).abs() <= exact * 0.001 + 1000.0, "{ours} for {exact}");
        }

        #[test]
        fn merging_is_the_same_as_recording_everything_in_one(
            left in proptest::collection::vec(0u64..10_000_000_000, 0..100),
            right in proptest::collection::vec(0u64..10_000_000_000, 0..100),
        ) {
            let mut one = of(&left);
            one.merge(&of(&right));
            let mut other = of(&right);
            other.merge(&of(&left));
            let all: Vec<u64> = left.iter().chain(&right).copied().collect();
            let together = of(&all);
            for merged in [&one, &other] {
                prop_assert_eq!(merged.buckets().collect::<Vec<_>>(), together.buckets().collect::<Vec<_>>());
                prop_assert_eq!((merged.min(), merged.max(), merged.sum()), (together.min(), together.max(), together.sum()));
            }
        }
    }
}
