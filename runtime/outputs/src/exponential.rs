//! Converts Squall's histograms to exponential ones, whose buckets are powers of 2^(2^-scale): OpenTelemetry's
//! exponential histograms (<https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram>) and
//! Prometheus's native ones.
//!
//! Squall's buckets are far finer (a thousandth, where scale 5 has a fiftieth), so a value is at most one bucket off.

use squall_metrics::{Histogram, Unit};

use crate::series::outside;

/// A distribution in powers of 2^(2^-scale).
#[derive(Debug, PartialEq)]
pub(crate) struct Exponential {
    pub scale: i32,
    /// Number of values that were zero, or too small to be distinguished from it (of durations: below half a
    /// microsecond).
    pub zeros: u64,
    pub positive: Buckets,
    /// The magnitudes of negative values.
    pub negative: Buckets,
}

/// The buckets on one side of zero.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Buckets {
    /// The index of the first of `counts`. The bucket of index i contains values above base^i, up to base^(i+1).
    pub offset: i32,
    pub counts: Vec<u64>,
}

impl Exponential {
    /// The finest histogram with at most `most` buckets, at a scale of at most `finest`.
    pub fn within(values: &Histogram, unit: Unit, most: usize, finest: i32) -> Exponential {
        let fits = |scale: &i32| {
            let found = Exponential::at(values, unit, *scale);
            found.positive.counts.len().max(found.negative.counts.len()) <= most
        };
        let scale = (-10..=finest).rev().find(fits).unwrap_or(-10);
        Exponential::at(values, unit, scale)
    }

    /// At a given scale.
    pub fn at(values: &Histogram, unit: Unit, scale: i32) -> Exponential {
        let mut found = Exponential { scale, zeros: 0, positive: Buckets::default(), negative: Buckets::default() };
        let all = values.value_buckets();
        let index_of = |(low, high): (f64, f64)| index(outside(f64::midpoint(low, high).abs(), unit), scale);
        for (low, high, count) in all.iter().filter(|(low, high, _)| low + high >= 0.0) {
            match low + high {
                0.0 => found.zeros += count,
                _ => found.positive.count(index_of((*low, *high)), *count),
            }
        }
        for (low, high, count) in all.iter().rev().filter(|(low, high, _)| low + high < 0.0) {
            found.negative.count(index_of((*low, *high)), *count);
        }
        found
    }
}

impl Buckets {
    /// Indices must rise.
    fn count(&mut self, index: i32, count: u64) {
        if self.counts.is_empty() {
            self.offset = index;
        }
        let place = usize::try_from(index - self.offset).unwrap_or(0);
        if self.counts.len() <= place {
            self.counts.resize(place + 1, 0);
        }
        self.counts[place] += count;
    }
}

/// The i with base^i < value <= base^(i+1).
fn index(value: f64, scale: i32) -> i32 {
    (value.log2() * f64::from(scale).exp2()).ceil() as i32 - 1
}

#[cfg(test)]
mod tests {
    use squall_metrics::Nanos;

    use super::*;

    fn of_millis(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::new();
        for value in values {
            histogram.record(Nanos(value * 1_000_000));
        }
        histogram
    }

    fn of_positive(offset: i32, counts: &[u64]) -> Exponential {
        let positive = Buckets { offset, counts: counts.to_vec() };
        Exponential { scale: 0, zeros: 1, positive, negative: Buckets::default() }
    }

    #[test]
    fn negative_values_have_their_own_buckets() {
        let mut values = Histogram::new();
        [-7.0, -3.0, -6.0, 0.0, 0.3].iter().for_each(|value| values.record_value(*value));
        let found = Exponential::at(&values, Unit::Number, 0);
        // 3 lies in (2, 4], 6 and 7 in (4, 8], and 0.3 in (0.25, 0.5].
        assert_eq!((found.negative, found.zeros), (Buckets { offset: 1, counts: vec![1, 2] }, 1));
        assert_eq!(found.positive, Buckets { offset: -2, counts: vec![1] });
    }

    #[test]
    fn buckets_are_powers_of_two_at_scale_zero() {
        // 3, 6 and 7 s: (2, 4] and (4, 8].
        let values = of_millis(&[0, 3_000, 6_000, 7_000]);
        let expected = of_positive(1, &[1, 2]);
        assert_eq!(Exponential::at(&values, Unit::Time, 0), expected);
        // 3000, 6000 and 7000 in any unit: (2048, 4096] and (4096, 8192].
        let expected = of_positive(11, &[1, 2]);
        assert_eq!(Exponential::at(&values, Unit::Number, 0), expected);
    }

    #[test]
    fn the_scale_is_as_fine_as_the_buckets_allow() {
        // From 1 to 2000 ms: eleven powers of two.
        let values = of_millis(&[1, 10, 100, 2_000]);
        let found = Exponential::within(&values, Unit::Time, 160, 8);
        assert_eq!((found.scale, found.positive.counts.iter().sum::<u64>()), (3, 4));
        assert!(found.positive.counts.len() <= 160);
        let narrow = Exponential::within(&of_millis(&[10]), Unit::Time, 160, 8);
        assert_eq!((narrow.scale, narrow.positive.counts), (8, vec![1]));
    }

    #[test]
    fn a_value_is_in_the_bucket_of_its_range() {
        for millis in [1_u64, 7, 33, 250, 4_999] {
            let found = Exponential::at(&of_millis(&[millis]), Unit::Time, 5);
            let base = (2_f64).powf((2_f64).powi(-5));
            let (low, high) = (base.powi(found.positive.offset), base.powi(found.positive.offset + 1));
            let value = millis as f64 / 1e3;
            assert!(low * 0.999 < value && value < high * 1.001, "{value} is not in {low}..{high}");
        }
    }
}
