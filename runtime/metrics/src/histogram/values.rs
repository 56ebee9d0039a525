//! Values of trends that durations cannot have: negative, smaller than a thousandth, greater than any time.
//!
//! Durations have one scale, whose resolution is 1 µs. A custom trend can hold any number, so its values lie in bands
//! by sign and magnitude, each a histogram with its own scale: three significant digits from 10⁻⁹ to 10¹⁸, on both
//! sides of zero. A histogram of durations has no bands, and pays nothing for them.
//!
//! Values here are in the unit of reports: milliseconds for times, else plain numbers.

use std::collections::BTreeMap;

use super::{Histogram, rank};
use crate::clock::Nanos;
use crate::interval::sum;

/// A range of values with its own scale. Positive values of middling size have none: they are in the histogram itself.
/// In rising order of values, on each side of zero: see [`Beyond::rising`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Band {
    /// -10⁹ and below.
    NegativeLarge,
    /// From -10⁹ to -1.
    Negative,
    /// From -1 to 0.
    NegativeSmall,
    /// From 0 to 1.
    Small,
    /// 10⁹ and above.
    Large,
}

/// The histogram's nanoseconds for a value of 1, by size.
const SMALL: f64 = 1e15;
const MIDDLING: f64 = 1e6;
const LARGE: f64 = 1e-3;
/// Limits of the sizes: smaller values are small, values from the second on are large.
const LEAST_MIDDLING: f64 = 1.0;
const LEAST_LARGE: f64 = 1e9;

impl Band {
    /// All bands.
    pub const ALL: [Band; 5] = [Band::NegativeLarge, Band::Negative, Band::NegativeSmall, Band::Small, Band::Large];

    /// The band's name in stored files.
    pub fn name(self) -> &'static str {
        match self {
            Band::NegativeLarge => "negative_large",
            Band::Negative => "negative",
            Band::NegativeSmall => "negative_small",
            Band::Small => "small",
            Band::Large => "large",
        }
    }

    /// The band of a value; `None` for zero and for positive middling values.
    fn of(value: f64) -> Option<Band> {
        let (size, is_negative) = (value.abs(), value < 0.0);
        match (is_negative, size) {
            (_, 0.0) => None,
            (true, size) if size < LEAST_MIDDLING => Some(Band::NegativeSmall),
            (true, size) if size < LEAST_LARGE => Some(Band::Negative),
            (true, _) => Some(Band::NegativeLarge),
            (false, size) if size < LEAST_MIDDLING => Some(Band::Small),
            (false, size) if size < LEAST_LARGE => None,
            (false, _) => Some(Band::Large),
        }
    }

    fn is_negative(self) -> bool {
        self < Band::Small
    }

    fn scale(self) -> f64 {
        match self {
            Band::NegativeSmall | Band::Small => SMALL,
            Band::Negative => MIDDLING,
            Band::NegativeLarge | Band::Large => LARGE,
        }
    }

    /// Converts a magnitude on the band's scale to a value.
    fn value(self, nanos: f64) -> f64 {
        let size = nanos / self.scale();
        if self.is_negative() { -size } else { size }
    }
}

/// The bands of a trend, and the numbers that its histogram has no room for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Beyond {
    pub(super) bands: BTreeMap<Band, Histogram>,
    pub(super) sum: f64,
    pub(super) least: f64,
    pub(super) greatest: f64,
}

impl Default for Beyond {
    fn default() -> Beyond {
        Beyond { bands: BTreeMap::new(), sum: 0.0, least: f64::INFINITY, greatest: f64::NEG_INFINITY }
    }
}

impl Beyond {
    fn record(&mut self, band: Band, value: f64) {
        self.bands.entry(band).or_default().record(Nanos((value.abs() * band.scale()).round() as u64));
        self.sum = sum(self.sum, value);
        self.least = self.least.min(value);
        self.greatest = self.greatest.max(value);
    }

    pub(super) fn merge(&mut self, other: &Beyond) {
        for (band, histogram) in &other.bands {
            self.bands.entry(*band).or_default().merge(histogram);
        }
        self.sum = sum(self.sum, other.sum);
        self.least = self.least.min(other.least);
        self.greatest = self.greatest.max(other.greatest);
    }

    pub(super) fn weight(&self) -> usize {
        let bands = self.bands.values().map(|histogram| size_of::<(Band, Histogram)>() + histogram.weight());
        size_of::<Beyond>() + bands.sum::<usize>()
    }

    pub(super) fn count(&self) -> u64 {
        self.bands.values().map(Histogram::count).sum()
    }
}

/// A band as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct BandParts {
    /// The band.
    pub band: Band,
    /// Its magnitudes, on its own scale.
    pub histogram: Histogram,
}

impl Histogram {
    /// Records a trend's value of any sign and size; it must be finite.
    pub fn record_value(&mut self, value: f64) {
        match Band::of(value) {
            None => self.record(Nanos((value * MIDDLING).round() as u64)),
            Some(band) => self.beyond.get_or_insert_default().record(band, value),
        }
    }

    /// The exact least value; zero if there is none.
    pub fn min_value(&self) -> f64 {
        let own = self.least.map_or(f64::INFINITY, |least| Nanos(least).as_millis_f64());
        self.extreme(own, |beyond| beyond.least, f64::min)
    }

    /// The exact greatest value; zero if there is none.
    pub fn max_value(&self) -> f64 {
        let own = self.least.map_or(f64::NEG_INFINITY, |_| Nanos(self.greatest).as_millis_f64());
        self.extreme(own, |beyond| beyond.greatest, f64::max)
    }

    fn extreme(&self, own: f64, beyond: impl Fn(&Beyond) -> f64, choose: impl Fn(f64, f64) -> f64) -> f64 {
        let extreme = self.beyond.as_deref().map_or(own, |bands| choose(own, beyond(bands)));
        if extreme.is_finite() { extreme } else { 0.0 }
    }

    /// The sum of all values.
    pub fn sum_value(&self) -> f64 {
        self.sum as f64 / MIDDLING + self.beyond.as_deref().map_or(0.0, |beyond| beyond.sum)
    }

    /// The mean; zero without values.
    pub fn mean_value(&self) -> f64 {
        match (&self.beyond, self.count()) {
            (_, 0) => 0.0,
            (None, _) => self.mean().as_millis_f64(),
            (Some(_), count) => self.sum_value() / count as f64,
        }
    }

    /// As [`Histogram::percentile`], for values.
    pub fn percentile_value(&self, percent: f64) -> f64 {
        if self.beyond.is_none() {
            return self.percentile(percent).as_millis_f64();
        }
        let (count, mut seen) = (self.count(), 0);
        if count == 0 {
            return 0.0;
        }
        let wanted = rank(percent, count);
        if wanted == count {
            return self.max_value();
        }
        for (low, high, count) in self.value_buckets() {
            seen += count;
            if seen >= wanted {
                return ((low + high) / 2.0).clamp(self.min_value(), self.max_value());
            }
        }
        self.max_value()
    }

    /// Whether all values could be durations.
    pub fn is_of_durations(&self) -> bool {
        self.beyond.is_none()
    }

    /// The buckets that are not empty, in rising order: (least value, greatest value, count).
    pub fn value_buckets(&self) -> Vec<(f64, f64, u64)> {
        let own = |(low, high, count): (u64, u64, u64)| (low as f64 / 1e3, high as f64 / 1e3, count);
        let mut all: Vec<(f64, f64, u64)> = self.buckets().map(own).collect();
        for (band, histogram) in self.beyond.iter().flat_map(|beyond| &beyond.bands) {
            all.extend(histogram.buckets().map(|(low, high, count)| {
                let ends = [low, high].map(|micros| band.value(micros as f64 * 1e3));
                (ends[0].min(ends[1]), ends[0].max(ends[1]), count)
            }));
        }
        all.sort_by(|one, other| one.0.total_cmp(&other.0));
        all
    }

    /// The bands that are not empty, for storage.
    pub fn bands(&self) -> Vec<BandParts> {
        let bands = self.beyond.iter().flat_map(|beyond| &beyond.bands);
        bands.map(|(band, histogram)| BandParts { band: *band, histogram: histogram.clone() }).collect()
    }

    /// The least, the greatest and the sum of the values in bands; `None` without any.
    pub fn exact_of_bands(&self) -> Option<[f64; 3]> {
        self.beyond.as_deref().map(|beyond| [beyond.least, beyond.greatest, beyond.sum])
    }

    /// The same histogram with these stored bands.
    pub fn with_bands(mut self, bands: Vec<BandParts>, [least, greatest, sum]: [f64; 3]) -> Histogram {
        if !bands.is_empty() {
            let bands = bands.into_iter().map(|parts| (parts.band, parts.histogram)).collect();
            // A file with a least above its greatest was made by hand.
            let (least, greatest) = (least.min(greatest), greatest.max(least));
            self.beyond = Some(Box::new(Beyond { bands, sum, least, greatest }));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[f64]) -> Histogram {
        let mut histogram = Histogram::new();
        values.iter().for_each(|value| histogram.record_value(*value));
        histogram
    }

    fn exact(values: &[f64], percent: f64) -> f64 {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted[rank(percent, values.len() as u64) as usize - 1]
    }

    #[test]
    fn the_greatest_numbers_are_values() {
        for (value, least) in [(f64::MAX, 1.0), (-f64::MAX, -f64::MAX), (f64::MIN_POSITIVE, f64::MIN_POSITIVE)] {
            let mut histogram = of(&[value, 1.0, value]);
            histogram.merge(&of(&[value]));
            assert_eq!((histogram.count(), histogram.min_value()), (4, least));
            // JSON has no infinity.
            for figure in [histogram.sum_value(), histogram.mean_value(), histogram.percentile_value(99.0)] {
                assert!(figure.is_finite(), "{value}: {figure}");
            }
        }
    }

    #[test]
    fn negative_values_are_values() {
        // k6 1.8 prints for the same values: avg=-1.2 min=-5 med=-1 max=2.
        let trend = of(&[-5.0, -3.0, -1.0, 1.0, 2.0]);
        assert_eq!((trend.mean_value(), trend.min_value(), trend.max_value()), (-1.2, -5.0, 2.0));
        assert_eq!((trend.count(), trend.percentile_value(50.0)), (5, -1.0));
    }

    #[test]
    fn small_values_keep_three_digits() {
        let trend = of(&[1e-7, 2e-7, 3e-7, 1e-9]);
        assert!((trend.mean_value() - 1.5025e-7).abs() < 1e-12, "{}", trend.mean_value());
        assert_eq!((trend.min_value(), trend.max_value()), (1e-9, 3e-7));
        assert!((trend.percentile_value(75.0) / 2e-7 - 1.0).abs() < 1e-3, "{}", trend.percentile_value(75.0));
    }

    #[test]
    fn durations_and_values_read_the_same() {
        let mut durations = Histogram::new();
        (1..=100).for_each(|millis| durations.record(Nanos(millis * 1_000_000)));
        let values = of(&(1..=100).map(f64::from).collect::<Vec<_>>());
        assert!(values.is_of_durations());
        assert_eq!(values.percentile(95.0), durations.percentile(95.0));
        assert_eq!((values.mean_value(), values.max_value()), (50.5, 100.0));
    }

    #[test]
    fn an_empty_trend_returns_zero() {
        let empty = Histogram::new();
        assert_eq!((empty.min_value(), empty.max_value(), empty.mean_value()), (0.0, 0.0, 0.0));
        assert_eq!(empty.percentile_value(95.0), 0.0);
    }

    fn any_value() -> impl Strategy<Value = f64> {
        let size = prop_oneof![1e-9..1e-6, 1e-3..1.0, 1.0..1e6, 1e8..1e12, Just(0.0)];
        (size, any::<bool>()).prop_map(|(size, negative): (f64, bool)| if negative { -size } else { size })
    }

    proptest! {
        #[test]
        fn percentiles_are_within_a_thousandth_whatever_the_sign_and_size(
            values in proptest::collection::vec(any_value(), 1..200),
            percent in 0.1..100.0,
        ) {
            let (ours, exact) = (of(&values).percentile_value(percent), exact(&values, percent));
            prop_assert!((ours - exact).abs() <= exact.abs() * 0.0011, "{ours} for {exact}");
        }

        #[test]
        fn merging_is_the_same_as_recording_everything_in_one(
            left in proptest::collection::vec(any_value(), 0..50),
            right in proptest::collection::vec(any_value(), 0..50),
        ) {
            let (mut merged, all) = (of(&left), of(&[left.clone(), right.clone()].concat()));
            merged.merge(&of(&right));
            prop_assert_eq!(merged.value_buckets(), all.value_buckets());
            prop_assert_eq!((merged.min_value(), merged.max_value()), (all.min_value(), all.max_value()));
            prop_assert!((merged.sum_value() - all.sum_value()).abs() <= all.sum_value().abs() * 1e-9 + 1e-6);
        }
    }
}
